"""How many calls may start, figure by figure: where each bound begins to bind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voiceslot_tui.core.calls import Hold, Instant, later
from voiceslot_tui.core.limits import (
    BREAKER_PROBE_EVERY_S,
    BREAKER_UNANSWERED,
    DISPATCH_BATCH_MAX,
    LIMIT_SHRINK_EVERY_S,
    PACING_CATCH_UP_S,
)
from voiceslot_tui.core.slots import Breaker, Ceiling, Gate, Pacing, Reading

NOW = Instant(1_700_000_000_000)
PROBING = Breaker(BREAKER_UNANSWERED, NOW)


def gate_of(limit: int = 10, **others: object) -> Gate:
    gate = Gate(Ceiling(limit, float(limit)), 0, Reading(), 75.0, dials_left=1000)
    return replace(gate, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gate", "holding", "room"),
    [
        (gate_of(), 0, (10, None)),
        (gate_of(), 9, (1, None)),
        (gate_of(), 10, (0, Hold.NO_SLOT)),
        (gate_of(), 11, (0, Hold.NO_SLOT)),
        (gate_of(1000), 0, (DISPATCH_BATCH_MAX, None)),
        (gate_of(dials_left=3), 0, (3, None)),
        (gate_of(dials_left=1), 0, (1, None)),
        (gate_of(dials_left=0), 0, (0, Hold.PACING)),
        (gate_of(1000, pacing=Pacing(100.0)), 0, (1 + 100 * PACING_CATCH_UP_S, None)),
        (gate_of(3, pacing=Pacing(100.0)), 0, (3, None)),
        (gate_of(pacing=Pacing(1.0, NOW)), 0, (1, None)),
        (gate_of(pacing=Pacing(1.0, NOW + 1.0)), 0, (0, Hold.PACING)),
        (gate_of(breaker=PROBING), 0, (1, None)),
        (gate_of(breaker=Breaker(BREAKER_UNANSWERED - 1, NOW)), 0, (10, None)),
        (gate_of(reading_age_s=75.0), 0, (10, None)),
    ],
)
def test_each_bound_binds_from_its_figure_on(
    gate: Gate, holding: int, room: tuple[int, Hold | None]
) -> None:
    assert gate.room(holding, NOW) == room


def test_without_a_reading_only_our_own_calls_are_counted() -> None:
    assert gate_of(reading=None).free(3) == 7


@pytest.mark.parametrize("wait_s", [0.0, 0.5, LIMIT_SHRINK_EVERY_S - 0.001])
def test_refusals_of_one_burst_lower_the_limit_once(wait_s: float) -> None:
    once = Ceiling(100, 100.0).lowered(100, NOW)
    assert once.lowered(100, later(NOW, wait_s)).slots == once.slots == 85


def test_a_clock_set_back_keeps_no_refusal_from_lowering_the_limit() -> None:
    once = Ceiling(100, 100.0).lowered(100, NOW)
    assert once.lowered(100, later(NOW, -1)).slots == 72


def test_a_raised_limit_is_used_at_once() -> None:
    assert Ceiling(10, 10.0).set_to(20).slots == 20


def test_only_an_open_breaker_counts_probes() -> None:
    assert Breaker().probing(NOW) == Breaker()
    assert PROBING.probing(NOW).probe_at == later(NOW, BREAKER_PROBE_EVERY_S)


# --- the pace


@pytest.mark.parametrize(
    ("pacing", "wait_s"),
    [
        (Pacing(), 0.0),
        (Pacing(0.0, NOW + 500.0), 0.0),
        (Pacing(1.0), 0.0),
        (Pacing(1.0, NOW - 50.0), 0.0),
        (Pacing(1.0, NOW), 0.0),
        (Pacing(1.0, NOW + 250.0), 0.25),
        (Pacing(1.0, NOW + 1000.0), 1.0),
        (Pacing(0.5, NOW + 1500.0), 1.5),
        # The clock was set back: a schedule of more than one step ahead is void.
        (Pacing(1.0, NOW + 1001.0), 0.0),
    ],
)
def test_the_wait_for_the_next_start(pacing: Pacing, wait_s: float) -> None:
    assert pacing.wait_s(NOW) == wait_s


def test_after_a_rest_the_pace_is_only_a_little_behind() -> None:
    after = Pacing(10.0).after(1, NOW)
    assert after.next_at_ms == NOW - 1000 * PACING_CATCH_UP_S + 100


def test_the_gate_wakes_at_the_first_moment_at_which_the_pace_allows_a_start() -> None:
    gate = gate_of(pacing=Pacing(1.0, NOW + 250.5))
    wake_at = gate.wake_at(NOW)
    assert wake_at is not None
    assert gate.pacing.allowed(wake_at) == 1
    assert gate.pacing.allowed(Instant(wake_at - 1)) == 0


@pytest.mark.parametrize(
    "gate", [gate_of(quiet_until=NOW), gate_of(pacing=Pacing(0.0, NOW + 500.0))]
)
def test_the_gate_does_not_wake_for_what_is_over_or_off(gate: Gate) -> None:
    assert gate.wake_at(NOW) is None
