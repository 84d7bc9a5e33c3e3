"""A pane of rows that keys act on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.subjects import Subject
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.wire.batch_control import BatchRow


class Listing(Pane):
    """Shows rows; knows which are chosen, and where one goes back to from here."""

    inner: VirtualTable[Any]
    before: ClassVar[PaneId] = PaneId.QUEUE
    """The pane that Esc goes back to."""

    @property
    def filter_text(self) -> str:
        """Give the filter line as it is; empty where all rows are shown."""
        return ""

    @property
    def chosen_batch(self) -> BatchRow | None:
        """Give the batch that keys act on; most panes have none."""
        return None

    def show_all(self) -> None:
        """Show all rows again."""

    def subject(self) -> Subject | None:
        """Give what is under the cursor, for the detail pane."""
        return None

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the calls and the messages that keys act on: never both."""
        return Selection(), MessageSelection()

    def entered(self) -> None:
        """Read anew what may be old when the operator comes here."""

    def toggle_mark(self) -> None:
        """Mark the row under the cursor or take its mark away, and go one row down."""

    def done_with(self, ids: Collection[int]) -> None:
        """Take the marks away, and expect these calls or messages to leave the rows."""
        self.clear_marks()
        self.inner.let_go(ids)

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.inner.action_clear_marks()
