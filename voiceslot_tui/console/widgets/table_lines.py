"""What stands on the lines of a table: the header, the rows, the words for no rows. Pure.

Signs come first and colour only repeats them: `▌` is the cursor, `●` a mark, `~` an estimated row
number. Where the terminal knows only ASCII, the terminal layer puts the ASCII twins in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from voiceslot_tui.console.widgets.cells import Align, Line, Span, Tone, cells_of, fitted
from voiceslot_tui.console.widgets.columns import GAP, Column, Placed
from voiceslot_tui.console.widgets.row_source import RowT
from voiceslot_tui.core.text import CleanText

CURSOR_SIGN: Final = CleanText("▌")
MARK_SIGN: Final = CleanText("●")
NO_SIGN: Final = CleanText(" ")
NUMBER_WIDTH: Final = 8
"""Cells for the row number, its sign and the gap after it: enough for a million rows."""
GUTTER: Final = 2 + NUMBER_WIDTH
"""Cells in front of the first column: cursor, mark and row number."""
RAIL: Final = 1
"""Cells behind the last column, for the scroll bar."""

Cells = Sequence[CleanText | Span]
"""What a row shows, one for each column of the table, in the columns' order."""

RenderRow = Callable[[RowT], Cells]
"""The owner's function from a row to its cells. It must be quick: it runs for every row shown."""


class TableState(StrEnum):
    """What a table shows in place of rows, or that it shows them."""

    LOADING = "loading"
    SHOWN = "shown"
    EMPTY = "empty"
    FAILED = "failed"


class RowLook(NamedTuple):
    """What a row's line depends on besides the row."""

    number: CleanText
    cursor: bool
    marked: bool
    focused: bool


class TableWords(NamedTuple):
    """The words a table says itself; the owner passes them in the operator's language."""

    loading: CleanText = CleanText("Reading the calls…")
    empty: CleanText = CleanText("No calls.")
    failed: CleanText = CleanText("The calls cannot be read:")
    stale: CleanText = CleanText("not up to date")
    new_above: CleanText = CleanText("new above")
    searched: CleanText = CleanText("searched in part, ↓ goes on")


def header_line(
    columns: Sequence[Column], layout: Sequence[Placed], note: CleanText, width: int
) -> Line:
    """Give the titles, with a note at the right end where there is something to say."""
    titles = "".join(
        (" " * GAP if place else "") + fitted(columns[shown.index].title, shown.width, shown.align)
        for place, shown in enumerate(layout)
    )
    number = fitted(CleanText("#"), NUMBER_WIDTH - 1, Align.RIGHT)
    text = CleanText(f"  {number} {titles}")
    if not note:
        return Line((Span(fitted(text, width)),), Tone.HEADING)
    room = max(0, width - cells_of(note) - 1)
    return Line((Span(fitted(text, room)), Span(NO_SIGN), Span(note, Tone.WARNING)), Tone.HEADING)


def number_text(number: int | None, *, exact: bool) -> CleanText:
    """Write the number of a row, counted from 0, as an operator counts; `~` marks an estimate."""
    if number is None:
        return CleanText(" " * NUMBER_WIDTH)
    sign = "" if exact else "~"
    return CleanText(f"{sign}{number + 1} ".rjust(NUMBER_WIDTH))


def row_line(cells: Cells, layout: Sequence[Placed], look: RowLook) -> Line:
    """Give the line of one row: its signs, its number and its cells."""
    spans = [
        Span(CURSOR_SIGN if look.cursor else NO_SIGN, Tone.ACCENT),
        Span(MARK_SIGN if look.marked else NO_SIGN, Tone.ACCENT),
        Span(look.number, Tone.DIM),
    ]
    for place, shown in enumerate(layout):
        cell = cells[shown.index]
        text, cell_tone = cell if isinstance(cell, Span) else (cell, Tone.PLAIN)
        gap = " " * GAP if place else ""
        spans.append(Span(CleanText(gap + fitted(text, shown.width, shown.align)), cell_tone))
    at_cursor = Tone.CURSOR if look.focused else Tone.CURSOR_AWAY
    return Line(tuple(spans), at_cursor if look.cursor else Tone.PLAIN)


def with_rail(shown: Line, width: int, sign: CleanText) -> Line:
    """Put a sign of the scroll bar at the right end of a line."""
    used = sum(cells_of(span.text) for span in shown.spans)
    filler = CleanText(" " * max(0, width - RAIL - used))
    return Line((*shown.spans, Span(filler), Span(sign, Tone.DIM)), shown.tone)


def rail_signs(height: int, first: int | None, total: int) -> list[CleanText]:
    """Draw a scroll bar of `height` lines: which part of `total` rows is on the screen.

    Where the number of the first visible row is not known, the thumb stands in the middle.
    """
    if height <= 0 or total <= height:
        return [NO_SIGN] * max(0, height)
    thumb = max(1, height * height // total)
    free, hidden = height - thumb, max(1, total - height)
    place = free // 2 if first is None else round(free * min(first, hidden) / hidden)
    if first and free:
        place = max(1, place)
    return [CleanText("█") if place <= y < place + thumb else CleanText("│") for y in range(height)]
