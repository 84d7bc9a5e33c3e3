"""Who gets which message, and when: judged at the moment of sending, never before.

One function answers, with a reason that has a name and a sentence. What an operator insisted on is
kept back by neither its age nor an unknown time zone; suppression, the daily count and quiet hours
bind everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Disposition, Instant, later, seconds_between
from voiceslot_tui.core.follow_up_facts import USABLE, Approval
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement, step_to
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUp,
    FollowUpState,
    FollowUpStep,
    Form,
    Kind,
    SkipReason,
    Try,
    TryId,
    TryState,
    WaitReason,
)
from voiceslot_tui.core.limits import (
    FOLLOW_UP_OUTCOME_EVERY_S,
    FOLLOW_UP_OUTCOME_SELDOM_S,
    FOLLOW_UP_TOO_OLD_S,
    WINDOW_MARGIN_S,
    WINDOW_S,
)
from voiceslot_tui.core.quiet_hours import QuietHours, next_awake, same_day
from voiceslot_tui.core.setting_values import WrongValue, meant

# --- what the settings say

KINDS: Final = MappingProxyType(
    {
        disposition: Kind.TALKED if disposition is Disposition.ANSWERED else Kind.TRIED
        for disposition in Disposition
    }
)
"""Which message fits how a call went; whether it is sent, FOLLOW_UP_ON says."""

FOLLOW_UP_ON: Final = (
    Disposition.ANSWERED,
    Disposition.VOICEMAIL,
    Disposition.NO_ANSWER,
)
"""Dispositions that get a message unless set otherwise."""


def read_follow_up_on(text: str) -> tuple[Disposition, ...]:
    """Read dispositions, separated by commas, or `none`. Raises WrongValue."""
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    if words == ["none"]:
        return ()
    known = [str(disposition) for disposition in Disposition]
    wrong = [word for word in words if word not in known]
    if wrong or not words:
        near = meant(wrong[0], known) if wrong else ""
        raise WrongValue(f"must be of {', '.join(known)}, separated by commas, or none{near}")
    return tuple(Disposition(word) for word in dict.fromkeys(words))


_EVER: Final = Instant(0)


@dataclass(frozen=True, slots=True)
class FollowUpPolicy:
    """What is sent to whom. `per_day` counts messages to one person; 0 is unlimited.

    Calls that ended before `first_start` are of a time when nobody asked us to follow up.
    """

    on: tuple[Disposition, ...] = FOLLOW_UP_ON
    channels: tuple[Channel, ...] = (Channel.WHATSAPP,)
    quiet: QuietHours | None = None
    per_day: int = 1
    too_old_s: float = FOLLOW_UP_TOO_OLD_S
    first_start: Instant = _EVER


NEVER_READ: Final = frozenset({Approval.UNREAD, Approval.HIDDEN})
"""Nothing is known of a template yet, or no more than that it is there."""


@dataclass(frozen=True, slots=True)
class Template:
    """A Content template: its id, what WhatsApp says of it, and the variables that it has.

    Its variables are known but by an approval of NEVER_READ. A message that fills in fewer than
    there are shows the person the samples of the template instead.
    """

    content_sid: str
    approval: Approval = Approval.UNREAD
    variables: tuple[str, ...] = ()
    text: str = ""
    language: str = ""
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the sending as a whole stands: paused, refused for now, and with which template.

    `denied_until` says until when a channel is not asked, because our account or sender may not
    send there. `unfit` is the variable of the template that we have nothing for.
    """

    paused: bool = False
    denied_until: Mapping[Channel, Instant] = field(default_factory=dict)
    template: Template | None = None
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of whom a message is for.

    `messaged_at` dates the messages of other follow-ups that were sent, or may have been, lately;
    those that certainly failed do not count. `wrote_at` is their own last WhatsApp message.
    """

    zones: tuple[tzinfo, ...] = ()
    suppressed: bool = False
    messaged_at: tuple[Instant, ...] = ()
    wrote_at: Instant | None = None


# --- the judgement


@dataclass(frozen=True, slots=True)
class Send:
    """It may be sent now, by this channel and in this form."""

    channel: Channel
    form: Form
    kind: Kind


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now. `until` is None where an event ends the wait, not a time."""

    reason: WaitReason
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """Not at all."""

    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Block:
    """Not until somebody mends something."""

    reason: BlockReason


Verdict = Send | Wait | Skip | Block


def decide(
    follow_up: FollowUp,
    person: Person,
    policy: FollowUpPolicy,
    standing: Standing,
    now: Instant,
) -> Verdict:
    """Say what becomes of a message that is due."""
    assert follow_up.state is FollowUpState.DUE, f"{follow_up.state} is not to be judged"
    skip = _never(follow_up, person, policy, now)
    if skip is not None:
        return Skip(skip)
    if standing.paused:
        return Wait(WaitReason.PAUSED)
    if policy.per_day and _sent_today(person, now) >= policy.per_day:
        return Skip(SkipReason.ALREADY_TODAY)
    awake = _awake(follow_up, person, policy, now)
    if awake is None:
        return Skip(SkipReason.TIMEZONE_UNKNOWN)
    if awake > now:
        return Wait(WaitReason.QUIET_HOURS, awake)
    if follow_up.outcome_awaited and not follow_up.outcome_given_up:
        return Wait(WaitReason.OUTCOME, later(now, FOLLOW_UP_OUTCOME_EVERY_S))
    if follow_up.disposition not in policy.on:
        return Wait(WaitReason.OUTCOME, later(now, FOLLOW_UP_OUTCOME_SELDOM_S))
    return _by_channel(follow_up, person, policy, standing, now)


def _never(
    follow_up: FollowUp, person: Person, policy: FollowUpPolicy, now: Instant
) -> SkipReason | None:
    """Give the reason why a message is never sent, whatever else is the case."""
    age_s = seconds_between(follow_up.ended_at, now)
    if person.suppressed:
        return SkipReason.SUPPRESSED
    if follow_up.ended_at < policy.first_start and not follow_up.insisted:
        return SkipReason.BEFORE_FIRST_START
    if not follow_up.outcome_awaited and follow_up.disposition not in policy.on:
        return SkipReason.NOT_WANTED
    if not follow_up.to_number and not follow_up.email:
        return SkipReason.NO_ADDRESS
    if age_s > policy.too_old_s and not follow_up.insisted:
        return SkipReason.TOO_OLD
    return None


def _sent_today(person: Person, now: Instant) -> int:
    return sum(same_day(sent_at, now, person.zones) for sent_at in person.messaged_at)


def _awake(
    follow_up: FollowUp, person: Person, policy: FollowUpPolicy, now: Instant
) -> Instant | None:
    """Give when the person may be written to by their clock; None where that cannot be told."""
    awake = next_awake(policy.quiet, person.zones, now)
    return now if awake is None and follow_up.insisted else awake


def _by_channel(
    follow_up: FollowUp,
    person: Person,
    policy: FollowUpPolicy,
    standing: Standing,
    now: Instant,
) -> Verdict:
    if not policy.channels:
        return Block(BlockReason.NO_CHANNEL)
    channel = _channel(follow_up, policy)
    if channel is None:
        return Skip(SkipReason.NO_ADDRESS)
    denied_until = standing.denied_until.get(channel, now)
    if denied_until > now:
        return Wait(WaitReason.ACCOUNT, denied_until)
    kind = KINDS[follow_up.disposition]
    free_text = channel is not Channel.WHATSAPP or (
        not follow_up.needs_template and window_is_open(person.wrote_at, now)
    )
    if free_text:
        return Send(channel, Form.FREE_TEXT, kind)
    return _with_template(standing) or Send(channel, Form.TEMPLATE, kind)


def _channel(follow_up: FollowUp, policy: FollowUpPolicy) -> Channel | None:
    """Give the first channel, from the follow-up's on, for which there is an address."""
    channels = policy.channels
    if follow_up.channel in channels:
        channels = channels[channels.index(follow_up.channel) :]
    for channel in channels:
        if follow_up.email if channel is Channel.EMAIL else follow_up.to_number:
            return channel
    return None


def window_is_open(wrote_at: Instant | None, now: Instant) -> bool:
    """Tell whether WhatsApp still takes free text, by when the person wrote to us last."""
    return wrote_at is not None and seconds_between(wrote_at, now) < WINDOW_S - WINDOW_MARGIN_S


def _with_template(standing: Standing) -> Wait | Block | None:
    """Give what keeps a template from being used; None where nothing does."""
    template = standing.template
    if template is None or not template.content_sid:
        return Block(BlockReason.NO_TEMPLATE)
    if template.approval in NEVER_READ:
        return Wait(WaitReason.TEMPLATE_UNREAD)
    if template.approval not in USABLE:
        return Block(BlockReason.TEMPLATE_NOT_APPROVED)
    return Block(BlockReason.TEMPLATE_UNFIT) if standing.unfit else None


# --- what a judgement changes


def judged(
    follow_up: FollowUp,
    verdict: Wait | Skip | Block,
    standing: Standing,
    now: Instant,
) -> FollowUpSettlement | None:
    """Write a judgement down; None where it is what stands there already."""
    if isinstance(verdict, Wait):
        waiting = replace(follow_up, due_at=verdict.until, waits_for=verdict.reason)
        return None if waiting == follow_up else FollowUpSettlement(waiting)
    if isinstance(verdict, Skip):
        skipped = step_to(follow_up, FollowUpStep.SKIPPED, FollowUpState.SKIPPED, now)
        skipped = replace(skipped, skipped_for=verdict.reason)
        return FollowUpSettlement(skipped, None, (FollowUpStep.SKIPPED,), str(verdict.reason))
    content_sid = standing.template.content_sid if standing.template else ""
    blocked = step_to(follow_up, FollowUpStep.BLOCKED, FollowUpState.BLOCKED, now)
    blocked = replace(blocked, blocked_for=verdict.reason, content_sid=content_sid, failures=0)
    return FollowUpSettlement(blocked, None, (FollowUpStep.BLOCKED,), str(verdict.reason))


def claim(
    follow_up: FollowUp, try_id: TryId, send: Send, content_sid: str, now: Instant
) -> FollowUpSettlement:
    """Give a due message its next try; the caller commits it before the request leaves."""
    template_sid = content_sid if send.form is Form.TEMPLATE else ""
    one_try = Try(
        id=try_id,
        follow_up_id=follow_up.id,
        number=follow_up.tries + 1,
        channel=send.channel,
        form=send.form,
        state=TryState.SENDING,
        started_at=now,
        changed_at=now,
        content_sid=template_sid,
    )
    moved = step_to(follow_up, FollowUpStep.CLAIMED, FollowUpState.SENDING, now)
    moved = replace(
        moved,
        channel=send.channel,
        tries=one_try.number,
        try_id=try_id,
        content_sid=template_sid,
        code=None,
        detail="",
    )
    return FollowUpSettlement(moved, one_try, (FollowUpStep.CLAIMED,))
