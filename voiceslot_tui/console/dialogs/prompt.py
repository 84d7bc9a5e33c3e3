"""A line to type on, at the foot of the screen: a command or a filter.

What is typed is cleaned as it comes, so that a pasted escape sequence stays text.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from voiceslot_tui.console.dialogs.dialog import TypingDialog, text_block
from voiceslot_tui.console.phrases import one_line, say
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.console.widgets.live_text import LiveText
from voiceslot_tui.core.text import clean

_CHARS_MAX = 200
_SHOWN_COMPLETIONS = 8


class Prompt(TypingDialog[str]):
    """Gives what was typed, or None where the operator gave up.

    `hint` says what the line would do; `complete` gives the ways it can go on, which Tab takes in
    turn; `changed` hears of every change, for a filter that works while it is typed.
    """

    def __init__(
        self,
        sign: str,
        *,
        text: str = "",
        hint: Callable[[str], str],
        complete: Callable[[str], tuple[str, ...]],
        history: tuple[str, ...] = (),
        changed: Callable[[str], object] | None = None,
    ) -> None:
        keys = {
            "tab": lambda: self._go_on(1),
            "shift+tab": lambda: self._go_on(-1),
            "up": lambda: self._recall(-1),
            "down": lambda: self._recall(1),
        }
        super().__init__(text, keys=keys, id="line", max_length=_CHARS_MAX, select_on_focus=False)
        self._sign = sign
        self._hint = hint
        self._complete = complete
        self._changed = changed
        self._history = (*history, text)
        self._recalled = len(history)
        self._typed = self._shown = text
        self._offered = 0
        self._below = LiveText(id="hint")

    def compose(self) -> ComposeResult:
        """Show the hint above the line."""
        with Vertical(id="prompt"):
            yield self._below
            with Horizontal(id="typing"):
                yield text_block([one_line(say(self._sign, Tone.ACCENT))], id="sign")
                yield self.line

    def on_mount(self) -> None:
        """Say what the line would do as it stands."""
        self._tell(self.line.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Follow what is typed, unless more has been typed by now."""
        if event.value == self.line.value and not self._answered:
            self._follow()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give what was typed."""
        self.answer(clean(event.value, _CHARS_MAX))

    def _follow(self) -> None:
        """Heed what stands on the line, where it is not what was put or heeded last."""
        cleaned = clean(self.line.value, _CHARS_MAX)
        if cleaned != self.line.value:
            self.line.value = cleaned
        elif cleaned != self._shown:
            self._tell(cleaned)

    def _go_on(self, step: int) -> None:
        """Take the next of the ways in which what was typed can go on."""
        self._follow()
        ways = self._complete(self._typed)
        if ways:
            self._put(ways[self._offered % len(ways)])
            self._offered += step

    def _recall(self, step: int) -> None:
        """Go through what was typed before."""
        self._recalled = min(max(0, self._recalled + step), len(self._history) - 1)
        self._put(self._history[self._recalled])
        self._typed = self.line.value

    def _put(self, text: str) -> None:
        with self.line.prevent(Input.Changed):
            self.line.value = text
        self.line.cursor_position = len(text)
        self._show(text)

    def _tell(self, text: str) -> None:
        self._typed, self._offered = text, 0
        self._show(text)

    def _show(self, text: str) -> None:
        self._shown = text
        hint = self._hint(text)
        ways = [way.rpartition(" ")[2] or way for way in self._complete(self._typed)]
        offered = "  ".join(ways[:_SHOWN_COMPLETIONS])
        self._below.show(one_line(say(hint or offered or "Esc gives up", Tone.DIM)))
        if self._changed is not None:
            self._changed(text)
