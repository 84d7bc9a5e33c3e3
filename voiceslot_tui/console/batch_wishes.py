"""From an action on batches with its argument to what the engine is asked for. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.console.action import ActionId
from voiceslot_tui.console.batch_wording import batch_name
from voiceslot_tui.console.situation import Situation
from voiceslot_tui.console.wishes import BadArgument, Plan
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.limits import BATCH_INTERVAL_MAX_S, BATCH_INTERVAL_MIN_S
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import follow_up_control as messages

_WATCHED: Final = MappingProxyType({"on": True, "off": False})


def plan(action: ActionId, argument: str, situation: Situation) -> Plan | BadArgument:
    """Say what an action asks of the engine."""
    match action:
        case ActionId.CHECK_BATCHES:
            return Plan("check the batches", (batches.CheckBatches(),))
        case ActionId.BATCH_INTERVAL:
            return _interval(argument)
        case ActionId.WATCH_BATCHES:
            return _watch(argument, situation)
        case _:
            return _of_one(action, situation)


def wants_watching(argument: str, situation: Situation) -> bool | None:
    """Say whether batches are to be watched: as typed, else the other way round than now."""
    snapshot = situation.view.snapshot
    if argument:
        return _WATCHED.get(argument)
    return None if snapshot is None else not snapshot.batch_watch.watching


def _watch(argument: str, situation: Situation) -> Plan | BadArgument:
    wanted = wants_watching(argument, situation)
    if wanted is None:
        return BadArgument("watch the batches on or off?")
    return Plan("watch the batches" if wanted else "stop watching", (batches.WatchBatches(wanted),))


def _interval(argument: str) -> Plan | BadArgument:
    try:
        seconds = float(argument)
    except ValueError:
        seconds = 0.0
    if not BATCH_INTERVAL_MIN_S <= seconds <= BATCH_INTERVAL_MAX_S:
        bounds = f"{BATCH_INTERVAL_MIN_S:g} to {BATCH_INTERVAL_MAX_S:,g}"
        return BadArgument(f"the interval is a number of seconds, {bounds}")
    return Plan(f"check every {seconds:g} s", (batches.SetBatchInterval(seconds),))


def _of_one(action: ActionId, situation: Situation) -> Plan | BadArgument:
    row = situation.batch
    if row is None:
        return BadArgument("there is no batch under the cursor")
    batch_id, name = row.view.batch.count.batch_id, batch_name(row.view)
    match action:
        case ActionId.CANCEL_BATCH:
            return Plan(f"cancel batch {name}", (batches.CancelBatch(batch_id),))
        case ActionId.RETRY_BATCH:
            return Plan(f"call again in batch {name}", (batches.RetryBatch(batch_id),))
        case ActionId.RETRY_BATCH_MESSAGES:
            failed = FollowUpFilter(states=frozenset({FollowUpState.FAILED}), batch_id=batch_id)
            return Plan(f"send again in batch {name}", (messages.RetryMessages(failed),))
        case _:
            return BadArgument(f"{action} asks nothing about batches")
