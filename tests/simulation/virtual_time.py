"""Time that costs nothing: an event loop whose clock jumps to the next timer when all is quiet.

While anything can run, the clock stands still; when nothing can, it is set to the moment of the
next timer. A campaign of ten minutes is over in a second, and always the same way: there is no
thread, no socket and no real waiting in it. A world in which nothing will ever happen again, and
one that turns round and round without time passing, are reported instead of hanging.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

T = TypeVar("T")

TURNS_WITHOUT_TIME_MAX: Final = 200_000
"""Turns of the loop at one moment; the busiest moment of a campaign needs some hundreds."""


class Stalled(AssertionError):
    """Everybody waits and no timer is set, or time does not pass although everybody is busy."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that begins at 0 and whose seconds pass only when nothing else can happen."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jumping(self._pass))

    def time(self) -> float:
        """Give the virtual seconds since the loop was made."""
        return self._now_s

    def _pass(self, seconds: float) -> None:
        self._now_s += seconds


class _Jumping(selectors.BaseSelector):
    """A selector that lets virtual time pass where another would wait."""

    def __init__(self, let_pass: Callable[[float], None]) -> None:
        self._real = selectors.DefaultSelector()
        self._let_pass = let_pass
        self._turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Give what is ready at once; else jump over the time that would have been waited."""
        ready = self._real.select(0)
        if ready:
            return ready
        if timeout is None:
            raise Stalled("everybody waits for somebody else, and no timer is set")
        if timeout > 0:
            self._turns = 0
            self._let_pass(timeout)
            return []
        self._turns += 1
        if self._turns > TURNS_WITHOUT_TIME_MAX:
            self._turns = 0
            raise Stalled("somebody is busy for ever without time passing")
        return []

    def register(
        self, fileobj: selectors._FileObject, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        """Watch a file: the loop's own way of being woken."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: selectors._FileObject) -> selectors.SelectorKey:
        """Watch a file no more."""
        return self._real.unregister(fileobj)

    def get_map(self) -> Mapping[selectors._FileObject, selectors.SelectorKey]:
        """Give what is watched."""
        return self._real.get_map()

    def close(self) -> None:
        """Give the real selector back."""
        self._real.close()


def simulate(main: Callable[[], Awaitable[T]]) -> T:
    """Run something in virtual time, from second 0, and give what it gives."""

    async def run() -> T:
        return await main()

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())
