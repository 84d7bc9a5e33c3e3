"""Why a message is not sent, in sentences for people."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.follow_ups import (
    BlockReason,
    FollowUp,
    FollowUpState,
    SkipReason,
    WaitReason,
)

SKIP_SENTENCES: Final = MappingProxyType(
    {
        SkipReason.BEFORE_FIRST_START: (
            "the call ended before a channel was first set up here; retry sends it all the same"
        ),
        SkipReason.NOT_WANTED: "FOLLOW_UP_ON asks for no message after a call that went so",
        SkipReason.SUPPRESSED: "the number is on the suppression list",
        SkipReason.NO_ADDRESS: "there is no phone number or address that can be read",
        SkipReason.TOO_OLD: "the call ended too long ago; retry sends it all the same",
        SkipReason.ALREADY_TODAY: "the person got a message today already",
        SkipReason.TIMEZONE_UNKNOWN: (
            "the person's quiet hours are not known, because their time zone is not; "
            "retry sends it all the same"
        ),
        SkipReason.BY_OPERATOR: "an operator left it out",
    }
)
"""Every reason to leave a message out, in words."""

WAIT_SENTENCES: Final = MappingProxyType(
    {
        WaitReason.OUTCOME: "the conversation is still being analysed",
        WaitReason.PAUSED: "the follow-ups are paused; resume them to send",
        WaitReason.QUIET_HOURS: "it is a quiet hour where the person is",
        WaitReason.RETRY: "it waits for its next try",
        WaitReason.ACCOUNT: "the account or the sender may not send now; see the last error",
        WaitReason.TEMPLATE_UNREAD: "the template has not been read yet",
    }
)
"""Every reason to wait, in words."""

BLOCK_SENTENCES: Final = MappingProxyType(
    {
        BlockReason.NO_CHANNEL: "no channel is set up; set TWILIO_WHATSAPP_NUMBER",
        BlockReason.NO_TEMPLATE: (
            "WhatsApp takes only an approved template from who was not written to first; "
            "set FOLLOW_UP_CONTENT_SID"
        ),
        BlockReason.TEMPLATE_NOT_APPROVED: "WhatsApp does not let the template be used",
        BlockReason.TEMPLATE_UNFIT: "the template has a variable that there is nothing for",
    }
)
"""Every reason why messages wait for somebody to mend something, in words."""

STATE_SENTENCES: Final = MappingProxyType(
    {
        FollowUpState.DUE: "it is next in line",
        FollowUpState.SENDING: "it is being sent",
        FollowUpState.ACCEPTED: "the messenger has it",
        FollowUpState.SENT: "it was sent",
        FollowUpState.DELIVERED: "it was delivered",
        FollowUpState.READ: "the person read it",
        FollowUpState.AMBIGUOUS: (
            "it may have been sent; it is looked for, and not sent again until it is known"
        ),
        FollowUpState.BLOCKED: "it waits until the template is mended",
        FollowUpState.FAILED: "it did not arrive",
        FollowUpState.SKIPPED: "it is not sent",
    }
)
"""Every state, in words."""


def why_not_sent(follow_up: FollowUp) -> str:
    """Say in one sentence where a message stands, by its reason where it has one."""
    if follow_up.skipped_for is not None:
        return SKIP_SENTENCES[follow_up.skipped_for]
    if follow_up.blocked_for is not None:
        return BLOCK_SENTENCES[follow_up.blocked_for]
    if follow_up.waits_for is not None:
        return WAIT_SENTENCES[follow_up.waits_for]
    return STATE_SENTENCES[follow_up.state]
