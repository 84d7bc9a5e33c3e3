"""Twilio's error codes for messages: what follows from each, what it means, and what to do.

Twilio says that its codes may change and should not drive a program, so this is a table with a safe
default: a code that is not in it is shown, and nothing is sent again by itself. Meanings are from
Twilio's error dictionary; which class a code has is our judgement. What one person or country alone
may be hit by is never taken for a trouble of the account, because that stops all sending.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.follow_up_facts import Failure


@dataclass(frozen=True, slots=True)
class Code:
    """One error code: what follows, what it means, and what somebody can do about it."""

    failure: Failure
    meaning: str
    remedy: str = ""


_F = Failure
_CREDENTIALS = "check TWILIO_ACCOUNT_SID and the token or key beside it"
_ACCOUNT = "see the Twilio console; nothing is sent until the account may send again"
_SENDER = "check TWILIO_WHATSAPP_NUMBER, and the sender in the Twilio console"
_REGISTER = "register or verify the sender in the Twilio console"
_TEMPLATE = "mend the template in the Twilio console, then release what is blocked"
_TEXT = "change the text or the variables of the template, then retry"
_NOTHING = "nothing: another channel is tried where one is set up"
_BY_ITSELF = "nothing: it is tried again by itself"
_OPTED_OUT = "nothing: the number is on the suppression list now"

CODES: Final = MappingProxyType(
    {
        # The account and the sender.
        20003: Code(_F.ACCOUNT, "Twilio refuses our credentials", _CREDENTIALS),
        10001: Code(_F.ACCOUNT, "the Twilio account is not active", _ACCOUNT),
        20005: Code(_F.ACCOUNT, "the Twilio account is not active", _ACCOUNT),
        20404: Code(_F.ACCOUNT, "Twilio does not know this account or address", _CREDENTIALS),
        30002: Code(_F.ACCOUNT, "the Twilio account is suspended", _ACCOUNT),
        21606: Code(_F.ACCOUNT, "our number cannot send messages there", _SENDER),
        21660: Code(_F.ACCOUNT, "our number is not one of this account", _SENDER),
        21703: Code(_F.ACCOUNT, "the Messaging Service has no sender", _SENDER),
        21609: Code(_F.ACCOUNT, "Twilio cannot use our callback address", "check PUBLIC_BASE_URL"),
        63007: Code(_F.ACCOUNT, "our number is not a WhatsApp sender of this account", _SENDER),
        63020: Code(_F.ACCOUNT, "the invitation of the Meta business was not accepted", _ACCOUNT),
        63051: Code(_F.ACCOUNT, "Meta locked the WhatsApp business account", _ACCOUNT),
        63111: Code(_F.ACCOUNT, "Meta does not know the WhatsApp business account", _ACCOUNT),
        63112: Code(_F.ACCOUNT, "Meta disabled the business account, or verifies it", _ACCOUNT),
        30454: Code(_F.ACCOUNT, "the trial account sent as much as it may", _ACCOUNT),
        # The person.
        21211: Code(_F.NOT_ON_CHANNEL, "this is no phone number that Twilio knows", _NOTHING),
        21408: Code(
            _F.NOT_ON_CHANNEL,
            "our account may not send SMS to this country",
            "allow the country under geographic permissions in the Twilio console, then retry",
        ),
        21608: Code(
            _F.NOT_ON_CHANNEL,
            "a trial account sends to verified numbers only",
            "verify the number or upgrade the Twilio account, then retry",
        ),
        21612: Code(_F.NOT_ON_CHANNEL, "our sender cannot reach this number", _SENDER),
        30032: Code(_F.NOT_ON_CHANNEL, "our toll-free number is not verified", _REGISTER),
        30034: Code(_F.NOT_ON_CHANNEL, "our US number is not registered (A2P 10DLC)", _REGISTER),
        21614: Code(_F.NOT_ON_CHANNEL, "this is no mobile number", _NOTHING),
        30005: Code(_F.NOT_ON_CHANNEL, "the number is unknown to its carrier", _NOTHING),
        30006: Code(_F.NOT_ON_CHANNEL, "this is a landline, or its carrier is out", _NOTHING),
        63003: Code(_F.NOT_ON_CHANNEL, "the person is not on WhatsApp", _NOTHING),
        63015: Code(
            _F.NOT_ON_CHANNEL,
            "the person did not join the sandbox in the last three days",
            "let them send the join code to the sandbox number, then retry",
        ),
        63024: Code(_F.NOT_ON_CHANNEL, "WhatsApp cannot reach this person", _NOTHING),
        63032: Code(_F.NOT_ON_CHANNEL, "WhatsApp limits messages to this person", _NOTHING),
        21610: Code(_F.OPTED_OUT, "the person asked for no more messages", _OPTED_OUT),
        63014: Code(_F.OPTED_OUT, "the person blocked us", _OPTED_OUT),
        63033: Code(_F.OPTED_OUT, "the person wants no marketing messages", _OPTED_OUT),
        63016: Code(
            _F.OUTSIDE_WINDOW,
            "free text outside the 24 hours after the person's own message",
            "nothing: it is sent again as a template",
        ),
        63049: Code(_F.LATER, "Meta holds marketing to this person back", _BY_ITSELF),
        # The template and the text.
        63027: Code(_F.TEMPLATE, "the template does not exist in this language", _TEMPLATE),
        63028: Code(_F.TEMPLATE, "the template has another number of variables", _TEMPLATE),
        63040: Code(_F.TEMPLATE, "WhatsApp rejected the template", _TEMPLATE),
        63041: Code(_F.TEMPLATE, "WhatsApp paused the template", _TEMPLATE),
        63042: Code(_F.TEMPLATE, "WhatsApp disabled the template", _TEMPLATE),
        21655: Code(_F.TEMPLATE, "the id of the template is wrong", "check FOLLOW_UP_CONTENT_SID"),
        21658: Code(_F.TEMPLATE, "a variable of the template is not what it takes", _TEMPLATE),
        21617: Code(_F.CONTENT, "the text is longer than 1,600 characters", _TEXT),
        21619: Code(_F.CONTENT, "the message has neither text nor template", _TEXT),
        21654: Code(_F.CONTENT, "there are variables, but no template", _TEXT),
        21656: Code(_F.CONTENT, "a variable of the template cannot be used", _TEXT),
        21910: Code(_F.CONTENT, "sender and recipient are on different channels", _SENDER),
        30007: Code(_F.CONTENT, "the carrier filtered the message as unwanted", _REGISTER),
        63005: Code(_F.CONTENT, "WhatsApp does not accept the content", _TEXT),
        63013: Code(_F.CONTENT, "the message breaks a rule of WhatsApp's", _TEXT),
        63019: Code(_F.CONTENT, "the attached file cannot be read", _TEXT),
        63021: Code(_F.CONTENT, "the content is invalid or too long", _TEXT),
        63026: Code(_F.CONTENT, "WhatsApp takes the message for spam", _TEXT),
        63034: Code(_F.CONTENT, "the attached file is too large", _TEXT),
        # Time will tell.
        20429: Code(_F.NOT_SENT, "too many requests at once", _BY_ITSELF),
        14107: Code(_F.AGAIN, "too many messages between two numbers", _BY_ITSELF),
        63010: Code(_F.AGAIN, "an error inside Twilio", _BY_ITSELF),
        63012: Code(_F.AGAIN, "an error inside WhatsApp", _BY_ITSELF),
        63017: Code(_F.AGAIN, "the account sends too fast", _BY_ITSELF),
        63018: Code(_F.LATER, "WhatsApp's rate for this sender or person is used up", _BY_ITSELF),
        63038: Code(_F.LATER, "the account's messages of 24 hours are used up", _BY_ITSELF),
        21611: Code(_F.LATER, "more than ten hours of messages wait at Twilio", _BY_ITSELF),
        30001: Code(_F.LATER, "the queue at Twilio is full", _BY_ITSELF),
        30003: Code(_F.LATER, "the phone is off or out of reach", _BY_ITSELF),
        30008: Code(_F.LATER, "the carrier did not deliver it and does not say why", _BY_ITSELF),
        30450: Code(_F.LATER, "held back as possible fraud", _BY_ITSELF),
        30453: Code(_F.LATER, "held back as possible fraud", _BY_ITSELF),
        30485: Code(_F.LATER, "held back as possible fraud", _BY_ITSELF),
        30410: Code(
            _F.FINAL,
            "the provider did not answer Twilio in time; it may have arrived",
            "ask the person, or retry",
        ),
    }
)
"""Every code we know something about."""

UNKNOWN: Final = Code(_F.FINAL, "an error that we do not know", "look the code up at Twilio")
"""What a code is that is not in the table."""

_NO_MARKETING_TO: Final = "+1"
_NO_MARKETING: Final = 63049
"""WhatsApp delivers no marketing templates to US numbers since April 2025: waiting is no use."""


def code_of(value: object) -> int | None:
    """Give an error code as a number; None for what is none, like the words of the sandbox."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= 6 else None
    return value if isinstance(value, int) and 0 < value < 10**6 else None


def explained(code: int | None) -> Code:
    """Say what a code means."""
    return CODES.get(code, UNKNOWN) if code is not None else UNKNOWN


def failure_of(code: int | None, to_number: str = "") -> Failure:
    """Say what follows from a code for a message to a number."""
    if code == _NO_MARKETING and to_number.startswith(_NO_MARKETING_TO):
        return Failure.NOT_ON_CHANNEL
    return explained(code).failure
