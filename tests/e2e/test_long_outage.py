"""Ten real minutes in which the platform answers 503 to every start; run by `make faults`.

The suite tells the same story in virtual time (tests/simulation); here nothing is simulated but the
telephone world.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.outside import status, voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, QUICK, own_dials, starts

OUTAGE_S = 600.0
PEOPLE = 40


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_minutes_of_503_open_the_breaker_and_leave_the_queue_a_queue(tmp_path: Path) -> None:
    """Three starts, then one a minute; a minute after the platform is back, so are we."""
    settings = {"ELEVENLABS_CONCURRENCY_LIMIT": "20", "CALLS_PER_SECOND": "1"}
    with rig(tmp_path, settings, **{**QUICK, **ALL_ANSWER}) as made:
        made.simulator.faults({"kind": "error_503", "target": "start"})
        made.start()
        for index in range(PEOPLE):
            made.enqueue(number(index))
        wait_for("the breaker opens", lambda: made.stats()["snapshot"]["breaker_open"])
        assert starts(made) == 3
        assert "the platform does not answer starts" in voiceslot(made, "status").stdout
        until = time.monotonic() + OUTAGE_S
        seen: list[int] = []
        while time.monotonic() < until:
            found = status(made)
            unsure = sum(found["calls"].get(state, 0) for state in ("uncertain", "unknown"))
            assert found["calls"].get("queued", 0) + unsure == PEOPLE
            seen.append(starts(made))
            time.sleep(5)
        print(f"{seen[-1]} starts in ten minutes, {unsure} of {PEOPLE} calls wait for the operator")
        assert seen[-1] <= 3 + 10
        assert own_dials(made) == 0
        made.simulator.faults()
        wait_for("it dials again", lambda: own_dials(made) > 0, 70)
        wait_for("all that was queued is over", lambda: not under_way(made), 90)
        truth, found = made.simulator.truth(), made.states()
        unsure = sum(found.get(state, 0) for state in ("uncertain", "unknown"))
        assert found["ended"] + unsure == PEOPLE
        assert (truth["people_rung"], truth["people_rung_again"]) == (found["ended"], {})


def under_way(made: Rig) -> int:
    """Count the calls that are queued or under way, but those that wait to be found."""
    found = made.states()
    return sum(found.get(state, 0) for state in ("queued", "dialing", "live", "wrapping_up"))
