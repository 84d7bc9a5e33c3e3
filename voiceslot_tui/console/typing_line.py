"""The lines an operator types on: commands and filters, and the lists that search all actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from voiceslot_tui.console import command_line
from voiceslot_tui.console.action import Action, ActionId
from voiceslot_tui.console.actions import ACTIONS
from voiceslot_tui.console.aim import Aim
from voiceslot_tui.console.dialogs.action_list import ActionList
from voiceslot_tui.console.dialogs.prompt import Prompt
from voiceslot_tui.console.filtering import (
    Filtering,
    calls_filtering,
    messages_filtering,
    recipients_filtering,
)
from voiceslot_tui.console.outcomes import News
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.core.pages import Segment
from voiceslot_tui.core.text import clean

if TYPE_CHECKING:
    from voiceslot_tui.console.main_screen import MainScreen

_HISTORY_MAX: Final = 50

Perform = Callable[[ActionId, str, Aim | None], None]
"""Runs an action with its argument, on what the line or the list was opened on."""


class TypingLine:
    """Opens the lines and lists, and runs what was typed or chosen."""

    def __init__(self, screen: MainScreen, perform: Perform) -> None:
        self._screen = screen
        self._perform = perform
        self._commands: tuple[str, ...] = ()
        self._filters: tuple[str, ...] = ()
        self.table: Mapping[ActionId, Callable[[str], None]] = {
            ActionId.FILTER: self._filter,
            ActionId.FINISHED: self._finished,
            ActionId.COMMAND: lambda _: self.command(""),
            ActionId.HELP: lambda _: self._list("Keys"),
            ActionId.PALETTE: lambda _: self._list("Commands"),
        }

    def command(self, text: str) -> None:
        """Open the command line with something typed already."""
        prompt = Prompt(
            ":",
            text=text,
            hint=command_line.hint,
            complete=command_line.completions,
            history=self._commands,
        )
        aim = self._screen.deeds.aim()
        self._screen.app.push_screen(prompt, lambda typed: self._run(typed, aim))

    def _run(self, text: str | None, aim: Aim | None) -> None:
        if not text or not text.strip():
            return
        self._commands = (*self._commands, text)[-_HISTORY_MAX:]
        command = command_line.parse(text)
        if isinstance(command, command_line.BadCommand):
            self._screen.tell(News(clean(command.message), Tone.WARNING))
        else:
            self._perform(command.action.id, command.argument, aim)

    def _filter(self, argument: str) -> None:
        filtering = self._filtering()
        if argument:
            self._told(filtering.show(argument))
            return
        before = filtering.text()

        def typed(text: str | None) -> None:
            if text is None:
                filtering.show(before)
                return
            if not self._told(filtering.show(text)):
                # What was found while it was typed is not what was wanted.
                filtering.show(before)
            if text.strip():
                self._filters = (*self._filters, text)[-_HISTORY_MAX:]

        prompt = Prompt(
            "/",
            text=before,
            hint=filtering.hint,
            complete=filtering.complete,
            history=self._filters,
            changed=filtering.show,
        )
        self._screen.app.push_screen(prompt, typed)

    def _filtering(self) -> Filtering:
        """Give the filter line of the rows that keys act on."""
        screen = self._screen
        if screen.listing is screen.whatsapp:
            return messages_filtering(screen.whatsapp)
        if screen.listing is screen.recipients:
            return recipients_filtering(screen.recipients)
        return calls_filtering(screen.queue)

    def _told(self, problem: str) -> bool:
        """Say what is wrong with a filter; tell whether it was shown."""
        if problem:
            self._screen.tell(News(clean(f"filter: {problem}"), Tone.WARNING))
        return not problem

    def _finished(self, _argument: str) -> None:
        now = self._screen.queue.search.segment
        calls_filtering(self._screen.queue).show("" if now is Segment.DONE else "is:done")

    def _list(self, title: str) -> None:
        def chosen(action_id: ActionId | None) -> None:
            if action_id is not None:
                self._perform(action_id, "", aim)

        situation, aim = self._screen.deeds.situation(), self._screen.deeds.aim()

        def blocked(action: Action) -> str | None:
            return action.available(situation)

        self._screen.app.push_screen(ActionList(title, ACTIONS, blocked), chosen)
