"""Puts an engine together from a store, a world and a clock; starts nothing.

This is all that a simulation needs: the same parts, with another world and another clock. What a
process has besides - files, sockets, signals - stands in `bootstrap`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from voiceslot_tui.core.calls import AttemptState, Instant
from voiceslot_tui.core.facts import Interrupted
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Ceiling, reading_bound_s
from voiceslot_tui.core.snapshot import ServiceHealth
from voiceslot_tui.engine.alerter import Alerter, ToldAlerts
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
from voiceslot_tui.follow_up_assembly import (
    BothStores,
    FollowUpParts,
    Outside,
    assemble_follow_ups,
    recover_follow_ups,
)
from voiceslot_tui.follow_up_ports import Herald
from voiceslot_tui.ports import Carrier, Clock, Ids, VoicePlatform
from voiceslot_tui.settings import Settings, UnknownCalls


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
    follow_ups: FollowUpParts
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class World:
    """What an engine is put into: its memory, the services it speaks to, time, names, and room.

    `dials` is the task group that the requests run in which nobody waits for.
    """

    store: BothStores
    platform: VoicePlatform
    carrier: Carrier | None
    outside: Outside
    clock: Clock
    ids: Ids
    dials: asyncio.TaskGroup
    heralds: tuple[Herald, ...] = ()


def assemble(settings: Settings, world: World, *, demo: bool = False) -> Parts:
    """Put an engine together."""
    board, store, clock = _board(settings), world.store, world.clock
    ledger = Ledger(store, board, _rules(settings), clock)
    switches = Switches(store, board, clock, settings.elevenlabs_concurrency_limit)
    dispatcher = _dispatcher(settings, world, board, ledger, switches)
    reconciler = _reconciler(settings, world, board, ledger)
    follow_ups = assemble_follow_ups(
        settings,
        store=store,
        outside=world.outside,
        board=board,
        switches=switches,
        clock=clock,
        ids=world.ids,
        sends=world.dials,
    )
    janitor = Janitor(
        store=store,
        messages=store,
        board=board,
        clock=clock,
        insist=(switches.insist, follow_ups.door.insist),
        platform_now=world.outside.platform_now,
    )
    engine = Engine(
        store=store,
        board=board,
        ledger=ledger,
        switches=switches,
        operating=Operating(
            store=store, ledger=ledger, board=board, clock=clock, carrier=world.carrier
        ),
        reconciler=reconciler,
        follow_ups=follow_ups.door,
        batches=follow_ups.watching,
        clock=clock,
        strategy=str(settings.elevenlabs_active_count_strategy),
        demo=demo,
        warnings=settings.warnings,
    )
    alerting = (_alerter(settings, world, engine, switches),) if world.heralds else ()
    services = tuple(
        Service(worker, clock, world.ids, board.bells.change)
        for worker in (dispatcher, reconciler, janitor, *follow_ups.workers, *alerting)
    )
    engine.health = lambda: _health(services)
    return Parts(
        engine, board, ledger, switches, dispatcher, reconciler, janitor, follow_ups, services
    )


def _rules(settings: Settings) -> Rules:
    return Rules(
        settings.unknown_after_s,
        settings.unknown_calls is UnknownCalls.REQUEUE,
        follow_up=bool(settings.channels),
    )


def _dispatcher(
    settings: Settings, world: World, board: Board, ledger: Ledger, switches: Switches
) -> Dispatcher:
    async def pause_self(why: str) -> None:
        reason = f"the platform refuses this account; put that right, then resume ({why})"
        await switches.pause(by="engine", why=reason)

    return Dispatcher(
        store=world.store,
        platform=world.platform,
        ledger=ledger,
        board=board,
        clock=world.clock,
        ids=world.ids,
        dials=world.dials,
        holds_for_s=settings.max_call_minutes * 60.0 + settings.ring_timeout_s,
        pause_self=pause_self,
    )


def _alerter(settings: Settings, world: World, engine: Engine, switches: Switches) -> Alerter:
    async def remember(told: ToldAlerts, why: str) -> None:
        await switches.change("alert", why, by="engine", alerts_told=told)

    return Alerter(
        snapshot=engine.snapshot,
        messages=engine.follow_ups.needs,
        heralds=world.heralds,
        clock=world.clock,
        signed=bool(settings.webhook_secrets),
        recall=lambda: switches.control.alerts_told,
        remember=remember,
    )


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


def _reconciler(settings: Settings, world: World, board: Board, ledger: Ledger) -> Reconciler:
    longest_call_s = settings.max_call_minutes * 60.0
    reader = Reader(
        strategy=Strategy(settings.elevenlabs_active_count_strategy),
        store=world.store,
        platform=world.platform,
        clock=world.clock,
        limit=lambda: board.ceiling.configured,
        lag_s=settings.list_lag_s,
        active_statuses=frozenset(settings.elevenlabs_active_statuses),
    )
    return Reconciler(
        reader=reader,
        platform=world.platform,
        carrier=world.carrier,
        ledger=ledger,
        board=board,
        clock=world.clock,
        asks=world.dials,
        poll_interval_s=settings.polling_interval_ms / 1000,
        lag_s=settings.list_lag_s,
        longest_call_s=longest_call_s,
        ring_timeout_s=float(settings.ring_timeout_s),
    )


async def recover(parts: Parts, store: BothStores, now: Instant) -> int:
    """Take up what the last run left: switches, refused routes, dials cut off in the middle.

    Gives how many calls were under way. Nothing is dialled before the platform's list was read.
    """
    await parts.switches.restore()
    await parts.janitor.restore()
    await recover_follow_ups(parts.follow_ups, store, parts.switches, now)
    under_way = await store.open_calls()
    cut_off = [
        Interrupted(one.attempt.id)
        for one in under_way
        if one.attempt.state is AttemptState.DIALING
    ]
    if cut_off:
        await parts.ledger.record(*cut_off, by="engine (start)")
    return len(under_way)
