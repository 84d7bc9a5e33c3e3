"""The front door of the batch watch: what operators see of batches, and what they do to them."""

from __future__ import annotations

from voiceslot_tui.core.batch_progress import BatchChecks, BatchView
from voiceslot_tui.core.batches import Batch, BatchRecipient, recipient_key
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.follow_up_pages import (
    BatchFigures,
    BatchRecipientRow,
    RecipientPage,
    RecipientQuery,
)
from voiceslot_tui.core.limits import (
    BATCH_INTERVAL_MAX_S,
    BATCH_INTERVAL_MIN_S,
    RECIPIENTS_KEPT_S,
)
from voiceslot_tui.core.undo import Done
from voiceslot_tui.engine.batch_actions import BatchActions
from voiceslot_tui.engine.batch_monitor import BatchMonitor
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.switches import Switches
from voiceslot_tui.follow_up_ports import BatchChange, BatchWhole, FollowUpStore, Workspace
from voiceslot_tui.ports import Clock


class Watching:
    """What the rest of the program may ask about the workspace's batches."""

    def __init__(
        self,
        *,
        monitor: BatchMonitor,
        actions: BatchActions,
        workspace: Workspace,
        store: FollowUpStore,
        board: Board,
        switches: Switches,
        clock: Clock,
    ) -> None:
        self._monitor = monitor
        self._actions = actions
        self._workspace = workspace
        self._store = store
        self._board = board
        self._switches = switches
        self._clock = clock
        self._kept: tuple[str, float, BatchWhole] | None = None

    def restore(self) -> None:
        """Take up the switches as they were left."""
        control = self._board.control
        if control.batch_poll_s is not None:
            self._monitor.set_interval(control.batch_poll_s)
        if not control.batches_watched:
            self._monitor.watch(False)

    # What operators do.

    async def change(self, batch_id: str, change: BatchChange, *, by: str) -> Done:
        """Cancel a batch or retry it, once. Raises Rejected where the platform refuses."""
        self._kept = None
        return await self._actions.change(batch_id, change, by)

    async def set_interval(self, seconds: float, *, by: str) -> Done:
        """Check so often from now on; survives a restart."""
        if not BATCH_INTERVAL_MIN_S <= seconds <= BATCH_INTERVAL_MAX_S:
            bounds = f"{BATCH_INTERVAL_MIN_S:g} to {BATCH_INTERVAL_MAX_S:g}"
            raise BadInput(f"the interval is from {bounds} seconds", field="seconds")
        before = self._monitor.checks().interval_s
        detail = f"{before:g} s to {seconds:g} s"
        await self._switches.change("batch_interval", detail, by=by, batch_poll_s=seconds)
        self._monitor.set_interval(seconds)
        return Done(message=f"batches are checked every {seconds:g} s (was {before:g} s)")

    async def watch(self, on: bool, *, by: str) -> Done:
        """Begin to watch, at once, or stop; survives a restart."""
        kind = "batches_watched" if on else "batches_not_watched"
        await self._switches.change(kind, "", by=by, batches_watched=on)
        self._monitor.watch(on)
        return Done(
            message="batches are watched"
            if on
            else "batches are not watched: calls that end in them get no message until they are"
        )

    def check_now(self) -> None:
        """Check at once instead of when the interval is over."""
        self._monitor.check_now()

    # What is shown.

    def checks(self) -> BatchChecks:
        """Tell how the watching goes."""
        return self._monitor.checks()

    async def table(self) -> tuple[tuple[BatchView, BatchFigures], ...]:
        """Show the watched batches, with what became of their messages."""
        views = self._monitor.table()
        ids = [view.batch.count.batch_id for view in views]
        figures = {one.batch_id: one for one in await self._store.batch_figures(ids)}
        nothing = {one: BatchFigures(one) for one in ids}
        known = {**nothing, **figures}
        return tuple((view, known[view.batch.count.batch_id]) for view in views)

    async def recipients(self, query: RecipientQuery) -> RecipientPage:
        """Show a part of a batch's recipients, in the platform's order. Raises ReadFailed.

        The batch is read once for some seconds of paging.
        """
        whole = await self._whole(query.batch_id)
        matching = [one for one in whole.recipients() if _matches(one, query)]
        shown = matching[query.start : query.start + query.count]
        rows = await self._rows(whole.batch, shown)
        return RecipientPage(rows, len(matching), whole.unreadable)

    async def _whole(self, batch_id: str) -> BatchWhole:
        now_s = self._clock.steady_s()
        if self._kept is not None and self._kept[0] == batch_id:
            _, read_s, whole = self._kept
            if now_s - read_s < RECIPIENTS_KEPT_S:
                return whole
        whole = await self._workspace.batch(batch_id)
        self._kept = (batch_id, now_s, whole)
        return whole

    async def _rows(
        self, batch: Batch, shown: list[BatchRecipient]
    ) -> tuple[BatchRecipientRow, ...]:
        keys = [recipient_key(batch, one) for one in shown]
        known = await self._store.follow_ups_named([key for key in keys if key is not None])
        return tuple(
            BatchRecipientRow(
                recipient_id=one.recipient_id,
                number=one.number,
                name=one.name,
                status=one.status,
                conversation_id=one.conversation_id or "",
                updated_at=Instant(one.updated_at * 1000) if one.updated_at else None,
                follow_up=known.get(key) if key is not None else None,
            )
            for one, key in zip(shown, keys, strict=True)
        )


def _matches(one: BatchRecipient, query: RecipientQuery) -> bool:
    if query.status and one.status != query.status:
        return False
    text = f"{one.number} {one.name}".casefold()
    return all(word.casefold() in text for word in query.words)
