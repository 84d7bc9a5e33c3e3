"""Stores to test and the few words the suite speaks to them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from voiceslot_tui.core.calls import (
    AttemptId,
    Call,
    CallId,
    CallSid,
    CallState,
    ConversationId,
    Disposition,
    Instant,
    later,
)
from voiceslot_tui.core.facts import Accepted, Fact, Outcome, Over
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.orders import NewCall, StartOrder
from voiceslot_tui.core.pages import CallDetail
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Ceiling, Gate, Reading
from voiceslot_tui.follow_up_ports import FollowUpStore
from voiceslot_tui.ports import Added, Reserved, Store
from voiceslot_tui.store.sqlite import open_store

NOW = Instant(1_700_000_000_000)
RULES = Rules(unknown_after_s=120.0)
ANSWERED = Outcome(Disposition.ANSWERED, 30)
BUSY = Outcome(Disposition.BUSY)


class Memory(Store, FollowUpStore, Protocol):
    """A store of calls that is a store of messages as well."""


Factory = Callable[[Path, Instant], Awaitable[Memory]]


async def sqlite(path: Path, now: Instant) -> Memory:
    """Open the store in a SQLite file."""
    return await open_store(path, now)


FACTORIES: tuple[Factory, ...] = (sqlite,)


def new_call(number: int, **others: object) -> NewCall:
    """Make a call to the n-th of the invented numbers."""
    made = NewCall(f"+1202555{number:04d}", "agent_1", "phnum_1", f"person {number}")
    return replace(made, **others)  # type: ignore[arg-type]


def gate_of(limit: int, **others: object) -> Gate:
    """Make a gate with so many slots and nothing else against dialling."""
    gate = Gate(Ceiling(limit, float(limit)), 0, Reading(), 1e9)
    return replace(gate, **others)  # type: ignore[arg-type]


def over(order: StartOrder, outcome: Outcome | None = ANSWERED) -> Over:
    """Say that the talk of a dial is over."""
    return Over(talk_of(order), order.attempt_id, None, outcome)


def talk_of(order: StartOrder) -> ConversationId:
    """Name the conversation of a dial."""
    return ConversationId(f"conv_{order.attempt_id}")


def accepted(order: StartOrder) -> Accepted:
    """Say that the platform took a dial."""
    return Accepted(order.attempt_id, talk_of(order), CallSid(f"sid_{order.attempt_id}"))


class Opened:
    """A store under test, with a clock that the test moves."""

    def __init__(self, factory: Factory, path: Path) -> None:
        self.path = path
        self.now = NOW
        self._factory = factory
        self._store: Memory | None = None
        self._attempts = 0

    @property
    def store(self) -> Memory:
        """Give the store as it is open now."""
        assert self._store is not None
        return self._store

    async def open(self) -> Memory:
        """Open the store, for the first time or again."""
        self._store = await self._factory(self.path, self.now)
        return self._store

    async def close(self) -> None:
        """Close the store where it is open."""
        if self._store is not None:
            await self._store.close()
            self._store = None

    async def reopen(self) -> Memory:
        """Close and open the store, as a restart does."""
        await self.close()
        return await self.open()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now = later(self.now, seconds)

    def attempt_id(self) -> AttemptId:
        """Give a new attempt id."""
        self._attempts += 1
        return AttemptId(f"att_{self._attempts:05d}")

    async def add(self, *calls: NewCall) -> Added:
        """Put calls into the queue."""
        return await self.store.add(calls, self.now, "producer")

    async def queue(self, *numbers: int) -> tuple[CallId, ...]:
        """Put a call to each of these numbers into the queue."""
        return (await self.add(*(new_call(number) for number in numbers))).ids

    async def reserve(
        self, slots: int, denied: frozenset[tuple[str, str]] = frozenset(), **gate: object
    ) -> Reserved:
        """Give out slots up to a limit."""
        return await self.store.reserve(
            gate_of(slots, **gate), denied, self.attempt_id, 1860.0, self.now
        )

    async def tell(self, *facts: Fact, rules: Rules = RULES) -> tuple[Settlement | None, ...]:
        """Settle facts."""
        return await self.store.settle(facts, rules, self.now, "platform")

    async def call(self, call_id: CallId) -> Call:
        """Read one call."""
        (call,) = await self.store.calls((call_id,))
        return call

    async def states(self, *call_ids: CallId) -> list[CallState]:
        """Read the states of calls."""
        return [call.state for call in await self.store.calls(call_ids)]

    async def detail(self, call_id: CallId) -> CallDetail:
        """Read all about one call."""
        found = await self.store.detail(call_id)
        assert found is not None
        return found

    async def dispatch_order(self) -> list[CallId]:
        """Take every ready call out of the queue and give the order in which they came."""
        taken: list[CallId] = []
        while True:
            reserved = await self.reserve(10_000)
            if not reserved.orders:
                return taken
            taken += [order.call_id for order in reserved.orders]


def numbers_of(orders: Sequence[StartOrder]) -> list[str]:
    """Give the numbers that dials go to."""
    return [order.to_number for order in orders]
