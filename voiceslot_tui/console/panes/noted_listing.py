"""A pane of rows with lines above them that say what keeps its subject from going well."""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

from textual.app import ComposeResult

from voiceslot_tui.console.panes.listing import Listing
from voiceslot_tui.console.phrases import one_line
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.widgets.live_text import LiveText

_PADDING: Final = 2
"""Empty cells beside those lines, as the style sheet has them."""
_SHARE: Final = 3
"""The lines above the rows take at most a third of the pane."""


class NotedListing(Listing):
    """Puts lines above its rows where there is something to say."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._status = LiveText(self._lines, id=f"{self.pane_id}-status", classes="status")

    def compose(self) -> ComposeResult:
        """Put the lines above the rows."""
        yield self._status
        yield self.inner

    def note(self) -> str:
        """Say what stands beside the title; above the rows where no border has a title."""
        return ""

    @abstractmethod
    def status_lines(self, width: int) -> list[Line]:
        """Say what keeps the subject from going well, the most binding first."""

    def on_resize(self) -> None:
        """Wrap the lines anew; a pane just shown learns its size only here."""
        self.paint_status()

    def paint_status(self) -> None:
        """Give the lines the room that they need, and say them."""
        width, height = self.content_size
        lines = self._lines(width - _PADDING, height)
        rows = min(len(lines), max(1, height // _SHARE))
        self._status.display = rows > 0
        self._status.styles.height = max(1, rows)
        self._status.repaint()

    def _lines(self, width: int, _height: int) -> list[Line]:
        if self.session.view.snapshot is None or width <= 0:
            return []
        # Where there is no border, no title says it.
        bare = self.screen.has_class("-bare")
        noted = [one_line(self.note())] if bare and self.note() else []
        return [*noted, *self.status_lines(width)]
