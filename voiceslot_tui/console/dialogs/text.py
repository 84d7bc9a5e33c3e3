"""A few sentences to read; any of the usual keys closes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from voiceslot_tui.console.dialogs.dialog import Dialog, text_block
from voiceslot_tui.console.phrases import one_line, say, wrapped
from voiceslot_tui.console.widgets.cells import Line, Tone

_LINES_MAX = 16


class TextDialog(Dialog[None]):
    """Shows a title and sentences; foreign text in them is cleaned and wrapped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,q", "give_up", show=False),
    ]

    def __init__(self, title: str, sentences: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._sentences = sentences

    def compose(self) -> ComposeResult:
        """Show title and sentences."""
        cells, rows = self.text_room(below=2)
        lines = [one_line(say(self._title, Tone.STRONG)), Line()]
        for sentence in self._sentences:
            lines += wrapped(f"- {sentence}", cells, indent="  ")
        with Vertical(id="box"):
            yield text_block([*lines[: min(rows, _LINES_MAX)], Line()], id="text")
            yield text_block([one_line(say("Esc closes", Tone.DIM))], id="close")
