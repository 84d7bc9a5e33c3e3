"""One message: what was asked for, where it stands, and how Twilio shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from voiceslot_tui.simulator.message_errors import failure
from voiceslot_tui.simulator.message_words import Channel, MessageDirection, MessageStatus
from voiceslot_tui.simulator.templates import Template
from voiceslot_tui.simulator.twilio import API_VERSION

if TYPE_CHECKING:
    from voiceslot_tui.simulator.settings import WorldSettings

WHATSAPP_PREFIX = "whatsapp:"
REFERENCE = "ref"
"""The parameter of the callback's URL by which the product names a message."""
ENDED = frozenset(
    {
        MessageStatus.READ,
        MessageStatus.UNDELIVERED,
        MessageStatus.FAILED,
        MessageStatus.CANCELED,
        MessageStatus.RECEIVED,
    }
)
GSM_SEGMENT, GSM_PART = 160, 153
UCS_SEGMENT, UCS_PART = 70, 67


@dataclass(frozen=True, slots=True)
class MessageOrder:
    """What a create request asked for. Addresses carry their channel, as Twilio writes them."""

    to: str
    sender: str
    channel: Channel
    text: str
    service_sid: str | None = None
    template: Template | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    media_count: int = 0
    status_callback: str = ""
    send_at: float | None = None

    @property
    def number(self) -> str:
        """Give the person's number without the channel."""
        return self.to.removeprefix(WHATSAPP_PREFIX)

    @property
    def has_receipts(self) -> bool:
        """Say whether the channel tells that a message was read."""
        return self.channel is Channel.WHATSAPP

    @property
    def reference(self) -> str | None:
        """Give the product's own name of this message, where it sent one."""
        return parse_qs(urlsplit(self.status_callback).query).get(REFERENCE, [None])[0]


@dataclass(slots=True, eq=False)
class Message:
    """A message that was really taken, or one that a person wrote.

    `passed_s`: the seconds since the one before it between the same two.
    """

    sequence: int
    sid: str
    order: MessageOrder
    direction: MessageDirection
    status: MessageStatus
    text: str
    created_at: float
    updated_at: float
    sent_at: float | None = None
    error_code: int | None = None
    passed_s: float | None = None
    history: list[tuple[MessageStatus, float]] = field(default_factory=list)
    is_deleted: bool = False

    def move(self, status: MessageStatus, at: float, error_code: int | None = None) -> None:
        """Stand elsewhere from now on."""
        self.status, self.updated_at, self.error_code = status, at, error_code
        self.history.append((status, at))


def address(channel: Channel, number: str) -> str:
    """Write a number as Twilio does on a channel."""
    return f"{WHATSAPP_PREFIX}{number}" if channel is Channel.WHATSAPP else number


def message_uri(settings: WorldSettings, sid: str) -> str:
    """Give the path of one message."""
    return f"/{API_VERSION}/Accounts/{settings.account_sid}/Messages/{sid}.json"


def message_body(settings: WorldSettings, message: Message) -> dict[str, Any]:
    """Give a message in Twilio's words. Where its callbacks go is not told."""
    order, code = message.order, message.error_code
    is_hidden = order.template is not None and not settings.template_body_shown
    uri = message_uri(settings, message.sid)
    is_pending = message.status in (MessageStatus.ACCEPTED, MessageStatus.SCHEDULED)
    return {
        "sid": message.sid,
        "account_sid": settings.account_sid,
        "messaging_service_sid": order.service_sid,
        "from": None if is_pending else order.sender,
        "to": order.to,
        "body": "" if is_hidden else message.text,
        "status": message.status,
        "direction": message.direction,
        "num_segments": "0" if is_pending else str(_segments(order.channel, message.text)),
        "num_media": str(order.media_count),
        "price": None,
        "price_unit": "USD",
        "error_code": code,
        "error_message": None if code is None else failure(code).text,
        "date_created": _date(message.created_at),
        "date_updated": _date(message.updated_at),
        "date_sent": _date(message.sent_at),
        "api_version": API_VERSION,
        "uri": uri,
        "subresource_uris": {
            part: uri.replace(".json", f"/{part.title()}.json") for part in ("media", "feedback")
        },
    }


def _segments(channel: Channel, text: str) -> int:
    """Count the parts an SMS is cut into; WhatsApp cuts nothing."""
    if channel is Channel.WHATSAPP:
        return 1
    single, part = (GSM_SEGMENT, GSM_PART) if text.isascii() else (UCS_SEGMENT, UCS_PART)
    return 1 if len(text) <= single else -(-len(text) // part)


def _date(moment: float | None) -> str | None:
    return None if moment is None else formatdate(moment)
