"""The platform's own campaigns and their dispatcher."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from tests.unit.simulator.telephone import Telephone, people, read
from voiceslot_tui.simulator.directory import Agent


def submit(telephone: Telephone, count: int, **more: object) -> str:
    body = {
        "call_name": "Reminders",
        "agent_id": next(iter(telephone.world.agents)),
        "agent_phone_number_id": "phnum_sim_twilio",
        "recipients": [{"phone_number": number} for number in people(count)],
        **more,
    }
    reply = telephone.send("POST", "/v1/convai/batch-calling/submit", body=body)
    assert reply.status == 200, reply.body
    return str(read(reply)["id"])


def batch(telephone: Telephone, batch_id: str) -> dict[str, object]:
    return telephone.get(f"/v1/convai/batch-calling/{batch_id}")


def statuses(telephone: Telephone, batch_id: str) -> list[str]:
    recipients = batch(telephone, batch_id)["recipients"]
    assert isinstance(recipients, list)
    return [recipient["status"] for recipient in recipients]


def test_a_batch_runs_to_its_end_with_monotonic_counters() -> None:
    telephone = Telephone(limit=6)
    batch_id = submit(telephone, 10)
    seen = []
    while (due := telephone.world.next_event_at()) is not None:
        telephone.let_pass(due - telephone.now)
        body = batch(telephone, batch_id)
        seen.append((body["total_calls_dispatched"], body["total_calls_finished"]))
        assert int(str(body["last_updated_at_unix"])) <= telephone.now
    assert seen == sorted(seen)
    assert seen[-1] == (10, 10)
    assert batch(telephone, batch_id)["status"] == "completed"
    assert statuses(telephone, batch_id) == ["completed"] * 10
    truth = telephone.truth()
    assert (truth["max_live"], truth["max_live_by_owner"]) == (3, {"batch": 3})


@pytest.mark.parametrize(
    ("limit", "agent_limit", "target", "expected"),
    [(20, -1, None, 10), (20, 10, None, 7), (1, -1, None, 1), (20, 10, 15, 15), (5, -1, 15, 5)],
)
def test_the_dispatcher_keeps_its_share(
    limit: int, agent_limit: int, target: int | None, expected: int
) -> None:
    agent = Agent("agent_batch", "Batch", concurrency_limit=agent_limit)
    telephone = Telephone(limit=limit, agents=(agent,))
    more = {} if target is None else {"target_concurrency_limit": target}
    submit(telephone, 40, **more)
    telephone.let_all_end()
    assert telephone.truth()["max_live"] == expected


def test_a_recipient_holds_a_slot_before_it_has_a_conversation() -> None:
    telephone = Telephone(limit=2)
    batch_id = submit(telephone, 3, target_concurrency_limit=1)
    assert statuses(telephone, batch_id) == ["dispatched", "pending", "pending"]
    assert telephone.start("+12025550198").status == 200
    assert telephone.start("+12025550199").status == 429
    telephone.let_pass(1)
    assert statuses(telephone, batch_id)[0] == "initiated"
    telephone.let_pass(5)
    assert statuses(telephone, batch_id)[0] == "in_progress"


def test_batches_wait_while_others_hold_the_slots() -> None:
    telephone = Telephone(limit=2)
    telephone.started(*people(2))
    batch_id = submit(telephone, 2)
    telephone.let_pass(24)
    assert statuses(telephone, batch_id) == ["pending"] * 2
    telephone.let_pass(1)
    assert statuses(telephone, batch_id) == ["dispatched", "pending"]


def test_outcomes_of_recipients_have_their_own_words() -> None:
    telephone = Telephone()
    batch_id = submit(
        telephone,
        1,
        recipients=[
            {
                "phone_number": number,
                "conversation_initiation_client_data": {
                    "dynamic_variables": {"sim_outcome": outcome}
                },
            }
            for number, outcome in zip(people(3), ["answered", "voicemail", "busy"], strict=True)
        ],
    )
    telephone.let_all_end()
    assert statuses(telephone, batch_id) == ["completed", "voicemail", "failed"]
    recipients = batch(telephone, batch_id)["recipients"]
    assert isinstance(recipients, list)
    assert all(recipient["conversation_id"] for recipient in recipients)


@pytest.mark.parametrize(("cuts", "expected"), [(False, "in_progress"), (True, "completed")])
def test_cancelling_spares_who_talks_unless_told_otherwise(cuts: bool, expected: str) -> None:
    telephone = Telephone(batch_cancel_cuts_calls=cuts, analysis_s=0.0)
    batch_id = submit(telephone, 3, target_concurrency_limit=1)
    telephone.let_pass(10)
    telephone.send("POST", f"/v1/convai/batch-calling/{batch_id}/cancel")
    telephone.let_pass(0)
    assert batch(telephone, batch_id)["status"] == "cancelled"
    assert statuses(telephone, batch_id) == [expected, "cancelled", "cancelled"]
    telephone.let_all_end()
    assert telephone.truth()["dials"] == {"batch": 1}


def test_a_retry_rings_those_who_were_not_reached() -> None:
    telephone = Telephone()
    telephone.control("POST", "numbers", {people(2)[0]: {"outcome": "busy"}})
    batch_id = submit(telephone, 2)
    telephone.let_all_end()
    telephone.control("POST", "numbers", {people(2)[0]: {"outcome": "answered"}})
    telephone.send("POST", f"/v1/convai/batch-calling/{batch_id}/retry")
    telephone.let_all_end()
    body = batch(telephone, batch_id)
    assert (body["status"], body["retry_count"]) == ("completed", 1)
    assert statuses(telephone, batch_id) == ["completed"] * 2
    assert telephone.truth()["dials"] == {"batch": 3}


def test_an_ended_batch_cannot_be_cancelled_any_more() -> None:
    telephone = Telephone()
    batch_id = submit(telephone, 1)
    telephone.let_all_end()
    ended = batch(telephone, batch_id)
    telephone.let_pass(10)
    telephone.send("POST", f"/v1/convai/batch-calling/{batch_id}/cancel")
    assert batch(telephone, batch_id) == ended
    assert ended["status"] == "completed"


def test_cancelling_may_mark_people_who_still_talk() -> None:
    telephone = Telephone(batch_cancel_marks_live=True)
    batch_id = submit(telephone, 2, target_concurrency_limit=1)
    telephone.let_pass(10)
    telephone.send("POST", f"/v1/convai/batch-calling/{batch_id}/cancel")
    assert statuses(telephone, batch_id) == ["cancelled", "cancelled"]
    assert telephone.truth()["live"] == 1
    telephone.let_all_end()
    assert statuses(telephone, batch_id) == ["cancelled", "cancelled"]
    assert telephone.truth()["outcomes"] == {"answered": 1}


def test_conversations_of_a_batch_may_be_named_late() -> None:
    telephone = Telephone(batch_ids_lag_s=30.0)
    batch_id = submit(telephone, 1)
    telephone.let_all_end()

    def named() -> object:
        recipients = batch(telephone, batch_id)["recipients"]
        assert isinstance(recipients, list)
        return recipients[0]["conversation_id"]

    assert statuses(telephone, batch_id) == ["completed"]
    assert named() is None
    telephone.let_pass(31)
    assert str(named()).startswith("conv_")


def test_every_move_of_a_recipient_moves_the_batch() -> None:
    telephone = Telephone()
    batch_id = submit(telephone, 1)
    moved_at: dict[str, int] = {}
    while (due := telephone.world.next_event_at()) is not None:
        telephone.let_pass(due - telephone.now)
        body = batch(telephone, batch_id)
        moved_at[statuses(telephone, batch_id)[0]] = int(str(body["last_updated_at_unix"]))
    assert list(moved_at) == ["dispatched", "initiated", "in_progress", "completed"]
    assert len(set(moved_at.values())) == 4


def test_counters_go_on_over_a_retry() -> None:
    telephone = Telephone()
    telephone.control("POST", "numbers", {people(1)[0]: {"outcome": "no_answer"}})
    batch_id = submit(telephone, 2)
    telephone.let_all_end()
    telephone.send("POST", f"/v1/convai/batch-calling/{batch_id}/retry")
    telephone.let_all_end()
    body = batch(telephone, batch_id)
    assert body["total_calls_scheduled"] == 2
    assert (body["total_calls_dispatched"], body["total_calls_finished"]) == (3, 3)


def test_people_keep_the_ids_they_were_given() -> None:
    telephone = Telephone()
    given = [{"phone_number": "+12025550110", "id": "row-7"}, {"phone_number": "+12025550111"}]
    body = batch(telephone, submit(telephone, 0, recipients=given, timezone="America/Bogota"))
    recipients = body["recipients"]
    assert isinstance(recipients, list)
    assert recipients[0]["id"] == "row-7"
    assert recipients[1]["id"].startswith("rcpt_")
    assert body["timezone"] == "America/Bogota"


def test_a_batch_with_overrides_that_are_not_allowed_fails_as_a_whole() -> None:
    telephone = Telephone(batch_overrides_allowed=False)
    override = {"conversation_config_override": {"agent": {"language": "es"}}}
    given = [
        {"phone_number": "+12025550110"},
        {"phone_number": "+12025550111", "conversation_initiation_client_data": override},
    ]
    batch_id = submit(telephone, 0, recipients=given)
    telephone.let_all_end()
    assert batch(telephone, batch_id)["status"] == "failed"
    assert statuses(telephone, batch_id) == ["failed", "failed"]
    assert telephone.truth()["dials"] == {}


def test_a_batch_is_exported_while_it_runs() -> None:
    telephone = Telephone()
    path = f"/v1/convai/batch-calling/{submit(telephone, 3)}/export"
    telephone.let_pass(1)
    reply = telephone.send("GET", path)
    assert reply.content_type.startswith("text/csv")
    rows = list(csv.DictReader(StringIO(reply.body.decode())))
    assert [row["phone_number"] for row in rows] == people(3)
    assert {row["status"] for row in rows} == {"initiated"}
    assert len(telephone.send("GET", path, "limit=1").body.splitlines()) == 2
    assert telephone.send("GET", path, "limit=few").status == 422


def test_a_deleted_batch_is_gone_and_its_calls_are_not() -> None:
    telephone = Telephone()
    batch_id = submit(telephone, 3, target_concurrency_limit=1)
    telephone.let_pass(10)
    path = f"/v1/convai/batch-calling/{batch_id}"
    assert telephone.send("DELETE", path).status == 204
    for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/export"), ("POST", "/retry")):
        assert telephone.send(method, f"{path}{rest}").status == 404
    assert telephone.get("/v1/convai/batch-calling/workspace")["batch_calls"] == []
    telephone.let_all_end()
    assert telephone.truth()["dials"] == {"batch": 1}
    assert len(telephone.listed()) == 1


def test_a_scheduled_batch_waits_for_its_time() -> None:
    telephone = Telephone()
    batch_id = submit(telephone, 1, scheduled_time_unix=int(telephone.now) + 60)
    telephone.let_pass(59)
    assert batch(telephone, batch_id)["status"] == "pending"
    telephone.let_pass(1)
    assert batch(telephone, batch_id)["status"] == "in_progress"


def test_the_list_goes_over_pages_newest_first() -> None:
    telephone = Telephone()
    ids = [submit(telephone, 1) for _ in range(3)]
    path = "/v1/convai/batch-calling/workspace"
    first = telephone.get(path, ("limit", 2))
    second = telephone.get(path, ("limit", 2), ("last_doc", first["next_doc"]))
    listed = [body["id"] for page in (first, second) for body in page["batch_calls"]]
    assert listed == ids[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_ten_thousand_recipients_are_taken_and_no_more() -> None:
    telephone = Telephone()
    assert len(statuses(telephone, submit(telephone, 10_000))) == 10_000
    body = {
        "call_name": "Too many",
        "agent_id": "agent_sim_reminders",
        "agent_phone_number_id": "phnum_sim_twilio",
        "recipients": [{"phone_number": "+12025550110"}] * 10_001,
    }
    assert telephone.send("POST", "/v1/convai/batch-calling/submit", body=body).status == 422
