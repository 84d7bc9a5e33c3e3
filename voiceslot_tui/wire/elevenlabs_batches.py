"""ElevenLabs' batch calls, read into our words.

A batch of 10,000 recipients comes in one piece every few seconds, so that it can be decoded a slice
at a time, and a recipient is looked at closely only where something about it is new; what was sent
along for a person stays undecoded until then. One recipient that cannot be read does not hide the
others.

Batches spell `in_progress` what conversations spell `in-progress`, and their lists of words grow:
an unknown status is kept as it came and never taken for an end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from voiceslot_tui.core.batches import ENDED_RECIPIENTS, Batch, BatchRecipient
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


class _Recipient(msgspec.Struct, gc=False):
    id: Any = None
    phone_number: Any = None
    status: Any = None
    conversation_id: Any = None
    updated_at_unix: Any = None
    conversation_initiation_client_data: msgspec.Raw = msgspec.Raw()


class _BatchDetail(_Batch, kw_only=True):
    recipients: list[msgspec.Raw]


class _Standing(msgspec.Struct, gc=False):
    """A recipient as far as it is needed for slots, and as it is when nothing is odd."""

    status: str = ""
    conversation_id: str | None = None


class _Standings(msgspec.Struct):
    recipients: list[_Standing]


class _OneByOne(msgspec.Struct):
    recipients: list[msgspec.Raw]


_batch_page = msgspec.json.Decoder(_BatchPage)
_batch_detail = msgspec.json.Decoder(_BatchDetail)
_standings = msgspec.json.Decoder(_Standings)
_one_by_one = msgspec.json.Decoder(_OneByOne)
_recipient = msgspec.json.Decoder(_Recipient)
_client_data = msgspec.json.Decoder(_ClientData)


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

    `statuses` counts recipients by the platform's own words; `unreadable` those left out. `newest`
    is when the last call ended, in seconds since 1970; 0 where none has, or none is dated.
    """

    batch: Batch
    statuses: Mapping[str, int]
    calls: BatchCalls
    unreadable: int
    newest: int
    _read: tuple[_Recipient, ...]
    _ended: tuple[_Recipient, ...]

    def recipients(self) -> Iterator[BatchRecipient]:
        """Yield every recipient, made only when asked for: most are of no interest."""
        return map(_batch_recipient, self._read)

    def in_status(self, words: frozenset[str]) -> Iterator[BatchRecipient]:
        """Yield the recipients whose status is one of some words."""
        return (_batch_recipient(read) for read in self._read if text(read.status) in words)

    def ended_since(self, updated_at: int) -> Iterator[BatchRecipient]:
        """Yield those whose call ended at a second or later; also those who are not dated."""
        recent = (one for one in self._ended if (_updated_at(one) or updated_at) >= updated_at)
        return map(_batch_recipient, recent)


class BatchReading:
    """A batch that is read some recipients at a time, so that nobody waits for ten thousand."""

    def __init__(self, body: bytes) -> None:
        """Read the batch itself. Raises ReadFailed where it is none, or has no list."""
        self._batch = decoded(_batch_detail, body, "a batch with its recipients")
        self._raw = self._batch.recipients
        self._read: list[_Recipient] = []
        self._ended: list[_Recipient] = []
        self._words: Counter[str] = Counter()
        self._holding: list[str] = []
        self._unreadable = 0

    @property
    def whole(self) -> bool:
        """Tell whether every recipient was read."""
        return len(self._read) + self._unreadable == len(self._raw)

    def read_some(self, count: int) -> None:
        """Read the next recipients."""
        begin = len(self._read) + self._unreadable
        raw = self._raw[begin : begin + count]
        read = _recipients_in(raw)
        words = [text(one.status) for one in read]
        pairs = list(zip(words, read, strict=True))
        self._words.update(words)
        self._ended += [one for word, one in pairs if word in ENDED_RECIPIENTS]
        self._holding += [
            text(one.conversation_id) for word, one in pairs if word in HOLDING_RECIPIENTS
        ]
        self._read += read
        self._unreadable += len(raw) - len(read)

    def detail(self) -> BatchDetail:
        """Give the batch, once it is whole."""
        assert self.whole, "a batch is asked for before it was read whole"
        return BatchDetail(
            batch=_row(self._batch),
            statuses={clean(word, 40): count for word, count in self._words.items()},
            calls=_calls(self._holding),
            unreadable=self._unreadable,
            newest=max(map(_updated_at, self._ended), default=0),
            _read=tuple(self._read),
            _ended=tuple(self._ended),
        )


def read_batch_detail(body: bytes) -> BatchDetail:
    """Read a batch and its recipients at once. Raises ReadFailed as BatchReading does."""
    reading = BatchReading(body)
    reading.read_some(len(body))
    return reading.detail()


def read_batch_calls(body: bytes) -> BatchCalls:
    """Read which recipients hold a slot, by the names of their conversations. Raises ReadFailed."""
    try:
        standing = _standings.decode(body).recipients
        return _calls(
            one.conversation_id or "" for one in standing if one.status in HOLDING_RECIPIENTS
        )
    except (ValueError, RecursionError):
        return _calls_one_by_one(body)


def _calls_one_by_one(body: bytes) -> BatchCalls:
    """Read the same of a batch in which something is odd."""
    recipients = _recipients_in(decoded(_one_by_one, body, "a batch").recipients)
    return _calls(
        text(one.conversation_id) for one in recipients if text(one.status) in HOLDING_RECIPIENTS
    )


def _recipients_in(raw: list[msgspec.Raw]) -> list[_Recipient]:
    """Decode recipients; those that cannot be read are left out."""
    decode = _recipient.decode
    try:
        return [decode(one) for one in raw]
    except (ValueError, RecursionError):
        return [read for read in map(_one, raw) if read is not None]


def _one(raw: msgspec.Raw) -> _Recipient | None:
    try:
        return _recipient.decode(raw)
    except (ValueError, RecursionError):
        return None


def _calls(names: Iterable[str]) -> BatchCalls:
    """Count calls that hold a slot; a name is empty where there is no conversation yet."""
    counted = Counter(names)
    unnamed = counted.pop("", 0)
    return BatchCalls(frozenset(map(ConversationId, counted)), unnamed=unnamed)


def _updated_at(read: _Recipient) -> int:
    return whole(read.updated_at_unix) or 0


def _variables(read: _Recipient) -> dict[str, Any]:
    """Give what was sent along for a person; nothing where it cannot be read."""
    try:
        sent = _client_data.decode(read.conversation_initiation_client_data)
    except (ValueError, RecursionError):
        return {}
    return sent.dynamic_variables if isinstance(sent.dynamic_variables, dict) else {}


def _batch_recipient(read: _Recipient) -> BatchRecipient:
    variables = _variables(read)
    return BatchRecipient(
        recipient_id=clean(text(read.id), ID_CHARS_MAX),
        status=clean(text(read.status), 40),
        number=clean(text(read.phone_number)),
        name=name_in(variables),
        email=clean(text(variables.get("email")).strip()),
        conversation_id=ConversationId(clean(text(read.conversation_id), ID_CHARS_MAX)) or None,
        updated_at=_updated_at(read),
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
