"""The yardstick of a cursor key: Textual with nothing but a list of lines and a cursor in it.

The list scrolls under the cursor as the console's table does. Run as a program, in a terminal.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

ROWS = [
    f"{number:8} 0 queued  +1 201 555 0100  Ana Ruiz  agent_sim_reminders  0/1 ready  {number:8}"
    for number in range(10_000)
]
CURSOR, PLAIN = Style(reverse=True), Style()


class Lines(Widget, can_focus=True):
    """Lines with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "go(1)"), Binding("up", "go(-1)")]
    top = 0
    cursor = 0

    def render_line(self, y: int) -> Strip:
        """Render a row."""
        index = self.top + y
        style = CURSOR if index == self.cursor else PLAIN
        return Strip([Segment(ROWS[index].ljust(self.size.width), style)], self.size.width)

    def action_go(self, by: int) -> None:
        """Move the cursor, and the rows once it stands at an edge."""
        before, height = self.top, self.size.height
        self.cursor = min(max(0, self.cursor + by), len(ROWS) - 1)
        self.top = max(min(self.top, self.cursor), self.cursor - height + 1)
        if self.top != before:
            self.refresh()
        else:
            rows = (self.cursor - by - before, self.cursor - before)
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))


class BareTable(App[None]):
    """One list, as high as the console's queue."""

    CSS = "Lines { height: 15; }"
    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """Show the list."""
        yield Lines()


if __name__ == "__main__":
    BareTable().run()
