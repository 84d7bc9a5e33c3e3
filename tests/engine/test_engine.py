"""The front door: what is shown adds up, what is explained has a reason, what is told is heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.engine.fakes import refuse, silent
from tests.engine.rig import new_call, running
from voiceslot_tui import __version__
from voiceslot_tui.core.calls import CallId, CallState, Disposition, Hold
from voiceslot_tui.core.errors import BadInput, IdempotencyConflict, Missing
from voiceslot_tui.core.facts import Outcome, Over, Refusal, Wish
from voiceslot_tui.core.limits import ENQUEUE_BATCH_MAX
from voiceslot_tui.core.orders import IdempotencyKey
from voiceslot_tui.core.snapshot import EngineState


async def test_a_snapshot_adds_up(tmp_path: Path) -> None:
    async with running(tmp_path, limit=6, reserve=1) as rig:
        ids = await rig.enqueue(*(new_call(n, attempts=2) for n in range(10)))
        rig.read_now(foreign=1)
        rig.platform.replies.append(silent)
        await rig.dispatch()
        await rig.over(rig.platform.dialled[1])
        await rig.over(rig.platform.dialled[2], Outcome(Disposition.BUSY))
        await rig.engine.wish(ids[8:], Wish.PARK, by="olga")
        rig.clock.wait(7)
        shown = await rig.engine.snapshot()
        assert shown.calls == {
            CallState.QUEUED: 7,
            CallState.UNCERTAIN: 1,
            CallState.LIVE: 1,
            CallState.ENDED: 1,
        }
        assert shown.holds == {Hold.PARKED: 2, Hold.RETRY_WAIT: 1}
        assert (shown.queued, shown.ready) == (7, 4)
        assert shown.dispositions == {Disposition.ANSWERED: 1, Disposition.BUSY: 1}
        slots = shown.slots
        assert (slots.limit, slots.effective, slots.reserve, slots.foreign) == (6, 6, 1, 1)
        assert (slots.uncertain, slots.live, slots.dialing, slots.holding) == (1, 1, 0, 2)
        assert slots.free == 6 - 1 - 1 - 2
        assert slots.reading_age_s == pytest.approx(7)
        assert slots.strategy == "conversations"
        assert (shown.engine, shown.version) == (EngineState.RUNNING, __version__)
        assert (shown.dials, shown.ends) == (4, 2)
        assert shown.idle == ()


async def test_an_unknown_call_that_holds_its_slot_is_shown_apart(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.queue(1)
        rig.platform.replies.append(silent)
        await rig.dispatch()
        await rig.polls(300)
        slots = (await rig.engine.snapshot()).slots
        assert (slots.unknown_holding, slots.holding, slots.free) == (1, 1, 2)


@pytest.mark.parametrize(
    ("why", "hold"),
    [
        ("paused", Hold.ENGINE_PAUSED),
        ("recovering", Hold.RECOVERING),
        ("stale", Hold.READING_STALE),
        ("full", Hold.NO_SLOT),
        ("silence", Hold.BREAKER_OPEN),
        ("rate", Hold.PACING),
    ],
)
async def test_what_holds_everything_back_has_a_name(tmp_path: Path, why: str, hold: Hold) -> None:
    async with running(tmp_path, limit=4) as rig:
        await rig.queue(*range(9))
        if why == "paused":
            await rig.engine.pause(by="olga")
        elif why == "recovering":
            rig.board.recovering = True
        elif why == "stale":
            rig.clock.wait(600)
        elif why == "silence":
            rig.platform.reply = silent
        elif why == "rate":
            rig.platform.reply = refuse(Refusal.RATE, 30.0)
        await rig.dispatch()
        shown = await rig.engine.snapshot()
        assert shown.idle[0].hold is hold
        assert (await rig.engine.explain(None))[0] == shown.idle[0].sentence
        assert shown.idle[0].sentence in await rig.engine.explain(CallId(9))


async def test_a_call_is_explained_by_its_own_reason_first(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        ids = await rig.queue(1, 2)
        await rig.engine.wish(ids[:1], Wish.PARK, by="olga")
        await rig.engine.pause(by="olga")
        sentences = await rig.engine.explain(ids[0])
        assert "set it aside" in sentences[0]
        assert "paused" in sentences[1]
        assert len(await rig.engine.explain(ids[1])) == 1


async def test_nothing_in_the_way_is_said_too(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        assert await rig.engine.explain(None) == ("calls start as slots come free",)
        with pytest.raises(Missing):
            await rig.engine.explain(CallId(99))
        with pytest.raises(Missing):
            await rig.engine.detail(CallId(99))


async def test_what_is_queued_wakes_the_dispatcher_and_is_bounded(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        rig.board.bells.dispatch.clear()
        await rig.queue(1)
        assert rig.board.bells.dispatch.is_set()
        with pytest.raises(BadInput):
            await rig.enqueue(*(new_call(1) for _ in range(ENQUEUE_BATCH_MAX + 1)))


async def test_a_key_is_one_call_through_a_restart(tmp_path: Path) -> None:
    key = IdempotencyKey("order-1001", b"digest")
    async with running(tmp_path) as rig:
        first = await rig.engine.enqueue([new_call(1)], by="producer", key=key)
    async with running(tmp_path, run="again") as rig:
        again = await rig.engine.enqueue([new_call(1)], by="producer", key=key)
        assert (again.ids, again.repeated) == (first.ids, True)
        with pytest.raises(IdempotencyConflict):
            await rig.engine.enqueue(
                [new_call(2)], by="producer", key=IdempotencyKey("order-1001", b"other")
            )


async def test_tell_says_whether_anything_changed(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.queue(1)
        await rig.dispatch()
        order = rig.platform.dialled[0]
        news = Over(None, order.attempt_id, None, None)
        assert await rig.engine.tell(news, by="platform")
        assert not await rig.engine.tell(news, by="platform")
        rig.engine.webhook_seen(accepted=True)
        rig.engine.webhook_seen(accepted=False)
        shown = await rig.engine.snapshot()
        assert (shown.webhook_at, shown.webhook_refused) == (rig.clock.now(), 1)


async def test_a_change_is_heard_once_and_never_missed(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.engine.changed(0.01)
        assert not await rig.engine.changed(0.01)
        await rig.queue(1)
        assert await rig.engine.changed(0.01), "changed between two waits"
        assert not await rig.engine.changed(0.01)
        waiting = asyncio.ensure_future(rig.engine.changed(20))
        await asyncio.sleep(0)
        await rig.engine.pause(by="olga")
        assert await waiting
