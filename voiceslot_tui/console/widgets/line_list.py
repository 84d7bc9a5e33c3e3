"""A list of lines with a bound, such as events: it follows its end, or stands where one reads.

It keeps the newest lines up to the bound. While it does not follow, what is on the screen stays
there when lines are added, and the last line says how many are newer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from textual import events
from textual.message import Message

from voiceslot_tui.console.widgets.cells import Line, Tone, line
from voiceslot_tui.console.widgets.line_widget import LineWidget
from voiceslot_tui.core.limits import EVENTS_SHOWN_MAX
from voiceslot_tui.core.text import CleanText

WHEEL_LINES: Final = 3


class LineList(LineWidget, can_focus=True):
    """Lines, oldest first. With `tail` it follows the newest until the operator goes up."""

    DEFAULT_CSS = "LineList { height: 1fr; }"

    class FollowChanged(Message):
        """The list follows its newest line now, or no more."""

        def __init__(self, line_list: LineList, *, follows: bool) -> None:
            super().__init__()
            self.line_list = line_list
            self.follows = follows

    def __init__(
        self,
        *,
        tail: bool = True,
        newer: CleanText | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.newer = newer or CleanText("newer")
        self._kept: deque[Line] = deque(maxlen=EVENTS_SHOWN_MAX)
        self._tail = tail
        self._follows = tail
        self._top = 0

    @property
    def follows(self) -> bool:
        """Tell whether the newest line is always on the screen."""
        return self._follows

    @property
    def lines_held(self) -> int:
        """Count the lines in memory."""
        return len(self._kept)

    def append(self, lines: Iterable[Line]) -> None:
        """Add lines at the end; the oldest beyond the bound are dropped."""
        for added in lines:
            full = len(self._kept) == EVENTS_SHOWN_MAX
            self._kept.append(added)
            self._top = max(0, self._top - full)
        self.repaint()

    def replace(self, lines: Iterable[Line]) -> None:
        """Show these lines instead; what stands where on the screen stays as far as it can."""
        self._kept = deque(lines, maxlen=EVENTS_SHOWN_MAX)
        self.repaint()

    def action_toggle_follow(self) -> None:
        """Follow the newest line, or stop following it."""
        self._follow(not self._follows)

    def action_cursor_up(self) -> None:
        """Go one line up."""
        self._scroll(-1)

    def action_cursor_down(self) -> None:
        """Go one line down."""
        self._scroll(1)

    def action_page_up(self) -> None:
        """Go one screen up."""
        self._scroll(-max(1, self.size.height - 1))

    def action_page_down(self) -> None:
        """Go one screen down."""
        self._scroll(max(1, self.size.height - 1))

    def action_half_page_up(self) -> None:
        """Go half a screen up."""
        self._scroll(-max(1, self.size.height // 2))

    def action_half_page_down(self) -> None:
        """Go half a screen down."""
        self._scroll(max(1, self.size.height // 2))

    def action_cursor_home(self) -> None:
        """Go to the oldest line."""
        self._scroll(-len(self._kept))

    def action_cursor_end(self) -> None:
        """Go to the newest line, and follow it where the list can."""
        self._scroll(len(self._kept))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go a few lines down."""
        event.stop()
        self._scroll(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go a few lines up."""
        event.stop()
        self._scroll(-WHEEL_LINES)

    def build_lines(self, width: int, height: int) -> list[Line]:
        """Give the lines on the screen; long ones are cut, never wrapped."""
        last = max(0, len(self._kept) - height)
        self._top = last if self._follows else min(self._top, last)
        shown = [self._kept[index] for index in range(self._top, len(self._kept))][:height]
        below = len(self._kept) - self._top - height
        if below > 0 and self._tail:
            shown[-1] = line(CleanText(f"↓ {below + 1} {self.newer}"), Tone.WARNING)
        return shown

    def _scroll(self, by: int) -> None:
        last = max(0, len(self._kept) - self.size.height)
        self._top = min(max(0, self._top + by), last)
        self._follow(self._tail and self._top == last)

    def _follow(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.post_message(self.FollowChanged(self, follows=follows))
        self.repaint()
