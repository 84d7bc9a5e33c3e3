"""Counters are what counting would give, whatever operations came in whatever order."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.contract.store.stores import (
    ANSWERED,
    BUSY,
    FACTORIES,
    Factory,
    Opened,
    accepted,
    new_call,
    over,
)
from voiceslot_tui.core.calls import (
    FINAL_STATES,
    HOLDING_STATES,
    CallId,
    CallState,
    Hold,
)
from voiceslot_tui.core.facts import (
    LookedUp,
    NotTaken,
    Refusal,
    Reordered,
    SlotLapsed,
    Unanswered,
    Wish,
    Wished,
    WrapUpExpired,
)
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.pages import PageQuery, Place, Segment
from voiceslot_tui.core.settlement import Rules

T = TypeVar("T")
SLOTS = 3
NEWS = (
    "accepted", "unanswered", "not found", "lapsed", "over", "done", "busy", "capacity",
    "no success", "denied", "refused",
)  # fmt: skip


def facts_of(news: str, order: StartOrder) -> object:
    return {
        "accepted": accepted(order),
        "unanswered": Unanswered(order.attempt_id),
        "not found": LookedUp(order.attempt_id),
        "lapsed": SlotLapsed(order.attempt_id),
        "over": over(order, None),
        "done": over(order, ANSWERED),
        "busy": over(order, BUSY),
        "capacity": NotTaken(order.attempt_id, Refusal.CAPACITY),
        "no success": NotTaken(order.attempt_id, Refusal.NO_SUCCESS),
        "denied": NotTaken(order.attempt_id, Refusal.ROUTE_DENIED),
        "refused": NotTaken(order.attempt_id, Refusal.CALL_DENIED),
    }[news]


class Counting(RuleBasedStateMachine):
    """A store with a few people in it, to whom anything may happen."""

    factory: Factory = FACTORIES[0]

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = Opened(type(self).factory, Path(self.folder.name) / "v.db")
        self.orders: list[StartOrder] = []
        self.ids: list[CallId] = []
        self.run(self.opened.open())

    def run(self, work: Awaitable[T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, 30))

    @rule(numbers=st.lists(st.integers(100, 104), max_size=4), priority=st.integers(-1, 1))
    def add(self, numbers: list[int], priority: int) -> None:
        calls = [new_call(number, priority=priority, max_attempts=2) for number in numbers]
        self.ids += self.run(self.opened.add(*calls)).ids

    @rule(denied=st.sampled_from((frozenset(), frozenset({("agent_1", "phnum_1")}))))
    def reserve(self, denied: frozenset[tuple[str, str]]) -> None:
        orders = self.run(self.opened.reserve(SLOTS, denied)).orders
        self.orders += orders
        if orders:
            assert self.run(self.opened.store.counts()).holding <= SLOTS

    @rule(news=st.sampled_from(NEWS), which=st.integers(0, 30))
    def tell(self, news: str, which: int) -> None:
        if self.orders:
            fact = facts_of(news, self.orders[-1 - which % len(self.orders)])
            self.run(self.opened.tell(fact, rules=Rules(0.0)))  # type: ignore[arg-type]

    @rule(wish=st.sampled_from(Wish), which=st.integers(0, 30))
    def wish(self, wish: Wish, which: int) -> None:
        if self.ids:
            call_id = self.ids[which % len(self.ids)]
            self.run(self.opened.tell(Wished(call_id, wish, "olga")))

    @rule(which=st.integers(0, 30), priority=st.integers(-2, 2))
    def other_facts(self, which: int, priority: int) -> None:
        if self.ids:
            call_id = self.ids[which % len(self.ids)]
            reordered = Reordered(call_id, priority, 0, "")
            self.run(self.opened.tell(WrapUpExpired(call_id), reordered))

    @rule(place=st.sampled_from(Place), which=st.integers(0, 30))
    def move(self, place: Place, which: int) -> None:
        if self.ids:
            chosen = (self.ids[which % len(self.ids)],)
            self.run(self.opened.store.move(chosen, place, self.opened.now, "olga"))

    @rule(wait_s=st.sampled_from((1.0, 1000.0, 100_000.0)))
    def tend(self, wait_s: float) -> None:
        self.opened.wait(wait_s)
        self.run(self.opened.store.promote(self.opened.now))
        self.run(self.opened.store.wake_numbers(self.opened.now))
        self.run(self.opened.store.lift_denied("agent_1", "phnum_1", 1, self.opened.now))

    @rule()
    def restart(self) -> None:
        self.run(self.opened.reopen())

    @invariant()
    def counters_are_counts(self) -> None:
        if not hasattr(self, "opened"):
            return
        calls = self.run(self.opened.store.calls(self.ids))
        counts = self.run(self.opened.store.counts())
        assert +Counter(counts.states) == Counter(call.state for call in calls)
        assert counts.holding == sum(call.holding for call in calls)
        queued = [call for call in calls if call.state is CallState.QUEUED]
        assert +Counter(counts.holds) == Counter(call.hold for call in queued if call.hold)
        attempts = [one for call in calls for one in self.run(self.attempts(call.id))]
        assert +Counter(counts.dispositions) == Counter(
            one.disposition for one in attempts if one.disposition
        )
        under_way = self.run(self.opened.store.open_calls())
        expected = set(CallState) - FINAL_STATES - {CallState.QUEUED}
        assert {one.call.id for one in under_way} == {
            call.id for call in calls if call.state in expected
        }
        self.numbers_are_quarantined()

    async def attempts(self, call_id: CallId) -> tuple[object, ...]:
        return (await self.opened.detail(call_id)).attempts

    def numbers_are_quarantined(self) -> None:
        under_way = self.run(self.opened.store.open_calls())
        numbers = [one.call.to_number for one in under_way]
        assert len(numbers) == len(set(numbers)), "two calls to one number"
        assert all(one.call.holding for one in under_way if one.call.state in HOLDING_STATES)
        waiting = [
            row.call
            for row in self.run(self.opened.store.page(PageQuery(count=500))).rows
            if row.call.hold is Hold.NUMBER_BUSY_ELSEWHERE
        ]
        if waiting and not under_way:
            assert self.run(self.opened.store.wake_numbers(self.opened.now)) >= 0

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            done = self.run(self.opened.store.page(PageQuery(Segment.DONE, 500))).rows
            assert all(row.call.state in FINAL_STATES for row in done)
            self.run(self.opened.close())
            self.loop.close()
            self.folder.cleanup()


@pytest.mark.parametrize("factory", FACTORIES)
def test_counters_are_what_counting_gives(factory: Factory) -> None:
    class OfThisStore(Counting):
        pass

    OfThisStore.factory = staticmethod(factory)
    machine = OfThisStore.TestCase
    # Not shortened where it fails: that would take minutes, and thirty steps can be read.
    machine.settings = settings(
        max_examples=25,
        stateful_step_count=30,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    machine().runTest()
