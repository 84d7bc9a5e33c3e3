"""The short words of the screen for batches and their recipients, and the figures of a batch."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.console.phrases import say
from voiceslot_tui.console.widgets.cells import Span, Tone
from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.text import CleanText, clean

BATCH_STATES: Final = MappingProxyType(
    {
        "pending": say("scheduled"),
        "in_progress": say("running", Tone.ACCENT),
        "completed": say("completed", Tone.GOOD),
        "failed": say("failed", Tone.BAD),
        "cancelled": say("cancelled", Tone.WARNING),
    }
)
"""What is said for each status of a batch that we know."""

_RECIPIENT_TONES: Final = MappingProxyType(
    {
        "pending": Tone.DIM,
        "completed": Tone.GOOD,
        "voicemail": Tone.WARNING,
        "failed": Tone.BAD,
        "cancelled": Tone.WARNING,
    }
)
_EXACT_BELOW: Final = 10_000


def batch_state(status: str) -> Span:
    """Say how a batch stands; a word we do not know as it came."""
    return BATCH_STATES.get(status) or say(status, Tone.WARNING)


def recipient_status(status: str) -> Span:
    """Say a recipient's status in the platform's own word."""
    return say(status, _RECIPIENT_TONES.get(status, Tone.PLAIN))


def batch_name(view: BatchView, chars: int = 40) -> CleanText:
    """Name a batch, by its id where it has no name."""
    return clean(view.batch.name, chars) or clean(view.batch.count.batch_id, chars)


def progress(view: BatchView) -> str:
    """Write how many recipients are done of all, `120/300`."""
    return f"{_short(view.done)}/{_short(view.total)}"


def _short(count: int) -> str:
    return str(count) if count < _EXACT_BELOW else f"{count // 1000}k"


def per_minute(view: BatchView) -> str:
    """Write how many recipients are done a minute; `-` where that cannot be told."""
    rate = view.pace.per_minute
    if rate is None:
        return "-"
    return f"{rate:.1f}" if rate < 10 else f"{rate:,.0f}"
