"""Dispatch against a bare client, same simulator, same run: slot use, refill, starts a second."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.rig import ROOT, Rig, Simulator, call_json, rig, wait_for

LIMIT = 50
ROUNDS = 3
HERE = Path(__file__).parent


def world(talk_s: float) -> dict[str, object]:
    """Give a world of calls that are answered at once and last so long, more or less."""
    return {
        "limit": LIMIT,
        "ring_s": 0.0,
        "talk_s": talk_s,
        "talk_spread": 0.3,
        "analysis_s": 0.0,
        "answered_weight": 1.0,
        "voicemail_weight": 0.0,
        "no_answer_weight": 0.0,
        "busy_weight": 0.0,
        "failed_weight": 0.0,
    }


def slot_use(dials: list[dict[str, Any]]) -> float:
    """Give the share of slots in use while there was something to start."""
    first, last = dials[0]["started_at"], dials[-1]["started_at"]
    live_s = sum(min(dial["hung_up_at"] or last, last) - dial["started_at"] for dial in dials)
    return live_s / (LIMIT * (last - first))


def refill_ms(dials: list[dict[str, Any]]) -> tuple[float, float]:
    """Give p50 and p99 of the time from the k-th end to the start that it made room for."""
    ends = sorted(dial["hung_up_at"] for dial in dials)
    starts = [dial["started_at"] for dial in dials]
    waits = sorted(
        max(0.0, start - end) * 1000 for end, start in zip(ends, starts[LIMIT:], strict=False)
    )
    return statistics.median(waits), waits[int(len(waits) * 0.99)]


def bare(sim: Simulator, port: int, count: int, *, ours: bool = False) -> dict[str, Any]:
    """Run the yardstick and give what it printed."""
    command = [sys.executable, "-m", "tests.benchmarks.bare_client"]
    command += ["--simulator", sim.address, "--port", str(port), "--count", str(count)]
    out = subprocess.run(
        [*command, *(["--ours"] if ours else [])],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return json.loads(out.stdout)


def fill(made: Rig, count: int) -> None:
    """Put calls into the queue while the engine is paused."""
    from tests.benchmarks.filling import fill_queue

    fill_queue(made.data_dir, count)


def run_engine(made: Rig, count: int, deadline_s: float) -> list[dict[str, Any]]:
    """Let the engine work off a queue, and give the dial log."""
    fill(made, count)
    made.start(ELEVENLABS_CONCURRENCY_LIMIT=LIMIT)
    wait_for(
        "all calls are over",
        lambda: (
            made.simulator.truth()["dials"].get("own", 0) >= count
            and made.simulator.truth()["live"] == 0
        ),
        deadline_s,
        0.5,
    )
    dials = made.simulator.dials()
    truth = made.simulator.truth()
    made.kill(15)
    assert truth["max_live"] <= LIMIT
    assert truth["people_rung_again"] == {}
    assert len(dials) == count
    return dials


Figures = dict[str, tuple[float, float, float]]
"""By whom: slot use, refill p50 and p99 in milliseconds."""
BARE, OURS, ENGINE = "bare aiohttp", "bare, our transport", "engine"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("talk_s", "count"), [(0.2, 3000), (1.0, 2500)])
def test_slots_are_used_nearly_as_well_as_a_bare_client_does(
    talk_s: float, count: int, tmp_path: Path
) -> None:
    """Slot use >= 0.95 and >= 0.98 of bare; refill within twice our transport's own.

    All three run in turns against the same simulator. A round in which the bare client itself
    does not reach 0.97 does not count; a disk that stalls for a tenth of a second, as shared ones
    do, spoils a round for the only one that writes, so that the best of three rounds counts.
    """
    print(f"\ncalls of {talk_s:g} s ±30 %, limit {LIMIT}, {count} calls, webhooks on")
    counted: list[Figures] = []
    for number in range(ROUNDS):
        found = one_round(tmp_path / str(number), talk_s, count)
        for name, (use, p50, p99) in found.items():
            print(f"  {name:20} slot use {use:.3f}  refill p50 {p50:6.1f} ms  p99 {p99:6.1f} ms")
        print(f"  engine / bare {found[ENGINE][0] / found[BARE][0]:.3f}")
        if found[BARE][0] >= 0.97:
            counted.append(found)
            if not misses(found):
                return
    if not counted:
        pytest.skip("no round counts: the bare client itself did not reach 0.97")
    raise AssertionError(f"missed in every round: {[misses(found) for found in counted]}")


def one_round(folder: Path, talk_s: float, count: int) -> Figures:
    """Let a bare client, our transport's bare loop and the engine work off the same."""
    found: Figures = {}
    with rig(folder, **world(talk_s)) as made:
        for name, run in (
            (BARE, lambda: bare(made.simulator, made.port, count)),
            (OURS, lambda: bare(made.simulator, made.port, count, ours=True)),
            (ENGINE, lambda: run_engine(made, count, 240)),
        ):
            call_json(f"{made.simulator.address}/_simulator/reset", {})
            run()
            wait_for("quiet", lambda: made.simulator.truth()["live"] == 0)
            dials = made.simulator.dials()
            found[name] = (slot_use(dials), *refill_ms(dials))
        assert made.simulator.truth()["max_live"] == LIMIT
    return found


def misses(found: Figures) -> list[str]:
    """Name the goals that the engine missed in a round."""
    use, p50, p99 = found[ENGINE]
    goals = {
        "slot use 0.95": use >= 0.95,
        "slot use 0.98 of bare": use >= 0.98 * found[BARE][0],
        "refill p50": p50 <= 2 * found[OURS][1],
        "refill p99": p99 <= 2 * found[OURS][2],
    }
    return [goal for goal, reached in goals.items() if not reached]


@pytest.mark.timeout(600)
def test_calls_of_no_length_start_at_a_tenth_of_a_bare_client(tmp_path: Path) -> None:
    """Starts a second with calls of 0 s, every one durable before it is dialled."""
    count = 5000
    with rig(tmp_path, **world(0.0)) as made:
        rates: dict[str, float] = {}
        for name, ours in (("bare aiohttp", False), ("bare, our transport", True)):
            call_json(f"{made.simulator.address}/_simulator/reset", {})
            printed = bare(made.simulator, made.port, count, ours=ours)
            rates[name] = printed["started"] / printed["seconds"]
        call_json(f"{made.simulator.address}/_simulator/reset", {})
        dials = run_engine(made, count, 240)
        seconds = dials[-1]["started_at"] - dials[0]["started_at"]
        rates["engine"] = count / seconds
    print(f"\ncalls of 0 s, limit {LIMIT}, {count} calls")
    for name, rate in rates.items():
        print(f"  {name:20} {rate:8.0f} starts/s  {rate / rates['bare aiohttp']:.3f} of bare")
    assert rates["engine"] >= 0.1 * rates["bare aiohttp"]
