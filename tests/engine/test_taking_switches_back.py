"""Switches are taken back only while they stand as the act had set them: nobody overrides another.

What another console was told after the act holds, in memory and after a restart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.engine.fakes import FakeClock
from tests.engine.rig import Rig, running
from voiceslot_tui.core.errors import Rejected, StoreUnavailable
from voiceslot_tui.core.undo import Done, Undo

FULL = StoreUnavailable("the disk is full: nothing was stored; free some space")


async def refused(rig: Rig, done: Done, words: str, by: str = "ana") -> None:
    """Take an act back and be refused, with what has come since; the switches stay."""
    before = (rig.board.control, rig.board.paused, rig.board.ceiling, rig.follow_ups.desk.paused)
    with pytest.raises(Rejected, match=words):
        await rig.engine.take_back(done.undo, by=by)
    after = (rig.board.control, rig.board.paused, rig.board.ceiling, rig.follow_ups.desk.paused)
    assert after == before
    assert await rig.store.control() == rig.board.control


async def test_a_limit_that_another_set_since_is_not_overridden(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        mine = await rig.engine.set_limit(8, by="ana")
        theirs = await rig.engine.set_limit(2, by="ben")
        await refused(rig, mine, "ben has set the limit to 2 since; set it yourself if you mean it")
        await rig.engine.take_back(theirs.undo, by="ben")
        assert rig.board.ceiling.configured == 8
        await refused(rig, mine, "ben has set the limit to 8 since")


async def test_the_same_limit_set_again_by_another_is_theirs(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        mine = await rig.engine.set_limit(8, by="ana")
        assert (await rig.engine.set_limit(8, by="ben")).undo == ()
        await refused(rig, mine, "ben has set the limit to 8 since")


async def test_ones_own_limits_are_taken_back_one_after_the_other_and_done_again(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=10) as rig:
        acts = [await rig.engine.set_limit(limit, by="ana") for limit in (8, 6, 7)]
        undone = []
        for act, limit in zip(reversed(acts), (6, 8, 10), strict=True):
            rig.clock.wait(60)
            undone.append(await rig.engine.take_back(act.undo, by="ana"))
            assert rig.board.ceiling.configured == limit
        again = []
        for act, limit in zip(reversed(undone), (8, 6, 7), strict=True):
            again.append(await rig.engine.take_back(act.undo, by="ana"))
            assert rig.board.ceiling.configured == limit
        await rig.engine.take_back(again[-1].undo, by="ana")
        assert rig.board.ceiling.configured == 6


async def test_a_limit_of_another_between_two_of_ones_own_is_not_overridden(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=10) as rig:
        first = await rig.engine.set_limit(8, by="ana")
        await rig.engine.set_limit(2, by="ben")
        last = await rig.engine.set_limit(5, by="ana")
        await rig.engine.take_back(last.undo, by="ana")
        assert rig.board.ceiling.configured == 2
        await refused(rig, first, "has set the limit to 2 since")


async def test_what_was_undone_is_not_done_again_over_what_another_set(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        mine = await rig.engine.set_limit(8, by="ana")
        undone = await rig.engine.take_back(mine.undo, by="ana")
        await rig.engine.set_limit(2, by="ben")
        await refused(rig, undone, "ben has set the limit to 2 since")
        await rig.engine.resume(by="ben")
        paused = await rig.engine.pause(by="ana")
        resumed = await rig.engine.take_back(paused.undo, by="ana")
        again = await rig.engine.take_back(resumed.undo, by="ana")
        assert rig.board.paused
        await rig.engine.pause(by="ben", why="the agent's text is wrong")
        await refused(rig, again, "ben has paused since")


Switch = tuple[
    Callable[[Rig, str], Awaitable[Done]],
    Callable[[Rig, str], Awaitable[Done]],
    Callable[[Rig], bool],
]
CALLS: Switch = (
    lambda rig, by: rig.engine.pause(by=by),
    lambda rig, by: rig.engine.resume(by=by),
    lambda rig: rig.board.paused,
)
MESSAGES: Switch = (
    lambda rig, by: rig.follow_ups.door.pause(by=by),
    lambda rig, by: rig.follow_ups.door.resume(by=by),
    lambda rig: rig.follow_ups.desk.paused,
)
both = pytest.mark.parametrize("switch", [CALLS, MESSAGES], ids=["calls", "messages"])


@both
async def test_a_pause_of_another_is_not_lifted_by_an_undo(tmp_path: Path, switch: Switch) -> None:
    pause, resume, is_paused = switch
    async with running(tmp_path) as rig:
        mine = await pause(rig, "ana")
        await resume(rig, "ben")
        await refused(rig, mine, "somebody has resumed since; there is nothing to take back")
        theirs = await pause(rig, "ben")
        await refused(rig, mine, "ben has paused since; resume yourself if you mean it")
        await rig.engine.take_back(theirs.undo, by="ben")
        assert not is_paused(rig)


@both
async def test_a_pause_upon_a_pause_is_not_lifted_by_undoing_the_first(
    tmp_path: Path, switch: Switch
) -> None:
    pause, _, is_paused = switch
    async with running(tmp_path) as rig:
        mine = await pause(rig, "ana")
        assert (await pause(rig, "ben")).undo == ()
        await refused(rig, mine, "ben has paused since")
        assert is_paused(rig)


@both
async def test_who_pauses_twice_takes_it_back_once(tmp_path: Path, switch: Switch) -> None:
    pause, _, is_paused = switch
    async with running(tmp_path) as rig:
        mine = await pause(rig, "ana")
        rig.clock.wait(60)
        await pause(rig, "ana")
        await rig.engine.take_back(mine.undo, by="ana")
        assert not is_paused(rig)


@both
async def test_a_pause_that_could_not_be_written_is_not_lifted_by_an_undo(
    tmp_path: Path, switch: Switch
) -> None:
    pause, resume, is_paused = switch
    async with running(tmp_path) as rig:
        mine = await pause(rig, "ana")
        with patch.object(rig.store, "set_control", side_effect=FULL), suppress(StoreUnavailable):
            await pause(rig, "ben")
        await refused(rig, mine, "ben has paused since")
        await resume(rig, "ana")
        with patch.object(rig.store, "set_control", side_effect=FULL), suppress(StoreUnavailable):
            await pause(rig, "ben")
        await refused(rig, mine, "ben has paused since")
        await rig.janitor.step()
        await refused(rig, mine, "ben has paused since")
        assert is_paused(rig)


@both
async def test_a_resume_is_always_taken_back(tmp_path: Path, switch: Switch) -> None:
    pause, resume, is_paused = switch
    async with running(tmp_path) as rig:
        await pause(rig, "ana")
        mine = await resume(rig, "ana")
        await pause(rig, "ben")
        await resume(rig, "ben")
        back = await rig.engine.take_back(mine.undo, by="ana")
        assert is_paused(rig)
        await rig.engine.take_back(back.undo, by="ana")
        assert not is_paused(rig)


@both
async def test_a_restart_forgets_neither_what_stands_nor_what_came_since(
    tmp_path: Path, switch: Switch
) -> None:
    pause, resume, is_paused = switch
    clock = FakeClock()
    async with running(tmp_path, limit=10, clock=clock) as rig:
        paused, limited = await pause(rig, "ana"), await rig.engine.set_limit(8, by="ana")
    async with running(tmp_path, limit=10, clock=clock, run="again") as rig:
        await rig.follow_ups.door.restore()
        await rig.engine.take_back((*paused.undo, *limited.undo), by="ana")
        assert (is_paused(rig), rig.board.ceiling.configured) == (False, 10)
        paused, limited = await pause(rig, "ana"), await rig.engine.set_limit(8, by="ana")
        await resume(rig, "ben")
        await pause(rig, "ben")
        await rig.engine.set_limit(2, by="ben")
    async with running(tmp_path, limit=10, clock=clock, run="third") as rig:
        await rig.follow_ups.door.restore()
        await refused(rig, paused, "ben has paused since")
        await refused(rig, limited, "ben has set the limit to 2 since")


async def test_a_limit_that_the_settings_set_since_is_not_overridden(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path, limit=10, clock=clock) as rig:
        mine = await rig.engine.set_limit(8, by="ana")
    async with running(tmp_path, limit=4, clock=clock, run="again") as rig:
        with pytest.raises(Rejected, match="other settings has set the limit to 4 since"):
            await rig.engine.take_back(mine.undo, by="ana")
        assert rig.board.ceiling.configured == 4


async def test_a_clock_that_was_set_back_makes_no_two_settings_the_same(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        rig.clock.wait(3600)
        mine = await rig.engine.set_limit(8, by="ana")
        for back_s, limit in ((0.5, 2), (0.5, 3), (1800, 4)):
            rig.clock.jump(-back_s)
            await rig.engine.set_limit(limit, by="ben")
            await refused(rig, mine, f"ben has set the limit to {limit} since")
        assert rig.board.control.limit_at == rig.clock.now(), "what the clock says is believed"


async def test_what_an_older_console_sends_back_is_not_compared(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        await rig.engine.pause(by="ana")
        await rig.follow_ups.door.pause(by="ana")
        await rig.engine.set_limit(8, by="ana")
        undo = (Undo(paused=False), Undo(follow_ups_paused=False), Undo(limit=10))
        await rig.engine.take_back(undo, by="ana")
        assert not rig.board.paused
        assert not rig.follow_ups.desk.paused
        assert rig.board.ceiling.configured == 10
