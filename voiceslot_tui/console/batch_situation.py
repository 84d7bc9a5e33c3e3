"""What an operator's key would do to a batch, and why it cannot. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voiceslot_tui.console.batch_wording import batch_state
from voiceslot_tui.console.situation import Reason, Situation, free_to_act
from voiceslot_tui.core.batch_words import failed_in
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.wire.batch_control import BatchRow

_NO_BATCH: Final = "there is no batch under the cursor; 3 goes to the batches"
_OVER: Final = frozenset({"completed", "failed", "cancelled"})


def _about(situation: Situation, problem: Callable[[BatchRow], Reason | None]) -> Reason | None:
    blocked = free_to_act(situation)
    if blocked:
        return blocked
    return _NO_BATCH if situation.batch is None else problem(situation.batch)


def cancellable(situation: Situation) -> Reason | None:
    """Require a batch that is not over; one of an unknown status may be cancelled."""

    def problem(row: BatchRow) -> Reason | None:
        status = row.view.batch.count.status
        return f"this batch is {batch_state(status).text} already" if status in _OVER else None

    return _about(situation, problem)


def retryable(situation: Situation) -> Reason | None:
    """Require a batch in which somebody failed, as far as anybody knows."""
    return _about(
        situation,
        lambda row: "nobody in this batch has failed" if failed_in(row.view) == 0 else None,
    )


def with_failed_messages(situation: Situation) -> Reason | None:
    """Require a batch some of whose messages failed."""

    def problem(row: BatchRow) -> Reason | None:
        failed = row.figures.follow_ups.get(FollowUpState.FAILED, 0)
        return None if failed else "no message of this batch has failed"

    return _about(situation, problem)
