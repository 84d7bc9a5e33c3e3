"""One request in, one reply out: ElevenLabs and Twilio without sockets.

`handle` is a pure function of world, moment and request. Besides the answer it decides which
fault strikes, and it counts the requests that were really read.
"""

from __future__ import annotations

from voiceslot_tui.simulator import batch_records, elevenlabs, twilio
from voiceslot_tui.simulator.carrier_api import ACCOUNTS, find_carrier_endpoint, is_carriers
from voiceslot_tui.simulator.carrier_faults import CARRIER_BREAKS
from voiceslot_tui.simulator.errors import (
    carrier_error,
    platform_error,
    unknown_path,
    validation_error,
)
from voiceslot_tui.simulator.exchange import Reply, Request, html_reply, json_reply
from voiceslot_tui.simulator.faults import FaultRule
from voiceslot_tui.simulator.message_errors import refusal
from voiceslot_tui.simulator.starts import rate_refusal, start_through
from voiceslot_tui.simulator.visits import Endpoint, Visit
from voiceslot_tui.simulator.words import FaultKind, FaultTarget, Provider, Transport
from voiceslot_tui.simulator.world import World

CONVAI = "/v1/convai"
START = FaultTarget.START

EXACT: dict[tuple[str, str], Endpoint] = {
    ("POST", f"{CONVAI}/twilio/outbound-call"): Endpoint(
        "start_twilio", start_through(Provider.TWILIO), START
    ),
    ("POST", f"{CONVAI}/sip-trunk/outbound-call"): Endpoint(
        "start_sip_trunk", start_through(Provider.SIP_TRUNK), START
    ),
    ("POST", f"{CONVAI}/exotel/outbound-call"): Endpoint(
        "start_exotel", start_through(Provider.EXOTEL), START
    ),
    ("GET", f"{CONVAI}/conversations"): Endpoint(
        "list_conversations", elevenlabs.list_conversations
    ),
    ("GET", f"{CONVAI}/analytics/live-count"): Endpoint("live_count", elevenlabs.count_live),
    ("GET", f"{CONVAI}/agents"): Endpoint("list_agents", elevenlabs.list_agents),
    ("GET", f"{CONVAI}/phone-numbers"): Endpoint("list_numbers", elevenlabs.list_numbers),
    ("GET", f"{CONVAI}/v2/phone-numbers"): Endpoint(
        "list_numbers_paged", elevenlabs.list_numbers_paged
    ),
    ("GET", f"{CONVAI}/batch-calling/workspace"): Endpoint("list_batches", elevenlabs.list_batches),
    ("POST", f"{CONVAI}/batch-calling/submit"): Endpoint(
        "submit_batch", elevenlabs.submit_batch, None
    ),
    ("GET", "/v1/user"): Endpoint("get_user", elevenlabs.get_user),
    ("GET", "/v1/user/subscription"): Endpoint("get_subscription", elevenlabs.get_subscription),
}
"""By method and path."""

KEYED: dict[tuple[str, str, str], Endpoint] = {
    ("GET", f"{CONVAI}/conversations", ""): Endpoint(
        "get_conversation", elevenlabs.get_conversation
    ),
    ("GET", f"{CONVAI}/conversations", "summary"): Endpoint(
        "get_conversation_summary", elevenlabs.get_conversation_summary
    ),
    ("GET", f"{CONVAI}/agents", ""): Endpoint("get_agent", elevenlabs.get_agent),
    ("GET", f"{CONVAI}/batch-calling", ""): Endpoint("get_batch", elevenlabs.get_batch),
    ("GET", f"{CONVAI}/batch-calling", "export"): Endpoint(
        "export_batch", batch_records.export_batch
    ),
    ("DELETE", f"{CONVAI}/batch-calling", ""): Endpoint(
        "delete_batch", batch_records.delete_batch, None
    ),
    ("POST", f"{CONVAI}/batch-calling", "cancel"): Endpoint(
        "cancel_batch", elevenlabs.cancel_batch, None
    ),
    ("POST", f"{CONVAI}/batch-calling", "retry"): Endpoint(
        "retry_batch", elevenlabs.retry_batch, None
    ),
}
"""By method, the path before an id, and the word after it."""

LIST_CALLS = Endpoint("twilio_list_calls", twilio.list_calls)
ONE_CALL = {
    "GET": Endpoint("twilio_fetch_call", twilio.fetch_call),
    "POST": Endpoint("twilio_update_call", twilio.update_call, None),
}


def handle(world: World, now: float, request: Request) -> Reply:
    """Answer a request at a moment. Call `world.advance` afterwards: the answer goes out first."""
    world.advance(now)
    endpoint, key = find_endpoint(request)
    if endpoint is None:
        return _not_found(request)
    fault = None
    if world.faults.rules and endpoint.target is not None:
        fault = world.faults.strike(endpoint.target)
    if fault is not None and fault.kind is FaultKind.RESET_BEFORE_READING:
        return Reply(0, b"", transport=Transport.RESET)
    world.truth.requests_read[endpoint.name] += 1
    refusal = _refuse_stranger(world, request)
    if refusal is not None:
        return refusal
    visit = Visit(world, world.now, request, key, fault)
    if fault is None:
        return endpoint.answer(visit)
    return _spoil(endpoint, visit, fault)


def find_endpoint(request: Request) -> tuple[Endpoint | None, str]:
    """Find who answers, and the id in the path."""
    endpoint = EXACT.get((request.method, request.path))
    if endpoint is not None:
        return endpoint, ""
    if is_carriers(request.path):
        found, key = _find_call_endpoint(request)
        return (found, key) if found is not None else find_carrier_endpoint(request)
    head, _, tail = request.path.rpartition("/")
    found = KEYED.get((request.method, head, ""))
    if found is not None:
        return found, tail
    prefix, _, key = head.rpartition("/")
    return KEYED.get((request.method, prefix, tail)), key


def _find_call_endpoint(request: Request) -> tuple[Endpoint | None, str]:
    parts = request.path[len(ACCOUNTS) :].split("/")
    if len(parts) == 2 and parts[1] == "Calls.json" and request.method == "GET":
        return LIST_CALLS, ""
    if len(parts) == 3 and parts[1] == "Calls" and parts[2].endswith(".json"):
        return ONE_CALL.get(request.method), parts[2].removesuffix(".json")
    return None, ""


def _not_found(request: Request) -> Reply:
    return refusal(20404, request.path) if is_carriers(request.path) else unknown_path()


def _refuse_stranger(world: World, request: Request) -> Reply | None:
    if is_carriers(request.path):
        is_of_account = request.path.startswith(ACCOUNTS)
        named = request.path[len(ACCOUNTS) :].partition("/")[0]
        account_sid = named if is_of_account else world.settings.account_sid
        if twilio.is_authentic(world.settings, request, account_sid):
            return None
        return carrier_error(401, 20003, "Authenticate")
    if request.headers.get("xi-api-key") == world.settings.api_key:
        return None
    return platform_error(401, "invalid_api_key", "Invalid API key")


def _spoil(endpoint: Endpoint, visit: Visit, fault: FaultRule) -> Reply:
    """Answer under a fault: do what was asked, if the fault lets it be done, then go wrong."""
    genuine = endpoint.answer(visit) if fault.acts else None
    match fault.kind:
        case FaultKind.SLOW if genuine is not None:
            genuine.delay_s += fault.delay_s
            return genuine
        case FaultKind.TRUNCATED_JSON if genuine is not None:
            genuine.body = genuine.body[: len(genuine.body) // 2]
            return genuine
        case FaultKind.CUT_BODY if genuine is not None:
            genuine.transport = Transport.CUT_BODY
            return genuine
        case (
            FaultKind.NO_CONVERSATION_ID
            | FaultKind.STUCK_INITIATED
            | FaultKind.STUCK_IN_PROGRESS
            | FaultKind.UNKNOWN_STATUS
            | FaultKind.NO_SID
        ) if genuine is not None:
            return genuine
    if is_carriers(visit.request.path) and fault.kind in CARRIER_BREAKS:
        return CARRIER_BREAKS[fault.kind]()
    return _broken_reply(fault, visit.request)


def _broken_reply(fault: FaultRule, request: Request) -> Reply:
    match fault.kind:
        case FaultKind.ERROR_503:
            return platform_error(503, "system_busy", "The system is busy, try again later")
        case FaultKind.ERROR_502_HTML:
            return html_reply(502)
        case FaultKind.HTML_200:
            return html_reply(200)
        case FaultKind.NO_ANSWER:
            return Reply(0, b"", transport=Transport.STALL)
        case FaultKind.RESET_AFTER_READING:
            return Reply(0, b"", transport=Transport.RESET)
        case FaultKind.RESET_HALF_HEADERS:
            return Reply(200, b"", transport=Transport.HALF_HEADERS)
        case FaultKind.REDIRECT_307:
            return Reply(307, b"", headers=(("Location", f"{request.path}?again=1"),))
        case FaultKind.TOO_MANY_PLAIN:
            return Reply(429, b"Too Many Requests", "text/plain; charset=utf-8")
        case FaultKind.RATE_LIMITED:
            return rate_refusal()
        case FaultKind.UNAUTHORIZED:
            return platform_error(401, "invalid_api_key", "Invalid API key")
        case FaultKind.FORBIDDEN:
            return platform_error(403, "missing_permissions", "The key may not do this")
        case FaultKind.NUMBER_REFUSED:
            return validation_error("body", "to_number", text="Not callable", kind="value_error")
        case FaultKind.AGENT_REFUSED:
            return platform_error(404, "agent_not_found", "Agent not found", param="agent_id")
        case _:
            return json_reply({"detail": "Internal Server Error"}, 500)
