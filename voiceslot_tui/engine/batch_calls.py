"""Which calls of running batches hold a slot, read within a time that leaves the reading good.

A batch may hold 10,000 recipients and take seconds over a slow line, and one of them may not be
readable at all. What could not be read counts by the figures in the list of batches: as many calls
as were handed over and have not ended. Those of them that the list of conversations names besides
then count twice: that may leave a slot empty for a while, and never takes one too many. Nobody's
dialling stops for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.limits import BATCH_CALLS_WITHIN_S
from voiceslot_tui.core.talks import BatchCalls, BatchCount
from voiceslot_tui.ports import Clock, VoicePlatform

IN_PROGRESS: Final = "in_progress"

_Mark = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a batch, and what the list told of it then."""

    mark: _Mark
    calls: BatchCalls


class BatchCallsReader:
    """Reads running batches, and again only those that moved, in the order of their waiting."""

    def __init__(self, platform: VoicePlatform, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock
        self._known: dict[str, _Known] = {}
        """By batch, in the order in which they were read."""

    async def read(self, batches: Iterable[BatchCount]) -> dict[str, BatchCalls]:
        """Give the calls of every batch under way that has any."""
        running = {
            batch.batch_id: batch
            for batch in batches
            if batch.status == IN_PROGRESS and batch.dispatched > batch.finished
        }
        self._known = {one: known for one, known in self._known.items() if one in running}
        moved = self._moved(running)
        for batch_id, calls in (await self._read_in_time(moved)).items():
            self._known.pop(batch_id, None)
            self._known[batch_id] = _Known(_mark(running[batch_id]), calls)
        return {one: self._best_of(batch) for one, batch in running.items()}

    def _moved(self, running: dict[str, BatchCount]) -> list[str]:
        """Give what must be read, in its order."""
        order = {batch_id: place for place, batch_id in enumerate(self._known)}
        moved = [
            batch_id
            for batch_id, batch in running.items()
            if batch_id not in order
            or self._known[batch_id].mark != _mark(batch)
            or self._known[batch_id].calls.unnamed
        ]
        return sorted(moved, key=lambda batch_id: order.get(batch_id, -1))

    async def _read_in_time(self, moved: list[str]) -> dict[str, BatchCalls]:
        """Read one batch after the other, and begin none when the time is over.

        Several at once would be read sooner, but a freed slot would wait for all of them.
        """
        ends_at = self._clock.steady_s() + BATCH_CALLS_WITHIN_S
        found: dict[str, BatchCalls] = {}
        for batch_id in moved:
            with contextlib.suppress(ReadFailed):
                found[batch_id] = await self._platform.batch_calls(batch_id)
            if self._clock.steady_s() >= ends_at:
                break
        return found

    def _best_of(self, batch: BatchCount) -> BatchCalls:
        known = self._known.get(batch.batch_id)
        if known is not None and known.mark == _mark(batch):
            return known.calls
        names = known.calls.ids if known is not None else BatchCalls().ids
        return BatchCalls(names, max(0, batch.dispatched - batch.finished - len(names)))


def _mark(batch: BatchCount) -> _Mark:
    return batch.updated_at, batch.dispatched, batch.finished
