"""Twilio's messages, read into our words: what a send was answered, and what was sent.

Whatever Twilio adds is skipped, fields may be missing or of another kind, and a status word we do
not know is never taken for a delivery or a failure. An answer proves that a message was taken only
where it names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.facts import Source
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    MessageNews,
    MessageRefused,
    MessageTaken,
    MessageUnanswered,
    SendAnswer,
)
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.core.limits import MESSAGE_CHARS_MAX, SET_BACK_MAX_S
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import text
from voiceslot_tui.wire.twilio_errors import code_of, explained, failure_of

SANDBOX: Final = "+14155238886"
"""The number that all WhatsApp sandboxes share; it sends one message in three seconds."""

DELIVERIES: Final = MappingProxyType(
    {
        "accepted": Delivery.ACCEPTED,
        "scheduled": Delivery.ACCEPTED,
        "queued": Delivery.ACCEPTED,
        "sending": Delivery.ACCEPTED,
        "sent": Delivery.SENT,
        "partially_delivered": Delivery.SENT,
        "delivered": Delivery.DELIVERED,
        "read": Delivery.READ,
        "undelivered": Delivery.FAILED,
        "failed": Delivery.FAILED,
        "canceled": Delivery.FAILED,
    }
)
"""Every status of a message that we send."""

_SID: Final = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
PREFIXES: Final = MappingProxyType({Channel.WHATSAPP: "whatsapp:", Channel.SMS: ""})
"""What stands before a number on each channel."""


def address_of(channel: Channel, number: str) -> str:
    """Give a number as Twilio writes it on a channel."""
    return f"{PREFIXES[channel]}{number}"


def message_sid(value: object) -> MessageSid | None:
    """Give the id of a message; None for what is none."""
    return MessageSid(value) if isinstance(value, str) and is_message_sid(value) else None


def is_message_sid(text: str) -> bool:
    """Tell whether Twilio gave this id."""
    return _SID.fullmatch(text) is not None


def delivery_of(status: object) -> Delivery | None:
    """Give where a message stands by its status; None for a word we do not know."""
    return DELIVERIES.get(status) if isinstance(status, str) else None


# --- answers


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message as Twilio describes it; `delivery` is None where its word is not known."""

    sid: MessageSid
    delivery: Delivery | None
    to: str = ""
    sender: str = ""
    ours: bool = True
    created_at: Instant | None = None
    code: int | None = None
    body: str = ""

    def news(self, source: Source = Source.POLL) -> MessageNews | None:
        """Give what the message tells; None where its word is not known."""
        if self.delivery is None:
            return None
        to_number = self.to.removeprefix(PREFIXES[Channel.WHATSAPP])
        return news_of(self.delivery, self.code, to_number, None, self.sid, source)


class _Message(msgspec.Struct):
    sid: Any = None
    status: Any = None
    to: Any = None
    sender: Any = msgspec.field(default=None, name="from")
    direction: Any = None
    date_created: Any = None
    error_code: Any = None
    body: Any = None


class _MessagePage(msgspec.Struct):
    messages: list[_Message]
    next_page_uri: str | None = None


class _Error(msgspec.Struct):
    code: Any = None
    message: Any = None


_message = msgspec.json.Decoder(_Message)
_message_page = msgspec.json.Decoder(_MessagePage)
_error = msgspec.json.Decoder(_Error)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_message(body: bytes) -> SentMessage:
    """Read one message. Raises ReadFailed where it is none, or names none."""
    try:
        read = _sent(_message.decode(body))
    except _UNREADABLE:
        read = None
    if read is None:
        raise ReadFailed("Twilio's answer is not a message")
    return read


def read_messages(body: bytes) -> tuple[tuple[SentMessage, ...], str | None]:
    """Read a page of messages, and where the next one is. Raises ReadFailed."""
    try:
        page = _message_page.decode(body)
    except _UNREADABLE:
        raise ReadFailed("Twilio's answer is not a list of messages") from None
    read = tuple(_sent(message) for message in page.messages)
    return tuple(one for one in read if one is not None), page.next_page_uri or None


def read_send_answer(
    try_id: TryId,
    status: int,
    body: bytes,
    *,
    to_number: str = "",
    retry_after_s: float | None = None,
) -> SendAnswer:
    """Say what the answer to a send proves.

    Taken is what has an id, refused what has one of Twilio's codes in a 4xx; all else proves
    nothing, because a proxy may have said it, or the message may have been stored before an error.
    """
    if 200 <= status < 300:
        try:
            return MessageTaken(try_id, read_message(body).sid)
        except ReadFailed:
            return MessageUnanswered(try_id, f"{status} without the id of a message")
    code, detail = read_error(body)
    return refusal(
        try_id, status, code, to_number=to_number, detail=detail, retry_after_s=retry_after_s
    )


def read_error(body: bytes) -> tuple[int | None, str]:
    """Read Twilio's code for an error, and its sentence; no code where it is not Twilio's word."""
    try:
        error = _error.decode(body)
    except _UNREADABLE:
        return None, ""
    return code_of(error.code), clean(text(error.message))


def refusal(
    try_id: TryId,
    status: int,
    code: object,
    *,
    to_number: str = "",
    detail: str = "",
    retry_after_s: float | None = None,
) -> MessageRefused | MessageUnanswered:
    """Say what an answer without success proves, by its status and Twilio's code.

    Where a body has no code the SDK puts the HTTP status in its place: that is no code of Twilio's.
    """
    known = code_of(code)
    if not 400 <= status < 500 or status == 408 or known is None or known == status:
        return MessageUnanswered(try_id, f"HTTP {status}")
    failure = Failure.NOT_SENT if status == 429 else failure_of(known, to_number)
    said = explained(known).meaning if not detail else clean(detail)
    return MessageRefused(try_id, failure, known, said, retry_after_s)


def candidates(messages: Iterable[SentMessage], *, earliest: Instant, latest: Instant) -> Listing:
    """Name the messages in a list that may be of a try: made between two moments, or near them.

    One without a date may be ours. One from later, or from less than a day before, is ours only if
    a clock was set; an older one is not.
    """
    oldest = later(earliest, -SET_BACK_MAX_S)
    made = [
        (one.sid, latest if one.created_at is None else one.created_at)
        for one in messages
        if one.ours
    ]
    return Listing(
        found=tuple(sid for sid, at in made if earliest <= at <= latest),
        other_times=tuple(sid for sid, at in made if oldest < at < earliest or at > latest),
    )


def _sent(read: _Message) -> SentMessage | None:
    sid = message_sid(read.sid)
    if sid is None:
        return None
    return SentMessage(
        sid=sid,
        delivery=delivery_of(read.status),
        to=clean(text(read.to)),
        sender=clean(text(read.sender)),
        ours=text(read.direction).startswith("outbound") or not text(read.direction),
        created_at=instant_of(text(read.date_created)),
        code=code_of(read.error_code),
        body=clean(text(read.body), MESSAGE_CHARS_MAX),
    )


def instant_of(written: str) -> Instant | None:
    """Read a date as RFC 2822, with its offset, which the SDK leaves out."""
    try:
        return Instant(round(parsedate_to_datetime(written).timestamp() * 1000))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def news_of(
    delivery: Delivery,
    code: int | None,
    to_number: str,
    try_id: TryId | None,
    sid: MessageSid | None,
    source: Source,
    said: str = "",
) -> MessageNews:
    """Say where a message to a number stands; `said` is Twilio's own sentence about it."""
    if delivery is not Delivery.FAILED:
        return MessageNews(delivery, try_id, sid, source=source)
    failure = failure_of(code, to_number)
    detail = said or explained(code).meaning
    return MessageNews(delivery, try_id, sid, failure, code, detail, source)
