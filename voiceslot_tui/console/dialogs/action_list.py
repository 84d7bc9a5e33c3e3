"""All actions in a list that typing searches: the help with its keys, and the command palette.

Enter runs the action. One that cannot run now is listed with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from voiceslot_tui.console.action import Action, ActionId
from voiceslot_tui.console.actions import keys_shown
from voiceslot_tui.console.dialogs.dialog import TypingDialog, text_block
from voiceslot_tui.console.phrases import one_line, say, wrapped
from voiceslot_tui.console.widgets.cells import Line, Tone, fitted
from voiceslot_tui.console.widgets.live_text import LiveText
from voiceslot_tui.core.text import clean

_KEY_CELLS = 13
_NAME_CELLS = 14


class ActionList(TypingDialog[ActionId]):
    """Gives the chosen action, or None. `blocked` says why an action cannot run now."""

    def __init__(
        self, title: str, actions: Sequence[Action], blocked: Callable[[Action], str | None]
    ) -> None:
        steps = {"up": -1, "down": 1, "tab": 1, "pageup": -10, "pagedown": 10}
        keys = {key: partial(self._step, by) for key, by in steps.items()}
        super().__init__(keys=keys, placeholder="type to search", id="search")
        self._title = title
        self._all = tuple(actions)
        self._blocked = blocked
        self._found = self._all
        self._searched_for = ""
        self._at = 0
        self._top = 0
        self._list = LiveText(self._list_lines, id="actions")
        self._says = LiveText(self._says_lines, id="says")

    def compose(self) -> ComposeResult:
        """Show the search line above the list."""
        with Vertical(id="box", classes="tall"):
            yield text_block([one_line(say(self._title, Tone.STRONG))], id="text")
            yield self.line
            yield self._list
            yield self._says

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what matches, unless more has been typed by now."""
        if event.value == self.line.value:
            self._search()

    def _search(self) -> None:
        """List what matches every word on the line, where it is not what was searched for last."""
        if self.line.value == self._searched_for:
            return
        self._searched_for = self.line.value
        wanted = clean(self.line.value).lower().split()
        self._found = tuple(
            action for action in self._all if all(word in _searched(action) for word in wanted)
        )
        self._at = self._top = 0
        self._repaint()

    def on_input_submitted(self) -> None:
        """Give the action gone to."""
        self._search()
        if self._found:
            self.answer(self._found[self._at].id)
        else:
            self.line.reopen()

    def _step(self, by: int) -> None:
        """Go to another action."""
        self._search()
        self._at = min(max(0, self._at + by), max(0, len(self._found) - 1))
        self._repaint()

    def _repaint(self) -> None:
        self._list.repaint()
        self._says.repaint()

    def _says_lines(self, width: int, _height: int) -> list[Line]:
        """Say whole what the line of the action gone to may have cut."""
        if not self._found:
            return []
        action = self._found[self._at]
        why = self._blocked(action)
        says = f"{action.says} Not now: {why}." if why else action.says
        return wrapped(says, width, Tone.WARNING if why else Tone.DIM)

    def _list_lines(self, width: int, height: int) -> list[Line]:
        if not self._found:
            return [one_line(say("no action matches", Tone.DIM))]
        self._top = min(max(self._top, self._at - height + 1), self._at)
        shown = self._found[self._top : self._top + height]
        return [
            self._line_of(action, self._top + index == self._at)
            for index, action in enumerate(shown)
        ]

    def _line_of(self, action: Action, here: bool) -> Line:
        tone = Tone.DIM if self._blocked(action) else Tone.PLAIN
        name = action.id.value + (f" {action.argument}" if action.needs_argument else "")
        return Line(
            (
                say("▌" if here else " ", Tone.ACCENT),
                say(fitted(clean(keys_shown(action)), _KEY_CELLS), Tone.STRONG),
                say(fitted(clean(name), _NAME_CELLS), tone),
                say(f" {action.says}", tone),
            ),
            Tone.STRONG if here else Tone.PLAIN,
        )


def _searched(action: Action) -> str:
    words = (action.id, action.label, action.says, keys_shown(action), action.group)
    return " ".join(words).lower()
