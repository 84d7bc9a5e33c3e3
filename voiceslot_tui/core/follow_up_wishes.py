"""What is learned of a conversation or a template, and what operators want, on a follow-up."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from voiceslot_tui.core.calls import ConversationId, Disposition, Instant
from voiceslot_tui.core.follow_up_facts import (
    USABLE,
    Approval,
    FollowUpWish,
    FollowUpWished,
    OutcomeOpen,
    OutcomeRead,
    Seen,
    TemplateNews,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement, due_again, skipped
from voiceslot_tui.core.follow_ups import (
    FOLLOW_UP_TRANSITIONS,
    BlockReason,
    FollowUp,
    FollowUpState,
    FollowUpStep,
    SkipReason,
    Try,
    TryState,
    WaitReason,
)
from voiceslot_tui.core.limits import FOLLOW_UP_OUTCOME_ANSWER_COUNTS, TEMPLATE_RELEASES_MAX


def outcome_read(follow_up: FollowUp, fact: OutcomeRead, now: Instant) -> FollowUpSettlement | None:
    """Write down how the call went; None where that is known, or another talk was read."""
    if follow_up.outcome_known or fact.conversation_id not in (None, follow_up.conversation_id):
        return None
    known = replace(
        follow_up,
        disposition=fact.disposition,
        summary=fact.summary,
        outcome_known=True,
        changed_at=now,
    )
    if follow_up.waits_for is WaitReason.OUTCOME:
        known = replace(known, due_at=None, waits_for=None)
    return FollowUpSettlement(known)


def outcome_open(follow_up: FollowUp, fact: OutcomeOpen) -> FollowUpSettlement | None:
    """Count a reading in vain; None where how the call went is known meanwhile."""
    if follow_up.outcome_known:
        return None
    reads = follow_up.outcome_reads + (FOLLOW_UP_OUTCOME_ANSWER_COUNTS if fact.answered else 1)
    return FollowUpSettlement(replace(follow_up, outcome_reads=reads))


def named(follow_up: FollowUp, now: Instant) -> FollowUpSettlement | None:
    """Say what changes once its conversation has a name; None where nothing does.

    Whoever was left out for what was only presumed is judged again: now it can be read.
    """
    presumed = not follow_up.outcome_known and follow_up.skipped_for is SkipReason.NOT_WANTED
    if not presumed:
        return None
    return due_again(follow_up, FollowUpStep.RETRIED, "its conversation has a name now", now)


def about_talk(
    follow_up: FollowUp, conversation_id: ConversationId, now: Instant
) -> FollowUpSettlement | None:
    """Say what changes where a dial is proven late to have reached the person, the last or another.

    Nothing does once a message has left, or somebody else than us has left it out.
    """
    presumed = follow_up.skipped_for is SkipReason.NOT_WANTED
    is_open = presumed or follow_up.state in (FollowUpState.DUE, FollowUpState.BLOCKED)
    known = (follow_up.conversation_id, follow_up.disposition)
    if not is_open or follow_up.tries > 0 or known == (conversation_id, Disposition.ANSWERED):
        return None
    about = replace(
        follow_up,
        conversation_id=conversation_id,
        disposition=Disposition.ANSWERED,
        summary="",
        outcome_known=False,
        outcome_reads=0,
        changed_at=now,
    )
    if presumed:
        return due_again(about, FollowUpStep.RETRIED, "its person had answered", now)
    if about.waits_for is WaitReason.OUTCOME:
        about = replace(about, due_at=None, waits_for=None)
    return FollowUpSettlement(about)


def template_news(
    follow_up: FollowUp, fact: TemplateNews, now: Instant
) -> FollowUpSettlement | None:
    """Release a blocked message where its template can be used; None where it cannot."""
    usable = fact.approval in USABLE
    waits = follow_up.blocked_for in (
        BlockReason.NO_TEMPLATE,
        BlockReason.TEMPLATE_NOT_APPROVED,
        BlockReason.TEMPLATE_UNFIT,
    )
    if follow_up.state is not FollowUpState.BLOCKED or not usable or not waits:
        return None
    if fact.content_sid == follow_up.content_sid and not _mended(follow_up, fact):
        return None
    return due_again(follow_up, FollowUpStep.RELEASED, "the template can be used", now)


def _mended(follow_up: FollowUp, fact: TemplateNews) -> bool:
    """Tell whether the very template that blocked a message is worth another request."""
    return (
        follow_up.blocked_for is BlockReason.TEMPLATE_NOT_APPROVED
        and fact.approval is Approval.APPROVED
        and follow_up.failures < TEMPLATE_RELEASES_MAX
    )


def wished(
    follow_up: FollowUp, one_try: Try | None, fact: FollowUpWished, now: Instant
) -> FollowUpSettlement | None:
    """Say what an operator's wish changes, or None where the state does not allow it.

    A wish about what was seen is none about what has become of it since: what came into doubt
    meanwhile is not sent again for it.
    """
    if fact.seen not in (None, Seen(follow_up.state, follow_up.tries)):
        return None
    match fact.wish:
        case FollowUpWish.SKIP:
            return skipped(follow_up, SkipReason.BY_OPERATOR, now)
        case FollowUpWish.RELEASE:
            if follow_up.state is not FollowUpState.BLOCKED:
                return None
            return _insisted(due_again(follow_up, FollowUpStep.RELEASED, "", now))
        case FollowUpWish.RETRY:
            return _retried(follow_up, one_try, now)
        case _:
            assert_never(fact.wish)


def _retried(follow_up: FollowUp, one_try: Try | None, now: Instant) -> FollowUpSettlement | None:
    if follow_up.state is FollowUpState.DUE:
        at_once = replace(
            follow_up,
            insisted=True,
            due_at=None,
            waits_for=None,
            failures=0,
            outcome_reads=0,
            changed_at=now,
        )
        changed = replace(at_once, changed_at=follow_up.changed_at) != follow_up
        return FollowUpSettlement(at_once) if changed else None
    under_way = one_try is not None and one_try.state in (TryState.ACCEPTED, TryState.SENT)
    if under_way or (follow_up.state, FollowUpStep.RETRIED) not in FOLLOW_UP_TRANSITIONS:
        return None
    settled = _insisted(due_again(follow_up, FollowUpStep.RETRIED, "", now))
    if one_try is None or one_try.state is not TryState.AMBIGUOUS:
        return settled
    closed = replace(one_try, state=TryState.NOT_SENT, changed_at=now)
    return replace(settled, one_try=closed, detail="the operator says that it was not sent")


def _insisted(settled: FollowUpSettlement) -> FollowUpSettlement:
    wanted = replace(settled.follow_up, insisted=True, failures=0, outcome_reads=0)
    return replace(settled, follow_up=wanted)
