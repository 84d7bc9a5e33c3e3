"""From batches and their recipients to the cells of their tables. Pure.

The columns are declared here once; how many of them fit is the table's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console import formats, glyphs
from voiceslot_tui.console.batch_wording import (
    batch_name,
    batch_state,
    per_minute,
    progress,
    recipient_status,
)
from voiceslot_tui.console.message_rows import why
from voiceslot_tui.console.message_wording import MESSAGE_STATES
from voiceslot_tui.console.phrases import say
from voiceslot_tui.console.rows import RowLook
from voiceslot_tui.console.widgets.cells import Align, Span, Tone
from voiceslot_tui.console.widgets.columns import Column
from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.batch_words import message_words, trouble_words
from voiceslot_tui.core.batches import Watch
from voiceslot_tui.core.calls import seconds_between
from voiceslot_tui.core.follow_up_pages import BatchRecipientRow
from voiceslot_tui.core.pages import RowKey
from voiceslot_tui.core.text import CleanText
from voiceslot_tui.wire.batch_control import BatchRow

_WITH_FIGURES: Final = 48
_WITH_NUMBER: Final = 60
_WITH_BAR: Final = 90
_WITH_IDS: Final = 105
"""Cells from which a column is shown; a table has 27 in a third of 120 columns, 67 at 80."""
_BAR_CELLS: Final = 8

BATCH_COLUMNS: Final = (
    Column(CleanText("state"), 9),
    Column(CleanText("name"), 7, grow=True),
    Column(CleanText("done"), 9, Align.RIGHT),
    Column(CleanText(""), _BAR_CELLS, from_width=_WITH_BAR),
    Column(CleanText("failed"), 6, Align.RIGHT, from_width=_WITH_FIGURES),
    Column(CleanText("/min"), 5, Align.RIGHT, from_width=_WITH_FIGURES),
    Column(CleanText("left"), 4, Align.RIGHT, from_width=_WITH_FIGURES),
    Column(CleanText("messages"), 13, from_width=_WITH_FIGURES, grow=True),
)
"""The columns of batches, in order; state, name and progress are shown on the narrowest screen."""

RECIPIENT_COLUMNS: Final = (
    Column(CleanText("to"), 17, from_width=_WITH_NUMBER),
    Column(CleanText("name"), 8, grow=True),
    Column(CleanText("status"), 11),
    Column(CleanText("age"), 4, Align.RIGHT, from_width=_WITH_BAR),
    Column(CleanText("conversation"), 16, from_width=_WITH_IDS, grow=True),
    Column(CleanText(""), 2),
    Column(CleanText("message"), 9, from_width=_WITH_BAR),
    Column(CleanText("why"), 10, from_width=_WITH_FIGURES, grow=True),
)
"""The columns of recipients, in order; name, status and sign are shown on the narrowest screen."""


@dataclass(frozen=True, slots=True)
class WatchedBatch:
    """A batch as a row of a table. `number` is its own on this console, given at first sight."""

    number: int
    row: BatchRow

    @property
    def id(self) -> int:
        """Give its number."""
        return self.number

    @property
    def key(self) -> RowKey:
        """Put those under way first, then the newest."""
        view = self.row.view
        return (list(Watch).index(view.watch), -view.batch.created_at, self.number, 0)


@dataclass(frozen=True, slots=True)
class PlacedRecipient:
    """A recipient as a row of a table, at its place among those that match, counted from 0."""

    place: int
    row: BatchRecipientRow

    @property
    def id(self) -> int:
        """Give its place: the platform keeps the order."""
        return self.place

    @property
    def key(self) -> RowKey:
        """Put them in the platform's order."""
        return (self.place, 0, 0, 0)


def batch_cells(row: BatchRow) -> tuple[Span, ...]:
    """Give one cell for every column of batches."""
    view = row.view
    eta_s = view.pace.eta_s
    return (
        batch_state(view.batch.count.status),
        Span(batch_name(view)),
        say(progress(view)),
        say(bar(view)),
        say(formats.count(view.failed), Tone.BAD if view.failed else Tone.DIM),
        say(per_minute(view)),
        say("-" if eta_s is None else formats.wait(eta_s)),
        _note(row),
    )


def bar(view: BatchView) -> str:
    """Draw how far a batch is; full only where all are done."""
    full = min(_BAR_CELLS, view.done * _BAR_CELLS // view.total) if view.total else 0
    return glyphs.BAR_LIVE * full + glyphs.BAR_FREE * (_BAR_CELLS - full)


def _note(row: BatchRow) -> Span:
    trouble = trouble_words(row.view)
    if trouble:
        return say(f"{glyphs.WARNING} {trouble}", Tone.BAD)
    return say(message_words(row.figures) or "-")


def recipient_cells(row: BatchRecipientRow, look: RowLook) -> tuple[Span, ...]:
    """Give one cell for every column of recipients."""
    touched = row.updated_at
    return (
        say(formats.phone_number(row.number, look.masked)),
        say(row.name),
        recipient_status(row.status),
        say("-" if touched is None else formats.age(seconds_between(touched, look.now))),
        say(row.conversation_id, Tone.DIM),
        *_message(row, look),
    )


def _message(row: BatchRecipientRow, look: RowLook) -> tuple[Span, Span, Span]:
    """Give the sign of a recipient's message, its state, and why it is in it."""
    message = row.follow_up
    if message is None:
        return say(""), say(""), say("no message", Tone.DIM)
    state = MESSAGE_STATES[message.state]
    sign = say(glyphs.OF_MESSAGE[message.state], state.tone)
    return sign, state, why(message, look)
