"""A person asks to be left alone: within a second nothing waits for them any more.

Only what the messenger signed is believed; the simulator counts what was sent after the wish.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.messaging import (
    ENV,
    WORLD,
    act,
    after_checks,
    hear_people,
    rows,
    run_batch,
    sent_to,
    stand,
    standing,
    suppress,
    taken,
    truth,
    write_to_us,
)
from tests.e2e.outside import voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, own_dials, states
from voiceslot_tui.core.follow_ups import SkipReason
from voiceslot_tui.wire import follow_up_control as asked

PEOPLE = [number(index) for index in range(6)]
WANTS_OUT, OTHERS = PEOPLE[0], PEOPLE[1:]
CALLS_EACH = 3
WITHIN_S = 1.0


def let_all_wait(made: Rig) -> None:
    """Have a message due and some calls queued for each person, and nothing go out."""
    made.start()
    hear_people(made)
    act(made, asked.PauseMessages())
    assert voiceslot(made, "pause").returncode == 0
    run_batch(made, PEOPLE)
    for person in PEOPLE * CALLS_EACH:
        made.enqueue(person)
    wait_for("all wait", lambda: stand(made, due=len(PEOPLE)))
    assert states(made, queued=len(PEOPLE) * CALLS_EACH)


def only_the_others_wait(made: Rig) -> bool:
    """Tell whether nothing waits for the person who wants out, and all else does."""
    return states(made, queued=len(OTHERS) * CALLS_EACH, suppressed=CALLS_EACH) and stand(
        made, due=len(OTHERS), skipped=1
    )


def told(made: Rig) -> list[tuple[str, str]]:
    """Read who put a number on the list, and what went with it, from the journal."""
    with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db:
        query = "SELECT actor, detail FROM journal WHERE kind = 'number_suppressed'"
        return list(db.execute(query))


def let_all_go(made: Rig) -> None:
    """Send and call again, and wait until nobody waits."""
    act(made, asked.ResumeMessages())
    assert voiceslot(made, "resume").returncode == 0
    wait_for("the others are called", lambda: states(made, ended=len(OTHERS) * CALLS_EACH))
    after_checks(made, 2)


@pytest.mark.parametrize("word", ["STOP", " Baja. ", "No me escriban más"])
def test_whoever_writes_stop_has_nothing_waiting_a_second_later(word: str, tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        let_all_wait(made)
        began = time.monotonic()
        write_to_us(made.simulator, WANTS_OUT, word)
        wait_for("it is heeded", lambda: only_the_others_wait(made), every_s=0.01)
        took_s = time.monotonic() - began
        print(f"{took_s:.3f} s")
        assert took_s < WITHIN_S
        assert rows(made)[WANTS_OUT].skipped_for is SkipReason.SUPPRESSED
        ending = f"…{WANTS_OUT[-4:]}: {CALLS_EACH} calls and 1 messages withdrawn"
        assert told(made) == [("webhook", f"{ending}; asked to stop by message")]
        assert standing(made)["suppressed"] == 1
        made.kill()
        made.start()
        let_all_go(made)
        assert set(sent_to(made)) == set(OTHERS)
        called = Counter(d["number"] for d in made.simulator.dials() if d["owner"] == "own")
        assert called == Counter(OTHERS * CALLS_EACH)
        assert truth(made)["people_after_stop"] == {}
        made.enqueue(WANTS_OUT)
        wait_for("a new call to them is not dialled", lambda: states(made, suppressed=4))
        assert own_dials(made) == len(OTHERS) * CALLS_EACH


def test_a_stop_that_the_messenger_did_not_sign_changes_nothing(tmp_path: Path) -> None:
    forged = {"callback_forged_share": 1.0, "callback_loss_share": 1.0}
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        let_all_wait(made)
        made.simulator.change(**forged)
        for _ in range(3):
            write_to_us(made.simulator, WANTS_OUT, "STOP")
        answers = {"forged 403": 3}
        wait_for(
            "all were told", lambda: made.simulator.truth()["callbacks"]["statuses"] == answers
        )
        assert stand(made, due=len(PEOPLE))
        assert states(made, queued=len(PEOPLE) * CALLS_EACH, suppressed=0)
        assert told(made) == []
        assert standing(made)["suppressed"] == 0


def test_whoever_an_operator_suppresses_is_left_alone_and_the_answer_counts(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        let_all_wait(made)
        gone = suppress(made, WANTS_OUT).suppressed
        assert (gone.number, gone.calls, gone.messages, gone.known) == (
            WANTS_OUT,
            CALLS_EACH,
            1,
            False,
        )
        assert only_the_others_wait(made)
        again = suppress(made, WANTS_OUT).suppressed
        assert (again.calls, again.messages, again.known) == (0, 0, True)
        let_all_go(made)
        assert set(sent_to(made)) == set(OTHERS)


def test_what_people_write_otherwise_opens_a_window_and_stops_nothing(tmp_path: Path) -> None:
    """Whoever wrote lately is answered in free text, which needs no template."""
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        let_all_wait(made)
        write_to_us(made.simulator, WANTS_OUT, "no, gracias, mañana mejor")
        wait_for("it was told", lambda: made.simulator.truth()["callbacks"]["statuses"])
        assert made.simulator.truth()["callbacks"]["statuses"] == {"200": 1}
        act(made, asked.ResumeMessages())
        wait_for("all are sent", lambda: taken(made) == len(PEOPLE))
        assert truth(made)["failures"] == {}
        assert rows(made)[WANTS_OUT].content_sid == ""
        assert all(rows(made)[person].content_sid for person in OTHERS)
