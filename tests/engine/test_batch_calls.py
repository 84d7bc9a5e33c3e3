"""The calls of running batches: read again only when they moved, in time, or by their figures."""

from __future__ import annotations

from itertools import chain
from typing import cast

import pytest

from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.limits import BATCH_CALLS_WITHIN_S
from voiceslot_tui.core.talks import BatchCalls, BatchCount
from voiceslot_tui.engine.batch_calls import BatchCallsReader
from voiceslot_tui.ports import Clock, VoicePlatform


class Platform:
    """Gives one call with a name for every batch, in so many seconds; it is its own clock."""

    def __init__(self, takes_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.time_s = 0.0
        self.broken: set[str] = set()
        self.unnamed = 0
        self.asked: list[str] = []

    def steady_s(self) -> float:
        return self.time_s

    async def batch_calls(self, batch_id: str) -> BatchCalls:
        self.asked.append(batch_id)
        self.time_s += self.takes_s
        if batch_id in self.broken:
            raise ReadFailed("the answer is too large")
        return BatchCalls(named(f"conv_{batch_id}"), self.unnamed)

    def reader(self) -> BatchCallsReader:
        return BatchCallsReader(cast("VoicePlatform", self), cast("Clock", self))

    def asked_now(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked


def named(*names: str) -> frozenset[ConversationId]:
    return frozenset(map(ConversationId, names))


def batches(*names: str, dispatched: int = 5, finished: int = 3) -> list[BatchCount]:
    return [
        BatchCount(name, "in_progress", dispatched, finished, scheduled=9, updated_at=1)
        for name in names
    ]


async def test_only_what_moved_is_read_again() -> None:
    platform = Platform()
    reader = platform.reader()
    first = await reader.read(batches("a", "b"))
    assert first == {one: BatchCalls(named(f"conv_{one}")) for one in "ab"}
    platform.asked_now()
    await reader.read([*batches("a"), *batches("b", finished=4)])
    assert platform.asked_now() == ["b"]
    await reader.read(batches("b", finished=4))
    assert platform.asked_now() == []
    await reader.read([*batches("a"), *batches("b", finished=4)])
    assert platform.asked_now() == ["a"]


async def test_a_batch_with_a_call_that_has_no_name_yet_is_read_until_it_has() -> None:
    platform = Platform()
    platform.unnamed = 1
    reader = platform.reader()
    for _ in range(2):
        assert (await reader.read(batches("a")))["a"].count == 2
        assert platform.asked_now() == ["a"]


@pytest.mark.parametrize(
    "idle",
    [
        BatchCount("a", "completed", dispatched=5, finished=3, scheduled=9, updated_at=1),
        BatchCount("a", "pending", dispatched=0, finished=0, scheduled=9, updated_at=1),
        BatchCount("a", "in_progress", dispatched=3, finished=3, scheduled=9, updated_at=1),
    ],
)
async def test_a_batch_without_calls_is_not_read(idle: BatchCount) -> None:
    platform = Platform()
    assert await platform.reader().read([idle]) == {}
    assert platform.asked == []


async def test_a_batch_that_cannot_be_read_counts_by_its_figures_and_stops_no_other() -> None:
    platform = Platform()
    platform.broken = {"a"}
    reader = platform.reader()
    found = await reader.read(batches("a", "b", dispatched=9, finished=2))
    assert found == {"a": BatchCalls(unnamed=7), "b": BatchCalls(named("conv_b"))}


@pytest.mark.parametrize(("outstanding", "unnamed"), [(1, 0), (4, 3)])
async def test_names_known_of_a_batch_stay_known_while_it_cannot_be_read(
    outstanding: int, unnamed: int
) -> None:
    platform = Platform()
    reader = platform.reader()
    await reader.read(batches("a"))
    platform.broken = {"a"}
    moved = batches("a", dispatched=9, finished=9 - outstanding)
    assert await reader.read(moved) == {"a": BatchCalls(named("conv_a"), unnamed)}


async def test_no_batch_is_begun_when_the_time_is_over_and_next_time_it_is_the_first() -> None:
    platform = Platform(takes_s=BATCH_CALLS_WITHIN_S / 4)
    reader = platform.reader()
    names = [f"{number:02}" for number in range(12)]
    seen: list[list[str]] = []
    for finished in range(6):
        found = await reader.read(batches(*names, dispatched=9, finished=finished))
        seen.append(platform.asked_now())
        read = set(seen[-1])
        for name in names:
            at_least = 1 if name in read else 9 - finished
            assert found[name].count == at_least
        assert len(seen[-1]) == 4
    for begin in (0, 3):
        assert sorted(chain.from_iterable(seen[begin : begin + 3])) == names
