"""From one call with its attempts and history to the lines of the detail pane. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.phrases import cut, phrase, say, wrapped
from voiceslot_tui.console.stories import history_line
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.wording import DISPOSITIONS, state_of
from voiceslot_tui.core.calls import Attempt, AttemptState, Call, Instant, seconds_between
from voiceslot_tui.core.pages import CallDetail
from voiceslot_tui.core.text import CleanText, clean

_DATA_LINES_MAX: Final = 200
"""Lines of client data that are shown; a producer may send more than anybody reads."""
_ATTEMPT_WORDS: Final = {
    AttemptState.DIALING: "dialling",
    AttemptState.UNCERTAIN: "uncertain",
    AttemptState.LIVE: "in call",
    AttemptState.OVER: "over",
    AttemptState.NOT_TAKEN: "not taken",
    AttemptState.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class DetailLook:
    """What the look of the detail depends on besides the call."""

    now: Instant
    cells: int
    masked: bool
    zone: tzinfo | None = None


def title(call: Call, masked: bool) -> CleanText:
    """Name a call in a few words."""
    name = f"{clean(call.name, 40)} " if call.name else ""
    return clean(f"{name}{formats.phone_number(call.to_number, masked)}")


def detail_lines(detail: CallDetail, reasons: Sequence[str], look: DetailLook) -> tuple[Line, ...]:
    """Say all about one call: where it stands, why it is not dialled, attempts, history, data."""
    lines = [Line(cut(phrase(say(title(detail.call, look.masked), Tone.STRONG)), look.cells))]
    lines += _fields(detail.call, look)
    lines += headed("why", (line for reason in reasons for line in _reason(reason, look)))
    lines += headed("attempts", (_attempt_line(one, look) for one in detail.attempts))
    lines += headed("history", (history_line(one, look.zone) for one in detail.history))
    lines += headed("client data", _data_lines(detail.client_data))
    return tuple(Line(cut(line.spans, look.cells), line.tone) for line in lines)


def headed(heading: str, lines: Iterable[Line]) -> list[Line]:
    """Put a heading over lines; nothing where there are none."""
    shown = list(lines)
    return [Line(), Line(phrase(say(heading, Tone.HEADING))), *shown] if shown else []


def _fields(call: Call, look: DetailLook) -> list[Line]:
    state = state_of(call)
    created = f"{formats.day_and_time(call.created_at, look.zone)}"
    waiting = formats.age(seconds_between(call.created_at, look.now))
    fields = [
        phrase(state, f"   call {call.id}   priority {call.priority}"),
        phrase(f"agent {clean(call.agent_id)}"),
        phrase(f"from number {clean(call.agent_phone_number_id)}"),
        phrase(f"queued {created}, {waiting} ago"),
        phrase(f"attempts {call.attempts} of {call.max_attempts}"),
    ]
    if call.due_at is not None:
        fields.append(phrase(f"due {formats.day_and_time(call.due_at, look.zone)}"))
    if call.ended_at is not None:
        fields.append(phrase(f"ended {formats.day_and_time(call.ended_at, look.zone)}"))
    if call.disposition is not None:
        fields.append(phrase("outcome ", DISPOSITIONS[call.disposition]))
    return [Line(field) for field in fields]


def _reason(reason: str, look: DetailLook) -> list[Line]:
    return wrapped(f"- {reason}", look.cells, Tone.WARNING, indent="  ")


def _attempt_line(attempt: Attempt, look: DetailLook) -> Line:
    parts = [
        f"{attempt.number}. {formats.day_and_time(attempt.started_at, look.zone)}",
        _ATTEMPT_WORDS[attempt.state],
    ]
    if attempt.disposition is not None:
        parts.append(DISPOSITIONS[attempt.disposition].text)
    if attempt.talk_s is not None:
        parts.append(f"talked {formats.stopwatch(attempt.talk_s)}")
    if attempt.conversation_id:
        parts.append(clean(attempt.conversation_id, 40))
    if attempt.lookups:
        parts.append(formats.plural(attempt.lookups, "look-up"))
    if attempt.detail:
        parts.append(clean(attempt.detail))
    return Line(phrase("  ".join(parts)))


def _data_lines(raw: bytes | None) -> list[Line]:
    """Lay client data out for reading; what is no JSON is shown as it came."""
    if not raw:
        return []
    try:
        text = json.dumps(json.loads(raw), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = raw.decode(errors="replace")
    rows = text.splitlines()
    shown = [Line(phrase(row)) for row in rows[:_DATA_LINES_MAX]]
    left = len(rows) - len(shown)
    return [*shown, Line(phrase(f"... {left:,} more lines"))] if left else shown
