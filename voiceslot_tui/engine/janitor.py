"""The janitor: makes due calls ready, probes refused routes, forgets what is past its time.

Each step is small and bounded; what is left is done in the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from voiceslot_tui.core.calls import CallId, CallState, Instant, seconds_between
from voiceslot_tui.core.limits import PROMOTE_BATCH_MAX
from voiceslot_tui.engine.board import Board, Denial, Route
from voiceslot_tui.engine.sure_time import SureTime
from voiceslot_tui.follow_up_ports import FollowUpStore
from voiceslot_tui.ports import Clock, Store

_STEP_S: Final = 1.0
_AT_ONCE_S: Final = 0.001
_WAKE_NUMBERS_EVERY_S: Final = 60.0
_TIDY_FIRST_S: Final = 600.0
"""How long after its start an engine first forgets: by then the platform has told the time."""
_TIDY_EVERY_S: Final = 3600.0


class Janitor:
    """Keeps the ready set true to the clock, and the file small.

    `insist` are what writes down the pauses that are in force and could not be stored.
    `platform_now` gives the platform's time, None while it has not told it: nothing is forgotten
    that is not old by it as well.
    """

    name = "janitor"

    def __init__(
        self,
        *,
        store: Store,
        messages: FollowUpStore,
        board: Board,
        clock: Clock,
        insist: Sequence[Callable[[], Awaitable[None]]] = (),
        platform_now: Callable[[], Instant | None] = lambda: None,
    ) -> None:
        self.wake = board.bells.tend
        self._store = store
        self._messages = messages
        self._board = board
        self._clock = clock
        self._insist = insist
        self._sure = SureTime(clock, platform_now)
        self._tidy_at_s = clock.steady_s() + _TIDY_FIRST_S
        self._woken_at: Instant | None = None

    async def restore(self) -> None:
        """Take up where the last run ended, before this one writes anything."""
        for line in await self._store.journal(None, 1):
            self._sure.begin(line.at)
        await self._remember_routes()

    async def _remember_routes(self) -> None:
        """Remember the routes whose calls are held as refused; those not known yet are probed soon.

        Not only after a restart: a call may be held while another of its route is accepted.
        """
        now = self._clock.now()
        for route in await self._store.denied_routes() - self._board.allowed_again:
            self._board.denied.setdefault(route, Denial(now))

    async def step(self) -> float | None:
        """Do what is due.

        First what may free the disk, last what writes down that which the disk refused before.
        """
        await self._store.checkpoint()
        wait_s = await self._tend()
        for insist in self._insist:
            await insist()
        return wait_s

    async def _tend(self) -> float:
        now = self._clock.now()
        due = await self._store.next_due()
        promoted = 0 if due is None or due > now else await self._store.promote(now)
        lifted = await self._tend_routes(now)
        await self._sometimes(now)
        if promoted or lifted:
            self._board.bells.dispatch.set()
            self._board.bells.change()
        if promoted >= PROMOTE_BATCH_MAX or lifted >= PROMOTE_BATCH_MAX:
            return _AT_ONCE_S
        return await self._until_due(now)

    async def _until_due(self, now: Instant) -> float:
        due = await self._store.next_due()
        if due is None:
            return _STEP_S
        return max(_AT_ONCE_S, min(_STEP_S, seconds_between(now, due)))

    async def _tend_routes(self, now: Instant) -> int:
        """Let one call of a refused route through at its time, and all once one was accepted."""
        lifted = 0
        for route in tuple(self._board.denied):
            lifted += await self._tend_refused(route, now)
        for route in tuple(self._board.allowed_again):
            freed = await self._store.lift_denied(*route, PROMOTE_BATCH_MAX, now)
            lifted += len(freed)
            if len(freed) < PROMOTE_BATCH_MAX:
                self._board.allowed_again.discard(route)
        return lifted

    async def _tend_refused(self, route: Route, now: Instant) -> int:
        denial = self._board.denied.get(route)
        if denial is not None and denial.due(now):
            denial = self._board.probe(route)
        if denial is None or not denial.probing or await self._is_ready(denial.probe):
            return 0
        probe = await self._store.lift_denied(*route, 1, now, denial.probe)
        self._board.probe_is(route, next(iter(probe), None))
        return len(probe)

    async def _is_ready(self, probe: CallId | None) -> bool:
        """Tell whether a probe still waits to be dialled; operators and STOPs may take it away."""
        calls = () if probe is None else await self._store.calls((probe,))
        return any(call.state is CallState.QUEUED and call.hold is None for call in calls)

    async def _sometimes(self, now: Instant) -> None:
        if self._woken_at is None or self._past(self._woken_at, now, _WAKE_NUMBERS_EVERY_S):
            self._woken_at = now
            await self._remember_routes()
            if await self._store.wake_numbers(now):
                self._board.bells.dispatch.set()
        sure = self._sure.now()
        if self._clock.steady_s() >= self._tidy_at_s:
            more = await self._store.tidy(sure)
            more = await self._messages.tidy_follow_ups(sure) or more
            self._tidy_at_s = self._clock.steady_s() + (0.0 if more else _TIDY_EVERY_S)

    @staticmethod
    def _past(since: Instant, now: Instant, interval_s: float) -> bool:
        """Tell whether an interval has passed; a clock that was set back counts as passed."""
        return not 0 <= seconds_between(since, now) < interval_s
