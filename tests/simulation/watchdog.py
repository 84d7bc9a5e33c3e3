"""Ends what goes round in a circle: virtual time stands still there, and no time-out would come."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StandsStill(KeyboardInterrupt):
    """Says where so much processor time has passed.

    An interrupt, as event loops and whoever handles all exceptions let nothing else through.
    """


@contextmanager
def watched(cpu_s: float) -> Iterator[None]:
    """Raise StandsStill in the main thread once a block has used so much processor time."""

    def ring(_: int, frame: FrameType | None) -> None:
        raise StandsStill(_place(frame))

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def _place(frame: FrameType | None) -> str:
    """Name the innermost place of ours."""
    while frame is not None and "voiceslot" not in frame.f_globals.get("__name__", ""):
        frame = frame.f_back
    if frame is None:
        return "outside voiceslot"
    return f"{frame.f_globals['__name__']}, line {frame.f_lineno}"
