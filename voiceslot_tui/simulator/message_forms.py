"""The forms that Twilio posts: where a message of ours stands, and what a person wrote."""

from __future__ import annotations

from dataclasses import dataclass
from time import gmtime, strftime
from typing import TYPE_CHECKING

from voiceslot_tui.simulator.message_errors import failure
from voiceslot_tui.simulator.message_words import Channel, MessageStatus, OptOutKind
from voiceslot_tui.simulator.messages import Message
from voiceslot_tui.simulator.twilio import API_VERSION

if TYPE_CHECKING:
    from voiceslot_tui.simulator.settings import WorldSettings

MASKED_DIGITS = 4
EVENT_TYPES = {
    MessageStatus.SENT: "SENT",
    MessageStatus.DELIVERED: "DELIVERED",
    MessageStatus.READ: "READ",
    MessageStatus.UNDELIVERED: "UNDELIVERED",
    MessageStatus.FAILED: "UNDELIVERED",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What a person wrote, and as whom."""

    number: str
    sender: str
    channel: Channel
    text: str
    profile_name: str = ""
    button_text: str = ""
    button_payload: str = ""


def status_form(settings: WorldSettings, message: Message) -> dict[str, str]:
    """Tell where a message stands."""
    order = message.order
    form = {
        "AccountSid": settings.account_sid,
        "ApiVersion": API_VERSION,
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": str(message.status),
        "SmsStatus": str(message.status),
        "From": order.sender,
        "To": order.to,
    }
    if order.service_sid:
        form["MessagingServiceSid"] = order.service_sid
    if message.error_code is not None:
        form["ErrorCode"] = settings.callback_error_word or str(message.error_code)
    if order.channel is Channel.WHATSAPP:
        form |= _channel_part(message)
    elif message.status is MessageStatus.DELIVERED:
        form["RawDlrDoneDate"] = strftime("%y%m%d%H%M", gmtime(message.updated_at))
    return form


def inbound_form(
    settings: WorldSettings, message: Message, written: Written, opt_out: OptOutKind | None
) -> dict[str, str]:
    """Tell what a person wrote. `opt_out` is only told where Twilio itself acts on it."""
    form = {
        "AccountSid": settings.account_sid,
        "ApiVersion": API_VERSION,
        "MessageSid": message.sid,
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "From": message.order.sender,
        "To": message.order.to,
        "Body": written.text,
        "NumMedia": "0",
        "NumSegments": "1",
    }
    if written.channel is Channel.WHATSAPP:
        form |= {
            "WaId": written.number.removeprefix("+"),
            "ProfileName": written.profile_name,
            "MessageType": "button" if written.button_payload else "text",
            "ReferralNumMedia": "0",
        }
    optional = {
        "ButtonText": written.button_text,
        "ButtonPayload": written.button_payload,
        "OptOutType": "" if opt_out is None else str(opt_out),
    }
    return form | {name: value for name, value in optional.items() if value}


def _channel_part(message: Message) -> dict[str, str]:
    number = message.order.number
    form = {
        "ChannelPrefix": "whatsapp",
        "ChannelInstallSid": "XE" + "0" * 32,
        "ChannelToAddress": number[:-MASKED_DIGITS] + "X" * MASKED_DIGITS,
        "StructuredMessage": "false",
    }
    if message.status in EVENT_TYPES:
        form["EventType"] = EVENT_TYPES[message.status]
    if message.error_code is not None:
        form["ChannelStatusMessage"] = failure(message.error_code).text
    return form
