"""The workers of one engine on a real store, put together so that a test can step each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from tests.engine.fakes import DEADLINE_S, NOW, FakeCarrier, FakeClock, FakeIds, FakePlatform
from voiceslot_tui.core.calls import (
    AttemptState,
    Call,
    CallId,
    CallState,
    Disposition,
    Hold,
    Instant,
)
from voiceslot_tui.core.facts import Fact, Interrupted, Outcome, Over
from voiceslot_tui.core.follow_up_settings import FollowUpSettings
from voiceslot_tui.core.orders import NewCall, StartOrder
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Ceiling, Reading, reading_bound_s
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.dispatcher import Dispatcher
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.engine.janitor import Janitor
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.engine.operating import Operating
from voiceslot_tui.engine.readings import Reader, Strategy
from voiceslot_tui.engine.reconciler import Reconciler
from voiceslot_tui.engine.switches import Switches
from voiceslot_tui.follow_up_assembly import Outside, assemble_follow_ups
from voiceslot_tui.follow_up_ports import Workspace
from voiceslot_tui.store.sqlite import SqliteStore, open_store

POLL_S = 15.0
LAG_S = 30.0
LONGEST_S = 1800.0
RING_S = 60.0
ANSWERED = Outcome(Disposition.ANSWERED, 30)


def new_call(number: int, agent: str = "agent_1", priority: int = 0, attempts: int = 1) -> NewCall:
    """Make a call to the n-th of the invented numbers."""
    return NewCall(
        f"+1202555{number:04d}",
        agent,
        "phnum_1",
        f"person {number}",
        priority=priority,
        max_attempts=attempts,
    )


class Rig:
    """One engine in pieces. Nothing runs by itself but the dials that a step has sent out."""

    def __init__(
        self,
        store: SqliteStore,
        clock: FakeClock,
        dials: asyncio.TaskGroup,
        *,
        limit: int,
        reserve: int,
        per_second: float,
        strategy: Strategy,
        carrier: FakeCarrier | None,
        run: str,
        platform_now: Callable[[], Instant | None],
    ) -> None:
        self.store = store
        self.clock = clock
        self.carrier = carrier
        self.platform = FakePlatform(store, clock)
        self.board = Board(
            Ceiling(limit, float(limit)),
            reserve=reserve,
            reading_bound_s=reading_bound_s(POLL_S),
            calls_per_second=per_second,
        )
        self.ledger = Ledger(store, self.board, Rules(120.0), clock)
        self.switches = Switches(store, self.board, clock, limit)
        self.pauses: list[str] = []
        self.dispatcher = Dispatcher(
            store=store,
            platform=self.platform,
            ledger=self.ledger,
            board=self.board,
            clock=clock,
            ids=FakeIds(run),
            dials=dials,
            holds_for_s=LONGEST_S + RING_S,
            pause_self=self._pause_self,
        )
        self.reader = Reader(
            strategy=strategy,
            store=store,
            platform=self.platform,
            clock=clock,
            limit=lambda: self.board.ceiling.configured,
            lag_s=LAG_S,
        )
        self.reconciler = Reconciler(
            reader=self.reader,
            platform=self.platform,
            carrier=carrier,
            ledger=self.ledger,
            board=self.board,
            clock=clock,
            asks=dials,
            poll_interval_s=POLL_S,
            lag_s=LAG_S,
            longest_call_s=LONGEST_S,
            ring_timeout_s=RING_S,
        )
        self.operating = Operating(
            store=store, ledger=self.ledger, board=self.board, clock=clock, carrier=carrier
        )
        self.follow_ups = assemble_follow_ups(
            FollowUpSettings(),
            store=store,
            outside=Outside(
                cast("Workspace", None), {}, has_callbacks=False, platform_now=platform_now
            ),
            board=self.board,
            switches=self.switches,
            clock=clock,
            ids=FakeIds("message"),
            sends=dials,
        )
        self.janitor = Janitor(
            store=store,
            messages=store,
            board=self.board,
            clock=clock,
            insist=(self.switches.insist, self.follow_ups.door.insist),
            platform_now=platform_now,
        )
        self.engine = Engine(
            store=store,
            board=self.board,
            ledger=self.ledger,
            switches=self.switches,
            operating=self.operating,
            reconciler=self.reconciler,
            follow_ups=self.follow_ups.door,
            batches=self.follow_ups.watching,
            clock=clock,
            strategy=str(strategy),
        )

    async def _pause_self(self, why: str) -> None:
        self.pauses.append(why)
        await self.switches.pause(by="engine", why=why)

    async def recovered(self) -> Rig:
        """Take up what the last run left, as a start does, and read the platform once."""
        await self.switches.restore()
        await self.janitor.restore()
        for one in await self.store.open_calls():
            if one.attempt.state is AttemptState.DIALING:
                await self.ledger.record(Interrupted(one.attempt.id), by="engine (start)")
        await self.poll()
        return self

    async def enqueue(self, *calls: NewCall) -> tuple[CallId, ...]:
        """Put calls into the queue."""
        return (await self.engine.enqueue(calls, by="producer")).ids

    async def queue(self, *numbers: int) -> tuple[CallId, ...]:
        """Put a call to each of these numbers into the queue."""
        return await self.enqueue(*(new_call(number) for number in numbers))

    async def dispatch(self) -> float | None:
        """Step the dispatcher as long as it wants to go on, and let its dials be answered."""
        while True:
            self.board.bells.dispatch.clear()
            wait_s = await self.dispatcher.step()
            if not self.platform.holding_back:
                await self.answered()
            if not self.board.bells.dispatch.is_set():
                return wait_s

    async def answered(self) -> None:
        """Wait until every dial that was sent out is answered and written down."""
        async with asyncio.timeout(DEADLINE_S):
            await self.dispatcher.quiet.wait()

    async def poll(self, wait_s: float = POLL_S) -> float | None:
        """Let a poll interval pass and step the reconciler."""
        self.clock.wait(wait_s)
        return await self.reconciler.step()

    async def polls(self, seconds: float) -> None:
        """Poll for some time."""
        for _ in range(int(seconds / POLL_S)):
            await self.poll()

    async def tell(self, *facts: Fact) -> None:
        """Tell facts as a webhook does."""
        await self.ledger.record(*facts, by="platform")

    async def over(self, order: StartOrder, outcome: Outcome | None = ANSWERED) -> None:
        """Tell that the talk of a dial is over, and let the platform know it too."""
        talk = self.platform.talks.get(next(iter(_names(order))))
        if talk is not None:
            self.platform.ends(talk.conversation_id, outcome)
        await self.tell(Over(None, order.attempt_id, None, outcome))

    async def call(self, call_id: CallId) -> Call:
        """Read one call."""
        (call,) = await self.store.calls((call_id,))
        return call

    async def state(self, call_id: CallId) -> CallState:
        """Read the state of one call."""
        return (await self.call(call_id)).state

    async def hold(self, call_id: CallId) -> Hold | None:
        """Read what holds one call."""
        return (await self.call(call_id)).hold

    def read_now(self, foreign: int = 0) -> None:
        """Make the last reading fresh, with so many foreign calls."""
        self.board.take_reading(Reading(unnamed=foreign), self.clock.steady_s())

    @property
    def dialled(self) -> list[CallId]:
        """Give the calls that were dialled, in order."""
        return [order.call_id for order in self.platform.dialled]


def _names(order: StartOrder) -> tuple[str, ...]:
    return (f"conv_{order.attempt_id}",)


@asynccontextmanager
async def running(
    path: Path,
    *,
    limit: int = 3,
    reserve: int = 0,
    per_second: float = 0.0,
    strategy: Strategy = Strategy.CONVERSATIONS,
    carrier: bool = True,
    clock: FakeClock | None = None,
    run: str = "att",
    platform_now: Callable[[], Instant | None] = lambda: None,
) -> AsyncIterator[Rig]:
    """Give a rig that has recovered, on a database in a folder; leave it as a stop does."""
    used = clock or FakeClock()
    store = await open_store(path / "voiceslot.db", NOW)
    try:
        async with asyncio.TaskGroup() as dials:
            rig = Rig(
                store,
                used,
                dials,
                limit=limit,
                reserve=reserve,
                per_second=per_second,
                strategy=strategy,
                carrier=FakeCarrier() if carrier else None,
                run=run,
                platform_now=platform_now,
            )
            yield await rig.recovered()
            rig.platform.let_go()
            rig.reconciler.leave()
    finally:
        await store.close()
