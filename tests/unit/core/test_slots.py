"""How many calls may start, and which: the gate, the ceiling, the pace, the breaker, the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import CallId, ConversationId, Hold, Instant, later
from voiceslot_tui.core.limits import (
    BREAKER_PROBE_EVERY_S,
    BREAKER_UNANSWERED,
    DISPATCH_BATCH_MAX,
    LIMIT_SHRINK_EVERY_S,
    PACING_CATCH_UP_S,
)
from voiceslot_tui.core.slots import (
    Breaker,
    Candidate,
    Ceiling,
    Gate,
    Pacing,
    Reading,
    plan_dispatch,
    reading_bound_s,
)

NOW = Instant(1_700_000_000_000)
HOUR_S = 3600.0


def gate_of(limit: int = 10, foreign: int = 0, reserve: int = 0, **others: object) -> Gate:
    gate = Gate(Ceiling(limit, float(limit)), reserve, Reading(unnamed=foreign), 75.0)
    return replace(gate, **others)  # type: ignore[arg-type]


# --- the ceiling

refusals_and_ends = st.lists(
    st.tuples(st.sampled_from(("refused", "end")), st.integers(0, 60), st.floats(-100, 100)),
    max_size=60,
)


@given(st.integers(1, 50), refusals_and_ends)
def test_the_ceiling_stays_between_one_and_the_configured_limit(
    limit: int, story: list[tuple[str, int, float]]
) -> None:
    ceiling, now = Ceiling(limit, float(limit)), NOW
    for event, holding, wait_s in story:
        now = later(now, wait_s)
        before = ceiling
        ceiling = ceiling.lowered(holding, now) if event == "refused" else ceiling.grown()
        assert 1 <= ceiling.slots <= limit
        if event == "refused":
            assert ceiling.effective <= before.effective
            assert ceiling.slots <= max(1, holding)
        else:
            assert ceiling.effective >= before.effective


def test_a_refusal_lowers_at_once_and_by_the_factor_once_an_interval() -> None:
    ceiling = Ceiling(100, 100.0).lowered(100, NOW)
    assert ceiling.slots == 85
    at_once = ceiling.lowered(100, later(NOW, 1))
    assert at_once.slots == 85
    assert at_once.lowered(80, later(NOW, 2)).slots == 80
    assert at_once.lowered(100, later(NOW, LIMIT_SHRINK_EVERY_S)).slots == 72


def test_refusals_leave_one_slot_beside_the_reserve() -> None:
    """Else no call could ever end, and only ends let the ceiling grow again."""
    ceiling = Ceiling(4, 4.0, floor=3)
    for second in range(100):
        ceiling = ceiling.lowered(0, later(NOW, 10.0 * second))
    gate = Gate(ceiling, 2, Reading(), 75.0)
    assert (ceiling.slots, gate.free(0)) == (3, 1)
    assert ceiling.set_to(8).floor == 3


def test_ends_grow_it_back_by_two_slots_a_limit_of_ends() -> None:
    ceiling = Ceiling(10, 5.0)
    for _ in range(10):
        ceiling = ceiling.grown()
    assert ceiling.effective == pytest.approx(7.0)
    for _ in range(100):
        ceiling = ceiling.grown()
    assert ceiling.effective == 10.0


def test_a_limit_lowered_and_raised_again_fills_at_once() -> None:
    assert Ceiling(10, 10.0).set_to(4).slots == 4
    assert Ceiling(10, 10.0).set_to(4).set_to(10).slots == 10


def test_what_refusals_taught_outlives_a_raised_limit() -> None:
    assert Ceiling(10, 6.0).set_to(20).slots == 6


@pytest.mark.parametrize(
    ("foreign", "reserve", "holding", "free"),
    [
        (8, 0, 0, 1),
        (8, 0, 1, 0),
        (8, 1, 0, 1),
        (9, 0, 0, 1),
        (9, 1, 0, 0),
        (10, 0, 0, 0),
        (12, 0, 0, -2),
        (3, 0, 0, 5),
        (3, 0, 5, 0),
    ],
)
def test_foreign_calls_do_not_keep_a_lowered_limit_low_for_ever(
    foreign: int, reserve: int, holding: int, free: int
) -> None:
    """One call of ours may find out whether there is room, never above the configured limit."""
    gate = gate_of(ceiling=Ceiling(10, 8.0), foreign=foreign, reserve=reserve)
    assert gate.free(holding) == free


# --- the breaker


def test_the_breaker_opens_after_silences_in_a_row_and_probes_once_a_minute() -> None:
    breaker = Breaker()
    for _ in range(BREAKER_UNANSWERED):
        assert not breaker.open
        breaker = breaker.after_silence(NOW)
    assert breaker.open
    gate = gate_of(breaker=breaker)
    assert gate.closed(later(NOW, BREAKER_PROBE_EVERY_S - 0.001)) == (Hold.BREAKER_OPEN,)
    due = later(NOW, BREAKER_PROBE_EVERY_S)
    assert gate.room(0, due) == (1, None)
    probing = gate_of(breaker=breaker.probing(due))
    assert probing.room(1, due) == (0, Hold.BREAKER_OPEN)
    assert probing.wake_at(due) == later(due, BREAKER_PROBE_EVERY_S)


def test_an_answer_closes_the_breaker_and_begins_the_row_anew() -> None:
    breaker = Breaker().after_silence(NOW).after_silence(NOW).after_answer()
    assert not breaker.after_silence(NOW).after_silence(NOW).open


def test_a_clock_set_back_does_not_keep_the_breaker_from_probing() -> None:
    breaker = Breaker(BREAKER_UNANSWERED, later(NOW, BREAKER_PROBE_EVERY_S))
    earlier = later(NOW, -HOUR_S)
    gate = gate_of(breaker=breaker)
    assert gate.closed(earlier) == ()


# --- the gate


@given(
    st.integers(1, 30),
    st.floats(0.5, 30),
    st.integers(0, 20),
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from((0.0, 1.0, 7.5)),
    st.booleans(),
)
def test_room_is_never_more_than_what_is_free(
    limit: int,
    effective: float,
    reserve: int,
    foreign: int,
    holding: int,
    per_second: float,
    broken: bool,
) -> None:
    gate = Gate(
        Ceiling(limit, effective),
        reserve,
        Reading(frozenset({ConversationId("f")}) if foreign else frozenset(), foreign // 2),
        75.0,
        breaker=Breaker(BREAKER_UNANSWERED, NOW) if broken else Breaker(),
        pacing=Pacing(per_second),
    )
    room, hold = gate.room(holding, NOW)
    beside = reserve + (gate.reading.foreign if gate.reading else 0)
    dared = max(min(limit, max(1, int(effective))), min(limit, beside + 1))
    assert 0 <= room <= max(0, dared - beside - holding)
    assert room == 0 or room + holding + beside <= limit
    assert (room == 0) == (hold is not None)
    assert room <= DISPATCH_BATCH_MAX
    assert not broken or room <= 1


@pytest.mark.parametrize(
    ("gate", "hold"),
    [
        (gate_of(paused=True), Hold.ENGINE_PAUSED),
        (gate_of(recovering=True), Hold.RECOVERING),
        (gate_of(reading=None), Hold.RECOVERING),
        (gate_of(reading_age_s=75.001), Hold.READING_STALE),
        (gate_of(quiet_until=later(NOW, 1)), Hold.PACING),
        (gate_of(limit=3, foreign=3), Hold.NO_SLOT),
        (gate_of(limit=3, reserve=5), Hold.NO_SLOT),
        (gate_of(pacing=Pacing(1.0, NOW + 500.0)), Hold.PACING),
    ],
)
def test_what_closes_the_gate_has_a_name(gate: Gate, hold: Hold) -> None:
    assert gate.room(0, NOW) == (0, hold)


@given(st.integers(-(10**9), 10**9))
def test_the_wall_clock_makes_no_reading_old_and_no_old_one_good(set_by_s: int) -> None:
    moment = later(NOW, set_by_s)
    assert gate_of(reading_age_s=75.0).closed(moment) == ()
    assert gate_of(reading_age_s=75.1).closed(moment) == (Hold.READING_STALE,)


def test_a_rest_that_a_clock_set_back_would_make_endless_ends() -> None:
    earlier = later(NOW, -24 * HOUR_S)
    gate = gate_of(quiet_until=later(NOW, 5))
    assert gate.closed(earlier) == ()


def test_the_gate_says_when_time_alone_may_open_it() -> None:
    assert gate_of().wake_at(NOW) is None
    assert gate_of(quiet_until=later(NOW, 5)).wake_at(NOW) == later(NOW, 5)
    assert gate_of(quiet_until=later(NOW, -5)).wake_at(NOW) is None
    paced = gate_of(pacing=Pacing(1.0, NOW + 250.0)).wake_at(NOW)
    assert paced is not None
    assert NOW + 250 <= paced <= NOW + 252


def test_a_reading_is_too_old_after_five_polls_or_fifteen_seconds() -> None:
    assert reading_bound_s(15.0) == 75.0
    assert reading_bound_s(1.0) == 15.0


def test_a_conversation_that_turns_out_ours_is_counted_no_longer() -> None:
    foreign = frozenset({ConversationId("a"), ConversationId("b")})
    reading = Reading(foreign, 2)
    assert reading.foreign == 4
    assert reading.without(ConversationId("a")).foreign == 3
    assert reading.without(ConversationId("c")) is reading
    assert reading.without(None) is reading


# --- the pace


@given(
    st.sampled_from((0.5, 1.0, 3.0, 10.0, 100.0)),
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 300)), max_size=80),
)
def test_no_window_of_time_sees_more_starts_than_the_pace_allows(
    per_second: float, waits: list[tuple[float, int]]
) -> None:
    pacing, now = Pacing(per_second), NOW
    starts: list[int] = []
    for wait_s, wanted in waits:
        now = later(now, wait_s)
        allowed = pacing.allowed(now)
        assert allowed is not None
        started = min(allowed, wanted)
        pacing = pacing.after(started, now)
        starts += [now] * started
    for first in range(len(starts)):
        for last in range(first, min(len(starts), first + 120)):
            window_s = (starts[last] - starts[first]) / 1000
            most = 1 + (window_s + PACING_CATCH_UP_S + 0.002) * per_second
            assert last - first + 1 <= most


def test_quiet_time_is_never_banked() -> None:
    pacing = Pacing(1.0).after(1, NOW)
    rested = later(NOW, HOUR_S)
    assert pacing.allowed(rested) == 1
    assert pacing.after(1, rested).allowed(rested) == 0


def test_a_late_wake_up_costs_no_pace() -> None:
    pacing, starts = Pacing(10.0), 0
    for tick in range(100):
        now = later(NOW, tick * 0.13)
        allowed = pacing.allowed(now) or 0
        starts += allowed
        pacing = pacing.after(allowed, now)
    assert starts >= 100 * 0.13 * 10 * 0.95


def test_no_pace_is_no_bound() -> None:
    assert Pacing(0.0).allowed(NOW) is None
    assert Pacing(0.0).after(50, NOW) == Pacing(0.0)


def test_a_clock_set_back_stops_no_starts() -> None:
    pacing = Pacing(1.0).after(1, NOW)
    earlier = later(NOW, -HOUR_S)
    assert pacing.allowed(earlier) == 1
    again = pacing.after(1, earlier)
    assert again.allowed(earlier) == 0
    assert again.allowed(later(earlier, 1.0)) == 1


# --- the plan


def candidate(number: int, **others: object) -> Candidate:
    made = Candidate(CallId(number), f"+1202555{number:04d}")
    return replace(made, **others)  # type: ignore[arg-type]


def test_calls_start_in_order_into_the_room_there_is() -> None:
    plan = plan_dispatch(tuple(candidate(n) for n in range(100, 105)), 3)
    assert plan.start == (100, 101, 102)
    assert plan.holds == ()


def test_what_cannot_start_gets_its_hold_and_makes_room() -> None:
    plan = plan_dispatch(
        (
            candidate(101, route_denied=True),
            candidate(102, number_busy=True),
            candidate(103),
            candidate(104, line="+12025550103"),
            candidate(105),
            candidate(106),
        ),
        2,
    )
    assert plan.start == (103, 105)
    assert plan.holds == (
        (101, Hold.PLATFORM_DENIED),
        (102, Hold.NUMBER_BUSY_ELSEWHERE),
        (104, Hold.NUMBER_BUSY_ELSEWHERE),
    )


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=30),
    st.integers(0, 10),
)
def test_no_plan_starts_a_number_twice_or_more_than_fit(
    rows: list[tuple[int, bool, bool]], room: int
) -> None:
    candidates = tuple(
        Candidate(CallId(n), f"+1202555010{number}", number_busy=busy, route_denied=denied)
        for n, (number, busy, denied) in enumerate(rows)
    )
    plan = plan_dispatch(candidates, room)
    numbers = [candidates[call_id].line for call_id in plan.start]
    assert len(numbers) == len(set(numbers)) <= room
    assert not {call_id for call_id, _ in plan.holds} & set(plan.start)
    for call_id in plan.start:
        assert not candidates[call_id].number_busy
        assert not candidates[call_id].route_denied
