"""A whole campaign in virtual time: the real engine, the real adapters, a simulated world.

Only what touches the machine is replaced: the clock, the threads of the database, the network. One
seed decides everything that chance decides, so that a run that went wrong goes wrong again. The
judge is the world's own truth.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.simulation.database import Connection, connections_in_the_loop
from tests.simulation.network import Network
from voiceslot_tui import bootstrap
from voiceslot_tui.bootstrap import Parts
from voiceslot_tui.core.calls import AttemptId, Instant
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.listener.access import access_for
from voiceslot_tui.listener.bodies import BodyReader
from voiceslot_tui.listener.routes import Routes
from voiceslot_tui.providers.http import Http
from voiceslot_tui.settings import load
from voiceslot_tui.simulator.control import truth_body
from voiceslot_tui.simulator.faults import read_rule
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.world import World
from voiceslot_tui.store.sqlite import SqliteStore, open_store

BEGAN_S: Final = 1_790_000_000.0
"""The moment at which every town begins, as unix seconds."""
AGENT: Final = "agent_sim_reminders"
PHONE_NUMBER_ID: Final = "phnum_sim_twilio"
_ADDRESS: Final = "http://127.0.0.1:9"
_API_KEY: Final = "an-api-key-that-is-not-real"
_WEBHOOK_SECRET: Final = "simulator-webhook-secret"
_COMMIT_S: Final = (0.0002, 0.002)
ENVIRONMENT: Final[Mapping[str, str]] = {
    "ELEVENLABS_API_KEY": "simulator-key",
    "ELEVENLABS_BASE_URL": _ADDRESS,
    "TWILIO_BASE_URL": _ADDRESS,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "simulator-token",
    "WEBHOOK_SECRET": _WEBHOOK_SECRET,
    "VOICESLOT_API_KEY": _API_KEY,
    "CALLS_PER_SECOND": "0",
}


class VirtualClock:
    """The machine's clocks on virtual time; the wall clock may be set, the steady one never."""

    def __init__(self) -> None:
        self.set_by_s = 0.0

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        return Instant(round((BEGAN_S + self.set_by_s + self.steady_s()) * 1000))

    def steady_s(self) -> float:
        """Give the virtual seconds."""
        return asyncio.get_running_loop().time()


class SeededIds:
    """Names and chance from a seed; a name is never given twice in one town."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._given = 0

    def attempt_id(self) -> AttemptId:
        """Give a new attempt id."""
        self._given += 1
        return AttemptId(f"att_{self._given:08d}")

    def jitter(self) -> float:
        """Give a number from 0 (included) to 1 (excluded)."""
        return self._chance.random()


@dataclass
class Life:
    """One life of an engine, from its start to its stop or its death."""

    parts: Parts
    store: SqliteStore
    connections: list[Connection]
    task: asyncio.Task[None] | None = None


@dataclass
class Town:
    """A world, a network, a data folder, and most of the time an engine. Made by `town`."""

    folder: Path
    world: World
    network: Network
    clock: VirtualClock
    ids: SeededIds
    environment: dict[str, str]
    lives: asyncio.TaskGroup
    chance: Random
    life: Life | None = None
    starts: int = field(default=0)

    @property
    def engine(self) -> Engine:
        """Give the engine that lives."""
        assert self.life is not None, "no engine lives"
        return self.life.parts.engine

    async def start(self, **settings: object) -> None:
        """Start an engine on the town's data folder; return when it is ready."""
        assert self.life is None, "an engine lives already"
        self.environment |= {name: str(value) for name, value in settings.items()}
        ready: asyncio.Future[Life] = asyncio.get_running_loop().create_future()
        task = self.lives.create_task(self._live(ready))
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        self.life = ready.result()
        self.life.task = task
        self.starts += 1

    async def stop(self) -> None:
        """Stop the engine in order, as SIGTERM does."""
        life, self.life = self.life, None
        assert life is not None
        assert life.task is not None
        life.parts.engine.stop_requested.set()
        await asyncio.wait({life.task})

    async def kill(self) -> None:
        """Kill the engine: nothing more is written, sent or told, wherever it was."""
        life, self.life = self.life, None
        assert life is not None
        assert life.task is not None
        self.network.listening = None
        for connection in life.connections:
            connection.sever()
        # The system gives up the lock of a process that is gone.
        os.close(life.store._database._lock)
        life.task.cancel()
        await asyncio.wait({life.task})

    async def _live(self, ready: asyncio.Future[Life]) -> None:
        settings = load(self.environment)
        opened: list[Connection] = []
        with connections_in_the_loop(lambda: self.chance.uniform(*_COMMIT_S), opened):
            store = await open_store(self.folder / "voiceslot.db", self.clock.now())
        http = Http(base_urls=bootstrap._hosts(settings), transport=self.network.transport())
        async with asyncio.TaskGroup() as dials:
            parts = bootstrap.assemble(
                settings,
                store=store,
                platform=bootstrap._platform(settings, http),
                carrier=bootstrap._carrier(settings, http),
                clock=self.clock,
                ids=self.ids,
                dials=dials,
            )
            await bootstrap.recover(parts, store)
            bodies = BodyReader(5.0)
            self.network.listening = Routes(
                parts.engine, access_for(settings), settings.webhook_secrets, bodies, self.clock
            )
            async with asyncio.TaskGroup() as workers:
                tasks = [workers.create_task(service.run()) for service in parts.services]
                ready.set_result(Life(parts, store, opened))
                await parts.engine.stop_requested.wait()
                await bootstrap._wind_down(parts)
                for task in tasks:
                    task.cancel()
        self.network.listening = None
        await http.aclose()
        await store.close()

    # What people do.

    async def enqueue(self, number: str, priority: int = 0, key: str = "") -> str:
        """Ask for a call over HTTP; give its id. Raises where it is not accepted."""
        payload = {"agentId": AGENT, "agentPhoneNumberId": PHONE_NUMBER_ID, "toNumber": number}
        body = json.dumps({"payload": payload, "priority": priority}).encode()
        headers = {"Authorization": f"Bearer {_API_KEY}"}
        if key:
            headers["Idempotency-Key"] = key
        answer = await self.network.post("/enqueue-call", body, headers)
        assert answer is not None, "no engine listens"
        assert answer.status == 202, answer.body
        return str(json.loads(_bytes(answer.body))["id"])

    async def enqueue_people(self, count: int) -> None:
        """Queue so many invented people, each with a number of their own."""
        for index in range(count):
            await self.enqueue(person(index))

    def faults(self, *rules: Mapping[str, object]) -> None:
        """Let the platform misbehave by these rules, instead of the earlier ones."""
        self.world.faults.clear()
        for rule in rules:
            self.world.faults.add(read_rule(rule))

    # What is seen.

    def truth(self) -> dict[str, Any]:
        """Read what really happened."""
        self.world.advance(self.now_s())
        return truth_body(self.world)

    def now_s(self) -> float:
        """Give the world's time in unix seconds."""
        return BEGAN_S + self.clock.steady_s()

    async def snapshot(self) -> Snapshot:
        """Read what the engine shows."""
        return await self.engine.snapshot()

    async def states(self) -> dict[str, int]:
        """Count the engine's calls by state."""
        return {str(state): count for state, count in (await self.snapshot()).calls.items()}

    async def until(
        self,
        what: str,
        check: Callable[[Snapshot], bool],
        within_s: float = 600.0,
        every_s: float = 0.25,
    ) -> Snapshot:
        """Let virtual time pass until the snapshot satisfies a check; give the snapshot."""
        deadline_s = self.clock.steady_s() + within_s
        while True:
            seen = await self.snapshot()
            if check(seen):
                return seen
            assert self.clock.steady_s() < deadline_s, f"not in {within_s:g} s: {what}: {seen}"
            await asyncio.sleep(every_s)


@asynccontextmanager
async def town(
    folder: Path,
    *,
    seed: int = 1,
    settings: Mapping[str, object] | None = None,
    **world: object,
) -> AsyncIterator[Town]:
    """Make a town in virtual time; at the end of the block its engine is killed if it lives."""
    # The carrier's library is loaded by a thread otherwise, and threads know no virtual time.
    import_module("voiceslot_tui.providers.twilio_sdk")
    folder.mkdir(parents=True, exist_ok=True)
    clock = VirtualClock()
    given = {"webhook_url": "http://engine/", "webhook_secret": _WEBHOOK_SECRET, **world}
    made_world = World(WorldSettings(seed=seed).changed(given), BEGAN_S + clock.steady_s())
    environment = {**ENVIRONMENT, **{name: str(value) for name, value in (settings or {}).items()}}
    async with asyncio.TaskGroup() as tasks:
        network = Network(
            made_world, lambda: BEGAN_S + clock.steady_s(), Random(f"network {seed}"), tasks
        )
        made = Town(
            folder,
            made_world,
            network,
            clock,
            SeededIds(Random(f"ids {seed}")),
            environment,
            tasks,
            Random(f"commits {seed}"),
        )
        try:
            yield made
        finally:
            network.disconnect()
            if made.life is not None:
                await made.kill()


def person(index: int) -> str:
    """Give one of the invented people: numbers reserved for fiction."""
    return f"+1{201 + index // 100}55501{index % 100:02d}"


def _bytes(body: object) -> bytes:
    assert isinstance(body, bytes)
    return body
