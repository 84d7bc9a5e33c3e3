"""A moment that has surely been reached, whatever the wall clock was set to.

What is forgotten for its age is gone for good: a clock that was set ahead by a week must not make
anything old. So time goes on from the last line that an earlier run wrote, no faster than the
steady clock, and never beyond the wall clock nor the platform's time. While no engine ran no time
is sure to have passed: what could be forgotten by then waits.

A wall clock that was behind for a while, and is put right, holds time back as well. It does so for
as long as anything is kept: what was written meanwhile is dated too early, and must not be
forgotten before its time. After that only what was seen since counts, but not where the platform
has not told the time: without it nobody knows whether a clock was put right or set ahead, and all
waits for a later start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.limits import (
    FOLLOW_UP_TEXTS_KEPT_DAYS,
    HEARD_KEPT_DAYS,
    IDEMPOTENCY_KEPT_DAYS,
    TOMBSTONE_KEPT_DAYS,
)
from voiceslot_tui.ports import Clock

_KEPT_S: Final = 86_400.0 * max(
    FOLLOW_UP_TEXTS_KEPT_DAYS, HEARD_KEPT_DAYS, IDEMPOTENCY_KEPT_DAYS, TOMBSTONE_KEPT_DAYS
)


class SureTime:
    """Tells a moment that has surely been reached; it must be asked now and then.

    `told` gives the platform's time, None while it has not told it.
    """

    def __init__(self, clock: Clock, told: Callable[[], Instant | None] = lambda: None) -> None:
        self._clock = clock
        self._told = told
        self._since_s = clock.steady_s()
        self._ahead_s = self._ahead_before_s = clock.now() / 1000 - self._since_s

    def begin(self, written: Instant | None) -> None:
        """Begin at the last moment that an earlier run wrote down; None where there was none."""
        if written is not None:
            self._see(written)

    def now(self) -> Instant:
        """Give the moment."""
        wall, told, steady_s = self._clock.now(), self._told(), self._clock.steady_s()
        if told is not None and steady_s - self._since_s > _KEPT_S:
            self._since_s, self._ahead_before_s = steady_s, self._ahead_s
            self._ahead_s = float("inf")
        self._see(wall if told is None else min(wall, told))
        return Instant(round((steady_s + min(self._ahead_s, self._ahead_before_s)) * 1000))

    def _see(self, moment: Instant) -> None:
        """Let the smallest distance to the steady clock count that was seen lately."""
        self._ahead_s = min(self._ahead_s, moment / 1000 - self._clock.steady_s())
