"""The ground of our widgets: lines in, and only lines that changed go to the screen.

A widget says what its lines are (`build_lines`, a value); what equals the last time is neither
rendered nor sent. Layout is never touched, so an update costs the bytes of the changed lines.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Spacing
from textual.strip import Strip
from textual.widget import Widget

from voiceslot_tui.console.widgets.cells import Line, Tone, cells_of, clipped

STRIPS_KEPT: Final = 256
"""Rendered lines kept for the next time they are shown, as when a table scrolls."""


class LineWidget(Widget):
    """A widget of plain lines, each a value of spans with tones."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone.value}" for tone in Tone}
    DEFAULT_CSS = """
    LineWidget { width: 1fr; }
    LineWidget .tone--dim { color: $text-muted; }
    LineWidget .tone--strong { text-style: bold; }
    LineWidget .tone--good { color: $text-success; }
    LineWidget .tone--warning { color: $text-warning; }
    LineWidget .tone--bad { color: $text-error; text-style: bold; }
    LineWidget .tone--accent { color: $text-accent; }
    LineWidget .tone--heading { text-style: bold underline; }
    LineWidget .tone--cursor { text-style: reverse; }
    LineWidget .tone--cursor-away { text-style: bold; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._strips: dict[Line, Strip] = {}
        self._ground = Style.null()

    @abstractmethod
    def build_lines(self, width: int, height: int) -> list[Line]:
        """Say what stands on the widget's lines at this size, in cells."""

    def repaint(self) -> None:
        """Build the lines anew and send those that differ to the screen."""
        width, height = self.size
        if not width or not height:
            return
        before, self._lines = self._lines, self.build_lines(width, height)[:height]
        rows = max(len(before), len(self._lines))
        changed = [
            Region(0, y, width, 1)
            for y in range(min(rows, height))
            if before[y : y + 1] != self._lines[y : y + 1]
        ]
        if changed:
            self.refresh(*changed)

    def on_resize(self) -> None:
        """Build the lines for the new size; Textual repaints all of them."""
        self.repaint()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Render some lines. Without an edge around them they are ready as they are.

        Textual would put each together anew with the border and padding that it does not have,
        which takes longer than everything else about the lines of a table that scrolls.
        """
        if self.styles.gutter != Spacing() or self.opacity < 1:
            return super().render_lines(crop)
        background = self.background_colors[1]
        filters = self.get_line_filters()
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip.crop(*crop.column_span))
        return strips

    def render_line(self, y: int) -> Strip:
        """Render one line; lines past the last are empty."""
        self._take_ground()
        shown = self._lines[y] if y < len(self._lines) else Line()
        strip = self._strips.get(shown)
        if strip is None or strip.cell_length != self.size.width:
            if len(self._strips) >= STRIPS_KEPT:
                self._strips.clear()
            strip = self._strips[shown] = self._strip_of(shown, self.size.width)
        return strip

    def notify_style_update(self) -> None:
        """Forget what was rendered in the old styles."""
        self._strips.clear()
        super().notify_style_update()

    def _take_ground(self) -> None:
        ground = self.visual_style.rich_style
        if ground is not self._ground:
            self._ground = ground
            self._strips.clear()

    def _strip_of(self, shown: Line, width: int) -> Strip:
        ground = self._ground + self._style_of(shown.tone)
        segments: list[Segment] = []
        room = width
        for text, tone in shown.spans:
            piece = clipped(text, room)
            if piece:
                segments.append(Segment(piece, ground + self._style_of(tone)))
                room -= cells_of(piece)
        segments.append(Segment(" " * room, ground))
        return Strip(segments, width)

    def _style_of(self, tone: Tone) -> Style:
        if tone is Tone.PLAIN:
            return Style.null()
        return self.get_component_rich_style(f"tone--{tone.value}", partial=True)
