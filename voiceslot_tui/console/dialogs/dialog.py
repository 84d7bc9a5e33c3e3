"""What all dialogs share: a box in front of the panes, and keys that only close it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.widgets.live_text import LiveText

_Answer = TypeVar("_Answer")


class Dialog(ModalScreen[_Answer], Generic[_Answer], inherit_bindings=False):
    """A screen in front; Esc gives no answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "give_up", show=False),
    ]

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


def text_block(lines: Sequence[Line], id: str) -> LiveText:  # noqa: A002
    """Make a block of lines that is as high as they are many."""
    shown = list(lines)
    block = LiveText(lambda _width, _height: shown, id=id)
    block.styles.height = len(shown)
    return block
