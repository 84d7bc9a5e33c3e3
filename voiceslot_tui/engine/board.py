"""What the engine knows besides its store: the last reading, the ceiling, the switches.

The workers share this and the ledger, and do not know each other: one leaves what it learned here
and rings a bell, another hears it. All of it is rebuilt after a restart - from the store, from the
platform's list, or by learning again; nothing here is a promise to anybody.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from voiceslot_tui.core.calls import CallId, ConversationId, Instant, later, seconds_between
from voiceslot_tui.core.limits import DENIED_PROBE_EVERY_S, DENIED_PROBE_MAX_S
from voiceslot_tui.core.slots import Breaker, Ceiling, Gate, Pacing, Reading
from voiceslot_tui.engine.taken_back import TakenBack
from voiceslot_tui.ports import Control

Route = tuple[str, str]
"""An agent id and the id of the phone number it calls from."""


@dataclass(frozen=True, slots=True)
class Denial:
    """A route that the platform refuses: when to try it again, and how long to wait after that.

    While `probing`, one call of the route may be dialled to find out: `probe`, once one is ready.
    When it has left, the route is `asked`, and only its refusal makes the wait longer. The next
    probe is another call: it may have been this one alone that was refused.
    """

    probe_at: Instant
    wait_s: float = DENIED_PROBE_EVERY_S
    probing: bool = False
    probe: CallId | None = None
    asked: bool = False

    def due(self, now: Instant) -> bool:
        """Tell whether to try again; a time too far ahead is from before a clock was set back."""
        ahead_s = seconds_between(now, self.probe_at)
        return not self.probing and not 0 < ahead_s <= self.wait_s

    def again(self, now: Instant) -> Denial:
        """Give the denial after one more refusal."""
        wait_s = min(self.wait_s * 2, DENIED_PROBE_MAX_S)
        return replace(self, probe_at=later(now, wait_s), wait_s=wait_s, asked=False)


class Bells:
    """What the workers wait for, and who wants to know that anything changed."""

    def __init__(self) -> None:
        self.dispatch = asyncio.Event()
        self.asked = 0
        self.reserve_asked = 0
        self.reconcile = asyncio.Event()
        self.tend = asyncio.Event()
        self.batches = asyncio.Event()
        self.follow_up = asyncio.Event()
        self.changes = 0
        self._changed = asyncio.Event()

    def settle_asked(self) -> int:
        """Give a number to a transaction that may free a slot; the dispatcher queues up behind it.

        The store takes writes in the order in which they are asked for: a reservation asked for
        after the news of an end sees the slot free, without waiting for the news to be told back.
        """
        self.asked += 1
        self.dispatch.set()
        return self.asked

    def freed(self, settle_asked: int) -> None:
        """Wake the dispatcher, unless it asked for slots after that transaction anyway."""
        if self.reserve_asked < settle_asked:
            self.dispatch.set()

    def change(self) -> None:
        """Tell whoever shows something that it may look different now."""
        self.changes += 1
        self._changed.set()

    async def changed(self, timeout_s: float) -> bool:
        """Wait until something has changed since it last said so; False where nothing did in time.

        Remembers for one asker: the link, which tells all consoles.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True


class Board:
    """The engine's own, forgettable knowledge."""

    def __init__(
        self, ceiling: Ceiling, *, reserve: int, reading_bound_s: float, calls_per_second: float
    ) -> None:
        self.ceiling = ceiling
        self.reserve = reserve
        self.reading_bound_s = reading_bound_s
        self.reading: Reading | None = None
        self._read_at_s = 0.0
        self.breaker = Breaker()
        self.pacing = Pacing(calls_per_second)
        self.quiet_until: Instant | None = None
        self.control = Control()
        self.paused = False
        self.recovering = True
        self.stopping = False
        self.denied: dict[Route, Denial] = {}
        self.allowed_again: set[Route] = set()
        self.taken_back = TakenBack()
        self.bells = Bells()
        self.webhook_at: Instant | None = None
        self.webhook_refused = 0
        self.dials = 0
        self.answered = 0
        self.ends = 0

    def reading_age_s(self, now_s: float) -> float:
        """Give the age of the last reading at a moment of the steady clock; 0 before the first."""
        return 0.0 if self.reading is None else now_s - self._read_at_s

    def gate(self, now_s: float) -> Gate:
        """Put together what the engine as a whole says about dialling; `now_s` is steady."""
        return Gate(
            ceiling=self.ceiling,
            reserve=self.reserve,
            reading=self.reading,
            reading_bound_s=self.reading_bound_s,
            reading_age_s=self.reading_age_s(now_s),
            breaker=self.breaker,
            pacing=self.pacing,
            paused=self.paused,
            recovering=self.recovering,
            quiet_until=self.quiet_until,
        )

    def take_reading(self, reading: Reading, began_s: float) -> None:
        """Remember a complete reading, begun at a moment of the steady clock.

        Dialling may begin after the first.
        """
        changed = (
            self.recovering
            or self.reading is None
            or (reading.foreign, reading.ringing) != (self.reading.foreign, self.reading.ringing)
        )
        self.reading, self._read_at_s = reading, began_s
        self.recovering = False
        self.bells.dispatch.set()
        if changed:
            self.bells.change()

    def not_foreign(self, conversation_id: ConversationId | None) -> None:
        """Learn that a conversation is ours, or over."""
        if self.reading is None:
            return
        left = self.reading.without(conversation_id)
        if left is not self.reading:
            self.reading = left
            self.bells.dispatch.set()
            self.bells.change()

    def closed_routes(self) -> frozenset[Route]:
        """Name the routes that may not be dialled now."""
        return frozenset(route for route, denial in self.denied.items() if not denial.probing)

    def deny(self, route: Route, now: Instant) -> None:
        """Remember that the platform refuses a route; many refusals at once are one."""
        self.allowed_again.discard(route)
        known = self.denied.get(route)
        if known is None:
            self.denied[route] = Denial(later(now, DENIED_PROBE_EVERY_S))
        elif known.asked:
            self.denied[route] = known.again(now)

    def allow(self, route: Route) -> None:
        """Learn that the platform takes calls of a route; those held for it are to be lifted."""
        if self.denied.pop(route, None) is not None:
            self.allowed_again.add(route)
            self.bells.tend.set()

    def probe(self, route: Route) -> Denial:
        """Open a refused route for one call."""
        self.denied[route] = replace(self.denied[route], probing=True)
        return self.denied[route]

    def probe_is(self, route: Route, call_id: CallId | None) -> None:
        """Remember which call was made ready to find out, unless that is known by now."""
        denial = self.denied.get(route)
        if denial is not None and denial.probing:
            self.denied[route] = replace(denial, probe=call_id)

    def dialled(self, route: Route, now: Instant) -> None:
        """Close a refused route again once its probe has left."""
        denial = self.denied.get(route)
        if denial is not None and denial.probing:
            probe_at = later(now, denial.wait_s)
            self.denied[route] = replace(denial, probe_at=probe_at, probing=False, asked=True)
