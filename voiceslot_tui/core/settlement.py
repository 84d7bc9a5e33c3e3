"""Everything that one fact changes, decided without touching the world.

`settle` is the only place where a state follows from a fact. It answers None where the fact
changes nothing: duplicates, late news and forged order fall out here, because the table has no exit
for them. An attempt that is closed never reopens; a fact about an earlier attempt never moves a
later one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from voiceslot_tui.core import retries
from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
    AttemptState,
    Call,
    CallState,
    Disposition,
    Hold,
    Instant,
    Step,
    later,
    seconds_between,
)
from voiceslot_tui.core.facts import (
    Accepted,
    CarrierOver,
    Fact,
    Interrupted,
    LookedUp,
    NotTaken,
    Outcome,
    Over,
    Refusal,
    Reordered,
    SlotLapsed,
    Unanswered,
    Wished,
    WrapUpExpired,
)
from voiceslot_tui.core.limits import LOOKUPS_FOR_UNKNOWN, REFUSAL_BACKOFF_S, REFUSALS_MAX
from voiceslot_tui.core.moves import Settlement, move, reached, released, requeued
from voiceslot_tui.core.wishes import reordered, wished

_OPEN_ATTEMPT = frozenset(
    {AttemptState.DIALING, AttemptState.UNCERTAIN, AttemptState.LIVE, AttemptState.UNKNOWN}
)
_UNANSWERED_ATTEMPT = frozenset({AttemptState.DIALING, AttemptState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about settling.

    `unknown_after_s`: seconds over which look-ups must have failed. `requeue_unknown` gives up the
    promise of at most one dial for attempts that were never found. `follow_up`: calls that end get
    a message.
    """

    unknown_after_s: float = 120.0
    requeue_unknown: bool = False
    follow_up: bool = False


def settle(
    call: Call, attempt: Attempt | None, fact: Fact, rules: Rules, now: Instant
) -> Settlement | None:
    """Say what a fact changes, or None where it changes nothing.

    `attempt` is the one the fact names, or the call's latest where the fact names only the call.
    """
    match fact:
        case Wished():
            return wished(call, attempt, fact.wish, now)
        case Reordered():
            return reordered(call, fact, now)
        case WrapUpExpired():
            return _analysed(call, attempt, Outcome(Disposition.UNKNOWN), now)
        case _:
            return None if attempt is None else _about_attempt(call, attempt, fact, rules, now)


def dispatch(call: Call, attempt_id: AttemptId, holds_for_s: float, now: Instant) -> Settlement:
    """Give a queued call a slot and its next attempt; the caller commits it before dialling."""
    attempt = Attempt(
        id=attempt_id,
        call_id=call.id,
        number=call.attempts + 1,
        state=AttemptState.DIALING,
        started_at=now,
        holds_until=later(now, holds_for_s),
    )
    moved = move(call, Step.DISPATCHED, CallState.DIALING, now)
    moved = replace(moved, attempts=attempt.number, attempt_id=attempt.id)
    return Settlement(moved, attempt, (Step.DISPATCHED,))


def _about_attempt(
    call: Call,
    attempt: Attempt,
    fact: Accepted
    | NotTaken
    | Unanswered
    | Over
    | LookedUp
    | Interrupted
    | CarrierOver
    | SlotLapsed,
    rules: Rules,
    now: Instant,
) -> Settlement | None:
    match fact:
        case Accepted():
            return _accepted(call, attempt, fact, now)
        case NotTaken():
            return _not_taken(call, attempt, fact, now)
        case Unanswered():
            return _unanswered(call, attempt, fact.detail, now)
        case Interrupted():
            return _unanswered(
                call, attempt, "nobody waited for the answer of the dial any more", now
            )
        case Over():
            return _over(call, attempt, fact, now)
        case LookedUp():
            return _looked_up(call, attempt, rules, now)
        case SlotLapsed():
            return _lapsed(call, attempt, now)
        case CarrierOver():
            if not _current(call, attempt):
                return None
            return released(call, attempt, "the carrier says that it is over", now)
        case _:
            assert_never(fact)


def _current(call: Call, attempt: Attempt) -> bool:
    return call.attempt_id == attempt.id


def _accepted(call: Call, attempt: Attempt, fact: Accepted, now: Instant) -> Settlement | None:
    named = replace(
        attempt,
        conversation_id=attempt.conversation_id or fact.conversation_id,
        call_sid=attempt.call_sid or fact.call_sid,
        accepted_at=attempt.accepted_at or now,
    )
    if attempt.state in _OPEN_ATTEMPT - {AttemptState.LIVE} and _current(call, attempt):
        moved = move(call, Step.ACCEPTED, CallState.LIVE, now)
        return Settlement(moved, replace(named, state=AttemptState.LIVE), (Step.ACCEPTED,))
    completed = (
        named.conversation_id != attempt.conversation_id or named.call_sid != attempt.call_sid
    )
    return Settlement(call, named) if completed else None


def _unanswered(call: Call, attempt: Attempt, detail: str, now: Instant) -> Settlement | None:
    if attempt.state is not AttemptState.DIALING:
        return None
    unsure = replace(attempt, state=AttemptState.UNCERTAIN, detail=detail)
    moved = move(call, Step.UNANSWERED, CallState.UNCERTAIN, now)
    return Settlement(moved, unsure, (Step.UNANSWERED,), detail)


def _not_taken(call: Call, attempt: Attempt, fact: NotTaken, now: Instant) -> Settlement | None:
    if attempt.state not in _UNANSWERED_ATTEMPT:
        return None
    closed = replace(attempt, state=AttemptState.NOT_TAKEN, over_at=now, detail=fact.detail)
    uncounted = replace(call, attempts=max(0, call.attempts - 1))
    refusals = call.refusals + (fact.refusal is Refusal.NO_SUCCESS)
    final = _final_refusal(fact.refusal, refusals) and not reached(call)
    if final and attempt.state is AttemptState.DIALING:
        moved = move(uncounted, Step.REFUSED, CallState.REFUSED, now)
        refused = replace(
            moved, refusals=refusals, ended_at=now, disposition=_refused_as(fact.refusal)
        )
        return Settlement(refused, closed, (Step.REFUSED,), fact.detail)
    back = requeued(replace(uncounted, refusals=refusals), Step.NOT_TAKEN, now)
    if back.state is CallState.QUEUED and fact.refusal is Refusal.NO_SUCCESS:
        wait_s = REFUSAL_BACKOFF_S * 2 ** (refusals - 1)
        back = replace(back, hold=Hold.RETRY_WAIT, due_at=later(now, wait_s))
    if back.state is CallState.QUEUED and fact.refusal is Refusal.ROUTE_DENIED:
        back = replace(back, hold=Hold.PLATFORM_DENIED)
    return Settlement(back, closed, (Step.NOT_TAKEN,), fact.detail)


def _final_refusal(refusal: Refusal, refusals: int) -> bool:
    return refusal is Refusal.CALL_DENIED or refusals >= REFUSALS_MAX


def _refused_as(refusal: Refusal) -> Disposition:
    return Disposition.INVALID_NUMBER if refusal is Refusal.CALL_DENIED else Disposition.FAILED


def _over(call: Call, attempt: Attempt, fact: Over, now: Instant) -> Settlement | None:
    closed = _closed(attempt, fact, now)
    if attempt.state is AttemptState.NOT_TAKEN and not _answers(fact):
        return None
    if not _current(call, attempt):
        return _late_news(call, attempt, closed, fact, now)
    if attempt.state in _OPEN_ATTEMPT:
        moved = move(call, Step.OVER, CallState.WRAPPING_UP, now)
        over = Settlement(moved, closed, (Step.OVER,))
        if fact.outcome is None:
            return over
        analysed = _analysed(moved, closed, fact.outcome, now)
        assert analysed is not None
        return replace(analysed, steps=(Step.OVER, *analysed.steps))
    if call.state is CallState.WRAPPING_UP and fact.outcome is not None:
        return _analysed(call, closed, fact.outcome, now)
    return _late_news(call, attempt, closed, fact, now)


def _closed(attempt: Attempt, fact: Over, now: Instant) -> Attempt:
    """Write down what the news of an end adds to an attempt; what is known stays.

    Only the proof that somebody answered is believed against what was told before.
    """
    outcome = fact.outcome
    known = attempt.disposition not in (None, Disposition.UNKNOWN)
    proven = _answers(fact) and attempt.disposition is not Disposition.ANSWERED
    closed = replace(
        attempt,
        state=AttemptState.OVER,
        conversation_id=attempt.conversation_id or fact.conversation_id,
        call_sid=attempt.call_sid or fact.call_sid,
        over_at=attempt.over_at or now,
    )
    if outcome is None or (known and not proven):
        return closed
    return replace(
        closed, disposition=outcome.disposition, talk_s=outcome.talk_s, detail=outcome.detail
    )


def _answers(fact: Over) -> bool:
    return fact.outcome is not None and fact.outcome.disposition is Disposition.ANSWERED


def _late_news(
    call: Call, attempt: Attempt, closed: Attempt, fact: Over, now: Instant
) -> Settlement | None:
    """Complete a closed attempt; only the proof that somebody answered concerns the call.

    It ends a call that is queued again, and keeps one that is under way, or was cancelled, from
    being queued once more.
    """
    if _answers(fact) and call.state is CallState.QUEUED:
        moved = move(call, Step.PROVEN_ANSWERED, CallState.ENDED, now)
        done = replace(moved, ended_at=now, disposition=Disposition.ANSWERED)
        return Settlement(done, closed, (Step.PROVEN_ANSWERED,), "it was answered after all")
    corrected = call
    if _answers(fact):
        corrected = replace(call, disposition=Disposition.ANSWERED)
    elif call.state is CallState.ENDED and call.disposition is Disposition.UNKNOWN:
        corrected = replace(call, disposition=closed.disposition or call.disposition)
    if (corrected, closed) == (call, attempt):
        return None
    return Settlement(corrected, closed)


def _analysed(
    call: Call, attempt: Attempt | None, outcome: Outcome, now: Instant
) -> Settlement | None:
    if call.state is not CallState.WRAPPING_UP:
        return None
    judged = None
    if attempt is not None and attempt.disposition is None:
        judged = replace(attempt, disposition=outcome.disposition)
    retry_at = None
    if not call.cancel_wished and not reached(call):
        retry_at = retries.next_attempt_at(call, outcome.disposition, now)
    known = call if reached(call) else replace(call, disposition=outcome.disposition)
    if retry_at is not None:
        moved = move(known, Step.ANALYSED, CallState.QUEUED, now)
        again = replace(moved, hold=Hold.RETRY_WAIT, due_at=retry_at)
        return Settlement(again, judged or attempt, (Step.ANALYSED,), str(outcome.disposition))
    moved = move(known, Step.ANALYSED, CallState.ENDED, now)
    done = replace(moved, ended_at=now)
    return Settlement(done, judged or attempt, (Step.ANALYSED,), str(outcome.disposition))


def _looked_up(call: Call, attempt: Attempt, rules: Rules, now: Instant) -> Settlement | None:
    if attempt.state is not AttemptState.UNCERTAIN:
        return None
    counted = replace(
        attempt, lookups=attempt.lookups + 1, first_lookup_at=attempt.first_lookup_at or now
    )
    assert counted.first_lookup_at is not None
    watched_s = seconds_between(counted.first_lookup_at, now)
    if watched_s < 0:
        # The clock was set back: how long was searched is not known any more, so it begins anew.
        return Settlement(call, replace(counted, lookups=1, first_lookup_at=now))
    if counted.lookups < LOOKUPS_FOR_UNKNOWN or watched_s < rules.unknown_after_s:
        return Settlement(call, counted)
    if rules.requeue_unknown:
        closed = replace(counted, state=AttemptState.NOT_TAKEN, over_at=now)
        detail = "never found; queued again as UNKNOWN_CALLS=requeue allows"
        return Settlement(requeued(call, Step.NOT_TAKEN, now), closed, (Step.NOT_TAKEN,), detail)
    lost = replace(counted, state=AttemptState.UNKNOWN)
    detail = f"no conversation found in {counted.lookups} complete look-ups"
    moved = move(call, Step.NOT_FOUND, CallState.UNKNOWN, now)
    return Settlement(moved, lost, (Step.NOT_FOUND,), detail)


def _lapsed(call: Call, attempt: Attempt, now: Instant) -> Settlement | None:
    """Take the slot from a dial that can no longer be talking; it is never queued again for it."""
    if not _current(call, attempt):
        return None
    if call.state is CallState.UNCERTAIN:
        lost = replace(attempt, state=AttemptState.UNKNOWN)
        moved = replace(move(call, Step.NOT_FOUND, CallState.UNKNOWN, now), holding=False)
        detail = "no search for it could be completed, and it can no longer be talking"
        return Settlement(moved, lost, (Step.NOT_FOUND,), detail)
    if call.state is not CallState.UNKNOWN or not call.holding:
        return None
    detail = "it can no longer be talking"
    return Settlement(replace(call, holding=False, changed_at=now), None, (), detail)
