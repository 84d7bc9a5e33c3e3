"""The rows a table holds: one screen, and at most one more screen's worth above and below it. Pure.

The cursor belongs to what a row is about, not to a place: when the order changes it goes along, and
to the nearest row where that has left the list. Row numbers are exact when the rows were reached
from either end of the list without a change in between, and otherwise marked as estimates.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum
from typing import Generic

from voiceslot_tui.console.widgets.row_source import RowT, Stretch
from voiceslot_tui.core.pages import RowKey


class Side(Enum):
    """Where rows are missing."""

    ABOVE = "above"
    BELOW = "below"


class RowWindow(Generic[RowT]):
    """A part of a long list, with a cursor and the first visible row as indexes into it.

    `before` and `after` are the keys from which more rows can be read; None where the list ends.
    `first` is the number, counted from 0, of the first row held; None where it is not known.
    """

    def __init__(self) -> None:
        self.rows: list[RowT] = []
        self.height = 1
        self.top = 0
        self.cursor = 0
        self.before: RowKey | None = None
        self.after: RowKey | None = None
        self.first: int | None = None
        self.exact = False
        self._unseen: set[int] = set()
        self._searched: set[Side] = set()

    @property
    def cursor_row(self) -> RowT | None:
        """Give the row under the cursor; None while there are no rows."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def visible(self) -> list[RowT]:
        """Give the rows on the screen."""
        return self.rows[self.top : self.top + self.height]

    @property
    def new_above(self) -> int:
        """Count the rows that came above the screen and were not on it yet.

        More may have come further up than rows are read; nobody counts those.
        """
        return len(self._unseen)

    @property
    def searching(self) -> bool:
        """Tell whether a filtered search stopped at its bound on either side."""
        return bool(self._searched)

    @property
    def is_whole(self) -> bool:
        """Tell whether all rows of the list are on the screen."""
        return self.before is None and self.after is None and len(self.rows) <= self.height

    def resize(self, height: int) -> None:
        """Show so many rows, keeping the cursor on the screen."""
        self.height = max(1, height)
        self._settle()

    def move(self, by: int, *, scroll: bool = False) -> int:
        """Move the cursor, with `scroll` the screen as well; give how far it has yet to go.

        What is left needs rows that are not held; at the end of the list nothing is left.
        """
        target = min(max(self.cursor + by, 0), max(0, len(self.rows) - 1))
        moved = target - self.cursor
        self.cursor = target
        if scroll:
            self.top += moved
        self._settle()
        rest = by - moved
        edge = self.after if rest > 0 else self.before
        return 0 if edge is None else rest

    def go_to(self, row_id: int) -> bool:
        """Put the cursor on a row that is held; tell whether it is."""
        index = self._index_of(row_id)
        if index is None:
            return False
        self.cursor = index
        self._settle()
        return True

    def wants(self, pending: int) -> Side | None:
        """Tell on which side rows should be read next, given how far the cursor has yet to go."""
        if pending:
            return Side.BELOW if pending > 0 else Side.ABOVE
        near = (self.height + 1) // 2
        below = len(self.rows) - self.top - self.height
        if below < near and self.after is not None and Side.BELOW not in self._searched:
            return Side.BELOW
        if self.top < near and self.before is not None and Side.ABOVE not in self._searched:
            return Side.ABOVE
        return None

    def start(self, below: Stretch[RowT]) -> None:
        """Show the first rows of the list."""
        self._hold((), None, below)
        self.cursor = self.top = 0
        self._unseen.clear()
        self._number(None, None)
        self._settle()

    def end(self, above: Stretch[RowT], total: int | None) -> None:
        """Show the last rows of a list of so many rows, where that is known."""
        self._hold(above.rows, above, Stretch((), None))
        self.cursor = max(0, len(self.rows) - 1)
        self.top = self.cursor
        self._number(None, total)
        self._settle()

    def around(
        self, above: Stretch[RowT], below: Stretch[RowT], row_id: int, total: int | None, line: int
    ) -> bool:
        """Show rows around one, on that line of the screen; tell whether it was found there."""
        self._hold(above.rows, above, below)
        index = self._index_of(row_id)
        self.cursor = min(len(above.rows), max(0, len(self.rows) - 1)) if index is None else index
        self.top = self.cursor - line
        self._unseen.clear()
        self._number(None, total)
        self._settle()
        return index is not None

    def extend(self, side: Side, more: Stretch[RowT], total: int | None) -> None:
        """Add rows that were read on one side, and let go of rows far away on the other."""
        if side is Side.BELOW:
            self.rows.extend(more.rows)
            self.after = more.go_on
        else:
            self.rows[:0] = more.rows
            self.before = more.go_on
            self.cursor += len(more.rows)
            self.top += len(more.rows)
            self.first = None if self.first is None else self.first - len(more.rows)
        self._searched.discard(side)
        if more.searched:
            self._searched.add(side)
        if not self.exact or self.before is None:
            self._number(self.first, total)
        self._settle()

    def renew(
        self, above: Stretch[RowT] | None, below: Stretch[RowT], anchor: int, total: int | None
    ) -> bool:
        """Take rows read anew around the row at index `anchor`; without `above`, from the start.

        Tell whether the cursor's own is among them. If not, the cursor is on the nearest row.
        """
        held = {row.id for row in self.rows}
        oldest = self.rows[0].key if self.rows and self.before is not None else None
        mark, line = self.cursor_row, self.cursor - self.top
        at_top = above is None and self.top == 0
        guess = (
            None
            if self.first is None or above is None
            else (max(1, self.first + anchor - len(above.rows)))
        )
        self._hold(above.rows if above else (), above, below)
        found = self._index_of(mark.id) if mark else 0
        self.cursor = self._nearest(mark) if found is None else found
        self.top = 0 if at_top and self.cursor < self.height else self.cursor - line
        self._number(guess, total)
        self._unseen |= {
            row.id
            for row in self.rows[: max(0, self.top)]
            if row.id not in held and (oldest is None or row.key > oldest)
        }
        self._settle()
        return found is not None

    def recount(self, total: int | None) -> None:
        """Correct the row numbers where they were counted from the list's end."""
        if self.rows and self.before is not None and self.after is None:
            self._number(self.first, total)

    def _hold(
        self, above_rows: tuple[RowT, ...], above: Stretch[RowT] | None, below: Stretch[RowT]
    ) -> None:
        self.rows = [*above_rows, *below.rows]
        self.before = above.go_on if above else None
        self.after = below.go_on
        self._searched = {
            side
            for side, stretch in ((Side.ABOVE, above), (Side.BELOW, below))
            if stretch is not None and stretch.searched
        }

    def _number(self, guess: int | None, total: int | None) -> None:
        self.exact = True
        if self.before is None:
            self.first = 0
        elif self.after is None and total is not None and total >= len(self.rows):
            self.first = total - len(self.rows)
        else:
            self.first, self.exact = guess, False

    def _index_of(self, row_id: int) -> int | None:
        for index, row in enumerate(self.rows):
            if row.id == row_id:
                return index
        return None

    def _nearest(self, gone: RowT | None) -> int:
        if gone is None or not self.rows:
            return 0
        following = bisect_left(self.rows, gone.key, key=lambda row: row.key)
        return min(following, len(self.rows) - 1)

    def _settle(self) -> None:
        """Keep the cursor on the screen, the screen on the rows, and no more rows than allowed."""
        self.cursor = min(max(self.cursor, 0), max(0, len(self.rows) - 1))
        self.top = min(max(self.top, 0, self.cursor - self.height + 1), self.cursor)
        if self.after is None or len(self.rows) - self.top < self.height:
            self.top = min(self.top, max(0, len(self.rows) - self.height))
        self._let_go()
        self._forget_seen()

    def _let_go(self) -> None:
        last = self.top + 2 * self.height
        if len(self.rows) > last:
            del self.rows[last:]
            self.after = self.rows[-1].key
            self._searched.discard(Side.BELOW)
        surplus = self.top - self.height
        if surplus > 0:
            del self.rows[:surplus]
            self.before = self.rows[0].key
            self._searched.discard(Side.ABOVE)
            self.top -= surplus
            self.cursor -= surplus
            self.first = None if self.first is None else self.first + surplus

    def _forget_seen(self) -> None:
        if self._unseen:
            self._unseen -= {row.id for row in self.visible}
            if self.before is None:
                self._unseen &= {row.id for row in self.rows[: self.top]}
