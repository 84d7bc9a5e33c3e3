"""Messages are taken, moved through their lives, and shown as Twilio shows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tests.unit.simulator.correspondence import (
    BRITON,
    FOLLOW_UP,
    MESSAGES,
    NAMES,
    Correspondence,
    refusal_of,
)
from tests.unit.simulator.telephone import BEGIN, read

SERVICE = "MG" + "0" * 32
HOUR_S = 3600.0
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
