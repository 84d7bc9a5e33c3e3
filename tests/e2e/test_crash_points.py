"""An engine that stops between any two steps comes back to what really happened.

`crashing.POINTS` lists the places where it can stop, from an order that is not committed to an end
that nobody has heard of. At each, the process kills or suspends itself or its clock jumps; then it
goes on, or is started again.
"""

from __future__ import annotations

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.crashing import POINTS, Point
from tests.e2e.judge import ENV, WORLD, all_over, all_over_but_what_was_never_dialled, judge
from tests.e2e.outside import voiceslot
from tests.e2e.places import REACHED, Deed, cancel_not_committed
from tests.e2e.rig import Rig, number, rig, wait_for

PEOPLE = 24
ASLEEP_S = 6.0
"""Longer than the time after which a reservation that was not dialled is withdrawn."""
CANCELLED = range(1, 11)


def stop_at(folder: Path, name: str, nth: int, *, patient: bool = True) -> dict[str, Any]:
    """Let it happen at a place, go on afterwards, and give what the judge found.

    Who is not `patient` does not wait until a call that was never dialled is given up.
    """
    point = POINTS[name]
    with rig(folder, ENV, **{**WORLD, **point.world, "seed": nth}) as made:
        made.simulator.faults(*point.faults)
        made.start(program=("-m", "tests.e2e.crashing", name, str(nth)), **point.env)
        accepted = order(made, [number(index) for index in range(PEOPLE)])
        if point.cancels:
            wait_for("some are dialled", lambda: made.states().get("dialing", 0))
            voiceslot(made, "cancel", *(str(call_id) for call_id in CANCELLED))
        let_it_happen(made, point)
        wait_for("it answers", made.healthy)
        for person, first in accepted.items():
            again = made.enqueue(person, key=person)
            assert first in ("", again), "one key, two calls"
        over = all_over if patient else all_over_but_what_was_never_dialled
        wait_for("all calls are over", lambda: over(made), 60, 0.2)
        made.kill(signal.SIGTERM)
        return judge(made, len(accepted), patient=patient)


def order(made: Rig, people: Iterable[str]) -> dict[str, str]:
    """Order calls until the engine dies; give the ids by number, empty where none was told."""
    accepted = dict.fromkeys(people, "")
    with suppress(OSError, ValueError):
        for person in accepted:
            accepted[person] = made.enqueue(person, key=person)
    return accepted


def let_it_happen(made: Rig, point: Point) -> None:
    """Wait for the deed, end the faults, and let the engine go on."""
    assert made.engine is not None
    wait_for("it happens", lambda: REACHED in made.output())
    if point.deed is Deed.KILL:
        assert made.engine.wait(30) == -signal.SIGKILL, made.output()
        made.simulator.faults()
        if point.cancels:
            cancels_stand(made, point)
        made.start(wait=False)
        return
    made.simulator.faults()
    if point.deed is Deed.STOP:
        time.sleep(ASLEEP_S)
        made.engine.send_signal(signal.SIGCONT)


def cancels_stand(made: Rig, point: Point) -> None:
    """Look whether what an operator wished is in the file, or not, but not half of it."""
    with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db:
        asked = "SELECT count(*) FROM journal WHERE kind = 'cancel'"
        wished = db.execute(asked).fetchone()[0]
    assert wished == (0 if point.arm is cancel_not_committed else len(CANCELLED))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", [name for name, point in POINTS.items() if point.quick])
def test_an_engine_stopped_between_two_steps_loses_nothing(name: str, tmp_path: Path) -> None:
    """Dead between any two steps, the engine comes back to what really happened."""
    figures = stop_at(tmp_path, name, nth=7, patient=False)
    print(name, figures)
    assert figures["unknown_although_rung"] == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", POINTS)
def test_ten_stops_at_each_point_lose_nothing(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The same, at the first to the tenth time that the point is reached."""
    total: Counter[str] = Counter()
    lost, most = 0, 0
    for nth in range(1, 11):
        figures = stop_at(tmp_path / str(nth), name, nth, patient=nth == 1)
        total.update(figures["states"], rung=figures["rung"])
        lost += figures["unknown_although_rung"]
        most = max(most, figures["max_live"])
    record_property("figures", f"{POINTS[name].number:2} {name:26} {dict(total)}, max live {most}")
    assert lost == 0
