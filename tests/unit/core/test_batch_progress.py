"""How far a batch is, how fast it goes, and when it will be done."""

from __future__ import annotations

import pytest

from voiceslot_tui.core.batch_progress import Pace, Sample, counted, pace_of, sampled
from voiceslot_tui.core.batches import Batch
from voiceslot_tui.core.limits import BATCH_RATE_OVER_S, BATCH_RATE_SAMPLES_MAX
from voiceslot_tui.core.talks import BatchCount

BATCH = Batch(BatchCount("b1", "in_progress", 9, 7, 20, 0))


@pytest.mark.parametrize(
    ("statuses", "unreadable", "found"),
    [
        ({}, 0, (7, 20, 0)),
        ({"pending": 3}, 0, (0, 3, 0)),
        ({"completed": 1, "voicemail": 2, "failed": 3, "cancelled": 4, "odd": 5}, 6, (10, 21, 3)),
    ],
)
def test_recipients_are_counted(
    statuses: dict[str, int], unreadable: int, found: tuple[int, int, int]
) -> None:
    assert counted(BATCH, statuses, unreadable) == found


@pytest.mark.parametrize(
    ("samples", "total", "pace"),
    [
        ([], 10, Pace()),
        ([(0, 5)], 10, Pace()),
        ([(5, 5), (5, 6)], 10, Pace()),
        ([(0, 0), (60, 5)], 10, Pace(5.0, 60.0)),
        ([(0, 0), (30, 9), (120, 10)], 30, Pace(5.0, 240.0)),
        ([(30, 0), (150, 1)], 3, Pace(0.5, 240.0)),
        ([(0, 5), (60, 5)], 10, Pace(0.0, None)),
        ([(0, 0), (60, 10)], 10, Pace(10.0, 0.0)),
        ([(0, 0), (60, 12)], 10, Pace(12.0, 0.0)),
    ],
)
def test_the_pace_and_what_is_left(
    samples: list[tuple[float, int]], total: int, pace: Pace
) -> None:
    assert pace_of([Sample(*one) for one in samples], total) == pace


def test_only_the_last_while_counts() -> None:
    samples: tuple[Sample, ...] = ()
    for number in range(5):
        samples = sampled(samples, Sample(number * BATCH_RATE_OVER_S / 2, number))
    assert [one.done for one in samples] == [2, 3, 4]


def test_samples_are_bounded() -> None:
    samples: tuple[Sample, ...] = ()
    for number in range(500):
        samples = sampled(samples, Sample(number / 10, number))
    assert len(samples) == BATCH_RATE_SAMPLES_MAX
    assert samples[-1].done == 499


def test_what_stands_still_for_a_while_begins_nothing_anew() -> None:
    assert sampled((Sample(0, 5),), Sample(10, 5)) == (Sample(0, 5), Sample(10, 5))


def test_a_retry_begins_anew() -> None:
    assert sampled((Sample(0, 5), Sample(10, 9)), Sample(20, 8)) == (Sample(20, 8),)
