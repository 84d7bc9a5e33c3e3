"""The console's one source of time.

What the screen says about time is an argument everywhere else, so that tests hold it still.
"""

from __future__ import annotations

import time
from typing import Protocol

from voiceslot_tui.core.calls import Instant


class ScreenClock(Protocol):
    """What the console asks of time."""

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        ...

    def steady_s(self) -> float:
        """Give seconds that never jump."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        return Instant(time.time_ns() // 1_000_000)

    def steady_s(self) -> float:
        """Give seconds that never jump."""
        return time.monotonic()
