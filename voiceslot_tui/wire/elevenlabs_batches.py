"""ElevenLabs' batch calls, read into our words.

Batches spell `in_progress` what conversations spell `in-progress`, and their lists of words grow:
an unknown status is kept as it came and never taken for an end.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.talks import BatchCalls, BatchCount
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import Listed, decoded, next_of, text, whole

HOLDING_RECIPIENTS: Final = frozenset({"dispatched", "initiated", "in_progress"})
"""Statuses of a recipient that hold a slot: handed to the dialler, ringing, talking."""


class _Batch(msgspec.Struct):
    id: str
    status: Any = None
    total_calls_dispatched: Any = None
    total_calls_finished: Any = None
    total_calls_scheduled: Any = None
    last_updated_at_unix: Any = None
    scheduled_time_unix: Any = None
    target_concurrency_limit: Any = None


class _BatchPage(msgspec.Struct):
    batch_calls: list[_Batch]
    has_more: bool | None = None
    next_doc: str | None = None


class _Recipient(msgspec.Struct):
    status: Any = None
    conversation_id: Any = None


class _BatchDetail(msgspec.Struct):
    recipients: list[_Recipient]


_batch_page = msgspec.json.Decoder(_BatchPage)
_batch_detail = msgspec.json.Decoder(_BatchDetail)


def read_batches(body: bytes) -> Listed[BatchCount]:
    """Read a page of batches. Raises ReadFailed."""
    page = decoded(_batch_page, body, "the list of batches")
    return Listed(tuple(map(_batch, page.batch_calls)), next_of(page.has_more, page.next_doc))


def read_batch_calls(body: bytes) -> BatchCalls:
    """Read which recipients hold a slot, by the names of their conversations. Raises ReadFailed."""
    recipients = decoded(_batch_detail, body, "a batch").recipients
    names = [
        text(recipient.conversation_id)
        for recipient in recipients
        if text(recipient.status) in HOLDING_RECIPIENTS
    ]
    ids = frozenset(ConversationId(name) for name in names if name)
    return BatchCalls(ids, unnamed=names.count(""))


def _batch(batch: _Batch) -> BatchCount:
    return BatchCount(
        batch_id=batch.id,
        status=clean(text(batch.status)),
        dispatched=whole(batch.total_calls_dispatched) or 0,
        finished=whole(batch.total_calls_finished) or 0,
        scheduled=whole(batch.total_calls_scheduled) or 0,
        updated_at=whole(batch.last_updated_at_unix) or 0,
        target_concurrency=whole(batch.target_concurrency_limit) or None,
        starts_at=whole(batch.scheduled_time_unix) or 0,
    )
