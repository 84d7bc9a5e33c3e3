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
    FINAL_STATES,
    QUARANTINING_STATES,
    TRANSITIONS,
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
    Wish,
    Wished,
    WrapUpExpired,
)
from voiceslot_tui.core.limits import LOOKUPS_FOR_UNKNOWN, REFUSAL_BACKOFF_S, REFUSALS_MAX, UNDO_S

_OPEN_ATTEMPT = frozenset(
    {AttemptState.DIALING, AttemptState.UNCERTAIN, AttemptState.LIVE, AttemptState.UNKNOWN}
)
_UNANSWERED_ATTEMPT = frozenset({AttemptState.DIALING, AttemptState.UNCERTAIN})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about settling.

    `unknown_after_s`: seconds over which look-ups must have failed. `requeue_unknown` gives up the
    promise of at most one dial for attempts that were never found.
    """

    unknown_after_s: float = 120.0
    requeue_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one fact changes: the call and its attempt as they are now, and the steps taken.

    `steps` is empty where only details changed (a look-up counted, an id completed). `detail` is a
    short reason for people.
    """

    call: Call
    attempt: Attempt | None = None
    steps: tuple[Step, ...] = ()
    detail: str = ""


def settle(
    call: Call, attempt: Attempt | None, fact: Fact, rules: Rules, now: Instant
) -> Settlement | None:
    """Say what a fact changes, or None where it changes nothing.

    `attempt` is the one the fact names, or the call's latest where the fact names only the call.
    """
    match fact:
        case Wished():
            return _wished(call, attempt, fact.wish, now)
        case Reordered():
            return _reordered(call, fact, now)
        case WrapUpExpired():
            return _analysed(call, attempt, Outcome(Disposition.UNKNOWN), now)
        case SlotLapsed():
            return _lapsed(call, now)
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
    moved = _move(call, Step.DISPATCHED, CallState.DIALING, now)
    moved = replace(moved, attempts=attempt.number, attempt_id=attempt.id)
    return Settlement(moved, attempt, (Step.DISPATCHED,))


def _about_attempt(
    call: Call,
    attempt: Attempt,
    fact: Accepted | NotTaken | Unanswered | Over | LookedUp | Interrupted | CarrierOver,
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
            return _unanswered(call, attempt, "the engine stopped while dialling", now)
        case Over():
            return _over(call, attempt, fact, now)
        case LookedUp():
            return _looked_up(call, attempt, rules, now)
        case CarrierOver():
            if not _current(call, attempt):
                return None
            return _released(call, attempt, "the carrier says that it is over", now)
        case _:
            assert_never(fact)


def _move(call: Call, step: Step, target: CallState, now: Instant) -> Call:
    """Move a call along the table; a move that the table does not list is a defect of ours."""
    exits = TRANSITIONS.get((call.state, step), ())
    assert target in exits, f"no way from {call.state} by '{step}' to {target}"
    holding = target in QUARANTINING_STATES and target is not CallState.WRAPPING_UP
    kept = target in (CallState.QUEUED, CallState.CANCELLED)
    return replace(
        call,
        state=target,
        holding=holding,
        changed_at=now,
        hold=call.hold if kept else None,
        due_at=call.due_at if kept else None,
        cancel_wished=call.cancel_wished and target not in FINAL_STATES,
    )


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
        moved = _move(call, Step.ACCEPTED, CallState.LIVE, now)
        return Settlement(moved, replace(named, state=AttemptState.LIVE), (Step.ACCEPTED,))
    completed = (
        named.conversation_id != attempt.conversation_id or named.call_sid != attempt.call_sid
    )
    return Settlement(call, named) if completed else None


def _unanswered(call: Call, attempt: Attempt, detail: str, now: Instant) -> Settlement | None:
    if attempt.state is not AttemptState.DIALING:
        return None
    unsure = replace(attempt, state=AttemptState.UNCERTAIN, detail=detail)
    moved = _move(call, Step.UNANSWERED, CallState.UNCERTAIN, now)
    return Settlement(moved, unsure, (Step.UNANSWERED,), detail)


def _not_taken(call: Call, attempt: Attempt, fact: NotTaken, now: Instant) -> Settlement | None:
    if attempt.state not in _UNANSWERED_ATTEMPT:
        return None
    closed = replace(attempt, state=AttemptState.NOT_TAKEN, over_at=now, detail=fact.detail)
    uncounted = replace(call, attempts=max(0, call.attempts - 1))
    refusals = call.refusals + (fact.refusal is Refusal.NO_SUCCESS)
    if _final_refusal(fact.refusal, refusals) and attempt.state is AttemptState.DIALING:
        moved = _move(uncounted, Step.REFUSED, CallState.REFUSED, now)
        refused = replace(
            moved, refusals=refusals, ended_at=now, disposition=_refused_as(fact.refusal)
        )
        return Settlement(refused, closed, (Step.REFUSED,), fact.detail)
    back = _requeued(replace(uncounted, refusals=refusals), Step.NOT_TAKEN, now)
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


def _requeued(call: Call, step: Step, now: Instant) -> Call:
    """Put a call back into the queue, or cancel it where it is not wanted there any more."""
    if call.cancel_wished or _reached(call):
        return replace(_move(call, step, CallState.CANCELLED, now), ended_at=now)
    return _move(call, step, CallState.QUEUED, now)


def _reached(call: Call) -> bool:
    """Tell whether the person is proven to have answered, so that no dial may follow."""
    return call.disposition is Disposition.ANSWERED


def _over(call: Call, attempt: Attempt, fact: Over, now: Instant) -> Settlement | None:
    closed = _closed(attempt, fact, now)
    if attempt.state is AttemptState.NOT_TAKEN and not _answers(fact):
        return None
    if not _current(call, attempt):
        return _late_news(call, attempt, closed, fact, now)
    if attempt.state in _OPEN_ATTEMPT:
        moved = _move(call, Step.OVER, CallState.WRAPPING_UP, now)
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
    """Write down what the news of an end adds to an attempt; what is known stays."""
    outcome = fact.outcome
    known = attempt.disposition not in (None, Disposition.UNKNOWN)
    return replace(
        attempt,
        state=AttemptState.OVER,
        conversation_id=attempt.conversation_id or fact.conversation_id,
        call_sid=attempt.call_sid or fact.call_sid,
        over_at=attempt.over_at or now,
        disposition=attempt.disposition if known or outcome is None else outcome.disposition,
        talk_s=attempt.talk_s if outcome is None or known else outcome.talk_s,
        detail=attempt.detail if outcome is None or known else outcome.detail,
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
        moved = _move(call, Step.PROVEN_ANSWERED, CallState.ENDED, now)
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
    if not call.cancel_wished and not _reached(call):
        retry_at = retries.next_attempt_at(call, outcome.disposition, now)
    known = call if _reached(call) else replace(call, disposition=outcome.disposition)
    if retry_at is not None:
        moved = _move(known, Step.ANALYSED, CallState.QUEUED, now)
        again = replace(moved, hold=Hold.RETRY_WAIT, due_at=retry_at)
        return Settlement(again, judged or attempt, (Step.ANALYSED,), str(outcome.disposition))
    moved = _move(known, Step.ANALYSED, CallState.ENDED, now)
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
    if counted.lookups < LOOKUPS_FOR_UNKNOWN or watched_s < rules.unknown_after_s:
        return Settlement(call, counted)
    if rules.requeue_unknown:
        closed = replace(counted, state=AttemptState.NOT_TAKEN, over_at=now)
        detail = "never found; queued again as UNKNOWN_CALLS=requeue allows"
        return Settlement(_requeued(call, Step.NOT_TAKEN, now), closed, (Step.NOT_TAKEN,), detail)
    lost = replace(counted, state=AttemptState.UNKNOWN)
    detail = f"no conversation found in {counted.lookups} complete look-ups"
    moved = _move(call, Step.NOT_FOUND, CallState.UNKNOWN, now)
    return Settlement(moved, lost, (Step.NOT_FOUND,), detail)


def _released(call: Call, attempt: Attempt, detail: str, now: Instant) -> Settlement | None:
    """Take the slot from a live or unknown call; then news or an operator must end it."""
    if call.state is CallState.LIVE:
        lost = replace(attempt, state=AttemptState.UNKNOWN, detail=detail)
        moved = replace(_move(call, Step.RELEASED, CallState.UNKNOWN, now), holding=False)
        return Settlement(moved, lost, (Step.RELEASED,), detail)
    if call.state is CallState.UNKNOWN and call.holding:
        return Settlement(replace(call, holding=False, changed_at=now), attempt, (), detail)
    return None


def _lapsed(call: Call, now: Instant) -> Settlement | None:
    if call.state is not CallState.UNKNOWN or not call.holding:
        return None
    detail = "it can no longer be talking"
    return Settlement(replace(call, holding=False, changed_at=now), None, (), detail)


def _wished(call: Call, attempt: Attempt | None, wish: Wish, now: Instant) -> Settlement | None:
    match wish:
        case Wish.CANCEL:
            return _cancelled(call, now)
        case Wish.UNDO_CANCEL:
            return _uncancelled(call, now)
        case Wish.PARK | Wish.UNPARK:
            return _parked(call, wish is Wish.PARK, now)
        case Wish.RELEASE:
            return None if attempt is None else _released(call, attempt, "by the operator", now)
        case Wish.CONFIRM_DIALLED | Wish.CONFIRM_NOT_DIALLED:
            return None if attempt is None else _confirmed(call, attempt, wish, now)
        case _:
            assert_never(wish)


def _cancelled(call: Call, now: Instant) -> Settlement | None:
    if call.state is CallState.QUEUED:
        moved = _move(call, Step.CANCELLED, CallState.CANCELLED, now)
        return Settlement(replace(moved, ended_at=now), None, (Step.CANCELLED,))
    wishable = call.state in (CallState.DIALING, CallState.UNCERTAIN, CallState.UNKNOWN)
    if wishable and not call.cancel_wished:
        wished = replace(call, cancel_wished=True, changed_at=now)
        return Settlement(wished, None, (), "cancel wished; honoured as soon as it can be")
    return None


def _uncancelled(call: Call, now: Instant) -> Settlement | None:
    if call.cancel_wished:
        return Settlement(replace(call, cancel_wished=False, changed_at=now))
    if call.state is not CallState.CANCELLED or call.ended_at is None or _reached(call):
        return None
    if seconds_between(call.ended_at, now) > UNDO_S:
        return None
    moved = _move(call, Step.UNDONE, CallState.QUEUED, now)
    return Settlement(_unheld(replace(moved, ended_at=None), now), None, (Step.UNDONE,))


def _unheld(call: Call, now: Instant) -> Call:
    """Give a queued call the hold that its own times call for once an operator's is lifted."""
    if call.hold in (Hold.PARKED, Hold.PLATFORM_DENIED):
        return call
    waits = call.due_at is not None and call.due_at > now
    return replace(
        call, hold=Hold.RETRY_WAIT if waits else None, due_at=call.due_at if waits else None
    )


def _parked(call: Call, park: bool, now: Instant) -> Settlement | None:
    if call.state is not CallState.QUEUED or (call.hold is Hold.PARKED) == park:
        return None
    if park:
        return Settlement(replace(call, hold=Hold.PARKED, changed_at=now))
    return Settlement(_unheld(replace(call, hold=None, changed_at=now), now))


def _confirmed(call: Call, attempt: Attempt, wish: Wish, now: Instant) -> Settlement | None:
    if call.state is not CallState.UNKNOWN:
        return None
    if wish is Wish.CONFIRM_NOT_DIALLED:
        closed = replace(attempt, state=AttemptState.NOT_TAKEN, over_at=now)
        uncounted = replace(call, attempts=max(0, call.attempts - 1))
        back = _requeued(uncounted, Step.CONFIRMED_NOT_DIALLED, now)
        return Settlement(back, closed, (Step.CONFIRMED_NOT_DIALLED,))
    closed = replace(attempt, state=AttemptState.OVER, over_at=now)
    moved = _move(call, Step.CONFIRMED_DIALLED, CallState.ENDED, now)
    known = call.disposition if _reached(call) else Disposition.UNKNOWN
    done = replace(moved, ended_at=now, disposition=known)
    return Settlement(done, closed, (Step.CONFIRMED_DIALLED,))


def _reordered(call: Call, fact: Reordered, now: Instant) -> Settlement | None:
    same = (call.priority, call.position) == (fact.priority, fact.position)
    if call.state is not CallState.QUEUED or same:
        return None
    moved = replace(call, priority=fact.priority, position=fact.position, changed_at=now)
    return Settlement(moved)
