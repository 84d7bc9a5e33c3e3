"""The messenger tells us by itself where messages stand: lost, twice, late, in disorder, forged.

None of it sends anything again; and what was lost is looked up.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.messaging import (
    ENV,
    WORLD,
    judge_one_each,
    rows,
    run_batch,
    sent_to,
    taken,
    truth,
)
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER
from voiceslot_tui.core.follow_ups import REACHED_FOLLOW_UPS, FollowUpState

PEOPLE = [number(index) for index in range(30)]
BAD_POST = {
    "callback_duplicate_share": 0.5,
    "callback_reorder_share": 0.3,
    "callback_reorder_s": 0.3,
    "callback_forged_share": 1.0,
    "callback_delay_max_s": 0.3,
}


def told_at(made: Rig) -> dict[str, str]:
    """Give the settings by which the messenger can reach the engine."""
    return {"PUBLIC_BASE_URL": made.url, "VOICESLOT_API_KEY": "an-api-key-that-is-not-real"}


def arrived(made: Rig) -> set[str]:
    """Name those of whom the engine knows that their message arrived."""
    return {person for person, row in rows(made).items() if row.state in REACHED_FOLLOW_UPS}


def test_callbacks_twice_late_in_disorder_and_forged_change_nothing_but_what_is_true(
    tmp_path: Path,
) -> None:
    world = {**WORLD, **ALL_ANSWER, "message_read_share": 0.5, **BAD_POST}
    with rig(tmp_path, ENV, **world) as made:
        made.start(**told_at(made))
        run_batch(made, PEOPLE)
        wait_for("all have arrived", lambda: arrived(made) == set(PEOPLE))
        wait_for("all is told", lambda: read_in_truth(made) == read_here(made))
        found = truth(made)
        assert (found["references"], found["references_again"]) == (len(PEOPLE), {})
        judge_one_each(made)
        told = made.simulator.truth()["callbacks"]["statuses"]
        assert set(told) <= {"204", "forged 403", "forged 429"}, told
        assert told["forged 403"] > 0


def read_in_truth(made: Rig) -> int:
    """Count the messages that were really read."""
    return int(truth(made)["statuses"].get("read", 0))


def read_here(made: Rig) -> int:
    """Count the messages of which the engine knows that they were read."""
    return sum(row.state is FollowUpState.READ for row in rows(made).values())


def test_a_message_whose_answer_was_lost_is_known_by_its_callback_at_once(tmp_path: Path) -> None:
    """No list is needed: the callback carries our own name of the message."""
    fault = {"kind": "error_500", "target": "message", "requests": 2, "acts": True}
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.simulator.faults(fault)
        made.start(**told_at(made))
        run_batch(made, PEOPLE)
        wait_for("all have arrived", lambda: arrived(made) == set(PEOPLE), 8)
        judge_one_each(made)


def test_a_message_whose_request_was_cut_off_by_a_kill_is_known_by_its_callback(
    tmp_path: Path,
) -> None:
    """The engine was away when it was told; what was told to nobody is looked up."""
    world = {**WORLD, **ALL_ANSWER, "message_answer_delay_s": 2.0, "message_delivery_s": 4.0}
    with rig(tmp_path, ENV, **world) as made:
        made.start(**told_at(made))
        run_batch(made, PEOPLE[:15])
        wait_for("some are taken", lambda: taken(made) >= 5)
        made.kill()
        cut_off = set(sent_to(made))
        made.start(**told_at(made))
        wait_for("they are known to have arrived", lambda: cut_off <= arrived(made))
        assert truth(made)["people_again"] == {}
