"""How lines reach the screen: as they are, and inside an edge where the style sheet gives one."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.line_widget import LineWidget

WIDTH, HEIGHT = 24, 4


class Numbered(LineWidget):
    """Lines that say which they are."""

    def build_lines(self, width: int, height: int) -> list[Line]:
        return [
            Line(((f"line {number} ", Tone.PLAIN), ("dim", Tone.DIM))) for number in range(height)
        ]


class OneWidget(App[None]):
    def __init__(self, css: str) -> None:
        super().__init__()
        self._css = css

    def compose(self) -> ComposeResult:
        yield Numbered()

    def on_mount(self) -> None:
        self.stylesheet.add_source(self._css)
        self.stylesheet.reparse()
        self.stylesheet.update(self)


@pytest.mark.parametrize(
    "edge",
    ["", "padding: 0 1;", "border: round red;", "opacity: 50%;", "background: blue;"],
)
async def test_lines_look_as_textual_itself_would_draw_them(edge: str) -> None:
    app = OneWidget(f"Numbered {{ {edge} }}")
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        widget = app.query_one(Numbered)
        for crop in (Region(0, 0, WIDTH, HEIGHT), Region(3, 1, 10, 2)):
            ours = widget.render_lines(crop)
            by_textual = Widget.render_lines(widget, crop)
            assert [strip.text for strip in ours] == [strip.text for strip in by_textual]
            assert [_colours(strip) for strip in ours] == [_colours(strip) for strip in by_textual]


def _colours(strip: object) -> list[tuple[str, object, object]]:
    """Give each character with its colours."""
    return [
        (character, segment.style and segment.style.color, segment.style and segment.style.bgcolor)
        for segment in strip  # type: ignore[attr-defined]
        for character in segment.text
    ]
