"""What the platform does with a start when every slot is taken."""

from __future__ import annotations

import pytest

from tests.unit.simulator.telephone import Telephone, people, read
from voiceslot_tui.simulator.directory import Agent
from voiceslot_tui.simulator.words import OverLimitMode


def full(mode: OverLimitMode) -> Telephone:
    telephone = Telephone(limit=2, over_limit=mode)
    telephone.started(*people(2))
    return telephone


@pytest.mark.parametrize(
    ("mode", "status", "code"),
    [
        (OverLimitMode.REFUSE_CONCURRENT, 429, "concurrent_limit_exceeded"),
        (OverLimitMode.REFUSE_RATE, 429, "rate_limit_exceeded"),
        (OverLimitMode.SYSTEM_BUSY, 503, "system_busy"),
    ],
)
def test_a_refusal_places_no_call(mode: OverLimitMode, status: int, code: str) -> None:
    telephone = full(mode)
    reply = telephone.start("+12025550110")
    assert reply.status == status
    assert read(reply)["detail"]["code"] == code
    assert (("Retry-After", "1") in reply.headers) is (mode is OverLimitMode.REFUSE_RATE)
    truth = telephone.truth()
    assert (truth["dials"], truth["starts_while_full"], truth["max_live"]) == ({"own": 2}, 1, 2)


def test_success_false_names_no_call() -> None:
    telephone = full(OverLimitMode.SUCCESS_FALSE)
    reply = telephone.start("+12025550110")
    body = read(reply)
    assert reply.status == 200
    assert (body["success"], body["conversation_id"], body["callSid"]) == (False, None, None)
    assert len(telephone.world.calls) == 2


def test_a_call_accepted_to_fail_never_rings() -> None:
    telephone = full(OverLimitMode.FAIL_LATER)
    [call] = telephone.started("+12025550110")
    assert telephone.status(call) == "initiated"
    telephone.let_pass(1)
    detail = telephone.get(f"/v1/convai/conversations/{call}")
    assert detail["status"] == "failed"
    assert detail["metadata"]["error"]["code"] == 429
    truth = telephone.truth()
    assert (truth["dials"], truth["max_live"]) == ({"own": 2}, 2)
    assert [delivery.kind for delivery in telephone.deliveries()] == ["call_initiation_failure"]


def test_a_burst_is_accepted_marked_and_counted_against_us() -> None:
    telephone = full(OverLimitMode.BURST)
    calls = telephone.started(*people(6)[2:])
    assert telephone.start("+12025550110").status == 429
    detail = telephone.get(f"/v1/convai/conversations/{calls[-1]}")
    assert detail["metadata"]["charging"]["is_burst"] is True
    truth = telephone.truth()
    assert (truth["max_live"], truth["starts_over_limit"]) == (6, {"own": 4})


def test_an_agent_may_be_full_before_the_workspace() -> None:
    telephone = Telephone(agents=(Agent("agent_small", "Small", concurrency_limit=1),))
    telephone.started("+12025550110", agent_id="agent_small")
    assert telephone.start("+12025550111", agent_id="agent_small").status == 429


def test_slots_come_back_when_the_talk_ends_and_not_with_the_analysis() -> None:
    telephone = full(OverLimitMode.REFUSE_CONCURRENT)
    telephone.let_pass(25)
    assert telephone.status(telephone.world.calls[0].conversation_id) == "processing"
    assert telephone.start("+12025550110").status == 200
