"""What is asked before an act on messages, and in which words. Pure.

Each act sends something to a person or keeps it from them, so each asks; where a message may have
been sent already, the question says so first.
"""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.action import Action, ActionId
from voiceslot_tui.console.message_rows import code_words
from voiceslot_tui.console.message_wording import MESSAGE_STATES
from voiceslot_tui.console.questions import NO, YES, Choice, Question
from voiceslot_tui.console.situation import Situation
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpState
from voiceslot_tui.core.text import CleanText, clean
from voiceslot_tui.wire.twilio_errors import code_of, explained

_SAMPLES: Final = 3
_CODES_SHOWN: Final = 9
"""As many as there are digits to choose one by."""
_MAY_HAVE_BEEN_SENT: Final = "it may have been sent; retry only if you know it was not"
_NOT_SENT: Final = Choice("y", "It was not sent: send it", YES.value)


def question(action: Action, argument: str, situation: Situation) -> Question | None:
    """Give the question to ask before an action; None where it acts at once."""
    match action.id:
        case ActionId.RETRY:
            return _retrying(situation)
        case ActionId.RETRY_CODE:
            return _retrying_code(argument, situation)
        case ActionId.LEAVE_OUT:
            return _about(situation, "Leave {} out?", "Nothing is sent; retry takes it in again.")
        case ActionId.UNBLOCK:
            says = "It is sent whatever the template's approval says, and may be blocked again."
            return _about(situation, "Release {}?", says)
        case ActionId.RESUME_MESSAGES:
            return Question(clean("Resume the follow-ups?"), _resuming(situation.standing))
        case ActionId.TEMPLATE:
            return _template(argument, situation.standing)
        case ActionId.SUPPRESS:
            return _suppressing(situation)
        case ActionId.UNSUPPRESS:
            return _unsuppressing(argument, situation)
        case _:
            return None


def _number(count: int) -> str:
    return "this message" if count == 1 else f"{count:,} marked messages"


def _about(situation: Situation, title: str, says: str) -> Question:
    selection = situation.messages
    title = title.format(_number(len(selection.ids)))
    return Question(clean(title), (*_samples(situation), clean(says)))


def _retrying(situation: Situation) -> Question:
    selection = situation.messages
    title = f"Send {_number(len(selection.ids))} again?"
    if len(selection.ids) == 1:
        ambiguous = any(one.state is FollowUpState.AMBIGUOUS for one in selection.messages)
        if ambiguous:
            lines = (clean(f"{_MAY_HAVE_BEEN_SENT}."), *_samples(situation))
            return Question(clean(title), lines, (NO, _NOT_SENT), danger=True)
        says = "The person gets it as soon as the rules for messages allow."
        return Question(clean(title), (*_samples(situation), clean(says)))
    seen = (*selection.messages, *selection.samples)
    unclear = [one for one in seen if one.state is FollowUpState.AMBIGUOUS]
    # Of most marked messages the row is not at hand, so any of them may be ambiguous.
    danger = bool(unclear) or len({one.id for one in seen}) < len(selection.ids)
    warning = (clean(f"Of an ambiguous one: {_MAY_HAVE_BEEN_SENT}."),) if danger else ()
    return Question(clean(title), (*warning, *_samples(situation)), danger=danger)


def _samples(situation: Situation) -> tuple[CleanText, ...]:
    selection = situation.messages
    known = selection.samples or selection.messages
    shown = [_sample(one, situation.view.masked) for one in known[:_SAMPLES]]
    left = len(selection.ids) - len(shown)
    return (*shown, clean(f"  and {left:,} more")) if left and shown else tuple(shown)


def _sample(message: FollowUp, masked: bool) -> CleanText:
    number = formats.phone_number(message.to_number, masked)
    return clean(f"  {number}  {clean(message.name, 30)}  {MESSAGE_STATES[message.state].text}")


def _retrying_code(argument: str, situation: Situation) -> Question | None:
    standing = situation.standing
    code = code_of(argument)
    if argument and code is None:
        return None
    if code is not None:
        lines = (_failed(code, standing.codes.get(code, 0)), clean(explained(code).remedy))
        return Question(clean(f"Retry all that failed by {code}?"), tuple(filter(None, lines)))
    choices = tuple(
        Choice(str(key), _failed(one, standing.codes[one]), str(one))
        for key, one in enumerate(_codes(situation), start=1)
    )
    says = clean("Each is sent again as soon as the rules for messages allow.")
    return Question(clean("Retry what failed by which code?"), (says,), (NO, *choices))


def _codes(situation: Situation) -> list[int]:
    """Give the codes to choose from: that of the message under the cursor, then the commonest."""
    codes, only = situation.standing.codes, situation.messages.only
    here = only.code if only is not None and only.state is FollowUpState.FAILED else None
    return sorted(codes, key=lambda one: (one != here, -codes[one], one))[:_CODES_SHOWN]


def _failed(code: int, count: int) -> CleanText:
    return clean(f"{formats.plural(count, 'message')}: {code_words(code)}")


def _resuming(standing: FollowUpStanding) -> tuple[CleanText, ...]:
    due = standing.states.get(FollowUpState.DUE, 0)
    by = f"Paused by {standing.paused_by}." if standing.paused_by else ""
    lines = (clean(f"{formats.plural(due, 'message')} due."), clean(by))
    return tuple(line for line in lines if line)


def _template(argument: str, standing: FollowUpStanding) -> Question:
    blocked = standing.states.get(FollowUpState.BLOCKED, 0)
    before = standing.template.content_sid if standing.template else "none"
    lines = (
        clean(f"until now: {clean(before, 40)}"),
        clean("Its approval is read at once."),
        clean(f"{formats.plural(blocked, 'blocked message')} go once it may be used."),
    )
    return Question(clean(f"Send by the template {clean(argument, 40)}?"), lines)


def _suppressing(situation: Situation) -> Question:
    number = formats.phone_number(situation.person, situation.view.masked)
    lines = (
        clean("This person is never called or written to again, by any campaign."),
        clean("Their calls in the queue and messages that wait go; the answer says how many."),
    )
    return Question(clean(f"Suppress {number}?"), lines, danger=True)


def _unsuppressing(argument: str, situation: Situation) -> Question | None:
    number = argument or situation.person
    if not number:
        return None
    shown = formats.phone_number(number, situation.view.masked)
    lines = (clean("Who asked for no more messages may take it ill; be sure that they agreed."),)
    return Question(clean(f"Allow {shown} again?"), lines)
