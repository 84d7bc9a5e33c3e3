"""A settlement of a follow-up, and the moves along the table that facts and policy share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_ups import (
    FOLLOW_UP_TRANSITIONS,
    FollowUp,
    FollowUpState,
    FollowUpStep,
    SkipReason,
    Try,
)


@dataclass(frozen=True, slots=True)
class FollowUpSettlement:
    """What one fact changes: the follow-up and the try as they are now, and the steps taken.

    `steps` is empty where only details changed. `opted_out` says that the person is to be put on
    the suppression list, because the messenger says that they do not want to hear from us.
    """

    follow_up: FollowUp
    one_try: Try | None = None
    steps: tuple[FollowUpStep, ...] = ()
    detail: str = ""
    opted_out: bool = False


def step_to(
    follow_up: FollowUp, step: FollowUpStep, target: FollowUpState, now: Instant
) -> FollowUp:
    """Move a follow-up along the table; a move that the table does not list is a defect of ours."""
    exits = FOLLOW_UP_TRANSITIONS.get((follow_up.state, step), ())
    assert target in exits, f"no way from {follow_up.state} by '{step}' to {target}"
    return replace(
        follow_up,
        state=target,
        changed_at=now,
        due_at=None,
        waits_for=None,
        skipped_for=None,
        blocked_for=None,
    )


def due_again(
    follow_up: FollowUp, step: FollowUpStep, detail: str, now: Instant
) -> FollowUpSettlement:
    """Make a follow-up due once more, and forget why it was not."""
    due = step_to(follow_up, step, FollowUpState.DUE, now)
    return FollowUpSettlement(replace(due, code=None, detail=""), None, (step,), detail)


def skipped(follow_up: FollowUp, reason: SkipReason, now: Instant) -> FollowUpSettlement | None:
    """Leave a message out. What may have been sent already is skipped by an operator only."""
    if (follow_up.state, FollowUpStep.SKIPPED) not in FOLLOW_UP_TRANSITIONS:
        return None
    if follow_up.state is FollowUpState.AMBIGUOUS and reason is not SkipReason.BY_OPERATOR:
        return None
    left_out = step_to(follow_up, FollowUpStep.SKIPPED, FollowUpState.SKIPPED, now)
    return FollowUpSettlement(
        replace(left_out, skipped_for=reason), None, (FollowUpStep.SKIPPED,), str(reason)
    )
