"""The batch monitor before the simulated world: its verdict is held against the world's truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest

from tests.engine.fake_workspace import FakeFollowUps
from tests.engine.fakes import FakeClock
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.slots import Ceiling
from voiceslot_tui.engine.batch_monitor import BatchMonitor
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.service import PartlyFailed
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange
from voiceslot_tui.providers import reading
from voiceslot_tui.providers.elevenlabs_workspace import ElevenLabsWorkspace
from voiceslot_tui.providers.http import Http
from voiceslot_tui.simulator.api import handle
from voiceslot_tui.simulator.batches import Batch, Invited
from voiceslot_tui.simulator.exchange import Request
from voiceslot_tui.simulator.faults import make_rule
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.words import FaultKind, FaultTarget, Transport
from voiceslot_tui.simulator.world import World

BASE = "https://platform.example"
ENDED = {"completed", "voicemail", "failed", "cancelled"}


class Road(httpx.AsyncBaseTransport):
    """The way to a world whose clock is the test's."""

    def __init__(self, world: World, clock: FakeClock) -> None:
        self._world, self._clock = world, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = Request(
            request.method,
            request.url.path,
            request.url.query.decode("ascii"),
            request.headers,
            await request.aread(),
        )
        reply = handle(self._world, self._clock.now() / 1000, asked)
        if reply.transport is not Transport.COMPLETE:
            raise httpx.RemoteProtocolError("the connection was closed", request=request)
        return httpx.Response(reply.status, content=reply.body, request=request)


class Scene:
    """A world with batches, and a monitor that may be killed and started again."""

    def __init__(self, http: Http, world: World, clock: FakeClock, chance: Random) -> None:
        self.world, self.clock, self.chance = world, clock, chance
        self.store = FakeFollowUps()
        self.workspace = ElevenLabsWorkspace(
            http, api_key=lambda: "simulator-key", base_url=BASE, clock=clock
        )
        self.start()

    def start(self) -> None:
        board = Board(Ceiling(1, 1.0), reserve=0, reading_bound_s=75.0, calls_per_second=0.0)
        self.monitor = BatchMonitor(
            workspace=self.workspace,
            store=self.store,  # type: ignore[arg-type]
            board=board,
            clock=self.clock,
            interval_s=15.0,
            wanted=True,
        )

    def submit(self, count: int) -> Batch:
        first = self.chance.randrange(9000)
        return self.world.batches.submit(
            name="Spring",
            agent_id="agent_sim_reminders",
            number=self.world.numbers["phnum_sim_twilio"],
            people=[Invited(f"+1202555{first + n:04d}") for n in range(count)],
            now=self.clock.now() / 1000,
            target=20,
        )

    async def check(self, wait_s: float = 15.0) -> bool:
        """Let time pass and check; tell whether everything could be read."""
        self.clock.wait(wait_s)
        self.world.advance(self.clock.now() / 1000)
        try:
            await self.monitor.step()
        except (PartlyFailed, VoiceslotError):
            return False
        return True

    def judge(self) -> None:
        """Compare what was written down with everybody whose call has ended."""
        ended = {
            f"conversation/{person.conversation_id}"
            for batch in self.world.batches.all.values()
            for person in batch.recipients
            if person.status in ENDED and person.conversation_id is not None
        }
        written = Counter(self.store.keys)
        assert not ended - set(written), "an end was lost"
        assert not [key for key, count in written.items() if count > 1]
        talks = {f"conversation/{call.conversation_id}" for call in self.world.calls}
        assert set(written) <= talks, "an end was made up"


@asynccontextmanager
async def scene(seed: int) -> AsyncIterator[Scene]:
    clock, chance = FakeClock(), Random(seed)
    settings = WorldSettings(seed=seed, limit=200, analysis_s=5.0)
    world = World(settings, clock.now() / 1000)
    http = Http(base_urls=[BASE], transport=Road(world, clock))
    try:
        yield Scene(http, world, clock, chance)
    finally:
        await http.aclose()


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_WAIT_FIRST_S", 0.0)


async def test_every_end_of_a_batch_is_written_down_once() -> None:
    async with scene(1) as made:
        batch = made.submit(120)
        for _ in range(200):
            await made.check()
            if batch.status == "completed":
                break
        assert batch.status == "completed"
        await made.check()
        made.judge()
        assert len(made.store.rows) == 120
        (view,) = made.monitor.table()
        assert (view.done, view.total) == (120, 120)


async def test_a_cancel_and_a_retry_are_followed() -> None:
    async with scene(2) as made:
        batch = made.submit(60)
        for _ in range(200):
            await made.check()
            if batch.status == "completed":
                break
        failed = sum(person.status == "failed" for person in batch.recipients)
        assert failed
        answer = await made.workspace.change_batch(batch.batch_id, BatchChange.RETRY)
        assert answer is BatchAnswer.DONE
        for _ in range(40):
            await made.check()
        made.judge()
        assert len(made.store.rows) == 60 + failed
        stopped = made.submit(500)
        await made.check(20)
        await made.workspace.change_batch(stopped.batch_id, BatchChange.CANCEL)
        for _ in range(40):
            await made.check()
        made.judge()
        called = sum(person.conversation_id is not None for person in stopped.recipients)
        assert len(made.store.rows) == 60 + failed + called
        assert called < 500


@pytest.mark.parametrize("seed", range(10))
async def test_kills_outages_and_bad_answers_lose_nothing(seed: int) -> None:
    async with scene(seed) as made:
        await made.check()
        kinds = (FaultKind.ERROR_500, FaultKind.HTML_200, FaultKind.TRUNCATED_JSON)
        for _ in range(60):
            match made.chance.randrange(6):
                case 0:
                    made.submit(made.chance.randrange(1, 40))
                case 1:
                    made.start()
                case 2:
                    made.clock.wait(made.chance.choice((60.0, 3600.0, 3 * 86_400.0)))
                case 3:
                    kind = made.chance.choice(kinds)
                    rule = make_rule(kind, FaultTarget.READ, requests=made.chance.randrange(1, 9))
                    made.world.faults.add(rule)
                case _:
                    pass
            await made.check()
        made.world.faults.clear()
        made.clock.wait(7200.0)
        assert await made.check()
        made.judge()
        assert made.store.rows
