"""Starts the engine as `serve` does, so many days later by its clock than it is.

Run as a program: `python -m tests.e2e.days_later DAYS`; a part of a day is a fraction.
"""

from __future__ import annotations

import sys
from typing import Final

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.machine import SystemClock

DAY_MS: Final = 86_400_000


def set_ahead(by_ms: int) -> None:
    """Let the wall clock of this process go ahead of the machine's."""
    original = SystemClock.now
    SystemClock.now = lambda self: Instant(original(self) + by_ms)  # type: ignore[method-assign]


if __name__ == "__main__":
    set_ahead(round(float(sys.argv[1]) * DAY_MS))
    sys.argv = ["voiceslot", "serve"]
    from voiceslot_tui.cli.main import main

    main()
