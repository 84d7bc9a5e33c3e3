"""What the world can tell us, as frozen types.

Webhooks, polls, the answers to our own requests and the operator all speak these; only
`engine.ledger.record` turns one into a state. A fact says what was learned, never what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voiceslot_tui.core.calls import (
    AttemptId,
    CallId,
    CallSid,
    ConversationId,
    Disposition,
)


class Source(StrEnum):
    """Which road a fact came by."""

    ANSWER = "answer"
    WEBHOOK = "webhook"
    POLL = "poll"
    OPERATOR = "operator"
    ENGINE = "engine"


class Refusal(StrEnum):
    """Why a start was certainly not taken (design: certainty)."""

    NOT_SENT = "not_sent"
    """Nothing left us: refused connection, name, TLS, connect time-out."""
    CAPACITY = "capacity"
    """429 that names the concurrency limit."""
    RATE = "rate"
    """429 that names the request rate."""
    NO_SUCCESS = "no_success"
    """200 with success false and no ids."""
    ACCOUNT_DENIED = "account_denied"
    """401, 402, 403: nothing will be accepted until somebody acts."""
    ROUTE_DENIED = "route_denied"
    """404 or 422 about the agent or the phone number, not about this person."""
    CALL_DENIED = "call_denied"
    """404 or 422 that names the number dialled or the client data: final for this call only."""
    WITHDRAWN = "withdrawn"
    """We did not send it: paused, stopping, or the process slept in between."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a talk went: disposition, seconds of talk (None where not told), a line for people."""

    disposition: Disposition
    talk_s: int | None = None
    detail: str = ""
    burst: bool = False
    """The platform charged it as a call above the limit."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform named the conversation of an attempt."""

    attempt_id: AttemptId
    conversation_id: ConversationId
    call_sid: CallSid | None = None
    source: Source = Source.ANSWER


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The platform certainly did not take the start. `retry_after_s` where it said so."""

    attempt_id: AttemptId
    refusal: Refusal
    detail: str = ""
    retry_after_s: float | None = None
    source: Source = Source.ANSWER


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The start may or may not have been taken."""

    attempt_id: AttemptId
    detail: str = ""
    source: Source = Source.ANSWER


@dataclass(frozen=True, slots=True)
class Over:
    """A conversation has ended; `outcome` is None until the platform has analysed it.

    Named by the attempt id where the news carries it, else by conversation or carrier id.
    """

    conversation_id: ConversationId | None
    attempt_id: AttemptId | None = None
    call_sid: CallSid | None = None
    outcome: Outcome | None = None
    source: Source = Source.WEBHOOK


@dataclass(frozen=True, slots=True)
class LookedUp:
    """One complete search found no conversation that carries the attempt's id."""

    attempt_id: AttemptId
    source: Source = Source.POLL


@dataclass(frozen=True, slots=True)
class WrapUpExpired:
    """The outcome of an ended call did not come in time."""

    call_id: CallId
    source: Source = Source.ENGINE


@dataclass(frozen=True, slots=True)
class SlotLapsed:
    """A dial that is unknown, or that no search could settle, can no longer be talking.

    Ring time-out and longest call have passed since the platform can have taken it.
    """

    attempt_id: AttemptId
    source: Source = Source.ENGINE


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Nobody waits for the answer of this dial any more: the engine stopped, or the wait broke."""

    attempt_id: AttemptId
    source: Source = Source.ENGINE


@dataclass(frozen=True, slots=True)
class CarrierOver:
    """A live call is long overdue and the carrier says that it is over."""

    attempt_id: AttemptId
    source: Source = Source.POLL


class Wish(StrEnum):
    """What an operator can want of one call."""

    CANCEL = "cancel"
    UNDO_CANCEL = "undo_cancel"
    PARK = "park"
    UNPARK = "unpark"
    RELEASE = "release"
    CONFIRM_DIALLED = "confirm_dialled"
    CONFIRM_NOT_DIALLED = "confirm_not_dialled"


@dataclass(frozen=True, slots=True)
class Wished:
    """An operator wants something of a call."""

    call_id: CallId
    wish: Wish
    by: str
    source: Source = Source.OPERATOR


@dataclass(frozen=True, slots=True)
class Reordered:
    """An operator changed a call's place: its priority, and its position among equals."""

    call_id: CallId
    priority: int
    position: int
    by: str
    source: Source = Source.OPERATOR


Fact = (
    Accepted
    | NotTaken
    | Unanswered
    | Over
    | LookedUp
    | WrapUpExpired
    | SlotLapsed
    | Interrupted
    | CarrierOver
    | Wished
    | Reordered
)

StartAnswer = Accepted | NotTaken | Unanswered
"""What starting a call can come to."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a fact is about: exactly what the fact names, None where it does not."""

    call_id: CallId | None = None
    attempt_id: AttemptId | None = None
    conversation_id: ConversationId | None = None
    call_sid: CallSid | None = None


def subject_of(fact: Fact) -> Subject:
    """Tell whom a fact is about."""
    match fact:
        case Over():
            return Subject(None, fact.attempt_id, fact.conversation_id, fact.call_sid)
        case Accepted() | NotTaken() | Unanswered() | LookedUp() | Interrupted() | CarrierOver():
            return Subject(attempt_id=fact.attempt_id)
        case SlotLapsed():
            return Subject(attempt_id=fact.attempt_id)
        case WrapUpExpired() | Wished() | Reordered():
            return Subject(call_id=fact.call_id)
