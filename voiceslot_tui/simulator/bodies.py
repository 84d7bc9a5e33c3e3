"""The vendor's JSON for what the world holds: conversations, agents, numbers, the subscription.

Every field that the vendor's schema marks as required is served, and those optional ones that a
client would decide by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voiceslot_tui.simulator.calls import Call
from voiceslot_tui.simulator.directory import Agent, AgentPhoneNumber
from voiceslot_tui.simulator.words import CallStatus, Outcome, Provider

if TYPE_CHECKING:
    from voiceslot_tui.simulator.world import World

SECONDS_OF_TALK_A_LINE = 6
MOST_LINES = 12
PHONE_CALL_TYPES = {
    Provider.TWILIO: "twilio",
    Provider.SIP_TRUNK: "sip_trunking",
    Provider.EXOTEL: "exotel",
}
LINES = (
    ("agent", "Good morning, this is the front desk. Do you have a minute?"),
    ("user", "Yes, go ahead."),
    ("agent", "I am calling about your appointment next week. Does the time still suit you?"),
    ("user", "It does. Thank you for calling."),
)


def conversation_item(
    world: World, call: Call, status: CallStatus | str, now: float, *, with_summary: bool
) -> dict[str, Any]:
    """Give a conversation as the list shows it."""
    is_done = status == CallStatus.DONE
    item = {
        "agent_id": call.order.agent_id,
        "agent_name": _agent_name(world, call.order.agent_id),
        "conversation_id": call.conversation_id,
        "start_time_unix_secs": int(call.started_at),
        "call_duration_secs": int(call.talked_s(now)),
        "message_count": _message_count(call) if is_done else 0,
        "status": status,
        "call_successful": _success(call) if is_done else "unknown",
        "direction": call.order.direction,
        "conversation_initiation_source": _source(call),
        "termination_reason": _termination_reason(call),
        "transcript_summary": None,
        "call_summary_title": None,
    }
    if with_summary and is_done:
        item["transcript_summary"] = _summary(call)
        item["call_summary_title"] = _title(call)
    return item


def conversation_detail(world: World, call: Call, now: float) -> dict[str, Any]:
    """Give a conversation as the detail shows it, and as the webhook carries it."""
    status = call.status_at(now) or CallStatus.INITIATED
    is_done = status is CallStatus.DONE
    return {
        "agent_id": call.order.agent_id,
        "agent_name": _agent_name(world, call.order.agent_id),
        "conversation_id": call.conversation_id,
        "status": status,
        "user_id": call.user_id,
        "has_audio": is_done,
        "has_user_audio": is_done,
        "has_response_audio": is_done,
        "has_auxiliary_audio": False,
        "transcript": _transcript(call) if is_done else [],
        "metadata": _metadata(world, call, now),
        "analysis": _analysis(call) if is_done else None,
        "conversation_initiation_client_data": call.order.client_data or {},
    }


def conversation_summary(world: World, call: Call, now: float, most: int) -> dict[str, Any]:
    """Give the lighter reading of a conversation, with at most so many messages."""
    status = call.status_at(now) or CallStatus.INITIATED
    is_done = status is CallStatus.DONE
    lines = _transcript(call) if is_done else []
    messages = [{"role": line["role"], "message": line["message"]} for line in lines]
    return {
        "conversation_id": call.conversation_id,
        "agent_id": call.order.agent_id,
        "status": status,
        "call_summary_title": _title(call) if is_done else None,
        "transcript_summary": _summary(call) if is_done else None,
        "call_successful": _success(call) if is_done else None,
        "message_count": len(messages),
        "messages": messages[:most],
        "messages_omitted": len(messages) > most,
        "note": "",
    }


def agent_item(agent: Agent, now: float) -> dict[str, Any]:
    """Give an agent as the list shows it."""
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "voice_id": "voice_sim",
        "tags": [],
        "created_at_unix_secs": int(now),
        "updated_at_unix_secs": int(now),
        "access_info": _access_info(),
        "last_call_time_unix_secs": None,
        "archived": False,
    }


def agent_detail(agent: Agent, now: float) -> dict[str, Any]:
    """Give an agent with its limits."""
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "conversation_config": {},
        "metadata": {"created_at_unix_secs": int(now), "updated_at_unix_secs": int(now)},
        "platform_settings": {
            "call_limits": {
                "agent_concurrency_limit": agent.concurrency_limit,
                "daily_limit": agent.daily_limit,
                "bursting_enabled": agent.bursting_enabled,
            },
            "queueing_config": {
                "enabled": agent.queueing_enabled,
                "wait_timeout_seconds": 180,
                "hold_audio": None,
            },
        },
        "access_info": _access_info(),
        "tags": [],
    }


def phone_number_body(world: World, number: AgentPhoneNumber) -> dict[str, Any]:
    """Give a number with its carrier; SIP numbers carry their stack."""
    agent = next(iter(world.agents.values()))
    body: dict[str, Any] = {
        "phone_number_id": number.phone_number_id,
        "phone_number": number.phone_number,
        "label": number.label,
        "provider": number.provider,
        "supports_inbound": True,
        "supports_outbound": number.supports_outbound,
        "assigned_agent": {"agent_id": agent.agent_id, "agent_name": agent.name},
    }
    if number.provider is Provider.SIP_TRUNK:
        body["livekit_stack"] = "standard"
    return body


def subscription_body(tier: str) -> dict[str, Any]:
    """Give the plan; no endpoint of the platform tells the number of slots."""
    zeros = (
        "character_count",
        "max_credit_limit_extension",
        "voice_slots_used",
        "professional_voice_slots_used",
        "professional_voice_slots_used_in_workspace",
        "voice_add_edit_counter",
    )
    switches = (
        "can_extend_character_limit",
        "allowed_to_extend_character_limit",
        "can_extend_voice_limit",
        "can_use_instant_voice_cloning",
        "can_use_professional_voice_cloning",
    )
    return {
        "tier": tier,
        "status": "active",
        "character_limit": 500_000,
        "voice_limit": 30,
        "professional_voice_limit": 1,
        "open_invoices": [],
        "has_open_invoices": False,
        "current_overage": {"amount": "0", "currency": "usd"},
        "currency": "usd",
        **dict.fromkeys(zeros, 0),
        **dict.fromkeys(switches, False),
    }


def user_body(tier: str) -> dict[str, Any]:
    """Give the account behind the key."""
    return {
        "user_id": "user_sim",
        "workspace_id": "workspace_sim",
        "subscription": subscription_body(tier),
        "is_new_user": False,
        "can_use_delayed_payment_methods": False,
        "is_onboarding_completed": True,
        "is_onboarding_checklist_completed": True,
        "created_at": 0,
        "seat_type": "workspace_admin",
    }


def _metadata(world: World, call: Call, now: float) -> dict[str, Any]:
    accepted_at = call.answered_at
    metadata: dict[str, Any] = {
        "start_time_unix_secs": int(call.started_at),
        "accepted_time_unix_secs": None if accepted_at is None else int(accepted_at),
        "call_duration_secs": int(call.talked_s(now)),
        "cost": 0,
        "cost_fiat": None,
        "charging": {"is_burst": call.is_burst, "tier": world.settings.tier},
        "termination_reason": _termination_reason(call),
        "error": _error(call),
        "warnings": [],
        "main_language": "en",
        "conversation_initiation_source": _source(call),
        "phone_call": _phone_call(call),
        "batch_call": None,
    }
    if call.recipient is not None:
        metadata["batch_call"] = {
            "batch_call_id": call.recipient.batch_id,
            "batch_call_recipient_id": call.recipient.recipient_id,
        }
    return metadata


def _phone_call(call: Call) -> dict[str, Any] | None:
    number = call.order.number
    if number is None:
        return None
    body = {
        "type": PHONE_CALL_TYPES[number.provider],
        "direction": call.order.direction,
        "phone_number_id": number.phone_number_id,
        "agent_number": number.phone_number,
        "external_number": call.order.to_number,
        "call_sid": call.carrier_sid,
        "call_result": call.outcome,
    }
    if number.provider is Provider.SIP_TRUNK:
        body["call_id"] = call.carrier_sid
    else:
        body["stream_sid"] = f"MZ{call.carrier_sid[2:]}"
    return body


def _error(call: Call) -> dict[str, Any] | None:
    if not call.failed:
        return None
    if call.fails_later:
        return {"code": 429, "reason": "Concurrent conversation limit exceeded"}
    return {"code": 1000, "reason": f"Call was not connected: {call.outcome}"}


def _termination_reason(call: Call) -> str:
    if call.settled_at is None:
        return ""
    if call.cut_by_carrier:
        return "Call ended by the carrier"
    if call.fails_later:
        return "Concurrent conversation limit exceeded"
    return f"Call was not connected: {call.outcome}" if call.failed else "Client disconnected"


def _transcript(call: Call) -> list[dict[str, Any]]:
    return [
        {
            "role": LINES[index % len(LINES)][0],
            "message": LINES[index % len(LINES)][1],
            "time_in_call_secs": index * SECONDS_OF_TALK_A_LINE,
        }
        for index in range(_message_count(call))
    ]


def _message_count(call: Call) -> int:
    if call.failed or call.ended_at is None:
        return 0
    return min(MOST_LINES, 1 + int(call.talked_s(call.ended_at) / SECONDS_OF_TALK_A_LINE))


def _analysis(call: Call) -> dict[str, Any]:
    return {
        "call_successful": _success(call),
        "transcript_summary": _summary(call),
        "call_summary_title": _title(call),
        "evaluation_criteria_results": {},
        "data_collection_results": {},
    }


def _success(call: Call) -> str:
    return "success" if call.outcome is Outcome.ANSWERED else "failure"


def _summary(call: Call) -> str:
    if call.outcome is Outcome.VOICEMAIL:
        return "The agent reached a voicemail and left a short message."
    return "The agent reminded the person of the appointment; the person confirmed it."


def _title(call: Call) -> str:
    return "Voicemail" if call.outcome is Outcome.VOICEMAIL else "Appointment confirmed"


def _source(call: Call) -> str:
    return "unknown" if call.order.number is None else str(call.order.number.provider)


def _agent_name(world: World, agent_id: str) -> str | None:
    agent = world.agents.get(agent_id)
    return None if agent is None else agent.name


def _access_info() -> dict[str, Any]:
    return {
        "is_creator": True,
        "creator_name": "Simulator",
        "creator_email": "simulator@example.com",
        "role": "admin",
    }
