"""The recipients pane: the people of one batch, how each call went, and the message after it.

The engine asks the platform for them, so they are read anew only where the batch has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Final

from textual.worker import WorkType

from voiceslot_tui.console import batch_rows, batches_presenter
from voiceslot_tui.console.batch_rows import PlacedRecipient
from voiceslot_tui.console.panes.noted_listing import NotedListing
from voiceslot_tui.console.recipient_filters import RecipientSearch
from voiceslot_tui.console.rows import RowLook
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.subjects import OfMessage
from voiceslot_tui.console.widgets.cells import Line, Span
from voiceslot_tui.console.widgets.row_source import ListPage, Reach, RowsUnavailable
from voiceslot_tui.console.widgets.table_lines import TableWords
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.follow_up_pages import RecipientPage, RecipientQuery
from voiceslot_tui.core.text import CleanText, clean
from voiceslot_tui.wire.batch_control import BatchRow

_NO_BATCH: Final = "No batch is chosen. 3 goes to the batches; Enter on one shows its recipients."
_EMPTY: Final = "This batch has no recipients."
_NO_MATCH: Final = "No recipient matches the filter. Esc shows all."


class RecipientRows:
    """The recipients that a query names, for the table; without one there are none."""

    def __init__(
        self,
        session: Session,
        query: RecipientQuery | None = None,
        told: Callable[[RecipientPage], None] | None = None,
    ) -> None:
        self._session = session
        self._query = query
        self._told = told

    async def page(self, reach: Reach) -> ListPage[PlacedRecipient]:
        """Read one page; raises RowsUnavailable."""
        if self._query is None:
            return ListPage((), False)
        start, end = await self._span(self._query, reach)
        read = await self._session.recipients(
            replace(self._query, start=start, count=max(0, end - start))
        )
        if self._told is not None:
            self._told(read)
        rows = tuple(PlacedRecipient(start + at, row) for at, row in enumerate(read.rows))
        more = start > 0 if reach.backwards else start + len(rows) < read.total
        return ListPage(rows, more and bool(rows))

    async def _span(self, query: RecipientQuery, reach: Reach) -> tuple[int, int]:
        """Say from which place to which a page reaches."""
        if not reach.backwards:
            start = 0 if reach.key is None else reach.key[0] + (not reach.inclusive)
            return start, start + reach.count
        if reach.key is None:
            end = (await self._session.recipients(replace(query, count=0))).total
        else:
            end = reach.key[0] + reach.inclusive
        return max(0, end - reach.count), end


class RecipientsPane(NotedListing):
    """Shows the recipients of one batch; knows what is filtered."""

    pane_id: ClassVar[PaneId] = PaneId.RECIPIENTS
    before: ClassVar[PaneId] = PaneId.BATCHES
    inner: VirtualTable[PlacedRecipient]
    search = RecipientSearch()
    shown: BatchRow | None = None
    """The batch whose recipients these are, as it was read last."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._unreadable = 0
        self._checks: BatchChecks | None = None

    def make_inner(self) -> VirtualTable[PlacedRecipient]:
        """Make the table; nothing is read until a batch is chosen."""
        return VirtualTable(
            batch_rows.RECIPIENT_COLUMNS,
            self._cells,
            RecipientRows(self.session),
            words=TableWords(empty=clean(_NO_BATCH)),
            steady_s=self.session.steady_s,
            id="recipients",
        )

    @property
    def filter_text(self) -> str:
        """Give the filter line as it is."""
        return self.search.text

    @property
    def chosen_batch(self) -> BatchRow | None:
        """Give the batch whose recipients these are."""
        return self.shown

    def show(self, row: BatchRow) -> None:
        """Show a batch's recipients; read them anew only where it is another or has moved."""
        before, self.shown = self.shown, row
        if before is None or _id(before) != _id(row):
            self.search = RecipientSearch()
            self._show_list()
        elif _moved(before, row):
            self.inner.refresh_rows()
        self.paint()

    def show_search(self, search: RecipientSearch) -> None:
        """Show other recipients of the batch."""
        before, self.search = self.search, search
        if (before.status, before.words) != (search.status, search.words):
            self._show_list()
        self.paint()

    def show_all(self) -> None:
        """Show all recipients of the batch again."""
        self.show_search(RecipientSearch())

    def subject(self) -> OfMessage | None:
        """Give the message of the recipient under the cursor, for the detail pane."""
        row = self.inner.cursor_row
        message = None if row is None else row.row.follow_up
        return None if message is None else OfMessage(message.id)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the message of the recipient under the cursor."""
        row = self.inner.cursor_row
        message = None if row is None else row.row.follow_up
        if message is None:
            return Selection(), MessageSelection()
        return Selection(), MessageSelection((message.id,), (message,))

    def done_with(self, ids: Collection[int]) -> None:
        """Do nothing: recipients stay, and cannot be marked."""

    def entered(self) -> None:
        """Look whether the batch has moved while nobody looked."""
        self._checks = None
        self.read_again()

    def read_again(self) -> None:
        """Look whether the batch has moved, where batches were checked since."""
        snapshot = self.session.view.snapshot
        if self.shown is None or snapshot is None or snapshot.batch_watch == self._checks:
            return
        self._checks = snapshot.batch_watch
        look: WorkType[None] = partial(self._look, _id(self.shown))
        self.run_worker(look, name="batch", group="batch", exclusive=True, exit_on_error=False)

    def paint(self) -> None:
        """Let times pass, and say whose recipients these are."""
        self.name_note(self.note())
        self.paint_status()
        self.inner.repaint_rows()

    def note(self) -> str:
        """Say whose recipients these are, and which of them."""
        return batches_presenter.recipients_note(self.shown, self.search.text, self._unreadable)

    def status_lines(self, width: int) -> list[Line]:
        """Say nothing above the rows but whose they are; the table says what went wrong."""
        del width
        return []

    async def _look(self, batch_id: str) -> None:
        try:
            rows = (await self.session.batches()).rows
        except RowsUnavailable:
            # What is shown stays; the next check is looked at again.
            self._checks = None
            return
        for row in rows:
            if self.shown is not None and _id(row) == batch_id == _id(self.shown):
                self.show(row)

    def _show_list(self) -> None:
        assert self.shown is not None
        search, self._unreadable = self.search, 0
        query = RecipientQuery(_id(self.shown), status=search.status, words=search.words)
        self.inner.words = TableWords(
            loading=clean("Asking the platform for the recipients…"),
            empty=clean(_NO_MATCH if search.status or search.words else _EMPTY),
            failed=clean("The recipients cannot be read:"),
        )
        self.inner.show_list(RecipientRows(self.session, query, self._told))

    def _told(self, page: RecipientPage) -> None:
        self.inner.total_rows = page.total
        self._unreadable = page.unreadable

    def _cells(self, row: PlacedRecipient) -> Sequence[CleanText | Span]:
        session = self.session
        look = RowLook(session.now(), session.view.masked, session.zone)
        return batch_rows.recipient_cells(row.row, look)


def _id(row: BatchRow) -> str:
    return row.view.batch.count.batch_id


def _moved(before: BatchRow, now: BatchRow) -> bool:
    """Tell whether anything has moved that recipients or their messages would show."""
    same = (before.view.batch, before.view.statuses, before.figures)
    return same != (now.view.batch, now.view.statuses, now.figures)
