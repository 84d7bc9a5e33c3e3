"""When an ended call is tried again.

A policy answers with a moment or None; it never waits by itself. A person who answered, declined
or cannot be reached at that number is never rung again by a retry, and neither is one of whom we
do not know how it went.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Call, Disposition, Instant, later

_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0

RETRY_AFTER_S: Final = MappingProxyType(
    {
        Disposition.BUSY: (15 * _MINUTE_S, 2 * _HOUR_S),
        Disposition.NO_ANSWER: (4 * _HOUR_S, 24 * _HOUR_S),
        Disposition.VOICEMAIL: (24 * _HOUR_S,),
        Disposition.FAILED: (_HOUR_S,),
    }
)
"""Seconds until the next attempt, by how the last one went; the last figure repeats."""


def next_attempt_at(call: Call, disposition: Disposition, now: Instant) -> Instant | None:
    """Say when the call is tried again after an attempt that went so, or None for never."""
    waits = RETRY_AFTER_S.get(disposition)
    if waits is None or call.attempts >= call.max_attempts:
        return None
    return later(now, waits[min(max(call.attempts, 1), len(waits)) - 1])
