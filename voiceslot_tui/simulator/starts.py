"""Starting a call: one endpoint for each carrier, and what happens when every slot is taken."""

from __future__ import annotations

import re
from typing import Any

from voiceslot_tui.simulator.calls import CallOrder
from voiceslot_tui.simulator.directory import AgentPhoneNumber
from voiceslot_tui.simulator.errors import platform_error, validation_error
from voiceslot_tui.simulator.exchange import Reply, json_reply, read_json_object
from voiceslot_tui.simulator.visits import Answer, Visit
from voiceslot_tui.simulator.words import FaultKind, OverLimitMode, Provider, Stuck

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
DEFAULT_RING_TIMEOUT_S = 60
LONGEST_RING_TIMEOUT_S = 999
BURST_FACTOR = 3
LARGEST_BURST = 300
REQUIRED = ("agent_id", "agent_phone_number_id", "to_number")


def start_through(provider: Provider) -> Answer:
    """Make the start endpoint of a carrier."""

    def answer(visit: Visit) -> Reply:
        read = read_order(visit, provider)
        return read if isinstance(read, Reply) else _admit(visit, read, provider)

    return answer


def read_order(visit: Visit, provider: Provider) -> CallOrder | Reply:
    """Read what is asked for, or the refusal that names the field."""
    body = read_json_object(visit.request.body)
    if body is None:
        return validation_error("body", text="JSON decode error", kind="json_invalid")
    for name in REQUIRED:
        if not isinstance(body.get(name), str):
            return validation_error("body", name)
    number = visit.world.numbers.get(body["agent_phone_number_id"])
    refusal = _refuse_parties(visit, body, number, provider)
    if refusal is not None:
        return refusal
    client_data = body.get("conversation_initiation_client_data")
    if client_data is not None and not isinstance(client_data, dict):
        return _not_an_object("conversation_initiation_client_data")
    timeout = _ring_timeout(body)
    if isinstance(timeout, Reply):
        return timeout
    return CallOrder(body["agent_id"], body["to_number"], number, client_data, float(timeout))


def _refuse_parties(
    visit: Visit, body: dict[str, Any], number: AgentPhoneNumber | None, provider: Provider
) -> Reply | None:
    if body["agent_id"] not in visit.world.agents:
        return platform_error(404, "agent_not_found", "Agent not found", param="agent_id")
    if number is None:
        return platform_error(
            404, "phone_number_not_found", "Phone number not found", param="agent_phone_number_id"
        )
    if number.provider is not provider:
        text = f"Phone number belongs to {number.provider}, not to {provider}"
        return platform_error(400, "invalid_parameters", text, param="agent_phone_number_id")
    if not E164.fullmatch(body["to_number"]):
        return validation_error("body", "to_number", text="Not an E.164 number", kind="value_error")
    return None


def _ring_timeout(body: dict[str, Any]) -> int | Reply:
    config = body.get("telephony_call_config")
    if config is None:
        return DEFAULT_RING_TIMEOUT_S
    if not isinstance(config, dict):
        return _not_an_object("telephony_call_config")
    timeout = config.get("ringing_timeout_secs", DEFAULT_RING_TIMEOUT_S)
    is_integer = isinstance(timeout, int) and not isinstance(timeout, bool)
    if is_integer and 1 <= timeout <= LONGEST_RING_TIMEOUT_S:
        return int(timeout)
    return validation_error(
        "body",
        "telephony_call_config",
        "ringing_timeout_secs",
        text=f"Input should be between 1 and {LONGEST_RING_TIMEOUT_S}",
        kind="value_error",
    )


def _not_an_object(name: str) -> Reply:
    return validation_error("body", name, text="Input should be an object", kind="model_type")


def _admit(visit: Visit, order: CallOrder, provider: Provider) -> Reply:
    world = visit.world
    if not world.is_full(order.agent_id):
        return _place(visit, order, provider)
    world.truth.starts_while_full += 1
    mode = world.settings.over_limit
    if mode is OverLimitMode.BURST and _may_burst(visit, order):
        return _place(visit, order, provider, is_burst=True)
    if mode is OverLimitMode.FAIL_LATER:
        return _place(visit, order, provider, fails_later=True)
    return _refuse(mode, provider)


def _may_burst(visit: Visit, order: CallOrder) -> bool:
    world = visit.world
    limit = world.settings.limit
    ceiling = min(BURST_FACTOR * limit, max(limit, LARGEST_BURST))
    return world.agents[order.agent_id].bursting_enabled and len(world.live) < ceiling


def _refuse(mode: OverLimitMode, provider: Provider) -> Reply:
    if mode is OverLimitMode.REFUSE_RATE:
        return rate_refusal()
    if mode is OverLimitMode.SYSTEM_BUSY:
        return platform_error(503, "system_busy", "The system is busy, try again later")
    if mode is OverLimitMode.SUCCESS_FALSE:
        body = _answer_body(provider, success=False, message="No capacity", ids=(None, None))
        return json_reply(body)
    return platform_error(
        429, "concurrent_limit_exceeded", "Too many concurrent conversations for this workspace"
    )


def rate_refusal() -> Reply:
    """Refuse for pace, with the wait that the vendor documents."""
    return platform_error(
        429, "rate_limit_exceeded", "Too many requests", headers=(("Retry-After", "1"),)
    )


def _place(
    visit: Visit,
    order: CallOrder,
    provider: Provider,
    *,
    is_burst: bool = False,
    fails_later: bool = False,
) -> Reply:
    stuck = _stuck(visit)
    world = visit.world
    call = world.place(order, visit.now, is_burst=is_burst, fails_later=fails_later, stuck=stuck)
    ids = (call.conversation_id, call.carrier_sid)
    body = _answer_body(provider, success=True, message="Outbound call initiated", ids=ids)
    if visit.is_struck_by(FaultKind.NO_CONVERSATION_ID):
        body["conversation_id"] = None
    reply = json_reply(body)
    reply.delay_s = world.settings.start_delay_s
    return reply


def _answer_body(
    provider: Provider, *, success: bool, message: str, ids: tuple[str | None, str | None]
) -> dict[str, Any]:
    carrier_key = "sip_call_id" if provider is Provider.SIP_TRUNK else "callSid"
    return {
        "success": success,
        "message": message,
        "conversation_id": ids[0],
        carrier_key: ids[1],
    }


def _stuck(visit: Visit) -> Stuck:
    if visit.fault is None:
        return Stuck.NOWHERE
    if visit.fault.kind is FaultKind.STUCK_INITIATED:
        return Stuck.INITIATED
    if visit.fault.kind is FaultKind.STUCK_IN_PROGRESS:
        return Stuck.IN_PROGRESS
    return Stuck.NOWHERE
