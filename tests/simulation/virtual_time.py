"""Time that costs nothing: an event loop whose clock jumps to the next timer when all is quiet.

While anything can run, the clock stands still; when nothing can, it is set to the moment of the
next timer. A campaign of ten minutes is over in a second, and always the same way: there is no
thread, no socket and no real waiting in it. One callback runs a turn, so that an engine can die, or
be suspended, between any two of its steps. A world in which nothing will ever happen again, and one
that turns round and round without time passing, are reported instead of hanging.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any, Final, TypeVar

T = TypeVar("T")

TURNS_WITHOUT_TIME_MAX: Final = 200_000
"""Turns of the loop at one moment; the busiest moment of a campaign needs some hundreds."""

LIFE: Final[ContextVar[int]] = ContextVar("LIFE", default=0)
"""Which engine's life a callback belongs to; 0 for the world around it."""


class Stalled(AssertionError):
    """Everybody waits and no timer is set, or time does not pass although everybody is busy."""


class _Numbered(asyncio.Task[Any]):
    """A task that stands in sets by its number, and not by where in memory it happens to lie.

    Task groups and `asyncio.wait` go through sets: in which order they cancel must be the same each
    time that a story is told.
    """

    def __init__(self, number: int, coro: Coroutine[Any, Any, Any], **options: Any) -> None:
        self.number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self.number


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at 0 and whose seconds pass only when nothing else can happen.

    `after_turn` is called with the life that a callback belonged to; what it raises ends the run.
    """

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self) -> None:
        self._now_s = 0.0
        self._turns = 0
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timers_set = 0
        self._frozen: dict[int, list[asyncio.Handle]] = {}
        self.after_turn: Callable[[int], None] | None = None
        self._tasks_made = 0
        super().__init__()
        self.set_task_factory(self._numbered)

    def _numbered(
        self, _: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], **options: Any
    ) -> asyncio.Task[T]:
        self._tasks_made += 1
        return _Numbered(self._tasks_made, coro, loop=self, **options)

    def time(self) -> float:
        """Give the virtual seconds since the loop was made."""
        return self._now_s

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback at a moment, after those asked for earlier at the same moment."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers_set += 1
        heapq.heappush(self._timers, (when, self._timers_set, timer))
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Leave a cancelled timer where it is: it is thrown away when its time has come."""

    def freeze(self, life: int) -> None:
        """Suspend a life: none of its callbacks runs until it is thawed."""
        self._frozen.setdefault(life, [])

    def thaw(self, life: int) -> None:
        """Let a suspended life go on with what has waited, in order."""
        self._ready.extend(self._frozen.pop(life, ()))

    def _run_once(self) -> None:
        """Run one callback; where none is ready, let time pass until the next timer."""
        self._take_due()
        if not self._ready and not self._stopping:
            self._let_time_pass()
        if not self._ready:
            return
        handle = self._ready.popleft()
        if handle.cancelled():
            return
        life = handle._context.get(LIFE, 0)  # type: ignore[attr-defined]
        if life in self._frozen:
            self._frozen[life].append(handle)
            return
        self._turns += 1
        if self._turns > TURNS_WITHOUT_TIME_MAX:
            self._turns = 0
            raise Stalled("somebody is busy for ever without time passing")
        handle._run()
        if self.after_turn is not None:
            self.after_turn(life)

    def _let_time_pass(self) -> None:
        self._turns = 0
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        if not timers:
            raise Stalled("everybody waits for somebody else, and no timer is set")
        self._now_s = max(self._now_s, timers[0][0])
        self._take_due()

    def _take_due(self) -> None:
        timers, now_s = self._timers, self._now_s
        while timers and timers[0][0] <= now_s:
            timer = heapq.heappop(timers)[2]
            if not timer.cancelled():
                self._ready.append(timer)


def virtual_loop() -> VirtualTimeLoop:
    """Give the loop that runs now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


def simulate(main: Callable[[], Awaitable[T]]) -> T:
    """Run something in virtual time, from second 0, and give what it gives."""

    async def run() -> T:
        return await main()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())
