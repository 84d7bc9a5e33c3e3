"""The figures that are worked out of a snapshot: slots used, calls over the limit, calls ready."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.test_troubles import WELL
from voiceslot_tui.core.calls import CallState, Hold
from voiceslot_tui.core.snapshot import Slots

OURS = Slots(limit=40, effective=30, dialing=1, uncertain=2, live=4, ringing=3, unknown_holding=8)


def test_every_call_of_ours_that_may_talk_uses_a_slot() -> None:
    assert OURS.holding == 15
    assert replace(OURS, ringing=0, foreign=9).holding == 15


@pytest.mark.parametrize(
    ("foreign", "reserve", "over_by"),
    [(0, 0, 0), (10, 5, 0), (11, 5, 1), (10, 6, 1), (20, 0, 5)],
)
def test_what_is_above_the_limit_drains(foreign: int, reserve: int, over_by: int) -> None:
    assert replace(OURS, foreign=foreign, reserve=reserve).over_by == over_by


def test_of_the_calls_that_wait_those_without_a_hold_are_ready() -> None:
    assert (WELL.queued, WELL.ready) == (0, 0)
    calls = {CallState.QUEUED: 9, CallState.LIVE: 4}
    held = replace(WELL, calls=calls, holds={Hold.PARKED: 2, Hold.RETRY_WAIT: 3})
    assert (held.queued, held.ready) == (9, 4)
