"""The simulator on a real socket, in a thread of its own, and the vendors' clients on it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from elevenlabs import ElevenLabs
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.settings import WorldSettings

START_WITHIN_S = 20.0
SETTINGS = WorldSettings(
    ring_s=0.0,
    talk_s=0.0,
    analysis_s=0.0,
    answered_weight=1.0,
    voicemail_weight=0.0,
    no_answer_weight=0.0,
    busy_weight=0.0,
    failed_weight=0.0,
    batch_dispatch_s=0.0,
    message_queue_s=0.0,
    message_delivery_s=0.0,
    message_read_s=0.0,
    message_read_share=1.0,
    messages_per_second=0.0,
)


class ServerThread:
    """A simulator that runs beside the test, because both official clients block."""

    def __init__(self) -> None:
        self.address = ""
        self._is_ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self) -> ServerThread:
        self._thread.start()
        assert self._is_ready.wait(START_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_WITHIN_S)
        assert not self._thread.is_alive()

    async def _main(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        server = SimulatorServer(SETTINGS)
        async with server.running():
            self.address = server.address
            self._is_ready.set()
            await self._stop.wait()


class LoopbackHttpClient(TwilioHttpClient):
    """Twilio's own client, sent to another scheme and host, path and query kept."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._target = urlsplit(address)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        asked = urlsplit(url)
        target = (self._target.scheme, self._target.netloc, asked.path, asked.query, "")
        return super().request(method, urlunsplit(target), *args, **kwargs)


@pytest.fixture
def simulator() -> Iterator[ServerThread]:
    with ServerThread() as thread:
        yield thread


@pytest.fixture
def elevenlabs(simulator: ServerThread) -> Iterator[ElevenLabs]:
    with httpx.Client(timeout=10) as client:
        yield ElevenLabs(base_url=simulator.address, api_key=SETTINGS.api_key, httpx_client=client)


@pytest.fixture
def judge(simulator: ServerThread) -> Iterator[httpx.Client]:
    """Speak to the endpoints under /_simulator/."""
    with httpx.Client(base_url=f"{simulator.address}/_simulator", timeout=10) as client:
        yield client


@pytest.fixture
def twilio(simulator: ServerThread) -> Iterator[Client]:
    http_client = LoopbackHttpClient(simulator.address)
    yield Client(SETTINGS.account_sid, SETTINGS.account_token, http_client=http_client)
    if http_client.session is not None:
        http_client.session.close()
