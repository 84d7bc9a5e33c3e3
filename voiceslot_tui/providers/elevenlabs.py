"""ElevenLabs behind the VoicePlatform port: start calls, read conversations, batches, agents.

A start is one POST whose answer becomes a value, whatever happens; reads raise ReadFailed or
ReadDenied and are tried again by `reading`. What a start's answer proves stands in
`wire.elevenlabs_starts`, what a broken connection proves in `http`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final, TypeVar

import httpx

from voiceslot_tui.core.calls import ConversationId, Instant
from voiceslot_tui.core.facts import NotTaken, Refusal, StartAnswer, Unanswered
from voiceslot_tui.core.limits import (
    START_ANSWER_BYTES_MAX,
)
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.talks import (
    AgentSummary,
    BatchCalls,
    BatchCount,
    PhoneNumberSummary,
    Search,
    Talk,
)
from voiceslot_tui.core.text import clean
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.convai import Convai
from voiceslot_tui.providers.http import Http, NoAnswer, NotSent, raw_headers
from voiceslot_tui.providers.lookup import Query, search
from voiceslot_tui.providers.reading import NotThere, Reader, deadline
from voiceslot_tui.providers.roads import Roads
from voiceslot_tui.turns import let_others_run
from voiceslot_tui.wire.elevenlabs_batches import read_batch_calls, read_batches
from voiceslot_tui.wire.elevenlabs_calls import (
    ENDED_STATUSES,
    LIVE_STATES,
    read_agents,
    read_live_count,
    read_phone_numbers,
    read_talk,
    read_talks,
)
from voiceslot_tui.wire.elevenlabs_starts import read_start, start_body

_PAGE_SIZE: Final = ("page_size", "100")
"""The largest page that conversations, agents and phone numbers allow."""

_LIVE_ONLY: Final = tuple(("exclude_statuses", status) for status in ENDED_STATUSES)

_T = TypeVar("_T")


class ElevenLabs:
    """The platform. Raises from no start; raises ReadFailed or ReadDenied from every read."""

    def __init__(
        self,
        http: Http,
        *,
        api_key: Callable[[], str],
        base_url: str,
        clock: Clock,
        start_timeout_s: float,
        ring_timeout_s: int,
        start_call_url: str = "",
        active_calls_url: str = "",
    ) -> None:
        """Prepare the adapter.

        `start_call_url` replaces the address of starts through Twilio numbers only,
        `active_calls_url` that of the list of batches only; empty keeps the platform's own.
        """
        self._http = http
        credentials = {"xi-api-key": api_key()}
        self._api = Convai(Reader(http, credentials, clock), base_url)
        self._batches_url = httpx.URL(active_calls_url or self._api.at("batch-calling/workspace"))
        self._start_timeout_s = start_timeout_s
        self._ring_timeout_s = ring_timeout_s
        self._roads = Roads(self._api.root, start_call_url, self.phone_numbers)
        posting = {**credentials, "Content-Type": "application/json"}
        self._start_headers = {url: raw_headers(url, posting) for url in self._roads.urls}

    async def prepare(self, order: StartOrder) -> None:
        """Learn by which road a number dials, where that is not known yet. Raises nothing."""
        if self._roads.known(order.agent_phone_number_id) is None:
            await self._roads.learn(order.agent_phone_number_id)

    async def start_call(self, order: StartOrder) -> StartAnswer:
        """Dial once. Never raises for what the platform or the network does; never repeats."""
        url = self._roads.known(order.agent_phone_number_id)
        if url is None:
            url = await self._roads.learn(order.agent_phone_number_id)
        try:
            body = start_body(order, self._ring_timeout_s)
        except ValueError as problem:
            return NotTaken(order.attempt_id, Refusal.CALL_DENIED, clean(str(problem)))
        try:
            answer = await self._http.send(
                "POST",
                url,
                self._start_headers[url],
                body,
                timeout_s=self._start_timeout_s,
                bytes_max=START_ANSWER_BYTES_MAX,
            )
        except NotSent as problem:
            return NotTaken(order.attempt_id, Refusal.NOT_SENT, str(problem))
        except NoAnswer as problem:
            return Unanswered(order.attempt_id, str(problem))
        retry_after = answer.headers.get("retry-after")
        return read_start(order.attempt_id, answer.status, answer.body, retry_after)

    async def live_talks(self, longest_s: float) -> tuple[Talk, ...]:
        """Read the complete list of live conversations that started at most so long ago.

        Pages shift while they are read, so that a conversation may come twice: it counts once.
        """
        since = max(0, int(self._api.server_now_s() - longest_s))
        query = (*_LIVE_ONLY, ("call_start_after_unix", str(since)), _PAGE_SIZE)
        found: dict[ConversationId, Talk] = {}
        async with deadline("the live conversations"):
            async for talk in self._api.each(self._api.at("conversations"), query, read_talks):
                if talk.state in LIVE_STATES:
                    found[talk.conversation_id] = talk
        return tuple(found.values())

    async def live_count(self) -> int:
        """Read how many conversations are live in the workspace."""
        async with deadline("the number of live conversations"):
            return read_live_count(await self._api.get(self._api.at("analytics/live-count")))

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        """Read one conversation; None where the platform does not know it."""
        async with deadline("a conversation"):
            return await self._detail(conversation_id)

    async def search(self, order: StartOrder, since: Instant) -> Search:
        """Look for the conversation that carries an attempt's id. Raises only ReadDenied."""
        return await search(order, since, self._matching, self.talk)

    async def batches(self) -> tuple[BatchCount, ...]:
        """Read all batch calls of the workspace."""
        query: Query = () if "limit" in self._batches_url.params else (("limit", "100"),)
        found: dict[str, BatchCount] = {}
        async with deadline("the batches"):
            async for batch in self._api.each(self._batches_url, query, read_batches, "last_doc"):
                found[batch.batch_id] = batch
        return tuple(found.values())

    async def batch_calls(self, batch_id: str) -> BatchCalls:
        """Read which calls of a batch hold a slot."""
        async with deadline("a batch"):
            body = await self._api.get(self._api.one("batch-calling", batch_id))
        await let_others_run()
        return read_batch_calls(body)

    async def agents(self) -> tuple[AgentSummary, ...]:
        """Read the workspace's agents."""
        async with deadline("the agents"):
            listed = self._api.each(self._api.at("agents"), (_PAGE_SIZE,), read_agents)
            found = [agent async for agent in listed]
        return tuple({agent.agent_id: agent for agent in found}.values())

    async def phone_numbers(self) -> tuple[PhoneNumberSummary, ...]:
        """Read the workspace's phone numbers, and learn by which road each of them dials."""
        async with deadline("the phone numbers"):
            found = await self._phone_numbers()
        self._roads.learned(found)
        return tuple({number.phone_number_id: number for number in found}.values())

    async def _phone_numbers(self) -> list[PhoneNumberSummary]:
        """Read version 2 of the list, or version 1 where the platform has no other."""
        try:
            paged = self._api.each(
                self._api.at("v2/phone-numbers"), (_PAGE_SIZE,), read_phone_numbers
            )
            return [number async for number in paged]
        except NotThere:
            bare = self._api.each(self._api.at("phone-numbers"), (), read_phone_numbers)
            return [number async for number in bare]

    def _matching(self, query: Query) -> AsyncIterator[Talk]:
        return self._api.each(self._api.at("conversations"), (*query, _PAGE_SIZE), read_talks)

    async def _detail(self, conversation_id: ConversationId) -> Talk | None:
        try:
            return read_talk(await self._api.get(self._api.one("conversations", conversation_id)))
        except NotThere:
            return None
