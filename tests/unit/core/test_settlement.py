"""What facts come to, in the stories that matter, and in every order hypothesis can think of."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.standing import (
    CALL,
    OPEN,
    Standing,
    attempt_id,
    conversation,
    dialled,
    facts_about,
    queued,
    told,
)
from voiceslot_tui.core.calls import (
    HOLDING_STATES,
    AttemptState,
    CallSid,
    CallState,
    Disposition,
    Hold,
    Step,
    later,
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
    SlotLapsed,
    Unanswered,
    Wish,
    Wished,
    WrapUpExpired,
)
from voiceslot_tui.core.limits import REFUSALS_MAX, UNDO_S
from voiceslot_tui.core.settlement import Rules

ANSWERED = Outcome(Disposition.ANSWERED, 42, "they talked")
BUSY = Outcome(Disposition.BUSY)
ACCEPTED = Accepted(attempt_id(1), conversation(1), CallSid("CA1"))
OVER = Over(conversation(1), attempt_id(1), None, None)
DONE = Over(conversation(1), attempt_id(1), None, ANSWERED)


def wished(wish: Wish) -> Wished:
    return Wished(CALL, wish, "olga")


# --- stories


def test_a_call_goes_all_the_way() -> None:
    standing = dialled()
    assert (standing.call.state, standing.call.holding) == (CallState.DIALING, True)
    standing.told(ACCEPTED)
    assert (standing.call.state, standing.call.holding) == (CallState.LIVE, True)
    standing.told(OVER)
    assert (standing.call.state, standing.call.holding) == (CallState.WRAPPING_UP, False)
    standing.told(DONE)
    assert (standing.call.state, standing.call.disposition) == (
        CallState.ENDED,
        Disposition.ANSWERED,
    )
    assert standing.attempt is not None
    assert (standing.attempt.talk_s, standing.attempt.detail) == (42, "they talked")


def test_the_news_of_the_end_may_overtake_the_answer() -> None:
    standing = told(OVER, ACCEPTED)
    assert standing.call.state is CallState.WRAPPING_UP
    assert standing.attempt is not None
    assert standing.attempt.call_sid == "CA1"


@pytest.mark.parametrize(
    "refusal", [one for one in Refusal if one not in (Refusal.CALL_DENIED, Refusal.NO_SUCCESS)]
)
def test_a_start_not_taken_goes_back_to_its_place_and_is_no_attempt(refusal: Refusal) -> None:
    standing = told(NotTaken(attempt_id(1), refusal))
    call = standing.call
    assert (call.state, call.attempts, call.holding) == (CallState.QUEUED, 0, False)
    assert (call.priority, call.position) == (0, 0)
    assert call.hold is (Hold.PLATFORM_DENIED if refusal is Refusal.ROUTE_DENIED else None)


def test_a_refusal_of_this_very_number_is_final() -> None:
    call = told(NotTaken(attempt_id(1), Refusal.CALL_DENIED)).call
    assert (call.state, call.disposition) == (CallState.REFUSED, Disposition.INVALID_NUMBER)


def test_answers_without_success_back_off_and_end_as_refused() -> None:
    standing = Standing(queued(1))
    waits: list[int] = []
    for number in range(1, REFUSALS_MAX + 1):
        standing.dialled()
        standing.told(NotTaken(attempt_id(number), Refusal.NO_SUCCESS))
        if standing.call.state is CallState.QUEUED:
            assert standing.call.hold is Hold.RETRY_WAIT
            assert standing.call.due_at is not None
            waits.append(standing.call.due_at - standing.now)
    assert waits == [5_000, 10_000, 20_000, 40_000]
    assert standing.call.state is CallState.REFUSED


def test_three_look_ups_over_two_minutes_make_it_unknown_and_no_fewer() -> None:
    standing = told(Unanswered(attempt_id(1)))
    for wait_s in (0.0, 60.0, 59.0):
        standing.told(LookedUp(attempt_id(1)), wait_s)
        assert standing.call.state is CallState.UNCERTAIN
    standing.told(LookedUp(attempt_id(1)), 1.0)
    assert (standing.call.state, standing.call.holding) == (CallState.UNKNOWN, True)


def test_two_look_ups_are_not_enough_however_far_apart() -> None:
    standing = told(Unanswered(attempt_id(1)))
    standing.told(LookedUp(attempt_id(1)))
    standing.told(LookedUp(attempt_id(1)), 3600.0)
    assert standing.call.state is CallState.UNCERTAIN


def test_a_clock_set_back_makes_nothing_unknown() -> None:
    standing = told(Unanswered(attempt_id(1)))
    for wait_s in (0.0, -3600.0, 10.0, 10.0):
        standing.told(LookedUp(attempt_id(1)), wait_s)
    assert standing.call.state is CallState.UNCERTAIN


def test_unknown_is_queued_again_only_where_the_settings_say_so() -> None:
    standing = Standing(queued(1), rules=Rules(120.0, requeue_unknown=True))
    standing.dialled()
    standing.told(Unanswered(attempt_id(1)))
    for wait_s in (0.0, 60.0, 60.0):
        standing.told(LookedUp(attempt_id(1)), wait_s)
    assert standing.call.state is CallState.QUEUED
    assert standing.attempts[attempt_id(1)].state is AttemptState.NOT_TAKEN


def unknown() -> Standing:
    standing = told(Unanswered(attempt_id(1)))
    for wait_s in (0.0, 60.0, 60.0):
        standing.told(LookedUp(attempt_id(1)), wait_s)
    assert standing.call.state is CallState.UNKNOWN
    return standing


def test_an_unknown_call_is_found_after_all() -> None:
    standing = unknown()
    standing.told(ACCEPTED)
    assert (standing.call.state, standing.call.holding) == (CallState.LIVE, True)


def test_an_unknown_call_waits_for_the_operator() -> None:
    for wish, state in (
        (Wish.CONFIRM_DIALLED, CallState.ENDED),
        (Wish.CONFIRM_NOT_DIALLED, CallState.QUEUED),
    ):
        standing = unknown()
        standing.told(wished(wish))
        assert standing.call.state is state


@pytest.mark.parametrize("fact", [SlotLapsed(attempt_id(1)), wished(Wish.RELEASE)])
def test_an_unknown_call_gives_its_slot_up_and_stays_unknown(fact: Fact) -> None:
    standing = unknown()
    standing.told(fact)
    assert (standing.call.state, standing.call.holding) == (CallState.UNKNOWN, False)


def test_only_the_carrier_or_the_operator_releases_a_live_call() -> None:
    for fact in (CarrierOver(attempt_id(1)), wished(Wish.RELEASE)):
        standing = told(ACCEPTED, fact)
        assert (standing.call.state, standing.call.holding) == (CallState.UNKNOWN, False)
    for fact in (SlotLapsed(attempt_id(1)), WrapUpExpired(CALL), LookedUp(attempt_id(1))):
        assert told(ACCEPTED, fact).call.state is CallState.LIVE


def test_the_carriers_word_about_an_earlier_dial_leaves_the_later_one_alone() -> None:
    standing = told(ACCEPTED, Over(conversation(1), None, None, BUSY), max_attempts=2)
    standing.dialled()
    standing.told(Accepted(attempt_id(2), conversation(2)))
    standing.told(CarrierOver(attempt_id(1)))
    assert (standing.call.state, standing.call.holding) == (CallState.LIVE, True)


def test_a_busy_line_is_tried_again_while_attempts_are_left() -> None:
    standing = told(ACCEPTED, Over(conversation(1), None, None, BUSY), max_attempts=2)
    call = standing.call
    assert (call.state, call.hold) == (CallState.QUEUED, Hold.RETRY_WAIT)
    assert call.due_at == later(standing.now, 900)
    standing.dialled()
    standing.told(Over(conversation(2), attempt_id(2), None, BUSY))
    assert (standing.call.state, standing.call.disposition) == (CallState.ENDED, Disposition.BUSY)


def test_a_cancel_is_honoured_as_soon_as_it_can_be() -> None:
    assert told(wished(Wish.CANCEL)).call.state is CallState.DIALING
    cancelled = told(wished(Wish.CANCEL), NotTaken(attempt_id(1), Refusal.CAPACITY)).call
    assert cancelled.state is CallState.CANCELLED
    talked = told(wished(Wish.CANCEL), ACCEPTED, Over(conversation(1), None, None, BUSY)).call
    assert talked.state is CallState.ENDED


def test_a_cancel_is_undone_for_half_a_minute() -> None:
    for wait_s, state in ((UNDO_S, CallState.QUEUED), (UNDO_S + 0.001, CallState.CANCELLED)):
        standing = Standing(queued())
        standing.told(wished(Wish.CANCEL))
        standing.told(wished(Wish.UNDO_CANCEL), wait_s)
        assert standing.call.state is state


def test_undoing_a_cancel_brings_back_what_held_the_call() -> None:
    standing = Standing(queued())
    standing.told(wished(Wish.PARK))
    standing.told(wished(Wish.CANCEL))
    standing.told(wished(Wish.UNDO_CANCEL))
    assert standing.call.hold is Hold.PARKED


def test_parking_keeps_the_time_of_a_retry() -> None:
    standing = told(Over(conversation(1), attempt_id(1), None, BUSY), max_attempts=2)
    due_at = standing.call.due_at
    standing.told(wished(Wish.PARK))
    assert standing.call.hold is Hold.PARKED
    standing.told(wished(Wish.UNPARK), 10.0)
    assert (standing.call.hold, standing.call.due_at) == (Hold.RETRY_WAIT, due_at)
    standing.told(wished(Wish.PARK))
    standing.told(wished(Wish.UNPARK), 3600.0)
    assert (standing.call.hold, standing.call.due_at) == (None, None)


def test_an_outcome_that_never_comes_ends_the_call_and_is_corrected_later() -> None:
    standing = told(ACCEPTED, OVER, WrapUpExpired(CALL))
    assert (standing.call.state, standing.call.disposition) == (
        CallState.ENDED,
        Disposition.UNKNOWN,
    )
    standing.told(DONE)
    assert (standing.call.state, standing.call.disposition) == (
        CallState.ENDED,
        Disposition.ANSWERED,
    )


# --- the proof that somebody answered


def test_proof_of_an_answer_ends_a_call_that_is_queued_again() -> None:
    standing = told(ACCEPTED, Over(conversation(1), None, None, BUSY), max_attempts=2)
    settlement = standing.told(DONE)
    assert settlement is not None
    assert settlement.steps == (Step.PROVEN_ANSWERED,)
    assert standing.call.state is CallState.ENDED


def test_proof_of_an_answer_ends_a_call_the_operator_took_for_not_dialled() -> None:
    standing = unknown()
    standing.told(wished(Wish.CONFIRM_NOT_DIALLED))
    standing.told(DONE)
    assert (standing.call.state, standing.call.disposition) == (
        CallState.ENDED,
        Disposition.ANSWERED,
    )


def test_proof_of_an_answer_keeps_a_cancelled_call_cancelled() -> None:
    standing = unknown()
    standing.told(wished(Wish.CANCEL))
    standing.told(wished(Wish.CONFIRM_NOT_DIALLED))
    standing.told(DONE)
    assert standing.told(wished(Wish.UNDO_CANCEL)) is None
    assert standing.call.state is CallState.CANCELLED


def test_proof_of_an_answer_during_a_later_dial_stops_every_further_one() -> None:
    for last in (NotTaken(attempt_id(2), Refusal.CAPACITY), Over(None, attempt_id(2), None, BUSY)):
        standing = told(ACCEPTED, Over(conversation(1), None, None, BUSY), max_attempts=5)
        standing.dialled()
        standing.told(DONE)
        assert standing.call.state is CallState.DIALING
        standing.told(last)
        assert (standing.call.state, standing.call.disposition) == (
            CallState.ENDED,
            Disposition.ANSWERED,
        )


def test_news_of_a_start_that_was_refused_counts_no_call() -> None:
    standing = told(NotTaken(attempt_id(1), Refusal.CAPACITY))
    assert standing.told(Over(conversation(1), attempt_id(1), None, BUSY)) is None


# --- every order

EVERY_FACT = tuple(dict.fromkeys((*facts_about(1), *facts_about(2), *facts_about(3))))
DIAL = "dial"
told_in_any_order = st.lists(
    st.tuples(
        st.one_of(st.just(DIAL), st.sampled_from(EVERY_FACT)),
        st.sampled_from((0.0, 0.5, 40.0, 200.0, -500.0)),
        st.integers(1, 3),
    ),
    max_size=40,
)


@given(told_in_any_order, st.integers(1, 3), st.booleans())
def test_any_sequence_of_facts_keeps_the_invariants(
    sequence: list[tuple[Fact | str, float, int]], max_attempts: int, requeue: bool
) -> None:
    standing = Standing(queued(max_attempts), rules=Rules(120.0, requeue))
    closed: set[str] = set()
    for fact, wait_s, times in sequence:
        if isinstance(fact, str):
            if standing.call.state is CallState.QUEUED:
                standing.dialled()
            continue
        standing.told(fact, wait_s)
        once = standing.copy()
        for _ in range(times - 1):
            repeated = standing.told(fact)
            if not isinstance(fact, LookedUp):
                assert repeated is None
                assert standing == once
        check(standing, closed)


def check(standing: Standing, closed: set[str]) -> None:
    call = standing.call
    open_ones = [one for one in standing.attempts.values() if one.state in OPEN]
    assert len(open_ones) <= 1
    assert all(one.id == call.attempt_id for one in open_ones)
    assert not closed & {one.id for one in open_ones}
    closed |= {one.id for one in standing.attempts.values() if one.state not in OPEN}
    if call.state is not CallState.UNKNOWN:
        assert call.holding == (call.state in HOLDING_STATES)
    assert call.hold is None or call.state in (CallState.QUEUED, CallState.CANCELLED)
    assert call.due_at is None or call.hold is not None


ENDINGS = (OVER, DONE, Over(conversation(1), None, CallSid("CA1"), ANSWERED))


@pytest.mark.parametrize("ending", ENDINGS, ids=["over", "done", "by conversation"])
@pytest.mark.parametrize("first", [ACCEPTED, Unanswered(attempt_id(1)), Interrupted(attempt_id(1))])
def test_the_answer_and_the_end_come_to_the_same_in_any_order(first: Fact, ending: Over) -> None:
    named = Over(conversation(1), attempt_id(1), ending.call_sid, ending.outcome)
    ends = {
        (standing.call.state, standing.call.disposition, standing.call.holding)
        for order in permutations((first, named, ACCEPTED))
        for standing in [told(*order)]
    }
    assert len(ends) == 1


@given(st.permutations([ACCEPTED, ACCEPTED, OVER, OVER, DONE, DONE]))
def test_duplicates_in_any_order_end_the_same(order: list[Fact]) -> None:
    standing = told(*order)
    assert (standing.call.state, standing.call.disposition, standing.call.attempts) == (
        CallState.ENDED,
        Disposition.ANSWERED,
        1,
    )
    assert standing.attempt is not None
    assert standing.attempt.conversation_id == conversation(1)
    assert standing.attempt.call_sid == "CA1"
    assert standing.attempt.talk_s == 42
