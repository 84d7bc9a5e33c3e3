"""A few lines of text that change often: equal lines cost nothing, others only themselves.

It never asks for a layout; its place is what the style sheet gives it.
"""

from __future__ import annotations

from collections.abc import Callable

from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.widgets.line_widget import LineWidget

DrawLines = Callable[[int, int], list[Line]]
"""The owner's function from a size, in cells, to lines; called again when the size changes."""


class LiveText(LineWidget):
    """Lines drawn by a pure function of the owner's, from whatever the owner knows."""

    DEFAULT_CSS = "LiveText { height: 1; }"

    def __init__(
        self,
        draw: DrawLines | None = None,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw

    def show(self, *lines: Line) -> None:
        """Show these lines from now on."""
        self.draw_with(lambda _width, _height: list(lines))

    def draw_with(self, draw: DrawLines) -> None:
        """Draw with this function from now on."""
        self._draw = draw
        self.repaint()

    def build_lines(self, width: int, height: int) -> list[Line]:
        """Draw the lines; without a function nothing is shown."""
        return self._draw(width, height) if self._draw else []
