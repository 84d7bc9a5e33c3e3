"""Call, attempt, their states, and the one table that says which state follows which.

The table is the code, the picture in the README and the list of test cases at once. A state that
the table does not lead to cannot be reached; a fact without an exit changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

CallId = NewType("CallId", int)
AttemptId = NewType("AttemptId", str)
ConversationId = NewType("ConversationId", str)
CallSid = NewType("CallSid", str)
Instant = NewType("Instant", int)
"""A moment as milliseconds since 1970 in UTC."""


def later(moment: Instant, seconds: float) -> Instant:
    """Give the moment that many seconds after (or, if negative, before) another."""
    return Instant(moment + round(seconds * 1000))


def seconds_between(start: Instant, end: Instant) -> float:
    """Give the seconds from one moment to another; negative where the order is reversed."""
    return (end - start) / 1000


class CallState(StrEnum):
    """Where the task of reaching one recipient stands."""

    QUEUED = "queued"
    DIALING = "dialing"
    """Committed before the request leaves."""
    UNCERTAIN = "uncertain"
    """The request had no clear answer: it may ring."""
    LIVE = "live"
    """The platform named the conversation."""
    UNKNOWN = "unknown"
    """Looked up and not found, or lost: waits for the operator."""
    WRAPPING_UP = "wrapping_up"
    """The talk is over, its outcome not read yet."""
    ENDED = "ended"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """Where one dial stands; it never reopens."""

    DIALING = "dialing"
    UNCERTAIN = "uncertain"
    LIVE = "live"
    OVER = "over"
    NOT_TAKEN = "not_taken"
    UNKNOWN = "unknown"


class Disposition(StrEnum):
    """How an ended call went."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    FAILED = "failed"
    INVALID_NUMBER = "invalid_number"
    UNKNOWN = "unknown"


class Hold(StrEnum):
    """Why a queued call is not dialled now: one vocabulary for screens, API, logs and exports."""

    NO_SLOT = "no_slot"
    PACING = "pacing"
    ENGINE_PAUSED = "engine_paused"
    CAMPAIGN_PAUSED = "campaign_paused"
    PARKED = "parked"
    WINDOW_CLOSED = "window_closed"
    HOLIDAY = "holiday"
    TIMEZONE_UNKNOWN = "timezone_unknown"
    RETRY_WAIT = "retry_wait"
    DAILY_CAP = "daily_cap"
    ROLLING_CAP = "rolling_cap"
    CONTACT_CAP = "contact_cap"
    SUPPRESSED = "suppressed"
    CONSENT_MISSING = "consent_missing"
    NUMBER_BUSY_ELSEWHERE = "number_busy_elsewhere"
    CAMPAIGN_CAP = "campaign_cap"
    AGENT_CAP = "agent_cap"
    BUDGET = "budget"
    BREAKER_OPEN = "breaker_open"
    READING_STALE = "reading_stale"
    PLATFORM_DENIED = "platform_denied"
    NOT_STARTED = "not_started"
    RECOVERING = "recovering"


class Step(StrEnum):
    """What moves a call from one state to the next."""

    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    NOT_TAKEN = "not taken"
    REFUSED = "refused for good"
    UNANSWERED = "no answer to the request"
    OVER = "over"
    NOT_FOUND = "not found"
    RELEASED = "released"
    CONFIRMED_DIALLED = "confirmed dialled"
    CONFIRMED_NOT_DIALLED = "confirmed not dialled"
    ANALYSED = "outcome known"
    PROVEN_ANSWERED = "proven answered"
    CANCELLED = "cancelled"
    UNDONE = "undone"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"


HOLDING_STATES: Final = frozenset({CallState.DIALING, CallState.UNCERTAIN, CallState.LIVE})
"""States that always use a slot. `unknown` uses one as long as its `holding` flag says so."""

QUARANTINING_STATES: Final = frozenset(
    {
        CallState.DIALING,
        CallState.UNCERTAIN,
        CallState.LIVE,
        CallState.UNKNOWN,
        CallState.WRAPPING_UP,
    }
)
"""While a call is in one of these, no other call to the same number is dialled."""

FINAL_STATES: Final = frozenset(
    {
        CallState.ENDED,
        CallState.REFUSED,
        CallState.EXPIRED,
        CallState.SUPPRESSED,
        CallState.CANCELLED,
    }
)

_S = CallState
TRANSITIONS: Final = MappingProxyType(
    {
        (_S.QUEUED, Step.DISPATCHED): (_S.DIALING,),
        (_S.QUEUED, Step.CANCELLED): (_S.CANCELLED,),
        (_S.QUEUED, Step.SUPPRESSED): (_S.SUPPRESSED,),
        (_S.QUEUED, Step.EXPIRED): (_S.EXPIRED,),
        (_S.QUEUED, Step.PROVEN_ANSWERED): (_S.ENDED,),
        (_S.DIALING, Step.ACCEPTED): (_S.LIVE,),
        (_S.DIALING, Step.NOT_TAKEN): (_S.QUEUED, _S.CANCELLED, _S.ENDED),
        (_S.DIALING, Step.REFUSED): (_S.REFUSED,),
        (_S.DIALING, Step.UNANSWERED): (_S.UNCERTAIN,),
        (_S.DIALING, Step.OVER): (_S.WRAPPING_UP,),
        (_S.UNCERTAIN, Step.ACCEPTED): (_S.LIVE,),
        (_S.UNCERTAIN, Step.OVER): (_S.WRAPPING_UP,),
        (_S.UNCERTAIN, Step.NOT_TAKEN): (_S.QUEUED, _S.CANCELLED, _S.ENDED),
        (_S.UNCERTAIN, Step.NOT_FOUND): (_S.UNKNOWN,),
        (_S.LIVE, Step.OVER): (_S.WRAPPING_UP,),
        (_S.LIVE, Step.RELEASED): (_S.UNKNOWN,),
        (_S.UNKNOWN, Step.ACCEPTED): (_S.LIVE,),
        (_S.UNKNOWN, Step.OVER): (_S.WRAPPING_UP,),
        (_S.UNKNOWN, Step.CONFIRMED_DIALLED): (_S.ENDED,),
        (_S.UNKNOWN, Step.CONFIRMED_NOT_DIALLED): (_S.QUEUED, _S.CANCELLED, _S.ENDED),
        (_S.WRAPPING_UP, Step.ANALYSED): (_S.ENDED, _S.QUEUED),
        (_S.CANCELLED, Step.UNDONE): (_S.QUEUED,),
    }
)
"""From a state, by a step, to one of the states listed; the first is the usual one."""


@dataclass(frozen=True, slots=True)
class Call:
    """The task of reaching one recipient.

    `due_at` is set while a queued call waits for a time. `holding` says whether it uses a slot.
    `attempts` counts dials that reached the platform; a capacity refusal does not consume one.
    `refusals` counts the platform's answers without success and without ids.
    """

    id: CallId
    to_number: str
    name: str
    agent_id: str
    agent_phone_number_id: str
    priority: int
    state: CallState
    created_at: Instant
    changed_at: Instant
    max_attempts: int = 1
    position: int = 0
    hold: Hold | None = None
    due_at: Instant | None = None
    holding: bool = False
    cancel_wished: bool = False
    disposition: Disposition | None = None
    attempts: int = 0
    refusals: int = 0
    attempt_id: AttemptId | None = None
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial of a call; `number` counts from 1.

    `lookups` counts complete searches that did not find it; `first_lookup_at` dates the first.
    `holds_until` is when an attempt that stays unknown stops using its slot.
    """

    id: AttemptId
    call_id: CallId
    number: int
    state: AttemptState
    started_at: Instant
    holds_until: Instant
    conversation_id: ConversationId | None = None
    call_sid: CallSid | None = None
    accepted_at: Instant | None = None
    over_at: Instant | None = None
    lookups: int = 0
    first_lookup_at: Instant | None = None
    disposition: Disposition | None = None
    talk_s: int | None = None
    detail: str = ""
