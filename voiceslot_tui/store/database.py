"""The database file: its lock, its two connections, and the writer that groups transactions.

Measured: a cancelled task's statement still runs in the thread, two tasks on one connection share a
transaction, and a cancel between begin and commit leaves it open. Therefore a transaction is one
synchronous function that runs whole in one hop on aiosqlite's thread. Transactions that wait are
committed together: one BEGIN IMMEDIATE … COMMIT, then every waiter is told. `aiosqlite` offers no
such hop in public; its private queue is used here and nowhere else, and its version is pinned.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import aiosqlite

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import (
    Fenced,
    StoreBusy,
    StoreDamaged,
    StoreLocked,
    StoreUnavailable,
    StoreUnusable,
)
from voiceslot_tui.core.limits import WAL_BYTES_MAX, WRITE_QUEUE_MAX
from voiceslot_tui.store.database_files import has_room, make_private, take_lock
from voiceslot_tui.store.migrate import inspect, migrate

T = TypeVar("T")
Write = Callable[[sqlite3.Connection], Any]

_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16000",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA temp_store = MEMORY",
)
_BUSY_S = 5.0
"""How long another program (a backup, a curious administrator) may hold the file."""
_ITS_OWN_FAULT: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_TOOBIG,
    }
)
"""Errors of one statement; any other one concerns the file, and with it the whole group."""
_MUCH: Final = 64
"""How many transactions may wait for company; more would keep the thread from others for long."""
_CHECKPOINT_BYTES: Final = 4 * 1024 * 1024


class Database:
    """One open database file. Made by `open_database`."""

    def __init__(
        self,
        path: Path,
        lock: int,
        epoch: int,
        writer: aiosqlite.Connection,
        reader: aiosqlite.Connection,
    ) -> None:
        self.path = path
        self.epoch = epoch
        self._log = path.with_name(path.name + "-wal")
        self._lock = lock
        self._writer = writer
        self._reader = reader
        self._waiting: list[tuple[Write, asyncio.Future[Any]]] = []
        self._pump_at: asyncio.TimerHandle | None = None
        self._busy = False
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def write(
        self, transaction: Callable[[sqlite3.Connection], T], *, patience_s: float = 0.0
    ) -> T:
        """Run a function in a transaction, together with others that wait; return once committed.

        One with patience waits that long for another that has none, or until much waits, before it
        costs a commit of its own: nobody waits for what it writes. The function must be free of
        side effects outside the database. Raises StoreUnavailable where nothing was stored, and
        whatever the function itself raises.
        """
        if self._closed:
            raise StoreUnavailable("the database is closed")
        if len(self._waiting) >= WRITE_QUEUE_MAX:
            raise StoreBusy("too much waits for the database; try again in a moment")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((transaction, future))
        if patience_s and len(self._waiting) < _MUCH:
            self._pump_within(patience_s)
        else:
            self._pump_soon()
        return await future

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a function on the connection that only reads; it sees one commit whole."""
        if self._closed:
            raise StoreUnavailable("the database is closed")
        try:
            return await _hop(self._reader, partial(_in_one_state, query))
        except sqlite3.Error as problem:
            raise StoreUnavailable(f"the database cannot be read: {problem}") from None

    def _pump_soon(self) -> None:
        """Take what waits one turn of the loop from now, so that company can join it.

        The news of an end wakes the dispatcher: its reservation comes in the same turn, and both
        cost one commit. So do the writes of those who have just been told of theirs.
        """
        self._idle.clear()
        asyncio.get_running_loop().call_soon(self._pump)

    def _pump_within(self, seconds: float) -> None:
        """Take what waits after some time, unless company comes before."""
        self._idle.clear()
        loop = asyncio.get_running_loop()
        if self._pump_at is None or self._pump_at.when() > loop.time() + seconds:
            self._forget_time()
            self._pump_at = loop.call_later(seconds, self._pump)

    def _forget_time(self) -> None:
        if self._pump_at is not None:
            self._pump_at.cancel()
            self._pump_at = None

    def _pump(self) -> None:
        self._forget_time()
        if self._busy or not self._waiting:
            return
        batch, self._waiting = self._waiting, []
        self._busy = True
        work = partial(_commit_together, [write for write, _ in batch], self.epoch)
        hop = _hop(self._writer, work)
        hop.add_done_callback(partial(self._deliver, [future for _, future in batch]))

    def _deliver(
        self, waiters: list[asyncio.Future[Any]], hop: asyncio.Future[list[_Outcome]]
    ) -> None:
        self._busy = False
        problem = None if hop.cancelled() else hop.exception()
        outcomes = [_Outcome(error=problem)] * len(waiters) if problem else hop.result()
        for waiter, outcome in zip(waiters, outcomes, strict=True):
            if waiter.done():
                continue
            if outcome.error is None:
                waiter.set_result(outcome.value)
            else:
                waiter.set_exception(outcome.error)
        if self._waiting:
            self._pump_soon()
        else:
            self._idle.set()

    async def checkpoint(self) -> None:
        """Move the write-ahead log into the file where it has grown, between bursts of commits."""
        try:
            size = self._log.stat().st_size
        except OSError:
            return
        if size >= _CHECKPOINT_BYTES and not self._closed:
            await _hop(self._writer, partial(_checkpoint, size))

    async def close(self) -> None:
        """Let what waits be committed, then close the file and give up the lock."""
        if self._closed:
            return
        self._closed = True
        self._pump()
        await self._idle.wait()
        await self._reader.close()
        await self._writer.close()
        os.close(self._lock)


def _in_one_state(query: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
    """Read with several statements what belongs to one commit."""
    connection.execute("BEGIN")
    try:
        return query(connection)
    finally:
        connection.execute("ROLLBACK")


def _checkpoint(size: int, connection: sqlite3.Connection) -> None:
    """Copy what can be copied, without waiting for who reads: all that is written would wait too.

    A program that copies the database may hold what it reads for minutes.
    """
    mode = "TRUNCATE" if size > WAL_BYTES_MAX else "PASSIVE"
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_S * 1000:.0f}")


class _Outcome:
    """What one transaction of a group came to."""

    __slots__ = ("error", "value")

    def __init__(self, value: Any = None, error: BaseException | None = None) -> None:
        self.value = value
        self.error = error


def _commit_together(
    writes: list[Write], epoch: int, connection: sqlite3.Connection
) -> list[_Outcome]:
    """Run transactions as one commit; a defect in one is rolled back without the others."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        _check_epoch(connection, epoch)
        alone = len(writes) == 1
        outcomes = [_run_one(connection, write, alone) for write in writes]
        if connection.in_transaction:
            connection.execute("COMMIT")
        return outcomes
    except (sqlite3.Error, StoreUnavailable) as problem:
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if isinstance(problem, StoreUnavailable):
            raise
        raise StoreUnavailable(_in_words(problem)) from None


def _run_one(connection: sqlite3.Connection, write: Write, alone: bool) -> _Outcome:
    if not alone:
        connection.execute("SAVEPOINT one")
    try:
        outcome = _Outcome(write(connection))
    except sqlite3.Error as problem:
        if not _is_its_own(problem):
            raise
        outcome = _Outcome(error=problem)
    except Exception as problem:  # noqa: BLE001 - handed to the one who asked for it
        outcome = _Outcome(error=problem)
    if outcome.error is not None:
        connection.execute("ROLLBACK" if alone else "ROLLBACK TO one")
    if not alone:
        connection.execute("RELEASE one")
    return outcome


def _is_its_own(problem: sqlite3.Error) -> bool:
    """Tell whether an error is the fault of one transaction alone."""
    code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
    return (code & 0xFF) in _ITS_OWN_FAULT


def _check_epoch(connection: sqlite3.Connection, epoch: int) -> None:
    row = connection.execute("SELECT epoch FROM engine WHERE one = 1").fetchone()
    if row is None or row[0] != epoch:
        raise Fenced("another engine has taken over this database; this one stops")


def _in_words(problem: sqlite3.Error) -> str:
    text = str(problem)
    if "full" in text:
        return "the disk is full: nothing was stored; free some space"
    if "locked" in text or "busy" in text:
        return "another program holds the database: nothing was stored; try again"
    return f"the database cannot be written ({text}): nothing was stored"


async def open_database(path: Path, now: Instant) -> Database:
    """Open (or make) a database file, alone: take its lock, migrate it, start a new epoch.

    Raises StoreLocked, StoreTooNew, StoreDamaged or StoreUnusable. The file and its companions are
    readable by their owner only.
    """
    lock = take_lock(path)
    try:
        make_private(path)
        await _look_over(path)
        writer = await _connect(path)
        try:
            epoch = await _prepare(writer, path, now)
            reader = await _connect(path, "ro")
        except BaseException:
            await writer.close()
            raise
    except sqlite3.DatabaseError as problem:
        os.close(lock)
        raise _unusable(path, problem) from None
    except BaseException:
        os.close(lock)
        raise
    return Database(path, lock, epoch, writer, reader)


def _unusable(path: Path, problem: sqlite3.DatabaseError) -> StoreUnusable:
    if not isinstance(problem, sqlite3.OperationalError):
        return StoreDamaged(f"{path} cannot be used as a database: {problem}")
    if "locked" in str(problem) or "busy" in str(problem):
        return StoreLocked(f"another program holds {path}; end it, then start again")
    if "full" in str(problem) or not has_room(path):
        return StoreUnusable(f"the disk of {path} is full; free some space, then start again")
    return StoreUnusable(f"{path} cannot be opened ({problem}); nothing was changed")


async def _connect(path: Path, mode: str = "rw") -> aiosqlite.Connection:
    """Open a connection; its mode is written as in SQLite's addresses of files."""
    uri = f"file:{quote(str(path))}?mode={mode}"
    connection = aiosqlite.connect(
        uri, uri=True, isolation_level=None, cached_statements=256, timeout=_BUSY_S
    )
    connection._thread.daemon = True
    await connection
    if mode != "rw":
        await _hop(connection, _read_only)
    return connection


def _hop(
    connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], T]
) -> asyncio.Future[T]:
    """Run a function whole on the connection's thread."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    connection._tx.put_nowait((future, partial(work, connection._conn)))
    return future


def _read_only(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only = ON")


async def _look_over(path: Path) -> None:
    """Refuse what is no sound database of ours, before a connection is made that may write.

    One that may write closes the log of a damaged database into its file. Where no log is, the file
    is all there is, and none is made; a first start that was cut off left a journal to be undone.
    """
    log, journal = (path.with_name(path.name + end) for end in ("-wal", "-journal"))
    if journal.exists():
        mode = "rw"
    elif log.exists():
        mode = "ro"
    else:
        mode = "ro&immutable=1"
    reader = await _connect(path, mode)
    try:
        await _hop(reader, partial(inspect, path=path))
    finally:
        await reader.close()


async def _prepare(writer: aiosqlite.Connection, path: Path, now: Instant) -> int:
    def prepare(connection: sqlite3.Connection) -> int:
        migrate(connection, path, before_write=lambda: _pragmas(connection))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO engine (one, epoch, first_started_at) VALUES (1, 1, ?) "
            "ON CONFLICT (one) DO UPDATE SET epoch = epoch + 1",
            (now,),
        )
        epoch = connection.execute("SELECT epoch FROM engine WHERE one = 1").fetchone()[0]
        connection.execute("COMMIT")
        return int(epoch)

    return await _hop(writer, prepare)


def _pragmas(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma).fetchall()
