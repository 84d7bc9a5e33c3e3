"""How the follow-ups stand at a glance: the part of the snapshot that is about messages."""

from __future__ import annotations

from dataclasses import dataclass, field

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    SkipReason,
    WaitReason,
)


@dataclass(frozen=True, slots=True)
class TemplateStanding:
    """The template that messages go by, and what WhatsApp says of it.

    `unfit` is a variable of it that there is nothing for; `reason` is why it was rejected.
    """

    content_sid: str
    approval: Approval
    name: str = ""
    reason: str = ""
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class FollowUpStanding:
    """All that is seen of messages at a glance.

    `channels` is empty where none is set up: then no message is ever written. `trouble` says in a
    sentence why nothing is sent although something is due; `sandbox` that the sender is Twilio's
    shared one. The counters are those of the last commit.
    """

    channels: tuple[Channel, ...] = ()
    paused: bool = False
    paused_by: str = ""
    trouble: str = ""
    sandbox: bool = False
    per_second: float = 0.0
    template: TemplateStanding | None = None
    states: dict[FollowUpState, int] = field(default_factory=dict)
    waits: dict[WaitReason, int] = field(default_factory=dict)
    skips: dict[SkipReason, int] = field(default_factory=dict)
    blocks: dict[BlockReason, int] = field(default_factory=dict)
    codes: dict[int, int] = field(default_factory=dict)
    suppressed: int = 0
    webhook_at: Instant | None = None
