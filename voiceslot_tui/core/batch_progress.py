"""How far the watched batches are: what a screen shows of each, its pace, and when it will be done.

The platform's counters do not say what a retry does to them, so that what was read of the
recipients themselves counts where it was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voiceslot_tui.core.batches import ENDED_RECIPIENTS, Batch, Watch
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.limits import BATCH_RATE_OVER_S, BATCH_RATE_SAMPLES_MAX

_FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sample:
    """How many recipients were done at a moment of the steady clock, in seconds."""

    at_s: float
    done: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a batch is, and how long it will take; None where that cannot be told."""

    per_minute: float | None = None
    eta_s: float | None = None


@dataclass(frozen=True, slots=True)
class BatchView:
    """One watched batch as it is shown.

    `statuses` counts recipients by the platform's own words, of which `done` are ends; until the
    recipients were read (`read_at`) the platform's counters stand in. `error` says why it could
    not be read, `failures` how often in a row.
    """

    batch: Batch
    watch: Watch
    statuses: Mapping[str, int]
    unreadable: int = 0
    done: int = 0
    total: int = 0
    failed: int = 0
    pace: Pace = Pace()
    read_at: Instant | None = None
    error: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class BatchChecks:
    """How the watching goes: `count` checks ended since the start, the last one at `last_at`.

    `error` says what could not be read at the last one.
    """

    watching: bool
    interval_s: float
    count: int = 0
    last_at: Instant | None = None
    took_s: float = 0.0
    watched: int = 0
    read: int = 0
    failed: int = 0
    error: str = ""


def counted(batch: Batch, statuses: Mapping[str, int], unreadable: int) -> tuple[int, int, int]:
    """Count the recipients of a batch who are done, all of them, and those who failed."""
    if not statuses:
        return batch.count.finished, batch.count.scheduled, 0
    done = sum(count for word, count in statuses.items() if word in ENDED_RECIPIENTS)
    return done, sum(statuses.values()) + unreadable, statuses.get(_FAILED, 0)


def sampled(samples: Sequence[Sample], latest: Sample) -> tuple[Sample, ...]:
    """Add a sample and leave out what is too long ago, or before a retry took ends back."""
    if samples and latest.done < samples[-1].done:
        return (latest,)
    recent = [one for one in samples if latest.at_s - one.at_s <= BATCH_RATE_OVER_S]
    return (*recent, latest)[-BATCH_RATE_SAMPLES_MAX:]


def pace_of(samples: Sequence[Sample], total: int) -> Pace:
    """Tell the pace between the first and the last sample, and what is left at that pace."""
    if not samples or samples[-1].at_s <= samples[0].at_s:
        return Pace()
    first, last = samples[0], samples[-1]
    per_minute = (last.done - first.done) * 60 / (last.at_s - first.at_s)
    left = max(0, total - last.done)
    return Pace(per_minute, left * 60 / per_minute if per_minute > 0 else None)
