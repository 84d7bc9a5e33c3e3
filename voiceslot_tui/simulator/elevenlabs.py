"""ElevenLabs' endpoints for reading the workspace, and its batches."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from voiceslot_tui.simulator.batches import Batch, Invited, batch_body, recipient_body
from voiceslot_tui.simulator.bodies import (
    agent_detail,
    agent_item,
    conversation_detail,
    conversation_summary,
    phone_number_body,
    subscription_body,
    user_body,
)
from voiceslot_tui.simulator.calls import Call
from voiceslot_tui.simulator.conversations import QueryError, list_body, read_query
from voiceslot_tui.simulator.errors import platform_error, validation_error
from voiceslot_tui.simulator.exchange import Reply, json_reply, read_json_object
from voiceslot_tui.simulator.visits import Visit
from voiceslot_tui.simulator.words import CallStatus, FaultKind

UNKNOWN_STATUS_WORD = "escalated"
DEFAULT_BATCH_PAGE = 100
MOST_RECIPIENTS = 10_000
DEFAULT_MESSAGES = 20


def list_conversations(visit: Visit) -> Reply:
    """Answer the conversation list."""
    try:
        query = read_query(visit.request.query)
    except QueryError as error:
        return validation_error("query", error.field, text=str(error), kind="value_error")
    return json_reply(list_body(visit.world, query, _status_word(visit)))


def get_conversation(visit: Visit) -> Reply:
    """Answer one conversation."""
    call = _readable_call(visit)
    if call is None:
        return _no_conversation()
    body = conversation_detail(visit.world, call, visit.world.now)
    body["status"] = _status_word(visit) or body["status"]
    return json_reply(body)


def get_conversation_summary(visit: Visit) -> Reply:
    """Answer the lighter reading of one conversation."""
    call = _readable_call(visit)
    if call is None:
        return _no_conversation()
    most = _first(visit, "max_messages") or str(DEFAULT_MESSAGES)
    if not most.isdecimal():
        return validation_error("query", "max_messages", text="Not an integer", kind="int_parsing")
    body = conversation_summary(visit.world, call, visit.world.now, int(most))
    body["status"] = _status_word(visit) or body["status"]
    return json_reply(body)


def count_live(visit: Visit) -> Reply:
    """Answer the live counter, with or without what only rings."""
    world = visit.world
    query = parse_qs(visit.request.query)
    agent_ids = set(query.get("agent_ids") or query.get("agent_id") or [])
    if world.settings.live_count_includes_initiated and not agent_ids:
        return json_reply({"count": len(world.live)})
    counted = (call for call in world.live.values() if _counts(visit, call, agent_ids))
    return json_reply({"count": sum(1 for _ in counted)})


def list_agents(visit: Visit) -> Reply:
    """Answer the agents, all on one page."""
    world = visit.world
    agents = [agent_item(agent, world.truth.began_at) for agent in world.agents.values()]
    return json_reply({"agents": agents, "next_cursor": None, "has_more": False})


def get_agent(visit: Visit) -> Reply:
    """Answer one agent with its limits."""
    agent = visit.world.agents.get(visit.key)
    if agent is None:
        return platform_error(404, "agent_not_found", "Agent not found", param="agent_id")
    return json_reply(agent_detail(agent, visit.world.truth.began_at))


def list_numbers(visit: Visit) -> Reply:
    """Answer the numbers as the bare array of the first version."""
    return json_reply(_number_bodies(visit))


def list_numbers_paged(visit: Visit) -> Reply:
    """Answer the numbers in the page of the second version."""
    return json_reply(
        {"phone_numbers": _number_bodies(visit), "next_cursor": None, "has_more": False}
    )


def get_subscription(visit: Visit) -> Reply:
    """Answer the plan."""
    return json_reply(subscription_body(visit.world.settings.tier))


def get_user(visit: Visit) -> Reply:
    """Answer the account."""
    return json_reply(user_body(visit.world.settings.tier))


def submit_batch(visit: Visit) -> Reply:
    """Take a batch."""
    body = read_json_object(visit.request.body)
    if body is None:
        return validation_error("body", text="JSON decode error", kind="json_invalid")
    refusal = _refuse_batch(visit, body)
    if refusal is not None:
        return refusal
    config = body.get("telephony_call_config") or {}
    batch = visit.world.batches.submit(
        name=body["call_name"],
        agent_id=body["agent_id"],
        number=visit.world.numbers[body["agent_phone_number_id"]],
        people=[
            Invited(
                person["phone_number"],
                person.get("conversation_initiation_client_data"),
                person.get("id"),
            )
            for person in body["recipients"]
        ],
        now=visit.now,
        scheduled_at=body.get("scheduled_time_unix"),
        target=body.get("target_concurrency_limit"),
        ring_timeout_s=float(config.get("ringing_timeout_secs", 60)),
        timezone=body.get("timezone"),
    )
    return json_reply(batch_body(visit.world, batch))


def list_batches(visit: Visit) -> Reply:
    """Answer the batches, newest first, page by page."""
    limit, last = _first(visit, "limit") or str(DEFAULT_BATCH_PAGE), _first(visit, "last_doc")
    if not limit.isdecimal() or int(limit) < 1:
        return validation_error("query", "limit", text="Not a count", kind="value_error")
    agent_id = _first(visit, "agent_id")
    batches = [
        batch
        for batch in reversed(visit.world.batches.all.values())
        if agent_id in (None, batch.agent_id)
        and (last is None or batch.batch_id < last)
        and not batch.is_deleted
    ]
    page = batches[: int(limit)]
    has_more = len(batches) > len(page)
    body = {
        "batch_calls": [batch_body(visit.world, batch) for batch in page],
        "next_doc": page[-1].batch_id if has_more else None,
        "has_more": has_more,
    }
    return json_reply(body)


def get_batch(visit: Visit) -> Reply:
    """Answer one batch with everybody in it."""
    batch = _batch(visit)
    if batch is None:
        return _no_batch()
    named_by = visit.now - visit.world.settings.batch_ids_lag_s
    recipients = [recipient_body(recipient, named_by) for recipient in batch.recipients]
    return json_reply({**batch_body(visit.world, batch), "recipients": recipients})


def cancel_batch(visit: Visit) -> Reply:
    """Cancel a batch."""
    batch = _batch(visit)
    if batch is None:
        return _no_batch()
    visit.world.batches.cancel(batch, visit.now)
    return json_reply(batch_body(visit.world, batch))


def retry_batch(visit: Visit) -> Reply:
    """Ring those of a batch again who were not reached."""
    batch = _batch(visit)
    if batch is None:
        return _no_batch()
    visit.world.batches.retry(batch, visit.now)
    return json_reply(batch_body(visit.world, batch))


def _refuse_batch(visit: Visit, body: dict[str, Any]) -> Reply | None:
    for name in ("call_name", "agent_id", "agent_phone_number_id"):
        if not isinstance(body.get(name), str):
            return validation_error("body", name)
    people = body.get("recipients")
    if not isinstance(people, list) or not 1 <= len(people) <= MOST_RECIPIENTS:
        return validation_error("body", "recipients", text="Expected 1 to 10000", kind="too_long")
    for index, person in enumerate(people):
        if not isinstance(person, dict) or not isinstance(person.get("phone_number"), str):
            return validation_error("body", "recipients", str(index), "phone_number")
    target = body.get("target_concurrency_limit")
    if target is not None and (not isinstance(target, int) or target < 1):
        return validation_error("body", "target_concurrency_limit", text="Must be at least 1")
    if body["agent_id"] not in visit.world.agents:
        return platform_error(404, "agent_not_found", "Agent not found", param="agent_id")
    if body["agent_phone_number_id"] not in visit.world.numbers:
        return platform_error(404, "phone_number_not_found", "Phone number not found")
    return None


def _counts(visit: Visit, call: Call, agent_ids: set[str]) -> bool:
    if agent_ids and call.order.agent_id not in agent_ids:
        return False
    if visit.world.settings.live_count_includes_initiated:
        return True
    return call.status_at(visit.world.now) is CallStatus.IN_PROGRESS


def _number_bodies(visit: Visit) -> list[dict[str, Any]]:
    provider = _first(visit, "provider")
    return [
        phone_number_body(visit.world, number)
        for number in visit.world.numbers.values()
        if provider in (None, number.provider)
    ]


def _readable_call(visit: Visit) -> Call | None:
    call = visit.world.by_id.get(visit.key)
    if call is None:
        return None
    is_known = call.started_at + visit.world.settings.detail_lag_s <= visit.world.now
    return call if is_known else None


def _batch(visit: Visit) -> Batch | None:
    batch = visit.world.batches.all.get(visit.key)
    return None if batch is None or batch.is_deleted else batch


def _status_word(visit: Visit) -> str | None:
    return UNKNOWN_STATUS_WORD if visit.is_struck_by(FaultKind.UNKNOWN_STATUS) else None


def _first(visit: Visit, name: str) -> str | None:
    if not visit.request.query:
        return None
    return parse_qs(visit.request.query).get(name, [None])[0]


def _no_conversation() -> Reply:
    return platform_error(404, "conversation_not_found", "Conversation not found")


def _no_batch() -> Reply:
    return platform_error(404, "batch_call_not_found", "Batch call not found")
