"""Who failed in a batch is only presumed to have, until their conversation is read.

A batch may name conversations late. Whoever was left out by then is judged again once it does,
whatever happened in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engine.fake_workspace import FakeWorkspace
from tests.engine.message_rig import MessageRig, message_rig
from voiceslot_tui.core.calls import ConversationId, Disposition
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.facts import Outcome
from voiceslot_tui.core.follow_ups import FollowUpState, SkipReason
from voiceslot_tui.core.talks import Talk, TalkState
from voiceslot_tui.engine.batch_monitor import BatchMonitor
from voiceslot_tui.engine.service import PartlyFailed

STEP_S = 5


class World:
    """A batch that is over, and in it somebody who failed and has no conversation yet."""

    def __init__(self, rig: MessageRig, interval_s: float = 15.0) -> None:
        self.rig = rig
        self.workspace = FakeWorkspace(rig.clock.now)
        self.interval_s = interval_s
        now_s = rig.clock.now() // 1000
        self.workspace.put("b1", now_s, "completed")
        self.workspace.person("b1", "r1", "failed", now_s, None)
        self.restart()

    def restart(self) -> None:
        """Watch the batches by another monitor, which knows what is stored."""
        self.monitor = BatchMonitor(
            workspace=self.workspace,
            store=self.rig.store,
            board=self.rig.board,
            clock=self.rig.clock,
            interval_s=self.interval_s,
            wanted=True,
        )

    def out_of_reach(self, problem: ReadFailed | None) -> None:
        """Let nothing be read of the platform, or everything again."""
        self.workspace.listing_fails = self.rig.talks.fails = problem

    def name(self, disposition: Disposition = Disposition.NO_ANSWER) -> None:
        """Name the conversation, which tells how the call went."""
        self.workspace.people["b1"][0]["conversation_id"] = "conv_1"
        self.rig.talks.talks["conv_1"] = Talk(
            ConversationId("conv_1"), TalkState.ANALYSED, outcome=Outcome(disposition)
        )

    async def passes(self, seconds: int) -> None:
        """Let monitor and sender work for a while."""
        for _ in range(0, seconds, STEP_S):
            self.rig.clock.wait(STEP_S)
            with suppress(PartlyFailed, ReadFailed):
                await self.monitor.step()
            await self.rig.send()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path) as made:
        yield made


async def is_sent(rig: MessageRig) -> bool:
    """Tell whether the one message was sent; else it is left out as not wanted."""
    (row,) = await rig.rows()
    if row.state is FollowUpState.SKIPPED:
        assert (row.skipped_for, rig.messenger.orders) == (SkipReason.NOT_WANTED, [])
        return False
    assert (row.state, row.disposition) == (FollowUpState.ACCEPTED, Disposition.NO_ANSWER)
    return len(rig.messenger.orders) == 1


async def test_whoever_is_named_late_gets_their_message(rig: MessageRig) -> None:
    world = World(rig)
    await world.passes(90)
    assert not await is_sent(rig)
    world.name()
    await world.passes(90)
    assert await is_sent(rig)
    await world.passes(600)
    assert await is_sent(rig)


async def test_an_outage_in_between_leaves_nobody_out(rig: MessageRig) -> None:
    world = World(rig)
    await world.passes(20)
    world.out_of_reach(ReadFailed("ElevenLabs cannot be reached"))
    await world.passes(1800)
    world.out_of_reach(None)
    world.name()
    await world.passes(120)
    assert await is_sent(rig)


async def test_a_restart_in_between_leaves_nobody_out(rig: MessageRig) -> None:
    world = World(rig)
    await world.passes(20)
    world.restart()
    await world.passes(30)
    world.name()
    await world.passes(120)
    assert await is_sent(rig)


async def test_nor_do_checks_that_are_far_apart(rig: MessageRig) -> None:
    world = World(rig, interval_s=600.0)
    await world.passes(90)
    world.name()
    await world.passes(700)
    assert await is_sent(rig)


async def test_what_is_read_then_is_believed(rig: MessageRig) -> None:
    world = World(rig)
    await world.passes(20)
    world.name(Disposition.FAILED)
    await world.passes(300)
    assert not await is_sent(rig)
    (row,) = await rig.rows()
    assert row.outcome_known
