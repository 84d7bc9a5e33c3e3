"""What people write is heard without a webhook: from a list, once, and after any outage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.fakes import NOW
from tests.engine.message_rig import BOTH, MessageRig, message_rig
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.errors import ReadFailed, StoreUnavailable
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.inbound import PersonWrote, Received
from voiceslot_tui.core.limits import (
    INBOUND_EVERY_S,
    INBOUND_LATE_S,
    INBOUND_REPAIR_EVERY_S,
    WINDOW_S,
)
from voiceslot_tui.engine import inbound_reader
from voiceslot_tui.engine.inbound_reader import InboundReader


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path) as made:
        yield made


async def listed(rig: MessageRig) -> list[str]:
    return [one.number for one in await rig.store.suppressions("", 10)]


def shows(rig: MessageRig, *messages: PersonWrote) -> None:
    """Let the list show some messages on one page."""
    newest = max((one.at for one in messages), default=None)
    rig.messenger.inbox = [Received(messages, newest, rig.clock.now())]


async def test_a_stop_in_the_list_takes_all_that_waits(rig: MessageRig) -> None:
    await rig.ended(1, 2)
    shows(rig, rig.wrote(2), rig.wrote(1, wants_out=True))
    assert await rig.inbound.step() == INBOUND_EVERY_S
    (one,) = await rig.store.suppressions("", 10)
    assert (one.number, one.by) == ("+12025550101", "messenger (poll)")
    await rig.send(3)
    assert [(order.to, order.content_sid) for order in rig.messenger.orders] == [
        ("+12025550102", "")
    ]


async def test_where_the_messenger_can_tell_by_itself_the_list_is_read_seldom(
    rig: MessageRig,
) -> None:
    reader = InboundReader(
        store=rig.store,
        messengers={Channel.WHATSAPP: rig.messenger},
        hearing=rig.door._hearing,
        clock=rig.clock,
        has_callbacks=True,
    )
    assert await reader.step() == INBOUND_REPAIR_EVERY_S


async def test_what_a_webhook_brought_is_not_heard_again(rig: MessageRig) -> None:
    stop = rig.wrote(1, wants_out=True)
    await rig.door.person_wrote(stop, by="webhook")
    await rig.door.unsuppress(stop.number, by="olga")
    shows(rig, stop)
    for _ in range(2):
        await rig.inbound.step()
    assert await listed(rig) == []


async def test_what_a_list_brought_is_not_heard_again_from_a_webhook(rig: MessageRig) -> None:
    stop = rig.wrote(1, wants_out=True)
    shows(rig, stop)
    await rig.inbound.step()
    assert await listed(rig) == [stop.number]
    await rig.door.unsuppress(stop.number, by="olga")
    assert await rig.door.person_wrote(stop, by="webhook") is None
    assert await listed(rig) == []


async def test_a_list_is_read_on_from_its_newest_message(rig: MessageRig) -> None:
    """And a little before it while it is new: others may be listed after it."""
    one = rig.wrote(1)
    for wait_s in (0, INBOUND_LATE_S / 2, INBOUND_LATE_S, INBOUND_LATE_S):
        rig.clock.wait(wait_s)
        shows(rig, one)
        await rig.inbound.step()
    late = later(NOW, -INBOUND_LATE_S)
    assert rig.messenger.asked_since == [None, late, later(late, INBOUND_LATE_S / 2), NOW]


async def test_where_nobody_writes_a_list_is_read_a_day_back(rig: MessageRig) -> None:
    shows(rig)
    await rig.inbound.step()
    rig.clock.wait(3600)
    shows(rig)
    await rig.inbound.step()
    assert await rig.store.read_to(Channel.WHATSAPP) == later(NOW, 3600 - WINDOW_S)


async def test_a_list_that_cannot_be_read_is_read_from_the_same_moment_later(
    rig: MessageRig,
) -> None:
    shows(rig)
    await rig.inbound.step()
    read_to = await rig.store.read_to(Channel.WHATSAPP)
    rig.messenger.reads_fail = ReadFailed("Twilio does not answer")
    rig.clock.wait(3 * 86_400)
    with pytest.raises(ReadFailed, match="what people write is not heard: Twilio does not"):
        await rig.inbound.step()
    assert await rig.store.read_to(Channel.WHATSAPP) == read_to
    rig.messenger.reads_fail = None
    shows(rig, rig.wrote(1, wants_out=True))
    await rig.inbound.step()
    assert rig.messenger.asked_since[-1] == read_to
    assert await listed(rig) == ["+12025550101"]


async def test_the_lists_place_moves_only_after_all_in_it_was_heard(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = rig.wrote(1, wants_out=True)
    shows(rig, stop)

    async def full(*_: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(rig.store, "hear", full)
        with pytest.raises(StoreUnavailable):
            await rig.inbound.step()
    assert await rig.store.read_to(Channel.WHATSAPP) is None
    await rig.inbound.step()
    assert await listed(rig) == [stop.number]


async def test_every_page_is_heard_before_the_lists_place_moves(rig: MessageRig) -> None:
    first, second = rig.wrote(1, wants_out=True), rig.wrote(2, wants_out=True)
    pages = [Received((first,), NOW, NOW, "1"), Received((second,), NOW, later(NOW, 5))]
    rig.messenger.inbox = pages[:1]
    with pytest.raises(IndexError):
        await rig.inbound.step()
    assert await rig.store.read_to(Channel.WHATSAPP) is None
    assert await listed(rig) == [first.number]
    rig.messenger.inbox = pages
    await rig.inbound.step()
    assert await listed(rig) == [first.number, second.number]
    assert await rig.store.read_to(Channel.WHATSAPP) == later(NOW, -INBOUND_LATE_S)


async def test_a_list_without_an_end_is_heard_and_complained_of(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound_reader, "INBOUND_PAGES_MAX", 3)
    rig.messenger.inbox = [Received((rig.wrote(1, wants_out=True),), NOW, NOW, "0")]
    with pytest.raises(ReadFailed, match="does not end"):
        await rig.inbound.step()
    assert len(rig.messenger.asked_since) == 3
    assert await listed(rig) == ["+12025550101"]
    assert await rig.store.read_to(Channel.WHATSAPP) is None


async def test_one_list_that_fails_does_not_hold_up_the_other(tmp_path: Path) -> None:
    async with message_rig(tmp_path, channels=BOTH) as rig:
        answers = rig.messenger.received

        async def received(channel: Channel, *rest: object) -> Received:
            if channel is Channel.WHATSAPP:
                raise ReadFailed("no")
            return await answers(channel, *rest)  # type: ignore[arg-type]

        rig.messenger.received = received  # type: ignore[method-assign]
        shows(rig, rig.wrote(1, wants_out=True))
        with pytest.raises(ReadFailed):
            await rig.inbound.step()
        assert await listed(rig) == ["+12025550101"]
        assert await rig.store.read_to(Channel.WHATSAPP) is None
        assert await rig.store.read_to(Channel.SMS) is not None


async def test_the_log_tells_how_much_goes_with_a_person_and_nothing_about_them(
    rig: MessageRig, caplog: pytest.LogCaptureFixture
) -> None:
    await rig.ended(1)
    caplog.set_level("INFO", "voiceslot")
    shows(rig, rig.wrote(1, wants_out=True), rig.wrote(2))
    for _ in range(2):
        await rig.inbound.step()
    told = [(record.getMessage(), record.__dict__["told"]) for record in caplog.records]
    assert told == [("person_opted_out", {"count": 1})]


async def test_an_operator_has_the_list_read_at_once(rig: MessageRig) -> None:
    assert not rig.inbound.wake.is_set()
    rig.door.read_now()
    assert rig.inbound.wake.is_set()


async def test_a_stop_of_which_no_number_is_told_is_told_once(
    rig: MessageRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "voiceslot")
    stop = replace(rig.wrote(1, wants_out=True), number="")
    shows(rig, stop)
    for _ in range(2):
        await rig.inbound.step()
    told = [(record.getMessage(), record.__dict__["told"]) for record in caplog.records]
    assert told == [("stop_unreadable", {"message_sid": stop.sid})]
    assert await listed(rig) == []
