"""What is asked before an act that cannot simply be undone, and in which words. Pure.

A question names the object, the count and what goes on regardless; No is always the first answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.action import Action, ActionId, Danger
from voiceslot_tui.console.situation import Selection
from voiceslot_tui.console.view import View
from voiceslot_tui.console.wishes import settle_choices
from voiceslot_tui.console.wording import state_of
from voiceslot_tui.core.calls import Call
from voiceslot_tui.core.text import CleanText, clean

_SAMPLES: Final = 3
_BULK_ASKS_FROM: Final = 25
"""Calls from which an act that can be undone asks all the same."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: its key, its words and what it stands for."""

    key: str
    words: str
    value: str


NO: Final = Choice("n", "No", "")
YES: Final = Choice("y", "Yes", "yes")


@dataclass(frozen=True, slots=True)
class Question:
    """A dialog: title, explanation, answers with the harmless one first."""

    title: CleanText
    lines: tuple[CleanText, ...]
    choices: tuple[Choice, ...] = (NO, YES)
    danger: bool = False
    """Whether a wrong Yes could do what nobody can take back."""


def question(
    action: Action, selection: Selection, view: View, argument: str = ""
) -> Question | None:
    """Give the question to ask before an action; None where it acts at once.

    An answer that was typed with the command is the only one offered beside No.
    """
    match action.id:
        case ActionId.PAUSE:
            return Question(clean("Pause the engine?"), _pausing(view))
        case ActionId.RESUME:
            return Question(clean("Resume dialling?"), _resuming(view))
        case ActionId.STOP:
            return Question(clean("Stop the engine?"), _stopping(view))
        case ActionId.HANG_UP:
            title = clean("Hang up this call?")
            return Question(title, (*_samples(selection, view), clean("The person is cut off.")))
        case ActionId.SETTLE:
            return _settling(selection, view, argument)
        case _:
            return _bulk(action, selection, view)


def leaving(view: View) -> Question:
    """Ask before leaving a console that takes its engine along."""
    if view.demo:
        return Question(clean("Leave the demo?"), (clean("It ends with this console."),))
    queued = view.snapshot.queued if view.snapshot else 0
    lines = (
        clean("This console started the engine, and the engine ends with it."),
        clean(f"{formats.plural(queued, 'call')} in the queue: kept for the next start."),
    )
    return Question(clean("Leave?"), lines)


def _bulk(action: Action, selection: Selection, view: View) -> Question | None:
    count = len(selection.ids)
    asks_from = 2 if action.id is ActionId.CANCEL else _BULK_ASKS_FROM
    if not selection.in_view:
        # The operator may have forgotten what is marked, and be looking at another row.
        asks_from = 1
    if action.danger is Danger.NONE or not action.on_selection or count < asks_from:
        return None
    verb = _VERBS.get(action.id, action.label)
    lines = [*_samples(selection, view)]
    if action.undoable:
        within = " within 30 seconds" if action.id is ActionId.CANCEL else ""
        lines.append(clean(f"u takes it back{within}."))
    return Question(clean(f"{verb} {formats.plural(count, 'marked call')}?"), tuple(lines))


_VERBS: Final = MappingProxyType(
    {
        ActionId.CANCEL: "Cancel",
        ActionId.PARK: "Park",
        ActionId.UNPARK: "Unpark",
        ActionId.TOP: "Move to the top",
        ActionId.BOTTOM: "Move to the bottom",
        ActionId.PRIORITY: "Set the priority of",
    }
)


def _samples(selection: Selection, view: View) -> tuple[CleanText, ...]:
    calls = selection.samples or selection.calls
    shown = [_sample(call, view.masked) for call in calls[:_SAMPLES]]
    left = len(selection.ids) - len(shown)
    return (*shown, clean(f"  and {left:,} more")) if left and shown else tuple(shown)


def _sample(call: Call, masked: bool) -> CleanText:
    number = formats.phone_number(call.to_number, masked)
    return clean(f"  {number}  {clean(call.name, 30)}  {state_of(call).text}")


def _under_way(view: View) -> str:
    slots = view.snapshot.slots if view.snapshot else None
    if slots is None or not slots.holding:
        return "No call is under way."
    goes_on = "goes" if slots.holding == 1 else "go"
    return f"{formats.plural(slots.holding, 'call')} under way {goes_on} on to the end."


def _pausing(view: View) -> tuple[CleanText, ...]:
    queued = view.snapshot.queued if view.snapshot else 0
    return (
        clean("No further call is started until somebody resumes; a restart does not resume."),
        clean(_under_way(view)),
        clean(f"{formats.plural(queued, 'call')} in the queue: kept."),
    )


def _resuming(view: View) -> tuple[CleanText, ...]:
    snapshot = view.snapshot
    if snapshot is None:
        return ()
    free = formats.plural(snapshot.slots.free, "slot")
    lines = [clean(f"{formats.count(snapshot.ready)} ready to dial, {free} free.")]
    if snapshot.paused_by:
        why = f": {snapshot.paused_why}" if snapshot.paused_why else ""
        lines.append(clean(f"Paused by {snapshot.paused_by}{why}"))
    return tuple(lines)


def _stopping(view: View) -> tuple[CleanText, ...]:
    consoles = view.snapshot.consoles if view.snapshot else 0
    lines = [
        clean("Nothing is dialled and no webhook is heard until it is started again."),
        clean(_under_way(view)),
    ]
    if consoles > 1:
        lines.append(clean(f"{formats.plural(consoles - 1, 'other console')} attached."))
    return tuple(lines)


_SETTLE_WORDS: Final[Mapping[str, Choice]] = MappingProxyType(
    {
        "release": Choice("r", "Release its slot", "release"),
        "dialled": Choice("y", "It was dialled: ended, outcome not known", "dialled"),
        "not-dialled": Choice("q", "It was not dialled: queue it again", "not-dialled"),
    }
)


def _settling(selection: Selection, view: View, argument: str) -> Question:
    typed = [argument] if argument in _SETTLE_WORDS else None
    choices = [_SETTLE_WORDS[name] for name in typed or settle_choices(selection)]
    count = len(selection.ids)
    title = f"What became of {'this call' if count == 1 else f'these {count:,} calls'}?"
    lines = (
        *_samples(selection, view),
        clean("A released slot may be dialled into while the call still talks."),
        clean("A call queued again rings the person again if it was dialled after all."),
    )
    return Question(clean(title), lines, (Choice("n", "Leave as it is", ""), *choices))
