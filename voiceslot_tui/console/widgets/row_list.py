"""The list behind a table: which rows are held, where the cursor is sent, what is read next.

It knows no screen. Moving is immediate where the rows are held; otherwise it is remembered and
carried out by `read_next`, which the table calls as long as `wants_reading`. What was asked before
the operator changed the list or jumped elsewhere is thrown away when it arrives.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final, Generic

from voiceslot_tui.console.widgets.row_source import (
    Reach,
    RowSource,
    RowsUnavailable,
    RowT,
    Stretch,
    read_stretch,
)
from voiceslot_tui.console.widgets.row_window import RowWindow, Side
from voiceslot_tui.core.limits import PAGE_ROWS_MAX
from voiceslot_tui.core.pages import RowKey
from voiceslot_tui.core.text import CleanText, clean

READ_TIMEOUT_S: Final = 10.0
"""How long one reading may take before the table says that it failed."""

STRAYED_FOR_S: Final = 1.0
"""For how long the cursor counts as strayed once its own row has left the list by itself."""

Locate = Callable[[int], Awaitable[RowKey | None]]
"""Where a row stands in the list shown, or None where it left it. Raises RowsUnavailable."""


class End(Enum):
    """Ends of the list that the cursor can be sent to."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Target:
    """A row that the cursor is sent to; without a key it has to be located first."""

    row_id: int
    key: RowKey | None = None


class RowList(Generic[RowT]):
    """Rows of one list, with what has yet to be read.

    `failure` is why the last reading failed; None once one succeeded.
    """

    def __init__(
        self,
        source: RowSource[RowT],
        locate: Locate | None = None,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window: RowWindow[RowT] = RowWindow()
        self.total: int | None = None
        self.failure: CleanText | None = None
        self.loaded = False
        self._source = source
        self._locate = locate
        self._goal: End | Target | None = End.START
        self._stale = False
        self._pending = 0
        self._scroll = False
        self._blocked = False
        self._epoch = 0
        self._steady_s = steady_s
        self._looked_for: int | None = None
        self._heir: int | None = None
        self._strayed_from: int | None = None
        self._strayed_at_s = -math.inf
        self._let_go: frozenset[int] = frozenset()
        self._let_go_at_s = -math.inf

    @property
    def strayed(self) -> bool:
        """Tell whether the cursor is on a row that it came to by itself, just now.

        A key pressed then was meant for the row that left. Any move of the operator ends it.
        """
        if self._looked_for is not None:
            return not self._is_inherited(self._looked_for)
        return self._just_now(self._strayed_at_s)

    def let_go(self, ids: Collection[int]) -> None:
        """Take it that these rows leave, or just left, by what the operator did to them.

        Who sent them away expects the next row under the cursor: there it has not strayed.
        """
        self._let_go, self._let_go_at_s = frozenset(ids), self._steady_s()
        if self._strayed_from is not None and self._is_inherited(self._strayed_from):
            self._strayed_at_s = -math.inf

    @property
    def can_locate(self) -> bool:
        """Tell whether a row can be found by its id alone."""
        return self._locate is not None

    @property
    def wants_reading(self) -> bool:
        """Tell whether `read_next` has something to do; after a failure it waits to be asked."""
        if self._blocked:
            return False
        return self._goal is not None or self._stale or self._side() is not None

    def show(self, source: RowSource[RowT]) -> None:
        """Show another list, from its first row."""
        height = self.window.height
        self.window = RowWindow()
        self.window.resize(height)
        self._source = source
        self.total, self.failure, self.loaded = None, None, False
        self._put_by_operator()
        self._send_to(End.START)

    def restart(self) -> None:
        """Read the list anew from its first row and put the cursor there."""
        self._send_to(End.START)

    def renew(self) -> None:
        """Read the rows held anew; try again where reading failed."""
        self._stale = True
        self._blocked = False

    def move(self, by: int, *, scroll: bool = False) -> None:
        """Move the cursor now, as far as rows are held, and the rest when they are."""
        self._blocked = False
        self._put_by_operator()
        self._pending += by
        self._scroll = scroll
        if self._goal is None:
            self._pending = self.window.move(self._pending, scroll=scroll)

    def go(self, goal: End | Target) -> None:
        """Send the cursor to an end of the list or to a row; now, where its rows are held."""
        self._put_by_operator()
        if not self._go_now(goal):
            self._send_to(goal)

    async def read_next(self) -> None:
        """Read once: what the cursor was sent to, else what is stale, else what comes next."""
        epoch = self._epoch
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                await self._read(epoch)
        except (RowsUnavailable, TimeoutError) as problem:
            if epoch == self._epoch:
                self._blocked = True
                self.failure = clean(str(problem) or "no answer in time")
        else:
            self.failure = None

    def _go_now(self, goal: End | Target) -> bool:
        window = self.window
        if not self.loaded:
            return False
        if isinstance(goal, Target):
            held = window.go_to(goal.row_id)
        else:
            edge = window.before if goal is End.START else window.after
            held = edge is None
            if held:
                window.move(-len(window.rows) if goal is End.START else len(window.rows))
        if held:
            self._epoch += self._goal is not None
            self._goal, self._pending = None, 0
        return held

    def _send_to(self, goal: End | Target) -> None:
        self._epoch += 1
        self._goal, self._pending, self._blocked = goal, 0, False

    def _side(self) -> Side | None:
        return self.window.wants(self._pending) if self.loaded else None

    async def _read(self, epoch: int) -> None:
        if self._goal is not None:
            await self._read_goal(self._goal, epoch)
        elif self._stale:
            self._stale = False
            await self._read_anew(epoch)
        elif (side := self._side()) is not None:
            await self._read_on(side, epoch)

    async def _read_goal(self, goal: End | Target, epoch: int) -> None:
        high = self.window.height
        if isinstance(goal, Target):
            key = goal.key or (await self._locate(goal.row_id) if self._locate else None)
            if key is not None:
                await self._read_around(key, goal.row_id, high // 2, epoch)
        elif goal is End.START:
            first = await self._stretch(None, 2 * high)
            if epoch == self._epoch:
                self.window.start(first)
        else:
            last = await self._stretch(None, 2 * high, backwards=True)
            if epoch == self._epoch:
                self.window.end(last, self.total)
        if epoch == self._epoch:
            self._goal, self._stale, self.loaded = None, False, True
            self._carry_on()

    async def _read_around(self, key: RowKey, row_id: int, line: int, epoch: int) -> None:
        high = self.window.height
        below = await self._stretch(key, 2 * high, inclusive=True)
        above = await self._stretch(key, high, backwards=True)
        if epoch == self._epoch:
            self.window.around(above, below, row_id, self.total, line)

    async def _read_anew(self, epoch: int) -> None:
        window = self.window
        anchor, held, high = window.top, len(window.rows), window.height
        above: Stretch[RowT] | None = None
        if not held or (anchor == 0 and window.before is None):
            below = await self._stretch(None, max(2 * high, held))
        else:
            key = window.rows[anchor].key
            below = await self._stretch(key, max(2 * high, held - anchor), inclusive=True)
            above = await self._stretch(key, high + anchor, backwards=True)
        if epoch != self._epoch:
            self._stale = True
            return
        mark, line = window.cursor_row, window.cursor - window.top
        heir = self._next_of_cursor()
        found = window.renew(above, below, anchor, self.total)
        if mark is not None and not found:
            self._heir = heir
            await self._look_for(mark, line, epoch)
        self._carry_on()

    async def _look_for(self, mark: RowT, line: int, epoch: int) -> None:
        """Put the cursor back on its row where that stands elsewhere now; else it has strayed."""
        self._looked_for = mark.id
        try:
            key_now = await self._locate(mark.id) if self._locate else None
            if key_now is not None and epoch == self._epoch:
                await self._read_around(key_now, mark.id, line, epoch)
        finally:
            row = self.window.cursor_row
            if self.strayed and (row is None or row.id != mark.id):
                self._strayed_from, self._strayed_at_s = mark.id, self._steady_s()
            self._looked_for = None

    def _put_by_operator(self) -> None:
        """Forget that the cursor strayed; a row that is still looked for is not gone back to."""
        self._epoch += self._looked_for is not None
        self._looked_for, self._strayed_at_s = None, -math.inf

    def _next_of_cursor(self) -> int | None:
        """Give the row that comes under the cursor where the operator sends its own away."""
        rows, cursor = self.window.rows, self.window.cursor
        following = chain(rows[cursor + 1 :], reversed(rows[:cursor]))
        return next((row.id for row in following if row.id not in self._let_go), None)

    def _is_inherited(self, left: int) -> bool:
        """Tell whether the row that left was just sent away, and the next one stands there now."""
        row = self.window.cursor_row
        let_go = left in self._let_go and self._just_now(self._let_go_at_s)
        return let_go and row is not None and row.id == self._heir

    def _just_now(self, at_s: float) -> bool:
        return self._steady_s() - at_s < STRAYED_FOR_S

    async def _read_on(self, side: Side, epoch: int) -> None:
        window = self.window
        key = window.after if side is Side.BELOW else window.before
        more = await self._stretch(key, window.height, backwards=side is Side.ABOVE)
        if epoch != self._epoch:
            return
        window.extend(side, more, self.total)
        self._carry_on()
        if more.searched:
            self._pending = 0

    async def _stretch(
        self, key: RowKey | None, count: int, *, backwards: bool = False, inclusive: bool = False
    ) -> Stretch[RowT]:
        reach = Reach(min(count, PAGE_ROWS_MAX), key, backwards, inclusive)
        return await read_stretch(self._source, reach)

    def _carry_on(self) -> None:
        if self._pending:
            self._pending = self.window.move(self._pending, scroll=self._scroll)
