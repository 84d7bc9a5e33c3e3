"""What is asked before an act on batches, and in which words. Pure.

A question names the batch and how many people it is about, as of the last check.
"""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.action import Action, ActionId
from voiceslot_tui.console.batch_wishes import wants_watching
from voiceslot_tui.console.batch_wording import batch_name, batch_state
from voiceslot_tui.console.questions import NO, YES, Choice, Question
from voiceslot_tui.console.situation import Situation
from voiceslot_tui.core.batch_words import what_cancelling_does, what_retrying_does
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.text import CleanText, clean
from voiceslot_tui.wire.batch_control import BatchRow

_SEND_AGAIN: Final = Choice("s", "Yes, send them again", YES.value)
"""Not `y`: that key asks this, and held down or struck twice it must not answer too."""


def question(action: Action, argument: str, situation: Situation) -> Question | None:
    """Give the question to ask before an action; None where it acts at once."""
    if action.id is ActionId.WATCH_BATCHES:
        return _watching(argument, situation)
    row = situation.batch
    if row is None:
        return None
    match action.id:
        case ActionId.CANCEL_BATCH:
            return _cancelling(row)
        case ActionId.RETRY_BATCH:
            return _retrying(row)
        case ActionId.RETRY_BATCH_MESSAGES:
            return _sending(row)
        case _:
            return None


def _cancelling(row: BatchRow) -> Question:
    lines = (
        _named(row),
        clean(f"{what_cancelling_does(row.view)}."),
        clean("Calls under way go on, and get their message."),
    )
    return Question(clean("Cancel this batch?"), lines, danger=True)


def _retrying(row: BatchRow) -> Question:
    lines = (
        _named(row),
        clean(f"{what_retrying_does(row.view)}."),
        clean("Each gets a message after that call too."),
    )
    return Question(clean("Call all again who failed in this batch?"), lines, danger=True)


def _sending(row: BatchRow) -> Question:
    failed = row.figures.follow_ups.get(FollowUpState.FAILED, 0)
    lines = (
        _named(row),
        clean(f"{formats.plural(failed, 'message')} failed, whatever the reason."),
        clean("Each is sent again as soon as the rules for messages allow."),
    )
    title = clean("Send the failed messages of this batch again?")
    return Question(title, lines, (NO, _SEND_AGAIN))


def _named(row: BatchRow) -> CleanText:
    state = batch_state(row.view.batch.count.status).text
    return clean(f"  {batch_name(row.view)}  {state}")


def _watching(argument: str, situation: Situation) -> Question | None:
    wanted = wants_watching(argument, situation)
    if wanted is None:
        return None
    if wanted:
        lines = (clean("Calls that ended in them meanwhile get their message, if not too old."),)
        return Question(clean("Watch the batches?"), lines)
    lines = (clean("Calls that end in them get no message until they are watched again."),)
    return Question(clean("Stop watching the batches?"), lines)
