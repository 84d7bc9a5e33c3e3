"""Looking for messages at Twilio: what was lost is found, and trouble is no empty list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from tests.contract.providers.conftest import SetClock
from tests.contract.providers.messaging import (
    OUR_SMS,
    OUR_WHATSAPP,
    PERSON,
    SERVICE,
    SHORT_S,
    a_messenger,
    an_order,
    named,
    now,
    put,
    taken,
    troubles,
)
from tests.contract.providers.misbehaving import answer, answering, serving
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    MessageNews,
    MessageTaken,
)
from voiceslot_tui.core.follow_ups import Channel, MessageSid
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.follow_up_ports import Messenger
from voiceslot_tui.providers.twilio_client import TWILIO_HOSTS
from voiceslot_tui.simulator import messages
from voiceslot_tui.simulator.faults import FaultRule
from voiceslot_tui.simulator.message_words import Channel as WorldChannel
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.words import FaultKind, FaultTarget


@pytest.fixture
async def messenger(simulator: SimulatorServer) -> AsyncIterator[Messenger]:
    """Give the adapter in front of the simulator."""
    async with a_messenger(simulator.address) as adapter:
        yield adapter


@pytest.fixture
async def hasty(simulator: SimulatorServer) -> AsyncIterator[Messenger]:
    """Give an adapter that waits for no answer for long."""
    async with a_messenger(simulator.address, timeout_s=SHORT_S) as adapter:
        yield adapter


async def test_a_clock_of_ours_that_is_fast_hides_no_message(simulator: SimulatorServer) -> None:
    clock = SetClock(ahead_s=7200.0)
    since = now(clock)
    async with a_messenger(simulator.address, clock=clock) as messenger:
        verdict = await messenger.send(an_order())
        assert isinstance(verdict, MessageTaken)
        found = await messenger.sent_to(Channel.WHATSAPP, PERSON, since)
    assert found == Listing((verdict.message_sid,))


@pytest.mark.parametrize(
    ("age_s", "found", "other_time"),
    [
        (50.0, True, False),
        (120.0, False, True),
        (24 * 3600.0, False, True),
        (24 * 3600.0 + 120.0, False, False),
    ],
)
async def test_a_message_may_be_dated_a_little_before_its_try(
    simulator: SimulatorServer,
    messenger: Messenger,
    age_s: float,
    found: bool,
    other_time: bool,
) -> None:
    """What is dated up to a day before it is the try's only where our clock was set since."""
    at = simulator.now() - age_s
    sid = put(simulator, f"whatsapp:{PERSON}", f"whatsapp:{OUR_WHATSAPP}", at)
    listed = await messenger.sent_to(Channel.WHATSAPP, PERSON, now())
    assert listed == Listing((sid,) * found, (sid,) * other_time)


@pytest.mark.parametrize(("age_s", "later_too"), [(100.0, False), (110.0, True)])
@pytest.mark.parametrize("ahead_s", [0.0, -7200.0])
async def test_what_was_sent_long_after_a_try_is_not_its_message(
    simulator: SimulatorServer, age_s: float, later_too: bool, ahead_s: float
) -> None:
    """A request is under way for 45 s at most, and clocks differ; ours may be slow by hours."""
    sid = put(simulator, f"whatsapp:{PERSON}", f"whatsapp:{OUR_WHATSAPP}", simulator.now())
    clock = SetClock(ahead_s)
    began = later(now(clock), -age_s)
    async with a_messenger(simulator.address, clock=clock) as messenger:
        listed = await messenger.sent_to(Channel.WHATSAPP, PERSON, began)
    assert listed == (Listing((), (sid,)) if later_too else Listing((sid,)))


@pytest.mark.parametrize(
    ("ahead_s", "then_ahead_s", "found"),
    [
        (0.0, -5 * 3600.0, True),
        (0.0, 5 * 3600.0, True),
        (-5 * 3600.0, 0.0, False),
        (300.0, 0.0, False),
        (5 * 3600.0, 0.0, False),
        (23 * 3600.0, 0.0, False),
        (5 * 3600.0, -5 * 3600.0, False),
    ],
)
async def test_a_clock_that_is_set_while_a_message_is_in_doubt_hides_it_from_no_listing(
    simulator: SimulatorServer, ahead_s: float, then_ahead_s: float, found: bool
) -> None:
    """Where ours was slow or fast before it was put right, we are told only that one is there."""
    clock = SetClock(ahead_s)
    async with a_messenger(simulator.address, clock=clock) as messenger:
        began = now(clock)
        verdict = await messenger.send(an_order())
        assert isinstance(verdict, MessageTaken)
        sid = verdict.message_sid
        clock.ahead_s = then_ahead_s
        listed = await messenger.sent_to(Channel.WHATSAPP, PERSON, began)
    assert listed == (Listing((sid,)) if found else Listing((), (sid,)))


async def test_a_message_still_in_the_queue_is_found(simulator: SimulatorServer) -> None:
    world = simulator.world
    world.settings = world.settings.changed({"message_queue_s": 1000.0})
    async with a_messenger(simulator.address) as messenger:
        verdict = await messenger.send(an_order())
        assert taken(simulator)[0].sent_at is None
        assert isinstance(verdict, MessageTaken)
        listed = await messenger.sent_to(Channel.WHATSAPP, PERSON, now())
    assert listed == Listing((verdict.message_sid,))


async def test_a_list_that_lags_behind_does_not_have_it_yet(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    since = now()
    await messenger.send(an_order())
    world = simulator.world
    world.settings = world.settings.changed({"message_list_lag_s": 1000.0})
    assert await messenger.sent_to(Channel.WHATSAPP, PERSON, since) == Listing()
    world.settings = world.settings.changed({"message_list_lag_s": 0.0})
    assert await messenger.sent_to(Channel.WHATSAPP, PERSON, since) == Listing(
        (taken(simulator)[0].sid,)
    )


async def test_whichever_sender_a_messaging_service_chose_it_is_found(
    simulator: SimulatorServer,
) -> None:
    since = now()
    async with a_messenger(simulator.address, service=SERVICE) as messenger:
        verdict = await messenger.send(an_order(channel=Channel.SMS, body="Hello"))
        assert isinstance(verdict, MessageTaken)
        taken(simulator)[0].order = messages.MessageOrder(
            to=PERSON, sender="+12025550199", channel=WorldChannel.SMS, text="Hello"
        )
        listed = await messenger.sent_to(Channel.SMS, PERSON, since)
    assert listed == Listing((verdict.message_sid,))


@pytest.mark.parametrize("count", [101, 1000])
async def test_every_page_is_read(
    simulator: SimulatorServer, messenger: Messenger, count: int
) -> None:
    at = simulator.now()
    sids = [put(simulator, PERSON, OUR_SMS, at) for _ in range(count)]
    listed = await messenger.sent_to(Channel.SMS, PERSON, now())
    assert listed == Listing(tuple(reversed(sids)))


async def test_a_list_that_is_too_long_is_not_judged(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    at = simulator.now()
    for _ in range(1001):
        put(simulator, PERSON, OUR_SMS, at)
    with pytest.raises(ReadFailed, match="more than 1000"):
        await messenger.sent_to(Channel.SMS, PERSON, now())


async def test_of_mail_twilio_keeps_no_list(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    assert await messenger.sent_to(Channel.EMAIL, "ana@example.com", now()) is None
    assert not simulator.world.truth.requests_read


RESETS = {
    FaultKind.RESET_BEFORE_READING,
    FaultKind.RESET_AFTER_READING,
    FaultKind.RESET_HALF_HEADERS,
}
"""After these the transport itself may ask once more; of a read, never of a message."""


@pytest.mark.parametrize("trouble", troubles(FaultTarget.MESSAGE_READ), ids=named)
async def test_no_trouble_makes_a_listing_empty(
    simulator: SimulatorServer,
    messenger: Messenger,
    hasty: Messenger,
    trouble: FaultRule,
) -> None:
    sid = put(simulator, PERSON, OUR_SMS, simulator.now())
    simulator.world.faults.add(replace(trouble))
    readable = trouble.kind is FaultKind.UNKNOWN_STATUS and trouble.acts
    wanted: set[object] = {Listing((sid,))} if readable else {ReadFailed}
    if trouble.kind in (FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN):
        wanted = {ReadDenied}
    if trouble.kind in RESETS:
        wanted.add(Listing((sid,)))
    assert await listed_or_failed(hasty) in wanted
    assert await messenger.sent_to(Channel.SMS, PERSON, now()) == Listing((sid,))


async def listed_or_failed(messenger: Messenger) -> object:
    try:
        return await messenger.sent_to(Channel.SMS, PERSON, now())
    except ReadFailed as failed:
        return type(failed)


@pytest.mark.parametrize(
    "uri",
    ["https://evil.example/2010-04-01/x", "@evil.example/x", "//evil.example/x", "http://[", "x"],
)
async def test_a_next_page_leads_nowhere_else(uri: str) -> None:
    asked: list[str] = []

    def twilio(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if len(asked) > 1:
            return httpx.Response(500)
        return httpx.Response(200, json={"messages": [], "next_page_uri": uri})

    transport = httpx.MockTransport(twilio)
    async with a_messenger("", hosts=TWILIO_HOSTS, transport=transport) as messenger:
        with pytest.raises(ReadFailed):
            await messenger.sent_to(Channel.SMS, PERSON, now())
    assert set(asked) == {"api.twilio.com"}


# --- news


@pytest.mark.parametrize(
    ("word", "delivery"),
    [("queued", Delivery.ACCEPTED), ("sent", Delivery.SENT), ("read", Delivery.READ)],
)
async def test_where_a_message_stands_is_read(
    simulator: SimulatorServer, messenger: Messenger, word: str, delivery: Delivery
) -> None:
    sid = put(simulator, PERSON, OUR_SMS, simulator.now())
    message = simulator.world.messenger.by_sid[sid]
    message.status = type(message.status)(word)
    news = await messenger.news(sid)
    assert isinstance(news, MessageNews)
    assert (news.delivery, news.message_sid, news.failure) == (delivery, sid, None)


async def test_a_message_that_failed_says_why(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    sid = put(simulator, f"whatsapp:{PERSON}", f"whatsapp:{OUR_WHATSAPP}", simulator.now())
    message = simulator.world.messenger.by_sid[sid]
    message.move(type(message.status)("undelivered"), simulator.now(), 63016)
    news = await messenger.news(sid)
    assert isinstance(news, MessageNews)
    assert (news.delivery, news.code) == (Delivery.FAILED, 63016)
    assert news.failure is Failure.OUTSIDE_WINDOW


async def test_an_unknown_message_has_no_news(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    assert await messenger.news(MessageSid("SM" + "f" * 32)) is None
    for odd in ("", "SM/../Calls", "CA" + "0" * 32):
        assert await messenger.news(MessageSid(odd)) is None
    assert simulator.world.truth.requests_read["twilio_fetch_message"] == 1


@pytest.mark.parametrize(
    ("said", "is_read"),
    [
        (answer(200, b'{"sid": "SM%s", "status": "teleported"}' % (b"0" * 32)), True),
        (answer(200, b'{"status": "sent"}'), False),
        (answer(404, b"<html></html>", "text/html"), False),
        (answer(404, b'{"code": 404, "message": "a proxy"}'), False),
        (answer(302, b"", "text/plain", "Location: /again"), False),
        (answer(500, b""), False),
    ],
)
async def test_what_is_not_twilios_word_is_no_news(said: bytes, is_read: bool) -> None:
    async with serving(answering(said)) as (base_url, seen), a_messenger(base_url) as messenger:
        sid = MessageSid("SM" + "0" * 32)
        if is_read:
            assert await messenger.news(sid) is None
        else:
            with pytest.raises(ReadFailed):
                await messenger.news(sid)
        assert seen.read == 1
