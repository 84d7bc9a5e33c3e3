"""A pane: a border with a title around one widget that keys go to."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from voiceslot_tui.console.screen_layout import PaneId, title
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.widgets.cells import content
from voiceslot_tui.core.text import CleanText, clean


class Pane(Vertical):
    """One numbered part of the screen. `inner` is its widget, which has the focus."""

    pane_id: ClassVar[PaneId]

    def __init__(self, session: Session) -> None:
        super().__init__(id=f"{self.pane_id}-pane", classes="pane")
        self.session = session
        self._subtitle = CleanText("")
        self._note = CleanText("")
        self.inner = self.make_inner()
        self.name_note("")

    @abstractmethod
    def make_inner(self) -> Widget:
        """Make the pane's widget."""

    def compose(self) -> ComposeResult:
        """Put the widget into the border."""
        yield self.inner

    def paint(self) -> None:
        """Show what the session knows now; what is the same is not painted again."""

    def name_note(self, note: str) -> None:
        """Say something beside the title; nothing is done where it is said already."""
        text = clean(f"{title(self.pane_id)}  {note}" if note else title(self.pane_id))
        if text != self._note:
            self._note = text
            self.border_title = content(text)

    def foot_note(self, note: str) -> None:
        """Say something at the lower border; nothing is done where it is said already."""
        text = clean(note)
        if text != self._subtitle:
            self._subtitle = text
            self.border_subtitle = content(text) if text else None
