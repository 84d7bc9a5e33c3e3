"""The queue pane: a table of calls, under way first, then in the order they will be dialled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from voiceslot_tui.console import rows
from voiceslot_tui.console.filters import Search
from voiceslot_tui.console.panes.listing import Listing
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.session import Session, rows_in
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.subjects import OfCall
from voiceslot_tui.console.widgets.cells import Span
from voiceslot_tui.console.widgets.row_source import Reach
from voiceslot_tui.console.widgets.table_lines import TableWords
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.calls import Call, CallId
from voiceslot_tui.core.pages import Filter, Page, PageQuery, PageRow, RowKey, Segment
from voiceslot_tui.core.text import CleanText, clean

_EMPTY_QUEUE: Final = "Nothing is queued and no call is under way."
_EMPTY_DONE: Final = "No call has finished yet."
_SAMPLES_KEPT: Final = 50
"""Marked calls remembered to be named in a question; a few are enough."""
_NO_MATCH: Final = "No call matches the filter. Esc shows all."


class CallRows:
    """The calls that a search shows, for the table."""

    def __init__(self, session: Session, search: Search) -> None:
        self._session = session
        self._search = search

    async def page(self, reach: Reach) -> Page:
        """Read one page; raises RowsUnavailable."""
        search = self._search
        return await self._session.page(
            PageQuery(
                search.segment,
                reach.count,
                reach.key,
                reach.backwards,
                reach.inclusive,
                search.where,
            )
        )


class QueuePane(Listing):
    """Shows calls; knows which are marked and what is filtered."""

    pane_id: ClassVar[PaneId] = PaneId.QUEUE
    inner: VirtualTable[PageRow]
    search = Search()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._seen: dict[CallId, Call] = {}

    def make_inner(self) -> VirtualTable[PageRow]:
        """Make the table over the engine's pages."""
        return VirtualTable(
            rows.COLUMNS,
            self._cells,
            CallRows(self.session, self.search),
            locate=self._locate,
            words=TableWords(empty=clean(_EMPTY_QUEUE)),
            steady_s=self.session.steady_s,
            id="queue",
        )

    @property
    def filter_text(self) -> str:
        """Give the filter line as it is."""
        return self.search.text

    def show_search(self, search: Search) -> None:
        """Show other calls."""
        if (search.segment, search.where) != (self.search.segment, self.search.where):
            self.inner.words = TableWords(empty=_empty(search))
            self.inner.show_list(CallRows(self.session, search))
        self.search = search
        self._say()
        self.paint()

    def show_all(self) -> None:
        """Show the whole queue again."""
        self.show_search(Search())

    def subject(self) -> OfCall | None:
        """Give the call under the cursor, for the detail pane."""
        row = self.inner.cursor_row
        return None if row is None else OfCall(row.call.id)

    def paint(self) -> None:
        """Let times pass, and the number of rows be what the snapshot says."""
        snapshot = self.session.view.snapshot
        if snapshot is not None and self.search.where == Filter():
            self.inner.total_rows = rows_in(snapshot, self.search.segment)
        self.inner.repaint_rows()

    def read_again(self) -> None:
        """Read the rows on the screen anew, as calls have changed."""
        self.inner.refresh_rows()

    def selection(self) -> Selection:
        """Give the calls that an act would be about."""
        row, marked = self.inner.cursor_row, self.inner.marked
        under_cursor = () if row is None else (row.call,)
        if not marked:
            return Selection(tuple(call.id for call in under_cursor), under_cursor)
        at_hand = tuple(call for call in under_cursor if call.id in marked)
        held = {row.id: row.call for row in self.inner.held_rows if row.id in marked}
        seen = {call_id: call for call_id, call in self._seen.items() if call_id in marked} | held
        samples = tuple(seen.values())
        in_view = any(row.id in marked for row in self.inner.visible_rows)
        return Selection(tuple(map(CallId, sorted(marked))), at_hand, samples, in_view=in_view)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the calls that an act would be about."""
        return self.selection(), MessageSelection()

    def toggle_mark(self) -> None:
        """Mark the call under the cursor or take its mark away, and go one row down."""
        row = self.inner.cursor_row
        if row is not None and len(self._seen) < _SAMPLES_KEPT:
            self._seen[row.call.id] = row.call
        self.inner.action_toggle_mark()

    def clear_marks(self) -> None:
        """Take all marks away."""
        self._seen.clear()
        self.inner.action_clear_marks()

    def on_virtual_table_position_changed(self, message: VirtualTable.PositionChanged) -> None:
        """Say at the border how many calls are marked."""
        marked = message.position.marked
        self.foot_note(f"{marked:,} marked" if marked else "")

    def _say(self) -> None:
        part = "finished calls" if self.search.segment is Segment.DONE else ""
        text = f"/{self.search.text}" if self.search.text else ""
        self.name_note("  ".join(word for word in (part, text) if word))

    def _cells(self, row: PageRow) -> Sequence[CleanText | Span]:
        session = self.session
        return rows.cells(row, rows.RowLook(session.now(), session.view.masked, session.zone))

    async def _locate(self, row_id: int) -> RowKey | None:
        return await self.session.locate(CallId(row_id), self.search.segment)


def _empty(search: Search) -> CleanText:
    if search.where != Filter():
        return clean(_NO_MATCH)
    return clean(_EMPTY_DONE if search.segment is Segment.DONE else _EMPTY_QUEUE)
