"""Follow-up, try, their states, and the one table that says which state follows which.

A follow-up is the message after one ended call; a try is one request to one channel. Like the
table of calls, this one is code, picture and list of test cases at once: a state it does not lead
to cannot be reached, and news without an exit changes nothing. Delivery never goes back, and what
may have been sent (`ambiguous`) is never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

from voiceslot_tui.core.calls import CallId, ConversationId, Disposition, Instant
from voiceslot_tui.core.limits import FOLLOW_UP_OUTCOME_READS_MAX

FollowUpId = NewType("FollowUpId", int)
FollowUpKey = NewType("FollowUpKey", str)
"""What makes an ended call one and the same, whichever road reports it (`follow_up_key`)."""
TryId = NewType("TryId", str)
MessageSid = NewType("MessageSid", str)


class Channel(StrEnum):
    """How a person is written to."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    EMAIL = "email"


class Form(StrEnum):
    """How a message is worded for the messenger."""

    TEMPLATE = "template"
    """A Content template that WhatsApp approved: the only form that may open a conversation."""
    FREE_TEXT = "free_text"


class Kind(StrEnum):
    """What a message says."""

    TALKED = "talked"
    """We just talked, with the summary where there is one."""
    TRIED = "tried"
    """We tried to reach you."""


class FollowUpState(StrEnum):
    """Where the message after an ended call stands."""

    DUE = "due"
    """To be sent, at once or at `due_at`."""
    SENDING = "sending"
    """Committed before the request leaves."""
    ACCEPTED = "accepted"
    """The messenger gave it an id."""
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    AMBIGUOUS = "ambiguous"
    """The request had no clear answer: it may have been sent."""
    BLOCKED = "blocked"
    """The template cannot be used: waits, with all others, until somebody mends it."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not sent for a reason that has a name."""


class TryState(StrEnum):
    """Where one request to one channel stands."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    AMBIGUOUS = "ambiguous"
    NOT_SENT = "not_sent"
    """The messenger certainly did not take it, or was never found to have taken it."""
    FAILED = "failed"
    """The messenger took it and says that it will not arrive."""


class SkipReason(StrEnum):
    """Why a person gets no message."""

    BEFORE_FIRST_START = "before_first_start"
    NOT_WANTED = "not_wanted"
    SUPPRESSED = "suppressed"
    NO_ADDRESS = "no_address"
    TOO_OLD = "too_old"
    ALREADY_TODAY = "already_today"
    TIMEZONE_UNKNOWN = "timezone_unknown"
    BY_OPERATOR = "by_operator"


class WaitReason(StrEnum):
    """Why a message is not sent now."""

    OUTCOME = "outcome"
    PAUSED = "paused"
    QUIET_HOURS = "quiet_hours"
    RETRY = "retry"
    ACCOUNT = "account"
    TEMPLATE_UNREAD = "template_unread"


class BlockReason(StrEnum):
    """Why a message cannot be sent until somebody mends something."""

    NO_CHANNEL = "no_channel"
    NO_TEMPLATE = "no_template"
    TEMPLATE_NOT_APPROVED = "template_not_approved"
    TEMPLATE_UNFIT = "template_unfit"


class FollowUpStep(StrEnum):
    """What moves a follow-up from one state to the next."""

    CLAIMED = "claimed"
    TAKEN = "taken by the messenger"
    NOT_TAKEN = "not taken"
    UNANSWERED = "no answer to the request"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "not delivered"
    NOT_FOUND = "not found"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    RELEASED = "released"
    RETRIED = "retried"


OPEN_FOLLOW_UPS: Final = frozenset(
    {
        FollowUpState.DUE,
        FollowUpState.SENDING,
        FollowUpState.ACCEPTED,
        FollowUpState.SENT,
        FollowUpState.AMBIGUOUS,
        FollowUpState.BLOCKED,
    }
)
"""Something is still to come of these. `delivered` is done, and may still become `read`."""

REACHED_FOLLOW_UPS: Final = frozenset({FollowUpState.DELIVERED, FollowUpState.READ})
"""The person has the message: nothing may follow but the news that it was read."""

_S = FollowUpState
_T = FollowUpStep
_Exits = Mapping[FollowUpStep, tuple[FollowUpState, ...]]
_PROVEN: Final[_Exits] = {
    _T.TAKEN: (_S.ACCEPTED,),
    _T.SENT: (_S.SENT,),
    _T.DELIVERED: (_S.DELIVERED,),
    _T.READ: (_S.READ,),
}
_AGAIN_OR_NOT: Final = (_S.FAILED, _S.DUE, _S.BLOCKED)
_ARRIVED: Final[_Exits] = {_T.DELIVERED: (_S.DELIVERED,), _T.READ: (_S.READ,)}
_ROWS: Final[Mapping[FollowUpState, _Exits]] = {
    # A message that was given up, or is to be tried again, may turn out to have been taken.
    _S.DUE: {
        _T.CLAIMED: (_S.SENDING,),
        _T.SKIPPED: (_S.SKIPPED,),
        _T.BLOCKED: (_S.BLOCKED,),
        **_PROVEN,
    },
    _S.SENDING: {
        **_PROVEN,
        _T.NOT_TAKEN: _AGAIN_OR_NOT,
        _T.UNANSWERED: (_S.AMBIGUOUS,),
        _T.UNDELIVERED: _AGAIN_OR_NOT,
    },
    _S.AMBIGUOUS: {
        **_PROVEN,
        _T.UNDELIVERED: _AGAIN_OR_NOT,
        _T.NOT_FOUND: (_S.DUE,),
        _T.RETRIED: (_S.DUE,),
        _T.SKIPPED: (_S.SKIPPED,),
    },
    _S.ACCEPTED: {_T.SENT: (_S.SENT,), **_ARRIVED, _T.UNDELIVERED: _AGAIN_OR_NOT},
    _S.SENT: {**_ARRIVED, _T.UNDELIVERED: _AGAIN_OR_NOT},
    _S.DELIVERED: {_T.READ: (_S.READ,)},
    _S.BLOCKED: {
        _T.RELEASED: (_S.DUE,),
        _T.RETRIED: (_S.DUE,),
        _T.SKIPPED: (_S.SKIPPED,),
        **_PROVEN,
    },
    # Only an arrival moves these: to be merely taken must not lead to further channels again.
    _S.FAILED: {**_ARRIVED, _T.RETRIED: (_S.DUE,)},
    _S.SKIPPED: {**_ARRIVED, _T.RETRIED: (_S.DUE,)},
}
FOLLOW_UP_TRANSITIONS: Final = MappingProxyType(
    {(state, step): targets for state, row in _ROWS.items() for step, targets in row.items()}
)
"""From a state, by a step, to one of the states listed."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The message after one ended call; exactly one row for each key.

    `to_number` is E.164, or empty where the platform gave none that can be read. `channel` is that
    of the current try, or of the next. `outcome_known` says whether the conversation was read:
    until then the disposition is presumed and the summary missing. `outcome_reads` counts how often
    that was in vain since an operator wanted the message last, an answer that told nothing for
    FOLLOW_UP_OUTCOME_ANSWER_COUNTS that never came. `tries` counts requests that were made,
    `failures` those of the present channel that failed and are made again, `resends` those made
    again although an earlier one was never found. `insisted` is set where an operator wanted the
    message: then neither its age nor an unknown time zone keeps it back.
    """

    id: FollowUpId
    key: FollowUpKey
    to_number: str
    state: FollowUpState
    ended_at: Instant
    created_at: Instant
    changed_at: Instant
    disposition: Disposition
    outcome_known: bool = False
    name: str = ""
    summary: str = ""
    email: str = ""
    conversation_id: ConversationId | None = None
    call_id: CallId | None = None
    batch_id: str = ""
    agent_id: str = ""
    channel: Channel = Channel.WHATSAPP
    needs_template: bool = False
    try_id: TryId | None = None
    tries: int = 0
    failures: int = 0
    resends: int = 0
    insisted: bool = False
    due_at: Instant | None = None
    waits_for: WaitReason | None = None
    skipped_for: SkipReason | None = None
    blocked_for: BlockReason | None = None
    content_sid: str = ""
    code: int | None = None
    detail: str = ""
    outcome_reads: int = 0

    @property
    def outcome_awaited(self) -> bool:
        """Tell whether there is a conversation that was not read."""
        return not self.outcome_known and self.conversation_id is not None

    @property
    def outcome_given_up(self) -> bool:
        """Tell whether it was read in vain for so long that what its status suggests must do."""
        return self.outcome_awaited and self.outcome_reads >= FOLLOW_UP_OUTCOME_READS_MAX


@dataclass(frozen=True, slots=True)
class Try:
    """One request to one channel; `number` counts from 1.

    `lookups` counts complete listings that did not show it; `first_lookup_at` dates the first.
    """

    id: TryId
    follow_up_id: FollowUpId
    number: int
    channel: Channel
    form: Form
    state: TryState
    started_at: Instant
    changed_at: Instant
    message_sid: MessageSid | None = None
    content_sid: str = ""
    code: int | None = None
    lookups: int = 0
    first_lookup_at: Instant | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that ended, ours or a batch recipient's, as the follow-ups need to know it.

    `outcome_known` is False where the disposition is only what a batch's status suggests.
    """

    key: FollowUpKey
    to_number: str
    ended_at: Instant
    disposition: Disposition
    outcome_known: bool = False
    name: str = ""
    summary: str = ""
    email: str = ""
    conversation_id: ConversationId | None = None
    call_id: CallId | None = None
    batch_id: str = ""
    agent_id: str = ""


def follow_up_key(
    conversation_id: ConversationId | None,
    *,
    batch_id: str = "",
    recipient_id: str = "",
    retry: int = 0,
    call_id: CallId | None = None,
) -> FollowUpKey:
    """Name an ended call: by its conversation, else by its place in a batch, else by our own id.

    A key without a conversation is to be kept as an alias once the conversation is known.
    """
    if conversation_id:
        return FollowUpKey(f"conversation/{conversation_id}")
    if batch_id and recipient_id:
        return FollowUpKey(f"batch/{batch_id}/{recipient_id}/{retry}")
    assert call_id is not None, "an ended call has a conversation, a place in a batch, or an id"
    return FollowUpKey(f"call/{call_id}")


def follow_up_of(ended: EndedCall, follow_up_id: FollowUpId, now: Instant) -> FollowUp:
    """Make the row of an ended call: due, and judged only when it is about to be sent."""
    return FollowUp(
        id=follow_up_id,
        key=ended.key,
        to_number=ended.to_number,
        state=FollowUpState.DUE,
        ended_at=ended.ended_at,
        created_at=now,
        changed_at=now,
        disposition=ended.disposition,
        outcome_known=ended.outcome_known,
        name=ended.name,
        summary=ended.summary,
        email=ended.email,
        conversation_id=ended.conversation_id,
        call_id=ended.call_id,
        batch_id=ended.batch_id,
        agent_id=ended.agent_id,
    )
