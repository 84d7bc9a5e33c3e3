"""Messages are checked, taken, moved through their lives, and shown as Twilio shows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.simulator.correspondence import (
    BRITON,
    FOLLOW_UP,
    MESSAGES,
    NAMES,
    OFFER,
    PERSON,
    SANDBOX,
    UNAPPROVED,
    Correspondence,
    refusal_of,
)
from tests.unit.simulator.telephone import BEGIN, people, read
from voiceslot_tui.simulator.correspondents import FATES
from voiceslot_tui.simulator.message_words import Fate
from voiceslot_tui.simulator.templates import SANDBOX_TEMPLATE_SID

SERVICE = "MG" + "0" * 32
HOUR_S, DAY_S = 3600.0, 86_400.0
FIELDS = {
    "sid",
    "account_sid",
    "messaging_service_sid",
    "from",
    "to",
    "body",
    "status",
    "direction",
    "num_segments",
    "num_media",
    "price",
    "price_unit",
    "error_code",
    "error_message",
    "date_created",
    "date_updated",
    "date_sent",
    "api_version",
    "uri",
    "subresource_uris",
}


def test_a_message_is_queued_sent_delivered_and_read() -> None:
    world = Correspondence()
    sid = world.sent()
    seen = []
    for _ in range(14):
        seen.append(world.message(sid)["status"])
        world.let_pass(1)
    assert seen == ["queued", "sent", "sent", *["delivered"] * 10, "read"]
    assert world.world.next_event_at() is None
    truth = world.message_truth()
    assert (truth["taken"], truth["statuses"]) == ({"whatsapp": 1}, {"read": 1})


def test_a_new_message_has_every_field_and_no_date_of_sending() -> None:
    world = Correspondence()
    body = read(world.post_template(StatusCallback="https://example.com/hook?ref=f-1"))
    assert set(body) == FIELDS
    assert body["sid"].startswith("SM")
    assert len(body["sid"]) == 34
    assert body["body"] == "Hello Ana, this is the front desk. Thank you for taking our call."
    assert (body["status"], body["date_sent"], body["price"]) == ("queued", None, None)
    assert (body["num_segments"], body["num_media"]) == ("1", "0")
    assert body["date_created"].startswith("Sun, 17 Mar 2030 17:46:40")
    assert "example.com" not in json.dumps(body)


def test_a_messaging_service_accepts_first_and_chooses_the_sender_later() -> None:
    world = Correspondence()
    body = read(world.post_template(From="", MessagingServiceSid=SERVICE))
    assert (body["status"], body["from"], body["num_segments"]) == ("accepted", None, "0")
    world.let_pass(0)
    later = world.message(body["sid"])
    assert (later["status"], later["from"]) == ("queued", "whatsapp:+12025550170")
    assert world.ended(body["sid"]) == ("read", None)


def test_an_sms_is_cut_into_segments_and_never_read() -> None:
    world = Correspondence()
    short = world.texted(channel="sms", Body="x" * 160)
    long = world.texted(channel="sms", Body="x" * 161)
    emoji = world.texted(channel="sms", Body="🙂" * 71)
    assert [world.message(sid)["num_segments"] for sid in (short, long, emoji)] == ["1", "2", "2"]
    assert world.ended(short) == ("delivered", None)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": ""}, 400, 21604),
        ({"To": "whatsapp:2025550110"}, 400, 21211),
        ({"From": ""}, 400, 21603),
        ({"From": "front desk"}, 400, 21212),
        ({"From": "+12025550171"}, 400, 21910),
        ({"To": PERSON}, 400, 21910),
        ({"From": "whatsapp:+12025550179"}, 400, 63007),
        ({"To": PERSON, "From": "+12025550179"}, 400, 21606),
        ({"From": "", "MessagingServiceSid": "MG1"}, 400, 21701),
        ({"Body": ""}, 400, 21619),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"ContentVariables": '{"1": "Ana"}'}, 400, 21654),
        ({"ContentSid": "HX" + "9" * 32}, 400, 21655),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": "1=Ana"}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '["Ana"]'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": ""}'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": "two\\nlines"}'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": "a     b"}'}, 400, 21656),
        ({"ContentSid": FOLLOW_UP, "ContentVariables": '{"1": 7}'}, 400, 21656),
        ({"StatusCallback": "example.com/hook"}, 400, 21609),
        ({"StatusCallback": "https://my_host.example.com/"}, 400, 21609),
        ({"StatusCallback": "https://example.com:port/"}, 400, 21609),
    ],
)
def test_what_twilio_would_not_take_is_refused_by_its_code(
    form: dict[str, str], status: int, code: int
) -> None:
    world = Correspondence()
    assert refusal_of(world.post(**form)) == (status, code)
    truth = world.message_truth()
    assert (truth["taken"], truth["refusals"]) == ({}, {str(code): 1})


def test_a_stranger_is_refused() -> None:
    world = Correspondence()
    assert refusal_of(world.ask("GET", MESSAGES, token="wrong")) == (401, 20003)
    assert refusal_of(world.ask("GET", "/v1/Content", token="wrong")) == (401, 20003)
    other = MESSAGES.replace("AC" + "0" * 32, "AC" + "1" * 32)
    assert refusal_of(world.ask("GET", other)) == (401, 20003)


@given(
    form=st.dictionaries(
        st.sampled_from(
            [
                "To",
                "From",
                "Body",
                "ContentSid",
                "ContentVariables",
                "MessagingServiceSid",
                "StatusCallback",
                "ScheduleType",
                "SendAt",
                "MediaUrl",
            ]
        ),
        st.text()
        | st.sampled_from([f"whatsapp:{PERSON}", PERSON, FOLLOW_UP, SERVICE, "fixed", "{}"]),
    )
)
def test_no_form_is_too_odd_to_be_answered(form: dict[str, str]) -> None:
    world = Correspondence()
    reply = world.ask("POST", MESSAGES, form)
    if reply.status != 201:
        refusal_of(reply)
    world.let_all_end()


@pytest.mark.parametrize("path", [f"{MESSAGES[:-5]}", "/v1/Content/HX1/Nothing", "/v2/Content/HX1"])
def test_a_path_that_nobody_serves_is_not_found_in_twilios_words(path: str) -> None:
    assert refusal_of(Correspondence().ask("GET", path)) == (404, 20404)


def test_a_service_without_a_sender_is_refused() -> None:
    world = Correspondence(sms_senders=())
    reply = world.post(channel="sms", From="", MessagingServiceSid=SERVICE)
    assert refusal_of(reply) == (400, 21703)


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


def test_the_sandbox_wants_people_to_join_and_its_own_template() -> None:
    world = Correspondence()
    sender = {"From": f"whatsapp:{SANDBOX}"}
    stranger = world.sent(PERSON, SANDBOX_TEMPLATE_SID, **sender)
    assert world.ended(stranger) == ("undelivered", 63015)
    world.hear("join purple-otter", to=SANDBOX)
    free = world.texted(**sender)
    assert world.ended(free) == ("read", None)
    world.let_pass(DAY_S)
    world.hear("hello", BRITON, to=SANDBOX)
    foreign = world.sent(PERSON, FOLLOW_UP, **sender)
    assert world.ended(foreign) == ("undelivered", 63016)
    assert world.ended(world.sent(PERSON, SANDBOX_TEMPLATE_SID, **sender)) == ("read", None)
    assert world.ended(world.sent(BRITON, SANDBOX_TEMPLATE_SID, **sender))[1] == 63015
    world.let_pass(3 * DAY_S)
    assert world.ended(world.sent(PERSON, SANDBOX_TEMPLATE_SID, **sender))[1] == 63015


def test_the_sandbox_takes_one_message_in_three_seconds() -> None:
    world = Correspondence()
    sender = {"From": f"whatsapp:{SANDBOX}"}
    world.sent(**sender)
    world.let_pass(2.9)
    assert refusal_of(world.post_template(**sender)) == (429, 63018)
    world.let_pass(0.2)
    world.sent(**sender)
    world.sent()
    assert world.message_truth()["taken"] == {"whatsapp": 3}


def test_a_sender_sends_so_many_a_second_and_queues_the_rest() -> None:
    world = Correspondence(messages_per_second=2.0)
    for number in people(5):
        world.sent(number)
    world.let_pass(1.0)
    assert world.message_truth()["statuses"] == {"queued": 4, "sent": 1}
    world.let_pass(1.0)
    assert world.message_truth()["statuses"] == {"queued": 2, "sent": 3}


@pytest.mark.parametrize(
    ("channel", "queue_s", "refusal"),
    [("whatsapp", 4 * HOUR_S, (429, 63018)), ("sms", 10 * HOUR_S, (400, 21611))],
)
def test_a_queue_that_is_too_long_takes_no_more(
    channel: str, queue_s: float, refusal: tuple[int, int]
) -> None:
    world = Correspondence(messages_per_second=1 / HOUR_S)
    for number in people(int(queue_s / HOUR_S) + 1):
        world.texted(number, channel=channel)
    assert refusal_of(world.post(channel=channel)) == refusal


def test_a_day_may_have_its_limit() -> None:
    world = Correspondence(messages_a_day=2)
    world.sent()
    world.let_pass(HOUR_S)
    world.sent()
    assert refusal_of(world.post_template()) == (429, 63038)
    world.let_pass(DAY_S - HOUR_S)
    world.sent()


def test_the_same_two_may_be_too_quick_for_meta() -> None:
    world = Correspondence(message_pair_interval_s=6.0)
    first, second = world.sent(), world.sent()
    world.let_pass(6)
    third = world.sent()
    assert [world.ended(sid)[1] for sid in (first, second, third)] == [None, 63018, None]


def test_only_so_many_requests_may_stand_open() -> None:
    world = Correspondence(message_requests_at_once=2, message_answer_delay_s=1.0)
    first, second = world.post_template(), world.post_template()
    assert (first.delay_s, second.delay_s) == (1.0, 1.0)
    assert dict(second.headers)["Twilio-Concurrent-Requests"] == "2"
    assert refusal_of(world.post_template()) == (429, 20429)
    world.let_pass(1)
    world.sent()


def test_a_message_can_be_scheduled_and_called_off_by_a_service_only() -> None:
    world = Correspondence()
    at = datetime.fromtimestamp(BEGIN + HOUR_S, UTC).isoformat()
    plan = {"ScheduleType": "fixed", "SendAt": at}
    service = {"From": "", "MessagingServiceSid": SERVICE}
    kept, dropped = world.sent(**plan, **service), world.sent(**plan, **service)
    at_once = world.sent(BRITON, **plan)
    path = MESSAGES.replace(".json", "/{}.json")
    assert world.message(kept)["status"] == "scheduled"
    reply = world.ask("POST", path.format(dropped), {"Status": "canceled"})
    assert read(reply)["status"] == "canceled"
    assert refusal_of(world.ask("POST", path.format(at_once), {"Status": "canceled"}))[1] == 30409
    world.let_pass(HOUR_S - 1)
    assert world.message(kept)["status"] == "scheduled"
    assert world.ended(kept) == ("read", None)
    assert world.ended(dropped) == ("canceled", None)
    soon = datetime.fromtimestamp(world.now + 60, UTC).isoformat()
    assert refusal_of(world.post_template(**(plan | {"SendAt": soon}), **service))[1] == 35114


def test_a_message_is_redacted_and_deleted() -> None:
    world = Correspondence()
    sid = world.sent()
    path = MESSAGES.replace(".json", f"/{sid}.json")
    assert refusal_of(world.ask("POST", path, {"Body": ""})) == (400, 20001)
    world.let_all_end()
    assert read(world.ask("POST", path, {"Body": ""}))["body"] == ""
    assert world.ask("DELETE", path).status == 204
    assert refusal_of(world.ask("GET", path)) == (404, 20404)
    assert world.sids() == []
    assert world.message_truth()["taken"] == {"whatsapp": 1}


def test_the_text_of_a_template_may_be_hidden() -> None:
    world = Correspondence(template_body_shown=False)
    assert read(world.post_template())["body"] == ""
    assert read(world.post(channel="sms"))["body"] == "Hello"


def test_one_message_at_least_has_the_variables_in_the_log() -> None:
    world = Correspondence()
    sid = world.sent(StatusCallback="https://example.com/hook?ref=follow-7")
    [logged] = read(world.control("GET", "messages"))["messages"]
    assert (logged["sid"], logged["reference"]) == (sid, "follow-7")
    assert (logged["content_sid"], logged["variables"]) == (FOLLOW_UP, NAMES)
    assert logged["history"] == [["queued", BEGIN]]
    assert read(world.control("GET", "messages", query="after=0"))["messages"] == []
    assert world.control("GET", "messages", query="after=x").status == 400
