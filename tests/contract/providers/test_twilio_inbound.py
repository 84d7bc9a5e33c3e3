"""What people wrote, read from Twilio's list by the real SDK: all of it, bounded by its dates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest

from tests.contract.providers.conftest import SetClock
from tests.contract.providers.messaging import (
    ANOTHER,
    OUR_SMS,
    OUR_WHATSAPP,
    PERSON,
    SERVICE,
    SHORT_S,
    a_messenger,
    named,
    now,
    put,
    troubles,
)
from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.inbound import PersonWrote, Received
from voiceslot_tui.core.limits import WINDOW_S
from voiceslot_tui.follow_up_ports import Messenger
from voiceslot_tui.providers.twilio_client import TWILIO_HOSTS
from voiceslot_tui.simulator.faults import FaultRule
from voiceslot_tui.simulator.message_forms import Written
from voiceslot_tui.simulator.message_words import Channel as WorldChannel
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.words import FaultKind, FaultTarget


@pytest.fixture
async def messenger(simulator: SimulatorServer) -> AsyncIterator[Messenger]:
    async with a_messenger(simulator.address) as adapter:
        yield adapter


def write(
    simulator: SimulatorServer, number: str, text: str, *, to: str = OUR_WHATSAPP, ago_s: float = 0
) -> str:
    """Let a person write to one of our numbers; give the message's id."""
    channel = WorldChannel.SMS if to == OUR_SMS else WorldChannel.WHATSAPP
    written = Written(number, to, channel, text)
    return simulator.world.messenger.hear(written, simulator.now() - ago_s).sid


def told(received: Received) -> list[tuple[str, str, bool]]:
    return [(one.sid or "", one.number, one.wants_out) for one in received.messages]


async def test_what_people_write_to_our_number_is_read(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    before = now()
    hello = write(simulator, PERSON, "Hola")
    stop = write(simulator, ANOTHER, " Baja. ")
    write(simulator, PERSON, "STOP", to="+12025550199")
    put(simulator, f"whatsapp:{PERSON}", f"whatsapp:{OUR_WHATSAPP}", simulator.now())
    found = await messenger.received(Channel.WHATSAPP, None)
    assert told(found) == [(stop, ANOTHER, True), (hello, PERSON, False)]
    assert {one.channel for one in found.messages} == {Channel.WHATSAPP}
    assert all(later(before, -1) <= one.at <= now() for one in found.messages)
    assert found.newest is not None
    assert found.read_at is not None
    assert found.newest <= found.read_at <= now()
    assert not found.more
    assert simulator.world.truth.requests_read["twilio_list_messages"] == 1


async def test_of_text_messages_only_a_stop_matters(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    write(simulator, PERSON, "Hola", to=OUR_SMS)
    stop = write(simulator, ANOTHER, "STOP", to=OUR_SMS)
    assert told(await messenger.received(Channel.SMS, None)) == [(stop, ANOTHER, True)]
    assert (await messenger.received(Channel.WHATSAPP, None)).messages == ()


async def test_of_mail_there_is_no_list(simulator: SimulatorServer, messenger: Messenger) -> None:
    assert await messenger.received(Channel.EMAIL, None) == Received()
    assert not simulator.world.truth.requests_read


@pytest.mark.parametrize("channel", [Channel.WHATSAPP, Channel.SMS])
async def test_without_a_number_all_that_the_account_received_counts(
    simulator: SimulatorServer, channel: Channel
) -> None:
    stops = {
        Channel.WHATSAPP: write(simulator, PERSON, "STOP", to="+12025550199"),
        Channel.SMS: write(simulator, PERSON, "STOP", to=OUR_SMS),
    }
    for _ in range(150):
        sent = put(simulator, PERSON, OUR_SMS, simulator.now())
        simulator.world.messenger.by_sid[sent].sent_at = simulator.now()
    async with a_messenger(
        simulator.address, service=SERVICE, whatsapp_number="", sms_number=""
    ) as messenger:
        found = await messenger.received(channel, None)
    assert told(found) == [(stops[channel], PERSON, True)]
    assert not found.more


async def test_only_what_was_written_since_a_moment_is_given(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    for ago_s in (3 * 86_400, 7200, 3601):
        write(simulator, PERSON, "STOP", ago_s=ago_s)
    at_it, after = (write(simulator, PERSON, "STOP", ago_s=ago_s) for ago_s in (3500, 5))
    found = await messenger.received(Channel.WHATSAPP, later(now(), -3600))
    assert [one.sid for one in found.messages] == [after, at_it]


@pytest.mark.parametrize("ahead_s", [0.0, 7200.0, -7200.0])
async def test_at_first_a_window_is_looked_back_by_the_messengers_clock(
    simulator: SimulatorServer, ahead_s: float
) -> None:
    clock = SetClock(ahead_s=ahead_s)
    write(simulator, PERSON, "STOP", ago_s=WINDOW_S + 60)
    within = write(simulator, PERSON, "STOP", ago_s=WINDOW_S - 60)
    async with a_messenger(simulator.address, clock=clock) as messenger:
        (one,) = (await messenger.received(Channel.WHATSAPP, None)).messages
    assert one.sid == within
    assert abs(later(one.at, WINDOW_S - 60) - now(clock)) < 3000


async def test_a_list_that_lags_shows_it_later(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    stop = write(simulator, PERSON, "STOP")
    world = simulator.world
    world.settings = world.settings.changed({"message_list_lag_s": 1000.0})
    empty = await messenger.received(Channel.WHATSAPP, None)
    assert (empty.messages, empty.newest) == ((), None)
    world.settings = world.settings.changed({"message_list_lag_s": 0.0})
    assert told(await messenger.received(Channel.WHATSAPP, None)) == [(stop, PERSON, True)]


async def everything(messenger: Messenger, since: Instant | None) -> tuple[list[PersonWrote], int]:
    """Read all pages; give the messages, and how many pages there were."""
    found, more, pages = [], "", 0
    while True:
        page = await messenger.received(Channel.WHATSAPP, since, more)
        found += page.messages
        pages += 1
        if not page.more:
            return found, pages
        more = page.more


async def test_pages_are_read_until_they_are_older(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    for index in range(250):
        write(simulator, PERSON, "Hola", ago_s=7200 - index)
    new = [write(simulator, PERSON, "Hola") for _ in range(120)]
    found, pages = await everything(messenger, later(now(), -600))
    assert [one.sid for one in found] == new[::-1]
    assert pages == 2
    found, pages = await everything(messenger, None)
    assert (len(found), pages) == (370, 4)


async def test_a_list_that_begins_with_the_oldest_is_read_to_its_end(
    simulator: SimulatorServer, messenger: Messenger
) -> None:
    stop = write(simulator, PERSON, "STOP")
    for index in range(150):
        write(simulator, ANOTHER, "Hola", ago_s=7200 + 2 * index)
    found, _ = await everything(messenger, later(now(), -600))
    assert [one.sid for one in found] == [stop]


RESETS = {
    FaultKind.RESET_BEFORE_READING,
    FaultKind.RESET_AFTER_READING,
    FaultKind.RESET_HALF_HEADERS,
}
"""After these the transport itself may ask once more."""


@pytest.mark.parametrize("trouble", troubles(FaultTarget.MESSAGE_READ), ids=named)
async def test_no_trouble_makes_the_list_empty(
    simulator: SimulatorServer, trouble: FaultRule
) -> None:
    stop = write(simulator, PERSON, "STOP")
    simulator.world.faults.add(trouble)
    heard = [(stop, PERSON, True)]
    wanted: list[object] = [ReadFailed]
    if trouble.kind is FaultKind.UNKNOWN_STATUS and trouble.acts:
        wanted = [heard]
    if trouble.kind in (FaultKind.UNAUTHORIZED, FaultKind.FORBIDDEN):
        wanted = [ReadDenied]
    if trouble.kind in RESETS:
        wanted.append(heard)
    async with a_messenger(simulator.address, timeout_s=SHORT_S) as hasty:
        try:
            found: object = told(await hasty.received(Channel.WHATSAPP, None))
        except ReadFailed as failed:
            found = type(failed)
        assert found in wanted
        assert told(await hasty.received(Channel.WHATSAPP, None)) == heard


def answering(asked: list[httpx.Request], body: Callable[[], object]) -> httpx.MockTransport:
    def twilio(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=body())

    return httpx.MockTransport(twilio)


async def test_the_filter_leaves_a_day_to_spare() -> None:
    """Whether it counts days or moments, and whether its own day belongs to it, nobody says."""
    asked: list[httpx.Request] = []
    transport = answering(asked, lambda: {"messages": []})
    since = Instant(round(datetime(2026, 9, 24, 15, tzinfo=UTC).timestamp() * 1000))
    async with a_messenger("", hosts=TWILIO_HOSTS, transport=transport) as messenger:
        await messenger.received(Channel.WHATSAPP, since)
    params = dict(asked[0].url.params)
    assert params["To"] == f"whatsapp:{OUR_WHATSAPP}"
    assert params["DateSent>"] == "2026-09-23T00:00:00Z"


@pytest.mark.parametrize(
    "uri", ["https://evil.example/2010-04-01/x", "//evil.example/x", "http://["]
)
async def test_a_next_page_leads_nowhere_else(uri: str) -> None:
    asked: list[httpx.Request] = []
    transport = answering(asked, lambda: {"messages": [], "next_page_uri": uri})
    async with a_messenger("", hosts=TWILIO_HOSTS, transport=transport) as messenger:
        page = await messenger.received(Channel.WHATSAPP, None)
        with pytest.raises(ReadFailed):
            await messenger.received(Channel.WHATSAPP, None, page.more)
    assert {request.url.host for request in asked} == {"api.twilio.com"}
