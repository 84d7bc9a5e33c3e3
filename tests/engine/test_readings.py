"""The five strategies: which figure each gives for the same workspace, and why it may differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.fakes import conversation_of, silent
from tests.engine.rig import LAG_S, LONGEST_S, Rig, running
from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.facts import Over, Wish, Wished
from voiceslot_tui.core.talks import BatchCalls, BatchCount, TalkState
from voiceslot_tui.engine.readings import Strategy


async def foreign(rig: Rig) -> int:
    return (await rig.reader.read()).reading.foreign


async def live(rig: Rig, *numbers: int) -> None:
    await rig.queue(*numbers)
    await rig.dispatch()


def batch(name: str, status: str = "in_progress", **figures: int | None) -> BatchCount:
    known = {"dispatched": 0, "finished": 0, "scheduled": 0, "updated_at": 1, **figures}
    return BatchCount(name, status, **known)  # type: ignore[arg-type]


def ids(*names: str) -> frozenset[ConversationId]:
    return frozenset(ConversationId(name) for name in names)


# --- conversations


async def test_only_what_is_neither_ours_nor_over_is_foreign(tmp_path: Path) -> None:
    async with running(tmp_path, limit=9) as rig:
        await live(rig, 1, 2, 3)
        rig.platform.foreign("inbound_1")
        rig.platform.foreign("inbound_2", TalkState.RINGING)
        over = rig.platform.foreign("over_as_we_know")
        await rig.tell(Over(over, None, None, None))
        await rig.tell(Over(None, rig.platform.dialled[2].attempt_id, None, None))
        seen = await rig.reader.read()
        assert seen.reading.foreign_ids == ids("inbound_1", "inbound_2")
        assert seen.reading.foreign == 2


async def test_a_list_and_a_count_that_lag_behind_make_up_no_foreign_calls(
    tmp_path: Path,
) -> None:
    """Our own calls that ended a moment ago are listed and counted still, poll after poll."""
    async with running(tmp_path, limit=9) as rig:
        await live(rig, *range(6))
        for order in rig.platform.dialled[:4]:
            await rig.tell(Over(None, order.attempt_id, None, None))
        for _ in range(4):
            assert await foreign(rig) == 0


async def test_a_dial_without_an_answer_counts_twice_until_it_names_itself(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=9) as rig:
        rig.platform.replies.append(silent)
        await live(rig, 1)
        rig.platform.rings(rig.platform.dialled[0])
        assert await foreign(rig) == 1
        await rig.poll()
        assert rig.board.reading is not None
        assert rig.board.reading.foreign == 0
        assert await foreign(rig) == 0


async def test_a_call_given_up_without_proof_counts_as_foreign(tmp_path: Path) -> None:
    async with running(tmp_path, limit=9) as rig:
        await live(rig, 1)
        await rig.tell(Wished(rig.dialled[0], Wish.RELEASE, "olga"))
        assert await foreign(rig) == 1


async def test_a_surplus_of_the_platforms_count_is_believed_when_it_stays(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=9) as rig:
        await live(rig, 1, 2)
        rig.platform.foreign("listed")
        rig.platform.live = 7
        assert await foreign(rig) == 1, "calls end between two requests"
        assert await foreign(rig) == 1 + 4
        rig.platform.live = 5
        assert await foreign(rig) == 1 + 2
        rig.platform.live = 0
        assert await foreign(rig) == 1


async def test_a_talk_that_a_shifting_page_left_out_goes_on_counting(tmp_path: Path) -> None:
    async with running(tmp_path, limit=9) as rig:
        await live(rig, 1)
        for name in ("first", "second", "third"):
            rig.platform.foreign(name)
        assert await foreign(rig) == 3
        rig.platform.live = 4
        left_out = rig.platform.talks.pop(ConversationId("second"))
        assert await foreign(rig) == 3, "it is still counted"
        rig.platform.talks[left_out.conversation_id] = left_out
        assert await foreign(rig) == 3
        rig.platform.live = 3
        rig.platform.talks.pop(ConversationId("third"))
        assert await foreign(rig) == 2, "it has ended"


async def test_a_count_that_cannot_be_read_leaves_the_list_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path, limit=9) as rig:
        rig.platform.foreign("listed")

        async def denied() -> int:
            raise ReadFailed("not allowed")

        monkeypatch.setattr(rig.platform, "live_count", denied)
        assert await foreign(rig) == 1


async def test_a_talk_older_than_the_list_reaches_is_in_the_count(tmp_path: Path) -> None:
    async with running(tmp_path, limit=9) as rig:
        rig.platform.foreign("long_winded")
        rig.clock.wait(LONGEST_S + 60)
        await foreign(rig)
        assert await foreign(rig) == 1


async def test_our_ringing_calls_are_counted_as_such(tmp_path: Path) -> None:
    async with running(tmp_path, limit=9) as rig:
        await live(rig, 1, 2, 3)
        rig.platform.rings(rig.platform.dialled[0], TalkState.RINGING)
        rig.platform.foreign("inbound", TalkState.RINGING)
        assert (await rig.reader.read()).reading.ringing == 1


async def test_a_reading_that_would_not_be_complete_is_none(tmp_path: Path) -> None:
    async with running(tmp_path, limit=9) as rig:
        rig.platform.failing = True
        for strategy in Strategy:
            rig.reader.strategy = strategy
            with pytest.raises(ReadFailed):
                await rig.reader.read()


# --- batches beside us


@pytest.mark.parametrize(
    ("running_batch", "calls", "expected"),
    [
        (batch("b", scheduled=300, target_concurrency=5), BatchCalls(), 5),
        (
            batch("b", dispatched=8, finished=3, scheduled=300, target_concurrency=5),
            BatchCalls(ids("c1", "c2", "c3"), 2),
            5,
        ),
        (
            batch("b", dispatched=8, finished=6, scheduled=300, target_concurrency=5),
            BatchCalls(ids("c1"), 1),
            5,
        ),
        (
            batch("b", dispatched=299, finished=297, scheduled=300, target_concurrency=5),
            BatchCalls(ids("c1", "c2")),
            3,
        ),
        (batch("b", dispatched=300, finished=300, scheduled=300), BatchCalls(), 0),
        (batch("b", scheduled=300), BatchCalls(), 5),
        (batch("b", "pending", scheduled=2), BatchCalls(), 2),
        (batch("b", "pending", scheduled=300, starts_at=9_999_999_999), BatchCalls(), 0),
        (batch("b", "completed", dispatched=300, finished=290, scheduled=300), BatchCalls(), 0),
        (batch("b", "cancelled", scheduled=300), BatchCalls(), 0),
    ],
)
async def test_a_batch_is_left_the_slots_it_takes(
    tmp_path: Path, running_batch: BatchCount, calls: BatchCalls, expected: int
) -> None:
    """With a limit of 10: its target, or half of the limit, but never more than it has left."""
    async with running(tmp_path, limit=10) as rig:
        for name in calls.ids:
            rig.platform.foreign(name)
        rig.platform.batch_counts = (running_batch,)
        rig.platform.calls_of_batch = {"b": calls}
        for _ in range(3):
            assert await foreign(rig) == expected


async def test_a_batch_and_an_inbound_call_are_counted_beside_each_other(tmp_path: Path) -> None:
    async with running(tmp_path, limit=10) as rig:
        await live(rig, 1)
        for name in ("c1", "c2", "inbound"):
            rig.platform.foreign(name)
        rig.platform.batch_counts = (
            batch("b", dispatched=4, finished=2, scheduled=9, target_concurrency=3),
        )
        rig.platform.calls_of_batch = {"b": BatchCalls(ids("c1", "c2"))}
        for _ in range(3):
            assert await foreign(rig) == 1 + 3


# --- strategies without names


async def test_live_count_subtracts_our_calls_once_the_platform_must_know_them(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=9, strategy=Strategy.LIVE_COUNT) as rig:
        await live(rig, 1, 2)
        rig.platform.replies.append(silent)
        await live(rig, 3)
        rig.platform.live = 5
        assert await foreign(rig) == 5, "too young to be subtracted"
        rig.clock.wait(LAG_S - 0.001)
        assert await foreign(rig) == 5
        rig.clock.wait(0.001)
        assert await foreign(rig) == 3, "the unanswered one may not be among the five"
        rig.platform.live = 1
        assert await foreign(rig) == 0


@pytest.mark.parametrize("set_by_s", [60.0, 86_400.0])
async def test_live_count_believes_no_clock_that_was_set_ahead(
    tmp_path: Path, set_by_s: float
) -> None:
    async with running(tmp_path, limit=9, strategy=Strategy.LIVE_COUNT) as rig:
        await live(rig, 1, 2)
        rig.platform.live = 5
        rig.clock.jump(set_by_s)
        assert await foreign(rig) == 5


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [(Strategy.OUTSTANDING, 3 + 0), (Strategy.DISPATCHED, 40 + 7), (Strategy.BATCHES, 2)],
)
async def test_the_strategies_of_batches_count_what_their_names_say(
    tmp_path: Path, strategy: Strategy, expected: int
) -> None:
    async with running(tmp_path, limit=9, strategy=strategy) as rig:
        await live(rig, 1)
        rig.platform.foreign("inbound")
        rig.platform.batch_counts = (
            batch("b1", dispatched=40, finished=37, scheduled=100),
            batch("b2", dispatched=7, finished=9, scheduled=100),
            batch("b3", "completed", dispatched=50, finished=40, scheduled=50),
            batch("b4", "pending", scheduled=50),
        )
        assert await foreign(rig) == expected
        assert (await rig.reader.read()).talks is None


async def test_own_calls_are_never_among_the_foreign_ones_of_any_strategy(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, limit=9) as rig:
        await live(rig, 1, 2, 3)
        for strategy in Strategy:
            rig.reader.strategy = strategy
            await rig.reader.read()
        rig.clock.wait(LAG_S)
        for strategy in Strategy:
            rig.reader.strategy = strategy
            assert await foreign(rig) == 0, strategy
        assert conversation_of(rig.platform.dialled[0]) in rig.platform.talks
