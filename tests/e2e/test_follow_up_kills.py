"""`kill -9` while messages leave: nobody is written to twice, and nobody is forgotten.

The daily cap is off, so that only the promise keeps people from a second message. A message whose
request was cut off is looked up; where it was never taken it waits for the operator.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.messaging import (
    ENV,
    SMS_TOO,
    TAKEN,
    WORLD,
    act,
    await_batches,
    entitled,
    rows,
    script_messages,
    sent_to,
    settled,
    stand,
    standing,
    taken,
    truth,
)
from tests.e2e.outside import submit_batch
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER
from voiceslot_tui.core.follow_ups import REACHED_FOLLOW_UPS, Channel, FollowUpState
from voiceslot_tui.wire import follow_up_control as asked

KILLS = 20
BATCHES = [[number(100 * batch + index) for index in range(60)] for batch in range(4)]
PEOPLE = sum(map(len, BATCHES))
PACED = {**ENV, "FOLLOW_UP_PER_SECOND": "40"}
SLOW_ANSWERS = {**WORLD, **ALL_ANSWER, "limit": 400, "message_answer_delay_s": 0.15}
"""A request is under way for most of the time, so that many a kill cuts one off."""


def let_all_end(made: Rig) -> None:
    """Have a message due for everybody, and none sent."""
    made.start()
    act(made, asked.PauseMessages())
    await_batches(made, [submit_batch(made.simulator, people) for people in BATCHES])
    wait_for("all have ended", lambda: stand(made, due=PEOPLE))


def kill_while_sending(made: Rig, kills: int, chance: random.Random) -> Counter[str]:
    """Kill a sending engine and start it again, so many times; count by what was under way."""
    seen: Counter[str] = Counter()
    for _ in range(kills):
        before = taken(made)
        wait_for("messages leave", lambda n=before: taken(made) > n, every_s=0.01)  # type: ignore[misc]
        time.sleep(chance.uniform(0.0, 0.25))
        made.kill()
        seen.update(states_in_the_file(made))
        made.start(wait=False)
    wait_for("the engine answers", made.healthy)
    return seen


def states_in_the_file(made: Rig) -> Counter[str]:
    """Count the messages by state as a dead engine has left them."""
    with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db:
        return Counter(dict(db.execute("SELECT state, count(*) FROM follow_up GROUP BY state")))


def judge_after_kills(made: Rig) -> None:
    """Hold every person's row against what was really taken for them."""
    sent, found = sent_to(made), truth(made)
    assert (found["people_again"], found["contents_again"]) == ({}, {})
    states = {person: row.state for person, row in rows(made).items()}
    assert set(states) == set(entitled(made)), "somebody was forgotten"
    for person, state in states.items():
        if sent[person]:
            assert state in TAKEN, (person, state)
        else:
            assert state is FollowUpState.AMBIGUOUS, (person, state)


@pytest.mark.timeout(120)
def test_twenty_kills_while_messages_leave_write_to_nobody_twice(tmp_path: Path) -> None:
    """Cut off at random, twenty times; what was taken without an answer is found again."""
    with rig(tmp_path, PACED, **SLOW_ANSWERS) as made:
        let_all_end(made)
        act(made, asked.ResumeMessages())
        seen = kill_while_sending(made, KILLS, random.Random(7))
        assert seen["sending"], "no kill cut a request off"
        wait_for("nothing waits any more", lambda: settled(made, PEOPLE))
        wait_for("what was taken is found", lambda: found_again(made), 40)
        print(f"{KILLS} kills, {dict(seen)} under way; {standing(made)['states']}")
        judge_after_kills(made)
        made.kill(signal.SIGTERM)


def found_again(made: Rig) -> bool:
    """Tell whether as many messages count as taken as really were."""
    states = standing(made)["states"]
    return bool(sum(states.get(state, 0) for state in TAKEN) == taken(made))


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", range(300, 310))
def test_a_hundred_kills_on_a_bad_day_of_the_messenger(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Ten times ten, with answers lost before and after the message was taken, and with SMS.

    Nobody gets a text message whom WhatsApp may have reached.
    """
    chance = random.Random(seed)
    everybody = [person for people in BATCHES for person in people]
    without = set(chance.sample(everybody, 40))
    bad_post = {"callback_loss_share": 0.3, "callback_duplicate_share": 0.3}
    with rig(tmp_path, {**PACED, **SMS_TOO}, **{**SLOW_ANSWERS, **bad_post, "seed": seed}) as made:
        script_messages(made.simulator, **{p: {"fate": "not_on_whatsapp"} for p in without})
        let_all_end(made)
        made.simulator.faults(
            {"kind": "error_500", "target": "message", "probability": 0.02, "acts": True},
            {"kind": "error_503", "target": "message", "probability": 0.01, "acts": False},
            {"kind": "reset_after_reading", "target": "message", "probability": 0.02},
            {"kind": "error_502_html", "target": "message_read", "probability": 0.05},
        )
        act(made, asked.ResumeMessages())
        kill_while_sending(made, KILLS // 2, chance)
        made.simulator.faults()
        wait_for("nothing waits any more", lambda: settled(made, PEOPLE), 90)
        wait_for("all is known", lambda: is_known(made, without), 90, 0.5)
        found = truth(made)
        assert (found["people_again"], found["contents_again"]) == ({}, {})
        assert set(sent_to(made, "sms")) <= without
        record_property("figures", f"seed {seed}: {found['taken']}, {standing(made)['states']}")


def is_known(made: Rig, without: set[str]) -> bool:
    """Tell whether the engine knows of everybody what really became of their message.

    Whoever is not on WhatsApp waits for a text message, unless one may have been sent to them.
    """
    by_whatsapp, by_sms = sent_to(made, "whatsapp"), sent_to(made, "sms")
    for person, row in rows(made).items():
        last = by_sms if row.channel is Channel.SMS else by_whatsapp
        on_its_way = row.state is FollowUpState.ACCEPTED and person not in without
        is_right = row.state in REACHED_FOLLOW_UPS or on_its_way
        if last[person] and not is_right:
            return False
        if not last[person] and row.state is not FollowUpState.AMBIGUOUS:
            return False
    return True
