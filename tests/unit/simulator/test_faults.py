"""Answers that go wrong, and whether the phone rang all the same."""

from __future__ import annotations

import pytest

from tests.unit.simulator.telephone import LIVE_ONLY, Telephone, people, read
from voiceslot_tui.simulator.faults import make_rule, preset_rules
from voiceslot_tui.simulator.settings import SettingsError
from voiceslot_tui.simulator.words import FaultKind, FaultPreset, FaultTarget, Transport

BREAKING = {
    FaultKind.ERROR_500: 500,
    FaultKind.ERROR_503: 503,
    FaultKind.ERROR_502_HTML: 502,
    FaultKind.HTML_200: 200,
    FaultKind.REDIRECT_307: 307,
    FaultKind.TOO_MANY_PLAIN: 429,
    FaultKind.RATE_LIMITED: 429,
    FaultKind.UNAUTHORIZED: 401,
    FaultKind.FORBIDDEN: 403,
}
WIRE = {
    FaultKind.NO_ANSWER: Transport.STALL,
    FaultKind.RESET_AFTER_READING: Transport.RESET,
    FaultKind.RESET_HALF_HEADERS: Transport.HALF_HEADERS,
    FaultKind.CUT_BODY: Transport.CUT_BODY,
}


def struck(kind: FaultKind, acts: bool | None = None) -> Telephone:
    telephone = Telephone()
    telephone.world.faults.add(make_rule(kind, acts=acts, requests=1))
    return telephone


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("kind", BREAKING)
def test_an_error_says_nothing_about_the_phone(kind: FaultKind, acts: bool) -> None:
    telephone = struck(kind, acts)
    reply = telephone.start()
    assert reply.status == BREAKING[kind]
    assert b"conv_" not in reply.body
    assert telephone.truth()["dials"] == ({"own": 1} if acts else {})
    assert telephone.truth()["requests_read"] == {"start_twilio": 1}


@pytest.mark.parametrize("kind", WIRE)
def test_a_break_on_the_wire_leaves_a_ringing_phone(kind: FaultKind) -> None:
    telephone = struck(kind)
    assert telephone.start().transport is WIRE[kind]
    truth = telephone.truth()
    assert (truth["dials"], truth["requests_read"]) == ({"own": 1}, {"start_twilio": 1})


def test_a_reset_before_reading_was_never_read() -> None:
    telephone = struck(FaultKind.RESET_BEFORE_READING)
    assert telephone.start().transport is Transport.RESET
    truth = telephone.truth()
    assert (truth["dials"], truth["requests_read"]) == ({}, {})


def test_a_plain_429_has_no_json() -> None:
    reply = struck(FaultKind.TOO_MANY_PLAIN).start()
    assert reply.content_type.startswith("text/plain")


def test_a_truncated_answer_is_no_json_any_more() -> None:
    telephone = struck(FaultKind.TRUNCATED_JSON)
    reply = telephone.start()
    assert reply.body.startswith(b'{"success"')
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        read(reply)


def test_a_slow_answer_is_a_whole_one() -> None:
    reply = struck(FaultKind.SLOW).start()
    assert reply.delay_s == 2.0
    assert read(reply)["success"] is True


def test_an_answer_may_lack_the_conversation() -> None:
    telephone = struck(FaultKind.NO_CONVERSATION_ID)
    body = read(telephone.start())
    assert body["success"] is True
    assert body["conversation_id"] is None
    assert telephone.truth()["dials"] == {"own": 1}


def test_stuck_at_ringing_the_carrier_knows_better() -> None:
    telephone = struck(FaultKind.STUCK_INITIATED)
    [call] = telephone.started("+12025550110")
    telephone.let_all_end()
    telephone.let_pass(3600)
    assert telephone.status(call) == "initiated"
    assert telephone.listed(*LIVE_ONLY) == [call]
    assert telephone.truth()["live"] == 0
    assert telephone.deliveries() == []


def test_stuck_in_talk_the_carrier_knows_better() -> None:
    telephone = struck(FaultKind.STUCK_IN_PROGRESS)
    [call] = telephone.started("+12025550110")
    telephone.let_all_end()
    assert telephone.status(call) == "in-progress"
    assert telephone.truth()["live"] == 0
    assert telephone.truth()["platform_live"] == 1


def test_a_read_may_show_a_status_that_nobody_knows() -> None:
    telephone = Telephone()
    [call] = telephone.started("+12025550110")
    rule = make_rule(FaultKind.UNKNOWN_STATUS, FaultTarget.READ, requests=2)
    telephone.world.faults.add(rule)
    page = telephone.get("/v1/convai/conversations")
    assert [item["status"] for item in page["conversations"]] == ["escalated"]
    assert telephone.status(call) == "escalated"
    assert telephone.status(call) == "initiated"


def test_faults_on_reads_leave_starts_alone() -> None:
    telephone = Telephone()
    telephone.world.faults.add(make_rule(FaultKind.ERROR_500, FaultTarget.READ))
    assert telephone.start().status == 200
    assert telephone.send("GET", "/v1/convai/conversations").status == 500


def test_a_rule_for_n_requests_ends_after_them() -> None:
    telephone = Telephone()
    telephone.world.faults.add(make_rule(FaultKind.ERROR_500, requests=2))
    statuses = [telephone.start(number).status for number in people(4)]
    assert statuses == [500, 500, 200, 200]
    assert telephone.world.faults.rules == []


def test_a_probability_strikes_about_that_often_and_by_the_seed() -> None:
    def statuses(seed: int) -> list[int]:
        telephone = Telephone(seed=seed, limit=1000)
        telephone.world.faults.add(make_rule(FaultKind.ERROR_500, probability=0.3))
        return [telephone.start(number).status for number in people(400)]

    assert 80 < statuses(1).count(500) < 160
    assert statuses(1) == statuses(1)
    assert statuses(1) != statuses(2)


@pytest.mark.parametrize(
    ("kind", "target", "acts"),
    [
        (FaultKind.RESET_BEFORE_READING, FaultTarget.START, True),
        (FaultKind.STUCK_INITIATED, FaultTarget.READ, None),
        (FaultKind.STUCK_INITIATED, FaultTarget.START, False),
        (FaultKind.UNKNOWN_STATUS, FaultTarget.START, None),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    kind: FaultKind, target: FaultTarget, acts: bool | None
) -> None:
    with pytest.raises(SettingsError):
        make_rule(kind, target, acts=acts)


@pytest.mark.parametrize("preset", FaultPreset)
def test_the_presets_are_rules_that_can_be(preset: FaultPreset) -> None:
    assert bool(preset_rules(preset)) is (preset is not FaultPreset.NONE)
