"""Cleaned text cut to terminal cells: the only form in which text enters a widget of ours.

A terminal counts cells, not characters: CJK and most emoji take two, combining marks none. Markup
is never parsed; a name that looks like markup is shown as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from rich.cells import cell_len, split_graphemes
from textual.content import Content

from voiceslot_tui.core.text import CleanText

CUT_MARK: Final = "…"
"""Stands at the end of text that was too long for its place."""


class Tone(StrEnum):
    """How a piece of text stands out. It only repeats what a word or a sign already says."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    ACCENT = "accent"
    HEADING = "heading"
    CURSOR = "cursor"
    CURSOR_AWAY = "cursor-away"
    """The cursor's line of a widget that has not the focus."""


class Align(StrEnum):
    """On which side of its place short text stands."""

    LEFT = "left"
    RIGHT = "right"


class Span(NamedTuple):
    """A run of text of one tone within a line."""

    text: CleanText
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a widget. `tone` lies under all spans; two equal lines look the same."""

    spans: tuple[Span, ...] = ()
    tone: Tone = Tone.PLAIN


def cells_of(text: CleanText) -> int:
    """Count the terminal cells that a text takes."""
    return cell_len(text)


def clipped(text: CleanText, width: int) -> CleanText:
    """Cut text to at most `width` cells; a cut is marked, and no wide character is halved."""
    if width <= 0:
        return CleanText("")
    if len(text) <= width and text.isascii():
        return text
    if cell_len(text) <= width:
        return text
    room = width - 1
    end = 0
    for _, stop, cells in split_graphemes(text)[0]:
        room -= cells
        if room < 0:
            break
        end = stop
    return CleanText(text[:end] + CUT_MARK)


def fitted(text: CleanText, width: int, align: Align = Align.LEFT) -> CleanText:
    """Cut or pad text with spaces to exactly `width` cells."""
    shown = clipped(text, width)
    padding = " " * (width - cell_len(shown))
    return CleanText(padding + shown if align is Align.RIGHT else shown + padding)


def content(text: CleanText) -> Content:
    """Make text into what Textual's own widgets show as it is, without parsing markup."""
    return Content(text)


def line(text: CleanText, tone: Tone = Tone.PLAIN) -> Line:
    """Make a line of one span."""
    return Line((Span(text, tone),))
