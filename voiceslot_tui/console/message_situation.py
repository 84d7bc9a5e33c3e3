"""What an operator's key would do to messages, and why it cannot. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voiceslot_tui.console.message_wording import MESSAGE_STATES
from voiceslot_tui.console.situation import Reason, Situation, free_to_act, reachable
from voiceslot_tui.core.follow_ups import (
    FOLLOW_UP_TRANSITIONS,
    FollowUp,
    FollowUpState,
    FollowUpStep,
)

_NO_ROW: Final = "there is no message under the cursor; 5 goes to the messages"
_NO_PERSON: Final = "select one call or message with a phone number"


def a_message(situation: Situation) -> Reason | None:
    """Require one message."""
    blocked = reachable(situation)
    if blocked or len(situation.messages.ids) == 1:
        return blocked
    return "one message at a time" if situation.messages.ids else situation.absent or _NO_ROW


def _about(situation: Situation, fits: Callable[[FollowUp], bool], otherwise: str) -> Reason | None:
    """Require that a selected message at hand fits, or that one is not at hand."""
    blocked = free_to_act(situation)
    if blocked:
        return blocked
    selection = situation.messages
    if not selection.ids:
        return situation.absent or _NO_ROW
    if len(selection.messages) < len(selection.ids) or any(map(fits, selection.messages)):
        return None
    return f"{otherwise}; this one is {MESSAGE_STATES[selection.messages[0].state].text}"


def retryable(situation: Situation) -> Reason | None:
    """Require messages that can be sent again, or at once."""
    return _about(
        situation,
        lambda one: one.state is FollowUpState.DUE or _can(one, FollowUpStep.RETRIED),
        "only what is not on its way can be sent again",
    )


def skippable(situation: Situation) -> Reason | None:
    """Require messages that are not sent yet."""
    return _about(
        situation,
        lambda one: _can(one, FollowUpStep.SKIPPED),
        "only messages that wait can be left out",
    )


def blocked(situation: Situation) -> Reason | None:
    """Require blocked messages."""
    return _about(
        situation,
        lambda one: one.state is FollowUpState.BLOCKED,
        "only blocked messages can be released",
    )


def _can(message: FollowUp, step: FollowUpStep) -> bool:
    return (message.state, step) in FOLLOW_UP_TRANSITIONS


def with_failures(situation: Situation) -> Reason | None:
    """Require messages that failed by a code."""
    return free_to_act(situation) or (
        None if situation.standing.codes else "no message has failed by a code"
    )


def sending(situation: Situation) -> Reason | None:
    """Require follow-ups that are not paused."""
    return free_to_act(situation) or (
        "the follow-ups are paused already" if situation.standing.paused else None
    )


def held(situation: Situation) -> Reason | None:
    """Require follow-ups that are paused."""
    return free_to_act(situation) or (
        None if situation.standing.paused else "the follow-ups are not paused"
    )


def a_person(situation: Situation) -> Reason | None:
    """Require one person with a phone number."""
    return free_to_act(situation) or (None if situation.person else situation.absent or _NO_PERSON)
