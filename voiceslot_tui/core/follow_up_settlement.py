"""Everything that one piece of news about a message changes, decided without touching the world.

`settle_follow_up` answers None where the news changes nothing: doubled, late and disordered
callbacks fall out here. A try only goes forward; what happened to an earlier one moves the
follow-up only where nothing else is under way, and then only by proof that the message was taken.
A further channel is tried after a certain and final failure, never while a message may be sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, assert_never

from voiceslot_tui.core.calls import Instant, later, seconds_between
from voiceslot_tui.core.follow_up_facts import (
    FAILURES,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
    OutcomeOpen,
    OutcomeRead,
    PersonOptedOut,
    TemplateNews,
    TryFact,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement, skipped, step_to
from voiceslot_tui.core.follow_up_wishes import outcome_open, outcome_read, template_news, wished
from voiceslot_tui.core.follow_ups import (
    FOLLOW_UP_TRANSITIONS,
    BlockReason,
    Channel,
    FollowUp,
    FollowUpState,
    FollowUpStep,
    Form,
    SkipReason,
    Try,
    TryState,
    WaitReason,
)
from voiceslot_tui.core.limits import (
    LISTINGS_FOR_NOT_FOUND,
    LISTINGS_OVER_S,
    RESENDS_MAX,
)


@dataclass(frozen=True, slots=True)
class FollowUpRules:
    """What the settings say about settling messages.

    `channels` in the order in which they are tried. `resend_ambiguous` gives up the promise of one
    message for what was never found (FOLLOW_UP_AMBIGUOUS=resend).
    """

    channels: tuple[Channel, ...] = (Channel.WHATSAPP,)
    resend_ambiguous: bool = False

    def after(self, channel: Channel) -> Channel | None:
        """Give the channel that is tried after one that failed for good."""
        if channel not in self.channels:
            return None
        following = self.channels[self.channels.index(channel) + 1 :]
        return following[0] if following else None


def settle_follow_up(
    follow_up: FollowUp,
    one_try: Try | None,
    fact: FollowUpFact,
    rules: FollowUpRules,
    now: Instant,
) -> FollowUpSettlement | None:
    """Say what a fact changes, or None where it changes nothing.

    `one_try` is the one the fact names, or the latest where the fact names only the follow-up.
    """
    match fact:
        case FollowUpWished():
            return wished(follow_up, one_try, fact, now)
        case OutcomeRead():
            return outcome_read(follow_up, fact, now)
        case OutcomeOpen():
            return outcome_open(follow_up, fact)
        case TemplateNews():
            return template_news(follow_up, fact, now)
        case PersonOptedOut():
            return skipped(follow_up, SkipReason.SUPPRESSED, now)
        case _:
            return None if one_try is None else _about_try(follow_up, one_try, fact, rules, now)


def _about_try(
    follow_up: FollowUp, one_try: Try, fact: TryFact, rules: FollowUpRules, now: Instant
) -> FollowUpSettlement | None:
    match fact:
        case MessageTaken():
            taken = MessageNews(Delivery.ACCEPTED, one_try.id, fact.message_sid)
            return _news(follow_up, one_try, taken, rules, now)
        case MessageNews():
            return _news(follow_up, one_try, fact, rules, now)
        case MessageRefused():
            return _refused(follow_up, one_try, fact, rules, now)
        case MessageUnanswered():
            return _unanswered(follow_up, one_try, fact.detail, now)
        case MessagesListed():
            return _listed(follow_up, one_try, fact, rules, now)
        case _:
            assert_never(fact)


# --- where a message stands

_TRY_RANKS: Final = MappingProxyType(
    {
        TryState.SENDING: 0,
        TryState.AMBIGUOUS: 0,
        TryState.NOT_SENT: 0,
        TryState.ACCEPTED: 1,
        TryState.SENT: 2,
        TryState.FAILED: 3,
        TryState.DELIVERED: 4,
        TryState.READ: 5,
    }
)
"""How far a try is; news changes a try only by going further."""

_NEWS: Final = MappingProxyType(
    {
        Delivery.ACCEPTED: (TryState.ACCEPTED, FollowUpStep.TAKEN, FollowUpState.ACCEPTED),
        Delivery.SENT: (TryState.SENT, FollowUpStep.SENT, FollowUpState.SENT),
        Delivery.DELIVERED: (TryState.DELIVERED, FollowUpStep.DELIVERED, FollowUpState.DELIVERED),
        Delivery.READ: (TryState.READ, FollowUpStep.READ, FollowUpState.READ),
        Delivery.FAILED: (TryState.FAILED, FollowUpStep.UNDELIVERED, FollowUpState.FAILED),
    }
)
"""What each news makes of a try, and by which step it moves a follow-up to which state."""

_NOTHING_UNDER_WAY: Final = frozenset(
    {FollowUpState.DUE, FollowUpState.BLOCKED, FollowUpState.FAILED, FollowUpState.SKIPPED}
)
"""Here proof that an earlier try was taken after all moves the follow-up."""


def _news(
    follow_up: FollowUp, one_try: Try, news: MessageNews, rules: FollowUpRules, now: Instant
) -> FollowUpSettlement | None:
    reached, step, target = _NEWS[news.delivery]
    named = replace(one_try, message_sid=one_try.message_sid or news.message_sid)
    if _TRY_RANKS[reached] <= _TRY_RANKS[one_try.state]:
        return None if named == one_try else FollowUpSettlement(follow_up, named)
    moved = replace(named, state=reached, changed_at=now, code=news.code, detail=news.detail)
    opted_out = news.failure is Failure.OPTED_OUT
    current = follow_up.try_id == one_try.id
    moves = current or follow_up.state in _NOTHING_UNDER_WAY
    if not moves or (follow_up.state, step) not in FOLLOW_UP_TRANSITIONS:
        return FollowUpSettlement(follow_up, moved, opted_out=opted_out)
    if news.delivery is Delivery.FAILED:
        no = MessageRefused(one_try.id, news.failure or Failure.FINAL, news.code, news.detail)
        failed = _failed(follow_up, moved, no, step, rules, now)
        return FollowUpSettlement(failed, moved, (step,), news.detail, opted_out)
    arrived = step_to(follow_up, step, target, now)
    arrived = replace(arrived, try_id=one_try.id, channel=one_try.channel, code=None, detail="")
    return FollowUpSettlement(arrived, moved, (step,), news.detail)


def _unanswered(
    follow_up: FollowUp, one_try: Try, detail: str, now: Instant
) -> FollowUpSettlement | None:
    if one_try.state is not TryState.SENDING or follow_up.try_id != one_try.id:
        return None
    unsure = replace(one_try, state=TryState.AMBIGUOUS, changed_at=now, detail=detail)
    moved = step_to(follow_up, FollowUpStep.UNANSWERED, FollowUpState.AMBIGUOUS, now)
    return FollowUpSettlement(
        replace(moved, detail=detail), unsure, (FollowUpStep.UNANSWERED,), detail
    )


def _listed(
    follow_up: FollowUp,
    one_try: Try,
    fact: MessagesListed,
    rules: FollowUpRules,
    now: Instant,
) -> FollowUpSettlement | None:
    if one_try.state is not TryState.AMBIGUOUS:
        return None
    if len(fact.found) == 1 and not fact.in_doubt_too:
        found = MessageNews(Delivery.ACCEPTED, one_try.id, fact.found[0])
        return _news(follow_up, one_try, found, rules, now)
    if len(fact.found) == 1:
        return _asked(follow_up, one_try, "a message may be this one, or another to them in doubt")
    if fact.found:
        return _asked(follow_up, one_try, f"{len(fact.found)} messages may be this one")
    if fact.other_times:
        return _asked(follow_up, one_try, _OTHER_TIMES)
    return _not_found(follow_up, one_try, rules, now)


_OTHER_TIMES: Final = "a message to them is listed, dated too early or too late for this one"
"""By the clocks it is another one; but ours may have been set, and then nothing is proven."""


def _asked(follow_up: FollowUp, one_try: Try, why: str) -> FollowUpSettlement | None:
    """Leave it to the operator: such a listing is no proof of absence, nor any before it."""
    detail = f"{why}; say whether it was sent"
    noted = replace(one_try, detail=detail, lookups=0, first_lookup_at=None)
    if noted == one_try:
        return None
    return FollowUpSettlement(replace(follow_up, detail=detail), noted, (), detail)


def _not_found(
    follow_up: FollowUp, one_try: Try, rules: FollowUpRules, now: Instant
) -> FollowUpSettlement:
    first = now if one_try.first_lookup_at is None else one_try.first_lookup_at
    counted = replace(one_try, lookups=one_try.lookups + 1, first_lookup_at=first)
    enough = (
        counted.lookups >= LISTINGS_FOR_NOT_FOUND and seconds_between(first, now) >= LISTINGS_OVER_S
    )
    may_move = follow_up.try_id == one_try.id and follow_up.state is FollowUpState.AMBIGUOUS
    if not enough or not may_move:
        return FollowUpSettlement(follow_up, counted)
    detail = f"not found in {counted.lookups} complete listings"
    if not rules.resend_ambiguous or follow_up.resends >= RESENDS_MAX:
        noted = replace(follow_up, detail=f"{detail}; say whether it was sent")
        return FollowUpSettlement(noted, counted, (), noted.detail)
    detail += "; sent again as FOLLOW_UP_AMBIGUOUS=resend allows"
    closed = replace(counted, state=TryState.NOT_SENT, changed_at=now)
    again = step_to(follow_up, FollowUpStep.NOT_FOUND, FollowUpState.DUE, now)
    again = replace(again, resends=follow_up.resends + 1, detail=detail)
    return FollowUpSettlement(again, closed, (FollowUpStep.NOT_FOUND,), detail)


# --- what a failure leads to


def _refused(
    follow_up: FollowUp,
    one_try: Try,
    fact: MessageRefused,
    rules: FollowUpRules,
    now: Instant,
) -> FollowUpSettlement | None:
    if one_try.state is not TryState.SENDING or follow_up.try_id != one_try.id:
        return None
    closed = replace(
        one_try, state=TryState.NOT_SENT, changed_at=now, code=fact.code, detail=fact.detail
    )
    failed = _failed(follow_up, closed, fact, FollowUpStep.NOT_TAKEN, rules, now)
    opted_out = fact.failure is Failure.OPTED_OUT
    return FollowUpSettlement(failed, closed, (FollowUpStep.NOT_TAKEN,), fact.detail, opted_out)


def _failed(
    follow_up: FollowUp,
    one_try: Try,
    no: MessageRefused,
    step: FollowUpStep,
    rules: FollowUpRules,
    now: Instant,
) -> FollowUp:
    """Say where a certain failure of a try leaves the follow-up."""
    rule = FAILURES[no.failure]
    told = replace(
        follow_up,
        code=no.code,
        detail=no.detail,
        failures=follow_up.failures + rule.counts,
        needs_template=follow_up.needs_template or no.failure is Failure.OUTSIDE_WINDOW,
    )
    if no.failure is Failure.TEMPLATE:
        blocked = step_to(told, step, FollowUpState.BLOCKED, now)
        return replace(blocked, blocked_for=BlockReason.TEMPLATE_NOT_APPROVED)
    wait_s = _wait_s(follow_up, one_try, no)
    if wait_s is not None:
        again = step_to(told, step, FollowUpState.DUE, now)
        reason = WaitReason.ACCOUNT if no.failure is Failure.ACCOUNT else WaitReason.RETRY
        return replace(again, due_at=later(now, wait_s), waits_for=reason)
    channel = rules.after(one_try.channel) if rule.next_channel else None
    if channel is None:
        return step_to(told, step, FollowUpState.FAILED, now)
    further = step_to(told, step, FollowUpState.DUE, now)
    return replace(further, channel=channel, failures=0, needs_template=False)


def _wait_s(follow_up: FollowUp, one_try: Try, no: MessageRefused) -> float | None:
    """Give the seconds until the same channel may be tried again; None where it may not."""
    rule = FAILURES[no.failure]
    failed_before = follow_up.failures if rule.counts else 0
    if failed_before >= len(rule.retry_after_s):
        return None
    if no.failure is Failure.OUTSIDE_WINDOW and one_try.form is Form.TEMPLATE:
        return None
    return max(rule.retry_after_s[failed_before], no.retry_after_s or 0.0)
