"""What all dialogs share: a box in front of the panes, and keys that only close it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.widgets.live_text import LiveText
from voiceslot_tui.console.widgets.typed_line import TypedLine

_TEXT_CELLS: Final = 58
_FRAME_CELLS: Final = 6
_FRAME_LINES: Final = 2
"""What the box around the text takes, as the style sheet has it."""

_Answer = TypeVar("_Answer")


class Dialog(ModalScreen[_Answer], Generic[_Answer], inherit_bindings=False):
    """A screen in front; Esc gives no answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "give_up", show=False),
    ]

    _answered = False

    def answer(self, answer: _Answer | None) -> None:
        """Close with an answer, once: a second key may come before the first has closed it."""
        if not self._answered:
            self._answered = True
            self.dismiss(answer)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.answer(None)

    def text_room(self, below: int) -> tuple[int, int]:
        """Give the cells and lines that text may take, where so many lines stand below it."""
        width, height = self.app.size
        cells = min(_TEXT_CELLS, max(1, width - _FRAME_CELLS))
        return cells, max(0, height - _FRAME_LINES - below)


class TypingDialog(Dialog[_Answer], Generic[_Answer]):
    """A dialog with a line to type on.

    Keys pressed while it was still opening were sent to what had the focus before and end up at the
    app, which hands them over here: who types fast loses nothing, and nothing is done by accident.
    `keys` are those that do something else than to write, by name.
    """

    def __init__(self, text: str = "", *, keys: Mapping[str, Callable[[], object]], **more: Any):
        super().__init__()
        give_up = dict.fromkeys(("escape", "ctrl+c"), self.action_give_up)
        self.line = TypedLine(text, compact=True, keys={**give_up, **keys}, **more)

    def on_mount(self) -> None:
        """Take the keys, with the cursor behind what stands there."""
        self.line.focus()
        self.line.cursor_position = len(self.line.value)

    async def type_ahead(self, event: events.Key) -> bool:
        """Take a key that was pressed before the line could; tell whether it is the line's."""
        return self._answered or await self.line.take(event)


def text_block(lines: Sequence[Line], id: str) -> LiveText:  # noqa: A002
    """Make a block of lines that is as high as they are many."""
    shown = list(lines)
    block = LiveText(lambda _width, _height: shown, id=id)
    block.styles.height = len(shown)
    return block
