"""The part of the one table of actions that is about messages and the suppression list."""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console import message_situation as when
from voiceslot_tui.console.action import Action, ActionId, Danger, Group
from voiceslot_tui.console.situation import free_to_act

_I, _G, _D = ActionId, Group, Danger

MESSAGES: Final = (
    Action(
        _I.RETRY,
        ("s",),
        "send again",
        "Send this or all marked messages again, or at once where they wait.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        on_selection=True,
        footer=51,
        available=when.retryable,
    ),
    Action(
        _I.RETRY_CODE,
        ("S",),
        "retry code",
        "Retry all messages that failed by one error code.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        argument="[code]",
        footer=71,
        available=when.with_failures,
    ),
    Action(
        _I.LEAVE_OUT,
        ("o",),
        "leave out",
        "Leave messages out that were not delivered; retry takes them in again.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        on_selection=True,
        footer=65,
        available=when.skippable,
    ),
    Action(
        _I.UNBLOCK,
        ("b",),
        "release",
        "Let blocked messages be sent, whatever the template's approval says.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        on_selection=True,
        footer=75,
        available=when.blocked,
    ),
    Action(
        _I.PREVIEW,
        ("v",),
        "preview",
        "Show the text of a message as it would be sent now.",
        _G.MESSAGES,
        on_selection=True,
        footer=61,
        available=when.a_message,
    ),
    Action(
        _I.PAUSE_MESSAGES,
        ("W",),
        "pause messages",
        "Pause the follow-ups: no message is sent; calls go on.",
        _G.MESSAGES,
        danger=_D.UNDONE,
        undoable=True,
        footer=60,
        available=when.sending,
    ),
    Action(
        _I.RESUME_MESSAGES,
        ("w",),
        "resume messages",
        "Resume the follow-ups. W resumes them too while they are paused.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        undoable=True,
        footer_keys="W",
        available=when.held,
    ),
    Action(
        _I.TEMPLATE,
        ("t",),
        "template",
        "Change the template; blocked messages go once it may be used.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        argument="HX…",
        needs_argument=True,
        footer=76,
        available=free_to_act,
    ),
    Action(
        _I.ASK_MESSENGER,
        ("a",),
        "ask Twilio",
        "Ask the messenger now for the template's approval and for what is under way.",
        _G.MESSAGES,
        available=free_to_act,
    ),
    Action(
        _I.SUPPRESS,
        ("n",),
        "suppress",
        "Put this person's number on the suppression list: never called or written to again.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        on_selection=True,
        argument="[why]",
        footer=72,
        available=when.a_person,
    ),
    Action(
        _I.UNSUPPRESS,
        ("N",),
        "unsuppress",
        "Take a number off the suppression list, this person's or the one given.",
        _G.MESSAGES,
        danger=_D.CONFIRMED,
        argument="[number]",
        available=free_to_act,
    ),
)
"""What can be done to messages, to all of them, and to the people they go to."""
