"""The dispatcher: fills what is free, commits before it dials, and heeds what it is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.engine.fakes import refuse, silent, take
from tests.engine.rig import POLL_S, Rig, new_call, running
from voiceslot_tui.core.calls import CallState, ConversationId, Disposition
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.facts import NotTaken, Outcome, Over, Refusal, StartAnswer, Wish
from voiceslot_tui.core.limits import (
    BREAKER_PROBE_EVERY_S,
    CONNECT_TIMEOUT_S,
    DIAL_STALE_S,
    DISPATCH_LOOK_S,
    REFUSAL_BACKOFF_S,
)
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.ports import STILL_WANTED


async def test_exactly_the_free_slots_are_filled(tmp_path: Path) -> None:
    async with running(tmp_path, limit=5, reserve=1) as rig:
        ids = await rig.queue(*range(10))
        rig.read_now(foreign=1)
        await rig.dispatch()
        assert rig.dialled == list(ids[:3])
        await rig.dispatch()
        assert len(rig.dialled) == 3
        await rig.over(rig.platform.dialled[1])
        assert rig.board.bells.dispatch.is_set()
        await rig.dispatch()
        assert rig.dialled == list(ids[:4])


async def test_nothing_is_dialled_before_the_first_complete_list(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.board.recovering = True
        await rig.queue(1)
        await rig.dispatch()
        assert rig.dialled == []
        rig.platform.failing = True
        with pytest.raises(Exception, match="cannot be read"):
            await rig.poll()
        await rig.dispatch()
        assert rig.dialled == []
        rig.platform.failing = False
        await rig.poll()
        await rig.dispatch()
        assert len(rig.dialled) == 1


async def test_a_reading_that_is_too_old_stops_dialling_until_the_next(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.queue(1)
        rig.clock.wait(POLL_S * 5 + 1)
        await rig.dispatch()
        assert rig.dialled == []
        await rig.poll()
        assert rig.board.bells.dispatch.is_set()
        await rig.dispatch()
        assert len(rig.dialled) == 1


async def test_paced_starts_go_on_by_the_clock_alone(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10, per_second=2.0) as rig:
        ids = await rig.queue(1, 2, 3)
        for count in (1, 2, 3):
            wait_s = await rig.dispatch()
            assert len(rig.dialled) == count
            if count < 3:
                assert wait_s is not None
                assert 0.3 < wait_s <= 0.51
                rig.clock.wait(wait_s)
        assert rig.dialled == list(ids)


# --- the last check before a request


@pytest.mark.parametrize("how", ["paused", "stopped", "slept"])
async def test_a_dial_is_withdrawn_where_it_may_not_be_made_any_more(
    tmp_path: Path, how: str
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)

        def meanwhile(_: object) -> None:
            if how == "slept":
                rig.clock.wait(DIAL_STALE_S + 0.1)
            rig.board.paused = how == "paused"
            rig.board.stopping = how == "stopped"

        rig.platform.preparing = meanwhile
        await rig.dispatcher.step()
        await rig.answered()
        assert rig.dialled == []
        call = await rig.call(call_id)
        assert (call.state, call.attempts, call.hold) == (CallState.QUEUED, 0, None)


async def test_a_pause_lets_no_reserved_call_go(tmp_path: Path) -> None:
    """P6: what was reserved before the pause and not sent yet is not sent after it."""
    async with running(tmp_path, limit=3) as rig:
        await rig.queue(1, 2, 3)
        step = asyncio.ensure_future(rig.dispatcher.step())
        await rig.switches.pause(by="olga")
        await step
        acknowledged = len(rig.dialled)
        await rig.answered()
        assert len(rig.dialled) == acknowledged
        await rig.queue(4)
        await rig.dispatch()
        assert len(rig.dialled) == acknowledged
        await rig.switches.resume(by="olga")
        await rig.dispatch()
        assert len(rig.dialled) == 3


# --- silence


async def test_three_silences_open_the_breaker_and_one_probe_a_minute_leaves(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=3) as rig:
        await rig.queue(*range(20))
        rig.platform.reply = silent
        await rig.dispatch()
        assert len(rig.dialled) == 3
        assert rig.board.breaker.open
        await rig.switches.set_limit(20, by="olga")
        for probes in (1, 2):
            rig.clock.wait(BREAKER_PROBE_EVERY_S - 1)
            rig.read_now()
            assert await rig.dispatch() == pytest.approx(1.0)
            assert len(rig.dialled) == 2 + probes
            rig.clock.wait(1)
            await rig.dispatch()
            assert len(rig.dialled) == 3 + probes
        counts = await rig.store.counts()
        assert counts.states[CallState.QUEUED] == 15
        assert counts.states[CallState.UNCERTAIN] == 5


@pytest.mark.parametrize(
    "answer", [take, refuse(Refusal.CALL_DENIED), refuse(Refusal.ROUTE_DENIED)]
)
async def test_any_answer_of_the_platform_closes_the_breaker_and_dialling_goes_on(
    tmp_path: Path, answer: object
) -> None:
    async with running(tmp_path, limit=10) as rig:
        await rig.enqueue(*(new_call(n, agent=f"agent_{n}") for n in range(20)))
        rig.platform.replies.extend([silent] * 10 + [answer])  # type: ignore[list-item]
        await rig.dispatch()
        rig.clock.wait(BREAKER_PROBE_EVERY_S)
        await rig.switches.set_limit(30, by="olga")
        rig.read_now()
        await rig.dispatch()
        assert not rig.board.breaker.open
        assert len(rig.dialled) == 20


async def test_refusals_between_silences_break_their_row(tmp_path: Path) -> None:
    async with running(tmp_path, limit=1) as rig:
        await rig.queue(*range(9))
        for reply in (silent, refuse(Refusal.CALL_DENIED), silent, refuse(Refusal.CALL_DENIED)):
            rig.platform.replies.append(reply)
        await rig.switches.set_limit(4, by="olga")
        await rig.dispatch()
        assert not rig.board.breaker.open


# --- refusals


async def test_a_refusal_for_capacity_lowers_the_limit_and_is_no_attempt(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        ids = await rig.queue(*range(20))
        rig.platform.replies.extend([take] * 6)
        rig.platform.reply = refuse(Refusal.CAPACITY)
        await rig.dispatch()
        refused = [await rig.call(call_id) for call_id in ids[6:10]]
        assert {(one.state, one.attempts) for one in refused} == {(CallState.QUEUED, 0)}
        assert rig.board.ceiling.slots == 6
        assert len(rig.dialled) <= 6 + 4 + 1, "no dial after another into a full platform"
        rig.platform.reply = take
        before = len(rig.dialled)
        await rig.over(rig.platform.dialled[0])
        await rig.dispatch()
        assert len(rig.dialled) == before + 1
        assert (await rig.call(ids[6])).state is CallState.LIVE


async def test_no_dial_follows_a_refusal_before_the_limit_was_lowered(tmp_path: Path) -> None:
    """A service that loops must not hammer a full platform with the call just refused."""
    async with running(tmp_path, limit=2) as rig:
        await rig.queue(1, 2, 3)
        rig.platform.replies.extend([take, refuse(Refusal.CAPACITY)])
        rig.platform.reply = refuse(Refusal.CAPACITY)
        dispatching = asyncio.ensure_future(keep_dispatching(rig))
        await rig.platform.arrived(2)
        for _ in range(200):
            await rig.store.counts()
        dispatching.cancel()
        assert len(rig.dialled) == 2
        assert rig.board.ceiling.slots == 1


async def keep_dispatching(rig: Rig) -> None:
    """Step whenever the bell rings, as the service does."""
    while True:
        rig.board.bells.dispatch.clear()
        await rig.dispatcher.step()
        await rig.board.bells.dispatch.wait()


async def test_a_rest_that_a_clock_set_ahead_ended_ends_without_a_bell(tmp_path: Path) -> None:
    """Whoever sleeps until a time of the wall clock sleeps on when it is set."""
    async with running(tmp_path) as rig:
        await rig.queue(1)
        rig.platform.replies.append(refuse(Refusal.RATE, 120.0))
        wait_s = await rig.dispatch()
        rig.clock.jump(120.0)
        rig.clock.wait(wait_s or 0.0)
        await rig.dispatch()
        assert len(rig.dialled) == 2
        assert wait_s is not None
        assert wait_s <= DISPATCH_LOOK_S


@pytest.mark.parametrize("set_by_s", [-86_400.0, -10.0, 10.0, 86_400.0])
@pytest.mark.parametrize(("age_s", "dialled"), [(70.0, 1), (80.0, 0)])
async def test_how_old_a_reading_is_no_wall_clock_decides(
    tmp_path: Path, set_by_s: float, age_s: float, dialled: int
) -> None:
    """Of an old one only the next may lift the hold: an hour back, it would be good for an hour."""
    async with running(tmp_path) as rig:
        await rig.queue(1)
        rig.read_now()
        rig.clock.wait(age_s)
        rig.clock.jump(set_by_s)
        await rig.dispatch()
        assert len(rig.dialled) == dialled


@pytest.mark.parametrize("why", ["paused", "stopping", "asleep"])
async def test_a_dial_is_withdrawn_where_its_connection_came_too_late(
    tmp_path: Path, why: str
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)

        async def connecting(order: StartOrder) -> StartAnswer:
            assert STILL_WANTED.get()()
            if why == "asleep":
                rig.clock.wait(DIAL_STALE_S + CONNECT_TIMEOUT_S + 1)
            else:
                setattr(rig.board, why, True)
            assert not STILL_WANTED.get()()
            return NotTaken(order.attempt_id, Refusal.NOT_SENT, "withdrawn before it was sent")

        with patch.object(rig.platform, "start_call", connecting):
            await rig.dispatcher.step()
            await rig.answered()
        assert await rig.state(call_id) is CallState.QUEUED
        assert rig.board.quiet_until is None, "that is no trouble of the network"
        assert STILL_WANTED.get()(), "others may send"


async def test_a_call_that_is_cancelled_while_it_waits_for_its_connection_is_not_dialled(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)

        async def connecting(order: StartOrder) -> StartAnswer:
            rig.clock.wait(8)
            assert STILL_WANTED.get()()
            done = await rig.engine.wish([call_id], Wish.CANCEL, by="olga")
            assert done.message == f"call {call_id} may have been dialled already; cancelled if not"
            assert not STILL_WANTED.get()()
            return NotTaken(order.attempt_id, Refusal.NOT_SENT, "withdrawn before it was sent")

        with patch.object(rig.platform, "start_call", connecting):
            await rig.dispatcher.step()
            await rig.answered()
        assert await rig.state(call_id) is CallState.CANCELLED
        rig.clock.wait(1)
        await rig.engine.wish([call_id], Wish.UNDO_CANCEL, by="olga")
        await rig.dispatch()
        assert rig.dialled == [call_id], "what is brought back is dialled"


@pytest.mark.parametrize("waiting", ["prepare", "start_call"])
async def test_whoever_is_proven_to_have_answered_while_a_dial_waits_is_not_dialled_again(
    tmp_path: Path, waiting: str
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.enqueue(new_call(1, attempts=3))
        await rig.dispatch()
        (first,) = rig.platform.dialled
        await rig.over(first, Outcome(Disposition.NO_ANSWER))
        rig.clock.wait(5 * 3600)
        await rig.poll()
        await rig.janitor.step()

        async def meanwhile(order: StartOrder) -> StartAnswer:
            await rig.over(first)
            assert (await rig.call(call_id)).holding
            assert waiting == "prepare" or not STILL_WANTED.get()()
            return NotTaken(order.attempt_id, Refusal.NOT_SENT, "withdrawn before it was sent")

        with patch.object(rig.platform, waiting, meanwhile):
            await rig.dispatch()
        await rig.dispatch()
        call = await rig.call(call_id)
        assert (call.state, call.disposition) == (CallState.ENDED, Disposition.ANSWERED)
        assert rig.platform.dialled == [first]
        assert rig.board.quiet_until is None, "that is no trouble of the network"


async def test_whoever_is_suppressed_while_their_call_is_prepared_is_not_dialled(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)

        def prepared(order: StartOrder) -> None:
            rig.board.taken_back.add([order.to_number], rig.clock.steady_s())

        rig.platform.preparing = prepared
        await rig.dispatcher.step()
        await rig.answered()
        assert rig.dialled == []
        assert await rig.state(call_id) is CallState.QUEUED


async def test_who_stops_the_engine_waits_for_what_is_being_reserved(tmp_path: Path) -> None:
    """Else it would be written down as dialled, and a person asked what became of it."""
    async with running(tmp_path, limit=3) as rig:
        ids = await rig.queue(1, 2, 3)
        step = asyncio.ensure_future(rig.dispatcher.step())
        await asyncio.sleep(0)
        assert not rig.dispatcher.quiet.is_set()
        rig.board.stopping = True
        await rig.answered()
        assert step.done()
        assert [await rig.state(call_id) for call_id in ids] == [CallState.QUEUED] * 3
        assert rig.dialled == []


async def test_a_reservation_that_was_stored_although_the_disk_refused_it_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, limit=3) as rig:
        rig.platform.holding_back = True
        ids = await rig.queue(1)
        await rig.dispatcher.step()
        ids += await rig.queue(2, 3)
        reserve = rig.store.reserve

        async def stored_all_the_same(*arguments: Any) -> Any:
            monkeypatch.undo()
            await reserve(*arguments)
            raise StoreUnavailable("disk I/O error")

        monkeypatch.setattr(rig.store, "reserve", stored_all_the_same)
        with pytest.raises(StoreUnavailable):
            await rig.dispatcher.step()
        assert [await rig.state(call_id) for call_id in ids] == [CallState.DIALING] * 3
        rig.board.stopping = True
        await rig.dispatcher.step()
        assert [await rig.state(call_id) for call_id in ids] == [CallState.DIALING] * 3
        rig.board.stopping = False
        rig.board.paused = True
        await rig.dispatcher.step()
        states = [await rig.state(call_id) for call_id in ids]
        assert states == [CallState.DIALING, CallState.QUEUED, CallState.QUEUED]
        rig.board.paused = False
        await rig.dispatcher.step()
        await rig.platform.arrived(3)
        rig.platform.let_go()
        await rig.answered()
        assert sorted(rig.dialled) == sorted(ids)


async def test_a_dial_whose_answer_is_lost_while_reservations_are_given_back_is_not_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read of the store is older than what is known when it has been read."""
    async with running(tmp_path, limit=2) as rig:
        rig.platform.reply = silent
        rig.platform.holding_back = True
        (call_id,) = await rig.queue(1)
        await rig.dispatcher.step()
        await rig.platform.arrived(1)
        rig.platform.reply = take
        open_calls = rig.store.open_calls

        async def is_full(*_: Any) -> Any:
            raise StoreUnavailable("the disk is full: nothing was stored; free some space")

        async def as_it_was() -> Any:
            found = await open_calls()
            rig.platform.let_go()
            await rig.dispatcher.quiet.wait()
            return found

        with monkeypatch.context() as trouble:
            trouble.setattr(rig.store, "reserve", is_full)
            with pytest.raises(StoreUnavailable):
                await rig.dispatcher.step()
        monkeypatch.setattr(rig.store, "open_calls", as_it_was)
        await rig.dispatch()
        assert rig.dialled == [call_id]
        assert await rig.state(call_id) is CallState.UNCERTAIN


async def test_foreign_calls_count_among_those_a_full_platform_carries(tmp_path: Path) -> None:
    """Else the limit would sink below the foreign calls, and nothing would ever raise it again."""
    async with running(tmp_path, limit=10) as rig:
        await rig.queue(*range(9))
        rig.read_now(foreign=5)
        rig.platform.replies.extend([take, take, refuse(Refusal.CAPACITY)])
        rig.platform.reply = take
        await rig.dispatch()
        assert rig.board.ceiling.slots == 8
        for order in rig.platform.dialled[:2]:
            await rig.over(order)
        rig.read_now(foreign=4)
        await rig.dispatch()
        assert (await rig.store.counts()).holding == 4


async def test_a_refusal_with_nothing_live_gives_the_platform_a_rest(tmp_path: Path) -> None:
    async with running(tmp_path, limit=3) as rig:
        await rig.queue(1)
        rig.platform.replies.append(refuse(Refusal.CAPACITY))
        assert await rig.dispatch() == pytest.approx(DISPATCH_LOOK_S)
        assert len(rig.dialled) == 1
        rig.clock.wait(REFUSAL_BACKOFF_S - 1)
        assert await rig.dispatch() == pytest.approx(1.0)
        assert len(rig.dialled) == 1
        rig.clock.wait(1)
        await rig.dispatch()
        assert len(rig.dialled) == 2


async def test_a_rate_refusal_is_quiet_for_as_long_as_the_platform_says(tmp_path: Path) -> None:
    async with running(tmp_path, limit=5) as rig:
        await rig.queue(1, 2)
        rig.platform.replies.extend([refuse(Refusal.RATE, 12.0), take])
        await rig.dispatch()
        assert len(rig.dialled) == 2
        assert rig.board.ceiling.slots == 5
        rig.clock.wait(11.9)
        await rig.dispatch()
        assert len(rig.dialled) == 2
        rig.clock.wait(0.1)
        await rig.dispatch()
        assert len(rig.dialled) == 3


async def test_a_platform_that_cannot_be_reached_is_tried_again_ever_more_seldom(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=50) as rig:
        await rig.queue(*range(50))
        rig.platform.reply = refuse(Refusal.NOT_SENT)
        for wait_s in (1.0, 2.0, 4.0, 8.0):
            before = len(rig.dialled)
            assert await rig.dispatch() == pytest.approx(min(wait_s, DISPATCH_LOOK_S))
            dialled = len(rig.dialled)
            assert dialled > before
            rig.clock.wait(wait_s - 0.1)
            rig.read_now()
            assert await rig.dispatch() == pytest.approx(0.1)
            assert len(rig.dialled) == dialled
            rig.clock.wait(0.1)
        rig.platform.reply = take
        await rig.dispatch()
        assert (await rig.store.counts()).states[CallState.LIVE] == 50


async def test_a_refused_account_pauses_the_engine_once_and_says_why(tmp_path: Path) -> None:
    async with running(tmp_path, limit=5) as rig:
        await rig.queue(*range(5))
        rig.platform.reply = refuse(Refusal.ACCOUNT_DENIED)
        await rig.dispatch()
        assert rig.board.paused
        assert rig.pauses == ["said so"]
        control = await rig.store.control()
        assert (control.paused, control.paused_by) == (True, "engine")
        assert (await rig.store.counts()).states[CallState.QUEUED] == 5


# --- slots that others free


async def test_the_end_of_a_foreign_call_wakes_the_dispatcher(tmp_path: Path) -> None:
    async with running(tmp_path, limit=1) as rig:
        stranger = rig.platform.foreign("stranger")
        await rig.queue(1)
        await rig.poll()
        await rig.dispatch()
        assert rig.dialled == []
        dispatching = asyncio.ensure_future(keep_dispatching(rig))
        await rig.tell(Over(stranger, None, None, None))
        await rig.platform.arrived(1)
        dispatching.cancel()


async def test_a_call_charged_as_a_burst_lowers_the_limit(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        await rig.queue(*range(10))
        await rig.dispatch()
        burst = Outcome(Disposition.ANSWERED, 5, burst=True)
        await rig.over(rig.platform.dialled[0], burst)
        assert rig.board.ceiling.slots < 10
        await rig.tell(Over(ConversationId("stranger"), None, None, burst))


async def test_a_start_that_breaks_off_by_a_defect_is_uncertain_and_ends_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1, 2)

        def broken(order: object) -> object:
            raise ZeroDivisionError

        rig.platform.replies.append(broken)  # type: ignore[arg-type]
        await rig.dispatch()
        assert await rig.state(ids[0]) is CallState.UNCERTAIN
        assert await rig.state(ids[1]) is CallState.LIVE
