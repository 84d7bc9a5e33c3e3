"""What can be wrong with a message, by Twilio's codes: told at once, or only afterwards.

Meanings are those of Twilio's error dictionary. A code told at once comes with an HTTP status;
one told afterwards stands in the resource and in the callback of the failure.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.simulator.errors import carrier_error
from voiceslot_tui.simulator.exchange import Reply
from voiceslot_tui.simulator.message_words import MessageStatus

REFUSALS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid 'From' Phone Number"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region of the 'To' number",
    ),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number is not a valid, message-capable number of this account"),
    21608: (400, "The number is unverified. Trial accounts cannot send to unverified numbers"),
    21609: (400, "The 'StatusCallback' URL is not a valid URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21619: (400, "A text message body, media urls or a content sid must be specified."),
    21654: (400, "ContentSid Required"),
    21655: (400, "The ContentSid is Invalid"),
    21656: (400, "The ContentVariables Parameter is invalid"),
    21701: (400, "The Messaging Service does not exist"),
    21703: (400, "The Messaging Service has no sender that can reach the 'To' number"),
    21910: (400, "'From' and 'To' channels do not match"),
    30409: (400, "This message cannot be canceled"),
    35114: (400, "The 'SendAt' time must be 15 minutes to 35 days away"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63018: (429, "Rate limit exceeded for Channel"),
    63038: (429, "Account exceeded the daily messages limit"),
}
"""HTTP status and text of what is told at once."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a message ends that was taken and then failed."""

    text: str
    status: MessageStatus = MessageStatus.UNDELIVERED


FAILURES: dict[int, Failure] = {
    30001: Failure("Queue overflow", MessageStatus.FAILED),
    30002: Failure("Account suspended", MessageStatus.FAILED),
    30003: Failure("Unreachable destination handset"),
    30005: Failure("Unknown destination handset"),
    30006: Failure("Landline or unreachable carrier"),
    30007: Failure("Message filtered"),
    30008: Failure("Unknown error"),
    30034: Failure("US A2P 10DLC - Message from an Unregistered Number"),
    30410: Failure("Provider Timeout Error"),
    63003: Failure("Channel could not find To address"),
    63005: Failure("Channel did not accept given content"),
    63010: Failure("Channels - Twilio Internal error", MessageStatus.FAILED),
    63012: Failure("Channel provider returned an internal service error"),
    63013: Failure("Channel policy violation"),
    63014: Failure("Message delivery failed because it was blocked by a user action"),
    63015: Failure("Channel Sandbox can only send messages to joined phone numbers"),
    63016: Failure("Failed to send freeform message because outside the allowed window"),
    63017: Failure("Channel rate limit exceeded", MessageStatus.FAILED),
    63018: Failure("Rate limit exceeded for Channel", MessageStatus.FAILED),
    63019: Failure("Media failed to download"),
    63020: Failure("Business has not accepted the Terms of Service", MessageStatus.FAILED),
    63021: Failure("Channel invalid content error"),
    63024: Failure("Invalid message recipient"),
    63026: Failure("Message classified as spam"),
    63027: Failure("Template does not exist for a language and locale"),
    63028: Failure("Number of parameters provided does not match the expected number"),
    63032: Failure("We cannot send this message to this user due to a limitation"),
    63033: Failure("Recipient unsubscribed from marketing messages"),
    63038: Failure("Account exceeded the daily messages limit", MessageStatus.FAILED),
    63040: Failure("Template rejected"),
    63041: Failure("Template paused"),
    63042: Failure("Template disabled"),
    63049: Failure("Meta chose not to deliver this marketing message"),
    63051: Failure("WhatsApp Business Account is locked", MessageStatus.FAILED),
    63111: Failure("WhatsApp Business Account not found", MessageStatus.FAILED),
    63112: Failure("WhatsApp Business Account is disabled", MessageStatus.FAILED),
}
"""What is told afterwards."""

UNKNOWN_FAILURE = Failure("Unknown error")


def refusal(code: int, about: str = "") -> Reply:
    """Refuse at once, naming what the code is about where that helps."""
    status, text = REFUSALS.get(code, (400, "Unknown error"))
    return carrier_error(status, code, f"{text}: {about}" if about else text)


def failure(code: int) -> Failure:
    """Say how a message ends with a code; one that nobody knows is undelivered."""
    return FAILURES.get(code, UNKNOWN_FAILURE)
