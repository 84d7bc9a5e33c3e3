"""The batches of the fake engine: made, listed, and their recipients paged."""

from __future__ import annotations

from dataclasses import replace

from tests.console.still_clock import NOW
from voiceslot_tui.core.batch_progress import BatchChecks, BatchView, Pace
from voiceslot_tui.core.batches import Batch, Watch
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import (
    BatchFigures,
    BatchRecipientRow,
    RecipientPage,
    RecipientQuery,
)
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.talks import BatchCount
from voiceslot_tui.link.client import Refused
from voiceslot_tui.wire import batch_control as control

CHECKS = BatchChecks(
    True, 15.0, count=3, last_at=Instant(NOW - 20_000), took_s=0.34, watched=2, read=2
)


def make_batch(number: int, *, status: str = "in_progress", **fields: object) -> control.BatchRow:
    """Make a batch under way, unlike its neighbours; the higher its number, the newer."""
    count = BatchCount(f"btcal_{number}", status, 130, 120, 300, updated_at=1_770_000_000)
    view = BatchView(
        Batch(count, f"Batch {number}", created_at=1_770_000_000 + number),
        Watch.ACTIVE,
        {"completed": 113, "failed": 7, "in_progress": 10, "pending": 170},
        done=120,
        total=300,
        failed=7,
        pace=Pace(12.0, 900.0),
        read_at=NOW,
    )
    figures = BatchFigures(
        f"btcal_{number}", follow_ups={FollowUpState.READ: 100, FollowUpState.FAILED: 2}
    )
    return control.BatchRow(replace(view, **fields), figures)  # type: ignore[arg-type]


def make_recipient(place: int, **fields: object) -> BatchRecipientRow:
    """Make a recipient who was reached, unlike their neighbours."""
    row = BatchRecipientRow(
        recipient_id=f"rcp_{place}",
        number=f"+4477009{place:05}",
        name=f"Person {place}",
        status="completed",
        conversation_id=f"conv_{place}",
        updated_at=Instant(NOW - 240_000),
    )
    return replace(row, **fields)  # type: ignore[arg-type]


class FakeBatches:
    """Batches in a list, and the recipients of each by the batch's id."""

    def __init__(self) -> None:
        self.rows: list[control.BatchRow] = []
        self.people: dict[str, list[BatchRecipientRow]] = {}
        self.unreadable = 0
        self.refusal: Refused | None = None
        self.read: list[RecipientQuery] = []

    def answered(self, body: control.BatchQuestion, checks: BatchChecks) -> control.BatchResult:
        match body:
            case control.GetBatches():
                return control.TheBatches(tuple(self.rows), checks)
            case control.GetRecipients(query):
                self.read.append(query)
                if self.refusal is not None:
                    raise self.refusal
                return control.TheRecipients(self.page(query))

    def page(self, query: RecipientQuery) -> RecipientPage:
        found = [one for one in self.people.get(query.batch_id, []) if _matches(one, query)]
        shown = tuple(found[query.start : query.start + query.count])
        return RecipientPage(shown, len(found), self.unreadable)


def _matches(one: BatchRecipientRow, query: RecipientQuery) -> bool:
    text = f"{one.name} {one.number}".lower()
    return (not query.status or one.status == query.status) and all(
        word.lower() in text for word in query.words
    )
