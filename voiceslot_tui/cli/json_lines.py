"""Calls as JSON lines from a pipe or a file: cut, read, and handed on in batches.

A batch is what the queue takes in one go, or what has arrived when the source falls quiet, so that
a slow producer's calls do not wait for a full batch.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import ENQUEUE_BATCH_MAX, ENQUEUE_BODY_BYTES_MAX
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.wire.enqueue_call import read_line

PIECE_BYTES: Final = 1024 * 1024
BATCH_BYTES_MAX: Final = 2 * 1024 * 1024
"""Half of what a line of the link may hold: client data grows by a third on its way."""

QUIET_S: Final = 0.02
"""A pipe holds little: its writer gets so long to fill it again before a batch is handed on."""

TURN_S: Final = 1.0
"""How long is waited at a time: a signal that came just before a wait is heeded after it."""


@dataclass(slots=True)
class Batch:
    """Calls read so far, from which line to which, and the lines that could not be read."""

    calls: list[NewCall] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    first_line: int = 0
    last_line: int = 0
    size_bytes: int = 0

    @property
    def is_full(self) -> bool:
        """Tell whether no further call may be added."""
        return len(self.calls) >= ENQUEUE_BATCH_MAX or self.size_bytes >= BATCH_BYTES_MAX

    def add(self, number: int, line: bytes) -> None:
        """Read one line into the batch; an empty one is nothing."""
        self.first_line = self.first_line or number
        self.last_line = number
        if not line.strip():
            return
        try:
            self.calls.append(read_line(line))
            self.size_bytes += len(line)
        except BadInput as problem:
            self.bad.append((number, str(problem)))


def batches(descriptor: int, *, only_full: bool = False) -> Iterator[Batch]:
    """Read calls from an open file until it ends, a batch at a time; lines count from 1.

    With `only_full` the same file is cut in the same way each time, however fast it comes.
    """
    batch, rest, number = Batch(), b"", 0
    while piece := _next_piece(descriptor):
        *lines, rest = (rest + piece).split(b"\n")
        # What is too long stays too long without being kept.
        rest = rest[: ENQUEUE_BODY_BYTES_MAX + 1]
        for line in lines:
            number += 1
            batch.add(number, line)
            if batch.is_full:
                yield batch
                batch = Batch()
        if batch.last_line and not only_full and not _has_more(descriptor):
            yield batch
            batch = Batch()
    if rest:
        batch.add(number + 1, rest)
    if batch.last_line:
        yield batch


def _next_piece(descriptor: int) -> bytes:
    """Wait for what comes next; nothing is the end."""
    while not select.select([descriptor], [], [], TURN_S)[0]:
        pass
    return os.read(descriptor, PIECE_BYTES)


def _has_more(descriptor: int) -> bool:
    ready, _, _ = select.select([descriptor], [], [], QUIET_S)
    return bool(ready)
