"""All consoles of an engine together: pushes on change, signs of life, the farewell.

The snapshot is built and written down once for all who listen, at most every SNAPSHOT_EVERY_S, and
only when something other than its times changed: an idle engine with an idle console sends a beat a
second and nothing else. No console can hold up the engine or another console.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from voiceslot_tui import logs
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.limits import (
    LINK_ASK_TIMEOUT_S,
    LINK_BEAT_S,
    LINK_BLIND_AFTER_S,
    LINK_CLIENTS_MAX,
    LINK_FAREWELL_S,
    LINK_LINE_BYTES_MAX,
    LINK_LINES_MAX,
    SNAPSHOT_EVERY_S,
)
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.link.server import answers
from voiceslot_tui.link.server.attached import Attached
from voiceslot_tui.link.server.socket_file import SocketFile
from voiceslot_tui.ports import Clock
from voiceslot_tui.wire import control

if TYPE_CHECKING:
    from voiceslot_tui.engine.engine import Engine


class LinkServer:
    """The Unix socket of one engine.

    `open` makes the socket and raises Rejected where it cannot; `run` serves until it is cancelled,
    then says goodbye and removes the socket. `group` names the group that may attach too.
    """

    def __init__(
        self, engine: Engine, path: Path, *, clock: Clock, version: str, group: str = ""
    ) -> None:
        self.version = version
        self.pid = os.getpid()
        self._engine = engine
        self._path = path
        self._group_name = group
        self._clock = clock
        self._consoles: set[Attached] = set()
        self._empty = asyncio.Event()
        self._due = asyncio.Event()
        self._due_timer: asyncio.TimerHandle | None = None
        self._pushed_at = float("-inf")
        self._blind_since: float | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._file: SocketFile | None = None

    def open(self) -> None:
        """Make the socket: from now on consoles may knock. Raise Rejected where it cannot be."""
        self._file = SocketFile(self._path, self._group_name)

    def close(self) -> None:
        """Remove the socket. `run` does so itself; this is for who opened and never came to run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    async def run(self) -> None:
        """Serve until cancelled. Opens the socket where nobody has."""
        if self._file is None:
            self.open()
        assert self._file is not None
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(
            lambda: Attached(self), sock=self._file.listening, start_serving=False
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                tasks.create_task(self._watch_engine())
                tasks.create_task(self._push_changes())
                tasks.create_task(self._beat())
                await server.start_serving()
        finally:
            self._tasks = None
            server.close()
            await self._say_goodbye()
            self.close()

    # --- what a console's link tells

    def came(self, console: Attached) -> str:
        """Take a console in, unless there are too many."""
        if len(self._consoles) >= LINK_CLIENTS_MAX:
            return f"{LINK_CLIENTS_MAX} consoles are attached already; close one of them"
        self._consoles.add(console)
        return ""

    def greeted(self, console: Attached) -> None:
        """Count a console that watches, and show it the state of things."""
        self._count_watching()
        if console.watches:
            self._push_soon()

    def asked(self, console: Attached, ask: control.Ask) -> None:
        """Work on a wish in a task of its own."""
        if self._tasks is not None:
            self._tasks.create_task(self._answer(console, ask))

    def reads_again(self, console: Attached) -> None:
        """Show a console that had stopped reading what it missed."""
        if console.watches:
            self._push_soon()

    def left(self, console: Attached) -> None:
        """Forget a console."""
        self._consoles.discard(console)
        self._count_watching()
        if not self._consoles:
            self._empty.set()

    # --- what runs

    async def _answer(self, console: Attached, ask: control.Ask) -> None:
        """Answer in time. What is not done by then goes on: half of it may be stored already."""
        is_late = False

        def time_is_up() -> None:
            nonlocal is_late
            is_late = True
            console.answered(answers.too_late(ask))

        alarm = asyncio.get_running_loop().call_later(LINK_ASK_TIMEOUT_S, time_is_up)
        try:
            answer = await answers.answer(self._engine, ask, console.operator)
        finally:
            alarm.cancel()
        if not is_late:
            console.answered(answer)

    async def _watch_engine(self) -> None:
        # A time-out is a reason to look as well: some of what is shown changes by itself with time.
        while True:
            await self._engine.changed(LINK_BEAT_S)
            self._push_soon()

    async def _push_changes(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            self._pushed_at = asyncio.get_running_loop().time()
            if any(console.listens for console in self._consoles):
                await self._push_once()

    async def _push_once(self) -> None:
        try:
            async with asyncio.timeout(LINK_ASK_TIMEOUT_S):
                await self._push(await self._engine.snapshot())
            self._blind_since = None
        except (VoiceslotError, TimeoutError):
            # The store does not answer now. The beat says so; the next look tries again.
            self._note_blind()
        except Exception as defect:  # noqa: BLE001 - a picture not drawn must not end the engine
            logs.error(logs.Event.LINK_FAILED, {logs.Field.KIND: "push"}, defect)
            self._note_blind()

    def _note_blind(self) -> None:
        if self._blind_since is None:
            self._blind_since = asyncio.get_running_loop().time()

    async def _push(self, snapshot: Snapshot) -> None:
        look = without_times(snapshot)
        lines: dict[int | None, tuple[bytes, int]] = {}
        for console in tuple(self._consoles):
            if not console.listens or console.shown == look:
                continue
            seen = console.journal_seq
            if seen not in lines:
                lines[seen] = await self._push_line(snapshot, seen)
            raw, newest = lines[seen]
            console.push(raw, look, newest)

    async def _push_line(self, snapshot: Snapshot, seen: int | None) -> tuple[bytes, int]:
        """Write a push for all who have seen the journal up to a line; give the newest line's."""
        if seen is None:
            return control.line(control.Pushed(snapshot)), snapshot.event_seq
        start = max(seen, snapshot.event_seq - LINK_LINES_MAX)
        entries = await self._engine.journal_since(start, LINK_LINES_MAX)
        newest = max(snapshot.event_seq, *(entry.seq for entry in entries), seen)
        raw = control.line(control.Pushed(snapshot, entries, start - seen))
        if len(raw) > LINK_LINE_BYTES_MAX:
            raw = control.line(control.Pushed(snapshot, (), newest - seen))
        return raw, newest

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            tick = asyncio.Event()
            loop.call_later(LINK_BEAT_S, tick.set)
            await tick.wait()
            now = self._clock.now()
            since = self._blind_since
            blind_s = 0.0 if since is None else loop.time() - since
            blind_s = blind_s if blind_s >= LINK_BLIND_AFTER_S else 0.0
            for console in tuple(self._consoles):
                console.beat(now, blind_s)

    async def _say_goodbye(self) -> None:
        if not self._consoles:
            return
        self._empty.clear()
        for console in tuple(self._consoles):
            console.dismiss("stopping", "the engine has stopped")
        try:
            async with asyncio.timeout(LINK_FAREWELL_S):
                await self._empty.wait()
        except TimeoutError:
            _cut(self._consoles)

    def _push_soon(self) -> None:
        """Push now, or as soon as the last push is long enough ago."""
        if self._due_timer is not None or self._due.is_set():
            return
        loop = asyncio.get_running_loop()
        self._due_timer = loop.call_at(self._pushed_at + SNAPSHOT_EVERY_S, self._push_now)

    def _push_now(self) -> None:
        self._due_timer = None
        self._due.set()

    def _count_watching(self) -> None:
        count = sum(console.watches for console in self._consoles)
        if count != self._engine.consoles:
            self._engine.consoles = count
            self._push_soon()


def without_times(snapshot: Snapshot) -> Snapshot:
    """Give what a snapshot looks like once everything is left out that only says how late it is."""
    age_s = None if snapshot.slots.reading_age_s is None else 0.0
    return replace(
        snapshot,
        at=Instant(0),
        slots=replace(snapshot.slots, reading_age_s=age_s),
        services=tuple(replace(service, last_step_at=None) for service in snapshot.services),
    )


def _cut(consoles: Iterable[Attached]) -> None:
    for console in tuple(consoles):
        console.cut()
