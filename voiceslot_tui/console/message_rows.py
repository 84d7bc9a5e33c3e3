"""From a message to the cells of its table. Pure.

The columns are declared here once; how many of them fit is the table's business. Whatever is not
plainly delivered says why, on every screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.glyphs import OF_MESSAGE
from voiceslot_tui.console.message_wording import (
    BLOCKS,
    CHANNELS,
    MESSAGE_STATES,
    SKIPS,
    UNDER_WAY,
    WAITS,
)
from voiceslot_tui.console.phrases import say
from voiceslot_tui.console.rows import RowLook
from voiceslot_tui.console.widgets.cells import Align, Span, Tone
from voiceslot_tui.console.widgets.columns import Column
from voiceslot_tui.core.calls import seconds_between
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpId, FollowUpState, WaitReason
from voiceslot_tui.core.pages import RowKey
from voiceslot_tui.core.text import CleanText, clean
from voiceslot_tui.wire.twilio_errors import UNKNOWN, explained

_WITH_AGE: Final = 30
_WITH_NUMBER: Final = 60
_WITH_CHANNEL: Final = 75
_WITH_STATE: Final = 90
"""Cells from which a column is shown; a table has 29 at 40 columns, 67 at 80, 107 at 120."""

COLUMNS: Final = (
    Column(CleanText(""), 2),
    Column(CleanText("state"), 9, from_width=_WITH_STATE),
    Column(CleanText("to"), 17, from_width=_WITH_NUMBER),
    Column(CleanText("name"), 11),
    Column(CleanText("by"), 8, from_width=_WITH_CHANNEL),
    Column(CleanText("age"), 4, Align.RIGHT, from_width=_WITH_AGE),
    Column(CleanText("why"), 10, grow=True),
)
"""The columns of messages, in order; sign, name and reason are shown on the narrowest screen."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as a row of a table: newest first."""

    message: FollowUp

    @property
    def id(self) -> FollowUpId:
        """Give the message's id."""
        return self.message.id

    @property
    def key(self) -> RowKey:
        """Give its place: the newest id stands first."""
        return key_of(self.message.id)


def key_of(follow_up_id: FollowUpId) -> RowKey:
    """Give the place of a message in a list that has the newest first."""
    return (0, 0, 0, -follow_up_id)


def id_of(key: RowKey) -> FollowUpId:
    """Give the message whose place it is."""
    return FollowUpId(-key[3])


def cells(message: FollowUp, look: RowLook) -> tuple[Span, ...]:
    """Give one cell for every column."""
    state = MESSAGE_STATES[message.state]
    return (
        say(OF_MESSAGE[message.state], state.tone),
        state,
        say(formats.phone_number(message.to_number, look.masked)),
        say(clean(message.name) or formats.phone_number(message.to_number, look.masked)),
        say(CHANNELS[message.channel], Tone.DIM),
        say(formats.age(seconds_between(message.ended_at, look.now))),
        why(message, look),
    )


def why(message: FollowUp, look: RowLook) -> Span:
    """Say shortly why a message is not delivered, or how far it came."""
    tone = MESSAGE_STATES[message.state].tone
    if message.state is FollowUpState.DUE:
        return say(_waiting(message, look), Tone.PLAIN)
    if message.skipped_for is not None:
        return say(SKIPS[message.skipped_for], tone)
    if message.code is not None and message.state in (FollowUpState.FAILED, FollowUpState.BLOCKED):
        return say(code_words(message.code, message.detail), tone)
    if message.blocked_for is not None:
        return say(BLOCKS[message.blocked_for], tone)
    if message.state is FollowUpState.FAILED and message.detail:
        return say(message.detail, tone)
    return say(UNDER_WAY[message.state], tone)


def _waiting(message: FollowUp, look: RowLook) -> str:
    when = formats.due(message.due_at, look.now, look.zone) if message.due_at is not None else ""
    if message.waits_for is None:
        return f"due {when}" if when and when != "now" else UNDER_WAY[FollowUpState.DUE]
    words = " ".join(part for part in (WAITS[message.waits_for], when) if part)
    failed = message.code is not None and message.waits_for is WaitReason.RETRY
    return f"{words}: {code_words(message.code, message.detail)}" if failed else words


def code_words(code: int | None, detail: str = "") -> CleanText:
    """Say what a code means, after its number; an unknown one in the messenger's own words."""
    if code is None:
        return clean(detail)
    meant = explained(code)
    meaning = clean(detail) or meant.meaning if meant is UNKNOWN else meant.meaning
    return clean(f"{code} {meaning}")
