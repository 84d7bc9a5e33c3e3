"""`kill -9` under load: whatever the engine was doing, nobody is rung twice and nothing is lost.

The simulator is the judge. Webhooks get lost, doubled and late; some starts are dialled and
answered with an error, or not answered. The engine is killed at random moments and started again
at once.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import crashing
from tests.e2e.rig import Rig, number, rig, wait_for

LIMIT = 10
FINAL = {"ended", "refused", "expired", "suppressed", "cancelled"}


def enqueue_all(made: Rig, count: int) -> set[str]:
    """Queue so many people, each once; give the ids that were accepted."""
    return {made.enqueue(number(index), key=f"person-{index}") for index in range(count)}


def attempts(made: Rig) -> list[tuple[str, str, str | None]]:
    """Read every attempt from the closed database: (id, state, conversation id)."""
    with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db:
        return db.execute("SELECT id, state, conversation_id FROM attempt").fetchall()


def calls_by_state(made: Rig) -> Counter[str]:
    """Count the calls in the closed database by state."""
    with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db:
        return Counter(dict(db.execute("SELECT state, count(*) FROM call GROUP BY state")))


def all_over(made: Rig, patient: bool = True) -> bool:
    """Tell whether no call is queued or under way (unknown ones wait for the operator)."""
    states = made.states()
    return not any(
        states.get(state)
        for state in ("queued", "dialing", "uncertain", "live", "wrapping_up")
        if patient or state != "uncertain"
    )


def judge(made: Rig, accepted: int) -> dict[str, Any]:
    """Compare what the engine believes with what really happened; give the figures."""
    truth = made.simulator.truth()
    states = calls_by_state(made)
    assert truth["people_rung_again"] == {}
    assert truth["attempts_dialled_again"] == {}
    assert truth["max_live"] <= LIMIT, truth["max_live"]
    assert sum(states.values()) == accepted
    assert set(states) <= FINAL | {"unknown"}
    rung = {dial["attempt_id"] for dial in made.simulator.dials()}
    ours = {attempt_id for attempt_id, _, _ in attempts(made)}
    assert rung <= ours, "a dial without a record of ours"
    lost = {
        attempt_id
        for attempt_id, state, _ in attempts(made)
        if state == "unknown" and attempt_id in rung
    }
    return {
        "rung": truth["dials"].get("own", 0),
        "states": dict(states),
        "unknown_although_rung": len(lost),
        "max_live": truth["max_live"],
    }


WORLD: dict[str, object] = {
    "limit": LIMIT,
    "ring_s": 0.1,
    "talk_s": 0.6,
    "analysis_s": 0.1,
    "no_answer_ring_s": 0.3,
}
LOSSY: dict[str, object] = {
    **WORLD,
    "webhook_loss_share": 0.2,
    "webhook_duplicate_share": 0.2,
    "webhook_delay_max_s": 1.0,
}
ENV = {
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIMIT),
    "POLLING_INTERVAL_MS": "250",
    "UNKNOWN_AFTER_S": "3",
    "LIST_LAG_S": "1",
    "START_TIMEOUT_S": "3",
}


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
        made.kill(15)
        return judge(made, len(accepted))


@pytest.mark.timeout(300)
def test_twenty_kills_under_load_ring_nobody_twice(tmp_path: Path) -> None:
    """With complete lists every call that the platform took is found again."""
    figures = kill_at_random(tmp_path, kills=20, people=200, seed=20)
    print(figures)
    assert figures["unknown_although_rung"] == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_two_hundred_kills_under_load_ring_nobody_twice(seed: int, tmp_path: Path) -> None:
    """Ten campaigns of twenty kills each."""
    figures = kill_at_random(tmp_path, kills=20, people=200, seed=100 + seed)
    print(figures)
    assert figures["unknown_although_rung"] == 0


def kill_at_point(folder: Path, point: str, nth: int) -> dict[str, Any]:
    """Let the engine die where it is told to; start it again; give what the judge found."""
    with rig(folder, ENV, **{**WORLD, "seed": nth}) as made:
        if point == "in_flight":
            made.simulator.faults(
                {"kind": "slow", "target": "start", "probability": 1.0, "delay_s": 0.4}
            )
        made.start(program=("-m", "tests.e2e.crashing", point, str(nth)))
        accepted = {number(index): "" for index in range(30)}
        with suppress(OSError, ValueError):
            for person in accepted:
                accepted[person] = made.enqueue(person, key=person)
        assert made.engine is not None
        assert made.engine.wait(30) == -9, made.output()
        made.simulator.faults()
        made.start()
        for person, first in accepted.items():
            again = made.enqueue(person, key=person)
            assert first in ("", again), "one key, two calls"
        wait_for("all calls are over", lambda: all_over(made), 60, 0.3)
        made.kill(15)
        return judge(made, len(accepted))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", sorted(crashing.POINTS))
def test_a_kill_at_each_point_loses_nothing(point: str, tmp_path: Path) -> None:
    """Dead between any two steps, the engine comes back to what really happened."""
    figures = kill_at_point(tmp_path, point, nth=7)
    print(point, figures)
    assert figures["unknown_although_rung"] == 0


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("point", sorted(crashing.POINTS))
@pytest.mark.parametrize("nth", range(1, 11))
def test_ten_kills_at_each_point_lose_nothing(point: str, nth: int, tmp_path: Path) -> None:
    """The same, at the first to the tenth time that the point is reached."""
    figures = kill_at_point(tmp_path, point, nth)
    print(point, nth, figures)
    assert figures["unknown_although_rung"] == 0
