"""Twilio's news: signed as Twilio signs, lost, doubled, late, forged and retried on request."""

from __future__ import annotations

from itertools import pairwise

import pytest
from twilio.request_validator import RequestValidator

from tests.unit.simulator.correspondence import (
    PERSON,
    SETTINGS,
    Correspondence,
    form_of,
)
from tests.unit.simulator.telephone import people
from voiceslot_tui.simulator.webhooks import Delivery

HOOK = "https://example.com/webhook/twilio?ref=follow-1"
INBOUND = "https://example.com/webhook/twilio"
ALWAYS = {
    "AccountSid",
    "ApiVersion",
    "MessageSid",
    "SmsSid",
    "MessageStatus",
    "SmsStatus",
    "From",
    "To",
}


def is_genuine(delivery: Delivery) -> bool:
    validator = RequestValidator(SETTINGS.account_token)
    signature = delivery.headers["X-Twilio-Signature"]
    return bool(validator.validate(delivery.url, form_of(delivery.body), signature))


def one_delivery(**changes: object) -> tuple[Correspondence, Delivery]:
    world = Correspondence(**changes)
    world.sent(StatusCallback=HOOK)
    world.let_pass(1)
    return world, world.deliveries()[0]


def test_each_step_is_told_but_not_the_first() -> None:
    world = Correspondence()
    sid = world.sent(StatusCallback=HOOK)
    forms = world.all_news()
    assert [form["MessageStatus"] for form in forms] == ["sent", "delivered", "read"]
    assert all(set(form) >= ALWAYS and form["MessageSid"] == sid for form in forms)
    assert [form.get("EventType") for form in forms] == ["SENT", "DELIVERED", "READ"]
    assert forms[0]["ChannelToAddress"] == "+1202555XXXX"
    assert "ErrorCode" not in forms[0]


def test_a_messaging_service_tells_that_it_queued() -> None:
    world = Correspondence()
    service = SETTINGS.messaging_service_sid
    world.sent(StatusCallback=HOOK, From="", MessagingServiceSid=service)
    forms = world.all_news()
    assert [form["MessageStatus"] for form in forms] == ["queued", "sent", "delivered", "read"]
    assert {form["MessagingServiceSid"] for form in forms} == {service}


def test_a_failure_is_told_with_its_code_or_a_word() -> None:
    world = Correspondence()
    world.texted(StatusCallback=HOOK)
    last = world.all_news()[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "63016")
    assert "outside the allowed window" in last["ChannelStatusMessage"]
    world.control("POST", "settings", {"callback_error_word": "InvalidSandboxRequest"})
    world.texted(StatusCallback=HOOK)
    assert world.all_news()[-1]["ErrorCode"] == "InvalidSandboxRequest"


def test_an_sms_is_told_without_the_channels_fields() -> None:
    world = Correspondence()
    world.texted(channel="sms", StatusCallback=HOOK)
    sent, delivered = world.all_news()
    assert set(sent) == ALWAYS
    assert len(delivered["RawDlrDoneDate"]) == 10


def test_nobody_is_told_who_did_not_ask() -> None:
    world = Correspondence()
    world.sent()
    assert world.all_news() == []


def test_the_official_client_accepts_the_signature_over_the_whole_address() -> None:
    _, delivery = one_delivery()
    assert delivery.url == HOOK
    assert delivery.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert is_genuine(delivery)


def test_the_fragment_is_neither_sent_nor_signed() -> None:
    world = Correspondence()
    world.sent(StatusCallback=f"{HOOK}#rc=3&rp=5xx")
    world.let_pass(1)
    [delivery] = world.deliveries()
    assert delivery.url == HOOK
    assert is_genuine(delivery)


def test_lost_news_never_comes() -> None:
    world = Correspondence(callback_loss_share=1.0)
    sid = world.sent(StatusCallback=HOOK)
    assert world.all_news() == []
    assert world.message(sid)["status"] == "read"
    assert world.truth()["callbacks"]["lost"] == 3


def test_doubled_news_comes_twice() -> None:
    world = Correspondence(callback_duplicate_share=1.0)
    world.sent(StatusCallback=HOOK)
    statuses = [form["MessageStatus"] for form in world.all_news()]
    assert statuses == ["sent", "sent", "delivered", "delivered", "read", "read"]


def test_news_may_come_late_and_out_of_order() -> None:
    world = Correspondence(callback_reorder_share=0.5, callback_delay_max_s=1.0)
    for number in people(20):
        world.sent(number, StatusCallback=HOOK)
    seen: dict[str, list[str]] = {}
    for form in world.all_news():
        seen.setdefault(form["MessageSid"], []).append(form["MessageStatus"])
    assert all(sorted(statuses) == ["delivered", "read", "sent"] for statuses in seen.values())
    assert any(statuses != ["sent", "delivered", "read"] for statuses in seen.values())


def test_forged_news_is_refused_by_the_official_client() -> None:
    world, first = one_delivery(callback_forged_share=1.0)
    assert first.is_forged
    assert not is_genuine(first)
    world.world.report(first, 403, world.now)
    assert world.truth()["callbacks"]["statuses"] == {"forged 403": 1}


def test_news_may_overtake_the_answer_to_its_own_request() -> None:
    world = Correspondence(message_answer_delay_s=5.0)
    reply = world.post_template(StatusCallback=HOOK)
    world.let_pass(reply.delay_s)
    assert [form["MessageStatus"] for form in world.news()] == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("fragment", "status", "tries"),
    [
        ("", None, 2),
        ("", 500, 1),
        ("", 200, 1),
        ("#rc=0", None, 1),
        ("#rc=3&rp=5xx", 503, 4),
        ("#rc=3&rp=5xx", 403, 1),
        ("#rc=9&rp=all", 403, 6),
        ("#rc=3&rp=4xx,5xx", None, 1),
    ],
)
def test_what_did_not_arrive_is_sent_again_by_the_rule_of_the_address(
    fragment: str, status: int | None, tries: int
) -> None:
    world = Correspondence(message_read_share=0.0)
    world.script(is_delivered=False)
    world.sent(StatusCallback=f"{HOOK}{fragment}")
    sent: list[Delivery] = []
    while (due := world.world.next_event_at()) is not None:
        world.let_pass(due - world.now)
        while deliveries := world.deliveries():
            sent += deliveries
            for delivery in deliveries:
                world.world.report(delivery, status, world.now)
    assert len(sent) == tries
    assert all(earlier.body == later.body for earlier, later in pairwise(sent))
    tokens = {delivery.headers.get("I-Twilio-Idempotency-Token") for delivery in sent[1:]}
    assert len(tokens) == (tries > 1)
    assert None not in tokens


def test_what_a_person_writes_is_posted_and_signed() -> None:
    world = Correspondence(inbound_url=INBOUND)
    sid = world.hear("Gracias", profile_name="Ana", button_text="Sí", button_payload="yes")
    [delivery] = world.deliveries()
    form = form_of(delivery.body)
    assert delivery.url == INBOUND
    assert is_genuine(delivery)
    assert (form["From"], form["To"]) == (f"whatsapp:{PERSON}", "whatsapp:+12025550170")
    assert (form["MessageSid"], form["Body"], form["WaId"]) == (sid, "Gracias", PERSON[1:])
    assert (form["ProfileName"], form["ButtonPayload"], form["NumMedia"]) == ("Ana", "yes", "0")
    assert "OptOutType" not in form


@pytest.mark.parametrize(
    ("channel", "advanced", "is_refused"),
    [("sms", False, True), ("whatsapp", False, False), ("whatsapp", True, True)],
)
def test_a_stop_is_twilios_business_on_sms_and_with_advanced_opt_out(
    channel: str, advanced: bool, is_refused: bool
) -> None:
    world = Correspondence(advanced_opt_out=advanced, inbound_url=INBOUND)
    world.hear(" stop ", channel=channel)
    [form] = world.news()
    assert form.get("OptOutType") == ("STOP" if advanced else None)
    reply = world.post(channel=channel)
    assert reply.status == (400 if is_refused else 201)
    if not is_refused:
        assert world.message_truth()["people_after_stop"] == {f"whatsapp:{PERSON}": 1}
    world.hear("START", channel=channel)
    assert world.post(channel=channel).status == 201


@pytest.mark.parametrize("words", ["Please stop calling", "Do not cancel"])
def test_a_word_within_a_sentence_stops_nothing(words: str) -> None:
    world = Correspondence()
    world.hear(words, channel="sms")
    world.texted(channel="sms")
    assert world.message_truth()["people_after_stop"] == {}


def test_the_judge_knows_what_was_sent_after_a_spanish_stop() -> None:
    world = Correspondence()
    world.hear("Baja")
    world.sent()
    assert world.message_truth()["people_after_stop"] == {f"whatsapp:{PERSON}": 1}
