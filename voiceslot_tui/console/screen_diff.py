"""What the terminal shows, cell by cell, so that only what changed is sent. Pure.

Textual sends whole regions; over a slow link that is a hundred times too much. This keeps a shadow
of the screen and turns pieces of lines into the shortest sequence that makes the terminal look the
same. It is also the last wall: no control character that is not ours gets through it.

A cell is None where nobody knows what the terminal shows there, and empty where the wide character
to its left reaches into it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import split_graphemes
from rich.segment import Segment
from rich.style import Style

_REPLACEMENT: Final = "\ufffd"
_CONTROL_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FIRST_EMOJI: Final = "\U0001f000"
_VARIATION_SELECTORS: Final = frozenset("\ufe0e\ufe0f")

Cells = list[str | None]


class Piece(NamedTuple):
    """A part of a line: where it starts, and its segments from there to the right."""

    x: int
    y: int
    segments: Iterable[Segment]


class ScreenDiff:
    """The shadow of one terminal.

    `codes_of` gives a style's SGR parameters ("1;38;5;7"), empty for none.
    """

    def __init__(self, codes_of: Callable[[Style], str]) -> None:
        self._codes_of = codes_of
        self.width = 0
        self.height = 0
        self._text: list[Cells] = []
        self._codes: list[list[str]] = []

    def forget(self, width: int, height: int) -> None:
        """Know nothing of a terminal of this size any more: all that comes next is sent."""
        self.width, self.height = width, height
        self._text = [[None] * width for _ in range(height)]
        self._codes = [[""] * width for _ in range(height)]

    def paint(self, pieces: Iterable[Piece]) -> str:
        """Take pieces into the shadow; give what makes the terminal show them, or nothing."""
        pen = _Pen()
        for x, y, segments in pieces:
            if 0 <= y < self.height:
                self._paint_piece(pen, x, y, segments)
        return pen.finish()

    def _paint_piece(self, pen: _Pen, x: int, y: int, segments: Iterable[Segment]) -> None:
        for text, style, control in segments:
            if control or not text:
                continue
            cells = _cells_of(text)
            if x >= 0:
                codes = self._codes_of(style) if style else ""
                self._paint_cells(pen, x, y, cells[: max(0, self.width - x)], codes)
            x += len(cells)

    def _paint_cells(self, pen: _Pen, x: int, y: int, cells: list[str], codes: str) -> None:
        end = x + len(cells)
        text_row, codes_row = self._text[y], self._codes[y]
        same_codes = codes_row[x:end] == [codes] * len(cells)
        if same_codes and text_row[x:end] == cells:
            return
        if text_row[x] == "" and x:
            # Half a wide character is overwritten: the terminal drops its other half.
            text_row[x - 1] = None
        for place, cell in enumerate(cells, start=x):
            if text_row[place] != cell or codes_row[place] != codes:
                text_row[place], codes_row[place] = cell, codes
                if cell:
                    is_wide = cells[place - x + 1 : place - x + 2] == [""]
                    pen.write(place, y, cell, codes, is_wide=is_wide)


class _Pen:
    """Writes cells, moving the terminal's cursor and setting its style only where it must."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._x = -1
        self._y = -1
        self._codes = ""

    def write(self, x: int, y: int, cell: str, codes: str, *, is_wide: bool) -> None:
        """Write one character at a place.

        Terminals do not agree on the width of every character. Where they may not, the cells are
        emptied first, and after each that is not plain the place is set anew, so that a
        disagreement cannot spread along the line.
        """
        if y != self._y or self._x < 0 or x < self._x:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H")
        elif x > self._x:
            self._parts.append(f"\x1b[{x - self._x}C")
        if codes != self._codes:
            self._parts.append(f"\x1b[0;{codes}m" if codes else "\x1b[0m")
            self._codes = codes
        if is_wide and (len(cell) > 1 or cell >= _FIRST_EMOJI):
            self._parts.append(f"  \x1b[{y + 1};{x + 1}H")
        self._parts.append(cell)
        self._x = x + 1 if _is_plain(cell) else -1
        self._y = y

    def finish(self) -> str:
        """Give what was written, with the style put back to plain."""
        if self._codes:
            self._parts.append("\x1b[0m")
        return "".join(self._parts)


def _is_plain(cell: str) -> bool:
    return len(cell) == 1 and (cell < "\u0300" or "\u2500" <= cell <= "\u25ff")


def _cells_of(text: str) -> list[str]:
    if text.isascii() and text.isprintable():
        return list(text)
    return list(_wide_cells_of(text))


@lru_cache(maxsize=4096)
def _wide_cells_of(text: str) -> tuple[str, ...]:
    """Cut text into cells; what a terminal could obey is dropped, or replaced if it has width."""
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        shown = "".join(character for character in text[start:end] if _is_shown(character))
        if width:
            cells.append(shown or _REPLACEMENT)
            cells.extend([""] * (width - 1))
        elif shown and cells and cells[-1]:
            cells[-1] += shown
    return tuple(cells)


def _is_shown(character: str) -> bool:
    if character in _VARIATION_SELECTORS:
        return True
    return unicodedata.category(character) not in _CONTROL_CATEGORIES
