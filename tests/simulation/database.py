"""The store's database connections without their threads: in the event loop, in virtual time.

The store hands whole transactions to a connection's thread. Here the event loop runs them, one
after the other, and each takes a little virtual time: first it runs, later its result is told. So
a kill may come before, between and after, as with a real thread and a real process. The disk below
can be full, fail, or fail to say that it did not.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from voiceslot_tui.store import database

Work = Callable[[], Any]


class Trouble(StrEnum):
    """What can be wrong with a disk."""

    FULL = "full"
    """Nothing more can be written."""
    FAILING = "failing"
    """A commit is refused, and nothing of it is there."""
    LYING = "lying"
    """A commit is said to have failed, and is there all the same."""
    UNREADABLE = "unreadable"
    """Nothing can be read."""


def nothing(*_: object) -> None:
    """Do nothing."""


@dataclass
class Disk:
    """The disk under a town's data folder, and who watches it.

    It takes `slowness` times as long as usual. `before_write` and `after_write` are called around
    each transaction of the writing connection,
    `committed` with the connection after each that was committed, `failed` with the trouble.
    """

    trouble: Trouble | None = None
    slowness: float = 1.0
    before_write: Callable[[], None] = nothing
    after_write: Callable[[], None] = nothing
    committed: Callable[[sqlite3.Connection], None] = nothing
    failed: Callable[[Trouble], None] = nothing
    opened: list[Connection] = field(default_factory=list)

    def strike(self, sql: str) -> sqlite3.OperationalError | None:
        """Give the error of a statement that the trouble reaches."""
        reached = {
            Trouble.FULL: "COMMIT",
            Trouble.FAILING: "COMMIT",
            Trouble.LYING: "COMMIT",
            Trouble.UNREADABLE: "BEGIN",
        }
        trouble = self.trouble
        if trouble is None or sql != reached[trouble]:
            return None
        self.failed(trouble)
        return _error(trouble)


def _error(trouble: Trouble) -> sqlite3.OperationalError:
    full = trouble is Trouble.FULL
    error = sqlite3.OperationalError("database or disk is full" if full else "disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR
    return error


class _OnDisk(sqlite3.Connection):
    """A connection whose statements the disk may fail."""

    disk: Disk

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:  # type: ignore[override]
        if self.disk.trouble is not None:
            error = self.disk.strike(sql)
            if error is not None:
                if self.disk.trouble is Trouble.LYING:
                    super().execute(sql, *parameters)
                raise error
        return super().execute(sql, *parameters)


class Connection:
    """What the store uses of aiosqlite's connection."""

    def __init__(
        self, path: str, took_s: Callable[[], float], disk: Disk, options: dict[str, Any]
    ) -> None:
        self._thread = SimpleNamespace(daemon=True)
        self._tx = self
        self._conn = sqlite3.connect(path, factory=_OnDisk, **options)
        self._conn.disk = disk
        self._writes = "mode=ro" not in path
        self._disk = disk
        self._took_s = took_s
        self._free_at = 0.0
        self.severed = False

    def __await__(self) -> Generator[Any, None, Connection]:
        """Be open at once."""
        return self
        yield

    def put_nowait(self, asked: tuple[asyncio.Future[Any], Work]) -> None:
        """Run some work when all that was asked for before has been done."""
        if self.severed:
            return
        loop = asyncio.get_running_loop()
        begins = max(loop.time(), self._free_at)
        runs_at = begins + self._took_s() * self._disk.slowness
        self._free_at = runs_at + self._took_s() * self._disk.slowness
        loop.call_at(runs_at, self._run, *asked, self._free_at)

    def _run(self, future: asyncio.Future[Any], work: Work, told_at: float) -> None:
        if self._writes and not self.severed:
            self._disk.before_write()
        if self.severed:
            return
        outcome: Any = None
        problem: Exception | None = None
        try:
            outcome = work()
        except Exception as error:  # noqa: BLE001 - told to whoever asked, as the thread does
            problem = error
        if self._writes:
            self._disk.committed(self._conn)
            self._disk.after_write()
        asyncio.get_running_loop().call_at(told_at, self._tell, future, outcome, problem)

    def _tell(self, future: asyncio.Future[Any], outcome: Any, problem: Exception | None) -> None:
        if self.severed or future.done():
            return
        if problem is None:
            future.set_result(outcome)
        else:
            future.set_exception(problem)

    async def close(self) -> None:
        """Close the file, once all that was asked before has been told, as the thread does."""
        busy_s = max(0.0, self._free_at - asyncio.get_running_loop().time())
        await asyncio.sleep(busy_s + self._took_s())
        self.severed = True
        self._conn.close()

    def sever(self) -> None:
        """Do and tell nothing more, as the thread of a process that was killed."""
        self.severed = True
        self._conn.close()


@contextmanager
def connections_in_the_loop(
    took_s: Callable[[], float], disk: Disk, opened: list[Connection]
) -> Iterator[None]:
    """Let the store open such connections; each is noted down. `took_s` is above 0."""

    def connect(path: str, /, **options: Any) -> Connection:
        made = Connection(path, took_s, disk, {**options, "check_same_thread": False})
        opened.append(made)
        return made

    with patch.object(database, "aiosqlite", SimpleNamespace(connect=connect)):
        yield
