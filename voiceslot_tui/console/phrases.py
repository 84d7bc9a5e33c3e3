"""Lines put together of phrases: joined with gaps, and fitted to the cells there are.

`say` is where words of ours and of others become spans, cleaned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from voiceslot_tui.console.widgets.cells import Line, Span, Tone, cells_of, clipped
from voiceslot_tui.core.limits import TEXT_CHARS_MAX
from voiceslot_tui.core.text import CleanText, clean

Phrase = tuple[Span, ...]


def say(text: str, tone: Tone = Tone.PLAIN) -> Span:
    """Make a span of text, cleaned."""
    return Span(clean(text), tone)


def phrase(*parts: str | Span) -> Phrase:
    """Make a phrase of parts; a bare string is plain."""
    return tuple(say(part) if isinstance(part, str) else part for part in parts)


def one_line(*parts: str | Span) -> Line:
    """Make a line of parts; a bare string is plain."""
    return Line(phrase(*parts))


def words(spans: Iterable[Span]) -> CleanText:
    """Give spans without their tones."""
    return CleanText("".join(span.text for span in spans))


def width(spans: Iterable[Span]) -> int:
    """Count the terminal cells that spans take."""
    return sum(cells_of(span.text) for span in spans)


def cut(spans: Phrase, cells: int) -> Phrase:
    """Cut a phrase to so many cells, marked where something is left out."""
    kept: list[Span] = []
    room = cells
    for span in spans:
        if room <= 0:
            break
        text = clipped(span.text, room)
        kept.append(Span(text, span.tone))
        room -= cells_of(text)
        if text != span.text:
            break
    return tuple(kept)


def joined(parts: Sequence[Phrase], gap: str = "  ") -> Phrase:
    """Put phrases beside each other with a gap between those that are not empty."""
    shown: list[Span] = []
    for part in parts:
        if part:
            shown += [Span(CleanText(gap))] if shown else []
            shown += part
    return tuple(shown)


class Segment(NamedTuple):
    """A part of a one-line display, and how gladly it is given up (0 is never)."""

    phrase: Phrase
    surrender: int = 0


def fitted(segments: Sequence[Segment], cells: int, gap: str = "  ") -> Phrase:
    """Put segments on one line, giving up those of the highest number first until they fit."""
    kept = [segment for segment in segments if segment.phrase]
    while kept:
        shown = joined([segment.phrase for segment in kept], gap)
        least = max(kept, key=lambda segment: segment.surrender)
        if width(shown) <= cells or least.surrender == 0:
            return cut(shown, cells)
        kept.remove(least)
    return ()


def wrapped(text: str, cells: int, tone: Tone = Tone.PLAIN, indent: str = "") -> list[Line]:
    """Break a text at spaces into lines of at most so many cells, later ones indented.

    Foreign text goes in uncleaned and comes out cleaned; a very long one is cut.
    """
    lines: list[str] = []
    first, *others = clean(text.lstrip(), TEXT_CHARS_MAX * 20).split(" ")
    current = " " * (len(text) - len(text.lstrip())) + first
    for word in others:
        longer = f"{current} {word}"
        if cells_of(CleanText(longer)) > cells:
            lines.append(current)
            longer = indent + word
        current = longer
    return [Line((Span(clipped(CleanText(row), cells), tone),)) for row in [*lines, current]]
