"""A Textual app that is at home on bad terminals: what the console's own app is built on.

Only changed cells are sent; a terminal that stops reading costs frames and never blocks; signals
and hang-ups end the app in order, with 128 + the signal's number; a failure prints one line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, RenderableType
from rich.style import Style
from rich.text import Text
from textual.app import App
from textual.geometry import Offset
from textual.screen import Screen
from textual.worker import WorkerFailed

from voiceslot_tui.console import driver as hooks
from voiceslot_tui.console.crash_report import sentence_of, write_report
from voiceslot_tui.console.screen_diff import Piece, ScreenDiff
from voiceslot_tui.console.terminal import knows_only_ascii
from voiceslot_tui.core.text import CleanText

FRAMES_WAITING_MAX: Final = 6
"""Frames in the writer's queue from which on new ones are left out."""
CATCH_UP_EVERY_S: Final = 0.1
STYLES_KEPT: Final = 4096
_SYNC_START: Final = "\x1b[?2026h"
_SYNC_END: Final = "\x1b[?2026l"


class ConsoleApp(App[None]):
    """The app of one terminal.

    `report_folder` is where a failure is written down, without what `secrets` gives.
    """

    def __init__(
        self, *, report_folder: Path, secrets: Callable[[], Sequence[str]] = tuple
    ) -> None:
        missing = hooks.missing_hooks()
        super().__init__(driver_class=None if missing else hooks.SafeDriver)
        self.missing_hooks = missing
        """Private parts of Textual that were not found; then its own driver is used."""
        self._report_folder = report_folder
        self._secrets = secrets
        self._diff = None if missing else ScreenDiff(self._codes_of)
        self._catching_up = False
        self._cursor_at = Offset(0, 0)
        self._codes: dict[Style, str] = {}

    @property
    def knows_only_ascii(self) -> bool:
        """Tell whether the terminal's encoding lacks the signs the console draws with."""
        screen = sys.__stderr__
        return screen is not None and knows_only_ascii(screen.encoding)

    def leave(self, signal_number: int) -> None:
        """Leave because of a signal or a hang-up."""
        self.exit(return_code=128 + signal_number)

    def terminal_taken(self) -> None:
        """Learn that nothing is known of what the terminal shows."""
        if self._diff is not None:
            self._diff.forget(*self.size)

    def frame_lost(self) -> None:
        """Learn that the terminal takes nothing now: paint all of it as soon as it does."""
        if not self._catching_up:
            self._catching_up = True
            self.set_timer(CATCH_UP_EVERY_S, self._catch_up)

    def repaint(self) -> None:
        """Paint the whole screen anew, as after another program wrote on it."""
        self.terminal_taken()
        self.refresh()

    def action_repaint(self) -> None:
        """Paint the whole screen anew."""
        self.repaint()

    def panic(self, *_renderables: RenderableType) -> None:
        """Leave after a failure that Textual caught itself; what it would print is not shown."""
        self._fail(sys.exc_info()[1] or RuntimeError("Textual failed"))

    def _handle_exception(self, error: Exception) -> None:
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fail(error)

    def written_down(self, error: BaseException, what: str = "The console") -> CleanText:
        """Write down what failed; give the sentence that says so and names the report."""
        report = write_report(error, self._report_folder, self._secrets())
        return sentence_of(error, report, what)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, WorkerFailed) and error.error is not None:
            error = error.error
        self._return_code = 1
        if not self._exit_renderables:
            self._exit_renderables.append(Text(self.written_down(error), overflow="fold"))
        self._close_messages_no_wait()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver, diff = self._driver, self._diff
        pieces = hooks.pieces_of(renderable)
        if (
            diff is None
            or pieces is None
            or not isinstance(driver, hooks.SafeDriver)
            or not hooks.may_paint(self)
        ):
            super()._display(screen, renderable)
            return
        try:
            if driver.frames_waiting >= FRAMES_WAITING_MAX:
                self.frame_lost()
            else:
                self._paint(driver, diff, screen, pieces)
        finally:
            self.post_display_hook()

    def _paint(
        self,
        driver: hooks.SafeDriver,
        diff: ScreenDiff,
        screen: Screen[Any],
        pieces: Iterable[Piece],
    ) -> None:
        if (diff.width, diff.height) != self.size:
            self.terminal_taken()
        painted = diff.paint(pieces)
        cursor = screen.outer_size.clamp_offset(self.cursor_position)
        if painted or cursor != self._cursor_at:
            self._cursor_at = cursor
            frame = f"{painted}\x1b[{cursor.y + 1};{cursor.x + 1}H"
            at_once = hooks.sync_is_available(self)
            driver.write(f"{_SYNC_START}{frame}{_SYNC_END}" if at_once else frame)

    def _catch_up(self) -> None:
        self._catching_up = False
        if not self.is_running:
            return
        if hooks.may_paint(self):
            self._display(self.screen, hooks.whole_screen(self, self.screen))
        else:
            self.frame_lost()

    def _codes_of(self, style: Style) -> str:
        codes = self._codes.get(style)
        if codes is None:
            if len(self._codes) >= STYLES_KEPT:
                self._codes.clear()
            system = COLOR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR)
            codes = self._codes[style] = hooks.codes_of(style, system)
        return codes
