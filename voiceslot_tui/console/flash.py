"""The line that says what an act came to, above the keys, for a few seconds."""

from __future__ import annotations

from typing import Final

from textual.timer import Timer

from voiceslot_tui.console.outcomes import News
from voiceslot_tui.console.phrases import wrapped
from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.widgets.live_text import LiveText

SHOWN_FOR_S: Final = 8.0
_LINES_MAX: Final = 3


class Flash(LiveText):
    """Shows the newest message; it goes by itself, or with Esc."""

    def __init__(self) -> None:
        super().__init__(id="flash")
        self.news: News | None = None
        self._timer: Timer | None = None

    def say(self, news: News, *, stays: bool = False) -> None:
        """Show a message; one that stays is there until the next."""
        self.news = news
        self._stop_timer()
        if not stays:
            self._timer = self.set_timer(SHOWN_FOR_S, self.hide)
        lines = self._lines_of(news)
        self.styles.height = len(lines)
        self.display = True
        self.show(*lines)

    def hide(self) -> None:
        """Show nothing."""
        self.news = None
        self._stop_timer()
        self.display = False

    def _lines_of(self, news: News) -> list[Line]:
        room = max(20, self.app.size.width - 2)
        return wrapped(news.text, room, news.tone, indent="  ")[:_LINES_MAX]

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
