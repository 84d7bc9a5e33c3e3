"""The worker of the alerts, driven step by step on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.providers.mail_sink import Fault, Sink, a_sink
from tests.engine.fakes import FakeClock
from tests.unit.core.test_troubles import WELL
from voiceslot_tui.core.errors import Fenced, StoreUnavailable
from voiceslot_tui.core.follow_up_settings import MailSecurity
from voiceslot_tui.core.limits import (
    ALERT_AGAIN_S,
    ALERT_CLEAR_S,
    ALERT_EVERY_S,
    ALERT_RETRY_S,
    ALERTS_KEPT_MAX,
)
from voiceslot_tui.core.snapshot import EngineState, Snapshot
from voiceslot_tui.core.troubles import TROUBLES, MessageStanding, Trouble
from voiceslot_tui.engine import alerter as alerting
from voiceslot_tui.engine.alerter import Alerter, ToldAlerts
from voiceslot_tui.follow_up_ports import Herald
from voiceslot_tui.providers.heralds import MailHerald
from voiceslot_tui.providers.mail import Mailer

OPS = ("ops@example.com", "boss@example.com")
OPEN = replace(WELL, breaker_open=True)


class Voice:
    """A herald that notes what it is asked to tell; tells only while `works`."""

    def __init__(self) -> None:
        self.works = True
        self.asked = 0
        self.told: list[tuple[str, str]] = []

    async def tell(self, subject: str, text: str) -> bool:
        self.asked += 1
        if self.works:
            self.told.append((subject, text))
        return self.works


class Watch:
    """An alerter, the world it looks at, and time."""

    def __init__(self, *heralds: Herald) -> None:
        self.clock = FakeClock()
        self.snapshot: Snapshot | Exception = WELL
        self.messages = MessageStanding()
        self.kept: ToldAlerts = ()
        self.whys: list[str] = []
        self.store_fails: StoreUnavailable | None = None
        self.heralds = heralds
        self.start()

    def start(self) -> None:
        """Start the alerter, again: it knows nothing but what was kept."""
        self.alerter = Alerter(
            snapshot=self._look,
            messages=lambda: self.messages,
            heralds=self.heralds,
            clock=self.clock,
            signed=True,
            recall=lambda: self.kept,
            remember=self._remember,
            place="voiceslot on host1",
        )

    async def _remember(self, told: ToldAlerts, why: str) -> None:
        if self.store_fails is not None:
            raise self.store_fails
        self.kept = told
        self.whys.append(why)

    async def _look(self) -> Snapshot:
        if isinstance(self.snapshot, Exception):
            raise self.snapshot
        return self.snapshot

    async def go_on(self, seconds: float) -> None:
        for _ in range(round(seconds / ALERT_EVERY_S)):
            self.clock.wait(ALERT_EVERY_S)
            assert await self.alerter.step() == ALERT_EVERY_S


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with a_sink() as sink:
        yield sink


def a_mail_herald(sink: Sink, clock: FakeClock) -> MailHerald:
    mailer = Mailer(
        host="127.0.0.1",
        port=sink.port,
        security=MailSecurity.NONE,
        sender="voiceslot@example.com",
        clock=clock,
    )
    return MailHerald(mailer, OPS)


async def test_a_trouble_and_its_end_each_arrive_once_by_mail(sink: Sink) -> None:
    watch = Watch(a_mail_herald(sink, FakeClock()))
    await watch.go_on(600)
    watch.snapshot = OPEN
    await watch.go_on(1200)
    watch.snapshot = WELL
    await watch.go_on(ALERT_CLEAR_S * 4)
    subjects = [str(taken.message["Subject"]) for taken in sink.taken]
    assert subjects == [
        "voiceslot on host1: the platform does not answer starts",
        "voiceslot on host1: over: the platform does not answer starts",
    ]
    assert all(taken.recipients == list(OPS) for taken in sink.taken)
    assert "unanswered" in sink.taken[0].text
    assert "voiceslot on host1, 2023-11-14 " in sink.taken[0].text
    assert "over after 20 minutes" in sink.taken[1].text


async def test_a_mail_server_that_is_out_gets_the_alert_later_and_once(sink: Sink) -> None:
    sink.faults["rcpt"] = Fault("451 4.3.0 not now")
    watch = Watch(a_mail_herald(sink, FakeClock()))
    watch.snapshot = OPEN
    await watch.go_on(600)
    assert sink.taken == []
    assert 2 <= sink.connections <= 600 / ALERT_RETRY_S
    sink.faults.clear()
    await watch.go_on(600)
    assert len(sink.taken) == 1


async def test_a_mail_that_may_have_arrived_is_not_told_again(sink: Sink) -> None:
    sink.faults["dot"] = Fault("drop", takes=True)
    watch = Watch(a_mail_herald(sink, FakeClock()))
    watch.snapshot = OPEN
    await watch.go_on(1200)
    assert len(sink.taken) == 1


async def test_a_herald_that_fails_or_raises_keeps_nobody_back() -> None:
    class Defective:
        async def tell(self, subject: str, text: str) -> bool:
            raise ZeroDivisionError

    silent, loud = Voice(), Voice()
    silent.works = False
    watch = Watch(silent, Defective(), loud)
    watch.snapshot = OPEN
    await watch.go_on(300)
    assert len(loud.told) == 1
    assert silent.told == []
    silent.works = True
    await watch.go_on(ALERT_RETRY_S * 2)
    assert silent.told == loud.told


async def test_a_herald_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging:
        async def tell(self, subject: str, text: str) -> bool:
            await asyncio.Event().wait()
            return True

    monkeypatch.setattr(alerting, "ALERT_TIMEOUT_S", 0.01)
    loud = Voice()
    watch = Watch(Hanging(), loud)
    watch.snapshot = OPEN
    await watch.go_on(300)
    assert len(loud.told) == 1


async def test_what_cannot_be_told_is_kept_up_to_a_bound() -> None:
    silent = Voice()
    silent.works = False
    watch = Watch(silent)
    for _ in range(ALERTS_KEPT_MAX):
        watch.snapshot = OPEN
        await watch.go_on(1800)
        watch.snapshot = WELL
        await watch.go_on(1800)
    silent.works = True
    await watch.go_on(ALERT_RETRY_S * 2)
    assert len(silent.told) == ALERTS_KEPT_MAX
    assert silent.told[-1][0].startswith("voiceslot on host1: over:"), "the oldest are dropped"


async def test_a_database_that_cannot_be_read_is_told_and_ends_no_other_trouble() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.snapshot = OPEN
    await watch.go_on(300)
    watch.snapshot = StoreUnavailable("the disk is full: nothing was stored")
    await watch.go_on(3600)
    subjects = [subject.partition(": ")[2] for subject, _ in voice.told]
    assert subjects == ["the platform does not answer starts", "the database cannot be used"]
    assert "the disk is full" in voice.told[1][1]
    watch.snapshot = WELL
    await watch.go_on(600)
    assert [subject.partition(": ")[2][:5] for subject, _ in voice.told[2:]] == ["over:", "over:"]


async def test_an_engine_that_was_fenced_off_tells_nothing_and_stops() -> None:
    watch = Watch(Voice())
    watch.snapshot = Fenced("another engine owns the database")
    with pytest.raises(Fenced):
        await watch.alerter.step()


async def test_webhooks_are_missed_by_the_ends_since_the_last_one() -> None:
    voice = Voice()
    watch = Watch(voice)
    for ends in range(50):
        watch.snapshot = replace(WELL, ends=ends, webhook_at=watch.clock.now())
        await watch.go_on(60)
    assert voice.told == []
    silent_since = watch.clock.now()
    for ends in range(50, 80):
        watch.snapshot = replace(WELL, ends=ends, webhook_at=silent_since)
        await watch.go_on(60)
    assert [subject.partition(": ")[2] for subject, _ in voice.told] == ["no webhooks come"]


async def test_a_message_trouble_is_told_and_the_end_of_the_engine_is_none() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.messages = MessageStanding(messenger_denied="20003: Twilio refuses our credentials")
    await watch.go_on(300)
    assert len(voice.told) == 1
    watch.messages = MessageStanding()
    watch.snapshot = replace(OPEN, engine=EngineState.STOPPING)
    await watch.go_on(30)
    assert len(voice.told) == 1


# --- over a restart


async def test_the_end_of_what_was_told_before_a_restart_is_told_once() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.snapshot = OPEN
    await watch.go_on(600)
    assert len(voice.told) == 1
    watch.clock.wait(3600)
    watch.start()
    watch.snapshot = WELL
    await watch.go_on(ALERT_CLEAR_S + 600)
    (_, (subject, text)) = voice.told
    assert subject.startswith("voiceslot on host1: over: ")
    assert "after 7" in text
    assert watch.kept == ()
    watch.start()
    await watch.go_on(ALERT_CLEAR_S + 600)
    assert len(voice.told) == 2
    assert [bool(why) for why in watch.whys] == [True, True]


@pytest.mark.parametrize(
    ("trouble", "unproven", "untried"),
    [
        (Trouble.BREAKER_OPEN, {"answered": 0}, False),
        (Trouble.MESSENGER_DENIED, {}, True),
        (Trouble.WEBHOOKS_SILENT, {"webhook_at": None, "ends": 2}, False),
    ],
)
async def test_a_restart_alone_ends_no_trouble_that_shows_only_once_something_is_tried(
    trouble: Trouble, unproven: dict[str, Any], untried: bool
) -> None:
    """A false all-clear is worse than none: somebody stops looking."""
    voice = Voice()
    watch = Watch(voice)
    now = watch.clock.now()
    watch.kept = ((trouble, now, now),)
    watch.start()
    watch.snapshot = replace(WELL, **unproven)
    watch.messages = MessageStanding(untried=untried)
    await watch.go_on(ALERT_CLEAR_S + 600)
    assert voice.told == []
    watch.start()
    await watch.go_on(ALERT_CLEAR_S + 600)
    assert voice.told == []
    watch.snapshot, watch.messages = WELL, MessageStanding()
    await watch.go_on(ALERT_CLEAR_S + 600)
    assert [subject for subject, _ in voice.told] == [
        f"voiceslot on host1: over: {TROUBLES[trouble].title}"
    ]


async def test_a_database_that_cannot_be_read_at_the_start_ends_nothing_told_before() -> None:
    voice = Voice()
    watch = Watch(voice)
    now = watch.clock.now()
    watch.kept = ((Trouble.PLATFORM_DENIED, now, now),)
    watch.start()
    watch.snapshot = StoreUnavailable("full")
    await watch.go_on(ALERT_CLEAR_S + 600)
    assert [subject for subject, _ in voice.told] == [
        f"voiceslot on host1: {TROUBLES[Trouble.STORE_FAILING].title}"
    ]


async def test_what_lasts_over_a_restart_is_not_told_again_before_its_time() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.snapshot = OPEN
    await watch.go_on(600)
    watch.start()
    await watch.go_on(ALERT_AGAIN_S - 1200)
    assert len(voice.told) == 1
    await watch.go_on(1200)
    assert len(voice.told) == 2


async def test_what_was_told_is_kept_as_soon_as_the_database_takes_it() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.snapshot, watch.store_fails = OPEN, StoreUnavailable("full")
    await watch.go_on(600)
    assert (len(voice.told), watch.kept) == (1, ())
    watch.store_fails = None
    await watch.go_on(ALERT_EVERY_S)
    ((trouble, since, told_at),) = watch.kept
    assert trouble == Trouble.BREAKER_OPEN
    assert since < told_at < watch.clock.now()
    watch.store_fails = Fenced("another engine")
    watch.snapshot = WELL
    with pytest.raises(Fenced):
        await watch.go_on(ALERT_CLEAR_S + 600)


async def test_what_nobody_could_be_told_before_a_restart_is_told_after_it() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.snapshot, voice.works = OPEN, False
    await watch.go_on(600)
    assert (voice.asked > 0, voice.told, watch.kept) == (True, [], ())
    voice.works = True
    watch.start()
    await watch.go_on(600)
    assert len(voice.told) == 1
    watch.snapshot, voice.works = WELL, False
    await watch.go_on(ALERT_CLEAR_S + 600)
    voice.works = True
    watch.start()
    await watch.go_on(ALERT_CLEAR_S + 600)
    (_, (subject, _)) = voice.told
    assert subject.startswith("voiceslot on host1: over: ")
    assert watch.kept == ()


async def test_one_herald_that_told_is_enough_to_have_told() -> None:
    voice, deaf = Voice(), Voice()
    deaf.works = False
    watch = Watch(deaf, voice)
    watch.snapshot = OPEN
    await watch.go_on(600)
    assert len(voice.told) == 1
    assert len(watch.kept) == 1


async def test_a_trouble_that_nobody_knows_any_more_is_not_waited_for() -> None:
    voice = Voice()
    watch = Watch(voice)
    watch.kept = (("forgotten", watch.clock.now(), watch.clock.now()),)
    watch.start()
    await watch.go_on(ALERT_CLEAR_S + 600)
    assert voice.told == []
