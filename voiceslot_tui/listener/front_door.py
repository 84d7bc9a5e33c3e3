"""What the listener asks of the engine, as a Protocol: it knows no more of it than this."""

from __future__ import annotations

from typing import Protocol

from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.facts import Fact
from voiceslot_tui.core.follow_up_facts import MessageNews
from voiceslot_tui.core.follow_up_pages import FollowUpCounts, Suppressed
from voiceslot_tui.core.follow_ups import MessageSid
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.ports import Added


class FollowUpDoor(Protocol):
    """What the listener may say to the follow-ups, and ask of them."""

    async def tell(self, news: MessageNews, *, by: str) -> bool:
        """Record where a message stands; True where it changed something.

        Committed when this returns.
        """
        ...

    def hint(self, message_sid: MessageSid) -> None:
        """Look a message up soon: somebody says, without proof, that something became of it."""
        ...

    async def person_wrote(self, wrote: PersonWrote, *, by: str) -> Suppressed | None:
        """Hear a person's message, once; where they ask us to stop, they are suppressed at once.

        Committed when this returns.
        """
        ...

    async def counts(self) -> FollowUpCounts:
        """Read the counters."""
        ...


class FrontDoor(Protocol):
    """What the listener asks of the engine."""

    @property
    def follow_ups(self) -> FollowUpDoor | None:
        """Give the door of the follow-ups; None where no messages are sent."""
        ...

    async def enqueue(
        self, calls: list[NewCall], *, by: str, key: IdempotencyKey | None = None
    ) -> Added:
        """Put calls into the queue, durably."""
        ...

    async def tell(self, fact: Fact, *, by: str) -> bool:
        """Record a fact, durably."""
        ...

    def hint(self, conversation_id: ConversationId) -> None:
        """Look a conversation up soon."""
        ...

    def webhook_seen(self, accepted: bool) -> None:
        """Note that a webhook came."""
        ...

    async def snapshot(self) -> Snapshot:
        """Give all that an operator sees."""
        ...
