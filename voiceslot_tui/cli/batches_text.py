"""Batches and their recipients as lines of plain text. Pure; everything foreign is cleaned."""

from __future__ import annotations

from voiceslot_tui.cli.ages import age
from voiceslot_tui.cli.messages_text import why
from voiceslot_tui.core.batch_progress import Pace
from voiceslot_tui.core.batch_words import message_words, trouble_words
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import BatchRecipientRow
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.batch_control import BatchRow


def batch_line(row: BatchRow) -> str:
    """Write a batch on one line: id, state, name, progress, pace, messages, trouble."""
    view = row.view
    count = view.batch.count
    failed = f", {view.failed:,} failed" if view.failed else ""
    parts = (
        f"{clean(count.batch_id, 40):<24}",
        f"{clean(count.status, 20):<11}",
        f"{clean(view.batch.name, 24) or '-':<24}",
        f"{view.done:,} of {view.total:,} done{failed}",
        _pace(view.pace),
        message_words(row.figures),
        trouble_words(view),
    )
    return "  ".join(part for part in parts if part).rstrip()


def _pace(pace: Pace) -> str:
    if pace.per_minute is None:
        return ""
    left = "" if pace.eta_s is None else f", {_duration(pace.eta_s)} left"
    return f"{pace.per_minute:,.1f} a minute{left}"


def _duration(seconds: float) -> str:
    return age(Instant(0), Instant(round(seconds * 1000)))


def recipient_line(row: BatchRecipientRow) -> str:
    """Write a recipient on one line: number, name, status, conversation, and their message."""
    parts = (
        f"{clean(row.number, 24) or '-':<16}",
        f"{clean(row.name, 24) or '-':<24}",
        f"{clean(row.status, 20):<12}",
        f"{clean(row.conversation_id, 40) or '-':<28}",
        _message(row),
    )
    return "  ".join(parts).rstrip()


def _message(row: BatchRecipientRow) -> str:
    message = row.follow_up
    if message is None:
        return "no message"
    reason = why(message)
    return f"message {message.id} {message.state}" + (f": {reason}" if reason else "")
