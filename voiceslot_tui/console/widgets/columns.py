"""Columns of a table and where they stand at a given width. Pure.

Widths are fixed, so that no row has to be measured: a million rows lay out like ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console.widgets.cells import Align
from voiceslot_tui.core.text import CleanText

GAP: Final = 1
"""Empty cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its width in cells and on which side short text stands.

    `from_width` is the narrowest table, in cells, that still shows it. Columns that `grow` share
    what is left over.
    """

    title: CleanText
    width: int
    align: Align = Align.LEFT
    from_width: int = 0
    grow: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A column that is shown: its index in the table's list, and its width now."""

    index: int
    width: int
    align: Align


def placed(columns: Sequence[Column], width: int) -> tuple[Placed, ...]:
    """Lay columns out in `width` cells: those that fit, in order, the growing ones widened.

    A column that does not fit whole is left out, and so are those after it; the first one is cut
    instead, so that a row never shows nothing.
    """
    shown: list[int] = []
    room = width
    for index, column in enumerate(columns):
        if width < column.from_width:
            continue
        needed = column.width + (GAP if shown else 0)
        if needed > room and shown:
            break
        shown.append(index)
        room -= needed
    return _grown(columns, shown, room, width)


def _grown(
    columns: Sequence[Column], shown: Sequence[int], room: int, width: int
) -> tuple[Placed, ...]:
    growing = [index for index in shown if columns[index].grow]
    share, rest = divmod(max(0, room), len(growing)) if growing else (0, 0)
    result: list[Placed] = []
    for index in shown:
        column = columns[index]
        extra = share if index in growing else 0
        if growing and index == growing[0]:
            extra += rest
        result.append(Placed(index, min(column.width + extra, width), column.align))
    return tuple(result)
