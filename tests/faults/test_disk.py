"""The disk is full, or fails to keep what was written: nothing is promised, nobody is dialled.

What was taken before is safe, and everything goes on by itself once the disk is well again.
"""

from __future__ import annotations

import errno
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.judge import ENV, LIMIT, WORLD, all_over, judge, sound
from tests.e2e.outside import Answer, enqueue, enqueue_body, voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import after_two_more_readings, own_live, starts
from tests.faults.images import NAME
from tests.faults.tools import filled, small_disk, struck

SYNCS = "fdatasync,fsync"
WRITES = "pwrite64"


def ask(made: Rig, index: int) -> Answer:
    """Ask for a call to one of the invented people, by a key of its own."""
    return enqueue(made, enqueue_body(number(index)), {"Idempotency-Key": number(index)})


def nothing_is_promised_meanwhile(
    made: Rig, trouble: Callable[[], AbstractContextManager[None]], *words: str
) -> None:
    """Let a disk be in trouble under load: 503, nobody dialled, said in words; then it goes on."""
    made.start()
    taken = [ask(made, index) for index in range(2 * LIMIT)]
    wait_for("all slots are in use", lambda: own_live(made) == LIMIT)
    with trouble():
        refused = [ask(made, index) for index in range(50, 55)]
        wait_for("nobody talks any more", lambda: own_live(made) == 0)
        dialled = starts(made)
        after_two_more_readings(made)
        refused += [ask(made, index) for index in range(50, 55)]
        assert {answer.status for answer in refused} == {503}
        assert {answer.error["code"] for answer in refused} == {"store_unavailable"}
        assert starts(made) == dialled < len(taken)
        wait_for("the operator is told", lambda: all(word in said(made) for word in words))
    again = [ask(made, index) for index in range(50, 55)]
    assert {answer.status for answer in (*taken, *again)} == {202}
    wait_for("all calls are over", lambda: all_over(made), 60, 0.2)
    made.kill(signal.SIGTERM)
    assert judge(made, len(taken) + len(again))["rung"] == len(taken) + len(again)


def said(made: Rig) -> str:
    """Give what an operator is told who asks how things are."""
    return voiceslot(made, "status").stdout


@contextmanager
def rig_on_a_small_disk(folder: Path, size: str = "6m") -> Iterator[Rig]:
    """Run a rig whose data folder is a disk of its own."""
    with rig(folder, ENV, **WORLD) as made, small_disk(made.data_dir, size):
        try:
            yield made
        finally:
            made.stop()


@pytest.mark.slow
def test_a_disk_without_room_is_said_to_be_full(tmp_path: Path) -> None:
    with rig_on_a_small_disk(tmp_path) as made:
        full = partial(filled, made.data_dir)
        nothing_is_promised_meanwhile(made, full, "the disk is full", "free some space")


@pytest.mark.slow
@pytest.mark.parametrize("size", ["4k", "16k", "64k"])
def test_an_engine_does_not_start_on_a_disk_that_is_too_small(size: str, tmp_path: Path) -> None:
    """It says what to do and leaves the folder such that it starts once there is room."""
    with rig_on_a_small_disk(tmp_path, "2m") as made:
        with filled(made.data_dir):
            filler = made.data_dir / "filler"
            room = int(size[:-1]) * 1024
            with filler.open("r+b") as file:
                file.truncate(filler.stat().st_size - room)
            refused = voiceslot(made, "serve")
        assert refused.returncode == 1, refused
        assert "is full" in refused.stderr
        assert "free some space" in refused.stderr
        assert "Traceback" not in refused.stderr
        made.start()
        made.enqueue(number(0))
        wait_for("it is over", lambda: all_over(made))


@pytest.mark.slow
def test_a_disk_that_does_not_keep_what_is_written_is_not_believed(tmp_path: Path) -> None:
    """A commit whose sync fails is none: whoever asked hears 503, and no dial rests on it."""
    with rig(tmp_path, ENV, **WORLD) as made:
        failing = partial(struck, made, SYNCS, "error=EIO")
        nothing_is_promised_meanwhile(made, failing, "disk I/O error", "nothing was stored")


@pytest.mark.slow
@pytest.mark.parametrize("problem", ["EIO", "ENOSPC"])
def test_writes_that_fail_store_nothing(problem: str, tmp_path: Path) -> None:
    assert hasattr(errno, problem)
    with rig(tmp_path, ENV, **WORLD) as made:
        failing = partial(struck, made, WRITES, f"error={problem}")
        nothing_is_promised_meanwhile(made, failing, "nothing was stored")


def killed_at_writes(folder: Path, calls: str, times: int, seed: int) -> dict[str, object]:
    """Kill the engine in the middle of its writing, again and again; give what the judge found."""
    chance = random.Random(f"{seed} {calls}")
    people, latest = 30 * times, 60 if calls == WRITES else 20
    waiting = [number(index) for index in range(people)]
    with rig(folder, ENV, **{**WORLD, "talk_s": 0.3, "seed": seed}) as made:
        made.start()
        for _ in range(times):
            with struck(made, calls, f"signal=SIGKILL:when={chance.randint(1, latest)}"):
                order_until_it_dies(made, waiting)
            sound(made.data_dir / NAME)
            made.start()
        for person in waiting:
            made.enqueue(person, key=person)
        wait_for("all calls are over", lambda: all_over(made), 90, 0.2)
        made.kill(signal.SIGTERM)
        return judge(made, people)


def order_until_it_dies(made: Rig, waiting: list[str]) -> None:
    """Order one call after the other, taking from the list whoever was promised one."""
    assert made.engine is not None
    while made.engine.poll() is None:
        assert waiting, "the engine outlived all orders"
        with suppress(OSError, ValueError):
            made.enqueue(waiting[-1], key=waiting[-1])
            waiting.pop()
    assert made.engine.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("calls", [WRITES, SYNCS])
@pytest.mark.parametrize("seed", range(3))
def test_a_kill_in_the_middle_of_a_write_rings_nobody_twice(
    seed: int, calls: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Ten kills a campaign, each at a write or a sync that chance picks."""
    figures = killed_at_writes(tmp_path, calls, 10, seed)
    record_property("figures", f"killed at {calls}, seed {seed}, 10 kills: {figures}")
    assert figures["unknown_although_rung"] == 0
