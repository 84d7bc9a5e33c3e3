"""The part of the one table of actions that is about batches."""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console import batch_situation as when
from voiceslot_tui.console.action import Action, ActionId, Danger, Group
from voiceslot_tui.console.situation import free_to_act

_I, _G, _D = ActionId, Group, Danger

BATCHES: Final = (
    Action(
        _I.CHECK_BATCHES,
        ("c",),
        "check now",
        "Check the batches now instead of when the interval is over.",
        _G.BATCHES,
        footer=52,
        available=free_to_act,
    ),
    Action(
        _I.CANCEL_BATCH,
        ("C",),
        "cancel batch",
        "Cancel this batch: who was not called yet is not called.",
        _G.BATCHES,
        danger=_D.CONFIRMED,
        on_selection=True,
        footer=53,
        available=when.cancellable,
    ),
    Action(
        _I.RETRY_BATCH,
        ("A",),
        "call failed again",
        "Have the platform call all recipients of this batch again who failed.",
        _G.BATCHES,
        danger=_D.CONFIRMED,
        on_selection=True,
        footer=54,
        available=when.retryable,
    ),
    Action(
        _I.RETRY_BATCH_MESSAGES,
        ("y",),
        "send failed again",
        "Send all messages after calls of this batch again that failed.",
        _G.BATCHES,
        danger=_D.CONFIRMED,
        on_selection=True,
        footer=66,
        available=when.with_failed_messages,
    ),
    Action(
        _I.WATCH_BATCHES,
        ("O",),
        "watch",
        "Watch the batches, or stop: calls that end in unwatched ones get no message.",
        _G.BATCHES,
        danger=_D.CONFIRMED,
        argument="[on|off]",
        footer=67,
        available=free_to_act,
    ),
    Action(
        _I.BATCH_INTERVAL,
        ("i",),
        "interval",
        "Set how many seconds pass between two checks of the batches.",
        _G.BATCHES,
        argument="seconds",
        needs_argument=True,
        footer=68,
        available=free_to_act,
    ),
)
"""What can be done to batches, and to the watching of all of them."""
