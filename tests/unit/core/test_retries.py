"""When an ended call is tried again: the whole table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.standing import START, queued
from voiceslot_tui.core.calls import Disposition, later
from voiceslot_tui.core.retries import next_attempt_at

HOUR_S = 3600.0
TABLE = {
    Disposition.ANSWERED: (None, None, None),
    Disposition.VOICEMAIL: (24 * HOUR_S, 24 * HOUR_S, 24 * HOUR_S),
    Disposition.NO_ANSWER: (4 * HOUR_S, 24 * HOUR_S, 24 * HOUR_S),
    Disposition.BUSY: (900.0, 2 * HOUR_S, 2 * HOUR_S),
    Disposition.DECLINED: (None, None, None),
    Disposition.FAILED: (HOUR_S, HOUR_S, HOUR_S),
    Disposition.INVALID_NUMBER: (None, None, None),
    Disposition.UNKNOWN: (None, None, None),
}


@pytest.mark.parametrize("disposition", Disposition)
@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_the_next_attempt(disposition: Disposition, attempts: int) -> None:
    call = replace(queued(max_attempts=4), attempts=attempts)
    wait_s = TABLE[disposition][attempts - 1]
    expected = None if wait_s is None else later(START, wait_s)
    assert next_attempt_at(call, disposition, START) == expected


@pytest.mark.parametrize("disposition", Disposition)
def test_never_more_attempts_than_asked_for(disposition: Disposition) -> None:
    for most in (1, 2, 10):
        call = replace(queued(max_attempts=most), attempts=most)
        assert next_attempt_at(call, disposition, START) is None
