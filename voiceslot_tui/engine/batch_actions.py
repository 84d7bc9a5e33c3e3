"""What an operator does to a batch of the platform: cancel it, or have its failed dialled again.

The wish is in the journal before the request leaves. A request without a clear answer is said to
be one, and is not repeated: the next check shows what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.errors import Rejected
from voiceslot_tui.core.text import clean
from voiceslot_tui.core.undo import Done
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange, Workspace
from voiceslot_tui.ports import Clock, Store

_WAITING: Final = "pending"
_FAILED: Final = "failed"
_CONCERNS: Final = MappingProxyType(
    {
        BatchChange.CANCEL: (_WAITING, "not called yet"),
        BatchChange.RETRY: (_FAILED, "dialled again"),
    }
)
_ANSWERED: Final = MappingProxyType(
    {
        (BatchChange.CANCEL, BatchAnswer.DONE): "is cancelled",
        (BatchChange.RETRY, BatchAnswer.DONE): "is retried",
        (BatchChange.CANCEL, BatchAnswer.UNCLEAR): (
            "may be cancelled: ElevenLabs gave no clear answer; look at its status before trying "
            "again"
        ),
        (BatchChange.RETRY, BatchAnswer.UNCLEAR): (
            "may be retried: ElevenLabs gave no clear answer; look at its retries before trying "
            "again, so that nobody is called twice"
        ),
    }
)


class BatchActions:
    """Changes batches at the platform."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        store: Store,
        clock: Clock,
        table: Callable[[], tuple[BatchView, ...]],
        check_now: Callable[[], None],
    ) -> None:
        """Prepare; `table` shows the watched batches and `check_now` reads them again."""
        self._workspace = workspace
        self._store = store
        self._clock = clock
        self._table = table
        self._check_now = check_now

    async def change(self, batch_id: str, change: BatchChange, by: str) -> Done:
        """Cancel a batch or retry it, once. Raises Rejected where the platform refuses."""
        views = self._table()
        view = next((one for one in views if one.batch.count.batch_id == batch_id), None)
        named = _named(batch_id, view)
        detail = f"{named}{_concerned(change, view)}"
        await self._store.note(f"batch_{change}", detail, self._clock.now(), by)
        try:
            answer = await self._workspace.change_batch(batch_id, change)
        finally:
            self._check_now()
        if answer is BatchAnswer.REFUSED:
            raise Rejected(f"{named} was not changed: ElevenLabs refused, or was not reached")
        said = f"{named} {_ANSWERED[change, answer]}{_concerned(change, view)}"
        return Done(message=said, unclear=answer is BatchAnswer.UNCLEAR)


def _named(batch_id: str, view: BatchView | None) -> str:
    name = f" {clean(view.batch.name)}" if view is not None and view.batch.name else ""
    return f"batch {clean(batch_id, 40)}{name}"


def _concerned(change: BatchChange, view: BatchView | None) -> str:
    """Count whom a change concerns, as far as the last check knew them."""
    if view is None or view.read_at is None:
        return ""
    status, words = _CONCERNS[change]
    return f" ({view.statuses.get(status, 0):,} of {view.total:,} recipients {words})"
