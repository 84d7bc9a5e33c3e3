"""Agents and phone numbers that the platform refuses: held, probed, and never forgotten."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from tests.engine.fakes import refuse, take
from tests.engine.rig import new_call, running
from voiceslot_tui.core.calls import CallState, Hold
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.facts import Refusal, Wish
from voiceslot_tui.core.limits import DENIED_PROBE_EVERY_S

ROUTE = ("agent_1", "phnum_1")


async def test_a_refused_route_is_held_probed_once_and_lifted_whole(tmp_path: Path) -> None:
    async with running(tmp_path, limit=2) as rig:
        ids = await rig.queue(*range(8))
        others = await rig.enqueue(*(new_call(n, agent="agent_2") for n in range(20, 22)))
        denied = refuse(Refusal.ROUTE_DENIED)
        rig.platform.reply = lambda order: (denied if order.agent_id == "agent_1" else take)(order)
        await rig.dispatch()
        assert rig.dialled == [*ids[:2], *others]
        assert [await rig.hold(call_id) for call_id in ids] == [Hold.PLATFORM_DENIED] * 8
        for order in rig.platform.dialled[2:]:
            await rig.over(order)
        await rig.janitor.step()
        await rig.dispatch()
        assert len(rig.dialled) == 4
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        rig.read_now()
        await rig.janitor.step()
        await rig.dispatch()
        assert rig.dialled[4:] == [ids[0]], "one probe, the first in line"
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        await rig.janitor.step()
        await rig.dispatch()
        assert len(rig.dialled) == 5, "a probe that was refused doubles the wait"
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        rig.read_now()
        rig.platform.reply = take
        await rig.janitor.step()
        await rig.dispatch()
        await rig.janitor.step()
        await rig.dispatch()
        assert rig.board.denied == {}
        assert await rig.store.denied_routes() == frozenset()
        assert (await rig.store.counts()).states[CallState.LIVE] == 2


async def test_many_refusals_at_once_make_the_first_probe_no_later(tmp_path: Path) -> None:
    async with running(tmp_path, limit=20) as rig:
        await rig.queue(*range(20))
        rig.platform.reply = refuse(Refusal.ROUTE_DENIED)
        await rig.dispatch()
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        rig.read_now()
        rig.platform.reply = take
        await rig.janitor.step()
        await rig.dispatch()
        assert (await rig.store.counts()).states[CallState.LIVE] >= 1


async def test_a_route_that_was_refused_and_taken_at_once_keeps_no_call_for_ever(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=2) as rig:
        ids = await rig.queue(1, 2)
        rig.platform.replies.extend([refuse(Refusal.ROUTE_DENIED), take])
        await rig.dispatch()
        for _ in range(3):
            rig.clock.wait(DENIED_PROBE_EVERY_S)
            rig.read_now()
            await rig.janitor.step()
            await rig.dispatch()
        assert await rig.state(ids[0]) is CallState.LIVE


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.PARK])
async def test_where_an_operator_takes_the_probe_away_another_call_is_the_probe(
    tmp_path: Path, wish: Wish
) -> None:
    async with running(tmp_path, limit=2) as rig:
        ids = await rig.queue(*range(5))
        rig.platform.reply = refuse(Refusal.ROUTE_DENIED)
        await rig.dispatch()
        rig.platform.reply = take
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        await rig.janitor.step()
        assert [await rig.hold(call_id) for call_id in ids[:2]] == [None, Hold.PLATFORM_DENIED]
        await rig.engine.wish([ids[0]], wish, by="olga")
        await rig.janitor.step()
        await rig.janitor.step()
        rig.read_now()
        await rig.dispatch()
        assert rig.dialled[2:] == [ids[1]]


async def test_one_call_that_alone_is_refused_is_not_probed_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path, limit=1) as rig:
        ids = await rig.queue(*range(4))
        denied = refuse(Refusal.ROUTE_DENIED)
        rig.platform.reply = lambda order: (denied if order.call_id == ids[0] else take)(order)
        await rig.dispatch()
        for _ in range(6):
            rig.clock.wait(DENIED_PROBE_EVERY_S)
            rig.read_now()
            await rig.janitor.step()
            await rig.dispatch()
        assert rig.dialled == [ids[0], ids[0], ids[1]]


async def test_a_route_refused_again_is_not_being_allowed_any_more(tmp_path: Path) -> None:
    """Else the janitor lifts and the dispatcher holds the same calls, until the next probe."""
    async with running(tmp_path) as rig:
        rig.board.deny(ROUTE, rig.clock.now())
        rig.board.allow(ROUTE)
        rig.board.deny(ROUTE, rig.clock.now())
        assert rig.board.allowed_again == set()


async def test_a_probe_that_could_not_be_made_ready_is_made_ready_later(tmp_path: Path) -> None:
    async with running(tmp_path, limit=2) as rig:
        ids = await rig.queue(1)
        rig.platform.replies.append(refuse(Refusal.ROUTE_DENIED))
        await rig.dispatch()
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        with (
            patch.object(rig.store, "lift_denied", side_effect=StoreUnavailable("full")),
            pytest.raises(StoreUnavailable),
        ):
            await rig.janitor.step()
        await rig.janitor.step()
        rig.read_now()
        await rig.dispatch()
        assert rig.dialled == [*ids, *ids]


async def test_a_refused_route_is_probed_soon_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        rig.platform.reply = refuse(Refusal.ROUTE_DENIED)
        await rig.dispatch()
        clock = rig.clock
    async with running(tmp_path, clock=clock, run="again") as rig:
        await rig.janitor.step()
        await rig.dispatch()
        assert rig.dialled == [call_id]


async def test_a_clock_set_back_does_not_put_a_probe_off(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (call_id,) = await rig.queue(1)
        rig.platform.replies.append(refuse(Refusal.ROUTE_DENIED))
        await rig.dispatch()
        rig.clock.jump(-7200)
        rig.read_now()
        rig.clock.wait(DENIED_PROBE_EVERY_S)
        await rig.janitor.step()
        await rig.dispatch()
        assert rig.dialled == [call_id, call_id]
