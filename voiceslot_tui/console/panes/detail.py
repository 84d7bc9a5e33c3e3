"""The detail pane: all about one call, kept fresh while it is on the screen."""

from __future__ import annotations

from typing import ClassVar

from voiceslot_tui.console.details import DetailLook, detail_lines
from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.phrases import wrapped
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.line_list import LineList
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.pages import CallDetail

_NOTHING = "No call is chosen. Enter on a row of the queue shows it here."


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
    """Shows one call with its attempts, history and client data, and why it is not dialled."""

    pane_id: ClassVar[PaneId] = PaneId.DETAIL
    inner: DetailLines
    call_id: CallId | None = None
    detail: CallDetail | None = None
    reasons: tuple[str, ...] = ()
    problem: str = ""

    def make_inner(self) -> DetailLines:
        """Make a list of lines."""
        return DetailLines(self)

    def show_call(self, call_id: CallId | None) -> None:
        """Show another call; what is known of the one before goes."""
        if call_id != self.call_id:
            self.call_id, self.detail, self.reasons, self.problem = call_id, None, (), ""
            self.inner.action_cursor_home()
        self.read_again()

    def read_again(self) -> None:
        """Read the call anew; of several readings only the last counts."""
        if self.call_id is not None and self.is_attached:
            self.run_worker(
                self._read(self.call_id), group="detail", exclusive=True, exit_on_error=False
            )

    async def _read(self, call_id: CallId) -> None:
        try:
            detail = await self.session.detail(call_id)
            reasons = await self.session.explain(call_id)
        except VoiceslotError as error:
            self.problem = str(error)
        else:
            self.detail, self.reasons, self.problem = detail, reasons, ""
        self.paint()

    def lines(self, width: int) -> list[Line]:
        """Give the lines for so many cells; what was read stays when reading fails."""
        session = self.session
        lines: list[Line] = []
        if self.problem:
            lines += wrapped(f"! {self.problem}", width, Tone.BAD)
        if self.detail is not None:
            look = DetailLook(session.now(), width, session.view.masked, session.zone)
            return [*lines, *detail_lines(self.detail, self.reasons, look)]
        return lines or wrapped(_NOTHING if self.call_id is None else "Reading…", width, Tone.DIM)

    def paint(self) -> None:
        """Lay out what is known now."""
        self.inner.repaint()
