"""The events pane: the journal in words, newest last, followed until the operator goes up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.stories import event_line, skipped_line
from voiceslot_tui.console.widgets.line_list import LineList
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.core.text import clean


class EventsPane(Pane):
    """Shows what happened, in local time."""

    pane_id: ClassVar[PaneId] = PaneId.EVENTS
    inner: LineList

    def make_inner(self) -> LineList:
        """Make a list that follows its end."""
        return LineList(tail=True, newer=clean("newer; end or f follows"), id="events")

    def add(self, entries: Sequence[JournalEntry], skipped: int) -> None:
        """Show new lines of the journal."""
        masked, zone = self.session.view.masked, self.session.zone
        left_out = [skipped_line(skipped)] if skipped else []
        self.inner.append([*left_out, *(event_line(one, masked, zone) for one in entries)])

    def show_all(self) -> None:
        """Show the whole journal that the session holds, as after the link came back."""
        masked, zone = self.session.view.masked, self.session.zone
        self.inner.replace([event_line(one, masked, zone) for one in self.session.journal])

    def on_line_list_follow_changed(self, message: LineList.FollowChanged) -> None:
        """Say at the border whether new lines move the list."""
        self.foot_note("" if message.follows else "not following")
