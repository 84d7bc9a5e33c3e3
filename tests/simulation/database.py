"""The store's database connections without their threads: in the event loop, in virtual time.

The store hands whole transactions to a connection's thread. Here the event loop runs them, one
after the other, and each takes a little virtual time: first it runs, later its result is told. So
a kill may come before, between and after, as with a real thread and a real process.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from voiceslot_tui.store import database

Work = Callable[[], Any]


class Connection:
    """What the store uses of aiosqlite's connection."""

    def __init__(self, path: str, took_s: Callable[[], float], options: dict[str, Any]) -> None:
        self._thread = SimpleNamespace(daemon=True)
        self._tx = self
        self._conn = sqlite3.connect(path, **options)
        self._took_s = took_s
        self._free_at = 0.0
        self.severed = False

    def __await__(self) -> Generator[Any, None, Connection]:
        """Be open at once."""
        return self
        yield

    def put_nowait(self, asked: tuple[asyncio.Future[Any], Work]) -> None:
        """Run some work when all that was asked for before has been done."""
        loop = asyncio.get_running_loop()
        begins = max(loop.time(), self._free_at)
        self._free_at = begins + self._took_s()
        loop.call_at((begins + self._free_at) / 2, self._run, *asked, self._free_at)

    def _run(self, future: asyncio.Future[Any], work: Work, told_at: float) -> None:
        if self.severed:
            return
        outcome: Any = None
        problem: Exception | None = None
        try:
            outcome = work()
        except Exception as error:  # noqa: BLE001 - told to whoever asked, as the thread does
            problem = error
        asyncio.get_running_loop().call_at(told_at, self._tell, future, outcome, problem)

    def _tell(self, future: asyncio.Future[Any], outcome: Any, problem: Exception | None) -> None:
        if self.severed or future.done():
            return
        if problem is None:
            future.set_result(outcome)
        else:
            future.set_exception(problem)

    async def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def sever(self) -> None:
        """Do and tell nothing more, as the thread of a process that was killed."""
        self.severed = True
        self._conn.close()


@contextmanager
def connections_in_the_loop(
    took_s: Callable[[], float], opened: list[Connection]
) -> Iterator[None]:
    """Let the store open such connections; each is noted down. `took_s` is above 0."""

    def connect(path: str, /, **options: Any) -> Connection:
        made = Connection(path, took_s, {**options, "check_same_thread": False})
        opened.append(made)
        return made

    with patch.object(database, "aiosqlite", SimpleNamespace(connect=connect)):
        yield
