"""A STOP is in force from the moment it is heard, and for whoever wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest.mock import AsyncMock, patch

import pytest

from tests.engine.fakes import NOW
from tests.engine.message_rig import MessageRig, message_rig, taken
from tests.engine.rig import running
from voiceslot_tui.core.calls import CallState, ConversationId, Disposition, later
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.follow_up_facts import SendAnswer
from voiceslot_tui.core.follow_ups import Channel, EndedCall, follow_up_key
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.engine import hearing
from voiceslot_tui.follow_up_ports import Ended, MessageOrder
from voiceslot_tui.ports import STILL_WANTED
from voiceslot_tui.store.sqlite import SqliteStore

PERSON: Final = "+12025550101"
FULL: Final = StoreUnavailable("the disk is full: nothing was stored")


async def test_a_stop_of_which_no_number_can_be_read_withdraws_no_mail_without_a_number(
    tmp_path: Path,
) -> None:
    async with message_rig(tmp_path, channels=(Channel.EMAIL,)) as rig:
        key = follow_up_key(ConversationId("conv_1"))
        call = EndedCall(
            key, "", rig.clock.now(), Disposition.VOICEMAIL, True, email="p01@example.org"
        )
        await rig.store.add_ended([Ended(call)], rig.clock.now())

        async def send(order: MessageOrder) -> SendAnswer:
            unreadable = replace(rig.wrote(1, wants_out=True), number="")
            await rig.door.person_wrote(unreadable, by="webhook")
            assert STILL_WANTED.get()()
            return taken(order)

        rig.messenger.send = send  # type: ignore[method-assign]
        await rig.send()
        assert await rig.states() == ["accepted"]


# --- a STOP that could not be stored


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path) as made:
        yield made


@contextmanager
def refusing(store: SqliteStore, problem: BaseException = FULL) -> Iterator[AsyncMock]:
    """Let nothing be stored of what people write."""
    with patch.object(store, "hear", AsyncMock(side_effect=problem)) as mock:
        yield mock


async def stop(rig: MessageRig, problem: BaseException = FULL, person: int = 1) -> None:
    """Let a person's STOP be heard, and not be stored."""
    with refusing(rig.store, problem), pytest.raises(type(problem)):
        await rig.door.person_wrote(rig.wrote(person, wants_out=True), by="webhook")


@pytest.mark.parametrize("problem", [FULL, asyncio.CancelledError()], ids=["full", "cancelled"])
async def test_a_stop_that_could_not_be_stored_is_in_force_and_is_insisted_on(
    rig: MessageRig, problem: BaseException
) -> None:
    await rig.ended(1, 2)
    await stop(rig, problem)
    for _ in range(3):
        rig.clock.wait(120)
        await rig.send()
    assert await rig.states() == ["due", "accepted"]
    with refusing(rig.store), pytest.raises(StoreUnavailable):
        await rig.door.insist()
    rig.clock.wait(120)
    await rig.send()
    assert await rig.states() == ["due", "accepted"]
    await rig.door.insist()
    assert await rig.states() == ["skipped", "accepted"]
    (listed,) = await rig.store.suppressions("", 10)
    assert (listed.number, listed.by) == (PERSON, "webhook")


async def test_what_is_insisted_on_is_stored_once_and_holds_nobody_back_afterwards(
    rig: MessageRig,
) -> None:
    await stop(rig)
    await rig.door.person_wrote(rig.wrote(1, wants_out=True), by="webhook")
    await rig.door.unsuppress(PERSON, by="ana")
    await rig.door.insist()
    assert await rig.store.suppressions("", 10) == ()
    await rig.ended(1)
    rig.clock.wait(1)
    await rig.send()
    assert await rig.states() == ["accepted"]


async def test_what_was_decided_on_while_a_stop_was_insisted_on_does_not_leave_after_it(
    rig: MessageRig,
) -> None:
    await stop(rig)
    rig.clock.wait(5)
    claimed_s = rig.clock.steady_s()
    rig.clock.wait(5)
    await rig.door.insist()
    assert rig.board.taken_back.since(claimed_s, PERSON)
    assert not rig.board.taken_back.since(rig.clock.steady_s() + 1, PERSON)


async def test_a_defect_leaves_nothing_held_back_for_ever(rig: MessageRig) -> None:
    await rig.ended(1)
    await stop(rig)
    await stop(rig, ValueError("a defect"))
    with refusing(rig.store) as hear:
        await rig.door.insist()
    hear.assert_not_awaited()
    rig.clock.wait(1)
    await rig.send()
    assert await rig.states() == ["accepted"]


async def test_of_too_many_stops_the_oldest_is_left_to_the_list(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "STOPS_UNWRITTEN_MAX", 2)
    await rig.ended(1, 2, 3)
    for person in (1, 2, 3):
        await stop(rig, person=person)
    rig.clock.wait(1)
    await rig.send()
    assert await rig.states() == ["accepted", "due", "due"]
    await rig.door.insist()
    assert await rig.states() == ["accepted", "skipped", "skipped"]


async def test_what_people_write_besides_is_not_insisted_on(rig: MessageRig) -> None:
    for wrote in (rig.wrote(1), replace(rig.wrote(2, wants_out=True), number="")):
        with refusing(rig.store), pytest.raises(StoreUnavailable):
            await rig.door.person_wrote(wrote, by="webhook")
    with refusing(rig.store) as hear:
        await rig.door.insist()
    hear.assert_not_awaited()


async def test_whoever_is_being_suppressed_gets_no_message_meanwhile(rig: MessageRig) -> None:
    """Whether or not it can be stored in the end; an operator is told, and asks again."""
    await rig.ended(1)

    async def slowly(*_: object) -> None:
        rig.clock.wait(3)
        await rig.send()
        raise FULL

    with patch.object(rig.store, "suppress", slowly), pytest.raises(StoreUnavailable):
        await rig.door.suppress(PERSON, "asked on the phone", by="ana")
    assert rig.messenger.orders == []
    rig.clock.wait(31)
    await rig.send()
    assert await rig.states() == ["accepted"]


async def test_a_call_to_whoever_wrote_stop_is_not_reserved_over_and_over(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        first, second = await rig.queue(1, 2)
        wrote = PersonWrote(None, Channel.SMS, (await rig.call(first)).to_number, NOW, True)
        with refusing(rig.store), pytest.raises(StoreUnavailable):
            await rig.engine.follow_ups.person_wrote(wrote, by="webhook")
        await rig.dispatch()
        assert (await rig.state(first), rig.dialled) == (CallState.QUEUED, [second])
        assert rig.board.quiet_until == later(rig.clock.now(), 1)
        rig.clock.wait(1)
        await rig.dispatch()
        assert rig.dialled == [second]
        await rig.janitor.step()
        assert await rig.state(first) is CallState.SUPPRESSED
