"""How many calls in the workspace are not ours: five strategies, one answer.

`conversations` (the default) names the live calls, so that nothing is counted twice and a list that
lags does no harm. The others only count. Those without ids subtract our own calls only when the
platform must have known them already; the last two are kept for compatibility and are wrong in ways
that the settings say when they are chosen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import CallState, ConversationId, Instant, later
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.limits import LIVE_TALK_MAX_S
from voiceslot_tui.core.slots import Reading
from voiceslot_tui.core.talks import BatchCalls, BatchCount, Talk, TalkState
from voiceslot_tui.engine.ages import Ages
from voiceslot_tui.engine.batch_calls import IN_PROGRESS, BatchCallsReader
from voiceslot_tui.ports import Clock, OpenCall, Store, VoicePlatform

_PENDING: Final = "pending"
_STARTS_SOON_S: Final = 60.0
_BATCH_SHARE: Final = 0.5
"""A batch without a target uses at most half of the workspace's limit (vendor's documentation)."""


class Strategy(StrEnum):
    """Which figure of the platform is believed."""

    CONVERSATIONS = "conversations"
    LIVE_COUNT = "live_count"
    OUTSTANDING = "outstanding"
    DISPATCHED = "dispatched"
    BATCHES = "batches"


@dataclass(frozen=True, slots=True)
class Seen:
    """A reading and what it was made of: the live conversations, where the strategy lists them."""

    reading: Reading
    talks: tuple[Talk, ...] | None
    open_calls: tuple[OpenCall, ...]


class Reader:
    """Reads the platform's live calls by one strategy.

    `lag_s` is how late the platform may be in counting a call; `active_statuses` are the batch
    statuses that count.
    """

    def __init__(
        self,
        *,
        strategy: Strategy,
        store: Store,
        platform: VoicePlatform,
        clock: Clock,
        limit: Callable[[], int],
        lag_s: float,
        active_statuses: frozenset[str] = frozenset({IN_PROGRESS}),
    ) -> None:
        self.strategy = strategy
        self._store = store
        self._platform = platform
        self._clock = clock
        self._limit = limit
        self._lag_s = lag_s
        self._active = active_statuses
        self._unlisted_before = 0
        self._foreign_before = frozenset[ConversationId]()
        self._batch_calls = BatchCallsReader(platform, clock)
        self._ages = Ages(clock)
        self._roads: MappingProxyType[Strategy, Callable[[], Awaitable[Seen]]] = MappingProxyType(
            {
                Strategy.CONVERSATIONS: self._by_conversations,
                Strategy.LIVE_COUNT: self._by_live_count,
                Strategy.OUTSTANDING: self._by_outstanding,
                Strategy.DISPATCHED: self._by_dispatched,
                Strategy.BATCHES: self._by_batches,
            }
        )

    async def read(self) -> Seen:
        """Read once, completely; raises ReadFailed where the reading would not be complete."""
        return await self._roads[self.strategy]()

    async def open_calls(self) -> tuple[OpenCall, ...]:
        """Give our calls that are under way as they stand now."""
        return await self._store.open_calls()

    async def _by_conversations(self) -> Seen:
        began = self._clock.now()
        before = await self._store.open_calls()
        batches = await self._platform.batches()
        of_batches = await self._batch_calls.read(batches)
        talks = await self._platform.live_talks(LIVE_TALK_MAX_S)
        live = await self._live_count()
        open_calls = await self._store.open_calls()
        named = frozenset[ConversationId]().union(*(calls.ids for calls in of_batches.values()))
        foreign = await self._store.foreign(
            talk.conversation_id for talk in talks if talk.conversation_id not in named
        )
        listed = named.union(talk.conversation_id for talk in talks)
        unlisted = max(0, live - len(listed) - _holding_beside(listed, (*before, *open_calls)))
        unnamed = self._believed(unlisted, len(self._foreign_before - listed))
        self._unlisted_before, self._foreign_before = unlisted, foreign
        reading = Reading(
            foreign_ids=foreign,
            unnamed=unnamed + self._claimed_by_batches(batches, of_batches, began),
            ringing=_ringing(talks, open_calls),
        )
        return Seen(reading, talks, open_calls)

    async def _live_count(self) -> int:
        """Read the platform's own count as a second opinion; without it the list stands alone."""
        try:
            return await self._platform.live_count()
        except ReadFailed:
            return 0

    def _believed(self, unlisted: int, gone: int) -> int:
        """Say how much of a surplus of the platform's count to believe: calls end between requests.

        What two readings in a row show is there. So is at once what stands for calls that have
        `gone` from the list: they have not ended, a page that shifted has left them out.
        """
        return min(unlisted, max(self._unlisted_before, gone))

    def _claimed_by_batches(
        self, batches: tuple[BatchCount, ...], of_batches: dict[str, BatchCalls], now: Instant
    ) -> int:
        """Count what batches under way, or about to start, use and will take for their next calls.

        Their calls count here and not by name: when one ends, the batch itself takes the slot.
        """
        share = max(1, int(self._limit() * _BATCH_SHARE))
        total = 0
        for batch in batches:
            soon = batch.starts_at * 1000 <= later(now, _STARTS_SOON_S)
            if batch.status != IN_PROGRESS and not (batch.status == _PENDING and soon):
                continue
            holding = of_batches.get(batch.batch_id, BatchCalls()).count
            left = max(0, batch.scheduled - batch.dispatched)
            total += holding + min(left, max(0, (batch.target_concurrency or share) - holding))
        return total

    async def _by_live_count(self) -> Seen:
        count = await self._platform.live_count()
        open_calls = await self._store.open_calls()
        self._ages.forget_all_but(one.attempt.id for one in open_calls)
        ours = sum(self._is_counted(one) for one in open_calls)
        return Seen(Reading(unnamed=max(0, count - ours)), None, open_calls)

    def _is_counted(self, one: OpenCall) -> bool:
        """Tell whether the platform has surely counted a live call of ours by now."""
        accepted_at = one.attempt.accepted_at
        if one.call.state is not CallState.LIVE or accepted_at is None:
            return False
        return self._ages.watched(one.attempt.id, accepted_at) >= self._lag_s

    async def _by_outstanding(self) -> Seen:
        return await self._of_batches(lambda b: max(0, b.dispatched - b.finished))

    async def _by_dispatched(self) -> Seen:
        return await self._of_batches(lambda b: b.dispatched)

    async def _by_batches(self) -> Seen:
        return await self._of_batches(lambda _: 1)

    async def _of_batches(self, count: Callable[[BatchCount], int]) -> Seen:
        batches = await self._platform.batches()
        total = sum(count(batch) for batch in batches if batch.status in self._active)
        return Seen(Reading(unnamed=total), None, await self._store.open_calls())


def _holding_beside(listed: frozenset[ConversationId], open_calls: tuple[OpenCall, ...]) -> int:
    """Count our calls that hold a slot and are in no list; the last word about each one counts."""
    ours = {one.attempt.id: one.attempt.conversation_id for one in open_calls if one.call.holding}
    return sum(1 for conversation_id in ours.values() if conversation_id not in listed)


def _ringing(talks: tuple[Talk, ...], open_calls: tuple[OpenCall, ...]) -> int:
    ringing = {talk.conversation_id for talk in talks if talk.state is TalkState.RINGING}
    return sum(
        1
        for one in open_calls
        if one.call.state is CallState.LIVE and one.attempt.conversation_id in ringing
    )
