"""A terminal with a clock: when the last byte of an answer to a key came, and how many there were.

What arrives is only kept while something is measured; the screen is drawn from it afterwards, so
that drawing it costs no time that would be counted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.e2e.rig import Rig
from tests.e2e.terminal_harness import Terminal

_ANSWER_S = 1.0
_QUIET_S = 0.015
_REST_S = 0.08


@dataclass(frozen=True)
class Reply:
    """What a program wrote after a key."""

    last_byte_ms: float
    size: int


class Meter(Terminal):
    """One program in one pty, with a clock beside it."""

    _kept: list[tuple[float, bytes]] | None = None

    def reply_to(self, keys: str) -> Reply:
        """Press a key; give when the last byte of what it changed came, and how much that was.

        Afterwards the program rests for longer than two of its frames, so that the next key does
        not wait for a frame that this one has used up.
        """
        self._kept = kept = []
        began = time.perf_counter()
        self.send(keys)
        if self._read(_ANSWER_S):
            self.wait_for_quiet(_QUIET_S)
        size, last = sum(len(data) for _, data in kept), kept[-1][0] if kept else began
        self.bytes_written_during(_REST_S)
        self._kept = None
        for _, data in kept:
            super()._take(data)
        return Reply((last - began) * 1000, size)

    def raw_until(self, mark: bytes) -> float:
        """Read until some bytes came; give the moment. They must come in one piece."""
        self._kept = kept = []
        seen = b""
        while mark not in seen:
            self._read(5.0)
            seen = b"".join(data for _, data in kept)
        self._kept = None
        for _, data in kept:
            super()._take(data)
        return kept[-1][0]

    def _take(self, data: bytes) -> None:
        if self._kept is None:
            super()._take(data)
        else:
            self._kept.append((time.perf_counter(), data))


@contextmanager
def metered(command: list[str], environ: Mapping[str, str]) -> Iterator[Meter]:
    """Run a program in a terminal of 120x40 for as long as the block lasts."""
    shown = Meter(command, environ=environ, size=(120, 40))
    try:
        yield shown
    finally:
        shown.close()


def metered_console(made: Rig) -> AbstractContextManager[Meter]:
    """Run the console on a rig's engine."""
    return metered([sys.executable, "-m", "voiceslot_tui"], made.environment())
