"""The vendor's webhook bodies: envelope, transcription, failed initiation.

The failure carries neither dynamic variables nor a user id, because the vendor's does not.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from voiceslot_tui.simulator.calls import Call
from voiceslot_tui.simulator.words import CallStatus, Outcome, Provider, WebhookKind

if TYPE_CHECKING:
    from voiceslot_tui.simulator.world import World

FAILURE_REASONS = {Outcome.BUSY: "busy", Outcome.NO_ANSWER: "no-answer"}
CARRIER_WORDS = {Outcome.BUSY: "busy", Outcome.NO_ANSWER: "no-answer", Outcome.FAILED: "failed"}
SIP_CODES = {Outcome.BUSY: 486, Outcome.NO_ANSWER: 480, Outcome.FAILED: 503}


def transcription_envelope(detail: dict[str, Any], at: float) -> dict[str, Any]:
    """Wrap a conversation detail, as sent after the analysis."""
    return _envelope(WebhookKind.TRANSCRIPTION, detail, at)


def lie_envelope(detail: dict[str, Any], at: float) -> dict[str, Any]:
    """Claim that a call that has just begun is over."""
    return _envelope(WebhookKind.TRANSCRIPTION, {**detail, "status": CallStatus.DONE}, at)


def failure_envelope(world: World, call: Call, at: float) -> dict[str, Any]:
    """Tell that a call never came about."""
    outcome = call.outcome or Outcome.FAILED
    number = call.order.number
    is_twilio = number is not None and number.provider is Provider.TWILIO
    metadata = (
        {"type": "twilio", "body": _twilio_form(world, call, outcome, at)}
        if is_twilio
        else {"type": "sip", "body": _sip_form(call, outcome)}
    )
    data = {
        "agent_id": call.order.agent_id,
        "conversation_id": call.conversation_id,
        "failure_reason": FAILURE_REASONS.get(outcome, "unknown"),
        "metadata": metadata,
    }
    return _envelope(WebhookKind.INITIATION_FAILURE, data, at)


def _envelope(kind: WebhookKind, data: dict[str, Any], at: float) -> dict[str, Any]:
    return {"type": kind, "event_timestamp": int(at), "data": data}


def _twilio_form(world: World, call: Call, outcome: Outcome, at: float) -> dict[str, str]:
    caller = call.order.number.phone_number if call.order.number else ""
    callee = call.order.to_number
    form = {
        "CallSid": call.carrier_sid,
        "CallStatus": CARRIER_WORDS.get(outcome, "failed"),
        "To": callee,
        "Called": callee,
        "From": caller,
        "Caller": caller,
        "Direction": "outbound-api",
        "Duration": "0",
        "CallDuration": "0",
        "SipResponseCode": str(SIP_CODES.get(outcome, 503)),
        "SequenceNumber": "2",
        "Timestamp": formatdate(at),
        "CallbackSource": "call-progress-events",
        "ApiVersion": "2010-04-01",
        "AccountSid": world.settings.account_sid,
    }
    for side in ("To", "From", "Called", "Caller"):
        form.update({f"{side}{part}": "" for part in ("City", "State", "Zip", "Country")})
    return form


def _sip_form(call: Call, outcome: Outcome) -> dict[str, Any]:
    return {
        "from_number": call.order.number.phone_number if call.order.number else "",
        "to_number": call.order.to_number,
        "sip_status_code": SIP_CODES.get(outcome, 503),
        "error_reason": CARRIER_WORDS.get(outcome, "failed"),
        "call_sid": call.carrier_sid,
    }
