"""The batches pane: the workspace's batch calls, how far each is, and what became of its messages.

It is read anew whenever a check of the batches has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from voiceslot_tui.console import batch_rows, batches_presenter
from voiceslot_tui.console.batch_rows import WatchedBatch
from voiceslot_tui.console.panes.noted_listing import NotedListing
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.widgets.cells import Line, Span
from voiceslot_tui.console.widgets.row_source import ListPage, Reach, part_of
from voiceslot_tui.console.widgets.table_lines import TableWords
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.pages import RowKey
from voiceslot_tui.core.text import CleanText, clean
from voiceslot_tui.wire.batch_control import BatchRow

_WORDS: Final = TableWords(
    loading=clean("Reading the batches…"),
    empty=clean("No batch call of the workspace is under way, due soon or lately changed."),
    failed=clean("The batches cannot be read:"),
)


class BatchRows:
    """The watched batches, for the table; each keeps the number that it was given first."""

    def __init__(self, session: Session) -> None:
        self.rows: tuple[WatchedBatch, ...] = ()
        self._session = session
        self._numbers: dict[str, int] = {}

    async def page(self, reach: Reach) -> ListPage[WatchedBatch]:
        """Read all of them, and give the part asked for; raises RowsUnavailable."""
        read = (await self._session.batches()).rows
        rows = (WatchedBatch(self._number(row), row) for row in read)
        self.rows = tuple(sorted(rows, key=lambda row: row.key))
        return part_of(self.rows, reach)

    async def locate(self, number: int) -> RowKey | None:
        """Say where a batch stands now; None where it is watched no more."""
        return next((row.key for row in self.rows if row.number == number), None)

    def _number(self, row: BatchRow) -> int:
        batch_id = row.view.batch.count.batch_id
        return self._numbers.setdefault(batch_id, len(self._numbers) + 1)


class BatchesPane(NotedListing):
    """Shows batches."""

    pane_id: ClassVar[PaneId] = PaneId.BATCHES
    inner: VirtualTable[WatchedBatch]

    def __init__(self, session: Session) -> None:
        self._source = BatchRows(session)
        super().__init__(session)
        self._shown: BatchChecks | None = None

    def make_inner(self) -> VirtualTable[WatchedBatch]:
        """Make the table over the watched batches."""
        return VirtualTable(
            batch_rows.BATCH_COLUMNS,
            self._cells,
            self._source,
            locate=self._source.locate,
            words=_WORDS,
            steady_s=self.session.steady_s,
            id="batches",
        )

    @property
    def chosen_batch(self) -> BatchRow | None:
        """Give the batch under the cursor."""
        row = self.inner.cursor_row
        return None if row is None else row.row

    @property
    def checks(self) -> BatchChecks | None:
        """Give how the watching goes, as the engine said last."""
        snapshot = self.session.view.snapshot
        return None if snapshot is None else snapshot.batch_watch

    def entered(self) -> None:
        """Read the batches anew: they may have changed while nobody looked."""
        self._shown = None
        self.read_again()

    def read_again(self) -> None:
        """Read the batches anew where they were checked since."""
        checks = self.checks
        if checks is not None and checks != self._shown:
            self._shown = checks
            self.inner.refresh_rows()

    def paint(self) -> None:
        """Let times pass; say how the watching goes and what keeps batches from being seen."""
        self.name_note(self.note())
        self.inner.total_rows = len(self._source.rows)
        self.paint_status()
        self.inner.repaint_rows()

    def note(self) -> str:
        """Say whether batches are watched, how often, and when they were checked last."""
        checks = self.checks
        return "" if checks is None else batches_presenter.note(checks, self.session.now())

    def status_lines(self, width: int) -> list[Line]:
        """Say what keeps batches from being seen."""
        rows = [row.row for row in self._source.rows]
        checks = self.checks
        return [] if checks is None else batches_presenter.status_lines(checks, rows, width)

    def on_virtual_table_position_changed(self) -> None:
        """Say what the rows just read tell of trouble."""
        self.paint_status()

    def _cells(self, row: WatchedBatch) -> Sequence[CleanText | Span]:
        return batch_rows.batch_cells(row.row)
