"""What people write to us, as Twilio's webhook tells it and as its list of messages does.

Whether a message asks us to stop, and whether it matters to us at all, is judged here for both. In
a list all is written by strangers: what cannot be read is passed over and spoils nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_ups import Channel, MessageSid
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.limits import LOOKUP_SKEW_S, MESSAGE_CHARS_MAX
from voiceslot_tui.core.suppression import asks_to_stop
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import text
from voiceslot_tui.wire.phone_numbers import number_or_nothing
from voiceslot_tui.wire.twilio_messages import PREFIXES, instant_of, message_sid

_INBOUND: Final = "inbound"


@dataclass(frozen=True, slots=True)
class Inbound:
    """What a person wrote to us. `number` is E.164, or empty where it cannot be read.

    `opt_out` is Twilio's own judgement, given only with its Advanced Opt-Out. `dated` is by
    Twilio's clock; None where that is not told.
    """

    sid: MessageSid | None
    channel: Channel
    number: str
    body: str
    name: str = ""
    opt_out: bool = False
    dated: Instant | None = None

    @property
    def wants_out(self) -> bool:
        """Tell whether the person asks to be left alone."""
        return self.opt_out or asks_to_stop(self.body)

    @property
    def matters(self) -> bool:
        """Tell whether it changes anything for us.

        Only WhatsApp has a window that a person's message opens: of an SMS nothing but the wish to
        be left alone is remembered. That wish matters also where no number tells whose it is.
        """
        return self.wants_out or (bool(self.number) and self.channel is Channel.WHATSAPP)

    def wrote(self, at: Instant) -> PersonWrote:
        """Say who wrote, at a moment of our clock, and whether they ask to be left alone."""
        return PersonWrote(self.sid, self.channel, self.number, at, self.wants_out)


def inbound_of(
    *,
    sid: object,
    sender: str,
    body: str,
    name: str = "",
    opt_out: bool = False,
    dated: Instant | None = None,
) -> Inbound:
    """Put together what a person wrote; `sender` is who they are as Twilio writes it."""
    prefix = PREFIXES[Channel.WHATSAPP]
    return Inbound(
        sid=message_sid(sid),
        channel=Channel.WHATSAPP if sender.startswith(prefix) else Channel.SMS,
        number=number_or_nothing(sender.removeprefix(prefix)),
        body=clean(body, MESSAGE_CHARS_MAX),
        name=clean(name),
        opt_out=opt_out,
        dated=dated,
    )


@dataclass(frozen=True, slots=True)
class InboundPage:
    """One page of the list of messages: those of people, and when each that is dated was made."""

    messages: tuple[Inbound, ...]
    dates: tuple[Instant, ...]
    next_page: str

    @property
    def newest(self) -> Instant | None:
        """Date the newest message in it, whoever wrote that: so far the list is known to reach."""
        return max(self.dates, default=None)

    def ends_before(self, since: Instant) -> bool:
        """Tell whether nothing made since a moment can stand on the next page.

        Twilio does not promise its newest messages first: it is taken for granted only where the
        page looks like it.
        """
        latest = self.dates[0] if self.dates else since
        for date in self.dates:
            if date > later(latest, LOOKUP_SKEW_S):
                return False
            latest = min(latest, date)
        return latest < later(since, -LOOKUP_SKEW_S)


def read_inbound(body: bytes) -> InboundPage:
    """Read a page of messages, and where the next one is. Raises ReadFailed.

    The texts are people's: half a character in one of them, which a stricter reader refuses, must
    not make the list unreadable.
    """
    try:
        page = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        page = None
    rows = page.get("messages") if isinstance(page, dict) else None
    if not isinstance(rows, list):
        raise ReadFailed("Twilio's answer is not a list of messages")
    read = [(row, _date(row)) for row in rows if isinstance(row, dict)]
    found = [_message(row, date) for row, date in read]
    return InboundPage(
        tuple(one for one in found if one is not None),
        tuple(date for _, date in read if date is not None),
        text(page.get("next_page_uri")),
    )


def _date(row: Mapping[str, Any]) -> Instant | None:
    created = instant_of(text(row.get("date_created")))
    return instant_of(text(row.get("date_sent"))) if created is None else created


def _message(row: Mapping[str, Any], date: Instant | None) -> Inbound | None:
    """Read a message of a person's; None for all else.

    Without a date it is known that somebody wants to be left alone, but not that they wrote lately.
    """
    if row.get("direction") != _INBOUND:
        return None
    message = inbound_of(
        sid=row.get("sid"),
        sender=text(row.get("from")),
        body=text(row.get("body")),
        dated=date,
    )
    if message.sid is None:
        return None
    return message if message.wants_out or (message.number and date is not None) else None
