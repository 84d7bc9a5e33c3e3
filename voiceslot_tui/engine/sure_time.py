"""A moment that has surely been reached, whatever the wall clock was set to.

What is forgotten for its age is gone for good: a clock that was set ahead by a week must not make
anything old. So time goes on from the last line that an earlier run wrote, no faster than the
steady clock, and never beyond the wall clock. While no engine ran no time is sure to have passed:
what could be forgotten by then waits for a later start.
"""

from __future__ import annotations

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.ports import Clock


class SureTime:
    """Tells a moment that has surely been reached; it must be asked now and then."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_s = clock.now() / 1000 - clock.steady_s()

    def begin(self, written: Instant | None) -> None:
        """Begin at the last moment that an earlier run wrote down; None where there was none."""
        if written is not None:
            self._see(written)

    def now(self) -> Instant:
        """Give the moment."""
        self._see(self._clock.now())
        return Instant(round((self._clock.steady_s() + self._ahead_s) * 1000))

    def _see(self, moment: Instant) -> None:
        """Let the smallest distance ever seen to the steady clock count."""
        self._ahead_s = min(self._ahead_s, moment / 1000 - self._clock.steady_s())
