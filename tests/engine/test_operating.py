"""What operators do to calls: every wish, its undo, and why it could not be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.engine.fakes import conversation_of, silent
from tests.engine.rig import ANSWERED, Rig, new_call, running
from voiceslot_tui.core.calls import Call, CallId, CallState, Disposition, Hold
from voiceslot_tui.core.errors import BadInput, Missing, Rejected, StoreUnavailable
from voiceslot_tui.core.facts import Fact, Outcome, Wish
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX, PRIORITY_MAX, PRIORITY_MIN, UNDO_S
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.pages import PageQuery, Place
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.link.server.answers import answer
from voiceslot_tui.ports import HangUp
from voiceslot_tui.wire import control


async def order_of(rig: Rig) -> list[CallId]:
    rows = (await rig.engine.page(PageQuery(count=100))).rows
    return [row.call.id for row in rows if row.call.state is CallState.QUEUED]


async def unknown(rig: Rig) -> CallId:
    (call_id,) = await rig.queue(1)
    rig.platform.replies.append(silent)
    await rig.dispatch()
    await rig.polls(300)
    assert await rig.state(call_id) is CallState.UNKNOWN
    return call_id


async def test_cancel_and_its_undo(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1, 2, 3)
        done = await rig.engine.wish(ids[:2], Wish.CANCEL, by="olga")
        assert (done.changed, done.refused) == (ids[:2], ())
        assert "2 calls cancelled" in done.message
        assert await rig.state(ids[0]) is CallState.CANCELLED
        back = await rig.engine.take_back(done.undo, by="olga")
        assert back.changed == ids[:2]
        assert await order_of(rig) == list(ids)


async def test_a_cancel_is_not_undone_after_its_time(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1)
        done = await rig.engine.wish(ids, Wish.CANCEL, by="olga")
        rig.clock.wait(UNDO_S + 1)
        back = await rig.engine.take_back(done.undo, by="olga")
        assert back.changed == ()
        assert back.refused == ((ids[0], "cancelled more than 30 seconds ago: not brought back"),)


async def test_park_unpark_and_their_undos(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1)
        parked = await rig.engine.wish(ids, Wish.PARK, by="olga")
        assert await rig.hold(ids[0]) is Hold.PARKED
        await rig.dispatch()
        assert rig.dialled == []
        unparked = await rig.engine.take_back(parked.undo, by="olga")
        assert unparked.changed == ids
        assert await rig.hold(ids[0]) is None
        again = await rig.engine.wish(ids, Wish.PARK, by="olga")
        lifted = await rig.engine.wish(ids, Wish.UNPARK, by="olga")
        await rig.engine.take_back(lifted.undo, by="olga")
        assert await rig.hold(ids[0]) is Hold.PARKED
        assert again.changed == ids


async def test_an_unknown_call_is_released_and_confirmed(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        call_id = await unknown(rig)
        released = await rig.engine.wish([call_id], Wish.RELEASE, by="olga")
        assert (released.changed, released.undo) == ((call_id,), ())
        assert not (await rig.call(call_id)).holding
        done = await rig.engine.wish([call_id], Wish.CONFIRM_NOT_DIALLED, by="olga")
        assert done.changed == (call_id,)
        rig.read_now()
        await rig.dispatch()
        assert await rig.state(call_id) is CallState.LIVE


async def test_a_confirmed_dial_ends_its_call(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        call_id = await unknown(rig)
        await rig.engine.wish([call_id], Wish.CONFIRM_DIALLED, by="olga")
        assert await rig.state(call_id) is CallState.ENDED


async def test_a_cancel_in_mid_dial_is_honoured_and_can_be_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1, 2)
        rig.platform.holding_back = True
        rig.platform.reply = silent
        await rig.dispatcher.step()
        await rig.platform.arrived(2)
        done = await rig.engine.wish(ids, Wish.CANCEL, by="olga")
        assert done.changed == ids
        await rig.engine.wish(ids[:1], Wish.UNDO_CANCEL, by="olga")
        assert [(await rig.call(one)).cancel_wished for one in ids] == [False, True]


@pytest.mark.parametrize("wish", Wish)
@pytest.mark.parametrize("state", ["live", "wrapping up", "ended", "missing"])
async def test_what_a_state_does_not_allow_is_refused_in_words(
    tmp_path: Path, wish: Wish, state: str
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        if state == "missing":
            call_id = CallId(999)
        else:
            await rig.dispatch()
        if state in ("wrapping up", "ended"):
            await rig.over(rig.platform.dialled[0], None if state == "wrapping up" else ANSWERED)
        done = await rig.engine.wish([call_id], wish, by="olga")
        if (state, wish) == ("live", Wish.RELEASE):
            assert done.changed == (call_id,)
            return
        assert (done.changed, done.undo) == ((), ())
        ((refused, why),) = done.refused
        assert refused == call_id
        assert why.startswith("there is no such call" if state == "missing" else f"it is {state}: ")


async def test_priorities_are_set_changed_bounded_and_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.enqueue(new_call(1, priority=-4), new_call(2), new_call(3, priority=998))
        done = await rig.engine.prioritise(ids, by="olga", change=5)
        assert done.changed == ids
        assert [(await rig.call(one)).priority for one in ids] == [1, 5, PRIORITY_MAX]
        again = await rig.engine.prioritise(ids[:2], by="olga", to=7)
        assert await order_of(rig) == [ids[2], ids[0], ids[1]]
        await rig.engine.take_back((*again.undo, *done.undo), by="olga")
        assert [(await rig.call(one)).priority for one in ids] == [-4, 0, 998]


@pytest.mark.parametrize(
    "how", [{}, {"to": 1, "change": 1}, {"to": PRIORITY_MAX + 1}, {"to": PRIORITY_MIN - 1}]
)
async def test_a_priority_that_cannot_be_is_refused(tmp_path: Path, how: dict[str, int]) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1)
        with pytest.raises(BadInput) as caught:
            await rig.engine.prioritise(ids, by="olga", **how)
        assert caught.value.field == "priority"


@pytest.mark.parametrize("place", Place)
async def test_calls_move_to_an_end_and_back(tmp_path: Path, place: Place) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.enqueue(*(new_call(n, priority=n % 2) for n in range(6)))
        before = await order_of(rig)
        chosen = (before[3], before[1])
        done = await rig.engine.move(chosen, place, by="olga")
        assert done.changed == chosen
        moved = await order_of(rig)
        assert list(chosen) == (moved[:2] if place is Place.TOP else moved[-2:])
        await rig.engine.take_back(done.undo, by="olga")
        assert await order_of(rig) == before
        assert len(ids) == 6


async def test_what_is_not_queued_is_not_moved_and_says_why(tmp_path: Path) -> None:
    async with running(tmp_path, limit=1) as rig:
        ids = await rig.queue(1, 2)
        await rig.dispatch()
        for done in (
            await rig.engine.move(ids, Place.TOP, by="olga"),
            await rig.engine.prioritise(ids, by="olga", to=3),
        ):
            assert done.changed == ids[1:]
            ((call_id, why),) = done.refused
            assert call_id == ids[0]
            assert why.startswith("it is live: not ")


@pytest.mark.parametrize("count", [0, COMMAND_CALLS_MAX + 1])
async def test_an_act_names_some_calls_but_not_too_many(tmp_path: Path, count: int) -> None:
    async with running(tmp_path) as rig:
        ids = [CallId(n) for n in range(count)]
        for act in (
            lambda: rig.engine.wish(ids, Wish.CANCEL, by="olga"),
            lambda: rig.engine.prioritise(ids, by="olga", to=1),
            lambda: rig.engine.move(ids, Place.TOP, by="olga"),
        ):
            with pytest.raises(BadInput):
                await act()


async def test_nothing_to_take_back_is_said(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        assert await rig.engine.take_back((), by="olga") == Done(
            message="there is nothing to take back"
        )


# --- a store that fails after it has stored something


async def unreadable(*_: object) -> tuple[Call, ...]:
    raise StoreUnavailable("the database cannot be read: disk I/O error")


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.PARK])
async def test_a_wish_that_is_stored_is_done_although_nothing_can_be_read_after_it(
    tmp_path: Path, wish: Wish
) -> None:
    """A refusal would say that nothing was done, and its undo would be gone."""
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        want = control.Ask(1, control.Want((call_id, CallId(99)), wish))
        rig.board.bells.dispatch.clear()
        with patch.object(rig.store, "calls", unreadable):
            said = await answer(rig.engine, want, "olga")
        assert isinstance(said, control.Answer)
        assert isinstance(said.result, control.TheDone)
        done = said.result.done
        assert done.changed == (call_id,)
        ((refused, why),) = done.refused
        assert refused == CallId(99)
        assert why.startswith("its state cannot be read: not ")
        assert rig.board.bells.dispatch.is_set()
        await rig.engine.take_back(done.undo, by="olga")
        assert await order_of(rig) == [call_id]


async def test_a_move_that_is_stored_is_done_although_nothing_can_be_read_after_it(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1, 2, 3)
        read = rig.store.calls

        async def readable_once(call_ids: Sequence[CallId]) -> tuple[Call, ...]:
            reads.append(call_ids)
            return await (read if len(reads) == 1 else unreadable)(call_ids)

        reads: list[Sequence[CallId]] = []
        with patch.object(rig.store, "calls", readable_once):
            done = await rig.engine.move((ids[2], CallId(99)), Place.TOP, by="olga")
        assert done.changed == (ids[2],)
        assert await order_of(rig) == [ids[2], *ids[:2]]


@pytest.mark.parametrize("failing_from", [1, 2])
async def test_what_was_taken_back_before_the_store_failed_is_told(
    tmp_path: Path, failing_from: int
) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1, 2)
        acts = [await rig.engine.wish([one], Wish.PARK, by="olga") for one in ids]
        undo = tuple(act for done in acts for act in done.undo)
        record, recorded = rig.ledger.record, 0

        async def failing(*facts: Fact, by: str) -> tuple[Settlement | None, ...]:
            nonlocal recorded
            recorded += 1
            if recorded >= failing_from:
                raise StoreUnavailable("the disk is full")
            return await record(*facts, by=by)

        with patch.object(rig.ledger, "record", failing):
            if failing_from == 1:
                with pytest.raises(StoreUnavailable):
                    await rig.engine.take_back(undo, by="olga")
                return
            done = await rig.engine.take_back(undo, by="olga")
        assert (done.changed, done.refused) == (ids[:1], ((ids[1], "the disk is full"),))


async def test_of_acts_of_which_one_is_too_large_none_is_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        done = await rig.engine.wish([call_id], Wish.PARK, by="olga")
        too_many = tuple(CallId(n) for n in range(COMMAND_CALLS_MAX + 1))
        with pytest.raises(BadInput):
            await rig.engine.take_back(
                (*done.undo, Undo(wish=Wish.UNPARK, call_ids=too_many)), by="olga"
            )
        assert await rig.hold(call_id) is Hold.PARKED


# --- hanging up


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HangUp.DONE, "ends the call"),
        (HangUp.ALREADY_OVER, "over already"),
        (HangUp.UNCLEAR, "may still be talking"),
    ],
)
async def test_a_live_call_is_hung_up_at_the_carrier(
    tmp_path: Path, answer: HangUp, words: str
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        await rig.dispatch()
        assert rig.carrier is not None
        rig.carrier.answer = answer
        done = await rig.engine.hang_up(call_id, by="olga")
        assert words in done.message
        talk = rig.platform.talks[conversation_of(rig.platform.dialled[0])]
        assert rig.carrier.hung_up == [talk.call_sid]
        assert await rig.state(call_id) is CallState.LIVE, "only the news of the end ends it"
        line = (await rig.engine.journal(None, 1))[0]
        assert (line.kind, line.actor) == ("hang_up", "olga")


async def test_what_cannot_be_hung_up_is_refused_in_words(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        with pytest.raises(Rejected, match="queued"):
            await rig.engine.hang_up(call_id, by="olga")
        with pytest.raises(Missing):
            await rig.engine.hang_up(CallId(99), by="olga")
        await rig.dispatch()
        assert rig.carrier is not None
        rig.carrier.answer = HangUp.REFUSED
        with pytest.raises(Rejected, match="credentials"):
            await rig.engine.hang_up(call_id, by="olga")
    async with running(tmp_path, carrier=False, run="again") as rig:
        with pytest.raises(Rejected, match="TWILIO"):
            await rig.engine.hang_up(call_id, by="olga")
        assert not (await rig.engine.snapshot()).carrier


async def test_an_act_is_in_the_history_under_the_name_of_who_did_it(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.enqueue(new_call(1, attempts=2))
        await rig.engine.wish([call_id], Wish.PARK, by="olga (uid 1000)")
        await rig.engine.wish([call_id], Wish.UNPARK, by="pedro (uid 1001)")
        await rig.engine.prioritise([call_id], by="ana (uid 1002)", to=9)
        await rig.dispatch()
        await rig.over(rig.platform.dialled[0], Outcome(Disposition.BUSY))
        lines = (await rig.engine.detail(call_id)).history
        assert [(line.kind, line.actor) for line in lines[1:4]] == [
            ("park", "olga (uid 1000)"),
            ("unpark", "pedro (uid 1001)"),
            ("reordered", "ana (uid 1002)"),
        ]
