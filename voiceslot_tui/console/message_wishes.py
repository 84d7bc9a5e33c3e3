"""From an action on messages with its argument to what the engine is asked for. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.action import ActionId
from voiceslot_tui.console.situation import Situation
from voiceslot_tui.console.wishes import BadArgument, Plan
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.wire import follow_up_control as messages
from voiceslot_tui.wire.twilio_content import CONTENT_SID
from voiceslot_tui.wire.twilio_errors import code_of

_WISHES: Final = MappingProxyType(
    {
        ActionId.RETRY: (FollowUpWish.RETRY, "send again"),
        ActionId.LEAVE_OUT: (FollowUpWish.SKIP, "leave out"),
        ActionId.UNBLOCK: (FollowUpWish.RELEASE, "release"),
    }
)


def plan(action: ActionId, argument: str, situation: Situation) -> Plan | BadArgument:
    """Say what an action asks of the engine."""
    match action:
        case ActionId.RETRY | ActionId.LEAVE_OUT | ActionId.UNBLOCK:
            return _want(action, situation.messages.ids)
        case ActionId.RETRY_CODE:
            return _retry_code(argument)
        case ActionId.TEMPLATE:
            return _template(argument)
        case ActionId.SUPPRESS:
            return Plan("suppress", (messages.Suppress(situation.person, argument),))
        case ActionId.UNSUPPRESS:
            return _unsuppress(argument or situation.person)
        case ActionId.PAUSE_MESSAGES:
            return Plan("pause the follow-ups", (messages.PauseMessages(),))
        case ActionId.RESUME_MESSAGES:
            return Plan("resume the follow-ups", (messages.ResumeMessages(),))
        case ActionId.ASK_MESSENGER:
            return Plan("ask the messenger", (messages.ReadMessenger(),))
        case _:
            return BadArgument(f"{action} asks nothing about messages")


def _want(action: ActionId, ids: tuple[FollowUpId, ...]) -> Plan:
    wish, verb = _WISHES[action]
    asks = tuple(
        messages.WantMessages(ids[start : start + COMMAND_CALLS_MAX], wish)
        for start in range(0, len(ids), COMMAND_CALLS_MAX)
    )
    return Plan(f"{verb} {formats.plural(len(ids), 'message')}", asks)


def failed_by(code: int) -> FollowUpFilter:
    """Give the messages that failed by a code."""
    return FollowUpFilter(states=frozenset({FollowUpState.FAILED}), code=code)


def _retry_code(argument: str) -> Plan | BadArgument:
    code = code_of(argument)
    if code is None:
        return BadArgument("retry by which code? a number like 63016")
    asks = (messages.RetryMessages(failed_by(code)),)
    return Plan(f"retry what failed by {code}", asks)


def _template(argument: str) -> Plan | BadArgument:
    if not CONTENT_SID.fullmatch(argument):
        return BadArgument("a template is HX and 32 hexadecimal digits")
    return Plan(f"template {argument}", (messages.UseTemplate(argument),))


def _unsuppress(written: str) -> Plan | BadArgument:
    number = written.strip()
    if not number:
        return BadArgument("whose number? write it like +12025550100")
    return Plan("unsuppress", (messages.Unsuppress(number),))
