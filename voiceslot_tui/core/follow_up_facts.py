"""What the world can tell us about messages, as frozen types.

The answers to our own requests, the messenger's callbacks, listings, templates and the operator
speak these; only `settle_follow_up` says what one of them changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import ConversationId, Disposition
from voiceslot_tui.core.facts import Source
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState, MessageSid, TryId


class Failure(StrEnum):
    """What kind of no a messenger gave, by what follows from it."""

    NOT_SENT = "not_sent"
    """Nothing reached the messenger, or it was too busy to look: it may be asked for ever."""
    AGAIN = "again"
    """A passing trouble: the same request may be made again in a moment."""
    LATER = "later"
    """A rate or a cap: the same request may be made again in an hour."""
    OUTSIDE_WINDOW = "outside_window"
    """Free text to a person who did not write lately: the same message goes as a template."""
    NOT_ON_CHANNEL = "not_on_channel"
    """This person cannot be reached here: another channel may do."""
    OPTED_OUT = "opted_out"
    """The person does not want to hear from us: on no channel."""
    CONTENT = "content"
    """The messenger does not carry this very message: another channel may."""
    TEMPLATE = "template"
    """The template is missing, rejected or paused: all that use it wait until it is mended."""
    ACCOUNT = "account"
    """Our account or sender may not send: nothing is lost, everything waits."""
    FINAL = "final"
    """It will not arrive, and nothing we know of would help."""


@dataclass(frozen=True, slots=True)
class FailureRule:
    """What follows from a failure.

    `retry_after_s` lists the seconds until the same channel is tried again, by how often it failed
    already; after the last figure, or where there is none, the failure is final. `next_channel`
    says whether a further channel may be tried then. `counts` says whether it was a try of ours.
    """

    retry_after_s: tuple[float, ...] = ()
    next_channel: bool = False
    counts: bool = True


FAILURES: Final = MappingProxyType(
    {
        Failure.NOT_SENT: FailureRule((30.0,), counts=False),
        Failure.AGAIN: FailureRule((5.0, 30.0, 120.0, 600.0), next_channel=True),
        Failure.LATER: FailureRule((3600.0, 4 * 3600.0, 8 * 3600.0), next_channel=True),
        Failure.OUTSIDE_WINDOW: FailureRule((0.0,), next_channel=True),
        Failure.NOT_ON_CHANNEL: FailureRule(next_channel=True),
        Failure.OPTED_OUT: FailureRule(),
        Failure.CONTENT: FailureRule(next_channel=True),
        Failure.TEMPLATE: FailureRule(),
        Failure.ACCOUNT: FailureRule((60.0,), counts=False),
        Failure.FINAL: FailureRule(),
    }
)
"""What follows from each failure. Where it does not count, the first figure always holds."""


class Delivery(StrEnum):
    """Where a message stands at the messenger."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class Approval(StrEnum):
    """What WhatsApp says about a template."""

    UNREAD = "unread"
    """Not asked yet."""
    UNREADABLE = "unreadable"
    """Asked, and not told: our key may not read it, or the word is a new one. Sending decides."""
    HIDDEN = "hidden"
    """Our key may not read the template itself: nobody knows what has to be filled in."""
    APPROVED = "approved"
    UNDER_REVIEW = "under_review"
    UNSUBMITTED = "unsubmitted"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    MISSING = "missing"


USABLE: Final = frozenset({Approval.APPROVED, Approval.UNREADABLE})
"""Approvals by which messages are sent; where none can be read, the first message decides."""


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """The messenger took the request and named the message."""

    try_id: TryId
    message_sid: MessageSid
    source: Source = Source.ANSWER


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """The messenger certainly did not take the request. `code` is its own, where it gave one."""

    try_id: TryId
    failure: Failure
    code: int | None = None
    detail: str = ""
    retry_after_s: float | None = None
    source: Source = Source.ANSWER


@dataclass(frozen=True, slots=True)
class MessageUnanswered:
    """The request may or may not have been taken; also told of every request found at a start."""

    try_id: TryId
    detail: str = ""
    source: Source = Source.ANSWER


@dataclass(frozen=True, slots=True)
class MessageNews:
    """Where a message stands now. `failure` is set where it failed, else None.

    Named by the try, which travels with the callback's address, or by the messenger's id.
    """

    delivery: Delivery
    try_id: TryId | None = None
    message_sid: MessageSid | None = None
    failure: Failure | None = None
    code: int | None = None
    detail: str = ""
    source: Source = Source.WEBHOOK


@dataclass(frozen=True, slots=True)
class MessagesListed:
    """One complete listing of what was sent to a number since a try began.

    `found` names the messages that may be this try's, `other_times` those that were made before or
    after it can have been under way; both leave out those known to be of others. `in_doubt_too`
    counts further tries to them that are in doubt: what is listed may be one of those.
    """

    try_id: TryId
    found: tuple[MessageSid, ...] = ()
    other_times: tuple[MessageSid, ...] = ()
    in_doubt_too: int = 0
    source: Source = Source.POLL


@dataclass(frozen=True, slots=True)
class OutcomeRead:
    """The conversation of an ended call was read: how it went, and its summary if there is one.

    `conversation_id` is the one that was read, where there are several: a late proof may have made
    the message be about another meanwhile.
    """

    follow_up_id: FollowUpId
    disposition: Disposition
    summary: str = ""
    conversation_id: ConversationId | None = None
    source: Source = Source.POLL


@dataclass(frozen=True, slots=True)
class OutcomeOpen:
    """The conversation of an ended call was asked for in vain.

    `answered` says whether the platform answered, and could not say; else it was not reached.
    """

    follow_up_id: FollowUpId
    answered: bool
    source: Source = Source.POLL


@dataclass(frozen=True, slots=True)
class TemplateNews:
    """What is known of the template that a blocked follow-up waits for."""

    follow_up_id: FollowUpId
    content_sid: str
    approval: Approval
    source: Source = Source.POLL


@dataclass(frozen=True, slots=True)
class PersonOptedOut:
    """The person of a follow-up was put on the suppression list."""

    follow_up_id: FollowUpId
    source: Source = Source.WEBHOOK


class FollowUpWish(StrEnum):
    """What an operator can want of one follow-up."""

    RETRY = "retry"
    """Send it (again); of an ambiguous one this says that it was not sent."""
    SKIP = "skip"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Seen:
    """How a follow-up stood when somebody looked: its state, and how many tries it had."""

    state: FollowUpState
    tries: int


@dataclass(frozen=True, slots=True)
class FollowUpWished:
    """An operator wants something of a follow-up.

    Of one that was found by a filter it is wanted only while it stands as it was `seen`.
    """

    follow_up_id: FollowUpId
    wish: FollowUpWish
    by: str
    seen: Seen | None = None
    source: Source = Source.OPERATOR


SendAnswer = MessageTaken | MessageRefused | MessageUnanswered
"""What sending a message can come to."""

TryFact = MessageTaken | MessageRefused | MessageUnanswered | MessageNews | MessagesListed
RowFact = OutcomeRead | OutcomeOpen | TemplateNews | PersonOptedOut | FollowUpWished
FollowUpFact = TryFact | RowFact


@dataclass(frozen=True, slots=True)
class FollowUpSubject:
    """Whom a fact is about: exactly what the fact names, None where it does not."""

    follow_up_id: FollowUpId | None = None
    try_id: TryId | None = None
    message_sid: MessageSid | None = None


def follow_up_subject(fact: FollowUpFact) -> FollowUpSubject:
    """Tell whom a fact is about."""
    match fact:
        case MessageNews():
            return FollowUpSubject(None, fact.try_id, fact.message_sid)
        case MessageTaken() | MessageRefused() | MessageUnanswered() | MessagesListed():
            return FollowUpSubject(try_id=fact.try_id)
        case OutcomeRead() | OutcomeOpen() | TemplateNews() | PersonOptedOut() | FollowUpWished():
            return FollowUpSubject(follow_up_id=fact.follow_up_id)
