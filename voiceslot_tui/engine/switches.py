"""The operator's switches: pause and limit. They are durable before they are acknowledged.

A pause is in force from the moment it is wished: the board is told before the store, so that no
dial starts while the pause is being written. One that could not be written is insisted on until it
is: what is shown must outlive a restart. Switches thrown at once are thrown one after the
other: each writes all of them, and none may write what another has just changed.

Each setting of a switch has a moment of its own. Whoever takes one back names it, and is refused
where somebody has set the switch since: what the other was told still holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import BadInput, Rejected
from voiceslot_tui.core.limits import LIMIT_MAX, TEXT_CHARS_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.engine.board import Board
from voiceslot_tui.ports import Clock, Control, Store

BY_SETTINGS: Final = "settings"
"""Who has changed a switch, where a start with other settings did."""
_SAME_MOMENT_MS: Final = 1000
"""A clock that is further behind than this was set back, and is believed."""


@dataclass(frozen=True, slots=True)
class Wished:
    """A pause as it was wished: whether or not it is written, it is in force from then on."""

    by: str = ""
    why: str = ""
    at: Instant | None = None

    def goes_on(self, by: str, stands: bool) -> Instant | None:
        """Give the moment of this pause where, while it stands, the same operator pauses again."""
        return self.at if stands and by == self.by else None


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
        self._last_pause = Wished()
        self._newest = Instant(0)

    @property
    def control(self) -> Control:
        """Give the switches as they stand."""
        return self._board.control

    async def restore(self) -> None:
        """Take up the switches as they were left; a limit newly set in the settings wins.

        What it overrules does not come back with a former setting.
        """
        control = self._board.control = await self._store.control()
        self._last_pause = Wished(control.paused_by, control.paused_why, control.paused_at)
        known = (control.paused_at, control.limit_at, control.follow_ups_paused_at)
        self._newest = max((at for at in known if at is not None), default=self._newest)
        self._board.paused = control.paused
        if control.limit is not None and self._is_overruled(control.limit):
            change = f"{control.limit} to {self._configured}"
            control = await self.change(
                "limit", change, by=BY_SETTINGS, limit=None, limit_by="", limit_at=None
            )
        self._board.ceiling = self._board.ceiling.set_to(control.limit or self._configured)

    def _is_overruled(self, limit: int) -> bool:
        """Tell whether the settings have changed since an operator set the limit, or forbid it."""
        is_changed = self._board.control.limit_configured != self._configured
        return is_changed or limit <= self._board.reserve

    async def pause(self, *, by: str, why: str = "") -> Done:
        """Start no more calls; durable when it returns."""
        stands, self._board.paused = self._board.paused, True
        at = self._last_pause.goes_on(by, stands) or self.moment()
        wished = self._last_pause = Wished(by, clean(why, TEXT_CHARS_MAX), at)
        with self._pauses_wished:
            async with self._one_at_a_time:
                return await self._pause(wished)

    async def insist(self) -> None:
        """Write down a pause that is in force and could not be written when it was wished."""
        board = self._board
        if board.paused and not board.control.paused and not self._pauses_wished:
            await self.pause(by=self._last_pause.by, why=self._last_pause.why)

    async def _pause(self, wished: Wished) -> Done:
        was_paused = self._board.control.paused
        control = replace(
            self._board.control,
            paused=True,
            paused_by=wished.by,
            paused_why=wished.why,
            paused_at=wished.at,
        )
        await self._write(control, "paused", wished.why, wished.by)
        undo = () if was_paused else (Undo(paused=False, set_at=wished.at),)
        return Done(message="paused: no call starts; calls under way go on", undo=undo)

    async def resume(self, *, by: str, back: Undo | None = None) -> Done:
        """Dial again; durable before the first dial.

        With `back` it takes a pause back; raise Rejected where that pause stands no more.
        """
        async with self._one_at_a_time:
            check_pause(back, self._board.paused, self._last_pause)
            was_paused = self._board.control.paused
            control = replace(
                self._board.control, paused=False, paused_by="", paused_why="", paused_at=None
            )
            await self._write(control, "resumed", "", by)
            self._board.paused = bool(self._pauses_wished)
        self._board.bells.dispatch.set()
        undo = (Undo(paused=True),) if was_paused else ()
        return Done(message="resumed" if was_paused else "it was not paused", undo=undo)

    async def set_limit(self, limit: int, *, by: str, back: Undo | None = None) -> Done:
        """Set how many calls may be live at once; calls above it drain by themselves.

        With `back` it takes a limit back; raise Rejected where that limit stands no more.
        """
        if not 1 <= limit <= LIMIT_MAX:
            raise BadInput(f"the limit is a number from 1 to {LIMIT_MAX:,}", field="limit")
        if limit <= self._board.reserve:
            kept = f"SLOT_RESERVE keeps {self._board.reserve} for others"
            raise BadInput(f"the limit must be above the reserve: {kept}", field="limit")
        async with self._one_at_a_time:
            self._check_limit(back)
            before, former = self._board.ceiling.configured, self._board.control
            is_again = (limit, by) == (before, former.limit_by)
            at = (former.limit_at if is_again else back and back.former_at) or self.moment()
            control = replace(
                former, limit=limit, limit_by=by, limit_at=at, limit_configured=self._configured
            )
            self._board.ceiling = self._board.ceiling.set_to(min(limit, before))
            await self._write(control, "limit", f"{before} to {limit}", by)
            self._board.ceiling = self._board.ceiling.set_to(limit)
        self._board.bells.dispatch.set()
        former_at = former.limit_at if former.limit_by == by else None
        undo = (Undo(limit=before, set_at=at, former_at=former_at),) if before != limit else ()
        return Done(message=f"the limit is {limit} (was {before})", undo=undo)

    def _check_limit(self, back: Undo | None) -> None:
        control = self._board.control
        if back is None or back.set_at in (None, control.limit_at):
            return
        who = "a start with other settings" if control.limit is None else control.limit_by
        what = f"has set the limit to {self._board.ceiling.configured} since"
        raise Rejected(f"{who} {what}; set it yourself if you mean it")

    def moment(self) -> Instant:
        """Give the moment for a setting of a switch: no two have the same."""
        now = self._clock.now()
        if 0 <= self._newest - now < _SAME_MOMENT_MS:
            now = Instant(self._newest + 1)
        self._newest = now
        return now

    async def change(
        self,
        kind: str,
        detail: str,
        *,
        by: str,
        check: Callable[[], None] = lambda: None,
        **changes: Any,
    ) -> Control:
        """Write other switches, unless the check raises; durable when it returns."""
        async with self._one_at_a_time:
            check()
            await self._write(replace(self._board.control, **changes), kind, detail, by)
            return self._board.control

    async def _write(self, control: Control, kind: str, detail: str, by: str) -> None:
        await self._store.set_control(control, kind, detail, self._clock.now(), by)
        self._board.control = control
        self._board.bells.change()


def check_pause(back: Undo | None, is_paused: bool, last: Wished, what: str = "") -> None:
    """Raise Rejected, saying who did what since, where a pause to be taken back stands no more."""
    if back is None or back.set_at is None or (is_paused and back.set_at == last.at):
        return
    if not is_paused:
        raise Rejected(f"{what}somebody has resumed since; there is nothing to take back")
    raise Rejected(f"{what}{last.by} has paused since; resume yourself if you mean it")
