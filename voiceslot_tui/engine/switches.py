"""The operator's switches: pause and limit. They are durable before they are acknowledged.

A pause is in force from the moment it is wished: the board is told before the store, so that no
dial starts while the pause is being written. One that could not be written is insisted on until it
is: what is shown must outlive a restart. Switches thrown at once are thrown one after the
other: each writes all of them, and none may write what another has just changed.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import LIMIT_MAX, TEXT_CHARS_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.engine.board import Board
from voiceslot_tui.ports import Clock, Control, Store


class PausesWished:
    """The pauses that are wished and not yet written: no resume from before them lifts them.

    True while there is one; entered for as long as one is being written.
    """

    def __init__(self) -> None:
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def __enter__(self) -> None:
        self._count += 1

    def __exit__(self, *_: object) -> None:
        self._count -= 1


class Switches:
    """Pauses, resumes and limits the engine."""

    def __init__(self, store: Store, board: Board, clock: Clock, configured_limit: int) -> None:
        self._store = store
        self._board = board
        self._clock = clock
        self._configured = configured_limit
        self._one_at_a_time = asyncio.Lock()
        self._pauses_wished = PausesWished()
        self._last_pause = ("", "")

    @property
    def control(self) -> Control:
        """Give the switches as they stand."""
        return self._board.control

    async def restore(self) -> None:
        """Take up the switches as they were left; a limit newly set in the settings wins."""
        control = await self._store.control()
        too_low = control.limit is not None and control.limit <= self._board.reserve
        if control.limit_configured != self._configured or too_low:
            control = replace(control, limit=None, limit_by="")
        self._board.control = control
        self._board.paused = control.paused
        self._board.ceiling = self._board.ceiling.set_to(control.limit or self._configured)

    async def pause(self, *, by: str, why: str = "") -> Done:
        """Start no more calls; durable when it returns."""
        self._board.paused = True
        why = clean(why, TEXT_CHARS_MAX)
        self._last_pause = (by, why)
        with self._pauses_wished:
            async with self._one_at_a_time:
                return await self._pause(by, why)

    async def insist(self) -> None:
        """Write down a pause that is in force and could not be written when it was wished."""
        board = self._board
        if board.paused and not board.control.paused and not self._pauses_wished:
            by, why = self._last_pause
            await self.pause(by=by, why=why)

    async def _pause(self, by: str, why: str) -> Done:
        was_paused = self._board.control.paused
        now = self._clock.now()
        control = replace(
            self._board.control, paused=True, paused_by=by, paused_why=why, paused_at=now
        )
        await self._write(control, "paused", why, by)
        undo = () if was_paused else (Undo(paused=False),)
        return Done(message="paused: no call starts; calls under way go on", undo=undo)

    async def resume(self, *, by: str) -> Done:
        """Dial again; durable before the first dial."""
        async with self._one_at_a_time:
            was_paused = self._board.control.paused
            control = replace(
                self._board.control, paused=False, paused_by="", paused_why="", paused_at=None
            )
            await self._write(control, "resumed", "", by)
            self._board.paused = bool(self._pauses_wished)
        self._board.bells.dispatch.set()
        undo = (Undo(paused=True),) if was_paused else ()
        return Done(message="resumed" if was_paused else "it was not paused", undo=undo)

    async def set_limit(self, limit: int, *, by: str) -> Done:
        """Set how many calls may be live at once; calls above it drain by themselves."""
        if not 1 <= limit <= LIMIT_MAX:
            raise BadInput(f"the limit is a number from 1 to {LIMIT_MAX:,}", field="limit")
        if limit <= self._board.reserve:
            kept = f"SLOT_RESERVE keeps {self._board.reserve} for others"
            raise BadInput(f"the limit must be above the reserve: {kept}", field="limit")
        async with self._one_at_a_time:
            before = self._board.ceiling.configured
            control = replace(
                self._board.control, limit=limit, limit_by=by, limit_configured=self._configured
            )
            self._board.ceiling = self._board.ceiling.set_to(min(limit, before))
            await self._write(control, "limit", f"{before} to {limit}", by)
            self._board.ceiling = self._board.ceiling.set_to(limit)
        self._board.bells.dispatch.set()
        undo = (Undo(limit=before),) if before != limit else ()
        return Done(message=f"the limit is {limit} (was {before})", undo=undo)

    async def change(self, kind: str, detail: str, *, by: str, **changes: Any) -> Control:
        """Write other switches; durable when it returns."""
        async with self._one_at_a_time:
            await self._write(replace(self._board.control, **changes), kind, detail, by)
            return self._board.control

    async def _write(self, control: Control, kind: str, detail: str, by: str) -> None:
        await self._store.set_control(control, kind, detail, self._clock.now(), by)
        self._board.control = control
        self._board.bells.change()
