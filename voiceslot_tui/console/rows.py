"""From a page row to the cells of the queue table. Pure.

The columns are declared here once; how many of them fit is the table's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.glyphs import OF_STATE
from voiceslot_tui.console.phrases import say
from voiceslot_tui.console.widgets.cells import Align, Span, Tone
from voiceslot_tui.console.widgets.columns import Column
from voiceslot_tui.console.wording import DISPOSITIONS, HOLDS, state_of
from voiceslot_tui.core.calls import CallState, Hold, Instant, seconds_between
from voiceslot_tui.core.pages import PageRow
from voiceslot_tui.core.text import CleanText

_WITH_PRIORITY: Final = 36
_WITH_TRIES: Final = 55
_WITH_AGENT: Final = 90
"""Cells from which a column is shown; a table has 29 at 40 columns, 67 at 80, 107 at 120."""


def _title(text: str) -> CleanText:
    return CleanText(text)


COLUMNS: Final = (
    Column(_title("P"), 4, Align.RIGHT, from_width=_WITH_PRIORITY),
    Column(_title("state"), 11),
    Column(_title("to"), 17),
    Column(_title("name"), 8, grow=True),
    Column(_title("agent"), 16, from_width=_WITH_AGENT, grow=True),
    Column(_title("try"), 4, Align.RIGHT, from_width=_WITH_TRIES),
    Column(_title("next"), 9),
    Column(_title("age"), 6, Align.RIGHT, from_width=_WITH_TRIES),
    Column(_title("call"), 8, Align.RIGHT, from_width=_WITH_AGENT),
)
"""The queue's columns, in order; the number and the state are shown on the narrowest screen."""


@dataclass(frozen=True, slots=True)
class RowLook:
    """What the look of a row depends on besides the row."""

    now: Instant
    masked: bool
    zone: tzinfo | None = None


def cells(row: PageRow, look: RowLook) -> tuple[Span, ...]:
    """Give one cell for every column."""
    call = row.call
    state = state_of(call)
    return (
        say(str(call.priority)),
        say(f"{OF_STATE[call.state]} {state.text}", state.tone),
        say(formats.phone_number(call.to_number, look.masked)),
        say(call.name),
        say(call.agent_id, Tone.DIM),
        say(f"{call.attempts}/{call.max_attempts}"),
        _next(row, look),
        say(_age(row, look)),
        say(str(call.id), Tone.DIM),
    )


def _next(row: PageRow, look: RowLook) -> Span:
    """Say what comes next for a queued call, or how a finished one went."""
    call = row.call
    if call.state is CallState.QUEUED:
        if call.hold is None:
            return say("ready", Tone.GOOD)
        if call.hold is Hold.RETRY_WAIT and call.due_at is not None:
            return say(formats.due(call.due_at, look.now, look.zone))
        return say(HOLDS[call.hold], Tone.WARNING)
    if call.disposition is not None:
        return DISPOSITIONS[call.disposition]
    if call.state is CallState.UNKNOWN:
        return say("holds slot" if call.holding else "no slot", Tone.WARNING)
    return say("-", Tone.DIM)


def _age(row: PageRow, look: RowLook) -> str:
    """Say how long it talks or rings, how long ago it ended, or how long it waits."""
    call = row.call
    if call.state is CallState.LIVE and row.accepted_at is not None:
        return formats.stopwatch(seconds_between(row.accepted_at, look.now))
    if call.state in (CallState.DIALING, CallState.UNCERTAIN) and row.attempt_started_at:
        return formats.stopwatch(seconds_between(row.attempt_started_at, look.now))
    since = call.ended_at if call.ended_at is not None else call.created_at
    return formats.age(seconds_between(since, look.now))
