"""ElevenLabs behind the Workspace port: batches with all their recipients, and summaries.

A change of a batch is one POST whose answer becomes a value: a retry dials people, so that what may
have been done is never asked for again by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import httpx

from voiceslot_tui.core.batches import Batch
from voiceslot_tui.core.calls import ConversationId, Instant
from voiceslot_tui.core.limits import (
    BATCH_CHANGE_TIMEOUT_S,
    BATCH_SLICE,
    START_ANSWER_BYTES_MAX,
)
from voiceslot_tui.core.talks import Talk, TalkSummary
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange, BatchWhole
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.convai import Convai
from voiceslot_tui.providers.http import Http, NoAnswer, NotSent, raw_headers
from voiceslot_tui.providers.reading import NotThere, Reader, deadline
from voiceslot_tui.turns import let_others_run
from voiceslot_tui.wire.elevenlabs_batches import BatchReading, read_batch_rows
from voiceslot_tui.wire.elevenlabs_calls import read_talk
from voiceslot_tui.wire.elevenlabs_starts import REFUSED_STATUSES, read_complaint
from voiceslot_tui.wire.elevenlabs_summaries import read_summary

_BATCHES: Final = "batch-calling"
_CONVERSATIONS: Final = "conversations"


class ElevenLabsWorkspace:
    """The workspace. Raises ReadFailed or ReadDenied from reads, nothing from a change."""

    def __init__(
        self,
        http: Http,
        *,
        api_key: Callable[[], str],
        base_url: str,
        clock: Clock,
        active_calls_url: str = "",
    ) -> None:
        """Prepare the adapter; `active_calls_url` replaces the address of the list of batches."""
        credentials = {"xi-api-key": api_key()}
        self._http = http
        self._api = Convai(Reader(http, credentials, clock), base_url)
        self._batches_url = httpx.URL(active_calls_url or self._api.at(f"{_BATCHES}/workspace"))
        self._headers = raw_headers(self._api.root, credentials)

    def now(self) -> Instant:
        """Give the platform's time, as its last answer dated itself."""
        return Instant(int(self._api.server_now_s() * 1000))

    def told_now(self) -> Instant | None:
        """Give the platform's time without our own clock's; None before its first answer."""
        told_s = self._api.told_now_s()
        return None if told_s is None else Instant(int(told_s * 1000))

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        """Read one conversation; None where the platform does not know it."""
        async with deadline("a conversation"):
            body = await self._part(conversation_id)
        return None if body is None else read_talk(body)

    async def summary(self, conversation_id: ConversationId) -> TalkSummary | None:
        """Read a conversation's summary; None where the platform does not know it.

        A platform without that road has the summary in the conversation itself.
        """
        async with deadline("the summary of a conversation"):
            body = await self._part(conversation_id, "/summary")
            body = body or await self._part(conversation_id)
        return None if body is None else read_summary(body)

    async def batch_rows(self) -> tuple[Batch, ...]:
        """Read all batch calls of the workspace with their names and agents.

        Pages shift while they are read, so that a batch may come twice: it counts once.
        """
        query = () if "limit" in self._batches_url.params else (("limit", "100"),)
        found: dict[str, Batch] = {}
        async with deadline("the batches"):
            rows = self._api.each(self._batches_url, query, read_batch_rows, "last_doc")
            async for row in rows:
                found[row.count.batch_id] = row
        return tuple(found.values())

    async def batch(self, batch_id: str) -> BatchWhole:
        """Read one batch with all its recipients, letting others run in between."""
        async with deadline("a batch"):
            reading = BatchReading(await self._api.get(self._api.one(_BATCHES, batch_id)))
        while not reading.whole:
            await let_others_run()
            reading.read_some(BATCH_SLICE)
        return reading.detail()

    async def change_batch(self, batch_id: str, change: BatchChange) -> BatchAnswer:
        """Cancel a batch, or dial its failed recipients again. Never repeats the request."""
        try:
            answer = await self._http.send(
                "POST",
                self._api.one(_BATCHES, batch_id, f"/{change}"),
                self._headers,
                timeout_s=BATCH_CHANGE_TIMEOUT_S,
                bytes_max=START_ANSWER_BYTES_MAX,
            )
        except (NotThere, NotSent):
            return BatchAnswer.REFUSED
        except NoAnswer:
            return BatchAnswer.UNCLEAR
        return _verdict(answer.status, answer.body)

    async def _part(self, conversation_id: ConversationId, part: str = "") -> bytes | None:
        try:
            return await self._api.get(self._api.one(_CONVERSATIONS, conversation_id, part))
        except NotThere:
            return None


def _verdict(status: int, body: bytes) -> BatchAnswer:
    """Judge as a start is judged: only a refusal with ElevenLabs' own words proves one."""
    if 200 <= status < 300:
        return BatchAnswer.DONE
    certain = status in REFUSED_STATUSES and read_complaint(body) is not None
    return BatchAnswer.REFUSED if certain else BatchAnswer.UNCLEAR
