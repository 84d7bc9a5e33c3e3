"""The search for the conversation of an attempt whose start was never answered.

A conversation is ours only if its own detail says so: a server that does not know a filter gives
everything, and must not make us take a stranger's call for ours. Two independent filters are used,
so that one which finds nothing because it is not honoured is not the last word: the user id that
went along with the start, then the attempt's variable. Found costs two requests, absent
two. Neither is narrowed by time: a clock of ours that is ahead of the platform's would hide a call
that rings, and it would be said to be nowhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from voiceslot_tui.core.calls import ConversationId, Instant
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.limits import LOOKUP_DETAILS_MAX
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.talks import Search, Talk
from voiceslot_tui.providers.reading import NotUnderstood, deadline
from voiceslot_tui.wire.elevenlabs_calls import ATTEMPT_VARIABLE
from voiceslot_tui.wire.elevenlabs_starts import user_id_sent

Query = tuple[tuple[str, str], ...]
"""Parameters of the conversation list."""


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
    looking = _Looking(order, detail)
    started = ("call_start_after_unix", str(since // 1000))
    variable = f"{ATTEMPT_VARIABLE}:eq:{order.attempt_id}"
    queries: list[Query] = [(("dynamic_variable_params", variable),)]
    user_id = user_id_sent(order)
    if user_id:
        # A name of the producer's own may stand on many conversations, ours on one.
        place = 0 if user_id == order.attempt_id else 1
        queries.insert(place, (("user_id", user_id),))
    complete = False
    try:
        async with deadline("the conversation of an attempt"):
            for query in queries:
                complete |= await looking.through(matching(query))
                if looking.found is not None:
                    return Search(looking.found, complete=True)
            if not complete:
                complete = await looking.through(matching((started,)))
    except ReadDenied:
        raise
    except ReadFailed:
        return Search(looking.found, complete=False)
    return Search(looking.found, complete)


@dataclass(slots=True)
class _Looking:
    """What one search has looked at so far."""

    order: StartOrder
    detail: Callable[[ConversationId], Awaitable[Talk | None]]
    found: Talk | None = None
    opened: set[ConversationId] = field(default_factory=set)

    async def through(self, listed: AsyncIterator[Talk]) -> bool:
        """Open what a filter listed; tell whether that was everything, or the call was found."""
        try:
            async for place, talk in _numbered(listed):
                if place == LOOKUP_DETAILS_MAX:
                    return False
                if talk.conversation_id in self.opened:
                    continue
                self.opened.add(talk.conversation_id)
                if await self._is_ours(talk):
                    return True
        except NotUnderstood:
            return False
        return True

    async def _is_ours(self, talk: Talk) -> bool:
        known = await self.detail(talk.conversation_id)
        if known is None:
            raise ReadFailed("a listed conversation cannot be read yet")
        if known.attempt_id != self.order.attempt_id:
            return False
        self.found = known
        return True


async def _numbered(listed: AsyncIterator[Talk]) -> AsyncIterator[tuple[int, Talk]]:
    place = 0
    async for talk in listed:
        yield place, talk
        place += 1
