"""What becomes of messages: windows, templates, the people they go to, and chance."""

from __future__ import annotations

import json

import pytest

from tests.unit.simulator.correspondence import (
    BRITON,
    FOLLOW_UP,
    OFFER,
    PERSON,
    UNAPPROVED,
    Correspondence,
    refusal_of,
)
from tests.unit.simulator.telephone import people, read
from voiceslot_tui.simulator.correspondents import FATES
from voiceslot_tui.simulator.message_words import Fate

DAY_S = 86_400.0


def test_free_text_outside_the_window_is_taken_and_fails_afterwards() -> None:
    world = Correspondence()
    sid = world.texted()
    world.let_pass(1)
    assert world.message(sid)["status"] == "sent"
    assert world.ended(sid) == ("undelivered", 63016)
    assert world.message(sid)["error_message"]
    assert world.message_truth()["failures"] == {"63016": 1}


def test_the_window_is_opened_by_the_persons_message_and_lasts_a_day() -> None:
    world = Correspondence()
    world.hear("Hello")
    world.let_pass(DAY_S - 2)
    in_time = world.texted()
    world.let_pass(1.5)
    late = world.texted()
    stranger = world.texted(BRITON)
    assert world.ended(in_time) == ("read", None)
    assert world.ended(late) == ("undelivered", 63016)
    assert world.ended(stranger) == ("undelivered", 63016)


def test_a_message_by_sms_opens_no_window_on_whatsapp() -> None:
    world = Correspondence()
    world.hear("Hello", channel="sms")
    assert world.ended(world.texted()) == ("undelivered", 63016)


def test_sms_knows_no_window() -> None:
    world = Correspondence()
    assert world.ended(world.texted(channel="sms")) == ("delivered", None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": "rejected", "rejection_reason": "TAG_CONTENT_MISMATCH"}, 63040),
        ({"status": "paused"}, 63041),
        ({"status": "disabled"}, 63042),
        ({"status": "pending"}, 63016),
        ({"status": "unsubmitted"}, 63016),
        ({"failure": 63027}, 63027),
    ],
)
def test_a_template_that_is_not_approved_fails_afterwards(
    change: dict[str, object], expected: int
) -> None:
    world = Correspondence()
    sid = world.sent()
    assert world.control("POST", "templates", {FOLLOW_UP: change}).status == 200
    assert world.ended(sid) == ("undelivered", expected)


def test_a_template_nobody_has_approved_goes_out_inside_the_window() -> None:
    world = Correspondence()
    world.hear("Hello")
    assert world.ended(world.sent(PERSON, UNAPPROVED)) == ("read", None)


def test_a_template_wants_its_variables_and_not_too_much_text() -> None:
    world = Correspondence()
    lacking = world.sent(ContentVariables='{"1": "Ana"}')
    long = world.sent(BRITON, ContentVariables=json.dumps({"1": "x" * 1000, "2": "y" * 200}))
    assert world.ended(lacking) == ("undelivered", 63028)
    assert world.ended(long) == ("undelivered", 63021)


def test_marketing_does_not_reach_the_united_states() -> None:
    world = Correspondence()
    assert world.ended(world.sent(PERSON, OFFER)) == ("undelivered", 63049)
    assert world.ended(world.sent(BRITON, OFFER)) == ("read", None)


@pytest.mark.parametrize("fate", Fate)
def test_every_fate_of_a_person_comes_true(fate: Fate) -> None:
    world = Correspondence()
    world.script(BRITON, fate=fate)
    script = FATES[fate]
    channel = script.channel or "whatsapp"
    form = {"ContentSid": OFFER, "ContentVariables": '{"1": "Ana"}'} if channel != "sms" else {}
    reply = world.post(BRITON, channel=channel, **form)
    if script.refusal is not None:
        assert refusal_of(reply) == (400, script.refusal)
        return
    status, code = world.ended(str(read(reply)["sid"]))
    assert code == script.failure
    expected = {Fate.READS: "read", Fate.NEVER_READS: "delivered", Fate.NEVER_DELIVERED: "sent"}
    assert status == expected.get(fate, "failed" if fate is Fate.TOO_OFTEN else "undelivered")


def test_who_wants_no_marketing_still_gets_the_rest() -> None:
    world = Correspondence()
    world.script(BRITON, fate="no_marketing")
    assert world.ended(world.sent(BRITON)) == ("read", None)


def test_a_fate_on_one_channel_leaves_the_other_alone() -> None:
    world = Correspondence()
    world.script(fate="not_on_whatsapp")
    assert world.ended(world.sent()) == ("undelivered", 63003)
    assert world.ended(world.texted(channel="sms")) == ("delivered", None)


def test_a_script_may_name_codes_and_times() -> None:
    world = Correspondence()
    world.script(failure=30003, queue_s=30.0, delivery_s=60.0)
    sid = world.texted(channel="sms")
    world.let_pass(29)
    assert world.message(sid)["status"] == "queued"
    world.let_pass(60)
    assert world.message(sid)["status"] == "sent"
    assert world.ended(sid) == ("undelivered", 30003)
    world.script()
    assert world.ended(world.texted(channel="sms")) == ("delivered", None)


def test_a_sender_that_was_shut_down_fails_everything() -> None:
    world = Correspondence(sender_failure=63112)
    assert world.ended(world.sent()) == ("failed", 63112)
    assert world.listing()["messages"][0]["date_sent"] is None


def test_shares_are_about_what_they_say() -> None:
    world = Correspondence(
        not_on_whatsapp_share=0.2,
        message_undelivered_share=0.1,
        message_unconfirmed_share=0.1,
        message_read_share=0.5,
        messages_per_second=0.0,
    )
    numbers = people(1000)
    for number in numbers:
        world.sent(number)
    world.let_all_end()
    truth = world.message_truth()
    assert 160 < truth["failures"]["63003"] < 240
    assert 50 < truth["failures"]["63024"] < 110
    assert 45 < truth["statuses"]["sent"] < 105
    assert 270 < truth["statuses"]["read"] < 380


def test_the_same_seed_tells_the_same_story_in_any_order() -> None:
    def story(numbers: list[str]) -> dict[str, str]:
        world = Correspondence(message_read_share=0.5, not_on_whatsapp_share=0.3)
        sids = {number: world.sent(number) for number in numbers}
        return {number: world.ended(sid)[0] for number, sid in sids.items()}

    numbers = people(30)
    forwards = story(numbers)
    assert forwards == story(numbers[::-1])
    assert len(set(forwards.values())) == 3
