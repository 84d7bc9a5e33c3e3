"""Puts an engine together from a store, a world and a clock; starts nothing.

This is all that a simulation needs: the same parts, with another world and another clock. What a
process has besides - files, sockets, signals - stands in `bootstrap`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from voiceslot_tui.core.calls import AttemptState
from voiceslot_tui.core.facts import Interrupted
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Ceiling, reading_bound_s
from voiceslot_tui.core.snapshot import ServiceHealth
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
    FollowUpParts,
    Outside,
    assemble_follow_ups,
    recover_follow_ups,
)
from voiceslot_tui.follow_up_ports import FollowUpStore
from voiceslot_tui.ports import Carrier, Clock, Ids, Store, VoicePlatform
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.http import Http
from voiceslot_tui.providers.twilio import TWILIO_API, TwilioCarrier
from voiceslot_tui.settings import Settings, UnknownCalls


class WholeStore(Store, FollowUpStore, Protocol):
    """One memory for calls and messages: an end and its message are one transaction."""


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


def assemble(
    settings: Settings,
    *,
    store: WholeStore,
    platform: VoicePlatform,
    carrier: Carrier | None,
    outside: Outside,
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
    follow_ups = assemble_follow_ups(
        settings,
        store=store,
        outside=outside,
        board=board,
        switches=switches,
        clock=clock,
        ids=ids,
        sends=dials,
    )
    engine = Engine(
        store=store,
        board=board,
        ledger=ledger,
        switches=switches,
        operating=Operating(store=store, ledger=ledger, board=board, clock=clock, carrier=carrier),
        reconciler=reconciler,
        follow_ups=follow_ups.door,
        clock=clock,
        strategy=str(settings.elevenlabs_active_count_strategy),
        demo=demo,
        warnings=settings.warnings,
    )
    messaging = (follow_ups.sender, follow_ups.reader) if settings.channels else ()
    services = tuple(
        Service(worker, clock, ids, board.bells.change)
        for worker in (dispatcher, reconciler, janitor, *messaging)
    )
    engine.health = lambda: _health(services)
    return Parts(
        engine, board, ledger, switches, dispatcher, reconciler, janitor, follow_ups, services
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


async def recover(parts: Parts, store: WholeStore) -> int:
    """Take up what the last run left: switches, refused routes, dials cut off in the middle.

    Gives how many calls were under way. Nothing is dialled before the platform's list was read.
    """
    await parts.switches.restore()
    await parts.janitor.restore()
    await recover_follow_ups(parts.follow_ups, store)
    under_way = await store.open_calls()
    cut_off = [
        Interrupted(one.attempt.id)
        for one in under_way
        if one.attempt.state is AttemptState.DIALING
    ]
    if cut_off:
        await parts.ledger.record(*cut_off, by="engine (start)")
    return len(under_way)


def hosts(settings: Settings) -> list[str]:
    """Name every host that may be reached: those of the settings, and no other."""
    named = (
        settings.elevenlabs_base_url,
        settings.elevenlabs_start_call_url,
        settings.elevenlabs_active_calls_url,
        settings.twilio_base_url or TWILIO_API,
    )
    return [url for url in named if url]


def platform_of(settings: Settings, http: Http, clock: Clock) -> ElevenLabs:
    """Make the platform."""
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


def carrier_of(settings: Settings, http: Http) -> TwilioCarrier | None:
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
