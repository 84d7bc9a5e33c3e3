"""Reading a create request: every rule that Twilio checks before it takes a message.

The checks stand in one table, in the order in which they are made; the first that objects
decides. None of them knows whether the person can be reached: that shows only afterwards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from voiceslot_tui.simulator.exchange import Reply
from voiceslot_tui.simulator.message_errors import refusal
from voiceslot_tui.simulator.message_words import Channel
from voiceslot_tui.simulator.messages import WHATSAPP_PREFIX, MessageOrder, address

if TYPE_CHECKING:
    from voiceslot_tui.simulator.messenger import Messenger
    from voiceslot_tui.simulator.settings import WorldSettings

ADDRESS = re.compile(r"(whatsapp:)?\+[1-9][0-9]{6,14}")
LONGEST_TEXT = 1600
MOST_VARIABLES, LONGEST_KEY, LONGEST_VALUE = 100, 16, 1600
UNFIT_VALUE = re.compile(r"[\n\r\t\0]| {5}")
SOONEST_S, LATEST_S = 15 * 60, 35 * 86_400


@dataclass(frozen=True, slots=True)
class Asked:
    """A create request as it came: its form, and who and when."""

    form: Mapping[str, str]
    media_count: int
    messenger: Messenger
    now: float

    def value(self, name: str) -> str:
        """Give a parameter, empty where there is none."""
        return self.form.get(name, "")

    @property
    def settings(self) -> WorldSettings:
        """Give the settings of the world."""
        return self.messenger.settings

    @property
    def channel(self) -> Channel:
        """Give the channel of the recipient."""
        is_whatsapp = self.value("To").startswith(WHATSAPP_PREFIX)
        return Channel.WHATSAPP if is_whatsapp else Channel.SMS

    @property
    def pool(self) -> list[str]:
        """Give the account's own addresses on the channel, the preferred first."""
        own = {
            Channel.WHATSAPP: self.settings.whatsapp_senders,
            Channel.SMS: self.settings.sms_senders,
        }
        return [address(self.channel, number) for number in own[self.channel]]

    @property
    def sender(self) -> str:
        """Give the address it is sent from: the one that was named, or the service's choice."""
        return self.value("From") or next(iter(self.pool), "")


Check = Callable[[Asked], int | None]


def read_message(messenger: Messenger, body: bytes, now: float) -> MessageOrder | Reply:
    """Read what is asked for, or the refusal with its code."""
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    media_count = sum(1 for name, value in pairs if name == "MediaUrl" and value)
    asked = Asked(dict(pairs), media_count, messenger, now)
    for check in CHECKS:
        code = check(asked)
        if code is not None:
            messenger.truth.refused(code)
            return refusal(code, asked.value(ABOUT.get(code, "")))
    return _order(asked)


def _order(asked: Asked) -> MessageOrder:
    template = asked.messenger.templates.get(asked.value("ContentSid"))
    variables = _variables(asked.value("ContentVariables")) or {}
    text = asked.value("Body") if template is None else template.render(variables)
    service_sid = asked.value("MessagingServiceSid") or None
    return MessageOrder(
        to=asked.value("To"),
        sender=asked.sender,
        channel=asked.channel,
        text=text,
        service_sid=service_sid,
        template=template,
        variables=variables,
        media_count=asked.media_count,
        status_callback=asked.value("StatusCallback"),
        # With a sender only, the parameters of the schedule are dropped.
        send_at=_send_at(asked) if service_sid else None,
    )


def _recipient(asked: Asked) -> int | None:
    if not asked.value("To"):
        return 21604
    return None if ADDRESS.fullmatch(asked.value("To")) else 21211


def _sender(asked: Asked) -> int | None:
    sender, service_sid = asked.value("From"), asked.value("MessagingServiceSid")
    if service_sid:
        return None if service_sid == asked.settings.messaging_service_sid else 21701
    if not sender:
        return 21603
    return None if ADDRESS.fullmatch(sender) else 21212


def _channels(asked: Asked) -> int | None:
    sender, is_whatsapp = asked.value("From"), asked.channel is Channel.WHATSAPP
    return 21910 if sender and sender.startswith(WHATSAPP_PREFIX) != is_whatsapp else None


def _own_sender(asked: Asked) -> int | None:
    if not asked.value("From"):
        return None if asked.pool else 21703
    sandbox = address(Channel.WHATSAPP, asked.settings.sandbox_sender)
    if asked.value("From") in (*asked.pool, sandbox):
        return None
    return 63007 if asked.channel is Channel.WHATSAPP else 21606


def _content(asked: Asked) -> int | None:
    has_template, has_variables = asked.value("ContentSid"), asked.value("ContentVariables")
    if has_variables and not has_template:
        return 21654
    if not (asked.value("Body") or asked.media_count or has_template):
        return 21619
    if len(asked.value("Body")) > LONGEST_TEXT:
        return 21617
    if has_template and has_template not in asked.messenger.templates:
        return 21655
    return 21656 if _variables(has_variables) is None else None


def _callback(asked: Asked) -> int | None:
    url = asked.value("StatusCallback")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return 21609
    is_fit = parts.scheme in ("http", "https") and host and "_" not in host
    return None if is_fit else 21609


def _schedule(asked: Asked) -> int | None:
    if not asked.value("MessagingServiceSid") or asked.value("ScheduleType") != "fixed":
        return None
    send_at = _send_at(asked)
    is_fit = send_at is not None and SOONEST_S <= send_at - asked.now <= LATEST_S
    return None if is_fit else 35114


def _person(asked: Asked) -> int | None:
    number = asked.value("To").removeprefix(WHATSAPP_PREFIX)
    person = asked.messenger.people[number]
    if asked.sender in person.opted_out_of:
        return 21610
    return person.script.refusal_on(asked.channel)


def _pace(asked: Asked) -> int | None:
    return asked.messenger.pace.refusal(asked.sender, asked.channel, asked.now)


CHECKS: tuple[Check, ...] = (
    _recipient,
    _sender,
    _channels,
    _own_sender,
    _content,
    _callback,
    _schedule,
    _person,
    _pace,
)
ABOUT = {21211: "To", 21212: "From", 21606: "From", 21609: "StatusCallback", 21614: "To"}
"""The parameter that a refusal repeats."""


def _variables(text: str) -> dict[str, str] | None:
    """Read the variables of a template; None where they break Twilio's rules."""
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or len(found) > MOST_VARIABLES:
        return None
    is_fit = all(len(name) <= LONGEST_KEY and _is_fit(value) for name, value in found.items())
    return found if is_fit else None


def _is_fit(value: object) -> bool:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_VALUE:
        return False
    return not UNFIT_VALUE.search(value)


def _send_at(asked: Asked) -> float | None:
    if asked.value("ScheduleType") != "fixed":
        return None
    try:
        moment = datetime.fromisoformat(asked.value("SendAt"))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
