"""The part of the messages between engine and consoles that is about messages and suppression."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import (
    FollowUpDetail,
    FollowUpFilter,
    FollowUpPage,
    FollowUpQuery,
    Suppressed,
    Suppression,
)
from voiceslot_tui.core.follow_ups import FollowUpId

# --- wishes


class GetMessages(msgspec.Struct, frozen=True, tag="messages"):
    """Ask for rows of messages. Answered by TheMessages."""

    query: FollowUpQuery


class GetMessage(msgspec.Struct, frozen=True, tag="message"):
    """Ask for all about one message. Answered by TheMessage, or refused as `missing`."""

    follow_up_id: FollowUpId


class GetPreview(msgspec.Struct, frozen=True, tag="preview"):
    """Ask what a message would read like if it were sent now. Answered by ThePreview."""

    follow_up_id: FollowUpId


class GetSuppressions(msgspec.Struct, frozen=True, tag="suppressions"):
    """Ask for the suppression list by number, from the one after. Answered by TheSuppressions."""

    after: str = ""
    count: int = 100


class Suppress(msgspec.Struct, frozen=True, tag="suppress"):
    """Never call or write to a number again. Answered by TheSuppressed."""

    number: str
    why: str = ""


class Unsuppress(msgspec.Struct, frozen=True, tag="unsuppress"):
    """Take a number off the suppression list. Answered by TheDone."""

    number: str


class WantMessages(msgspec.Struct, frozen=True, tag="want_messages"):
    """Retry, leave out or release messages. Answered by TheDone."""

    follow_up_ids: tuple[FollowUpId, ...]
    wish: FollowUpWish


class RetryMessages(msgspec.Struct, frozen=True, tag="retry_messages"):
    """Send all messages again that match. Answered by TheDone."""

    where: FollowUpFilter


class PauseMessages(msgspec.Struct, frozen=True, tag="pause_messages"):
    """Send no more messages; calls go on. Answered by TheDone."""


class ResumeMessages(msgspec.Struct, frozen=True, tag="resume_messages"):
    """Send messages again. Answered by TheDone."""


class UseTemplate(msgspec.Struct, frozen=True, tag="use_template"):
    """Send by another template from now on. Answered by TheDone."""

    content_sid: str


class ReadMessenger(msgspec.Struct, frozen=True, tag="read_messenger"):
    """Read the template's approval and look messages up now. Answered by TheDone."""


class SendSince(msgspec.Struct, frozen=True, tag="send_since"):
    """Send messages after calls that ended before the first start; unconfirmed, count them."""

    since: Instant
    confirmed: bool = False


MessageAct = (
    Unsuppress
    | WantMessages
    | RetryMessages
    | PauseMessages
    | ResumeMessages
    | UseTemplate
    | ReadMessenger
    | SendSince
)
"""Wishes about messages that change something; each is answered by TheDone."""

MessageQuestion = GetMessages | GetMessage | GetPreview | GetSuppressions | Suppress
"""Wishes about messages with an answer of their own."""

# --- answers


class TheMessages(msgspec.Struct, frozen=True, tag="the_messages"):
    """A page of messages as an answer."""

    page: FollowUpPage


class TheMessage(msgspec.Struct, frozen=True, tag="the_message"):
    """One message as an answer."""

    detail: FollowUpDetail


class ThePreview(msgspec.Struct, frozen=True, tag="the_preview"):
    """What a message would read like; `variables` as JSON where it goes by a template."""

    text: str
    content_sid: str = ""
    variables: str = ""


class TheSuppressions(msgspec.Struct, frozen=True, tag="the_suppressions"):
    """A part of the suppression list, by number."""

    numbers: tuple[Suppression, ...]


class TheSuppressed(msgspec.Struct, frozen=True, tag="the_suppressed"):
    """What putting a number on the suppression list came to."""

    suppressed: Suppressed


MessageResult = TheMessages | TheMessage | ThePreview | TheSuppressions | TheSuppressed

MESSAGE_ANSWERS: Final[Mapping[type[msgspec.Struct], type[msgspec.Struct]]] = MappingProxyType(
    {
        GetMessages: TheMessages,
        GetMessage: TheMessage,
        GetPreview: ThePreview,
        GetSuppressions: TheSuppressions,
        Suppress: TheSuppressed,
    }
)
"""What each question about messages is answered by."""
