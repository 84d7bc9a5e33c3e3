"""ElevenLabs' webhooks: whether one is really theirs, and the facts it tells.

The signature is checked over the bytes as they came, before anything is parsed. Checking never
raises: what a stranger sends has a verdict, not an error. Reading is lenient where the vendor may
add or change, because an answer other than 200 counts against our address there; it invents nothing
for that: what is not understood tells no facts.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

from voiceslot_tui.core.calls import CallSid, ConversationId, Disposition, Instant
from voiceslot_tui.core.errors import BadInput, ReadFailed
from voiceslot_tui.core.facts import Fact, Outcome, Over
from voiceslot_tui.core.limits import ID_CHARS_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import CALL_RESULTS, read_talk, text

# --- the signature


class Verdict(StrEnum):
    """What the signature says about a delivery."""

    GOOD = "good"
    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG = "wrong"
    TOO_OLD = "too_old"
    FROM_THE_FUTURE = "from_the_future"


OLDEST_S: Final = 30 * 60
"""ElevenLabs' own tolerance (their Python SDK 2.78.0)."""
NEWEST_S: Final = 5 * 60
"""How far their clock may be ahead of ours; their own helper takes any date in the future."""
_SIGNATURES_MAX: Final = 16
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


def verify(raw: bytes, header: str | None, secrets: tuple[bytes, ...], now: Instant) -> Verdict:
    """Judge a delivery by its `ElevenLabs-Signature` header, `t=<seconds>,v0=<hex>[,v0=…]`.

    Any of the secrets may match any of the signatures, so that a secret can be changed without a
    gap. Takes the same time wherever two signatures differ, and never raises.
    """
    if not header:
        return Verdict.MISSING
    parts = [(name.strip(), value.strip()) for name, _, value in _pairs(header)]
    times = [value for name, value in parts if name == "t"]
    signatures = [value.lower() for name, value in parts if name == "v0"]
    if len(times) != 1 or not _SECONDS.fullmatch(times[0]):
        return Verdict.MALFORMED
    if not 1 <= len(signatures) <= _SIGNATURES_MAX:
        return Verdict.MALFORMED
    if not _is_signed(times[0].encode() + b"." + raw, signatures, secrets):
        return Verdict.WRONG
    age_s = now / 1000 - int(times[0])
    if age_s > OLDEST_S:
        return Verdict.TOO_OLD
    return Verdict.FROM_THE_FUTURE if age_s < -NEWEST_S else Verdict.GOOD


def _pairs(header: str) -> list[tuple[str, str, str]]:
    return [part.partition("=") for part in header.split(",")]


def _is_signed(signed: bytes, signatures: list[str], secrets: tuple[bytes, ...]) -> bool:
    # Bytes are compared, because text that is not ASCII cannot be; every pair is, whatever came
    # before, so that time tells nothing.
    given = [signature.encode("utf-8", "replace") for signature in signatures]
    matches = [
        hmac.compare_digest(wanted, one)
        for wanted in (hmac.digest(secret, signed, "sha256").hex().encode() for secret in secrets)
        for one in given
    ]
    return any(matches)


# --- the body


class Kind(StrEnum):
    """Which body came."""

    TRANSCRIPTION = "post_call_transcription"
    INITIATION_FAILURE = "call_initiation_failure"
    PLAIN = "plain"
    """The first system's own body: an id and a status, in no envelope."""
    OTHER = "other"
    """An envelope that tells no facts: audio, a type we do not know, or one without ids."""


@dataclass(frozen=True, slots=True)
class News:
    """What a body tells: `about` is the conversation it names, `what` its type or status."""

    kind: Kind
    facts: tuple[Fact, ...] = ()
    about: ConversationId | None = None
    what: str = ""


class _Body(msgspec.Struct):
    """An envelope (`type`, `data`) or a plain body: both in one, to be decoded at once.

    A field of type Any may hold anything without making the rest unreadable.
    """

    type: Any = None
    data: msgspec.Raw = msgspec.Raw(b"null")
    conversation_id: Any = None
    call_sid: Any = msgspec.field(default=None, name="callSid")
    call_id: Any = msgspec.field(default=None, name="callId")
    status: Any = None


class _Named(msgspec.Struct):
    conversation_id: Any = None


class _CarrierReport(msgspec.Struct):
    """A Twilio form, whose names begin with capitals, or a SIP report."""

    twilio_sid: Any = msgspec.field(default=None, name="CallSid")
    twilio_code: Any = msgspec.field(default=None, name="SipResponseCode")
    sip_sid: Any = msgspec.field(default=None, name="call_sid")
    sip_code: Any = msgspec.field(default=None, name="sip_status_code")


class _FailureMetadata(msgspec.Struct):
    body: _CarrierReport | None = None


class _Failure(msgspec.Struct):
    conversation_id: Any = None
    failure_reason: Any = None
    metadata: _FailureMetadata | None = None


_body = msgspec.json.Decoder(_Body)
_named = msgspec.json.Decoder(_Named)
_failure = msgspec.json.Decoder(_Failure)

_ENDS: Final = frozenset({"completed", "failed", "cancelled", "canceled", "ended", "done"})
_ID: Final = re.compile(rf"[!-~]{{1,{ID_CHARS_MAX}}}")


def read(raw: bytes) -> News:
    """Read a delivery. Raises BadInput where it is no JSON object, or a plain body without an id.

    An envelope never raises: one of an unknown type, or without the ids we need, tells no facts.
    """
    try:
        body = _body.decode(raw)
    except msgspec.ValidationError:
        raise BadInput("The body must be a JSON object", code="not_object") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInput("The body is not JSON", code="not_json") from None
    except RecursionError:
        raise BadInput("The body is nested too deeply", code="not_json") from None
    if body.type is None:
        return _plain(body)
    what = clean(text(body.type), 60)
    try:
        if body.type == Kind.TRANSCRIPTION:
            return _transcription(body.data, what)
        if body.type == Kind.INITIATION_FAILURE:
            return _initiation_failure(body.data, what)
        return News(
            Kind.OTHER, about=_conversation(_named.decode(body.data).conversation_id), what=what
        )
    except (ReadFailed, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return News(Kind.OTHER, what=what)


def _conversation(value: object) -> ConversationId | None:
    return ConversationId(value) if isinstance(value, str) and _ID.fullmatch(value) else None


def _sid(value: object) -> CallSid | None:
    return CallSid(value) if isinstance(value, str) and _ID.fullmatch(value) else None


def _transcription(data: msgspec.Raw, what: str) -> News:
    talk = read_talk(data)
    about = _conversation(talk.conversation_id)
    if about is None:
        return News(Kind.OTHER, what=what)
    over = Over(about, talk.attempt_id, _sid(talk.call_sid), talk.outcome)
    return News(Kind.TRANSCRIPTION, (over,), about, what)


_SIP_CODES: Final = {
    "486": Disposition.BUSY,
    "600": Disposition.BUSY,
    "603": Disposition.DECLINED,
    "404": Disposition.INVALID_NUMBER,
    "484": Disposition.INVALID_NUMBER,
    "604": Disposition.INVALID_NUMBER,
}
"""RFC 3261 §21: busy, declined, and the answers that say that there is no such number."""


def _initiation_failure(data: msgspec.Raw, what: str) -> News:
    """Read that a call never came about; it names no attempt, only conversation and carrier ids."""
    failure = _failure.decode(data)
    report = (failure.metadata.body if failure.metadata else None) or _CarrierReport()
    about = _conversation(failure.conversation_id)
    call_sid = _sid(report.twilio_sid or report.sip_sid)
    if about is None and call_sid is None:
        return News(Kind.OTHER, what=what)
    reason = text(failure.failure_reason)
    by_code = _SIP_CODES.get(str(report.twilio_code or report.sip_code), Disposition.FAILED)
    outcome = Outcome(CALL_RESULTS.get(reason, by_code), talk_s=0, detail=clean(reason))
    over = Over(about, call_sid=call_sid, outcome=outcome)
    return News(Kind.INITIATION_FAILURE, (over,), about, what)


def _plain(body: _Body) -> News:
    """Read the first system's body. It tells that a call is over, not how it went."""
    either = text(body.call_id)
    is_conversation = either.startswith("conv_")
    about = _conversation(body.conversation_id) or _conversation(is_conversation and either)
    call_sid = _sid(body.call_sid) or _sid(not is_conversation and either)
    if about is None and call_sid is None:
        raise BadInput(
            "The body names no call: it needs conversation_id, callSid or callId",
            field="conversation_id",
            code="missing",
        )
    if not isinstance(body.status, str):
        raise BadInput("status must be text", field="status")
    over = body.status.lower() in _ENDS
    facts = (Over(about, call_sid=call_sid),) if over else ()
    return News(Kind.PLAIN, facts, about, clean(body.status, 60))
