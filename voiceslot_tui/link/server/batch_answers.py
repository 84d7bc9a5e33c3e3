"""What consoles ask about batches, answered by the front door of the batch watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import PAGE_ROWS_MAX
from voiceslot_tui.core.undo import Done
from voiceslot_tui.follow_up_ports import BatchChange
from voiceslot_tui.wire import batch_control as control

if TYPE_CHECKING:
    from voiceslot_tui.engine.watching import Watching


async def answered(batches: Watching, body: control.BatchQuestion) -> control.BatchResult:
    """Answer a question about batches."""
    match body:
        case control.GetBatches():
            table = await batches.table()
            rows = tuple(control.BatchRow(view, figures) for view, figures in table)
            return control.TheBatches(rows, batches.checks())
        case control.GetRecipients(query):
            if not 0 <= query.count <= PAGE_ROWS_MAX:
                raise BadInput(
                    f"at most {PAGE_ROWS_MAX:,} rows at a time, not {query.count:,}", field="count"
                )
            if query.start < 0:
                raise BadInput("recipients are counted from 0", field="start")
            return control.TheRecipients(await batches.recipients(query))
        case _:
            assert_never(body)


async def acted(batches: Watching, body: control.BatchAct, by: str) -> Done:
    """Carry out what an operator wants of batches."""
    match body:
        case control.CancelBatch(batch_id):
            return await batches.change(batch_id, BatchChange.CANCEL, by=by)
        case control.RetryBatch(batch_id):
            return await batches.change(batch_id, BatchChange.RETRY, by=by)
        case control.SetBatchInterval(seconds):
            return await batches.set_interval(seconds, by=by)
        case control.WatchBatches(on):
            return await batches.watch(on, by=by)
        case control.CheckBatches():
            batches.check_now()
            return Done(message="The batches are checked now.")
        case _:
            assert_never(body)
