"""The detail pane: all about one call or message, kept fresh while it is on the screen."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.worker import WorkType

from voiceslot_tui.console.details import DetailLook
from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.phrases import wrapped
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.subjects import Known, Subject
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.line_list import LineList
from voiceslot_tui.core.errors import VoiceslotError

_NO_SUBJECT = "nothing is chosen; Enter on a call or a message shows it"
_READING = "the detail is still being read"
_NOTHING = "Nothing is chosen. Enter on a call or a message shows it here."


class DetailLines(LineList):
    """Lines that are laid out anew when the width changes."""

    def __init__(self, pane: DetailPane) -> None:
        super().__init__(tail=False, id="detail")
        self._pane = pane

    def build_lines(self, width: int, height: int) -> list[Line]:
        """Lay the detail out for the width before the list cuts its part out of it."""
        self._kept.clear()
        self._kept.extend(self._pane.lines(width))
        return super().build_lines(width, height)


class DetailPane(Pane):
    """Shows one call or message with all that is known of it."""

    pane_id: ClassVar[PaneId] = PaneId.DETAIL
    inner: DetailLines
    subject: Subject | None = None
    known: Known | None = None
    problem: str = ""

    def make_inner(self) -> DetailLines:
        """Make a list of lines."""
        return DetailLines(self)

    def show(self, subject: Subject | None) -> None:
        """Show another call or message; what is known of the one before goes."""
        if subject != self.subject:
            self.subject, self.known, self.problem = subject, None, ""
            self.inner.action_cursor_home()
        self.read_again()

    def read_again(self) -> None:
        """Read the subject anew; of several readings only the last counts."""
        if self.subject is not None and self.is_attached:
            # Not the coroutine itself: one that is overtaken before it began was never awaited.
            read: WorkType[None] = partial(self._read, self.subject)
            self.run_worker(read, group="detail", exclusive=True, exit_on_error=False)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give what is shown; nothing, never something else, while nothing is known of it."""
        return (Selection(), MessageSelection()) if self.known is None else self.known.chosen()

    @property
    def absent(self) -> str:
        """Say why nothing is shown; empty where something is."""
        if self.known is not None:
            return ""
        return self.problem or (_NO_SUBJECT if self.subject is None else _READING)

    async def _read(self, subject: Subject) -> None:
        try:
            known = await subject.read(self.session)
        except VoiceslotError as error:
            self.problem = str(error)
        else:
            self.known, self.problem = known, ""
        self.paint()

    def lines(self, width: int) -> list[Line]:
        """Give the lines for so many cells; what was read stays when reading fails."""
        session = self.session
        lines: list[Line] = []
        if self.problem:
            lines += wrapped(f"! {self.problem}", width, Tone.BAD)
        if self.known is not None:
            look = DetailLook(session.now(), width, session.view.masked, session.zone)
            return [*lines, *self.known.lines(look)]
        return lines or wrapped(_NOTHING if self.subject is None else "Reading…", width, Tone.DIM)

    def paint(self) -> None:
        """Lay out what is known now."""
        self.inner.repaint()
