"""ElevenLabs' batch calls, read into our words.

A batch of 10,000 recipients comes in one piece every few seconds, so that it is decoded once and a
recipient is looked at closely only where something about it is new. One recipient that cannot be
read does not hide the others.

Batches spell `in_progress` what conversations spell `in-progress`, and their lists of words grow:
an unknown status is kept as it came and never taken for an end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from voiceslot_tui.core.batches import Batch, BatchRecipient
from voiceslot_tui.core.calls import ConversationId
from voiceslot_tui.core.limits import ID_CHARS_MAX
from voiceslot_tui.core.talks import BatchCalls, BatchCount
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import Listed, decoded, next_of, text, whole
from voiceslot_tui.wire.enqueue_call import name_in

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
    name: Any = None
    agent_id: Any = None
    agent_name: Any = None
    created_at_unix: Any = None
    retry_count: Any = None


class _BatchPage(msgspec.Struct):
    batch_calls: list[_Batch]
    has_more: bool | None = None
    next_doc: str | None = None


class _ClientData(msgspec.Struct):
    dynamic_variables: Any = None


class _Recipient(msgspec.Struct):
    id: Any = None
    phone_number: Any = None
    status: Any = None
    conversation_id: Any = None
    updated_at_unix: Any = None
    conversation_initiation_client_data: _ClientData | None = None


class _BatchDetail(_Batch, kw_only=True):
    recipients: list[_Recipient]


class _Recipients(msgspec.Struct):
    recipients: list[_Recipient]


class _OneByOne(msgspec.Struct):
    recipients: list[msgspec.Raw]


_batch_page = msgspec.json.Decoder(_BatchPage)
_batch_decoder = msgspec.json.Decoder(_Batch)
_batch_detail = msgspec.json.Decoder(_BatchDetail)
_recipients = msgspec.json.Decoder(_Recipients)
_one_by_one = msgspec.json.Decoder(_OneByOne)
_recipient = msgspec.json.Decoder(_Recipient)


def read_batches(body: bytes) -> Listed[BatchCount]:
    """Read a page of batches. Raises ReadFailed."""
    page = decoded(_batch_page, body, "the list of batches")
    return Listed(tuple(map(_batch, page.batch_calls)), next_of(page.has_more, page.next_doc))


def read_batch_rows(body: bytes) -> Listed[Batch]:
    """Read a page of batches with their names and agents. Raises ReadFailed."""
    page = decoded(_batch_page, body, "the list of batches")
    return Listed(tuple(map(_row, page.batch_calls)), next_of(page.has_more, page.next_doc))


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """One batch with all that its recipients tell.

    `statuses` counts recipients by the platform's own words; `unreadable` those left out.
    """

    batch: Batch
    statuses: Mapping[str, int]
    calls: BatchCalls
    unreadable: int
    _read: tuple[_Recipient, ...]

    def recipients(self) -> Iterator[BatchRecipient]:
        """Yield every recipient, made only when asked for: most are of no interest."""
        return map(_batch_recipient, self._read)

    def in_status(self, words: frozenset[str]) -> Iterator[BatchRecipient]:
        """Yield the recipients whose status is one of some words."""
        return (_batch_recipient(read) for read in self._read if text(read.status) in words)


def read_batch_detail(body: bytes) -> BatchDetail:
    """Read a batch and its recipients. Raises ReadFailed where it is none, or has no list."""
    unreadable = 0
    try:
        whole_batch = _batch_detail.decode(body)
        batch: _Batch = whole_batch
        recipients = whole_batch.recipients
    except (ValueError, RecursionError):
        batch = decoded(_batch_decoder, body, "a batch")
        recipients, unreadable = _readable(body)
    words = Counter(text(recipient.status) for recipient in recipients)
    return BatchDetail(
        batch=_row(batch),
        statuses={clean(word, 40): count for word, count in words.items()},
        calls=_calls(recipients),
        unreadable=unreadable,
        _read=tuple(recipients),
    )


def read_batch_calls(body: bytes) -> BatchCalls:
    """Read which recipients hold a slot, by the names of their conversations. Raises ReadFailed."""
    try:
        return _calls(_recipients.decode(body).recipients)
    except (ValueError, RecursionError):
        return _calls(_readable(body)[0])


def _readable(body: bytes) -> tuple[list[_Recipient], int]:
    """Decode one recipient after the other; give those that can be read, and count the others."""
    raw = decoded(_one_by_one, body, "a batch").recipients
    found = [one for one in map(_one, raw) if one is not None]
    return found, len(raw) - len(found)


def _one(raw: msgspec.Raw) -> _Recipient | None:
    try:
        return _recipient.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _calls(recipients: list[_Recipient]) -> BatchCalls:
    names = [
        text(recipient.conversation_id)
        for recipient in recipients
        if text(recipient.status) in HOLDING_RECIPIENTS
    ]
    ids = frozenset(ConversationId(name) for name in names if name)
    return BatchCalls(ids, unnamed=names.count(""))


def _batch_recipient(read: _Recipient) -> BatchRecipient:
    sent = read.conversation_initiation_client_data
    variables = sent.dynamic_variables if sent is not None else None
    variables = variables if isinstance(variables, dict) else {}
    return BatchRecipient(
        recipient_id=clean(text(read.id), ID_CHARS_MAX),
        status=clean(text(read.status), 40),
        number=clean(text(read.phone_number)),
        name=name_in(variables),
        email=clean(text(variables.get("email")).strip()),
        conversation_id=ConversationId(clean(text(read.conversation_id), ID_CHARS_MAX)) or None,
        updated_at=whole(read.updated_at_unix) or 0,
    )


def _row(batch: _Batch) -> Batch:
    return Batch(
        count=_batch(batch),
        name=clean(text(batch.name)),
        agent_id=clean(text(batch.agent_id)),
        agent_name=clean(text(batch.agent_name)),
        created_at=whole(batch.created_at_unix) or 0,
        retries=whole(batch.retry_count) or 0,
    )


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
