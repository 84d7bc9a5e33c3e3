"""The life of a call, the seed, and the truth about who was rung."""

from __future__ import annotations

import pytest

from tests.unit.simulator.telephone import BEGIN, LIVE_ONLY, Telephone, people, read
from voiceslot_tui.simulator.control import dial_body
from voiceslot_tui.simulator.words import Outcome


def story_of(seed: int, numbers: list[str]) -> dict[str, tuple[object, float]]:
    telephone = Telephone(
        seed=seed,
        limit=100,
        ring_spread=0.5,
        talk_spread=0.6,
        voicemail_weight=1.0,
        busy_weight=1.0,
    )
    telephone.started(*numbers)
    telephone.let_all_end()
    bodies = [dial_body(call) for call in telephone.world.calls]
    return {body["number"]: (body["outcome"], body["hung_up_at"] - BEGIN) for body in bodies}


def test_a_call_lives_by_the_vendors_states() -> None:
    telephone = Telephone()
    [call] = telephone.started("+12025550110")
    seen = [telephone.status(call)]
    for _ in range(3):
        due = telephone.world.next_event_at()
        assert due is not None
        telephone.let_pass(due - telephone.now)
        seen.append(telephone.status(call))
    assert seen == ["initiated", "in-progress", "processing", "done"]
    assert telephone.now == BEGIN + 27


def test_the_same_seed_tells_the_same_story_in_any_order() -> None:
    numbers = people(40)
    assert story_of(3, numbers) == story_of(3, numbers[::-1])
    assert story_of(3, numbers) != story_of(4, numbers)


def test_someone_rung_again_may_do_otherwise() -> None:
    telephone = Telephone(busy_weight=1.0)
    for _ in range(20):
        telephone.started("+12025550110")
        telephone.let_all_end()
    assert {call.outcome for call in telephone.world.calls} == {Outcome.ANSWERED, Outcome.BUSY}


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED])
def test_a_call_that_is_not_answered_fails(outcome: Outcome) -> None:
    telephone = Telephone()
    [call] = telephone.started("+12025550110", variables={"sim_outcome": outcome})
    telephone.let_all_end()
    detail = telephone.get(f"/v1/convai/conversations/{call}")
    assert detail["status"] == "failed"
    assert detail["metadata"]["phone_call"]["call_result"] == outcome
    truth = telephone.truth()
    assert truth["outcomes"] == {outcome: 1}
    assert (truth["live"], truth["platform_live"]) == (0, 0)
    assert telephone.listed(*LIVE_ONLY) == []


def test_a_voicemail_counts_as_a_call() -> None:
    telephone = Telephone()
    [call] = telephone.started("+12025550110", variables={"sim_outcome": "voicemail"})
    telephone.let_all_end()
    detail = telephone.get(f"/v1/convai/conversations/{call}")
    assert detail["status"] == "done"
    assert detail["metadata"]["phone_call"]["call_result"] == "voicemail"


def test_the_ring_timeout_is_honoured() -> None:
    telephone = Telephone()
    [call] = telephone.started("+12025550110", variables={"sim_ring_s": 90}, ring_timeout_s=15)
    telephone.let_pass(14.9)
    assert telephone.status(call) == "initiated"
    telephone.let_pass(0.1)
    assert telephone.status(call) == "failed"
    assert telephone.world.calls[0].outcome is Outcome.NO_ANSWER


def test_a_call_without_length_ends_after_its_answer() -> None:
    telephone = Telephone(ring_s=0.0, talk_s=0.0, analysis_s=0.0)
    [call] = telephone.started("+12025550110")
    assert telephone.world.live
    assert telephone.world.next_event_at() == telephone.now
    telephone.world.advance(telephone.now)
    assert telephone.status(call) == "done"
    assert [delivery.conversation_id for delivery in telephone.deliveries()] == [call]


def test_speed_divides_every_duration() -> None:
    telephone = Telephone(speed=10.0)
    telephone.started("+12025550110")
    telephone.let_all_end()
    assert telephone.now == pytest.approx(BEGIN + 2.7)


def test_the_most_that_were_live_at_once_is_remembered() -> None:
    telephone = Telephone()
    telephone.started(*people(3))
    telephone.let_pass(10)
    telephone.started(*people(5)[3:])
    assert telephone.truth()["live"] == 5
    telephone.let_all_end()
    telephone.started("+12025550110")
    truth = telephone.truth()
    assert (truth["live"], truth["max_live"]) == (1, 5)


def test_slot_seconds_add_up() -> None:
    telephone = Telephone(limit=2)
    telephone.world.configure({"over_limit": "burst"})
    telephone.started(*people(3))
    telephone.let_all_end()
    truth = telephone.truth()
    assert truth["own_slot_s"] == pytest.approx(3 * 25)
    assert truth["over_limit_slot_s"] == pytest.approx(25)
    assert truth["starts_over_limit"] == {"own": 1}


def test_a_limit_lowered_under_live_calls_counts_from_then_on() -> None:
    telephone = Telephone(limit=3)
    telephone.started(*people(3))
    telephone.let_pass(15)
    telephone.world.configure({"limit": 1})
    telephone.let_all_end()
    truth = telephone.truth()
    assert truth["over_limit_slot_s"] == pytest.approx(2 * 10)
    assert truth["starts_over_limit"] == {}


def test_people_rung_again_and_attempts_dialled_again_are_named() -> None:
    telephone = Telephone()
    telephone.start("+12025550110", "attempt-1")
    telephone.start("+12025550111", "attempt-2")
    telephone.let_all_end()
    assert telephone.truth()["people_rung_again"] == {}
    telephone.start("+12025550110", "attempt-1")
    telephone.start("+12025550110", "attempt-3")
    truth = telephone.truth()
    assert truth["people_rung_again"] == {"+12025550110": 3}
    assert truth["attempts_dialled_again"] == {"attempt-1": 2}
    assert truth["people_live_twice"] == ["+12025550110"]
    assert truth["dials"] == {"own": 4}


def test_foreign_calls_hold_slots_and_are_nobodys_of_ours() -> None:
    telephone = Telephone()
    telephone.started("+12025550110")
    telephone.world.start_foreign(3, 40.0, telephone.now)
    truth = telephone.truth()
    assert truth["live_by_owner"] == {"own": 1, "foreign": 3}
    assert telephone.get("/v1/convai/analytics/live-count") == {"count": 4}
    assert truth["people_rung"] == 1
    telephone.let_pass(39)
    assert telephone.truth()["live_by_owner"] == {"own": 0, "foreign": 3}
    telephone.let_pass(1)
    assert telephone.truth()["live"] == 0


def test_the_live_count_may_leave_out_what_only_rings() -> None:
    telephone = Telephone()
    telephone.started(*people(2))
    telephone.let_pass(6)
    telephone.started("+12025550110")
    assert telephone.get("/v1/convai/analytics/live-count") == {"count": 3}
    telephone.world.configure({"live_count_includes_initiated": False})
    assert telephone.get("/v1/convai/analytics/live-count") == {"count": 2}
    elsewhere = ("agent_id", "agent_sim_surveys")
    assert telephone.get("/v1/convai/analytics/live-count", elsewhere) == {"count": 0}


def test_hanging_up_at_the_carrier_ends_a_call_once() -> None:
    telephone = Telephone()
    telephone.started("+12025550110")
    telephone.let_pass(10)
    [call] = telephone.world.calls
    assert telephone.world.hang_up(call, telephone.now) is True
    assert telephone.world.hang_up(call, telephone.now) is False
    telephone.let_all_end()
    assert call.hung_up_at == BEGIN + 10
    assert telephone.truth()["live"] == 0
    assert telephone.status(call.conversation_id) == "done"


def test_time_never_goes_back() -> None:
    telephone = Telephone()
    [call] = telephone.started("+12025550110")
    telephone.let_pass(10)
    telephone.world.advance(BEGIN)
    assert telephone.world.now == BEGIN + 10
    assert telephone.status(call) == "in-progress"


def test_a_script_for_a_number_decides_its_call() -> None:
    telephone = Telephone()
    telephone.control("POST", "numbers", {"+12025550110": {"outcome": "busy", "ring_s": 1}})
    telephone.started("+12025550110", "+12025550111")
    telephone.let_all_end()
    outcomes = [(call.outcome, call.hung_up_at) for call in telephone.world.calls]
    assert outcomes == [(Outcome.BUSY, BEGIN + 1), (Outcome.ANSWERED, BEGIN + 25)]


def test_ids_are_not_repeated_by_a_world_that_begins_later() -> None:
    first, second = Telephone(), Telephone()
    second.world = type(second.world)(second.world.settings, BEGIN + 1)
    second.now = BEGIN + 1
    assert first.started("+12025550110") != second.started("+12025550110")


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        ({"agent_id": "agent_sim_reminders"}, 422, "agent_phone_number_id"),
        ({"agent_id": 3}, 422, "agent_id"),
        (
            {
                "agent_id": "agent_nobody",
                "agent_phone_number_id": "phnum_sim_twilio",
                "to_number": "+12025550110",
            },
            404,
            "agent_id",
        ),
        (
            {
                "agent_id": "agent_sim_reminders",
                "agent_phone_number_id": "phnum_nobody",
                "to_number": "+12025550110",
            },
            404,
            "agent_phone_number_id",
        ),
        (
            {
                "agent_id": "agent_sim_reminders",
                "agent_phone_number_id": "phnum_sim_twilio",
                "to_number": "+12025550110",
                "telephony_call_config": {"ringing_timeout_secs": 1000},
            },
            422,
            "ringing_timeout_secs",
        ),
    ],
)
def test_a_start_that_makes_no_sense_is_refused(
    body: dict[str, object], status: int, place: str
) -> None:
    telephone = Telephone()
    reply = telephone.send("POST", "/v1/convai/twilio/outbound-call", body=body)
    assert reply.status == status
    assert place in str(read(reply)["detail"])
    assert telephone.world.calls == []
