"""The signs of the screen, each one cell wide.

Where the terminal knows only ASCII, the terminal layer puts each sign's twin in its place.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import CallState

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
