"""The operator's switches: in force at once, durable before they are acknowledged."""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.engine.fakes import refuse
from tests.engine.rig import running
from voiceslot_tui.core.errors import BadInput, StoreUnavailable
from voiceslot_tui.core.facts import Refusal
from voiceslot_tui.core.limits import LIMIT_MAX
from voiceslot_tui.core.snapshot import EngineState


async def test_a_pause_is_in_force_before_it_is_written(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        pausing = asyncio.ensure_future(rig.switches.pause(by="olga", why="lunch\x1b[2J"))
        await asyncio.sleep(0)
        assert rig.board.paused
        await pausing
        control = await rig.store.control()
        assert (control.paused, control.paused_by) == (True, "olga")
        assert "\x1b" not in control.paused_why
        assert control.paused_at == rig.clock.now()


async def test_a_pause_that_a_full_disk_refused_is_written_when_it_can_be(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        full = StoreUnavailable("the disk is full: nothing was stored; free some space")
        with patch.object(rig.store, "set_control", side_effect=full):
            with pytest.raises(StoreUnavailable):
                await rig.engine.pause(by="olga", why="lunch")
            with pytest.raises(StoreUnavailable):
                await rig.follow_ups.door.pause(by="pedro")
            with pytest.raises(StoreUnavailable):
                await rig.janitor.step()
        assert rig.board.paused
        await rig.janitor.step()
        control = await rig.store.control()
        assert (control.paused, control.paused_by, control.paused_why) == (True, "olga", "lunch")
        assert (control.follow_ups_paused, control.follow_ups_paused_by) == (True, "pedro")
        await rig.engine.resume(by="olga")
        await rig.janitor.step()
        assert not (await rig.store.control()).paused


async def test_where_the_platform_refuses_the_account_the_pause_is_stored_in_the_end(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as rig:
        await rig.queue(1)
        rig.platform.reply = refuse(Refusal.ACCOUNT_DENIED)
        set_control, full = rig.store.set_control, StoreUnavailable("disk I/O error")

        async def once(*arguments: Any) -> None:
            patched.stop()
            raise full

        patched = patch.object(rig.store, "set_control", once)
        patched.start()
        await rig.dispatch()
        assert rig.store.set_control == set_control
        await rig.janitor.step()
        assert (await rig.store.control()).paused_by == "engine"


async def test_a_pause_survives_a_restart_until_somebody_resumes(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        await rig.queue(1)
        await rig.switches.pause(by="olga", why="lunch")
    async with running(tmp_path, run="again") as rig:
        await rig.dispatch()
        assert rig.dialled == []
        snapshot = await rig.engine.snapshot()
        assert (snapshot.engine, snapshot.paused_by, snapshot.paused_why) == (
            EngineState.PAUSED,
            "olga",
            "lunch",
        )
        await rig.switches.resume(by="pedro")
        await rig.dispatch()
        assert len(rig.dialled) == 1
    async with running(tmp_path, run="third") as rig:
        assert not rig.board.paused


async def test_a_limit_survives_a_restart_unless_the_settings_changed(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        await rig.switches.set_limit(4, by="olga")
    async with running(tmp_path, limit=10) as rig:
        assert rig.board.ceiling.slots == 4
        assert (await rig.engine.snapshot()).limit_set_by == "olga"
    async with running(tmp_path, limit=8) as rig:
        assert rig.board.ceiling.slots == 8
        assert (await rig.engine.snapshot()).limit_set_by == ""
    async with running(tmp_path, limit=10) as rig:
        assert rig.board.ceiling.slots == 10, "what the settings have overruled does not come back"


@pytest.mark.parametrize("limit", [0, -1, LIMIT_MAX + 1])
async def test_a_limit_that_cannot_be_is_refused(tmp_path: Path, limit: int) -> None:
    async with running(tmp_path) as rig:
        with pytest.raises(BadInput) as caught:
            await rig.switches.set_limit(limit, by="olga")
        assert caught.value.field == "limit"
        assert rig.board.ceiling.slots == 3


async def test_a_lowered_limit_drains_and_a_raised_one_fills_at_once(tmp_path: Path) -> None:
    async with running(tmp_path, limit=6) as rig:
        await rig.queue(*range(12))
        await rig.dispatch()
        await rig.engine.set_limit(2, by="olga")
        snapshot = await rig.engine.snapshot()
        assert (snapshot.slots.holding, snapshot.slots.over_by) == (6, 4)
        assert "over by 4, draining" in snapshot.idle[0].sentence
        for order in rig.platform.dialled[:4]:
            await rig.over(order)
            await rig.dispatch()
        assert len(rig.dialled) == 6
        assert rig.carrier is not None
        assert rig.carrier.hung_up == []
        await rig.over(rig.platform.dialled[4])
        await rig.dispatch()
        assert len(rig.dialled) == 7
        await rig.engine.set_limit(6, by="olga")
        assert rig.board.bells.dispatch.is_set()
        await rig.dispatch()
        assert (await rig.store.counts()).holding == 6


async def test_every_switch_is_undone_by_what_it_answers(tmp_path: Path) -> None:
    async with running(tmp_path, limit=5) as rig:
        paused = await rig.engine.pause(by="olga")
        await rig.engine.take_back(paused.undo, by="olga")
        assert not rig.board.paused
        await rig.engine.pause(by="olga")
        assert (await rig.engine.pause(by="pedro")).undo == ()
        resumed = await rig.engine.resume(by="olga")
        assert (await rig.engine.resume(by="olga")).undo == ()
        await rig.engine.take_back(resumed.undo, by="olga")
        assert rig.board.paused
        limited = await rig.engine.set_limit(2, by="olga")
        assert (await rig.engine.set_limit(2, by="olga")).undo == ()
        await rig.engine.take_back(limited.undo, by="olga")
        assert rig.board.ceiling.slots == 5


@pytest.mark.parametrize("order", list(permutations(("pause", "resume", "limit"))))
@pytest.mark.parametrize("was_paused", [True, False])
async def test_switches_thrown_at_once_never_undo_each_other(
    tmp_path: Path, order: tuple[str, ...], was_paused: bool
) -> None:
    """Two consoles press keys in the same moment: memory and file agree, and nothing is lost."""
    async with running(tmp_path, limit=9) as rig:
        if was_paused:
            await rig.switches.pause(by="olga")
        acts = {
            "pause": lambda: rig.switches.pause(by="pedro", why="stop"),
            "resume": lambda: rig.switches.resume(by="ana"),
            "limit": lambda: rig.switches.set_limit(4, by="rosa"),
        }
        await asyncio.gather(*(acts[name]() for name in order))
        control = await rig.store.control()
        assert control == rig.board.control
        assert control.paused == rig.board.paused
        assert control.paused == (order.index("pause") > order.index("resume"))
        assert control.limit == rig.board.ceiling.configured == 4


async def test_a_switch_that_cannot_be_stored_says_so_and_errs_on_the_quiet_side(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=9) as rig:
        await rig.queue(1)
        await rig.store.close()
        with pytest.raises(StoreUnavailable):
            await rig.switches.pause(by="olga")
        assert rig.board.paused
        with pytest.raises(StoreUnavailable):
            await rig.switches.resume(by="olga")
        assert rig.board.paused, "nothing is dialled on a resume that was not stored"
        with pytest.raises(StoreUnavailable):
            await rig.switches.set_limit(20, by="olga")
        assert rig.board.ceiling.slots <= 9
