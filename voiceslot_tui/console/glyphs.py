"""The signs of the screen, each one cell wide; those of delivered messages are doubled.

Where the terminal knows only ASCII, the terminal layer puts each sign's twin in its place.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.follow_ups import FollowUpState

LIVE: Final = "●"
GONE: Final = "○"
WARNING: Final = "!"

BAR_LIVE: Final = "█"
BAR_HELD: Final = "▒"
BAR_FOREIGN: Final = "▚"
BAR_RESERVE: Final = "╳"
BAR_FREE: Final = "·"

OF_STATE: Final = MappingProxyType(
    {
        CallState.QUEUED: "·",
        CallState.DIALING: "↗",
        CallState.UNCERTAIN: "?",
        CallState.LIVE: "●",
        CallState.UNKNOWN: "?",
        CallState.WRAPPING_UP: "↘",
        CallState.ENDED: "✓",
        CallState.REFUSED: "✗",
        CallState.EXPIRED: "✗",
        CallState.SUPPRESSED: "✗",
        CallState.CANCELLED: "✗",
    }
)
"""The sign beside the word of a call's state."""

OF_MESSAGE: Final = MappingProxyType(
    {
        FollowUpState.DUE: "·",
        FollowUpState.SENDING: "…",
        FollowUpState.ACCEPTED: "✓",
        FollowUpState.SENT: "✓",
        FollowUpState.DELIVERED: "✓✓",
        FollowUpState.READ: "✓✓",
        FollowUpState.AMBIGUOUS: "?",
        FollowUpState.BLOCKED: "■",
        FollowUpState.FAILED: "✗",
        FollowUpState.SKIPPED: "–",
    }
)
"""The sign of a message's state; delivered and read differ in colour and in the words beside."""
