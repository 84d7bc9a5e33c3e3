"""Another program holds the database; the engine may open nothing more: it waits and goes on."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.e2e.judge import ENV, LIMIT, WORLD, all_over, judge
from tests.e2e.outside import Answer, enqueue, enqueue_body
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import own_live, starts
from tests.faults.images import NAME
from tests.faults.tools import no_descriptors


def ask(made: Rig, index: int) -> Answer:
    """Ask for a call to one of the invented people, by a key of its own."""
    return enqueue(made, enqueue_body(number(index)), {"Idempotency-Key": number(index)})


@contextmanager
def held(made: Rig) -> Iterator[None]:
    """Hold the database for writing, as a careless administrator does, while the block runs."""
    path = made.data_dir / NAME
    with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def failing(made: Rig) -> str:
    """Give what the services that fail say."""
    return " ".join(one["error"] for one in made.stats()["snapshot"]["services"])


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_database_that_another_program_holds_is_waited_for(tmp_path: Path) -> None:
    """After five seconds: 503, nobody dialled, said by name; then it goes on by itself."""
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        taken = [ask(made, index) for index in range(2 * LIMIT)]
        wait_for("all slots are in use", lambda: own_live(made) == LIMIT)
        with held(made):
            dialled = starts(made)
            refused = ask(made, 50)
            assert (refused.status, refused.error["code"]) == (503, "store_unavailable")
            wait_for("it is said", lambda: "another program holds the database" in failing(made))
            assert starts(made) == dialled
        taken.append(ask(made, 50))
        assert {answer.status for answer in taken} == {202}
        wait_for("all calls are over", lambda: all_over(made), 60, 0.2)
        made.kill(signal.SIGTERM)
        assert judge(made, len(taken))["rung"] == len(taken)


@pytest.mark.timeout(120)
def test_an_engine_without_descriptors_dials_nobody_twice_and_recovers(tmp_path: Path) -> None:
    """It can open no connection: what it could not send is proven unsent and stands in line."""
    with rig(tmp_path, ENV, **{**WORLD, "talk_s": 0.3}) as made:
        made.start()
        people = 4 * LIMIT
        for index in range(people):
            assert ask(made, index).status == 202
        with no_descriptors(made):
            made.simulator.faults({"kind": "reset_after_reading", "target": "read"})
            wait_for("it is said", lambda: "Too many open files" in made.output())
            wait_for("nobody talks any more", lambda: own_live(made) == 0)
            made.simulator.faults()
        wait_for("it answers again", made.healthy)
        wait_for("all calls are over", lambda: all_over(made), 60, 0.2)
        made.kill(signal.SIGTERM)
        assert judge(made, people)["unknown_although_rung"] == 0
