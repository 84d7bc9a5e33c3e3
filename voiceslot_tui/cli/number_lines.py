"""A file of phone numbers: one a line, or the first column of a CSV. Nothing is left out unsaid.

Each line is read by itself, so that a stray quotation mark spoils its own line alone, and no line
is kept longer than it takes to read it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from voiceslot_tui.core.errors import VoiceslotError

LINE_CHARS_MAX: Final = 65_536
NOT_UTF_8: Final = "\ufffd"
"""What a file opened with errors="replace" gives for what is not UTF-8."""

_NUL: Final = "\0"
_TOO_LONG: Final = (
    f"it is longer than {LINE_CHARS_MAX:,} characters; write each number on a line of its own"
)
_QUOTES: Final = (
    "a quotation mark is not closed, or closed too early; write each number on a line of its own"
)
_NO_NUMBER: Final = "its first column is empty; move the numbers to the first column"
_ENCODING: Final = "its first column is not UTF-8; save the file as UTF-8 (CSV UTF-8)"


class NoText(VoiceslotError):
    """The file is none of lines of text."""


@dataclass(frozen=True, slots=True)
class NumberLine:
    """What a line holds: a number as it is written there, or why it holds none."""

    place: int
    number: str = ""
    wrong: str = ""

    @property
    def is_heading(self) -> bool:
        """Tell whether it names the columns of a table."""
        is_first = self.place == 1 and bool(self.number)
        return is_first and not any(sign.isdecimal() for sign in self.number)


def number_lines(file: TextIO) -> Iterator[NumberLine]:
    """Read the lines of a file opened with errors="replace"; lines count from 1.

    Lines without any text are nothing; a first line whose first column has no digit is a heading.
    Of a number only the place is judged. Raises NoText where the first line shows a file that is
    not text in UTF-8 at all.
    """
    place = 0
    while line := file.readline(LINE_CHARS_MAX + 1):
        place += 1
        if place == 1 and _NUL in line:
            raise NoText(
                "nothing was read: the file is a workbook, UTF-16 or no text; save it as CSV UTF-8"
            )
        if len(line) > LINE_CHARS_MAX and not line.endswith("\n"):
            _skip_rest(file)
            yield NumberLine(place, wrong=_TOO_LONG)
        elif found := _read(place, line):
            yield found


def _skip_rest(file: TextIO) -> None:
    while (rest := file.readline(LINE_CHARS_MAX)) and not rest.endswith("\n"):
        pass


def _read(place: int, line: str) -> NumberLine | None:
    try:
        fields = next(csv.reader([line], strict=True))
    except csv.Error:
        return NumberLine(place, wrong=_QUOTES)
    if not any(field.strip() for field in fields):
        return None
    number = fields[0].strip()
    if not number:
        return NumberLine(place, wrong=_NO_NUMBER)
    if NOT_UTF_8 in number or _NUL in number:
        return NumberLine(place, wrong=_ENCODING)
    return NumberLine(place, number)
