"""A table alone on a screen, with the keys of the console, for tests."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.pilot import Pilot

from voiceslot_tui.console.widgets.cells import Align, Span, Tone
from voiceslot_tui.console.widgets.columns import Column
from voiceslot_tui.console.widgets.row_list import Locate
from voiceslot_tui.console.widgets.row_source import RowSource
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.pages import PageRow
from voiceslot_tui.core.text import CleanText, clean

COLUMNS = (
    Column(CleanText("P"), 4, Align.RIGHT),
    Column(CleanText("to"), 14, from_width=60),
    Column(CleanText("name"), 10, grow=True),
)


def cells(row: PageRow) -> tuple[CleanText | Span, ...]:
    return (
        Span(clean(str(row.call.priority)), Tone.STRONG),
        clean(row.call.to_number),
        clean(row.call.name),
    )


class TableApp(App[None]):
    """Keeps what the table told, and counts the lines it painted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("down", "table('cursor_down')", ""),
        ("up", "table('cursor_up')", ""),
        ("pagedown", "table('page_down')", ""),
        ("pageup", "table('page_up')", ""),
        ("ctrl+d", "table('half_page_down')", ""),
        ("ctrl+u", "table('half_page_up')", ""),
        ("home", "table('cursor_home')", ""),
        ("end", "table('cursor_end')", ""),
        ("space", "table('toggle_mark')", ""),
        ("enter", "table('open')", ""),
    ]

    def __init__(self, source: RowSource[PageRow], locate: Locate | None = None) -> None:
        super().__init__()
        self.table = VirtualTable(COLUMNS, cells, source, locate=locate)
        self.told: list[Message] = []
        self.cancelled = False

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.focus()

    def action_table(self, name: str) -> None:
        getattr(self.table, f"action_{name}")()

    def action_cancel_all(self) -> None:
        self.cancelled = True

    def on_virtual_table_cursor_moved(self, message: VirtualTable.CursorMoved) -> None:
        self.told.append(message)

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        self.told.append(message)

    def on_virtual_table_marked(self, message: VirtualTable.Marked) -> None:
        self.told.append(message)

    def on_virtual_table_position_changed(self, message: VirtualTable.PositionChanged) -> None:
        self.told.append(message)

    def lines(self) -> list[str]:
        """Give the table's lines as they are shown."""
        return [self.table.render_line(y).text.rstrip() for y in range(self.table.size.height)]


async def settled(app: TableApp, pilot: Pilot[None]) -> None:
    """Wait until the table has nothing left to read."""
    while not app.table.is_settled:
        await pilot.pause()
    await pilot.pause()
