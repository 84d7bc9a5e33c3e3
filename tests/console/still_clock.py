"""The moment at which the tests of the console stand, and a clock that stays there."""

from __future__ import annotations

from voiceslot_tui.core.calls import Instant

NOW = Instant(1_770_000_000_000)
"""2026-02-02 02:40:00 UTC."""


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW
        self.steady = 0.0

    def now(self) -> Instant:
        return self.at

    def steady_s(self) -> float:
        self.steady += 10.0
        return self.steady
