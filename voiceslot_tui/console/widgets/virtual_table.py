"""A table over any number of rows that holds only its screen and one screen either side.

Moving within what is held never waits for reading: the next rows are read before the cursor gets
there. The cursor stays on what its row is about, whatever the order does. The widget binds no keys;
the console's one table of actions calls its `action_*` methods.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic

from textual import events
from textual.message import Message

from voiceslot_tui.console.widgets import table_lines
from voiceslot_tui.console.widgets.cells import Line, Tone, line
from voiceslot_tui.console.widgets.columns import Column, Placed, placed
from voiceslot_tui.console.widgets.line_widget import LineWidget
from voiceslot_tui.console.widgets.row_list import End, Locate, RowList, Target
from voiceslot_tui.console.widgets.row_source import Row, RowSource, RowT
from voiceslot_tui.console.widgets.table_lines import RenderRow, RowLook, TableState, TableWords
from voiceslot_tui.core.limits import MARKED_CALLS_MAX
from voiceslot_tui.core.pages import RowKey
from voiceslot_tui.core.text import CleanText

HEADER_LINES: Final = 1
WHEEL_ROWS: Final = 3


@dataclass(frozen=True, slots=True)
class TablePosition:
    """Where the operator is. `row_number` counts from 1; None where there is no row or no number.

    Where it is not `exact`, the list changed above rows that were not read from either end.
    """

    state: TableState
    row_number: int | None
    exact: bool
    marked: int
    new_above: int


class VirtualTable(LineWidget, Generic[RowT], can_focus=True):
    """Rows by key pages, with a cursor and marks.

    `render_row` turns a row into one cleaned text (or Span) for each column. `locate` finds a row
    whose key changed; without it the cursor goes to the nearest row instead.
    """

    DEFAULT_CSS = "VirtualTable { height: 1fr; }"

    class CursorMoved(Message):
        """The cursor is on another row, or the row under it changed."""

        def __init__(self, table: VirtualTable[Any], row: Row | None) -> None:
            super().__init__()
            self.table = table
            self.row = row

    class Opened(Message):
        """The operator opened a row: by the action, or by a double click."""

        def __init__(self, table: VirtualTable[Any], row: Row) -> None:
            super().__init__()
            self.table = table
            self.row = row

    class Marked(Message):
        """Other rows are marked now."""

        def __init__(self, table: VirtualTable[Any], row_ids: frozenset[int]) -> None:
            super().__init__()
            self.table = table
            self.row_ids = row_ids

    class PositionChanged(Message):
        """The table stands elsewhere; for the line that says so."""

        def __init__(self, table: VirtualTable[Any], position: TablePosition) -> None:
            super().__init__()
            self.table = table
            self.position = position

    def __init__(
        self,
        columns: Sequence[Column],
        render_row: RenderRow[RowT],
        source: RowSource[RowT],
        *,
        locate: Locate | None = None,
        words: TableWords | None = None,
        steady_s: Callable[[], float] = time.monotonic,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.words = words or TableWords()
        self._columns = tuple(columns)
        self._render_row = render_row
        self._list = RowList(source, locate, steady_s)
        self._layout: tuple[Placed, ...] = ()
        self._marked: set[int] = set()
        self._row_lines: dict[int, tuple[RowT, RowLook, Line]] = {}
        self._reading = False
        self._told_row: RowT | None = None
        self._told_position: TablePosition | None = None

    # --- what the owner asks and sets

    @property
    def cursor_row(self) -> RowT | None:
        """Give the row under the cursor; None while there are no rows."""
        return self._list.window.cursor_row

    @property
    def marked(self) -> frozenset[int]:
        """Give the ids of the marked rows, on the screen or not."""
        return frozenset(self._marked)

    @property
    def strayed(self) -> bool:
        """Tell whether the cursor's own row left the list by itself, just now."""
        return self._list.strayed

    def let_go(self, ids: Collection[int]) -> None:
        """Take it that these rows leave by what the operator did to them."""
        self._list.let_go(ids)

    @property
    def held_rows(self) -> Sequence[RowT]:
        """Give the rows in memory, as they were read last."""
        return self._list.window.rows

    @property
    def visible_rows(self) -> Sequence[RowT]:
        """Give the rows on the screen, as they were read last."""
        return self._list.window.visible

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is being read and nothing waits to be."""
        return not self._reading and not self._list.wants_reading

    @property
    def total_rows(self) -> int | None:
        """Give how many rows the list has, as the owner said; None where nobody knows."""
        return self._list.total

    @total_rows.setter
    def total_rows(self, total: int | None) -> None:
        if total != self._list.total:
            self._list.total = total
            self._list.window.recount(total)
            self._show()

    @property
    def position(self) -> TablePosition:
        """Say where the operator is."""
        window = self._list.window
        number = None if window.first is None else window.first + window.cursor + 1
        return TablePosition(
            state=self._state(),
            row_number=number if window.rows else None,
            exact=window.exact,
            marked=len(self._marked),
            new_above=window.new_above,
        )

    def show_list(self, source: RowSource[RowT]) -> None:
        """Show another list, or another filter, from its first row.

        The total is unknown until the owner says it; the marks stay.
        """
        self._list.show(source)
        self._show()

    def refresh_rows(self) -> None:
        """Read the rows held anew; lines that stay the same are not painted again."""
        self._list.renew()
        self._show()

    def restart(self) -> None:
        """Read the list anew from its first row and put the cursor there."""
        self._list.restart()
        self._show()

    def repaint_rows(self) -> None:
        """Let the rows held be rendered anew, as when time has passed; nothing is read."""
        self._row_lines.clear()
        self._show()

    def select(self, row_id: int, key: RowKey | None = None) -> None:
        """Put the cursor on a row, reading the rows around it where they are not held.

        One that is not held is found by its key, else by `locate`; without both nothing happens.
        """
        held = any(row.id == row_id for row in self._list.window.rows)
        if held or key is not None or self._list.can_locate:
            self._list.go(Target(row_id, key))
            self._show()

    def mark(self, row_ids: Iterable[int]) -> None:
        """Mark these rows and no others, at most MARKED_CALLS_MAX of them."""
        wanted = set(list(row_ids)[:MARKED_CALLS_MAX])
        if wanted != self._marked:
            self._marked = wanted
            self.post_message(self.Marked(self, self.marked))
            self._show()

    # --- what keys do

    def action_cursor_up(self) -> None:
        """Go one row up."""
        self._move(-1)

    def action_cursor_down(self) -> None:
        """Go one row down."""
        self._move(1)

    def action_page_up(self) -> None:
        """Go one screen up."""
        self._move(-self._list.window.height, scroll=True)

    def action_page_down(self) -> None:
        """Go one screen down."""
        self._move(self._list.window.height, scroll=True)

    def action_half_page_up(self) -> None:
        """Go half a screen up."""
        self._move(-max(1, self._list.window.height // 2), scroll=True)

    def action_half_page_down(self) -> None:
        """Go half a screen down."""
        self._move(max(1, self._list.window.height // 2), scroll=True)

    def action_cursor_home(self) -> None:
        """Go to the first row."""
        self._list.go(End.START)
        self._show()

    def action_cursor_end(self) -> None:
        """Go to the last row."""
        self._list.go(End.END)
        self._show()

    def action_toggle_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go one row down."""
        row = self.cursor_row
        if row is None:
            return
        self.mark(self._marked ^ {row.id})
        self._move(1)

    def action_clear_marks(self) -> None:
        """Take all marks away."""
        self.mark(())

    def action_open(self) -> None:
        """Tell the owner that the row under the cursor was opened."""
        row = self.cursor_row
        if row is not None:
            self.post_message(self.Opened(self, row))

    # --- what Textual tells

    def on_resize(self) -> None:
        """Show as many rows and columns as fit now; the first size starts the reading."""
        self._list.window.resize(self.size.height - HEADER_LINES)
        room = self.size.width - table_lines.GUTTER - table_lines.RAIL
        self._layout = placed(self._columns, room)
        self._row_lines.clear()
        self._show()

    def on_focus(self) -> None:
        """Show that keys come here."""
        self._show()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self._show()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the operator clicked; a double click opens."""
        offset = event.get_content_offset(self)
        window = self._list.window
        if offset is None or offset.y < HEADER_LINES:
            return
        index = window.top + offset.y - HEADER_LINES
        if index < len(window.rows):
            self._move(index - window.cursor)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go a few rows down."""
        event.stop()
        self._move(WHEEL_ROWS, scroll=True)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go a few rows up."""
        event.stop()
        self._move(-WHEEL_ROWS, scroll=True)

    # --- how it is painted

    def build_lines(self, width: int, height: int) -> list[Line]:
        """Put together the header and the rows, or the words for no rows."""
        header = table_lines.header_line(self._columns, self._layout, self._note(), width)
        window = self._list.window
        if not window.rows:
            return [header, *self._words_for_none()]
        signs = table_lines.rail_signs(height - HEADER_LINES, self._first_visible(), self._span())
        rows = zip(self._lines_of_rows(), signs, strict=False)
        return [header, *(table_lines.with_rail(row, width, sign) for row, sign in rows)]

    def _lines_of_rows(self) -> list[Line]:
        """Give the lines of the rows on the screen; those that look the same are not made anew."""
        before, self._row_lines = self._row_lines, {}
        top = self._list.window.top
        for index, row in enumerate(self._list.window.visible, start=top):
            look = self._look_of(row, index)
            kept = before.get(row.id)
            if kept is None or kept[0] is not row or kept[1] != look:
                kept = (row, look, table_lines.row_line(self._render_row(row), self._layout, look))
            self._row_lines[row.id] = kept
        return [shown for _, _, shown in self._row_lines.values()]

    def _look_of(self, row: RowT, index: int) -> RowLook:
        window = self._list.window
        number = None if window.first is None else window.first + index
        return RowLook(
            number=table_lines.number_text(number, exact=window.exact),
            cursor=index == window.cursor,
            marked=row.id in self._marked,
            focused=self.has_focus,
        )

    def _words_for_none(self) -> list[Line]:
        if self._list.failure is not None:
            return [line(self.words.failed, Tone.BAD), line(self._list.failure)]
        return [line(self.words.empty if self._list.loaded else self.words.loading, Tone.DIM)]

    def _note(self) -> CleanText:
        window = self._list.window
        if window.rows and self._list.failure is not None:
            return self.words.stale
        if window.new_above:
            return CleanText(f"↑ {window.new_above} {self.words.new_above}")
        return self.words.searched if window.searching else CleanText("")

    def _state(self) -> TableState:
        if self._list.window.rows:
            return TableState.SHOWN
        if self._list.failure is not None:
            return TableState.FAILED
        return TableState.EMPTY if self._list.loaded else TableState.LOADING

    def _first_visible(self) -> int | None:
        window = self._list.window
        return None if window.first is None else window.first + window.top

    def _span(self) -> int:
        """Give the rows the scroll bar stands for; without a total, what is known and a screen."""
        window = self._list.window
        known = (window.first or 0) + len(window.rows)
        if window.after is None and window.first is not None:
            return known
        return max(self._list.total or 0, known + window.height)

    def _move(self, by: int, *, scroll: bool = False) -> None:
        self._list.move(by, scroll=scroll)
        self._show()

    def _show(self) -> None:
        """Paint what changed, tell what changed, and read what is missing."""
        self.repaint()
        row, position = self.cursor_row, self.position
        if row is not self._told_row:
            self._told_row = row
            self.post_message(self.CursorMoved(self, row))
        if position != self._told_position:
            self._told_position = position
            self.post_message(self.PositionChanged(self, position))
        if self.size and not self._reading and self._list.wants_reading:
            self._reading = True
            self.run_worker(self._read(), name="rows", group="rows")

    async def _read(self) -> None:
        try:
            while self._list.wants_reading:
                await self._list.read_next()
                self._show()
        finally:
            self._reading = False
