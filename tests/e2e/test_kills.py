"""`kill -9` under load: whatever the engine was doing, nobody is rung twice and nothing is lost.

The simulator is the judge. Webhooks get lost, doubled and late; some starts are dialled and
answered with an error, or not answered. The engine is killed at random moments and started again
at once.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.judge import ENV, WORLD, all_over, judge
from tests.e2e.rig import Rig, number, rig, wait_for

LOSSY: dict[str, object] = {
    **WORLD,
    "webhook_loss_share": 0.2,
    "webhook_duplicate_share": 0.2,
    "webhook_delay_max_s": 1.0,
}


def enqueue_all(made: Rig, count: int) -> set[str]:
    """Queue so many people, each once; give the ids that were accepted."""
    return {made.enqueue(number(index), key=f"person-{index}") for index in range(count)}


def kill_at_random(folder: Path, kills: int, people: int, seed: int) -> dict[str, Any]:
    """Kill an engine under load again and again; give what the judge found."""
    chance = random.Random(seed)
    with rig(folder, ENV, **{**LOSSY, "seed": seed}) as made:
        made.simulator.faults(
            {"kind": "error_500", "target": "start", "probability": 0.05, "acts": True},
            {"kind": "no_answer", "target": "start", "probability": 0.03},
        )
        made.start()
        accepted = enqueue_all(made, people)
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, 0.6))
            made.kill()
            made.start()
        made.simulator.faults()
        wait_for("all calls are over", lambda: all_over(made), 120, 0.5)
        made.kill(signal.SIGTERM)
        return judge(made, len(accepted))


@pytest.mark.timeout(300)
def test_twenty_kills_under_load_ring_nobody_twice(tmp_path: Path) -> None:
    """With complete lists every call that the platform took is found again."""
    figures = kill_at_random(tmp_path, kills=20, people=200, seed=20)
    print(figures)
    assert figures["unknown_although_rung"] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 125))
def test_five_hundred_kills_under_load_ring_nobody_twice(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Twenty-five campaigns of twenty kills each."""
    figures = kill_at_random(tmp_path, kills=20, people=200, seed=seed)
    rung, states, most = figures["rung"], figures["states"], figures["max_live"]
    row = f"seed {seed}, 20 kills: {rung} rung once, {states}, max live {most}"
    record_property("figures", row)
    assert figures["unknown_although_rung"] == 0
