"""The adapter against a server of the test's choice."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest

from voiceslot_tui.core.calls import AttemptId, CallId, Instant
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.ports import STILL_WANTED, Clock
from voiceslot_tui.providers import reading
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.http import Http
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.settings import WorldSettings

AGENT = "agent_sim_reminders"
TWILIO_NUMBER = "phnum_sim_twilio"
NOTHING_TAKES_TIME = {"ring_s": 0.0, "no_answer_ring_s": 0.0, "talk_s": 0.0, "analysis_s": 0.0}


def an_order(
    attempt_id: str = "attempt-1",
    *,
    number: str = TWILIO_NUMBER,
    to_number: str = "+12025550123",
    client_data: bytes | None = None,
) -> StartOrder:
    """Make an order to dial a fictitious person."""
    return StartOrder(AttemptId(attempt_id), CallId(1), to_number, AGENT, number, client_data)


class SetClock:
    """The machine's clock, set to another time where the test says so."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        return Instant(round((time.time() + self.ahead_s) * 1000))

    def steady_s(self) -> float:
        """Give seconds that never jump."""
        return time.monotonic()


@contextmanager
def wanted(still: Callable[[], bool]) -> Iterator[None]:
    """Say whether what is sent from here, or by a task that begins here, is still wanted."""
    before = STILL_WANTED.set(still)
    try:
        yield
    finally:
        STILL_WANTED.reset(before)


@asynccontextmanager
async def an_adapter(
    base_url: str,
    *,
    start_timeout_s: float = 5.0,
    transport: httpx.AsyncBaseTransport | None = None,
    start_call_url: str = "",
    active_calls_url: str = "",
    api_key: str = "simulator-key",
    clock: Clock | None = None,
) -> AsyncIterator[ElevenLabs]:
    """Make the adapter and close its client afterwards."""
    urls = [url for url in (base_url, start_call_url, active_calls_url) if url]
    http = Http(base_urls=urls, transport=transport)
    try:
        yield ElevenLabs(
            http,
            api_key=lambda: api_key,
            base_url=base_url,
            clock=clock or SetClock(),
            start_timeout_s=start_timeout_s,
            ring_timeout_s=45,
            start_call_url=start_call_url,
            active_calls_url=active_calls_url,
        )
    finally:
        await http.aclose()


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try failed reads again at once: nothing here depends on how long is waited."""
    monkeypatch.setattr(reading, "READ_WAIT_FIRST_S", 0.01)


@pytest.fixture
async def simulator() -> AsyncIterator[SimulatorServer]:
    """Serve a world with plenty of slots, whose calls take no time unless a test says so."""
    server = SimulatorServer(WorldSettings(limit=1000, answered_weight=1.0, **NOTHING_TAKES_TIME))
    async with server.running():
        yield server


@pytest.fixture
async def platform(simulator: SimulatorServer) -> AsyncIterator[ElevenLabs]:
    """Give the adapter in front of the simulator."""
    async with an_adapter(simulator.address) as adapter:
        yield adapter
