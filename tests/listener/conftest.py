"""A listener on loopback in front of a small engine that remembers what it was told."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from voiceslot_tui.core.calls import CallId, CallState, ConversationId, Instant
from voiceslot_tui.core.errors import IdempotencyConflict, VoiceslotError
from voiceslot_tui.core.facts import Fact
from voiceslot_tui.core.follow_up_facts import MessageNews
from voiceslot_tui.core.follow_up_pages import FollowUpCounts, Suppressed
from voiceslot_tui.core.follow_ups import MessageSid
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.core.request_times import RequestTimes
from voiceslot_tui.core.setting_rows import Secret
from voiceslot_tui.core.snapshot import EngineState, Slots, Snapshot
from voiceslot_tui.listener.server import ListenerServer
from voiceslot_tui.ports import Added
from voiceslot_tui.settings import Settings

NOW_S = 1_790_000_000
API_KEY = "not-a-real-key-0123456789"
SECRET = "not-a-real-webhook-secret"
BEARER = {"Authorization": f"Bearer {API_KEY}"}
CALL = {
    "payload": {
        "agentId": "agent_1",
        "agentPhoneNumberId": "phnum_1",
        "toNumber": "+12025550123",
    }
}


class FakeClock:
    """A clock that goes when a test says so."""

    def __init__(self) -> None:
        self.seconds = float(NOW_S)

    def now(self) -> Instant:
        return Instant(round(self.seconds * 1000))

    def steady_s(self) -> float:
        return self.seconds


class FakeFollowUps:
    """The door of the follow-ups: remembers what it was told, by whom."""

    def __init__(self) -> None:
        self.news: list[MessageNews] = []
        self.hints: list[MessageSid] = []
        self.wrote: list[tuple[str, bool, Instant]] = []
        self.told_by: set[str] = set()
        self.fails: VoiceslotError | None = None
        self.counted = FollowUpCounts({}, {}, {}, {}, {})
        self.readings = 0

    async def tell(self, news: MessageNews, *, by: str) -> bool:
        if self.fails is not None:
            raise self.fails
        self.told_by.add(by)
        self.news.append(news)
        return True

    def hint(self, message_sid: MessageSid) -> None:
        self.hints.append(message_sid)

    async def person_wrote(self, wrote: PersonWrote, *, by: str) -> Suppressed | None:
        if self.fails is not None:
            raise self.fails
        self.told_by.add(by)
        self.wrote.append((wrote.number, wrote.wants_out, wrote.at))
        return Suppressed(wrote.number, 1, 1) if wrote.wants_out else None

    async def counts(self) -> FollowUpCounts:
        if self.fails is not None:
            raise self.fails
        self.readings += 1
        return self.counted


class FakeEngine:
    """The front door without a house behind it."""

    def __init__(self) -> None:
        self.calls: list[NewCall] = []
        self.facts: list[Fact] = []
        self.hints: list[ConversationId] = []
        self.seen: list[bool] = []
        self.keys: dict[str, tuple[bytes, Added]] = {}
        self.fails: VoiceslotError | None = None
        self.follow_ups: FakeFollowUps | None = FakeFollowUps()
        self.shown = Snapshot(
            at=Instant(NOW_S * 1000),
            seq=1,
            event_seq=0,
            engine=EngineState.RUNNING,
            version="0.1.0",
            pid=1,
            started_at=Instant(0),
            demo=False,
            slots=Slots(limit=5, effective=5, dialing=1, live=1, foreign=1, free=2),
            calls={CallState.QUEUED: 3},
        )

    def stop(self) -> None:
        self.shown = replace(self.shown, engine=EngineState.STOPPING)

    async def enqueue(
        self, calls: list[NewCall], *, by: str, key: IdempotencyKey | None = None
    ) -> Added:
        if self.fails is not None:
            raise self.fails
        if key is not None and key.key in self.keys:
            digest, added = self.keys[key.key]
            if digest != key.digest:
                raise IdempotencyConflict("another body")
            return added
        self.calls += calls
        added = Added((CallId(len(self.calls)),), len(self.calls))
        if key is not None:
            self.keys[key.key] = (key.digest, added)
        return added

    async def tell(self, fact: Fact, *, by: str) -> bool:
        if self.fails is not None:
            raise self.fails
        self.facts.append(fact)
        return True

    def hint(self, conversation_id: ConversationId) -> None:
        self.hints.append(conversation_id)

    def webhook_seen(self, accepted: bool) -> None:
        self.seen.append(accepted)

    async def snapshot(self) -> Snapshot:
        return self.shown


class Rig:
    """A running listener with its engine, clock and a client."""

    def __init__(
        self,
        server: ListenerServer,
        engine: FakeEngine,
        clock: FakeClock,
        client: aiohttp.ClientSession,
    ) -> None:
        self.server = server
        self.engine = engine
        self.clock = clock
        self.client = client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Send a request; give the status and the JSON (or else the text) that came back."""
        async with self.client.request(method, self.url + path, **more) as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.text())

    async def webhook(
        self, body: object, *, header: str | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a webhook; `header` is its signature header, if it has one."""
        sent = {"Content-Type": "application/json", **headers}
        if header is not None:
            sent["ElevenLabs-Signature"] = header
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.ask("POST", "/webhook/elevenlabs", data=data, headers=sent)


MakeRig = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def make_rig() -> AsyncIterator[MakeRig]:
    async with AsyncExitStack() as stack:

        async def make(
            *,
            api_key: str = "",
            secret: str = "",
            twilio_token: str = "",
            idle_timeout_s: float = 5.0,
            body_timeout_s: float = 5.0,
            port: int = 0,
            requests: RequestTimes | None = None,
            **settings: Any,
        ) -> Rig:
            engine, clock = FakeEngine(), FakeClock()
            server = ListenerServer(
                engine,
                Settings(
                    port=port,
                    voiceslot_api_key=Secret(api_key),
                    webhook_secret=Secret(secret),
                    twilio_auth_token=Secret(twilio_token),
                    **settings,
                ),
                clock=clock,
                requests=requests,
                idle_timeout_s=idle_timeout_s,
                body_timeout_s=body_timeout_s,
            )
            await server.start()
            stack.push_async_callback(server.stop)
            client = await stack.enter_async_context(
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
            )
            return Rig(server, engine, clock, client)

        yield make


@pytest.fixture
async def rig(make_rig: MakeRig) -> Rig:
    """Give a listener without key and secret, as one just started on a laptop."""
    return await make_rig()


def signed(body: object, *, secret: str = SECRET, at_s: int = NOW_S) -> str:
    """Give the signature header of a body as ElevenLabs makes it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    digest = hmac.new(secret.encode(), f"{at_s}.".encode() + raw, "sha256").hexdigest()
    return f"t={at_s},v0={digest}"


def transcription(conversation_id: str = "conv_1", **data: Any) -> dict[str, Any]:
    """Give the body that tells of an analysed conversation."""
    return {
        "type": "post_call_transcription",
        "event_timestamp": NOW_S,
        "data": {
            "conversation_id": conversation_id,
            "status": "done",
            "transcript": [{"role": "user", "message": "hola"}],
            "metadata": {"call_duration_secs": 12, "phone_call": {"call_result": "answered"}},
            **data,
        },
    }
