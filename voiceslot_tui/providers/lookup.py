"""The search for the conversation of an attempt whose start was never answered.

A conversation is ours only if its own detail says so: a server that does not know a filter gives
everything, and must not make us take a stranger's call for ours. Two independent filters are used,
so that one which finds nothing because it is not honoured is not the last word: the user id that
went along with the start, then the attempt's variable. Found costs two requests, absent
two. Neither is narrowed by time: a clock of ours that is ahead of the platform's would hide a call
that rings, and it would be said to be nowhere.

A listed conversation that cannot be read may be ours. It is another's only where it is over and the
filter of the variable, which does not list it, is seen to list what it should.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from voiceslot_tui.core.calls import AttemptId, ConversationId, Instant
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.limits import LOOKUP_DETAILS_MAX
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.talks import Search, Talk, TalkState
from voiceslot_tui.providers.reading import NotUnderstood, deadline
from voiceslot_tui.wire.elevenlabs_calls import ATTEMPT_VARIABLE
from voiceslot_tui.wire.elevenlabs_starts import user_id_sent

Query = tuple[tuple[str, str], ...]
"""Parameters of the conversation list."""

_UNREAD_MAX: Final = 3
"""Listed conversations that cannot be read in one search; more are a platform in trouble."""


async def search(
    order: StartOrder,
    since: Instant,
    matching: Callable[[Query], AsyncIterator[Talk]],
    detail: Callable[[ConversationId], Awaitable[Talk | None]],
) -> Search:
    """Search for an attempt's conversation. Raises only ReadDenied.

    `matching` lists conversations by a query, `detail` reads one. The answer is complete where
    everything that one honoured filter listed was looked at. `since` bounds only the search without
    a filter: it comes from our own clock, which may have been set since, and would hide a call.
    """
    looking = _Looking(order, matching, detail)
    started = ("call_start_after_unix", str(since // 1000))
    variable = _by_variable(order.attempt_id)
    queries: list[Query] = [variable]
    user_id = user_id_sent(order)
    if user_id:
        # A name of the producer's own may stand on many conversations, ours on one.
        place = 0 if user_id == order.attempt_id else 1
        queries.insert(place, (("user_id", user_id),))
    try:
        async with deadline("the conversation of an attempt"):
            whole = [
                query for query in queries if looking.found is None and await looking.through(query)
            ]
            if not whole and await looking.through((started,)):
                whole = [(started,)]
            complete = bool(whole)
            if looking.unread and looking.found is None:
                complete = variable in whole and await looking.unread_are_others()
    except ReadDenied:
        raise
    except ReadFailed:
        return Search(looking.found, complete=False)
    return Search(looking.found, complete)


def _by_variable(attempt_id: AttemptId) -> Query:
    return (("dynamic_variable_params", f"{ATTEMPT_VARIABLE}:eq:{attempt_id}"),)


@dataclass(slots=True)
class _Looking:
    """What one search has looked at so far. `other` is the conversation of another attempt."""

    order: StartOrder
    matching: Callable[[Query], AsyncIterator[Talk]]
    detail: Callable[[ConversationId], Awaitable[Talk | None]]
    found: Talk | None = None
    other: Talk | None = None
    opened: set[ConversationId] = field(default_factory=set)
    unread: dict[ConversationId, TalkState] = field(default_factory=dict)

    async def through(self, query: Query) -> bool:
        """Open what a filter lists; tell whether that was everything, or the call was found."""
        whole = True
        try:
            async for place, talk in _numbered(self.matching(query)):
                if place == LOOKUP_DETAILS_MAX:
                    return False
                if talk.conversation_id not in {*self.opened, *self.unread}:
                    await self._open(talk)
                if self.found is not None:
                    return True
                whole &= talk.conversation_id in self.opened
        except NotUnderstood:
            return False
        return whole

    async def _open(self, talk: Talk) -> None:
        known = await self._read(talk.conversation_id)
        if known is None:
            self.unread[talk.conversation_id] = talk.state
            if len(self.unread) > _UNREAD_MAX:
                raise ReadFailed("too many of the listed conversations cannot be read")
            return
        self.opened.add(talk.conversation_id)
        if known.attempt_id != self.order.attempt_id:
            if known.attempt_id is not None and known.state is TalkState.ANALYSED:
                self.other = known
            return
        self.found = known

    async def _read(self, conversation_id: ConversationId) -> Talk | None:
        try:
            return await self.detail(conversation_id)
        except ReadDenied:
            raise
        except ReadFailed:
            return None

    async def unread_are_others(self) -> bool:
        """Tell whether what could not be read is surely not ours.

        The filter of the variable has not listed it. That proves something where it lists another
        conversation as it should, and where what could not be read is over: of one that still
        rings the platform may not know the variables yet.
        """
        other = self.other
        if other is None or other.attempt_id is None:
            return False
        if any(state is not TalkState.ANALYSED for state in self.unread.values()):
            return False
        async for place, talk in _numbered(self.matching(_by_variable(other.attempt_id))):
            if talk.conversation_id == other.conversation_id:
                return True
            if place == LOOKUP_DETAILS_MAX:
                return False
        return False


async def _numbered(listed: AsyncIterator[Talk]) -> AsyncIterator[tuple[int, Talk]]:
    place = 0
    async for talk in listed:
        yield place, talk
        place += 1
