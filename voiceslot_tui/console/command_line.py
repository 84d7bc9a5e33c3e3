"""The `:` line: from what is typed to an action and its argument, and how it can go on. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console import filters, message_filters, recipient_filters
from voiceslot_tui.console.action import Action, ActionId
from voiceslot_tui.console.actions import ACTIONS, named

SETTLE_CHOICES: Final = ("release", "dialled", "not-dialled")


@dataclass(frozen=True, slots=True)
class Command:
    """An action to run, with what was typed after its name."""

    action: Action
    argument: str = ""


@dataclass(frozen=True, slots=True)
class BadCommand:
    """Why a command line cannot be followed."""

    message: str


def parse(text: str) -> Command | BadCommand:
    """Read a command line."""
    name, _, argument = text.strip().partition(" ")
    action = named(name)
    if action is None:
        begun = [one.id.value for one in ACTIONS if one.id.value.startswith(name.lower())]
        choices = f": {', '.join(begun)}" if name and begun else "; ? lists them"
        return BadCommand(f"there is no command '{name}'{choices}")
    argument = argument.strip()
    if argument and not action.argument:
        return BadCommand(f"{action.id.value} takes nothing after its name")
    if action.needs_argument and not argument:
        return BadCommand(f"{action.id.value} {action.argument}")
    return Command(action, argument)


def completions(text: str) -> tuple[str, ...]:
    """Give the ways in which a command line can go on."""
    name, space, argument = text.partition(" ")
    if not space:
        return tuple(
            action.id.value + (" " if action.argument else "")
            for action in ACTIONS
            if action.id.value.startswith(name.lower())
        )
    action = named(name)
    if action is None:
        return ()
    if action.id is ActionId.FILTER:
        grammars = (filters, message_filters, recipient_filters)
        ways = [way for grammar in grammars for way in grammar.completions(argument)]
        return tuple(f"{name} {rest}" for rest in dict.fromkeys(ways))
    if action.id is ActionId.SETTLE:
        return tuple(f"{name} {one}" for one in SETTLE_CHOICES if one.startswith(argument))
    return ()


def hint(text: str) -> str:
    """Say what the command line would do as it stands."""
    action = named(text.strip().partition(" ")[0])
    if action is None:
        return ""
    wanted = f" {action.argument}" if action.argument else ""
    return f"{action.id.value}{wanted}: {action.says}"
