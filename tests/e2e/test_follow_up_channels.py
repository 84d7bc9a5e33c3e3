"""What a messenger can do to messages: refuse, fall silent, take and not answer, fail afterwards.

Nothing is lost and nothing is sent twice, on whatever channel; the simulator counts what was taken.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.messaging import (
    ENV,
    SMS_TOO,
    WORLD,
    act,
    after_checks,
    change_template,
    judge_one_each,
    requests,
    rows,
    run_batch,
    script_messages,
    sent_to,
    settled,
    stand,
    standing,
    taken,
    truth,
)
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.simulator.templates import FOLLOW_UP_TEMPLATE_SID
from voiceslot_tui.wire import follow_up_control as asked

PEOPLE = [number(index) for index in range(12)]
LATER = [number(100 + index) for index in range(12)]
QUIET = {**WORLD, **ALL_ANSWER}
ANOTHER_TEMPLATE = f"HX{1:032x}"
REJECTED = {"status": "rejected", "rejection_reason": "it says too little"}


# --- the template


def test_a_rejected_template_blocks_messages_and_an_approved_one_releases_each_once(
    tmp_path: Path,
) -> None:
    """Nobody's message is tried by it: WhatsApp is asked about the template, not about each."""
    with rig(tmp_path, ENV, **QUIET) as made:
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, **REJECTED)
        made.start()
        run_batch(made, PEOPLE)
        wait_for("all are blocked", lambda: stand(made, blocked=len(PEOPLE)))
        after_checks(made, 2)
        assert requests(made, "twilio_create_message") == 0
        template = standing(made)["template"]
        assert (template["approval"], template["reason"]) == ("rejected", "it says too little")
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, status="approved")
        act(made, asked.ReadMessenger())
        wait_for("all are sent", lambda: settled(made, len(PEOPLE)) and taken(made) > 0)
        act(made, asked.ReadMessenger())
        after_checks(made, 2)
        judge_one_each(made)


def test_a_template_that_is_rejected_while_we_send_stops_the_others(tmp_path: Path) -> None:
    """The first few fail, which is told only afterwards; then the template is looked at again."""
    with rig(tmp_path, ENV, **QUIET) as made:
        made.start()
        wait_for("it is read", lambda: standing(made)["template"]["approval"] == "approved")
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, **REJECTED)
        run_batch(made, PEOPLE)
        wait_for("all are blocked", lambda: stand(made, blocked=len(PEOPLE)))
        wait_for("it is known", lambda: standing(made)["template"]["approval"] == "rejected")
        failed = requests(made, "twilio_create_message")
        assert failed == len(PEOPLE)
        run_batch(made, LATER)
        both = len(PEOPLE) + len(LATER)
        wait_for("all are blocked", lambda: stand(made, blocked=both))
        assert requests(made, "twilio_create_message") == failed
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, status="approved")
        act(made, asked.ReadMessenger())
        wait_for("all are sent", lambda: requests(made, "twilio_create_message") == failed + both)
        after_checks(made, 2)
        found = truth(made)
        assert (found["people_reached"], found["people_reached_again"]) == (both, {})
        assert found["failures"] == {"63040": failed}


def test_a_template_that_is_said_to_be_approved_and_refuses_is_not_tried_in_a_loop(
    tmp_path: Path,
) -> None:
    """It is looked at again, is no better, and so releases nothing until somebody asks for it."""
    with rig(tmp_path, ENV, **QUIET) as made:
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, failure=63040)
        made.start()
        run_batch(made, PEOPLE)
        wait_for("all are blocked", lambda: stand(made, blocked=len(PEOPLE)))
        wait_for("it is looked at again", lambda: requests(made, "twilio_fetch_approval") >= 2)
        after_checks(made, 3)
        assert stand(made, blocked=len(PEOPLE))
        assert requests(made, "twilio_create_message") == len(PEOPLE)
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, failure=0)
        act(made, asked.ReadMessenger())
        wait_for("all have arrived", lambda: truth(made)["people_reached"] == len(PEOPLE))
        assert truth(made)["people_reached_again"] == {}


def test_another_template_releases_what_a_rejected_one_blocked(tmp_path: Path) -> None:
    """And it is the one that messages go by after a restart."""
    with rig(tmp_path, ENV, **QUIET) as made:
        change_template(made.simulator, FOLLOW_UP_TEMPLATE_SID, **REJECTED)
        made.start()
        run_batch(made, PEOPLE)
        wait_for("all are blocked", lambda: stand(made, blocked=len(PEOPLE)))
        act(made, asked.UseTemplate(ANOTHER_TEMPLATE))
        wait_for("all are sent", lambda: settled(made, len(PEOPLE)) and taken(made) > 0)
        made.kill()
        made.start()
        run_batch(made, LATER)
        wait_for("all are sent", lambda: taken(made) == len(PEOPLE) + len(LATER))
        after_checks(made, 1)
        judge_one_each(made)
        assert standing(made)["template"]["content_sid"] == ANOTHER_TEMPLATE


# --- channels


def test_who_is_not_on_whatsapp_gets_one_text_message(tmp_path: Path) -> None:
    with rig(tmp_path, {**ENV, **SMS_TOO}, **QUIET) as made:
        without = PEOPLE[:4]
        script_messages(made.simulator, **{p: {"fate": "not_on_whatsapp"} for p in without})
        made.start()
        run_batch(made, PEOPLE)
        wait_for("they get a text message", lambda: sent_to(made, "sms") == Counter(without))
        wait_for("all are known to have arrived", lambda: reached(made) == len(PEOPLE))
        after_checks(made, 2)
        assert sent_to(made, "whatsapp") == Counter(PEOPLE)
        assert sent_to(made, "sms") == Counter(without)
        found = truth(made)
        assert (found["people_reached"], found["people_reached_again"]) == (len(PEOPLE), {})


def reached(made: Rig) -> int:
    """Count the messages of which the engine knows that they arrived."""
    states = standing(made)["states"]
    return sum(states.get(state, 0) for state in (FollowUpState.DELIVERED, FollowUpState.READ))


@pytest.mark.parametrize("kind", ["error_500", "reset_after_reading", "no_sid"])
def test_a_message_taken_without_an_answer_is_found_and_no_other_channel_is_tried(
    kind: str, tmp_path: Path
) -> None:
    fault = {"kind": kind, "target": "message", "requests": 2, "acts": True}
    with rig(tmp_path, {**ENV, **SMS_TOO}, **QUIET) as made:
        made.simulator.faults(fault)
        made.start()
        run_batch(made, PEOPLE)
        wait_for("two are in doubt", lambda: standing(made)["states"].get("ambiguous") == 2)
        wait_for("they are found", lambda: "ambiguous" not in standing(made)["states"])
        wait_for("all are known to have arrived", lambda: reached(made) == len(PEOPLE))
        judge_one_each(made)
        assert truth(made)["taken"] == {"whatsapp": len(PEOPLE)}


def test_a_message_that_was_never_taken_is_held_and_not_sent_again(tmp_path: Path) -> None:
    """Nobody answered, and no list shows it: the operator says; nothing is tried instead."""
    fault = {"kind": "error_500", "target": "message", "requests": 2, "acts": False}
    with rig(tmp_path, {**ENV, **SMS_TOO}, **QUIET) as made:
        made.simulator.faults(fault)
        made.start()
        run_batch(made, PEOPLE)
        wait_for("ten are sent", lambda: settled(made, len(PEOPLE)))
        made.kill()
        made.start()
        wait_for("both are looked for", lambda: requests(made, "twilio_list_messages") >= 4)
        after_checks(made, 1)
        held = [p for p, row in rows(made).items() if row.state is FollowUpState.AMBIGUOUS]
        assert len(held) == 2
        assert sent_to(made) == Counter(set(PEOPLE) - set(held))
        assert truth(made)["taken"] == {"whatsapp": len(PEOPLE) - 2}


# --- credentials, and a messenger that is away


def test_wrong_credentials_lose_nothing_and_right_ones_send_each_once(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **QUIET) as made:
        made.start(TWILIO_AUTH_TOKEN="not-the-right-one")
        run_batch(made, PEOPLE)
        wait_for("all wait", lambda: stand(made, due=len(PEOPLE)))
        said = "the account may not send by whatsapp"
        wait_for("it is said", lambda: said in standing(made)["trouble"])
        after_checks(made, 2)
        asked_so_far = requests(made, "twilio_create_message")
        after_checks(made, 3)
        assert requests(made, "twilio_create_message") == asked_so_far <= len(PEOPLE)
        assert taken(made) == 0
        made.kill()
        made.start()
        wait_for("all are sent", lambda: taken(made) >= len(PEOPLE))
        after_checks(made, 2)
        judge_one_each(made)
        assert standing(made)["trouble"] == ""


@pytest.mark.slow
@pytest.mark.timeout(90)
def test_a_messenger_that_is_away_for_a_while_gets_each_message_once(tmp_path: Path) -> None:
    """Nobody listens where it should be: nothing was sent, and everything waits."""
    with rig(tmp_path, ENV, **QUIET) as made:
        made.start(TWILIO_BASE_URL="http://127.0.0.1:1")
        run_batch(made, PEOPLE)
        wait_for("all wait", lambda: stand(made, due=len(PEOPLE)))
        wait_for("they wait", lambda: standing(made)["waits"] == {"template_unread": len(PEOPLE)})
        made.kill()
        made.simulator.faults({"kind": "rate_limited", "target": "message", "requests": 3})
        made.start()
        wait_for("all are sent", lambda: taken(made) >= len(PEOPLE), 60)
        after_checks(made, 2)
        judge_one_each(made)
        assert truth(made)["people"] == len(PEOPLE)
