"""Runs the engine process: files, sockets, signals, and the parts started and stopped in order.

What the parts are and how they are put together stands in `assembly`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from voiceslot_tui import __version__, logs
from voiceslot_tui.adapters import carrier_of, heralds_of, hosts, outside_of, platform_of
from voiceslot_tui.assembly import Parts, World, assemble, recover
from voiceslot_tui.core.errors import Fenced
from voiceslot_tui.core.request_times import RequestTimes
from voiceslot_tui.core.snapshot import Health, ServiceHealth
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.follow_up_assembly import BothStores
from voiceslot_tui.link.server.serving import LinkServer
from voiceslot_tui.listener.server import ListenerServer
from voiceslot_tui.logs import Event, Field
from voiceslot_tui.machine import RandomIds, SystemClock
from voiceslot_tui.paths import Paths
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.http import Http
from voiceslot_tui.settings import Settings
from voiceslot_tui.store.sqlite import open_store

_LAST_DIALS_S: Final = 10.0
"""How long a stopping engine waits for the answers of the dials that have left."""
_SWITCH_S: Final = 0.0002
"""How long the loop may keep the interpreter from the database's thread.

That thread lets go of it around every statement and waits for it again: with the usual 5 ms a
transaction of twenty statements would wait longer than it works.
"""
_BY_START: Final = "serve --paused"
_COLLECT_AFTER: Final = (20_000, 20, 50)
"""Collect garbage seldom: pauses of the collector stand between a freed slot and its next call."""


def run_engine(
    settings: Settings, paths: Paths, *, demo: bool = False, paused: bool = False
) -> int:
    """Run one engine until it is told to stop; give the exit code.

    With `paused` calls and messages are paused, as by an operator, before the first could start.

    Raises VoiceslotError (a data folder in use, a damaged database, a taken port) before anything
    starts.
    """
    log = logs.open_log(paths.log, secrets=settings.secrets())
    sys.setswitchinterval(_SWITCH_S)
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        return asyncio.run(_run(settings, paths, demo, paused))
    finally:
        log.close()


async def _run(settings: Settings, paths: Paths, demo: bool, paused: bool) -> int:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        store = await open_store(paths.database, clock.now())
        stack.push_async_callback(store.close)
        try:
            await _serve(stack, settings, paths, store, clock, demo, paused)
        except BaseExceptionGroup as group:
            problem = _first(group)
            if not isinstance(problem, Fenced):
                raise problem from None
            _narrate("another engine took over this database; this one has stopped")
            return 1
    return 0


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the first thing that went wrong: task groups wrap what they pass on."""
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


async def _serve(
    stack: AsyncExitStack,
    settings: Settings,
    paths: Paths,
    store: BothStores,
    clock: Clock,
    demo: bool,
    paused: bool,
) -> None:
    http = Http(base_urls=hosts(settings))
    stack.push_async_callback(http.aclose)
    async with requests_of_a_run() as dials:
        world = World(
            store=store,
            platform=platform_of(settings, http, clock),
            carrier=carrier_of(settings, http),
            outside=outside_of(settings, http, clock),
            clock=clock,
            ids=RandomIds(),
            dials=dials,
            heralds=heralds_of(settings, clock),
        )
        parts = assemble(settings, world, demo=demo)
        for service in parts.services:
            service.say = _say_health
        under_way = await recover(parts, store, clock.now())
        if paused:
            await parts.engine.pause(by=_BY_START, why="started with --paused")
            await parts.follow_ups.door.pause(by=_BY_START)
        await store.note("engine_started", f"{under_way} calls under way", clock.now(), "engine")
        async with _running(parts, settings, paths, clock, http.times) as listener:
            _ready(paths, listener)
            gc.freeze()
            await _until_told(parts.engine)
            await _wind_down(parts)
    await store.note("engine_stopped", "", clock.now(), "engine")


class _LetGo(Exception):
    """Ends the requests that are still without an answer."""


@asynccontextmanager
async def requests_of_a_run() -> AsyncIterator[asyncio.TaskGroup]:
    """Keep the requests that nobody waits for; those without an answer at the end are let go.

    What they were about stays as it was written down before they left: the next start looks it up.
    """
    try:
        async with asyncio.TaskGroup() as requests:
            yield requests
            raise _LetGo
    except* _LetGo:
        pass


@asynccontextmanager
async def _running(
    parts: Parts, settings: Settings, paths: Paths, clock: Clock, requests: RequestTimes
) -> AsyncIterator[ListenerServer]:
    """Run the services, the listener and the link for as long as the block lasts."""
    link = LinkServer(
        parts.engine,
        paths.socket,
        clock=clock,
        version=__version__,
        group=settings.voiceslot_group,
    )
    listener = ListenerServer(parts.engine, settings, clock=clock, requests=requests)
    await listener.start()
    try:
        link.open()
        async with asyncio.TaskGroup() as workers:
            running = [workers.create_task(service.run()) for service in parts.services]
            running.append(workers.create_task(link.run()))
            yield listener
            for task in running:
                task.cancel()
    finally:
        await listener.stop()


async def _until_told(engine: Engine) -> None:
    """Wait for a signal, or for an operator's wish, to stop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.stop_requested.set)
    await engine.stop_requested.wait()


async def _wind_down(parts: Parts) -> None:
    """Dial no more, and write down what the last dials came to; live calls go on without us."""
    parts.board.stopping = True
    parts.board.bells.change()
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_DIALS_S):
            await parts.dispatcher.quiet.wait()
            await parts.follow_ups.sender.quiet.wait()
    parts.reconciler.leave()


def _ready(paths: Paths, listener: ListenerServer) -> None:
    """Say, to people and to the process manager, that the engine is up."""
    logs.info(Event.ENGINE_STARTED, {Field.VERSION: __version__, Field.PORT: listener.port})
    _narrate(f"engine ready: listening on port {listener.port}, data in {paths.folder}")
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        _notify(address)


def _notify(address: str) -> None:
    """Tell systemd that the start is over (sd_notify's datagram)."""
    name = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"READY=1", name)


def _say_health(health: ServiceHealth) -> None:
    fares = f"fails: {health.error}" if health.health is Health.FAILING else "is well again"
    _narrate(f"{health.name} {fares}")


def _narrate(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
