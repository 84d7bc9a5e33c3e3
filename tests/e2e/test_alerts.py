"""An engine that needs a person says so by mail, once, and says once that it is over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest

from tests.contract.providers.mail_sink import Delivery, Sink, a_sink
from tests.e2e.messaging import ENV, WORLD, sent_to, stand, taken
from tests.e2e.rig import WEBHOOK_SECRET, Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, own_dials, states
from voiceslot_tui.core.limits import ALERT_EVERY_S
from voiceslot_tui.simulator.settings import WorldSettings

WHO = "ops@example.com"
IMPATIENT: Final = ("-m", "tests.e2e.impatient")
PEOPLE: Final = [number(index) for index in range(4)]
IN_ORDER: Final[dict[str, str]] = {
    "account_token": WorldSettings().account_token,
    "webhook_secret": WEBHOOK_SECRET,
}
CHANGED: Final = {name: f"another-{name}" for name in IN_ORDER}
"""What Twilio takes from us, and what ElevenLabs signs with: no longer what we were given."""
_DENIED: Final = "messages cannot be sent"
TOLD: Final = {
    _DENIED: "The messenger does not let us send: the account may not send",
    "no webhooks come": f"{len(PEOPLE)} calls ended and no good webhook came; ",
}
OVER: Final = {f"over: {subject}": "It is over after" for subject in TOLD}


@contextmanager
def mail_server() -> Iterator[Sink]:
    """Serve mail in a thread of its own for as long as the block lasts."""
    made: list[Sink] = []
    ready, over = Event(), Event()

    async def serve() -> None:
        async with a_sink() as sink:
            made.append(sink)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield made[0]
    finally:
        over.set()
        thread.join(10)


def settings_for(sink: Sink) -> dict[str, str]:
    """Give the settings by which alerts go to a mail server."""
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(sink.port),
        "SMTP_SECURITY": "none",
        "SMTP_FROM": "voiceslot@example.com",
        "ALERT_EMAIL": WHO,
    }


def a_refused_account(made: Rig) -> None:
    """Let the platform refuse our key at the first start that it is asked for."""
    made.simulator.faults({"kind": "unauthorized", "target": "start"})
    made.enqueue(number(0))
    wait_for("it pauses itself", lambda: made.stats()["snapshot"]["paused_by"] == "engine")


@pytest.mark.timeout(90)
def test_an_engine_that_pauses_itself_says_so_by_mail_once(tmp_path: Path) -> None:
    with mail_server() as sink, rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.env |= settings_for(sink)
        made.start()
        a_refused_account(made)
        wait_for("a mail comes", lambda: sink.taken, ALERT_EVERY_S + 10)
        judge(sink.taken[0])
        looks = looked(made)
        wait_for("it looked again", lambda: looked(made) > looks, ALERT_EVERY_S + 10)
        assert len(sink.taken) == 1
        assert own_dials(made) == 0


def test_refused_credentials_and_lost_webhooks_are_told_once_and_so_is_their_end(
    tmp_path: Path,
) -> None:
    """Both at once; every message that waited leaves once, when the account is in order again."""
    with mail_server() as sink, rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.env |= settings_for(sink)
        made.start(program=IMPATIENT)
        made.simulator.change(**CHANGED)
        call(made, PEOPLE)
        wait_for("both are told", lambda: set(TOLD) <= set(subjects(sink)))
        after_looks(made, 10)
        judge_told(sink, TOLD)
        assert stand(made, due=len(PEOPLE))
        assert taken(made) == 0
        made.simulator.change(**IN_ORDER)
        call(made, [number(len(PEOPLE))])
        wait_for("all are written to", lambda: taken(made) == len(PEOPLE) + 1)
        wait_for("it is told that both are over", lambda: set(OVER) <= set(subjects(sink)))
        after_looks(made, 30)
        judge_told(sink, {**TOLD, **OVER})
        assert set(sent_to(made).values()) == {1}


def test_credentials_mended_by_a_restart_are_told_to_be_over_once(tmp_path: Path) -> None:
    with mail_server() as sink, rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.env |= settings_for(sink)
        made.start(program=IMPATIENT, TWILIO_AUTH_TOKEN="not-the-right-one")
        call(made, PEOPLE)
        wait_for("it is told", lambda: subjects(sink)[_DENIED])
        made.kill(15)
        made.start(program=IMPATIENT)
        wait_for("all are sent", lambda: taken(made) == len(PEOPLE))
        wait_for("its end is told", lambda: subjects(sink)[f"over: {_DENIED}"])
        after_looks(made, 30)
        assert subjects(sink)[_DENIED] == subjects(sink)[f"over: {_DENIED}"] == 1


def call(made: Rig, people: list[str]) -> None:
    """Call some people, and wait until all calls so far are over."""
    over = made.states().get("ended", 0) + len(people)
    for person in people:
        made.enqueue(person)
    wait_for("the calls are over", lambda: states(made, ended=over))


def subjects(sink: Sink) -> Counter[str]:
    """Count the mails about what we broke, by subject; a slow machine may have other troubles."""
    found = (str(mail.message["subject"]).partition(": ")[2] for mail in sink.taken)
    return Counter(subject for subject in found if subject in TOLD or subject in OVER)


def judge_told(sink: Sink, wanted: dict[str, str]) -> None:
    """See that there is one mail for each subject, and that it says what it should."""
    assert subjects(sink) == Counter(list(wanted))
    for mail in sink.taken:
        assert mail.recipients == [WHO]
        assert wanted.get(str(mail.message["subject"]).partition(": ")[2], "") in mail.text
        told = mail.raw.decode()
        assert [one for one in (*PEOPLE, *secrets()) if one in told] == []


def secrets() -> list[str]:
    """Give what no mail may say."""
    return [*IN_ORDER.values(), *CHANGED.values(), "simulator-key"]


def after_looks(made: Rig, count: int) -> None:
    """Wait until it was looked so often whether there is anything to tell."""
    for _ in range(count):
        before = looked(made)
        wait_for("it looked again", lambda before=before: looked(made) > before)  # type: ignore[misc]


def judge(mail: Delivery) -> None:
    """Hold a mail against what the person who reads it must learn."""
    assert mail.recipients == [WHO]
    assert mail.message["subject"].endswith(": the engine paused itself")
    assert "The engine paused itself" in mail.text
    assert "See to the ElevenLabs key, plan and balance" in mail.text
    assert "simulator-key" not in mail.raw.decode()
    assert number(0) not in mail.raw.decode()


def looked(made: Rig) -> int:
    """Tell when the alerter looked last."""
    services = made.stats()["snapshot"]["services"]
    return next(int(one["last_step_at"] or 0) for one in services if one["name"] == "alerter")
