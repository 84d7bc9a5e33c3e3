"""The watchdog: what goes round in a circle is ended and named, whatever it catches."""

from __future__ import annotations

import signal
import time

import pytest

from tests.simulation.virtual_time import simulate
from tests.simulation.watchdog import StandsStill, watched

CPU_S = 0.05


def circle() -> None:
    """Go round, and handle all exceptions."""
    while True:
        try:
            time.monotonic()
        except Exception:  # noqa: BLE001 - what a careless handler does
            continue


async def circle_in_a_loop() -> None:
    circle()


def test_a_circle_is_ended_also_in_an_event_loop() -> None:
    with pytest.raises(StandsStill, match="outside voiceslot"), watched(CPU_S):
        simulate(circle_in_a_loop)


def test_it_looks_no_more_once_all_is_well() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with watched(CPU_S):
        pass
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
