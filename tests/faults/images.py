"""Images of a database at one moment: what would be on the disk if the power went away then.

The engine is suspended while its files are copied, so that an image is of one moment. All that was
acknowledged before is in a whole image; one whose log is cut or torn holds less, but never other.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from tests.e2e.judge import sound
from tests.e2e.rig import Rig, number
from tests.faults.wal import Log, read_log
from voiceslot_tui.core.calls import CallState, Instant
from voiceslot_tui.store.sqlite import open_store

NAME = "voiceslot.db"


@dataclass(frozen=True, slots=True)
class Image:
    """One moment: the files, and what was known outside by then."""

    file: bytes
    wal: bytes
    log: Log
    acknowledged: frozenset[str]
    dialled: frozenset[str]

    def lay(self, folder: Path, wal: bytes | None = None) -> Path:
        """Write the image into a folder, with its own log or another; give the database."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / NAME
        path.write_bytes(self.file)
        path.with_name(f"{NAME}-wal").write_bytes(self.wal if wal is None else wal)
        path.with_name(f"{NAME}-shm").unlink(missing_ok=True)
        return path


class Producer:
    """Orders a call for one person after the other, and remembers who was promised one."""

    def __init__(self, made: Rig, people: int) -> None:
        self.acknowledged: list[str] = []
        self._made = made
        self._people = [number(index) for index in range(people)]
        self._done = Event()

    @contextmanager
    def ordering(self) -> Iterator[None]:
        """Order in the background while the block runs; every order until it is acknowledged."""
        thread = Thread(target=self._order)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join(30)

    @property
    def finished(self) -> bool:
        """Tell whether everybody was promised a call."""
        return len(self.acknowledged) == len(self._people)

    def _order(self) -> None:
        for person in self._people:
            while not self._done.is_set():
                try:
                    self._made.enqueue(person, key=person)
                except (OSError, ValueError):
                    self._done.wait(0.05)
                else:
                    self.acknowledged.append(person)
                    break


@contextmanager
def suspended(made: Rig) -> Iterator[None]:
    """Keep the engine suspended while the block runs, if it lives that long."""
    assert made.engine is not None
    made.engine.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, made.engine.pid, os.WSTOPPED | os.WNOWAIT)
    try:
        yield
    finally:
        if made.engine is not None:
            made.engine.send_signal(signal.SIGCONT)


def take(made: Rig, producer: Producer) -> Image:
    """Take an image of an engine that is suspended."""
    path = made.data_dir / NAME
    wal = path.with_name(f"{NAME}-wal").read_bytes()
    index = path.with_name(f"{NAME}-shm").read_bytes()
    return Image(
        path.read_bytes(),
        wal,
        read_log(wal, index),
        frozenset(producer.acknowledged),
        frozenset(dial["attempt_id"] for dial in made.simulator.dials()),
    )


def open_with_our_store(path: Path) -> None:
    """Open an image as an engine would; what the store counts is what lies there."""

    async def opened() -> None:
        store = await open_store(path, Instant(1_800_000_000_000))
        counts = await store.counts()
        await store.close()
        states = sound(path)
        assert {state: n for state, n in counts.states.items() if n} == dict(states)
        assert set(states) <= set(CallState)

    asyncio.run(opened())


def people(path: Path) -> list[str]:
    """Give the numbers of all calls in the order in which they were taken."""
    with closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT to_number FROM call ORDER BY id")]


def attempts(path: Path) -> set[str]:
    """Give the ids of all attempts."""
    with closing(sqlite3.connect(path)) as db:
        return {row[0] for row in db.execute("SELECT id FROM attempt")}


def journal(path: Path) -> list[tuple[object, ...]]:
    """Give all that was ever written down, in order."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT * FROM journal ORDER BY seq").fetchall()
