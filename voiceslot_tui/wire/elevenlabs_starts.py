"""ElevenLabs' start of a call: the body we send, and what its answer proves.

The only question about a failure is whether the call was certainly not taken. `read_start` is the
table of that for every status; what it does not name is unknown, and what is unknown is never
dialled again blindly. No answer at all is judged where the connection is (`providers.http`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any, Final

import msgspec

from voiceslot_tui.core.calls import AttemptId, CallSid, ConversationId
from voiceslot_tui.core.facts import Accepted, NotTaken, Refusal, StartAnswer, Unanswered
from voiceslot_tui.core.limits import RATE_BACKOFF_MAX_S
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import ATTEMPT_VARIABLE

# --- what we send

_encode = msgspec.json.Encoder().encode
_client_data = msgspec.json.Decoder(dict[str, Any])


def start_body(order: StartOrder, ring_timeout_s: int) -> bytes:
    """Write the body of a start.

    The attempt's id always goes along as a dynamic variable, and as the user id unless the
    producer set one. The longest duration does not: where an agent's settings forbid that override,
    it makes the call fail. Raises ValueError where the producer's data is no JSON object.
    """
    try:
        data = _client_data.decode(order.client_data) if order.client_data else {}
    except (ValueError, RecursionError):
        raise ValueError("the client data is not an object") from None
    variables = data.get("dynamic_variables")
    if variables is not None and not isinstance(variables, dict):
        raise ValueError("dynamic_variables is not an object")
    data["dynamic_variables"] = {**(variables or {}), ATTEMPT_VARIABLE: order.attempt_id}
    data["user_id"] = data.get("user_id") or order.attempt_id
    return _encode(
        {
            "agent_id": order.agent_id,
            "agent_phone_number_id": order.agent_phone_number_id,
            "to_number": order.to_number,
            "conversation_initiation_client_data": data,
            "telephony_call_config": {"ringing_timeout_secs": ring_timeout_s},
        }
    )


def user_id_sent(order: StartOrder) -> str:
    """Give the user id that goes along with a start; empty where it is no text."""
    if not order.client_data:
        return order.attempt_id
    try:
        given = _client_data.decode(order.client_data).get("user_id")
    except (ValueError, RecursionError):
        return ""
    if not given:
        return order.attempt_id
    return given if isinstance(given, str) else ""


# --- what the answer proves


class _Answer(msgspec.Struct):
    success: bool | None = None
    message: Any = None
    conversation_id: str | None = None
    call_sid: str | None = msgspec.field(default=None, name="callSid")
    sip_call_id: str | None = None


_answer = msgspec.json.Decoder(_Answer)
_json = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a refusal says, whichever of its four envelopes it came in.

    `words` are its codes, `fields` the parameters it is about; both in lower case.
    """

    words: frozenset[str]
    fields: tuple[str, ...]
    message: str

    @property
    def line(self) -> str:
        """Give it as one line for people."""
        words = ", ".join(sorted(self.words))
        return clean(
            f"{words} ({self.message})" if words and self.message else words or self.message
        )


_ACCOUNT: Final = frozenset({401, 402, 403})
_PARTIES: Final = frozenset({404, 422})
_CAPACITY_WORDS: Final = ("concurren",)
"""In concurrent_limit_exceeded and, of old, too_many_concurrent_requests."""
_CALL_FIELDS: Final = (
    "to_number",
    "conversation_initiation_client_data",
    "dynamic_variable",
    "dynamic variable",
)
_ROUTE_FIELDS: Final = ("agent_id", "agent_phone_number_id", "phone_number_id")

REFUSED_STATUSES: Final = MappingProxyType(
    {
        **dict.fromkeys(_ACCOUNT, "the account: nothing is accepted until somebody acts"),
        **dict.fromkeys(_PARTIES, "the agent, the phone number, or the call itself"),
        429: "capacity or pace",
    }
)
"""Statuses that, with ElevenLabs' JSON `detail`, prove that nothing was dialled."""


def read_start(
    attempt_id: AttemptId, status: int, body: bytes, retry_after: str | None = None
) -> StartAnswer:
    """Tell what the answer to a start proves. Never raises."""
    if 200 <= status < 300:
        return _read_success(attempt_id, status, body)
    complaint = read_complaint(body) if status in REFUSED_STATUSES else None
    if complaint is None:
        return Unanswered(attempt_id, f"HTTP {status}, which does not tell whether it was dialled")
    refusal = _refusal(status, complaint)
    wait_s = read_retry_after(retry_after) if refusal is Refusal.RATE else None
    return NotTaken(attempt_id, refusal, clean(f"HTTP {status}: {complaint.line}"), wait_s)


def _read_success(attempt_id: AttemptId, status: int, body: bytes) -> StartAnswer:
    """Read a 2xx: only success with a conversation is a call, only its plain denial is none."""
    try:
        answer = _answer.decode(body)
    except (ValueError, RecursionError):
        return Unanswered(attempt_id, f"HTTP {status} with an answer that cannot be read")
    call_sid = answer.call_sid or answer.sip_call_id
    if answer.success is True and answer.conversation_id:
        sid = CallSid(call_sid) if call_sid else None
        return Accepted(attempt_id, ConversationId(answer.conversation_id), sid)
    message = answer.message if isinstance(answer.message, str) else ""
    if status == 200 and answer.success is False and not answer.conversation_id and not call_sid:
        return NotTaken(attempt_id, Refusal.NO_SUCCESS, clean(message or "no success"))
    return Unanswered(attempt_id, clean(f"HTTP {status} without a clear answer: {message}"))


def _refusal(status: int, complaint: Complaint) -> Refusal:
    if status in _ACCOUNT:
        return Refusal.ACCOUNT_DENIED
    if status == 429:
        said = (*complaint.words, "" if complaint.words else complaint.message.lower())
        full = any(word in text for word in _CAPACITY_WORDS for text in said)
        return Refusal.CAPACITY if full else Refusal.RATE
    fields = complaint.fields or (complaint.message.lower(),)
    named = [any(name in field for name in _CALL_FIELDS) for field in fields]
    about_route = any(field in _ROUTE_FIELDS for field in fields)
    return Refusal.CALL_DENIED if any(named) and not about_route else Refusal.ROUTE_DENIED


def read_complaint(body: bytes) -> Complaint | None:
    """Read ElevenLabs' JSON `detail`; None where the body has none, so that it proves nothing.

    Four envelopes are met: an object with `code` and `param`, an older one with `status`, a bare
    text, and the array of a validation that names each field in `loc`.
    """
    try:
        read = _json.decode(body)
    except (ValueError, RecursionError):
        return None
    detail = read.get("detail") if isinstance(read, dict) else None
    if isinstance(detail, str) and detail:
        return Complaint(frozenset(), (), detail)
    if isinstance(detail, dict) and detail:
        words = (detail.get(name) for name in ("code", "status", "type"))
        fields = _dotted(detail.get("param"))
        return Complaint(_lowered(words), (fields,) if fields else (), _message(detail))
    if isinstance(detail, list) and detail:
        items = [item for item in detail if isinstance(item, dict)]
        fields_of = tuple(name for name in (_dotted(item.get("loc")) for item in items) if name)
        said = "; ".join(f"{_dotted(item.get('loc'))} {_message(item)}".strip() for item in items)
        return Complaint(_lowered(item.get("type") for item in items), fields_of, said)
    return None


def read_retry_after(value: str | None) -> float | None:
    """Read the seconds of a Retry-After, bounded; None for a date or for what is none."""
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return min(seconds, RATE_BACKOFF_MAX_S) if isfinite(seconds) and seconds > 0 else None


def _lowered(words: Any) -> frozenset[str]:
    return frozenset(word.lower() for word in words if isinstance(word, str) and word)


def _dotted(place: object) -> str:
    """Write the place of a complaint without its first word, which only says "in the body"."""
    parts = [str(part) for part in place] if isinstance(place, list) else [place]
    named = [part for part in parts if isinstance(part, str) and part != "body"]
    return ".".join(named).lower()


def _message(said: dict[str, Any]) -> str:
    message = said.get("message", said.get("msg"))
    return message if isinstance(message, str) else ""
