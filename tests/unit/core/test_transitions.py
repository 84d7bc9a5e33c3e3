"""The table of transitions, exhaustively: every state, every step, every fact, every standing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.unit.core.standing import (
    CALL,
    OPEN,
    RULES,
    Standing,
    attempt_id,
    facts_about,
    queued,
)
from voiceslot_tui.core.calls import (
    FINAL_STATES,
    HOLDING_STATES,
    QUARANTINING_STATES,
    TRANSITIONS,
    Attempt,
    AttemptState,
    CallState,
    Disposition,
    Step,
)
from voiceslot_tui.core.facts import (
    Fact,
    Interrupted,
    LookedUp,
    Outcome,
    Refusal,
    Wish,
    Wished,
)
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.settlement import Rules

REQUEUE = Rules(unknown_after_s=120.0, requeue_unknown=True)


# --- the table itself


@pytest.mark.parametrize("state", CallState)
@pytest.mark.parametrize("step", Step)
def test_every_pair_is_listed_or_has_no_exit(state: CallState, step: Step) -> None:
    for target in TRANSITIONS.get((state, step), ()):
        assert target in CallState
        assert target is not state
        if state in FINAL_STATES:
            assert (state, step, target) == (CallState.CANCELLED, Step.UNDONE, CallState.QUEUED)


@pytest.mark.parametrize("state", sorted(set(CallState) - FINAL_STATES))
def test_every_state_that_is_not_final_has_an_exit(state: CallState) -> None:
    assert any(start is state for start, _ in TRANSITIONS)


@pytest.mark.parametrize("state", sorted(set(CallState) - {CallState.QUEUED}))
def test_every_state_can_be_reached(state: CallState) -> None:
    assert any(state in targets for targets in TRANSITIONS.values())


def test_every_step_leads_somewhere() -> None:
    assert {step for _, step in TRANSITIONS} == set(Step)


def test_the_sets_of_states_fit_each_other() -> None:
    assert HOLDING_STATES < QUARANTINING_STATES
    assert not QUARANTINING_STATES & FINAL_STATES
    assert CallState.QUEUED not in QUARANTINING_STATES | FINAL_STATES
    assert QUARANTINING_STATES | FINAL_STATES | {CallState.QUEUED} == set(CallState)


# --- every standing that can be reached, and every fact told there


@dataclass(frozen=True, slots=True)
class Told:
    """A fact told in one standing, and what came of it."""

    before: Standing
    fact: Fact
    after: Standing
    settlement: Settlement | None


def shape(standing: Standing) -> tuple[object, ...]:
    """Say what of a standing decides what a fact changes; two of one shape go the same ways."""
    call = standing.call
    return (
        call.state,
        call.hold,
        call.holding,
        call.cancel_wished,
        call.disposition,
        call.refusals == 4,
        call.attempts,
        tuple(
            (one.state, one.disposition, one.conversation_id is None, _lookups(one))
            for one in standing.attempts.values()
        ),
    )


def _lookups(attempt: Attempt) -> int:
    return min(attempt.lookups, 2) if attempt.state is AttemptState.UNCERTAIN else 0


ONE_OF_A_KIND = (
    (None, *map(Outcome, (Disposition.ANSWERED, Disposition.BUSY, Disposition.UNKNOWN))),
    (Refusal.CAPACITY, Refusal.NO_SUCCESS, Refusal.ROUTE_DENIED, Refusal.CALL_DENIED),
)
"""Outcomes and refusals that are settled differently; the others go the way of one of these."""


def told_in(standing: Standing, every: bool) -> Iterator[Told]:
    for number in range(1, len(standing.attempts) + 1):
        for fact in facts_about(number) if every else facts_about(number, *ONE_OF_A_KIND):
            for wait_s in (0.0, 130.0):
                after = standing.copy()
                yield Told(standing, fact, after, after.told(fact, wait_s))


@cache
def explored(rules: Rules, dials: int) -> tuple[Told, ...]:
    """Tell every fact in every standing that some dials of one call can come to.

    With one dial that is every outcome and refusal there is, with more one of each kind.
    """
    first = Standing(queued(max_attempts=dials), rules=rules)
    found, waiting = {shape(first)}, [first]
    everything: list[Told] = []
    while waiting:
        standing = waiting.pop()
        told = list(told_in(standing, every=dials == 1))
        everything += told
        nexts = [one.after for one in told if one.settlement is not None]
        if standing.call.state is CallState.QUEUED and len(standing.attempts) < dials:
            dialled = standing.copy()
            dialled.dialled()
            nexts.append(dialled)
            everything.append(Told(standing, Interrupted(attempt_id(9)), dialled, None))
        for after in nexts:
            if shape(after) not in found:
                found.add(shape(after))
                waiting.append(after)
    return tuple(everything)


EXPLORATIONS = ((RULES, 1), (REQUEUE, 1), (RULES, 2), (REQUEUE, 2))
exploring = pytest.mark.parametrize(
    ("rules", "dials"), EXPLORATIONS, ids=("ask-1", "requeue-1", "ask-2", "requeue-2")
)


def standings(rules: Rules, dials: int) -> Iterator[Standing]:
    return (one.after for one in explored(rules, dials))


@exploring
def test_every_state_that_the_engine_uses_is_reached(rules: Rules, dials: int) -> None:
    unused = {CallState.EXPIRED, CallState.SUPPRESSED}
    assert {one.call.state for one in standings(rules, dials)} == set(CallState) - unused


@exploring
def test_every_fact_changes_nothing_or_moves_along_the_table(rules: Rules, dials: int) -> None:
    for one in explored(rules, dials):
        if one.settlement is None:
            continue
        state = one.before.call.state
        for step in one.settlement.steps:
            targets = TRANSITIONS.get((state, step))
            assert targets, f"{one.fact} in {state}: no exit by {step}"
            state = one.after.call.state if one.after.call.state in targets else targets[0]
        assert state is one.after.call.state, f"{one.fact} moved {one.before.call.state} unseen"


@exploring
def test_a_slot_is_held_exactly_in_the_holding_states(rules: Rules, dials: int) -> None:
    for standing in standings(rules, dials):
        call = standing.call
        if call.state is not CallState.UNKNOWN:
            assert call.holding == (call.state in HOLDING_STATES), shape(standing)


@exploring
def test_a_slot_once_given_up_is_taken_again_only_by_news_of_the_talk(
    rules: Rules, dials: int
) -> None:
    for one in explored(rules, dials):
        before, after = one.before.call, one.after.call
        if not before.holding and after.holding and one.settlement is not None:
            assert (before.state, after.state) == (CallState.UNKNOWN, CallState.LIVE), one.fact


@exploring
def test_the_open_attempt_is_the_current_one_and_says_what_the_call_says(
    rules: Rules, dials: int
) -> None:
    for standing in standings(rules, dials):
        open_ones = [one for one in standing.attempts.values() if one.state in OPEN]
        expected = {
            CallState.DIALING: [AttemptState.DIALING],
            CallState.UNCERTAIN: [AttemptState.UNCERTAIN],
            CallState.LIVE: [AttemptState.LIVE],
            CallState.UNKNOWN: [AttemptState.UNKNOWN],
        }.get(standing.call.state, [])
        assert [one.state for one in open_ones] == expected, shape(standing)
        if open_ones:
            assert open_ones[0].id == standing.call.attempt_id


@exploring
def test_a_closed_attempt_never_reopens(rules: Rules, dials: int) -> None:
    for one in explored(rules, dials):
        for name, attempt in one.before.attempts.items():
            if attempt.state not in OPEN:
                assert one.after.attempts[name].state not in OPEN, f"{one.fact} reopened it"


@exploring
def test_a_fact_about_an_earlier_attempt_never_moves_a_later_one(rules: Rules, dials: int) -> None:
    for one in explored(rules, dials):
        current = one.before.attempt
        named = getattr(one.fact, "attempt_id", None)
        if current is None or named is None or named == current.id or one.settlement is None:
            continue
        assert one.after.attempt == current, one.fact
        if current.state in OPEN:
            before, after = one.before.call, one.after.call
            assert (after.state, after.holding) == (before.state, before.holding), one.fact


@exploring
def test_final_states_absorb(rules: Rules, dials: int) -> None:
    for one in explored(rules, dials):
        before, after = one.before.call.state, one.after.call.state
        if before in FINAL_STATES and after is not before:
            assert (before, after) == (CallState.CANCELLED, CallState.QUEUED)
            assert one.fact == Wished(CALL, Wish.UNDO_CANCEL, "olga")


@exploring
def test_no_wish_is_left_on_a_call_that_is_final_or_waits(rules: Rules, dials: int) -> None:
    for standing in standings(rules, dials):
        if standing.call.state in FINAL_STATES | {CallState.QUEUED}:
            assert not standing.call.cancel_wished, shape(standing)


@exploring
def test_an_end_is_dated_exactly_where_a_call_is_final(rules: Rules, dials: int) -> None:
    for standing in standings(rules, dials):
        dated = standing.call.ended_at is not None
        assert dated == (standing.call.state in FINAL_STATES), shape(standing)


@exploring
def test_a_person_who_answered_is_never_queued_again(rules: Rules, dials: int) -> None:
    """Proof that somebody answered keeps the call from the queue, whichever dial it was."""
    for standing in standings(rules, dials):
        dispositions = {one.disposition for one in standing.attempts.values()}
        if Disposition.ANSWERED in dispositions:
            assert standing.call.state is not CallState.QUEUED, shape(standing)


@exploring
def test_the_same_fact_told_again_changes_nothing(rules: Rules, dials: int) -> None:
    for one in explored(rules, dials):
        if one.settlement is None or isinstance(one.fact, LookedUp):
            continue
        again = one.after.copy()
        assert again.told(one.fact) is None, (one.fact, shape(one.before))


def test_every_look_up_counts() -> None:
    for one in explored(RULES, 1):
        if isinstance(one.fact, LookedUp) and one.settlement is not None:
            assert one.before.attempt is not None
            assert one.after.attempt is not None
            assert one.after.attempt.lookups == one.before.attempt.lookups + 1


@pytest.mark.parametrize("dials", [1, 2])
def test_attempts_count_the_dials_that_reached_the_platform(dials: int) -> None:
    for standing in standings(RULES, dials):
        if Disposition.ANSWERED in {one.disposition for one in standing.attempts.values()}:
            continue  # proven in the end, perhaps of a dial that was not counted
        states = [one.state for one in standing.attempts.values()]
        taken = len(states) - states.count(AttemptState.NOT_TAKEN)
        assert standing.call.attempts == taken, shape(standing)
