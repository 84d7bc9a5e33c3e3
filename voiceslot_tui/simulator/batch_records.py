"""What becomes of a batch's records: exported as CSV, also while it runs, and deleted for good.

Deleting leaves the conversations in the history. The columns of the export are this simulator's
guess; the vendor only says that it is CSV.
"""

from __future__ import annotations

import csv
from io import StringIO
from urllib.parse import parse_qs

from voiceslot_tui.simulator.batches import Batch, recipient_body
from voiceslot_tui.simulator.errors import platform_error, validation_error
from voiceslot_tui.simulator.exchange import Reply
from voiceslot_tui.simulator.visits import Visit

COLUMNS = ("id", "phone_number", "status", "conversation_id", "created_at_unix", "updated_at_unix")


def export_batch(visit: Visit) -> Reply:
    """Answer the recipients of a batch as CSV, all or the first few."""
    batch = _batch(visit)
    if batch is None:
        return platform_error(404, "batch_call_not_found", "Batch call not found")
    limit = parse_qs(visit.request.query).get("limit", [str(len(batch.recipients))])[-1]
    if not limit.isdecimal():
        return validation_error("query", "limit", text="Not a count", kind="value_error")
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    shown = batch.recipients[: int(limit)]
    writer.writerows(recipient_body(recipient, visit.now) for recipient in shown)
    return Reply(200, text.getvalue().encode(), "text/csv; charset=utf-8")


def delete_batch(visit: Visit) -> Reply:
    """Delete a batch; one that still runs is cancelled first."""
    batch = _batch(visit)
    if batch is None:
        return platform_error(404, "batch_call_not_found", "Batch call not found")
    visit.world.batches.cancel(batch, visit.now)
    batch.is_deleted = True
    return Reply(204, b"")


def _batch(visit: Visit) -> Batch | None:
    batch = visit.world.batches.all.get(visit.key)
    return None if batch is None or batch.is_deleted else batch
