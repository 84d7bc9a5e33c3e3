"""The machine's own clocks and chance, behind the ports that the engine knows.

The only place of the engine's process that reads a clock or draws a random number; a simulation
puts virtual time and a seed in its place.
"""

from __future__ import annotations

import secrets
import time

from voiceslot_tui.core.calls import AttemptId, Instant
from voiceslot_tui.core.follow_ups import TryId


class SystemClock:
    """The clock of this machine."""

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        return Instant(time.time_ns() // 1_000_000)

    def steady_s(self) -> float:
        """Give seconds that never jump and go on while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class RandomIds:
    """Names that were never given before: a time, so that they sort, and 64 random bits."""

    def attempt_id(self) -> AttemptId:
        """Give a new attempt id."""
        return AttemptId(f"att_{_unheard_of()}")

    def try_id(self) -> TryId:
        """Give a new id for a try to send a message."""
        return TryId(f"try_{_unheard_of()}")

    def jitter(self) -> float:
        """Give a number from 0 (included) to 1 (excluded)."""
        return secrets.randbelow(1 << 20) / (1 << 20)


def _unheard_of() -> str:
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
