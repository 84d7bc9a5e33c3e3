"""Every ended call is followed up once: calls of batches and calls of our own, whoever tells of it.

The messenger's truth is held against the truth of the dials; both are the simulator's.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.messaging import (
    ENV,
    FOLLOWED_UP,
    WORLD,
    act,
    after_checks,
    await_batches,
    entitled,
    judge_one_each,
    outcomes,
    rows,
    run_batch,
    sent_to,
    settled,
    stand,
    standing,
    taken,
)
from tests.e2e.outside import submit_batch
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_ups import SkipReason
from voiceslot_tui.wire import follow_up_control as asked

BATCHES = [[number(100 * batch + index) for index in range(25)] for batch in range(4)]
OWN = [number(400 + index) for index in range(12)]
EVERYBODY = sum(map(len, BATCHES)) + len(OWN)


def call_everybody(made: Rig) -> None:
    """Let four batches and some calls of our own run to their ends."""
    batch_ids = [submit_batch(made.simulator, people) for people in BATCHES]
    for person in OWN:
        made.enqueue(person)
    await_batches(made, batch_ids)
    wait_for("all messages are settled", lambda: settled(made, EVERYBODY))


# --- one each


def test_every_ended_call_gets_one_message_over_three_checks_and_a_restart(tmp_path: Path) -> None:
    """Batches are read again and again, and by an engine that finds all of it finished."""
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        call_everybody(made)
        judge_one_each(made)
        states = rows(made)
        assert set(states) == set(outcomes(made)), "somebody has no row"
        unwanted = {person for person, how in outcomes(made).items() if how not in FOLLOWED_UP}
        assert unwanted, "nobody's call went so that no message is wanted"
        assert {states[person].skipped_for for person in unwanted} == {SkipReason.NOT_WANTED}
        after_checks(made, 3)
        made.kill()
        made.start()
        after_checks(made, 3)
        judge_one_each(made)
        assert settled(made, EVERYBODY)


def test_an_end_that_webhook_and_poll_both_report_is_followed_up_once(tmp_path: Path) -> None:
    """Every webhook comes twice and late, so that each end is found by asking as well."""
    late = {"webhook_duplicate_share": 1.0, "webhook_delay_min_s": 0.2, "webhook_delay_max_s": 2.0}
    with rig(tmp_path, ENV, **WORLD, **late) as made:
        made.start()
        call_everybody(made)
        told = 2 * EVERYBODY
        wait_for(
            "every webhook was told",
            lambda: made.simulator.truth()["webhooks"]["statuses"] == {"200": told},
        )
        after_checks(made, 2)
        judge_one_each(made)
        assert settled(made, EVERYBODY)


def test_a_call_that_ends_in_the_second_of_the_first_start_is_followed_up(tmp_path: Path) -> None:
    """Batches date their ends in whole seconds: such an end looks older than the start."""
    people = BATCHES[0][:8]
    quick = {**WORLD, **ALL_ANSWER, "ring_s": 0.01, "talk_s": 0.02, "analysis_s": 0.01}
    with rig(tmp_path, ENV, **{**quick, "batch_dispatch_s": 0.01}) as made:
        made.start()
        run_batch(made, people)
        wait_for("all messages are settled", lambda: settled(made, len(people)))
        judge_one_each(made)
        assert standing(made)["skips"] == {}


# --- the first start


def test_a_first_start_messages_nobody_whose_call_is_over_until_it_is_told_to(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        before = time.time()
        for people in BATCHES[:2]:
            run_batch(made, people)
        over = sum(map(len, BATCHES[:2]))
        time.sleep(1.1)  # ends are dated in whole seconds
        made.start()
        wait_for("they are judged", lambda: stand(made, skipped=over))
        after_checks(made, 2)
        assert standing(made)["skips"] == {"before_first_start": over}
        assert {row.skipped_for for row in rows(made).values()} == {SkipReason.BEFORE_FIRST_START}
        assert taken(made) == 0
        since = Instant(int((before - 60) * 1000))
        later, in_an_hour = (Instant(int(at * 1000)) for at in (time.time(), before + 3600))
        assert act(made, asked.SendSince(later)) == "0 messages would be sent"
        with pytest.raises(AssertionError, match="still to come"):
            act(made, asked.SendSince(in_an_hour))
        assert act(made, asked.SendSince(since)) == f"{over} messages would be sent"
        after_checks(made, 1)
        assert taken(made) == 0
        assert act(made, asked.SendSince(since, confirmed=True)) == f"{over} messages to be sent"
        wait_for("all are sent", lambda: taken(made) == over)
        act(made, asked.SendSince(since, confirmed=True))
        after_checks(made, 2)
        judge_one_each(made)


# --- switched off


def test_a_pause_of_the_messages_survives_a_kill_and_a_restart(tmp_path: Path) -> None:
    """Calls go on; what would have been sent is sent once, when the pause is over."""
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.start()
        assert act(made, asked.PauseMessages()).startswith("follow-ups paused")
        run_batch(made, BATCHES[0])
        for person in OWN:
            made.enqueue(person)
        ended = len(BATCHES[0]) + len(OWN)
        wait_for("they have ended", lambda: stand(made, due=ended))
        made.kill()
        made.start()
        after_checks(made, 3)
        found = standing(made)
        assert (found["paused"], found["states"]) == (True, {"due": ended})
        assert taken(made) == 0
        assert act(made, asked.ResumeMessages()) == "follow-ups resumed"
        wait_for("all are sent", lambda: taken(made) >= ended)
        judge_one_each(made)


def test_who_is_left_out_by_the_operator_gets_nothing_and_all_others_do(tmp_path: Path) -> None:
    """Skip while paused, restart, resume."""
    with rig(tmp_path, ENV, **WORLD, **ALL_ANSWER) as made:
        made.start()
        act(made, asked.PauseMessages())
        run_batch(made, BATCHES[0])
        wait_for("they have ended", lambda: stand(made, due=len(BATCHES[0])))
        found = rows(made)
        left_out = BATCHES[0][:5]
        ids = tuple(found[person].id for person in left_out)
        assert act(made, asked.WantMessages(ids, FollowUpWish.SKIP)) == "5 messages left out"
        made.kill()
        made.start()
        act(made, asked.ResumeMessages())
        wait_for("all others are sent", lambda: taken(made) >= len(BATCHES[0]) - 5)
        after_checks(made, 1)
        assert sent_to(made) == entitled(made) - Counter(left_out)
