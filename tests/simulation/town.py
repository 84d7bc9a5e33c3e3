"""A whole campaign in virtual time: the real engine, the real adapters, a simulated world.

Only what touches the machine is replaced: the clock, the threads of the database, the network. One
seed decides everything that chance decides, so that a run that went wrong goes wrong again. The
judge is the world's own truth.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from tests.simulation.database import Connection, Disk, connections_in_the_loop
from tests.simulation.network import TRY, Listening, Network, SimulatedTransport
from tests.simulation.stories import ENGINE_URL
from tests.simulation.virtual_time import LIFE, virtual_loop
from voiceslot_tui import adapters, assembly, bootstrap
from voiceslot_tui.assembly import Parts
from voiceslot_tui.core.calls import AttemptId, Instant
from voiceslot_tui.core.errors import Fenced, VoiceslotError
from voiceslot_tui.core.follow_up_facts import SendAnswer
from voiceslot_tui.core.follow_ups import Channel, TryId
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.follow_up_assembly import Outside
from voiceslot_tui.follow_up_ports import MessageOrder, Messenger
from voiceslot_tui.listener.access import access_for
from voiceslot_tui.listener.bodies import BodyReader
from voiceslot_tui.listener.routes import Routes
from voiceslot_tui.listener.twilio_route import TwilioSigning
from voiceslot_tui.providers.http import Http
from voiceslot_tui.settings import load
from voiceslot_tui.simulator.control import truth_body
from voiceslot_tui.simulator.faults import read_rule
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.world import World
from voiceslot_tui.store.sqlite import SqliteStore, open_store

T = TypeVar("T")

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

    def try_id(self) -> TryId:
        """Give a new id for a try to send a message."""
        self._given += 1
        return TryId(f"try_{self._given:08d}")

    def jitter(self) -> float:
        """Give a number from 0 (included) to 1 (excluded)."""
        return self._chance.random()


@dataclass
class Life:
    """One life of an engine, from its start to its stop or its death."""

    number: int
    parts: Parts
    store: SqliteStore
    connections: list[Connection]
    transport: SimulatedTransport
    listening: Listening
    task: asyncio.Task[None] | None = None
    asked: set[asyncio.Task[Any]] = field(default_factory=set)
    frozen: bool = False
    dead: bool = False


@dataclass
class Town:
    """A world, a network, a data folder, and most of the time an engine. Made by `town`.

    `born` is called with each life before it does anything, `fenced` counts the engines that
    stopped because another had taken over.
    """

    folder: Path
    world: World
    network: Network
    clock: VirtualClock
    ids: SeededIds
    environment: dict[str, str]
    lives: asyncio.TaskGroup
    chance: Random
    disk: Disk = field(default_factory=Disk)
    life: Life | None = None
    unborn: Life | None = None
    zombies: list[Life] = field(default_factory=list)
    starts: int = 0
    fenced: int = 0
    api_key: str = _API_KEY
    doom: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What counts the engine's steps down to its death, by the moment that it counts."""
    born: Callable[[Life], None] = lambda _: None

    @property
    def engine(self) -> Engine:
        """Give the engine that lives."""
        assert self.life is not None, "no engine lives"
        return self.life.parts.engine

    async def start(self, **settings: object) -> bool:
        """Start an engine on the town's data folder; return when it is ready.

        Gives False where it died before that. Raises VoiceslotError where it refuses to start.
        """
        assert self.life is None, "an engine lives already"
        self.environment |= {name: str(value) for name, value in settings.items()}
        ready: asyncio.Future[Life] = asyncio.get_running_loop().create_future()
        self.starts += 1
        context = copy_context()
        context.run(LIFE.set, self.starts)
        task = self.lives.create_task(self._live(ready, self.starts), context=context)
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            return False
        self.life = ready.result()
        return True

    async def stop(self) -> None:
        """Stop the engine in order, as SIGTERM does."""
        life, self.life = self.life, None
        assert life is not None
        assert life.task is not None
        life.parts.engine.stop_requested.set()
        await asyncio.wait({life.task})

    async def kill(self) -> None:
        """Kill the engine: nothing more is written, sent or told, wherever it was."""
        assert self.life is not None
        task = self.life.task
        assert task is not None
        self.die()
        await asyncio.wait({task})

    def die(self) -> None:
        """Let the engine that lives, or is being started, be gone from this moment on."""
        life, self.life, self.unborn = self.life or self.unborn, None, None
        if life is not None:
            self.bury(life)

    def doomed(self, moment: str) -> None:
        """Count one step of the engine where death waits for such a step."""
        count_down = self.doom.get(moment)
        if count_down is not None:
            count_down()

    def bury(self, life: Life) -> None:
        """End a life: whatever of it still runs can write, send and tell nothing."""
        assert life.task is not None
        if self.network.listening is life.listening:
            self.network.listening = None
        self._let_go(life)
        life.transport.sever()
        life.listening.die()
        life.dead = True
        for task in (*life.asked, life.task):
            task.cancel()
        virtual_loop().thaw(life.number)

    def freeze(self) -> None:
        """Suspend the engine that lives, as SIGSTOP does: the world goes on without it."""
        assert self.life is not None
        self.life.frozen = True
        virtual_loop().freeze(self.life.number)

    def thaw(self) -> None:
        """Let a suspended engine go on."""
        if self.life is not None and self.life.frozen:
            self.life.frozen = False
            virtual_loop().thaw(self.life.number)

    def lose_lock(self) -> None:
        """Let the lock of the engine that lives be lost, as on a file system that forgets locks.

        Another engine may then start on the same folder while this one still runs.
        """
        life, self.life = self.life, None
        assert life is not None
        self._unlock(life)
        self.zombies.append(life)
        if self.network.listening is life.listening:
            self.network.listening = None

    @staticmethod
    def _unlock(life: Life) -> None:
        fcntl.flock(life.store._database._lock, fcntl.LOCK_UN)

    @staticmethod
    def _let_go(life: Life) -> None:
        """Give up what the system takes from a process that is gone: its files and its lock."""
        for connection in life.connections:
            connection.sever()
        database = life.store._database
        if not database._closed:
            database._closed = True
            os.close(database._lock)

    async def _live(self, ready: asyncio.Future[Life], number: int) -> None:
        lives: list[Life] = []
        try:
            await self._lives(ready, number, lives)
        except BaseExceptionGroup as group:
            self._gave_up(bootstrap._first(group), ready, lives)
        except VoiceslotError as problem:
            self._gave_up(problem, ready, lives)

    def _gave_up(
        self, problem: BaseException, ready: asyncio.Future[Life], lives: list[Life]
    ) -> None:
        """Take note that an engine ended by itself, as the process would with exit code 1."""
        if not isinstance(problem, VoiceslotError):
            raise problem
        for life in lives:
            self._let_go(life)
            life.listening.die()
            for task in life.asked:
                task.cancel()
            self.zombies = [zombie for zombie in self.zombies if zombie is not life]
            self.unborn = None if self.unborn is life else self.unborn
        if isinstance(problem, Fenced):
            self.fenced += 1
        if not ready.done():
            ready.set_exception(problem)

    async def _lives(self, ready: asyncio.Future[Life], number: int, lives: list[Life]) -> None:
        settings = load(self.environment)
        opened: list[Connection] = []
        took = Random(f"{self.chance.random()} {number}")
        with connections_in_the_loop(lambda: took.uniform(*_COMMIT_S), self.disk, opened):
            store = await open_store(self.folder / "voiceslot.db", self.clock.now())
        transport = self.network.transport()
        http = Http(base_urls=adapters.hosts(settings), transport=transport)
        async with bootstrap.requests_of_a_run() as dials:
            world = assembly.World(
                store=store,
                platform=adapters.platform_of(settings, http, self.clock),
                carrier=adapters.carrier_of(settings, http),
                outside=_marked(adapters.outside_of(settings, http, self.clock)),
                clock=self.clock,
                ids=self.ids,
                dials=dials,
            )
            parts = assembly.assemble(settings, world)
            routes = Routes(
                parts.engine,
                access_for(settings),
                settings.webhook_secrets,
                BodyReader(5.0),
                self.clock,
                TwilioSigning(settings.twilio_tokens, lambda: settings.public_base_url),
                http.times,
            )
            listening = Listening(routes, copy_context())
            life = Life(number, parts, store, opened, transport, listening)
            life.task = asyncio.current_task()
            lives.append(life)
            self.unborn = life
            self.born(life)
            await assembly.recover(parts, store, self.clock.now())
            async with asyncio.TaskGroup() as workers:
                tasks = [workers.create_task(service.run()) for service in parts.services]
                self.network.listening = listening
                self.unborn = None
                ready.set_result(life)
                await parts.engine.stop_requested.wait()
                await bootstrap._wind_down(parts)
                for task in tasks:
                    task.cancel()
        if self.network.listening is listening:
            self.network.listening = None
        await http.aclose()
        await store.close()

    async def ask(self, what: Callable[[Engine], Awaitable[T]]) -> T | None:
        """Ask the engine as a console does; None where none lives or it dies over the answer."""
        life = self.life
        if life is None:
            return None

        async def asking() -> T:
            return await what(life.parts.engine)

        loop = asyncio.get_running_loop()
        task = loop.create_task(asking(), context=life.listening.context)
        life.asked.add(task)
        await asyncio.wait({task})
        life.asked.discard(task)
        return None if task.cancelled() else task.result()

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
    given = {
        "webhook_url": f"{ENGINE_URL}/webhook/elevenlabs",
        "webhook_secret": _WEBHOOK_SECRET,
        **world,
    }
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


class _Marking:
    """A messenger whose requests are known by their try, for whoever watches the network."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._messenger, name)

    async def send(self, order: MessageOrder) -> SendAnswer:
        """Send once."""
        mark = TRY.set(order.try_id)
        try:
            return await self._messenger.send(order)
        finally:
            TRY.reset(mark)


def _marked(outside: Outside) -> Outside:
    found: dict[Channel, Any] = {
        channel: _Marking(messenger) for channel, messenger in outside.messengers.items()
    }
    return replace(outside, messengers=found)


def person(index: int) -> str:
    """Give one of the invented people: numbers reserved for fiction."""
    return f"+1{201 + index // 100}55501{index % 100:02d}"


def _bytes(body: object) -> bytes:
    assert isinstance(body, bytes)
    return body
