"""From an action with its selection and argument to what the engine is asked for. Pure.

A selection larger than one message may name is asked for in pieces, in an order that gives the
same end as one message would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console.action import ActionId
from voiceslot_tui.console.situation import Selection
from voiceslot_tui.core.calls import CallId, CallState
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX, LIMIT_MAX, PRIORITY_MAX, PRIORITY_MIN
from voiceslot_tui.core.pages import Place
from voiceslot_tui.wire import control
from voiceslot_tui.wire.follow_up_control import Suppress

Wanted = control.Act | Suppress
"""What an act asks of the engine; each comes to a Done."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask, in order; `label` names the act for messages and for undo."""

    label: str
    asks: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class BadArgument:
    """Why the argument cannot be followed."""

    message: str


_SETTLES: Final = {
    "release": (Wish.RELEASE, "release the slot of"),
    "dialled": (Wish.CONFIRM_DIALLED, "confirm as dialled"),
    "not-dialled": (Wish.CONFIRM_NOT_DIALLED, "confirm as not dialled"),
}


def plan(action: ActionId, argument: str, selection: Selection) -> Plan | BadArgument:
    """Say what an action asks of the engine."""
    match action:
        case ActionId.PAUSE:
            return Plan("pause the engine", (control.Pause(argument),))
        case ActionId.RESUME:
            return Plan("resume the engine", (control.Resume(),))
        case ActionId.RECONCILE:
            return Plan("read the live calls", (control.Reconcile(),))
        case ActionId.STOP:
            return Plan("stop the engine", (control.StopEngine(),))
        case ActionId.LIMIT:
            return _limit(argument)
        case _:
            return _about_calls(action, argument, selection)


def _limit(argument: str) -> Plan | BadArgument:
    number = _whole(argument)
    if number is None or not 1 <= number <= LIMIT_MAX:
        return BadArgument(f"the limit is a whole number from 1 to {LIMIT_MAX:,}")
    return Plan(f"limit {number}", (control.SetLimit(number),))


def _about_calls(action: ActionId, argument: str, selection: Selection) -> Plan | BadArgument:
    match action:
        case ActionId.RAISE | ActionId.LOWER | ActionId.PRIORITY:
            return _priority(action, argument, selection)
        case ActionId.TOP | ActionId.BOTTOM:
            return _move(action, selection)
        case ActionId.PARK:
            return _want(Wish.PARK, "park", selection)
        case ActionId.UNPARK:
            return _want(Wish.UNPARK, "unpark", selection)
        case ActionId.CANCEL:
            return _want(Wish.CANCEL, "cancel", selection)
        case ActionId.SETTLE if argument in _SETTLES:
            wish, label = _SETTLES[argument]
            return _want(wish, label, selection)
        case ActionId.SETTLE:
            return BadArgument(f"settle as one of: {', '.join(_SETTLES)}")
        case ActionId.HANG_UP:
            return Plan(f"hang up {_calls(1)}", (control.HangUpCall(selection.ids[0]),))
        case _:
            return BadArgument(f"{action} asks nothing of the engine")


def _want(wish: Wish, label: str, selection: Selection) -> Plan:
    asks = _pieces(selection.ids, lambda ids: control.Want(ids, wish))
    return Plan(f"{label} {_calls(len(selection.ids))}", asks)


def _priority(action: ActionId, argument: str, selection: Selection) -> Plan | BadArgument:
    calls = _calls(len(selection.ids))
    if action is ActionId.PRIORITY and argument[:1] not in "+-":
        to = _whole(argument)
        if to is None or not PRIORITY_MIN <= to <= PRIORITY_MAX:
            return BadArgument(f"a priority is a whole number, {PRIORITY_MIN} to {PRIORITY_MAX}")
        asks = _pieces(selection.ids, lambda ids: control.Prioritise(ids, to=to))
        return Plan(f"priority {to} for {calls}", asks)
    by = _whole(argument or "1")
    if by is None or abs(by) > PRIORITY_MAX - PRIORITY_MIN:
        return BadArgument("by how much? a whole number")
    change = -by if action is ActionId.LOWER else by
    asks = _pieces(selection.ids, lambda ids: control.Prioritise(ids, by=change))
    return Plan(f"priority {change:+} for {calls}", asks)


def _move(action: ActionId, selection: Selection) -> Plan:
    place = Place.TOP if action is ActionId.TOP else Place.BOTTOM
    asks = _pieces(selection.ids, lambda ids: control.Move(ids, place))
    ordered = asks[::-1] if place is Place.TOP else asks
    return Plan(f"move {_calls(len(selection.ids))} to the {place}", ordered)


def _pieces(
    ids: Sequence[CallId], ask: Callable[[tuple[CallId, ...]], control.Act]
) -> tuple[control.Act, ...]:
    return tuple(
        ask(tuple(ids[start : start + COMMAND_CALLS_MAX]))
        for start in range(0, len(ids), COMMAND_CALLS_MAX)
    )


def _calls(count: int) -> str:
    return f"{count:,} {'call' if count == 1 else 'calls'}"


def _whole(argument: str) -> int | None:
    digits = argument.strip().removeprefix("+")
    sign = digits.removeprefix("-")
    return int(digits) if sign.isascii() and sign.isdigit() and len(sign) <= 6 else None


def settle_choices(selection: Selection) -> tuple[str, ...]:
    """Give what an operator may say of the selected calls."""
    talking = [call for call in selection.calls if call.state is CallState.LIVE]
    return ("release",) if talking and len(talking) == len(selection.calls) else tuple(_SETTLES)
