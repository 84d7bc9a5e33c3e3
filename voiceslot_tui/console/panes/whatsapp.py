"""The WhatsApp pane: the messages after ended calls, newest first, and what keeps them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from voiceslot_tui.console import message_rows, messages_presenter
from voiceslot_tui.console.message_filters import MessageSearch
from voiceslot_tui.console.message_rows import MessageRow
from voiceslot_tui.console.panes.noted_listing import NotedListing
from voiceslot_tui.console.rows import RowLook
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.subjects import OfMessage
from voiceslot_tui.console.widgets.cells import Line, Span
from voiceslot_tui.console.widgets.row_source import ListPage, Reach
from voiceslot_tui.console.widgets.table_lines import TableWords
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.follow_up_pages import FollowUpFilter, FollowUpQuery
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpId
from voiceslot_tui.core.text import CleanText, clean

_EMPTY: Final = "No message yet: one is written after each ended call."
_NO_MATCH: Final = "No message matches the filter. Esc shows all."
_SAMPLES_KEPT: Final = 50
"""Marked messages remembered to be named in a question; a few are enough."""


class MessageRows:
    """The messages that a search shows, for the table."""

    def __init__(self, session: Session, where: FollowUpFilter) -> None:
        self._session = session
        self._where = where

    async def page(self, reach: Reach) -> ListPage[MessageRow]:
        """Read one page; raises RowsUnavailable."""
        page = await self._session.messages_page(
            FollowUpQuery(reach.count, _than(reach), reach.backwards, self._where)
        )
        rows = page.rows
        searched = page.searched_to
        return ListPage(
            tuple(map(MessageRow, rows)),
            page.more,
            None if searched is None else message_rows.key_of(searched),
        )


def _than(reach: Reach) -> FollowUpId | None:
    """Give the message beyond which rows are asked for; to include it, its neighbour by number."""
    if reach.key is None:
        return None
    step = 0 if not reach.inclusive else -1 if reach.backwards else 1
    return FollowUpId(message_rows.id_of(reach.key) + step)


class WhatsAppPane(NotedListing):
    """Shows messages; knows which are marked and what is filtered."""

    pane_id: ClassVar[PaneId] = PaneId.WHATSAPP
    inner: VirtualTable[MessageRow]
    search = MessageSearch()
    follows = False
    """Whether the cursor stays on the newest message."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._seen: dict[FollowUpId, FollowUp] = {}
        self._shown: object = None

    def make_inner(self) -> VirtualTable[MessageRow]:
        """Make the table over the engine's pages."""
        return VirtualTable(
            message_rows.COLUMNS,
            self._cells,
            MessageRows(self.session, self.search.where),
            words=_words(self.search),
            steady_s=self.session.steady_s,
            id="whatsapp",
        )

    @property
    def standing(self) -> FollowUpStanding:
        """Give how the messages stand, as the engine said last."""
        snapshot = self.session.view.snapshot
        return FollowUpStanding() if snapshot is None else snapshot.follow_ups

    @property
    def filter_text(self) -> str:
        """Give the filter line as it is."""
        return self.search.text

    def show_search(self, search: MessageSearch) -> None:
        """Show other messages."""
        if search.where != self.search.where:
            self.inner.words = _words(search)
            self.inner.show_list(MessageRows(self.session, search.where))
        self.search = search
        self.paint()

    def show_all(self) -> None:
        """Show all messages again."""
        self.show_search(MessageSearch())

    def subject(self) -> OfMessage | None:
        """Give the message under the cursor, for the detail pane."""
        row = self.inner.cursor_row
        return None if row is None else OfMessage(row.id)

    def paint(self) -> None:
        """Let times pass; say what is switched, what is counted and what keeps messages back."""
        known = self.session.view.snapshot is not None
        text = f"/{self.search.text}" if self.search.text else ""
        note = self.note() if known else ""
        self.name_note("  ".join(part for part in (text, note) if part))
        if known:
            self.inner.total_rows = messages_presenter.rows_in(self.standing, self.search.where)
        self.paint_status()
        self.inner.repaint_rows()

    def read_again(self) -> None:
        """Read the rows on the screen anew where messages may have changed since."""
        snapshot = self.session.view.snapshot
        now = None if snapshot is None else (snapshot.event_seq, snapshot.seq, self.standing)
        if now == self._shown:
            return
        self._shown = now
        if self.follows:
            self.inner.restart()
        else:
            self.inner.refresh_rows()

    def entered(self) -> None:
        """Read the messages anew: they may have changed while nobody looked."""
        self._shown = None
        self.read_again()

    def toggle_follow(self) -> bool:
        """Keep the cursor on the newest message, or let it stay where it is; tell which."""
        self.follows = not self.follows
        if self.follows:
            self.inner.restart()
        self._say_foot()
        return self.follows

    def selection(self) -> MessageSelection:
        """Give the messages that an act would be about."""
        row, marked = self.inner.cursor_row, self.inner.marked
        under_cursor = () if row is None else (row.message,)
        if not marked:
            return MessageSelection(tuple(one.id for one in under_cursor), under_cursor)
        at_hand = tuple(one for one in under_cursor if one.id in marked)
        samples = tuple(one for one_id, one in self._seen.items() if one_id in marked)
        return MessageSelection(tuple(map(FollowUpId, sorted(marked))), at_hand, samples)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the messages that an act would be about."""
        return Selection(), self.selection()

    def toggle_mark(self) -> None:
        """Mark the message under the cursor or take its mark away, and go one row down."""
        row = self.inner.cursor_row
        if row is not None and len(self._seen) < _SAMPLES_KEPT:
            self._seen[row.id] = row.message
        self.inner.action_toggle_mark()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._seen.clear()
        self.inner.action_clear_marks()

    def note(self) -> str:
        """Say what is switched, and how many messages stand where."""
        return messages_presenter.note(self.standing)

    def status_lines(self, width: int) -> list[Line]:
        """Say what keeps messages back."""
        return messages_presenter.status_lines(self.standing, width)

    def on_virtual_table_position_changed(self, message: VirtualTable.PositionChanged) -> None:
        """Stop following where the operator went down; say what is marked."""
        if message.position.row_number not in (None, 1):
            self.follows = False
        self._say_foot()

    def _say_foot(self) -> None:
        marked = len(self.inner.marked)
        words = (f"{marked:,} marked" if marked else "", "following" if self.follows else "")
        self.foot_note("  ".join(word for word in words if word))

    def _cells(self, row: MessageRow) -> Sequence[CleanText | Span]:
        session = self.session
        look = RowLook(session.now(), session.view.masked, session.zone)
        return message_rows.cells(row.message, look)


def _words(search: MessageSearch) -> TableWords:
    empty = _EMPTY if search.where == FollowUpFilter() else _NO_MATCH
    return TableWords(
        loading=clean("Reading the messages…"),
        empty=clean(empty),
        failed=clean("The messages cannot be read:"),
    )
