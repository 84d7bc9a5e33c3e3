"""Where the parts of the engine process meet: built here, started here, stopped here.

`assemble` puts an engine together from a store, a world and a clock, and is all that a simulation
needs. `run_engine` adds what a process has: files, sockets, signals. No part knows another except
through what is handed to it here.
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
from dataclasses import dataclass
from typing import Final

from voiceslot_tui import __version__, logs
from voiceslot_tui.core.calls import AttemptState
from voiceslot_tui.core.errors import Fenced
from voiceslot_tui.core.facts import Interrupted
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Ceiling, reading_bound_s
from voiceslot_tui.core.snapshot import Health, ServiceHealth
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.dispatcher import Dispatcher
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.engine.janitor import Janitor
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.engine.operating import Operating
from voiceslot_tui.engine.readings import Reader, Strategy
from voiceslot_tui.engine.reconciler import Reconciler
from voiceslot_tui.engine.service import Service
from voiceslot_tui.engine.switches import Switches
from voiceslot_tui.link.server.serving import LinkServer
from voiceslot_tui.listener.server import ListenerServer
from voiceslot_tui.logs import Event, Field
from voiceslot_tui.machine import RandomIds, SystemClock
from voiceslot_tui.paths import Paths
from voiceslot_tui.ports import Carrier, Clock, Ids, Store, VoicePlatform
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.http import Http
from voiceslot_tui.providers.twilio import TwilioCarrier
from voiceslot_tui.providers.twilio_client import TWILIO_HOSTS
from voiceslot_tui.settings import Settings, UnknownCalls
from voiceslot_tui.store.sqlite import open_store

_LAST_DIALS_S: Final = 10.0
"""How long a stopping engine waits for the answers of the dials that have left."""
_SWITCH_S: Final = 0.0002
"""How long the loop may keep the interpreter from the database's thread.

That thread lets go of it around every statement and waits for it again: with the usual 5 ms a
transaction of twenty statements would wait longer than it works.
"""
_COLLECT_AFTER: Final = (20_000, 20, 50)
"""Collect garbage seldom: pauses of the collector stand between a freed slot and its next call."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An engine put together, not yet running."""

    engine: Engine
    board: Board
    ledger: Ledger
    switches: Switches
    dispatcher: Dispatcher
    reconciler: Reconciler
    janitor: Janitor
    services: tuple[Service, ...]


def assemble(
    settings: Settings,
    *,
    store: Store,
    platform: VoicePlatform,
    carrier: Carrier | None,
    clock: Clock,
    ids: Ids,
    dials: asyncio.TaskGroup,
    demo: bool = False,
) -> Parts:
    """Put an engine together. `dials` is the task group that its dials run in."""
    board = _board(settings)
    longest_call_s = settings.max_call_minutes * 60.0
    rules = Rules(settings.unknown_after_s, settings.unknown_calls is UnknownCalls.REQUEUE)
    ledger = Ledger(store, board, rules, clock)
    switches = Switches(store, board, clock, settings.elevenlabs_concurrency_limit)

    async def pause_self(why: str) -> None:
        reason = f"the platform refuses this account; put that right, then resume ({why})"
        await switches.pause(by="engine", why=reason)

    dispatcher = Dispatcher(
        store=store,
        platform=platform,
        ledger=ledger,
        board=board,
        clock=clock,
        ids=ids,
        dials=dials,
        holds_for_s=longest_call_s + settings.ring_timeout_s,
        pause_self=pause_self,
    )
    reconciler = _reconciler(settings, store, platform, carrier, ledger, board, clock)
    janitor = Janitor(store=store, board=board, clock=clock)
    engine = Engine(
        store=store,
        board=board,
        ledger=ledger,
        switches=switches,
        operating=Operating(store=store, ledger=ledger, board=board, clock=clock, carrier=carrier),
        reconciler=reconciler,
        clock=clock,
        strategy=str(settings.elevenlabs_active_count_strategy),
        demo=demo,
        warnings=settings.warnings,
    )
    services = tuple(
        Service(worker, clock, ids, board.bells.change)
        for worker in (dispatcher, reconciler, janitor)
    )
    engine.health = lambda: _health(services)
    return Parts(engine, board, ledger, switches, dispatcher, reconciler, janitor, services)


def _board(settings: Settings) -> Board:
    limit = settings.elevenlabs_concurrency_limit
    return Board(
        Ceiling(limit, float(limit), floor=settings.slot_reserve + 1),
        reserve=settings.slot_reserve,
        reading_bound_s=reading_bound_s(settings.polling_interval_ms / 1000),
        calls_per_second=settings.calls_per_second,
    )


def _health(services: tuple[Service, ...]) -> tuple[ServiceHealth, ...]:
    return tuple(service.health for service in services)


def _reconciler(
    settings: Settings,
    store: Store,
    platform: VoicePlatform,
    carrier: Carrier | None,
    ledger: Ledger,
    board: Board,
    clock: Clock,
) -> Reconciler:
    longest_call_s = settings.max_call_minutes * 60.0
    reader = Reader(
        strategy=Strategy(settings.elevenlabs_active_count_strategy),
        store=store,
        platform=platform,
        clock=clock,
        limit=lambda: board.ceiling.configured,
        lag_s=settings.list_lag_s,
        active_statuses=frozenset(settings.elevenlabs_active_statuses),
    )
    return Reconciler(
        reader=reader,
        platform=platform,
        carrier=carrier,
        ledger=ledger,
        board=board,
        clock=clock,
        poll_interval_s=settings.polling_interval_ms / 1000,
        lag_s=settings.list_lag_s,
        longest_call_s=longest_call_s,
        ring_timeout_s=float(settings.ring_timeout_s),
    )


async def recover(parts: Parts, store: Store) -> int:
    """Take up what the last run left: switches, refused routes, dials cut off in the middle.

    Gives how many calls were under way. Nothing is dialled before the platform's list was read.
    """
    await parts.switches.restore()
    await parts.janitor.restore()
    under_way = await store.open_calls()
    cut_off = [
        Interrupted(one.attempt.id)
        for one in under_way
        if one.attempt.state is AttemptState.DIALING
    ]
    if cut_off:
        await parts.ledger.record(*cut_off, by="engine (start)")
    return len(under_way)


def run_engine(settings: Settings, paths: Paths, *, demo: bool = False) -> int:
    """Run one engine until it is told to stop; give the exit code.

    Raises VoiceslotError (a data folder in use, a damaged database, a taken port) before anything
    starts.
    """
    log = logs.open_log(paths.log, secrets=settings.secrets())
    sys.setswitchinterval(_SWITCH_S)
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        return asyncio.run(_run(settings, paths, demo))
    finally:
        log.close()


async def _run(settings: Settings, paths: Paths, demo: bool) -> int:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        store = await open_store(paths.database, clock.now())
        stack.push_async_callback(store.close)
        try:
            await _serve(stack, settings, paths, store, clock, demo)
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
    store: Store,
    clock: Clock,
    demo: bool,
) -> None:
    http = Http(base_urls=_hosts(settings))
    stack.push_async_callback(http.aclose)
    platform = _platform(settings, http, clock)
    carrier = _carrier(settings, http)
    async with asyncio.TaskGroup() as dials:
        parts = assemble(
            settings,
            store=store,
            platform=platform,
            carrier=carrier,
            clock=clock,
            ids=RandomIds(),
            dials=dials,
            demo=demo,
        )
        for service in parts.services:
            service.say = _say_health
        under_way = await recover(parts, store)
        await store.note("engine_started", f"{under_way} calls under way", clock.now(), "engine")
        async with _running(parts, settings, paths, clock) as listener:
            _ready(paths, listener)
            gc.freeze()
            await _until_told(parts.engine)
            await _wind_down(parts)
        await store.note("engine_stopped", "", clock.now(), "engine")


@asynccontextmanager
async def _running(
    parts: Parts, settings: Settings, paths: Paths, clock: Clock
) -> AsyncIterator[ListenerServer]:
    """Run the services, the listener and the link for as long as the block lasts."""
    link = LinkServer(
        parts.engine,
        paths.socket,
        clock=clock,
        version=__version__,
        group=settings.voiceslot_group,
    )
    listener = ListenerServer(parts.engine, settings, clock=clock)
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


def _hosts(settings: Settings) -> list[str]:
    """Name every host that may be reached: those of the settings, and no other."""
    named = (
        settings.elevenlabs_base_url,
        settings.elevenlabs_start_call_url,
        settings.elevenlabs_active_calls_url,
        *([settings.twilio_base_url] if settings.twilio_base_url else TWILIO_HOSTS),
    )
    return [url for url in named if url]


def _platform(settings: Settings, http: Http, clock: Clock) -> ElevenLabs:
    return ElevenLabs(
        http,
        api_key=settings.elevenlabs_api_key.reveal,
        base_url=settings.elevenlabs_base_url,
        clock=clock,
        start_timeout_s=settings.start_timeout_s,
        ring_timeout_s=settings.ring_timeout_s,
        start_call_url=settings.elevenlabs_start_call_url,
        active_calls_url=settings.elevenlabs_active_calls_url,
    )


def _carrier(settings: Settings, http: Http) -> TwilioCarrier | None:
    """Make the carrier where there are credentials: an API key, or else the account's own."""
    if not settings.twilio_account_sid:
        return None
    by_key = bool(settings.twilio_api_key_sid)
    username = settings.twilio_api_key_sid if by_key else settings.twilio_account_sid
    password = settings.twilio_api_key_secret if by_key else settings.twilio_auth_token
    if not password:
        return None
    return TwilioCarrier(
        http,
        account_sid=settings.twilio_account_sid,
        username=username,
        password=password.reveal,
        base_url=settings.twilio_base_url,
    )


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
