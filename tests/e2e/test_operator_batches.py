"""An operator's keys on the workspace's batches through a pty, judged by the simulator.

Every test has a batch and people of its own in one world; who was rung, what became of a batch and
who was written to is read there, not on the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.consoles import attached, confirm, line_of, press, press_again
from tests.e2e.messaging import (
    ENV,
    WORLD,
    after_checks,
    arrived_at,
    entitled,
    requests,
    rows,
    run_batch,
    script_messages,
    sent_to,
)
from tests.e2e.outside import read_batch, submit_batch
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, NEVER_POLLS
from tests.e2e.terminal_harness import Terminal

TALKS_ON_S = 600.0
"""Longer than any test lasts."""
MISSES_CHECKS_S = 2.5
"""A talk during which batches that are checked every second are checked more than once."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Run an engine that lists batches for its checks only; batches are checked every second."""
    folder = tmp_path_factory.mktemp("batches")
    with rig(folder, {**ENV, **NEVER_POLLS}, **WORLD, **ALL_ANSWER) as running:
        running.start()
        yield running


@contextmanager
def on_batch(made: Rig, name: str) -> Iterator[Terminal]:
    """Attach a console and go to a batch in the pane of batches, once all of it is known there."""
    after_checks(made, 2)
    with attached(made) as shown:
        press(shown, "3z", "3 Batches")
        shown.wait_for(name)
        while name not in line_of(shown, "▌"):
            before = line_of(shown, "▌")
            shown.send("j")
            shown.wait_until(lambda before=before: line_of(shown, "▌") != before, "the next row")
        yield shown


def people(group: int, count: int) -> list[str]:
    """Give people whom no other test calls."""
    return [number(100 * group + index) for index in range(count)]


def talk(made: Rig, persons: list[str], seconds: float) -> None:
    """Let these talk for so long."""
    made.simulator.script(**{person: {"talk_s": seconds} for person in persons})


def statuses(made: Rig, batch_id: str) -> Counter[str]:
    """Count a batch's recipients by how they really stand."""
    return Counter(one["status"] for one in read_batch(made.simulator, batch_id)["recipients"])


def rung(made: Rig, persons: list[str]) -> Counter[str]:
    """Count how often these people were really rung."""
    return Counter(d["number"] for d in made.simulator.dials() if d["number"] in persons)


def of(counted: Counter[str], persons: list[str]) -> Counter[str]:
    """Give of a count by number the part that is about these people."""
    return Counter({person: n for person, n in counted.items() if person in persons})


def written_to(made: Rig, persons: list[str]) -> Counter[str]:
    """Count the messages to these people that the messenger really took."""
    return of(sent_to(made), persons)


def owed(made: Rig, persons: list[str]) -> Counter[str]:
    """Count the calls to these people that really ended so that a message is owed."""
    return of(entitled(made), persons)


def checks_asked(made: Rig) -> int:
    """Count the checks of the batches that the platform has read."""
    return requests(made, "list_batches")


# --- one batch


def test_a_batch_cancelled_by_key_calls_nobody_who_was_not_called_yet(made: Rig) -> None:
    invited = people(1, 12)
    talk(made, invited, TALKS_ON_S)
    batch_id = submit_batch(made.simulator, invited, call_name="Autumn", target_concurrency_limit=2)
    waiting = {"in_progress": 2, "pending": 10}
    wait_for("two talk", lambda: statuses(made, batch_id) == waiting)
    called = rung(made, invited)
    with on_batch(made, "Autumn") as shown:
        press(shown, "C", "Cancel this batch?")
        shown.wait_for("10 of 12 recipients not called yet; it calls none of them.")
        press(shown, "n", "nothing was done")
        assert read_batch(made.simulator, batch_id)["status"] == "in_progress"
        press_again(shown, "C", "Cancel this batch?")
        press(shown, "y", "Autumn is cancelled (10 of 12 recipients not called yet)")
        shown.wait_until(lambda: "cancelled" in line_of(shown, "▌"), "the batch as cancelled")
    assert read_batch(made.simulator, batch_id)["status"] == "cancelled"
    assert statuses(made, batch_id) == {"in_progress": 2, "cancelled": 10}
    assert requests(made, "cancel_batch") == 1
    after_checks(made, 2)
    assert rung(made, invited) == called
    assert called.total() == 2
    assert set(rows(made)) & set(invited) == set()


def test_a_batch_retried_by_key_rings_its_failed_again_and_each_end_gets_one_message(
    made: Rig,
) -> None:
    """Nobody answered at three; two could not be rung. The former are written to after both."""
    invited = people(2, 8)
    missed, failed, reached = invited[:3], invited[3:5], invited[5:]
    made.simulator.script(
        **{person: {"outcome": "no_answer"} for person in missed},
        **{person: {"outcome": "failed"} for person in failed},
    )
    batch_id = run_batch(made, invited, call_name="Spring")
    assert statuses(made, batch_id) == {"failed": 5, "completed": 3}
    wait_for("they are written to", lambda: written_to(made, invited) == owed(made, invited))
    assert written_to(made, invited) == Counter([*missed, *reached])
    made.simulator.script(**{person: {"outcome": "answered"} for person in (*missed, *failed)})
    with on_batch(made, "Spring") as shown:
        press(shown, "A", "Call all again who failed in this batch?")
        shown.wait_for("5 of 8 recipients failed; each of them is called again.")
        press(shown, "y", "Spring is retried (5 of 8 recipients dialled again)")
        wait_for("all are reached", lambda: statuses(made, batch_id) == {"completed": 8})
        press_again(shown, "A", "nobody in this batch has failed")
    assert requests(made, "retry_batch") == 1
    assert read_batch(made.simulator, batch_id)["retry_count"] == 1
    assert rung(made, invited) == Counter([*invited, *missed, *failed])
    wait_for("they are written to", lambda: written_to(made, invited) == owed(made, invited))
    after_checks(made, 2)
    assert written_to(made, invited) == owed(made, invited) == Counter([*missed, *invited])


def test_failed_messages_of_a_batch_sent_again_by_key_reach_each_person_once(made: Rig) -> None:
    """Those of another batch stay as they are."""
    invited, others = people(3, 6), people(11, 2)
    unreached = [*invited[:2], *others]
    script_messages(made.simulator, **{person: {"failure": 63024} for person in unreached})
    run_batch(made, others, call_name="Easter")
    run_batch(made, invited, call_name="Summer")
    everybody = [*invited, *others]
    wait_for("all are tried", lambda: written_to(made, everybody) == Counter(everybody))
    with on_batch(made, "Summer") as shown:
        shown.send("a")
        shown.wait_until(lambda: "4 sent, 2 failed" in line_of(shown, "▌"), "what became of them")
        shown.wait_until(lambda: "2 failed" in line_of(shown, "Easter"), "what became of others")
        script_messages(made.simulator, **{person: {} for person in unreached})
        press(shown, "y", "Send the failed messages of this batch again?")
        shown.wait_for("2 messages failed, whatever the reason.")
        press(shown, "s", "2 messages to be sent again")
        shown.wait_until(lambda: "6 sent" in line_of(shown, "▌"), "that all are sent")
    after_checks(made, 2)
    assert written_to(made, everybody) == Counter([*everybody, *invited[:2]])
    wait_for("all have arrived", lambda: of(arrived_at(made), everybody) == Counter(invited))


# --- the watching of all


def test_the_interval_typed_is_how_often_batches_are_checked(made: Rig) -> None:
    """Within an hour nothing is asked and nobody is written to, unless a check is asked for."""
    early, late, last = people(4, 2), people(5, 2), people(6, 2)
    talk(made, early, MISSES_CHECKS_S)
    run_batch(made, people(7, 1), call_name="Winter")
    with on_batch(made, "Winter") as shown:
        press(shown, "i0\r", "the interval is a number of seconds, 1 to 3,600")
        press_again(shown, "i3600\r", "batches are checked every 3600 s (was 1 s)")
        shown.wait_for("3 Batches  every 3600 s")
        asked = checks_asked(made)
        run_batch(made, early)
        assert checks_asked(made) == asked
        assert written_to(made, early) == Counter()
        shown.send("c")
        wait_for("they are written to", lambda: written_to(made, early) == Counter(early))
        assert checks_asked(made) == asked + 1
        run_batch(made, late)
        assert written_to(made, late) == Counter()
        press_again(shown, "i1\r", "batches are checked every 1 s (was 3600 s)")
        wait_for("they are written to", lambda: written_to(made, late) == Counter(late))
    run_batch(made, last)
    wait_for("they are written to", lambda: written_to(made, last) == Counter(last))


def test_batches_that_are_watched_no_more_get_their_messages_once_they_are_again(
    made: Rig,
) -> None:
    meanwhile, afterwards = people(8, 4), people(9, 4)
    talk(made, meanwhile, MISSES_CHECKS_S)
    run_batch(made, people(10, 1), call_name="Advent")
    with on_batch(made, "Advent") as shown:
        press(shown, "O", "Stop watching the batches?")
        press(shown, "n", "nothing was done")
        press_again(shown, "O", "Calls that end in them get no message")
        press(shown, "y", "3 Batches  NOT WATCHED")
        asked = checks_asked(made)
        run_batch(made, meanwhile)
        assert checks_asked(made) == asked
        assert written_to(made, meanwhile) == Counter()
        shown.bytes_written_during(0.8)
        confirm(shown, "O", "Watch the batches?", "3 Batches  every 1 s")
        wait_for("they are written to", lambda: written_to(made, meanwhile) == Counter(meanwhile))
    run_batch(made, afterwards)
    wait_for("so are others", lambda: written_to(made, afterwards) == Counter(afterwards))
    after_checks(made, 2)
    everybody = [*meanwhile, *afterwards]
    assert written_to(made, everybody) == Counter(everybody)
