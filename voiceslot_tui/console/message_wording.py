"""The short words of the screen for messages: states, channels, and why one is not there yet."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.console.phrases import say
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    Form,
    SkipReason,
    TryState,
    WaitReason,
)

MESSAGE_STATES: Final = MappingProxyType(
    {
        FollowUpState.DUE: say("due"),
        FollowUpState.SENDING: say("sending", Tone.ACCENT),
        FollowUpState.ACCEPTED: say("accepted"),
        FollowUpState.SENT: say("sent"),
        FollowUpState.DELIVERED: say("delivered"),
        FollowUpState.READ: say("read", Tone.GOOD),
        FollowUpState.AMBIGUOUS: say("ambiguous", Tone.WARNING),
        FollowUpState.BLOCKED: say("blocked", Tone.WARNING),
        FollowUpState.FAILED: say("failed", Tone.BAD),
        FollowUpState.SKIPPED: say("skipped", Tone.DIM),
    }
)

TRY_STATES: Final = MappingProxyType(
    {
        TryState.SENDING: say("sending", Tone.ACCENT),
        TryState.ACCEPTED: say("accepted"),
        TryState.SENT: say("sent"),
        TryState.DELIVERED: say("delivered"),
        TryState.READ: say("read", Tone.GOOD),
        TryState.AMBIGUOUS: say("ambiguous", Tone.WARNING),
        TryState.NOT_SENT: say("not sent", Tone.WARNING),
        TryState.FAILED: say("failed", Tone.BAD),
    }
)

CHANNELS: Final = MappingProxyType(
    {Channel.WHATSAPP: "WhatsApp", Channel.SMS: "SMS", Channel.EMAIL: "e-mail"}
)

FORMS: Final = MappingProxyType({Form.TEMPLATE: "template", Form.FREE_TEXT: "free text"})

UNDER_WAY: Final = MappingProxyType(
    {
        FollowUpState.DUE: "next in line",
        FollowUpState.SENDING: "being sent",
        FollowUpState.ACCEPTED: "the messenger has it",
        FollowUpState.SENT: "not delivered yet",
        FollowUpState.DELIVERED: "delivered",
        FollowUpState.READ: "read",
        FollowUpState.AMBIGUOUS: "may have been sent; looked for",
        FollowUpState.BLOCKED: "waits for the template",
        FollowUpState.FAILED: "did not arrive",
        FollowUpState.SKIPPED: "not sent",
    }
)
"""What a row says of a state where there is no reason to say."""

WAITS: Final = MappingProxyType(
    {
        WaitReason.OUTCOME: "the call is being analysed",
        WaitReason.PAUSED: "follow-ups are paused",
        WaitReason.QUIET_HOURS: "quiet hours",
        WaitReason.RETRY: "next try",
        WaitReason.ACCOUNT: "the account may not send",
        WaitReason.TEMPLATE_UNREAD: "template not read yet",
    }
)

SKIPS: Final = MappingProxyType(
    {
        SkipReason.BEFORE_FIRST_START: "ended before the first start",
        SkipReason.NOT_WANTED: "not wanted by FOLLOW_UP_ON",
        SkipReason.SUPPRESSED: "on the suppression list",
        SkipReason.NO_ADDRESS: "no number or address",
        SkipReason.TOO_OLD: "the call ended too long ago",
        SkipReason.ALREADY_TODAY: "got a message today already",
        SkipReason.TIMEZONE_UNKNOWN: "time zone not known",
        SkipReason.BY_OPERATOR: "left out by an operator",
    }
)

BLOCKS: Final = MappingProxyType(
    {
        BlockReason.NO_CHANNEL: "no channel is set up",
        BlockReason.NO_TEMPLATE: "no template is set",
        BlockReason.TEMPLATE_NOT_APPROVED: "template not approved",
        BlockReason.TEMPLATE_UNFIT: "template asks for what is not there",
    }
)

APPROVALS: Final = MappingProxyType(
    {
        Approval.UNREAD: "has not been read yet",
        Approval.UNREADABLE: "cannot be read; sending will tell",
        Approval.HIDDEN: "cannot be read, so nobody knows what to fill in",
        Approval.APPROVED: "is approved",
        Approval.UNDER_REVIEW: "is under review at WhatsApp",
        Approval.UNSUBMITTED: "was never submitted to WhatsApp",
        Approval.REJECTED: "was rejected by WhatsApp",
        Approval.PAUSED: "is paused by WhatsApp",
        Approval.DISABLED: "is disabled by WhatsApp",
        Approval.MISSING: "does not exist in the Twilio account",
    }
)
"""What is said of a template, after its name."""
