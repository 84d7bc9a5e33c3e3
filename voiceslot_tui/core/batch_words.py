"""What screens and commands say of a batch: its messages, its trouble, and what an act would do."""

from __future__ import annotations

from typing import Final

from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.batches import NOT_CALLED
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.text import clean

_FAILED: Final = "failed"
"""A status of a recipient in the platform's own words."""

_S = FollowUpState
_COUNTED: Final = (
    ("sent", (_S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.READ)),
    ("failed", (_S.FAILED,)),
    ("blocked", (_S.BLOCKED,)),
    ("ambiguous", (_S.AMBIGUOUS,)),
    ("due", (_S.DUE, _S.SENDING)),
)


def message_words(figures: BatchFigures) -> str:
    """Say what became of a batch's messages, `12 sent, 1 failed, 2 due`; often nothing."""
    counted = (
        (sum(figures.follow_ups.get(state, 0) for state in states), name)
        for name, states in _COUNTED
    )
    return ", ".join(f"{count:,} {name}" for count, name in counted if count)


def trouble_words(view: BatchView) -> str:
    """Say why a batch, or some of its recipients, could not be read; nothing where they could."""
    if view.error:
        often = f" ({view.failures:,} times in a row)" if view.failures > 1 else ""
        return f"not read{often}: {clean(view.error)}"
    if view.unreadable:
        return f"{_recipients(view.unreadable)} not readable"
    return ""


def failed_in(view: BatchView) -> int | None:
    """Count the recipients who failed; None where they were not read yet."""
    return _in_status(view, _FAILED)


def what_cancelling_does(view: BatchView) -> str:
    """Say whom a cancel concerns, as far as the last check knew them."""
    waiting = _in_status(view, NOT_CALLED)
    if waiting is None:
        return "how many were not called yet is not known: its recipients were not read"
    return f"{waiting:,} of {_recipients(view.total)} not called yet; it calls none of them"


def what_retrying_does(view: BatchView) -> str:
    """Say whom a retry concerns, as far as the last check knew them."""
    failed = failed_in(view)
    if failed is None:
        return "how many failed is not known: its recipients were not read"
    return f"{failed:,} of {_recipients(view.total)} failed; each of them is called again"


def _in_status(view: BatchView, status: str) -> int | None:
    return view.statuses.get(status, 0) if view.read_at is not None else None


def _recipients(count: int) -> str:
    return f"{count:,} recipient{'' if count == 1 else 's'}"
