"""The process, or its machine, sleeps: it wakes up to what is, not to what it remembers.

While it sleeps calls end, and others take the slots. A reservation that it slept on is withdrawn; a
reading that it slept on is read again before anything is dialled.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.judge import ENV, LIMIT, WORLD, all_over, judge
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import own_dials, own_live
from tests.faults.images import suspended
from voiceslot_tui.core.limits import DIAL_STALE_S, READING_STALE_MIN_S

FOREIGN = 8


def slept(folder: Path, asleep_s: float, *, foreign: int, seed: int) -> dict[str, Any]:
    """Suspend an engine with every slot in use; give what the judge found after it woke up."""
    world = {**WORLD, "limit": 100, "talk_s": 0.5, "seed": seed}
    with rig(folder, ENV, **world) as made:
        made.start()
        people = [number(index) for index in range(4 * LIMIT)]
        for person in people:
            made.enqueue(person, key=person)
        wait_for("all slots are in use", lambda: own_dials(made) > LIMIT * (1 + seed % 2))
        with suspended(made):
            until = time.monotonic() + asleep_s
            wait_for("nobody talks any more", lambda: own_live(made) == 0)
            if foreign:
                made.simulator.foreign(foreign, talk_s=600.0)
            time.sleep(max(0.0, until - time.monotonic()))
        wait_for("all calls are over", lambda: all_over(made), 90, 0.2)
        no_slot_is_lost(made, foreign)
        made.kill(signal.SIGTERM)
        return judge(made, len(people))


def no_slot_is_lost(made: Rig, foreign: int) -> None:
    """Look whether every slot that nobody uses is free."""
    slots = made.stats()["snapshot"]["slots"]
    holding = made.states().get("unknown", 0)
    assert (slots["effective"], slots["free"]) == (LIMIT, LIMIT - foreign - holding)


def test_an_engine_that_slept_over_its_reservations_dials_nobody_twice(tmp_path: Path) -> None:
    figures = slept(tmp_path, DIAL_STALE_S + 0.5, foreign=0, seed=1)
    print(figures)
    assert (figures["rung"], figures["unknown_although_rung"]) == (4 * LIMIT, 0)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(5))
def test_an_engine_that_slept_over_its_reading_looks_before_it_dials(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Others have taken most slots in the meantime: the limit holds for all calls together."""
    asleep_s = 2 * READING_STALE_MIN_S + 2 + seed
    figures = slept(tmp_path, asleep_s, foreign=FOREIGN, seed=seed)
    record_property("figures", f"slept {asleep_s:g} s, {FOREIGN} slots taken: {figures}")
    assert (figures["rung"], figures["unknown_although_rung"]) == (4 * LIMIT, 0)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(3))
def test_an_engine_that_nods_off_again_and_again_rings_nobody_twice(
    seed: int, tmp_path: Path
) -> None:
    """Thirty naps of up to a second, at whatever it was doing."""
    with rig(tmp_path, ENV, **{**WORLD, "seed": seed}) as made:
        made.start()
        for index in range(100):
            made.enqueue(number(index), key=number(index))
        for nap in range(30):
            with suspended(made):
                time.sleep(0.03 * nap)
            time.sleep(0.05)
        wait_for("all calls are over", lambda: all_over(made), 90, 0.2)
        no_slot_is_lost(made, 0)
        made.kill(signal.SIGTERM)
        assert judge(made, 100)["rung"] == 100
