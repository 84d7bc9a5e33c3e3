"""SqliteFollowUps: the half of the store that is behind `follow_up_ports.FollowUpStore`.

Like its other half it holds nothing but the file; what a transaction does stands in its own file:
following_up, claiming, looking_up, suppressing, hearing, watching, message_upkeep, message_pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from voiceslot_tui.core.batches import BatchMark
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    FollowUpFact,
    MessageNews,
    OutcomeOpen,
    OutcomeRead,
)
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
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import (
    Channel,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    MessageSid,
    TryId,
    WaitReason,
)
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.follow_up_ports import Ended, Judgement, Look, Taken
from voiceslot_tui.store import (
    claiming,
    following_up,
    hearing,
    looking_up,
    message_pages,
    message_upkeep,
    suppressing,
    watching,
)
from voiceslot_tui.store.database import Database

_NEWS: Final = (MessageNews, OutcomeOpen, OutcomeRead)
_NEWS_PATIENCE_S: Final = 0.1
"""How long news of messages waits for company: several come of each, and each commit has its price.

A crash loses none of it: the messenger tells it again or is asked, and a call is read again. What a
request came to never waits, because a crash before it is written leaves its message in doubt.
"""


class SqliteFollowUps:
    """The memory of follow-ups in the file of a `SqliteStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_ended(self, ended: Sequence[Ended], now: Instant) -> int:
        """Write down ended calls, once each whatever they are named; give how many were new."""
        return await self._database.write(lambda db: following_up.add_ended(db, ended, now))

    async def settle_follow_ups(
        self, facts: Sequence[FollowUpFact], rules: FollowUpRules, now: Instant, actor: str
    ) -> tuple[FollowUpSettlement | None, ...]:
        """Let each fact change what it changes, all in one transaction, in order.

        News alone may wait for company; it is committed when this returns, as everything is.
        """
        can_wait = all(isinstance(fact, _NEWS) for fact in facts)
        return await self._database.write(
            lambda db: tuple(
                following_up.settle_one(db, fact, rules, now, actor) for fact in facts
            ),
            patience_s=_NEWS_PATIENCE_S if can_wait else 0.0,
        )

    async def take_due(
        self, judgement: Judgement, new_try_id: Callable[[], TryId], count: int, now: Instant
    ) -> Taken:
        """Judge messages that are due, the longest due first, and claim at most `count` of them."""
        return await self._database.write(
            lambda db: claiming.take_due(db, judgement, new_try_id, count, now),
        )

    async def wake_follow_ups(self, reason: WaitReason, now: Instant) -> int:
        """Make a bounded number of messages due that wait for an event; give how many."""
        return await self._database.write(partial(message_upkeep.wake, reason=reason))

    async def release_blocked(
        self,
        content_sid: str,
        approval: Approval,
        rules: FollowUpRules,
        now: Instant,
        actor: str,
    ) -> int:
        """Tell a bounded number of blocked messages what is known of a template; give released."""
        return await self._database.write(
            lambda db: message_upkeep.release_blocked(db, content_sid, approval, rules, now, actor),
        )

    async def tries_cut_off(self) -> tuple[TryId, ...]:
        """Read the tries whose request was under way; asked at a start, when none can be."""
        return await self._database.read(looking_up.tries_cut_off)

    async def to_look_up(self, count: int, now: Instant) -> tuple[Look, ...]:
        """Read the tries whose look-up is due, those in doubt and the longest due first."""
        return await self._database.read(partial(looking_up.to_look_up, count=count, now=now))

    async def next_look(self) -> Instant | None:
        """Read when the next look-up is due."""
        return await self._database.read(looking_up.next_look)

    async def look_again(self, tries: Sequence[tuple[TryId, Instant | None]]) -> None:
        """Set when tries are looked up next; None for never."""
        await self._database.write(partial(looking_up.look_again, tries=tries))

    async def look_soon(self, message_sid: MessageSid | None, now: Instant) -> None:
        """Make the look-up of a message due; None for a bounded number of all that have one."""
        await self._database.write(lambda db: looking_up.look_soon(db, message_sid, now))

    async def known_messages(self, sids: Iterable[MessageSid]) -> frozenset[MessageSid]:
        """Keep, of the messenger's ids, those that belong to a try."""
        return await self._database.read(partial(looking_up.known_messages, sids=tuple(sids)))

    async def suppress(self, number: str, why: str, now: Instant, actor: str) -> Suppressed:
        """Put all numbers of a line on the suppression list; what waits for any of them goes."""
        return await self._database.write(
            lambda db: suppressing.put_on_list(db, number, why, now, actor),
        )

    async def unsuppress(self, number: str, now: Instant, actor: str) -> bool:
        """Take a line off the suppression list by any of its numbers; False where it is not on."""
        return await self._database.write(
            lambda db: suppressing.take_off_list(db, number, now, actor),
        )

    async def suppressions(self, after: str, count: int) -> tuple[Suppression, ...]:
        """Read the suppression list by number, from the one after."""
        return await self._database.read(lambda db: suppressing.suppressions(db, after, count))

    async def hear(
        self, wrote: PersonWrote, why: str, now: Instant, actor: str
    ) -> Suppressed | None:
        """Hear a person's message once: suppress who wants out, or remember that they wrote."""
        return await self._database.write(lambda db: hearing.hear(db, wrote, why, now, actor))

    async def unheard(self, wrote: Sequence[PersonWrote]) -> tuple[PersonWrote, ...]:
        """Keep the messages that were not heard yet."""
        return await self._database.read(partial(hearing.unheard, wrote=wrote))

    async def read_to(self, channel: Channel) -> Instant | None:
        """Read up to when a channel's list of people's messages was read, by its own clock."""
        return await self._database.read(partial(hearing.read_to, channel=channel))

    async def read_up_to(self, channel: Channel, moment: Instant) -> None:
        """Remember up to when it was read, once all in it was heard; never back."""
        await self._database.write(partial(hearing.read_up_to, channel=channel, moment=moment))

    async def batch_marks(self) -> tuple[BatchMark, ...]:
        """Read what batches were like when they were last read whole."""
        return await self._database.read(watching.marks)

    async def mark_batch(self, mark: BatchMark, figures: BatchFigures) -> None:
        """Remember what a batch is like, once all its ends are written down."""
        await self._database.write(partial(watching.mark, new=mark, figures=figures))

    async def forget_batches(self, batch_ids: Sequence[str]) -> None:
        """Forget batches that are not watched any more."""
        await self._database.write(partial(watching.forget, batch_ids=batch_ids))

    async def last_check(self) -> Instant | None:
        """Read when the last complete check of all batches began."""
        return await self._database.read(watching.last_check)

    async def checked(self, began_at: Instant) -> None:
        """Remember when a complete check of all batches began."""
        await self._database.write(partial(watching.checked, began_at=began_at))

    async def follow_up_counts(self) -> FollowUpCounts:
        """Read the counters."""
        return await self._database.read(message_pages.counts)

    async def batch_figures(self, batch_ids: Sequence[str]) -> tuple[BatchFigures, ...]:
        """Read what is known of batches and their messages; unknown ones are left out."""
        return await self._database.read(partial(watching.figures, batch_ids=batch_ids))

    async def follow_up_page(self, query: FollowUpQuery) -> FollowUpPage:
        """Read a page of messages."""
        return await self._database.read(partial(message_pages.page, query=query))

    async def follow_up_detail(self, follow_up_id: FollowUpId) -> FollowUpDetail | None:
        """Read all about one message."""
        return await self._database.read(partial(message_pages.detail, follow_up_id=follow_up_id))

    async def follow_ups_named(self, keys: Sequence[FollowUpKey]) -> dict[FollowUpKey, FollowUp]:
        """Read the messages of ended calls by any of their names."""
        return await self._database.read(partial(message_pages.named, keys=keys))

    async def tidy_follow_ups(self, now: Instant) -> bool:
        """Take names and texts from a bounded number of old messages; forget who wrote long ago.

        True where more wait.
        """
        return await self._database.write(partial(message_upkeep.tidy, now=now))
