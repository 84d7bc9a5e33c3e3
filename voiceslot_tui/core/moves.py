"""A settlement, and the moves along the table that facts and wishes share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voiceslot_tui.core.calls import (
    FINAL_STATES,
    QUARANTINING_STATES,
    TRANSITIONS,
    Attempt,
    AttemptState,
    Call,
    CallState,
    Disposition,
    Instant,
    Step,
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one fact changes: the call and its attempt as they are now, and the steps taken.

    `steps` is empty where only details changed (a look-up counted, an id completed). `detail` is a
    short reason for people.
    """

    call: Call
    attempt: Attempt | None = None
    steps: tuple[Step, ...] = ()
    detail: str = ""


def move(call: Call, step: Step, target: CallState, now: Instant) -> Call:
    """Move a call along the table; a move that the table does not list is a defect of ours."""
    exits = TRANSITIONS.get((call.state, step), ())
    assert target in exits, f"no way from {call.state} by '{step}' to {target}"
    holding = target in QUARANTINING_STATES and target is not CallState.WRAPPING_UP
    kept = target in (CallState.QUEUED, CallState.CANCELLED)
    return replace(
        call,
        state=target,
        holding=holding,
        changed_at=now,
        hold=call.hold if kept else None,
        due_at=call.due_at if kept else None,
        cancel_wished=call.cancel_wished and target not in FINAL_STATES,
    )


def requeued(call: Call, step: Step, now: Instant) -> Call:
    """Put a call back into the queue, or end it where it is not wanted there any more.

    Whoever is proven to have answered an earlier dial was called: that call has ended.
    """
    if reached(call):
        return replace(move(call, step, CallState.ENDED, now), ended_at=now)
    if call.cancel_wished:
        return replace(move(call, step, CallState.CANCELLED, now), ended_at=now)
    return move(call, step, CallState.QUEUED, now)


def suppressed(call: Call, now: Instant) -> Settlement:
    """Take a queued call out for good, because its number is on the suppression list."""
    moved = move(call, Step.SUPPRESSED, CallState.SUPPRESSED, now)
    detail = "the number is on the suppression list"
    return Settlement(replace(moved, ended_at=now), None, (Step.SUPPRESSED,), detail)


def reached(call: Call) -> bool:
    """Tell whether the person is proven to have answered, so that no dial may follow."""
    return call.disposition is Disposition.ANSWERED


def released(call: Call, attempt: Attempt, detail: str, now: Instant) -> Settlement | None:
    """Take the slot from a live or unknown call; then news or an operator must end it."""
    if call.state is CallState.LIVE:
        lost = replace(attempt, state=AttemptState.UNKNOWN, detail=detail)
        moved = replace(move(call, Step.RELEASED, CallState.UNKNOWN, now), holding=False)
        return Settlement(moved, lost, (Step.RELEASED,), detail)
    if call.state is CallState.UNKNOWN and call.holding:
        return Settlement(replace(call, holding=False, changed_at=now), attempt, (), detail)
    return None
