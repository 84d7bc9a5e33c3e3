"""What the follow-ups ask of the world: Workspace, Messenger, and the memory of who was written to.

Protocols only, as in `ports`, so that the same workers run on Twilio and in a simulated world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Protocol

from voiceslot_tui.core.batches import Batch, BatchMark, BatchRecipient
from voiceslot_tui.core.calls import ConversationId, Instant
from voiceslot_tui.core.follow_up_facts import Approval, FollowUpFact, MessageNews, SendAnswer
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_pages import (
    BatchFigures,
    FollowUpCounts,
    FollowUpDetail,
    FollowUpPage,
    FollowUpQuery,
    Suppressed,
    Suppression,
)
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy, Send, Standing, Template
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import (
    Channel,
    EndedCall,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    MessageSid,
    Try,
    TryId,
    WaitReason,
)
from voiceslot_tui.core.inbound import PersonWrote, Received
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.core.talks import BatchCalls, Talk, TalkSummary

# --- the workspace


class BatchWhole(Protocol):
    """One batch with all that its recipients tell."""

    @property
    def batch(self) -> Batch:
        """The batch itself."""
        ...

    @property
    def statuses(self) -> Mapping[str, int]:
        """Recipients by the platform's own words."""
        ...

    @property
    def calls(self) -> BatchCalls:
        """Those that hold a slot."""
        ...

    @property
    def unreadable(self) -> int:
        """How many recipients could not be read."""
        ...

    @property
    def newest(self) -> int:
        """When the last call in it ended, in seconds since 1970; 0 where that is not told."""
        ...

    def ended_since(self, updated_at: int) -> Iterator[BatchRecipient]:
        """Yield those whose call ended at a second or later, and those who are not dated."""
        ...

    def recipients(self) -> Iterator[BatchRecipient]:
        """Yield every recipient, made only when asked for."""
        ...

    def in_status(self, words: frozenset[str]) -> Iterator[BatchRecipient]:
        """Yield the recipients whose status is one of some words."""
        ...


class BatchChange(StrEnum):
    """What can be asked of the platform about a batch."""

    CANCEL = "cancel"
    RETRY = "retry"


class BatchAnswer(StrEnum):
    """What became of a request to change a batch."""

    DONE = "done"
    UNCLEAR = "unclear"
    REFUSED = "refused"


class Workspace(Protocol):
    """ElevenLabs' batches and summaries. Reads raise ReadFailed or ReadDenied."""

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        """Read one conversation; None where the platform does not know it."""
        ...

    async def summary(self, conversation_id: ConversationId) -> TalkSummary | None:
        """Read a conversation's summary; None where the platform does not know it."""
        ...

    def now(self) -> Instant:
        """Give the platform's time, as its last answer dated itself: it dates batches by it."""
        ...

    async def batch_rows(self) -> tuple[Batch, ...]:
        """Read all batch calls of the workspace with their names and agents."""
        ...

    async def batch(self, batch_id: str) -> BatchWhole:
        """Read one batch with all its recipients."""
        ...

    async def change_batch(self, batch_id: str, change: BatchChange) -> BatchAnswer:
        """Cancel a batch, or dial its failed recipients again. Never repeats the request."""
        ...


# --- the messenger


@dataclass(frozen=True, slots=True)
class MessageOrder:
    """One message to send: everything the messenger must be told.

    `to` is a number as E.164, or an address for e-mail. Either `body` is set, or `content_sid` with
    `content_variables` as JSON in a text; `subject` is for e-mail.
    """

    try_id: TryId
    channel: Channel
    to: str
    body: str = ""
    content_sid: str = ""
    content_variables: str = ""
    subject: str = ""


class Messenger(Protocol):
    """Twilio, or a mail server, as far as the follow-ups need it.

    Reads raise ReadFailed or ReadDenied.
    """

    async def send(self, order: MessageOrder) -> SendAnswer:
        """Send once. Raises nothing for what messenger or network do; never repeats."""
        ...

    async def news(self, message_sid: MessageSid) -> MessageNews | None:
        """Read where a message stands; None where the messenger does not know it, or no word."""
        ...

    async def sent_to(self, channel: Channel, to: str, since: Instant) -> Listing | None:
        """List completely what we sent to somebody since a try began, by the messenger's dates.

        None where this messenger keeps no such list: then only an operator can say.
        """
        ...

    async def received(self, channel: Channel, since: Instant | None, more: str = "") -> Received:
        """Read a page of what people wrote to us on a channel since a moment, newest first.

        `since` is by the messenger's clock; None for as long as a person's message opens a window.
        `more` is what the page before gave. Empty where this messenger keeps no such list.
        """
        ...

    async def template(self, content_sid: str) -> Template:
        """Read a template: MISSING where there is none, HIDDEN where we may not read it."""
        ...

    async def templates(self) -> tuple[Template, ...]:
        """Read all templates of the account with their approvals."""
        ...


# --- who is told of trouble


class Herald(Protocol):
    """One way to tell people that something needs them."""

    async def tell(self, subject: str, text: str) -> bool:
        """Tell; False where nobody was told, so that it is worth telling again. Raises nothing."""
        ...


# --- the memory


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that ended, and the other names it may be known by."""

    call: EndedCall
    aliases: tuple[FollowUpKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What messages that are due are judged by; `zones_of` gives the time zones of a number."""

    policy: FollowUpPolicy
    standing: Standing
    zones_of: Callable[[str], tuple[tzinfo, ...]]


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that was claimed: its request may be made once."""

    follow_up: FollowUp
    one_try: Try
    send: Send


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look at the due messages came to.

    `unread` are those whose conversation is to be read first, `judged` how many were otherwise
    written down, `more` whether due messages are left. `next_due` is when the next one is.
    """

    sendings: tuple[Sending, ...] = ()
    unread: tuple[FollowUp, ...] = ()
    judged: int = 0
    more: bool = False
    next_due: Instant | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A try to look up at the messenger: under way, or in doubt."""

    follow_up: FollowUp
    one_try: Try


class FollowUpStore(Protocol):
    """The durable memory of follow-ups: every method is one whole transaction, or one reading.

    The errors are those of `ports.Store`. The row of our own call is written by `Store.settle`, in
    the transaction that ends the call.
    """

    async def add_ended(self, ended: Sequence[Ended], now: Instant) -> int:
        """Write down ended calls, once each whatever they are named; give how many were new."""
        ...

    async def settle_follow_ups(
        self, facts: Sequence[FollowUpFact], rules: FollowUpRules, now: Instant, actor: str
    ) -> tuple[FollowUpSettlement | None, ...]:
        """Let each fact change what it changes, all in one transaction, in order.

        Whoever the messenger says has opted out is put on the suppression list with it.
        """
        ...

    async def take_due(
        self, judgement: Judgement, new_try_id: Callable[[], TryId], count: int, now: Instant
    ) -> Taken:
        """Judge messages that are due, the longest due first, and claim at most `count` of them."""
        ...

    async def wake_follow_ups(self, reason: WaitReason, now: Instant) -> int:
        """Make a bounded number of messages due that wait for an event; give how many."""
        ...

    async def release_blocked(
        self,
        content_sid: str,
        approval: Approval,
        rules: FollowUpRules,
        now: Instant,
        actor: str,
    ) -> int:
        """Tell a bounded number of blocked messages what is known of a template; give released."""
        ...

    async def tries_cut_off(self) -> tuple[TryId, ...]:
        """Read the tries whose request was under way; asked at a start, when none can be."""
        ...

    async def to_look_up(self, count: int, now: Instant) -> tuple[Look, ...]:
        """Read the tries whose look-up is due, those in doubt and the longest due first."""
        ...

    async def next_look(self) -> Instant | None:
        """Read when the next look-up is due."""
        ...

    async def look_again(self, tries: Sequence[tuple[TryId, Instant | None]]) -> None:
        """Set when tries are looked up next; None for never."""
        ...

    async def look_soon(self, message_sid: MessageSid | None, now: Instant) -> None:
        """Make the look-up of a message due; None for a bounded number of all that have one."""
        ...

    async def known_messages(self, sids: Iterable[MessageSid]) -> frozenset[MessageSid]:
        """Keep, of the messenger's ids, those that belong to a try."""
        ...

    # people

    async def suppress(self, number: str, why: str, now: Instant, actor: str) -> Suppressed:
        """Put all numbers of a line on the suppression list; what waits for any of them goes."""
        ...

    async def unsuppress(self, number: str, now: Instant, actor: str) -> bool:
        """Take a line off the suppression list by any of its numbers; False where it is not on."""
        ...

    async def suppressions(self, after: str, count: int) -> tuple[Suppression, ...]:
        """Read the suppression list by number, from the one after."""
        ...

    async def hear(
        self, wrote: PersonWrote, why: str, now: Instant, actor: str
    ) -> Suppressed | None:
        """Hear a person's message once: suppress who wants out, or remember that they wrote."""
        ...

    async def unheard(self, wrote: Sequence[PersonWrote]) -> tuple[PersonWrote, ...]:
        """Keep the messages that were not heard yet."""
        ...

    async def read_to(self, channel: Channel) -> Instant | None:
        """Read up to when a channel's list of people's messages was read, by its own clock."""
        ...

    async def read_up_to(self, channel: Channel, moment: Instant) -> None:
        """Remember up to when it was read, once all in it was heard; never back."""
        ...

    # batches

    async def batch_marks(self) -> tuple[BatchMark, ...]:
        """Read what batches were like when they were last read whole."""
        ...

    async def mark_batch(self, mark: BatchMark, figures: BatchFigures) -> None:
        """Remember what a batch is like, once all its ends are written down."""
        ...

    async def forget_batches(self, batch_ids: Sequence[str]) -> None:
        """Forget batches that are not watched any more."""
        ...

    async def last_check(self) -> Instant | None:
        """Read when the last complete check of all batches began."""
        ...

    async def checked(self, began_at: Instant) -> None:
        """Remember when a complete check of all batches began."""
        ...

    # what is shown

    async def follow_up_counts(self) -> FollowUpCounts:
        """Read the counters."""
        ...

    async def batch_figures(self, batch_ids: Sequence[str]) -> tuple[BatchFigures, ...]:
        """Read what is known of batches and their messages; unknown ones are left out."""
        ...

    async def follow_up_page(self, query: FollowUpQuery) -> FollowUpPage:
        """Read a page of messages."""
        ...

    async def follow_up_detail(self, follow_up_id: FollowUpId) -> FollowUpDetail | None:
        """Read all about one message."""
        ...

    async def follow_ups_named(self, keys: Sequence[FollowUpKey]) -> dict[FollowUpKey, FollowUp]:
        """Read the messages of ended calls by any of their names."""
        ...

    async def tidy_follow_ups(self, now: Instant) -> bool:
        """Take names and texts from a bounded number of old messages; forget who wrote long ago.

        True where more wait.
        """
        ...
