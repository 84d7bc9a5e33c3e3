"""A link that comes back: it reconnects by itself and tells each state, so a screen can show it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from voiceslot_tui.core.limits import LINK_RETRY_FIRST_S, LINK_RETRY_MAX_S
from voiceslot_tui.link.client import Dismissed, Link, LinkLost, NoEngine
from voiceslot_tui.wire import control


@dataclass(frozen=True, slots=True)
class Connected:
    """The link stands. It is good until the next Lost."""

    link: Link


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no link: why, for how long already, how often tried, and when the next try is."""

    reason: str
    for_s: float
    tries: int
    next_try_s: float


State = Connected | control.Pushed | control.Beat | Lost


class Watch:
    """A link that reconnects: iterate over it for Connected, Pushed, Beat and Lost, without end.

    `link` is the link that stands now, None while there is none. `try_now` cuts a wait short.
    """

    def __init__(self, path: Path, jitter: Callable[[], float] = random.random) -> None:
        self.link: Link | None = None
        self._path = path
        self._jitter = jitter
        self._hurry = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[State]:
        return self._states()

    def try_now(self) -> None:
        """Try to connect at once instead of at the next try."""
        self._hurry.set()

    def close(self) -> None:
        """Detach from the engine; leaving the iteration does not do it by itself."""
        if self.link is not None:
            self.link.close()
            self.link = None

    async def _states(self) -> AsyncIterator[State]:
        loop = asyncio.get_running_loop()
        lost_at, tries, reason = loop.time(), 0, ""
        while True:
            try:
                self.link = await Link.connect(self._path, watch=True)
                tries = 0
                yield Connected(self.link)
                async for news in self.link.news():
                    yield news
            except (NoEngine, Dismissed, LinkLost) as error:
                reason = str(error)
            if self.link is not None:
                self.link, lost_at = None, loop.time()
            wait_s = self._wait_s(tries)
            tries += 1
            yield Lost(reason, loop.time() - lost_at, tries, wait_s)
            await self._wait(wait_s)

    def _wait_s(self, tries: int) -> float:
        longest = min(LINK_RETRY_MAX_S, LINK_RETRY_FIRST_S * 2.0 ** min(tries, 10))
        return longest * (0.5 + 0.5 * self._jitter())

    async def _wait(self, wait_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._hurry.wait()
        self._hurry.clear()
