"""The part of the table of settings that is about batches, messages and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time
from enum import StrEnum
from typing import Final

from voiceslot_tui.core.calls import Disposition
from voiceslot_tui.core.follow_up_policy import FOLLOW_UP_ON, read_follow_up_on
from voiceslot_tui.core.follow_up_texts import TEXTS, Texts
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.quiet_hours import QuietHours, read_quiet_hours
from voiceslot_tui.core.setting_rows import NO_SECRET, Secret, header_secret, setting
from voiceslot_tui.core.setting_values import WrongValue, meant, number, one_of, shaped, whole


class Ambiguous(StrEnum):
    """What becomes of a message that may have been sent and was never found."""

    HOLD = "hold"
    RESEND = "resend"


class MailSecurity(StrEnum):
    """How the way to the mail server is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


def read_channels(text: str) -> tuple[Channel, ...]:
    """Read channels in the order in which they are tried. Raises WrongValue."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    known = [str(channel) for channel in Channel]
    wrong = [word for word in words if word not in known]
    if wrong or not words:
        near = meant(wrong[0], known) if wrong else ""
        raise WrongValue(f"must be of {', '.join(known)}, separated by commas{near}")
    return tuple(Channel(word) for word in dict.fromkeys(words))


def _number(text: str) -> str:
    return _e164(text.removeprefix("whatsapp:"))


_e164: Final = shaped(r"\+[1-9][0-9]{6,14}", "a number like +12025550100")
_address: Final = shaped(r"[^\s@<>]{1,64}@[^\s@<>]{1,190}", "an address like news@example.com")
_addresses: Final = shaped(
    r"[^\s@<>,]{1,64}@[^\s@<>,]{1,190}(\s*,\s*[^\s@<>,]{1,64}@[^\s@<>,]{1,190}){0,9}",
    "addresses like ops@example.com, separated by commas",
)
_content_sid: Final = shaped(r"HX[0-9a-fA-F]{32}", "HX and 32 hexadecimal digits")


def _any_text(chars_max: int) -> Callable[[str], str]:
    return shaped(rf".{{1,{chars_max}}}", f"text of at most {chars_max} characters")


def _own_text(text: str) -> str:
    """Take a text as it is; whether it can be read is found out when the follow-ups are made."""
    return text.replace("\\n", "\n")


_OWN_TEXTS: Final = ("talked", "talked_summary", "tried", "letter", "subject")
"""The texts that settings named FOLLOW_UP_TEXT_… replace."""

_NIGHT: Final[QuietHours | None] = QuietHours(time(21), time(8))


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpSettings:
    """Settings of batches, messages and alerts, checked."""

    batch_poll_interval_s: float = setting(
        15.0, number(1, 3600), "seconds between two checks of the workspace's batches"
    )
    twilio_whatsapp_number: str = setting("", _number, "WhatsApp number that messages come from")
    twilio_sms_number: str = setting("", _number, "number that text messages come from")
    twilio_messaging_service_sid: str = setting(
        "", shaped(r"MG[0-9a-fA-F]{32}", "MG and 32 hexadecimal digits"), "sends instead of numbers"
    )
    follow_up_channels: tuple[Channel, ...] = setting(
        (), read_channels, "whatsapp, sms, email in the order tried; empty: whatsapp if set up"
    )
    follow_up_on: tuple[Disposition, ...] = setting(
        FOLLOW_UP_ON, read_follow_up_on, "how a call must have gone to be followed up, or none"
    )
    follow_up_content_sid: str = setting(
        "", _content_sid, "approved WhatsApp template of the messages"
    )
    follow_up_language: str = setting(
        "es", shaped("|".join(TEXTS), " or ".join(TEXTS)), "language of our own texts"
    )
    follow_up_sender_name: str = setting("", _any_text(60), "who signs the messages")
    follow_up_text_talked: str = setting(
        "", _own_text, "own text after a talk without a summary; may use {{ name }}"
    )
    follow_up_text_talked_summary: str = setting(
        "", _own_text, "own text after a talk with one; may use {{ summary }}"
    )
    follow_up_text_tried: str = setting("", _own_text, "own text after a call that nobody took")
    follow_up_text_letter: str = setting(
        "", _own_text, "own frame of a free message; may use {{ body }} and {{ sender }}"
    )
    follow_up_text_subject: str = setting("", _own_text, "own subject of an e-mail")
    follow_up_quiet_hours: QuietHours | None = setting(
        _NIGHT, read_quiet_hours, "hours without messages in the person's own time, or none"
    )
    follow_up_per_day: int = setting(1, whole(0, 100), "messages to a person a day; 0 is unlimited")
    follow_up_too_old_hours: float = setting(
        24.0, number(0.1, 720), "hours after the call in which a message still makes sense"
    )
    follow_up_per_second: float = setting(
        10.0, number(0.01, 80), "messages sent a second; Twilio's sandbox takes one in 3 s"
    )
    follow_up_ambiguous: Ambiguous = setting(
        Ambiguous.HOLD, one_of(Ambiguous), "a message never found again: hold it, or resend it"
    )
    smtp_host: str = setting(
        "", shaped(r"[0-9A-Za-z.:_-]{1,253}", "a host name or address"), "mail server"
    )
    smtp_port: int = setting(587, whole(1, 65_535), "its port")
    smtp_security: MailSecurity = setting(
        MailSecurity.STARTTLS, one_of(MailSecurity), "starttls, tls, or none on a private way"
    )
    smtp_username: str = setting("", _any_text(200), "who we are there")
    smtp_password: Secret = setting(NO_SECRET, Secret, "and our password")
    smtp_from: str = setting("", _address, "address that mail comes from")
    alert_email: str = setting("", _addresses, "who is told when something needs a person")
    alert_urls: Secret = setting(
        NO_SECRET, header_secret, "further addresses for alerts, as apprise writes them"
    )

    @property
    def texts(self) -> Texts:
        """Give the texts of the messages: those of the language, and our own where there are."""
        own = {name: getattr(self, f"follow_up_text_{name}") for name in _OWN_TEXTS}
        return replace(
            TEXTS[self.follow_up_language], **{name: text for name, text in own.items() if text}
        )

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Give the channels that messages go by, in the order in which they are tried."""
        if self.follow_up_channels:
            return self.follow_up_channels
        by_whatsapp = self.twilio_whatsapp_number or self.twilio_messaging_service_sid
        return (Channel.WHATSAPP,) if by_whatsapp else ()


def contradictions_of_follow_ups(
    settings: FollowUpSettings, *, has_carrier: bool
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give what is wrong with several settings together; the first named is to be changed."""
    by_twilio = [channel for channel in settings.channels if channel is not Channel.EMAIL]
    if by_twilio and not has_carrier:
        names: tuple[str, ...] = ("TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_NUMBER")
        yield names, f"is missing: {by_twilio[0]} messages go by a Twilio account"
    service = settings.twilio_messaging_service_sid
    if Channel.WHATSAPP in by_twilio and not settings.twilio_whatsapp_number and not service:
        yield ("TWILIO_WHATSAPP_NUMBER", "FOLLOW_UP_CHANNELS"), "is missing for whatsapp messages"
    if Channel.SMS in by_twilio and not settings.twilio_sms_number and not service:
        yield ("TWILIO_SMS_NUMBER", "FOLLOW_UP_CHANNELS"), "is missing for sms messages"
    mails = Channel.EMAIL in settings.channels or bool(settings.alert_email)
    if mails and not settings.smtp_host:
        yield ("SMTP_HOST", "FOLLOW_UP_CHANNELS", "ALERT_EMAIL"), "is missing: mail is to be sent"
    if mails and not settings.smtp_from:
        yield ("SMTP_FROM", "FOLLOW_UP_CHANNELS", "ALERT_EMAIL"), "is missing: mail is to be sent"
