"""What an operator's wish changes of a call, where its state allows it."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from voiceslot_tui.core.calls import (
    Attempt,
    AttemptState,
    Call,
    CallState,
    Disposition,
    Hold,
    Instant,
    Step,
    seconds_between,
)
from voiceslot_tui.core.facts import Reordered, Wish
from voiceslot_tui.core.limits import UNDO_S
from voiceslot_tui.core.moves import Settlement, move, reached, released, requeued


def wished(call: Call, attempt: Attempt | None, wish: Wish, now: Instant) -> Settlement | None:
    """Say what a wish changes, or None where the call's state does not allow it."""
    match wish:
        case Wish.CANCEL:
            return _cancelled(call, now)
        case Wish.UNDO_CANCEL:
            return _uncancelled(call, now)
        case Wish.PARK | Wish.UNPARK:
            return _parked(call, wish is Wish.PARK, now)
        case Wish.RELEASE:
            return None if attempt is None else released(call, attempt, "by the operator", now)
        case Wish.CONFIRM_DIALLED | Wish.CONFIRM_NOT_DIALLED:
            return None if attempt is None else _confirmed(call, attempt, wish, now)
        case _:
            assert_never(wish)


def _cancelled(call: Call, now: Instant) -> Settlement | None:
    if call.state is CallState.QUEUED:
        moved = move(call, Step.CANCELLED, CallState.CANCELLED, now)
        return Settlement(replace(moved, ended_at=now), None, (Step.CANCELLED,))
    wishable = call.state in (CallState.DIALING, CallState.UNCERTAIN, CallState.UNKNOWN)
    if wishable and not call.cancel_wished:
        wished = replace(call, cancel_wished=True, changed_at=now)
        return Settlement(wished, None, (), "cancel wished; honoured as soon as it can be")
    return None


def _uncancelled(call: Call, now: Instant) -> Settlement | None:
    if call.cancel_wished:
        return Settlement(replace(call, cancel_wished=False, changed_at=now))
    if call.state is not CallState.CANCELLED or call.ended_at is None or reached(call):
        return None
    if seconds_between(call.ended_at, now) > UNDO_S:
        return None
    moved = move(call, Step.UNDONE, CallState.QUEUED, now)
    return Settlement(_unheld(replace(moved, ended_at=None), now), None, (Step.UNDONE,))


def _unheld(call: Call, now: Instant) -> Call:
    """Give a queued call the hold that its own times call for once an operator's is lifted."""
    if call.hold in (Hold.PARKED, Hold.PLATFORM_DENIED):
        return call
    waits = call.due_at is not None and call.due_at > now
    return replace(
        call, hold=Hold.RETRY_WAIT if waits else None, due_at=call.due_at if waits else None
    )


def _parked(call: Call, park: bool, now: Instant) -> Settlement | None:
    if call.state is not CallState.QUEUED or (call.hold is Hold.PARKED) == park:
        return None
    if park:
        return Settlement(replace(call, hold=Hold.PARKED, changed_at=now))
    return Settlement(_unheld(replace(call, hold=None, changed_at=now), now))


def _confirmed(call: Call, attempt: Attempt, wish: Wish, now: Instant) -> Settlement | None:
    if call.state is not CallState.UNKNOWN:
        return None
    if wish is Wish.CONFIRM_NOT_DIALLED:
        closed = replace(attempt, state=AttemptState.NOT_TAKEN, over_at=now)
        uncounted = replace(call, attempts=max(0, call.attempts - 1))
        back = requeued(uncounted, Step.CONFIRMED_NOT_DIALLED, now)
        return Settlement(back, closed, (Step.CONFIRMED_NOT_DIALLED,))
    closed = replace(attempt, state=AttemptState.OVER, over_at=now)
    moved = move(call, Step.CONFIRMED_DIALLED, CallState.ENDED, now)
    known = call.disposition if reached(call) else Disposition.UNKNOWN
    done = replace(moved, ended_at=now, disposition=known)
    return Settlement(done, closed, (Step.CONFIRMED_DIALLED,))


def reordered(call: Call, fact: Reordered, now: Instant) -> Settlement | None:
    """Say what a new place in the queue changes; a call that does not wait has none."""
    same = (call.priority, call.position) == (fact.priority, fact.position)
    if call.state is not CallState.QUEUED or same:
        return None
    moved = replace(call, priority=fact.priority, position=fact.position, changed_at=now)
    return Settlement(moved)
