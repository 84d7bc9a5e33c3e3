"""The slots pane: who uses the slots, why nothing starts, how fresh that knowledge is."""

from __future__ import annotations

from typing import ClassVar

from voiceslot_tui.console import slots_presenter
from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.widgets.line_list import LineList


class SlotLines(LineList):
    """Lines that are wrapped anew when the width changes."""

    def __init__(self, pane: SlotsPane) -> None:
        super().__init__(tail=False, id="slots")
        self._pane = pane

    def build_lines(self, width: int, height: int) -> list[Line]:
        """Wrap the sentences to the width before the list cuts its part out of them."""
        self._kept.clear()
        self._kept.extend(self._pane.lines(width))
        return super().build_lines(width, height)


class SlotsPane(Pane):
    """Shows the presenter's lines about the slots."""

    pane_id: ClassVar[PaneId] = PaneId.SLOTS

    def make_inner(self) -> SlotLines:
        """Make a list of lines."""
        return SlotLines(self)

    def lines(self, width: int) -> tuple[Line, ...]:
        """Give the lines for so many cells."""
        session = self.session
        return slots_presenter.slots_lines(session.view, session.now(), width, session.zone)

    def paint(self) -> None:
        """Show what the session knows now."""
        snapshot = self.session.view.snapshot
        self.name_note(f"limit {snapshot.slots.limit}" if snapshot else "")
        assert isinstance(self.inner, SlotLines)
        self.inner.repaint()
