"""A clock that is hours off: what the platform did is found, and nobody is rung twice."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.judge import ENV, WORLD, all_over, judge
from tests.e2e.places import REACHED
from tests.e2e.rig import number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER


def test_lost_answers_are_found_by_a_clock_that_is_ahead(tmp_path: Path) -> None:
    """The platform dates the calls before our dials: they are searched for by name, not by time."""
    world = {**WORLD, **ALL_ANSWER, "webhook_enabled": False}
    with rig(tmp_path, {**ENV, "START_TIMEOUT_S": "1"}, **world) as made:
        made.simulator.faults({"kind": "no_answer", "target": "start", "requests": 2})
        made.start(program=("-m", "tests.e2e.crashing", "clock_ahead_from_the_start", "1"))
        for index in range(5):
            made.enqueue(number(index))
        assert REACHED in made.output()
        wait_for("all calls are over", lambda: all_over(made), every_s=0.2)
        made.kill(signal.SIGTERM)
        figures = judge(made, 5)
        assert (figures["rung"], figures["states"]) == (5, {"ended": 5})
