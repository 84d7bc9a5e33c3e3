"""The one table of what an operator can do: keys, help, palette and command line come from it.

An action that is not in this table does not exist; one that cannot run now says why. Keys that
terminals confuse (ctrl+i, ctrl+j, ctrl+m, ctrl+h), that stop output (ctrl+s), or that many
keyboards lack are never an action's only key.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from voiceslot_tui.console import situation as when
from voiceslot_tui.console.action import Action, ActionId, Danger, Group
from voiceslot_tui.console.batch_actions import BATCHES
from voiceslot_tui.console.call_actions import CALLS
from voiceslot_tui.console.message_actions import MESSAGES

_I, _G, _D = ActionId, Group, Danger

_MOVES: Final = (
    Action(_I.UP, ("up", "k"), "up", "One row up.", _G.MOVE),
    Action(_I.DOWN, ("down", "j"), "down", "One row down.", _G.MOVE),
    Action(_I.PAGE_UP, ("pageup",), "page up", "One screen up.", _G.MOVE),
    Action(_I.PAGE_DOWN, ("pagedown",), "page down", "One screen down.", _G.MOVE),
    Action(_I.HALF_UP, ("ctrl+u",), "half up", "Half a screen up.", _G.MOVE),
    Action(_I.HALF_DOWN, ("ctrl+d",), "half down", "Half a screen down.", _G.MOVE),
    Action(_I.FIRST, ("home", "g"), "first", "The first row.", _G.MOVE),
    Action(_I.LAST, ("end", "G"), "last", "The last row.", _G.MOVE),
    Action(
        _I.DETAIL,
        ("enter",),
        "detail",
        "Show all about this call or message, or the recipients of this batch.",
        _G.MOVE,
        on_selection=True,
        footer=80,
        footer_keys="⏎",
        available=when.one_row,
    ),
    Action(_I.BACK, ("escape",), "back", "One level back; never quits.", _G.MOVE),
)

_FINDS: Final = (
    Action(
        _I.FILTER,
        ("slash",),
        "find",
        "Some rows only: words, state:queued, prio:>5, to:+57, is:done, code:63016, status:failed.",
        _G.FIND,
        argument="[words]",
        footer=30,
        available=when.filterable,
    ),
    Action(
        _I.FINISHED,
        ("F",),
        "finished",
        "Show finished calls, or the queue again.",
        _G.FIND,
    ),
    Action(
        _I.FOLLOW,
        ("f",),
        "follow",
        "Follow the newest event, or in the messages the newest message, or hold still.",
        _G.FIND,
    ),
    Action(
        _I.MARK,
        ("space",),
        "mark",
        "Mark this row or take its mark away; acts then take all that are marked.",
        _G.FIND,
        on_selection=True,
        footer=40,
        footer_keys="␣",
        available=when.markable,
    ),
    Action(
        _I.UNMARK,
        ("asterisk",),
        "unmark all",
        "Take all marks away.",
        _G.FIND,
    ),
)

_ENGINE: Final = (
    Action(
        _I.PAUSE,
        ("P",),
        "pause",
        "Start no more calls; live ones go on.",
        _G.ENGINE,
        danger=_D.CONFIRMED,
        undoable=True,
        argument="[why]",
        footer=60,
        available=when.running,
    ),
    Action(
        _I.RESUME,
        ("R",),
        "resume",
        "Dial again. P resumes too while the engine is paused.",
        _G.ENGINE,
        footer_keys="P",
        danger=_D.CONFIRMED,
        undoable=True,
        available=when.paused,
    ),
    Action(
        _I.LIMIT,
        ("l",),
        "limit",
        "Set how many calls may be live at once; above it calls drain.",
        _G.ENGINE,
        danger=_D.UNDONE,
        undoable=True,
        argument="number",
        needs_argument=True,
        available=when.free_to_act,
    ),
    Action(
        _I.RECONCILE,
        ("r",),
        "read now",
        "Read the platform's live calls now instead of at the next poll.",
        _G.ENGINE,
        available=when.free_to_act,
    ),
)

_SCREEN: Final = (
    Action(_I.QUEUE, ("1",), "queue", "Go to the queue.", _G.SCREEN),
    Action(_I.SLOTS, ("2",), "slots", "Go to the slots.", _G.SCREEN),
    Action(_I.BATCHES, ("3",), "batches", "Go to the batches.", _G.SCREEN),
    Action(_I.RECIPIENTS, ("4",), "recipients", "Go to the recipients.", _G.SCREEN),
    Action(_I.WHATSAPP, ("5",), "whatsapp", "Go to WhatsApp.", _G.SCREEN),
    Action(_I.EVENTS, ("6",), "events", "Go to the events.", _G.SCREEN),
    Action(_I.DETAIL_PANE, ("7",), "detail", "Go to the detail pane.", _G.SCREEN),
    Action(_I.NEXT_PANE, ("tab",), "next pane", "Go to the next pane.", _G.SCREEN),
    Action(_I.PREVIOUS_PANE, ("shift+tab",), "last pane", "Go to the pane before.", _G.SCREEN),
    Action(_I.ZOOM, ("z",), "zoom", "Give this pane the whole screen, or back.", _G.SCREEN),
    Action(_I.MASK, ("M",), "mask", "Hide the middle of phone numbers, or show them.", _G.SCREEN),
    Action(
        _I.MOUSE,
        ("m",),
        "mouse",
        "Leave the mouse to the terminal, to select and copy text, or take it back.",
        _G.SCREEN,
    ),
    Action(_I.REPAINT, ("ctrl+l", "f5"), "repaint", "Paint the whole screen anew.", _G.SCREEN),
    Action(
        _I.HELP,
        ("question_mark", "f1"),
        "help",
        "List all keys; typing searches, Enter runs.",
        _G.SCREEN,
        footer=10,
    ),
    Action(
        _I.COMMAND,
        ("colon",),
        "cmd",
        "Type a command; Tab completes.",
        _G.SCREEN,
        footer=20,
    ),
    Action(
        _I.PALETTE, ("ctrl+p",), "palette", "Search all commands; Enter runs.", _G.SCREEN, footer=96
    ),
)

_LEAVES: Final = (
    Action(
        _I.DETACH,
        ("q", "d"),
        "detach",
        "Leave this screen; the engine keeps running.",
        _G.LEAVE,
        footer=95,
    ),
    Action(
        _I.INTERRUPT,
        ("ctrl+c",),
        "interrupt",
        "Twice in a row: leave this screen; the engine keeps running.",
        _G.LEAVE,
    ),
    Action(
        _I.STOP,
        ("Q",),
        "stop engine",
        "Stop the engine; live calls go on and are found at the next start.",
        _G.LEAVE,
        danger=_D.CONFIRMED,
        available=when.free_to_act,
    ),
)

ACTIONS: Final = (*_MOVES, *_FINDS, *CALLS, *MESSAGES, *BATCHES, *_ENGINE, *_SCREEN, *_LEAVES)
BY_ID: Final = MappingProxyType({action.id: action for action in ACTIONS})
BY_KEY: Final = MappingProxyType({key: action for action in ACTIONS for key in action.keys})

_ALIASES: Final = MappingProxyType(
    {
        "q": ActionId.DETACH,
        "quit": ActionId.DETACH,
        "find": ActionId.FILTER,
        "prio": ActionId.PRIORITY,
        "hangup": ActionId.HANG_UP,
        "why": ActionId.EXPLAIN,
        "release": ActionId.SETTLE,
        "skip": ActionId.LEAVE_OUT,
        "check-messages": ActionId.ASK_MESSENGER,
    }
)
"""Other names on the command line; they take no argument of their own."""

_KEY_SIGNS: Final = MappingProxyType(
    {
        "plus": "+",
        "minus": "-",
        "equals_sign": "=",
        "slash": "/",
        "colon": ":",
        "question_mark": "?",
        "asterisk": "*",
        "space": "space",
        "enter": "enter",
        "escape": "esc",
        "pageup": "pgup",
        "pagedown": "pgdn",
        "shift+tab": "shift-tab",
    }
)


def key_sign(key: str) -> str:
    """Write a key as people call it."""
    return _KEY_SIGNS.get(key, key.replace("ctrl+", "^"))


def keys_shown(action: Action) -> str:
    """Write all keys of an action."""
    return " ".join(key_sign(key) for key in action.keys)


def on_key_line(actions: Iterable[Action] = ACTIONS) -> tuple[Action, ...]:
    """Give the actions of the key line, the most wanted first."""
    return tuple(sorted((one for one in actions if one.footer), key=lambda one: one.footer))


def named(name: str) -> Action | None:
    """Find an action by its name on the command line, another name, or a beginning only it has."""
    wanted = name.lower().replace("_", "-")
    for action in ACTIONS:
        if action.id.value == wanted:
            return action
    if wanted in _ALIASES:
        return BY_ID[_ALIASES[wanted]]
    begun = [action for action in ACTIONS if wanted and action.id.value.startswith(wanted)]
    return begun[0] if len(begun) == 1 else None
