"""Requests for messages that go wrong, and whether the message was taken all the same."""

from __future__ import annotations

import pytest

from tests.unit.simulator.correspondence import (
    MESSAGES,
    PERSON,
    SETTINGS,
    Correspondence,
    refusal_of,
)
from tests.unit.simulator.telephone import people, read
from voiceslot_tui.simulator.faults import make_rule
from voiceslot_tui.simulator.settings import SettingsError
from voiceslot_tui.simulator.words import FaultKind, FaultTarget, Transport

HOOK = "https://example.com/hook?ref=follow-1"
SPOKEN = {
    FaultKind.ERROR_500: (500, 20500),
    FaultKind.ERROR_503: (503, 20503),
    FaultKind.RATE_LIMITED: (429, 20429),
    FaultKind.UNAUTHORIZED: (401, 20003),
    FaultKind.FORBIDDEN: (403, 20003),
}
MUTE = {
    FaultKind.ERROR_502_HTML: 502,
    FaultKind.HTML_200: 200,
    FaultKind.TOO_MANY_PLAIN: 429,
    FaultKind.REDIRECT_307: 307,
    FaultKind.EMPTY_500: 500,
    FaultKind.PROBLEM_503: 503,
}
WIRE = {
    FaultKind.NO_ANSWER: Transport.STALL,
    FaultKind.RESET_AFTER_READING: Transport.RESET,
    FaultKind.RESET_HALF_HEADERS: Transport.HALF_HEADERS,
    FaultKind.CUT_BODY: Transport.CUT_BODY,
}


def struck(
    kind: FaultKind, acts: bool | None = None, target: FaultTarget = FaultTarget.MESSAGE
) -> Correspondence:
    world = Correspondence()
    world.world.faults.add(make_rule(kind, target, acts=acts, requests=1))
    return world


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("kind", SPOKEN)
def test_an_error_in_twilios_words_says_nothing_about_the_message(
    kind: FaultKind, acts: bool
) -> None:
    world = struck(kind, acts)
    assert refusal_of(world.post_template(StatusCallback=HOOK)) == SPOKEN[kind]
    assert world.message_truth()["taken"] == ({"whatsapp": 1} if acts else {})
    assert len(world.sids()) == acts
    assert len(world.all_news()) == 3 * acts


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("kind", MUTE)
def test_an_error_in_nobodys_words_does_not_either(kind: FaultKind, acts: bool) -> None:
    world = struck(kind, acts)
    reply = world.post_template()
    assert reply.status == MUTE[kind]
    assert b'"sid"' not in reply.body
    assert world.message_truth()["taken"] == ({"whatsapp": 1} if acts else {})


@pytest.mark.parametrize("kind", WIRE)
def test_an_answer_that_is_lost_leaves_a_message(kind: FaultKind) -> None:
    world = struck(kind)
    assert world.post_template().transport is WIRE[kind]
    assert world.message_truth()["taken"] == {"whatsapp": 1}
    assert len(world.sids(To=f"whatsapp:{PERSON}")) == 1


def test_a_request_that_was_never_read_leaves_none() -> None:
    world = struck(FaultKind.RESET_BEFORE_READING)
    assert world.post_template().transport is Transport.RESET
    assert world.message_truth()["taken"] == {}
    assert world.truth()["requests_read"] == {}


def test_an_answer_may_lack_the_sid() -> None:
    world = struck(FaultKind.NO_SID)
    reply = world.post_template()
    assert reply.status == 201
    assert "sid" not in read(reply)
    assert world.message_truth()["taken"] == {"whatsapp": 1}


def test_a_problem_comes_in_the_newer_envelope() -> None:
    reply = struck(FaultKind.PROBLEM_503).post_template()
    assert reply.content_type == "application/problem+json"
    assert {"type", "title", "status", "code"} <= set(read(reply))


def test_a_slow_answer_is_a_whole_one() -> None:
    reply = struck(FaultKind.SLOW).post_template()
    assert reply.delay_s == 2.0
    assert read(reply)["sid"]


def test_a_redirect_repeats_the_request_if_it_is_followed() -> None:
    world = struck(FaultKind.REDIRECT_307, acts=True)
    reply = world.post_template()
    path, _, query = dict(reply.headers)["Location"].partition("?")
    assert path == MESSAGES
    form = {"To": f"whatsapp:{PERSON}", "From": "whatsapp:+12025550170", "Body": "Hello"}
    assert world.ask("POST", path, form, query).status == 201
    assert world.message_truth()["people_again"] == {f"whatsapp:{PERSON}": 2}


def test_a_read_may_show_a_status_that_nobody_knows() -> None:
    world = Correspondence()
    sid = world.sent()
    rule = make_rule(FaultKind.UNKNOWN_STATUS, FaultTarget.MESSAGE_READ, requests=2)
    world.world.faults.add(rule)
    assert world.message(sid)["status"] == "partially_delivered"
    assert world.listing()["messages"][0]["status"] == "partially_delivered"
    assert world.message(sid)["status"] == "queued"


def test_faults_on_one_target_leave_the_others_alone() -> None:
    world = struck(FaultKind.ERROR_500, target=FaultTarget.MESSAGE_READ)
    sid = world.sent()
    assert world.start().status == 200
    assert refusal_of(world.ask("GET", MESSAGES)) == (500, 20500)
    assert world.message(sid)["sid"] == sid
    world.world.faults.add(make_rule(FaultKind.ERROR_500, FaultTarget.MESSAGE))
    assert world.start("+12025550111").status == 200
    assert world.post_template().status == 500


def test_reads_of_calls_break_in_twilios_words_too() -> None:
    world = struck(FaultKind.ERROR_503, target=FaultTarget.READ)
    path = f"/2010-04-01/Accounts/{SETTINGS.account_sid}/Calls.json"
    assert refusal_of(world.ask("GET", path)) == (503, 20503)


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (FaultKind.NO_SID, FaultTarget.START),
        (FaultKind.NO_SID, FaultTarget.MESSAGE_READ),
        (FaultKind.PROBLEM_503, FaultTarget.START),
        (FaultKind.UNKNOWN_STATUS, FaultTarget.MESSAGE),
        (FaultKind.STUCK_INITIATED, FaultTarget.MESSAGE),
    ],
)
def test_a_fault_that_cannot_be_is_refused(kind: FaultKind, target: FaultTarget) -> None:
    with pytest.raises(SettingsError):
        make_rule(kind, target)


def test_the_judge_sees_what_was_sent_twice() -> None:
    world = Correspondence()
    first, second, third = people(3)
    world.sent(first, StatusCallback=f"{HOOK}-a")
    world.sent(first, StatusCallback=f"{HOOK}-a")
    world.sent(second, StatusCallback=f"{HOOK}-b")
    world.texted(second, channel="sms", StatusCallback=f"{HOOK}-c")
    world.texted(third, channel="sms", Body="One")
    world.texted(third, channel="sms", Body="Two")
    world.let_all_end()
    truth = world.message_truth()
    assert truth["taken"] == {"whatsapp": 3, "sms": 3}
    assert truth["people_again"] == {third: 2, f"whatsapp:{first}": 2}
    assert truth["people_reached_again"] == {third: 2, f"whatsapp:{first}": 2}
    assert truth["contents_again"] == {f"whatsapp:{first}": 2}
    assert truth["references_again"] == {"follow-1-a": 2}
    assert truth["references"] == 3


@pytest.mark.parametrize(
    ("name", "body", "named"),
    [
        ("people", {"Ana": {}}, "Ana"),
        ("people", {PERSON: "reads"}, PERSON),
        ("people", {PERSON: {"fate": "lucky"}}, "fate"),
        ("people", {PERSON: {"failure": "63016"}}, "failure"),
        ("people", {PERSON: {"is_read": 1}}, "is_read"),
        ("people", {PERSON: {"read_s": -1}}, "read_s"),
        ("people", {PERSON: {"mood": "good"}}, "mood"),
        ("templates", {"HX9": {}}, "HX9"),
        ("templates", {f"HX{1:032x}": {"status": "loved"}}, "status"),
        ("inbound", {"body": "Hello"}, "from"),
        ("inbound", {"from": PERSON, "channel": "pigeon"}, "channel"),
        ("inbound", {"from": PERSON, "body": 7}, "body"),
        ("settings", {"callback_loss_share": 2}, "callback_loss_share"),
        ("settings", {"callback_delay_min_s": 2}, "callback_delay_max_s"),
        ("settings", {"whatsapp_senders": []}, "whatsapp_senders"),
    ],
)
def test_a_wrong_control_is_named_and_changes_nothing(
    name: str, body: dict[str, object], named: str
) -> None:
    world = Correspondence()
    reply = world.control("POST", name, body)
    assert reply.status == 400
    assert str(read(reply)["error"]).startswith(named)
