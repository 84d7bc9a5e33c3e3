"""Many questions, and some that hang: no reading waits for them, and nobody waits for a reading."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.engine.fakes import DEADLINE_S, conversation_of
from tests.engine.rig import ANSWERED, POLL_S, Rig, running
from voiceslot_tui.core.calls import CallState, ConversationId
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.facts import Fact
from voiceslot_tui.core.limits import ASK_AT_ONCE_MAX, ASK_WITHIN_S
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.talks import Talk
from voiceslot_tui.engine import reconciler


async def dialled(rig: Rig, *numbers: int) -> list[StartOrder]:
    await rig.queue(*numbers)
    await rig.dispatch()
    return list(rig.platform.dialled)


class Hanging:
    """A platform of which some conversations cannot be read before they are let go."""

    def __init__(self, rig: Rig, *names: ConversationId) -> None:
        self.names = set(names)
        self.asked: list[ConversationId] = []
        self._talk = rig.platform.talk
        self._let_go = asyncio.Event()

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        self.asked.append(conversation_id)
        if conversation_id in self.names:
            await self._let_go.wait()
        return await self._talk(conversation_id)

    async def let_go(self, rig: Rig) -> None:
        """Let everything be read, and wait until the reconciler is told."""
        rig.board.bells.reconcile.clear()
        self._let_go.set()
        async with asyncio.timeout(DEADLINE_S):
            await rig.board.bells.reconcile.wait()


@contextlib.contextmanager
def hanging(rig: Rig, *names: ConversationId) -> Iterator[Hanging]:
    made = Hanging(rig, *names)
    with (
        patch.object(rig.platform, "talk", made.talk),
        patch.object(reconciler, "ASK_WITHIN_S", 0.01),
    ):
        yield made


class Busy:
    """A platform that takes a second for as many answers as are waited for at once, and a disk."""

    def __init__(self, rig: Rig, commit_s: float) -> None:
        self.asked: list[ConversationId] = []
        self._rig = rig
        self._commit_s = commit_s
        self._talk, self._record = rig.platform.talk, rig.ledger.record

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        if len(self.asked) % ASK_AT_ONCE_MAX == 0:
            self._rig.clock.wait(1.0)
        self.asked.append(conversation_id)
        return await self._talk(conversation_id)

    async def record(self, *facts: Fact, by: str) -> tuple[Settlement | None, ...]:
        self._rig.clock.wait(self._commit_s)
        return await self._record(*facts, by=by)


@contextlib.contextmanager
def busy(rig: Rig, commit_s: float = 0.0) -> Iterator[Busy]:
    made = Busy(rig, commit_s)
    with (
        patch.object(rig.platform, "talk", made.talk),
        patch.object(rig.ledger, "record", made.record),
    ):
        yield made


async def ended(rig: Rig, count: int) -> list[StartOrder]:
    """Let so many calls end of which no webhook tells."""
    orders = await dialled(rig, *range(count))
    assert len(orders) == count
    for order in orders:
        rig.platform.ends(conversation_of(order), ANSWERED)
    return orders


async def test_many_ends_are_all_found_long_before_the_next_poll(tmp_path: Path) -> None:
    count = ASK_AT_ONCE_MAX * 8
    async with running(tmp_path, limit=count) as rig:
        await ended(rig, count)
        with busy(rig) as made:
            lists = rig.platform.lists
            assert await rig.poll() == 0.0, "it goes on at once"
            assert (await rig.store.counts()).holding > 0
            until_s = rig.clock.steady_s() + ASK_WITHIN_S
            while await rig.reconciler.step() == 0.0:
                assert rig.clock.steady_s() <= until_s
            assert rig.platform.lists == lists + 1
            assert len(made.asked) == len(set(made.asked)) == count
        assert (await rig.store.counts()).holding == 0


async def test_whose_end_is_told_meanwhile_is_not_asked_about_any_more(tmp_path: Path) -> None:
    count = ASK_AT_ONCE_MAX * 8
    async with running(tmp_path, limit=count) as rig:
        orders = await ended(rig, count)
        with busy(rig) as made:
            assert await rig.poll() == 0.0
            asked = list(made.asked)
            for order in orders:
                await rig.over(order)
            assert await rig.reconciler.step() != 0.0
            assert made.asked == asked


@pytest.mark.parametrize("commit_s", [0.0, 1.0])
async def test_no_reading_waits_for_many_questions_or_for_a_slow_disk(
    tmp_path: Path, commit_s: float
) -> None:
    count = ASK_AT_ONCE_MAX * 20
    async with running(tmp_path, limit=count) as rig:
        await ended(rig, count)
        with busy(rig, commit_s) as made:
            rig.clock.wait(POLL_S)
            began_s, lists = rig.clock.steady_s(), rig.platform.lists
            while rig.platform.lists < lists + 2:
                step_began_s = rig.clock.steady_s()
                await rig.reconciler.step()
                longest_s = ASK_WITHIN_S + 1.0 + commit_s
                assert rig.clock.steady_s() - step_began_s <= longest_s
            assert rig.clock.steady_s() - began_s <= POLL_S + ASK_WITHIN_S + 1.0 + commit_s
            while (await rig.store.counts()).holding:
                await rig.reconciler.step()
            assert len(made.asked) == count


async def test_what_could_not_be_stored_is_asked_again_before_the_next_poll(tmp_path: Path) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full")

    async with running(tmp_path) as rig:
        (order,) = await ended(rig, 1)
        with patch.object(rig.ledger, "record", full):
            with pytest.raises(StoreUnavailable):
                await rig.poll()
            with pytest.raises(StoreUnavailable):
                await rig.reconciler.step()
        lists = rig.platform.lists
        await rig.reconciler.step()
        assert rig.platform.lists == lists
        assert await rig.state(order.call_id) is CallState.ENDED


async def test_a_question_that_hangs_holds_up_no_reading_and_nobody_else(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        stuck, other = await dialled(rig, 1, 2)
        rig.platform.unlisted.add(conversation_of(stuck))
        with hanging(rig, conversation_of(stuck)) as made:
            await rig.poll()
            lists = rig.platform.lists
            rig.platform.ends(conversation_of(other), ANSWERED)
            rig.platform.ends(conversation_of(stuck), ANSWERED)
            await rig.polls(60)
            assert rig.platform.lists == lists + 4
            assert await rig.state(other.call_id) is CallState.ENDED
            assert await rig.state(stuck.call_id) is CallState.LIVE
            assert made.asked.count(conversation_of(stuck)) == 1, "the answer is waited for"
            await made.let_go(rig)
            await rig.reconciler.step()
        assert await rig.state(stuck.call_id) is CallState.ENDED


async def test_questions_that_hang_are_not_asked_first_each_time(tmp_path: Path) -> None:
    """As many hang as may be asked at once; then those come first who have waited."""
    count = ASK_AT_ONCE_MAX
    async with running(tmp_path, limit=count * 2) as rig:
        orders = await dialled(rig, *range(count * 2))
        names = [conversation_of(order) for order in orders]
        rig.platform.unlisted.update(names)
        with hanging(rig, *names[:count]) as made:
            await rig.polls(60)
            assert made.asked == names[:count]
            for name in names[count:]:
                rig.platform.ends(name, ANSWERED)
            await made.let_go(rig)
            await rig.poll()
        states = [await rig.state(order.call_id) for order in orders]
        assert states == [CallState.LIVE] * count + [CallState.ENDED] * count


async def test_hints_that_hang_hold_up_no_reading_and_no_question_of_ours(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        (order,) = await dialled(rig, 1)
        strangers = [ConversationId(f"nobody_{n}") for n in range(ASK_AT_ONCE_MAX * 2)]
        with hanging(rig, *strangers) as made:
            for name in strangers:
                rig.engine.hint(name)
            rig.platform.ends(conversation_of(order), ANSWERED)
            lists = rig.platform.lists
            wait_s = await rig.poll()
            assert wait_s, "it does not go round in a circle while there is no room for more"
            assert rig.platform.lists == lists + 1
            assert await rig.state(order.call_id) is CallState.ENDED
            assert made.asked == [*strangers[:ASK_AT_ONCE_MAX], conversation_of(order)]
            await made.let_go(rig)
            await rig.reconciler.step()
            assert set(strangers) < set(made.asked)


async def test_a_question_that_breaks_by_a_defect_of_ours_ends_nothing_else(tmp_path: Path) -> None:
    async def broken(conversation_id: ConversationId) -> Talk | None:
        raise ZeroDivisionError

    async with running(tmp_path) as rig:
        (order,) = await dialled(rig, 1)
        rig.platform.ends(conversation_of(order), ANSWERED)
        with patch.object(rig.platform, "talk", broken):
            await rig.poll()
        assert await rig.state(order.call_id) is CallState.LIVE
        await rig.polls(60)
        assert await rig.state(order.call_id) is CallState.ENDED
