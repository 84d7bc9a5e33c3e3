"""Puts the follow-ups together: their desk, their workers, and the door that others come in by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import BadInput, SettingProblem, SettingsInvalid
from voiceslot_tui.core.follow_up_facts import MessageUnanswered
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy
from voiceslot_tui.core.follow_up_settings import Ambiguous, FollowUpSettings
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_up_texts import TEXTS, Texts
from voiceslot_tui.core.follow_ups import Channel, WaitReason
from voiceslot_tui.engine.batch_actions import BatchActions
from voiceslot_tui.engine.batch_monitor import BatchMonitor
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.desk import Desk
from voiceslot_tui.engine.follow_up_sender import FollowUpSender
from voiceslot_tui.engine.following_up import FollowingUp
from voiceslot_tui.engine.hearing import Hearing
from voiceslot_tui.engine.inbound_reader import InboundReader
from voiceslot_tui.engine.message_ledger import MessageLedger
from voiceslot_tui.engine.message_reader import MessageReader
from voiceslot_tui.engine.message_writing import MessageWriter
from voiceslot_tui.engine.service import Worker
from voiceslot_tui.engine.switches import Switches
from voiceslot_tui.engine.watching import Watching
from voiceslot_tui.follow_up_ports import FollowUpStore, Messenger, Workspace
from voiceslot_tui.ports import Clock, Ids, Store
from voiceslot_tui.wire.follow_up_messages import check_texts, unfit_variable
from voiceslot_tui.wire.time_zones import zones_of
from voiceslot_tui.wire.twilio_messages import SANDBOX

_SANDBOX_PER_SECOND: Final = 1 / 3
_LEARNED_AGAIN: Final = (WaitReason.ACCOUNT, WaitReason.TEMPLATE_UNREAD)
"""What messages waited for in the last run; this one finds out anew, maybe by other settings."""


class BothStores(Store, FollowUpStore, Protocol):
    """One memory for calls and messages: an end and its message are one transaction."""


@dataclass(frozen=True, slots=True)
class FollowUpParts:
    """The follow-ups put together, not yet running."""

    door: FollowingUp
    desk: Desk
    ledger: MessageLedger
    sender: FollowUpSender
    reader: MessageReader
    inbound: InboundReader
    monitor: BatchMonitor
    watching: Watching

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Name the workers to run: those of messages only where there is a channel."""
        if not self.desk.policy.channels:
            return (self.monitor,)
        of_messages: tuple[Worker, ...] = (self.monitor, self.sender, self.reader)
        return (*of_messages, self.inbound) if self.inbound.channels else of_messages


@dataclass(frozen=True, slots=True)
class Outside:
    """What the follow-ups need of the world: the workspace, and a messenger for each channel.

    `has_callbacks` says whether messengers can tell us by themselves where a message stands,
    `platform_now` what time the workspace has told; None before it has.
    """

    workspace: Workspace
    messengers: Mapping[Channel, Messenger]
    has_callbacks: bool
    platform_now: Callable[[], Instant | None]


def assemble_follow_ups(
    settings: FollowUpSettings,
    *,
    store: BothStores,
    outside: Outside,
    board: Board,
    switches: Switches,
    clock: Clock,
    ids: Ids,
    sends: asyncio.TaskGroup,
) -> FollowUpParts:
    """Put the follow-ups together. `sends` is the task group that their requests run in.

    Raises SettingsInvalid where a text of the settings cannot be used.
    """
    desk = _desk(settings, board)
    resend = settings.follow_up_ambiguous is Ambiguous.RESEND
    ledger = MessageLedger(store, desk, FollowUpRules(settings.channels, resend), clock)
    writer = MessageWriter(texts_of(settings), settings.follow_up_sender_name)
    reader = MessageReader(
        store=store,
        messengers=outside.messengers,
        unfit_variable=unfit_variable,
        ledger=ledger,
        desk=desk,
        clock=clock,
        has_callbacks=outside.has_callbacks,
    )
    hearing, inbound = _ears(store, outside, board, clock)
    sender = FollowUpSender(
        store=store,
        workspace=outside.workspace,
        messengers=outside.messengers,
        write=writer.order,
        ledger=ledger,
        desk=desk,
        clock=clock,
        ids=ids,
        sends=sends,
        stopping=lambda: board.stopping,
    )
    door = FollowingUp(
        store=store,
        ledger=ledger,
        desk=desk,
        board=board,
        switches=switches,
        writer=writer,
        reader=reader,
        inbound=inbound,
        hearing=hearing,
        clock=clock,
        configured_sid=settings.follow_up_content_sid,
    )
    monitor = _monitor(settings, store, outside.workspace, board, clock)
    watching = _watching(monitor, store, outside.workspace, board, switches, clock)
    return FollowUpParts(door, desk, ledger, sender, reader, inbound, monitor, watching)


def _ears(
    store: BothStores, outside: Outside, board: Board, clock: Clock
) -> tuple[Hearing, InboundReader]:
    hearing = Hearing(store, clock, board.taken_back, board.bells.change)
    reader = InboundReader(
        store=store,
        messengers=outside.messengers,
        hearing=hearing,
        clock=clock,
        has_callbacks=outside.has_callbacks,
    )
    return hearing, reader


def _monitor(
    settings: FollowUpSettings,
    store: BothStores,
    workspace: Workspace,
    board: Board,
    clock: Clock,
) -> BatchMonitor:
    return BatchMonitor(
        workspace=workspace,
        store=store,
        board=board,
        clock=clock,
        interval_s=settings.batch_poll_interval_s,
        wanted=bool(settings.channels),
    )


def _watching(
    monitor: BatchMonitor,
    store: BothStores,
    workspace: Workspace,
    board: Board,
    switches: Switches,
    clock: Clock,
) -> Watching:
    actions = BatchActions(
        workspace=workspace,
        store=store,
        clock=clock,
        table=monitor.table,
        check_now=monitor.check_now,
    )
    return Watching(
        monitor=monitor,
        actions=actions,
        workspace=workspace,
        store=store,
        board=board,
        switches=switches,
        clock=clock,
    )


def texts_of(settings: FollowUpSettings) -> Texts:
    """Give the texts of the messages. Raises SettingsInvalid naming the one that is wrong."""
    texts = settings.texts
    if texts != TEXTS[settings.follow_up_language]:
        try:
            check_texts(texts, settings.follow_up_sender_name)
        except BadInput as problem:
            name = f"FOLLOW_UP_TEXT_{problem.field.upper()}"
            what = problem.message.removeprefix(f"{problem.field} ")
            raise SettingsInvalid((SettingProblem(name, what),)) from None
    return texts


def _desk(settings: FollowUpSettings, board: Board) -> Desk:
    sandbox = settings.twilio_whatsapp_number == SANDBOX
    policy = FollowUpPolicy(
        on=settings.follow_up_on,
        channels=settings.channels,
        quiet=settings.follow_up_quiet_hours,
        per_day=settings.follow_up_per_day,
        too_old_s=settings.follow_up_too_old_hours * 3600,
    )
    pace = settings.follow_up_per_second
    return Desk(
        policy,
        zones_of,
        per_second=min(pace, _SANDBOX_PER_SECOND) if sandbox else pace,
        content_sid=settings.follow_up_content_sid,
        sandbox=sandbox,
        send=board.bells.follow_up,
        change=board.bells.change,
        taken_back=board.taken_back,
    )


async def recover_follow_ups(
    parts: FollowUpParts, store: FollowUpStore, switches: Switches, now: Instant
) -> int:
    """Take up what the last run left: the switches, and requests cut off in the middle.

    Gives how many were cut off: each may have been sent, and is looked up before anything else is
    said of it.
    """
    since = switches.control.follow_ups_since
    if since is None and parts.desk.policy.channels:
        since = now
        await switches.change("follow_ups_begin", "", by="engine", follow_ups_since=since)
    # The platform dates the ends of its batches in whole seconds, rounded down.
    first_start = Instant((since or now) // 1000 * 1000)
    parts.desk.policy = replace(parts.desk.policy, first_start=first_start)
    await parts.door.restore()
    parts.watching.restore()
    for reason in _LEARNED_AGAIN:
        while await store.wake_follow_ups(reason, now):
            pass
    cut_off = [
        MessageUnanswered(try_id, "the engine stopped while it was being sent")
        for try_id in await store.tries_cut_off()
    ]
    if cut_off:
        await parts.ledger.record(*cut_off, by="engine (start)")
    return len(cut_off)
