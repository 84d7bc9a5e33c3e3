"""Why nothing starts: every reason has words, the binding one comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.standing import queued
from tests.unit.core.test_slots import NOW, gate_of
from voiceslot_tui.core.calls import CallState, Hold, later
from voiceslot_tui.core.explain import MEANINGS, why_idle, why_not_dialled
from voiceslot_tui.core.slots import Breaker, Pacing, Reading


@pytest.mark.parametrize("hold", Hold)
def test_every_hold_has_a_sentence_of_its_own(hold: Hold) -> None:
    sentence = MEANINGS[hold]
    assert len(sentence) > 15
    assert sentence[0].islower()
    assert not sentence.endswith(".")
    assert list(MEANINGS.values()).count(sentence) == 1


def test_nothing_is_explained_where_a_call_may_start() -> None:
    assert why_idle(gate_of(), 3, 5, {}, NOW) == ()


@pytest.mark.parametrize(
    ("gate", "hold", "words"),
    [
        (gate_of(paused=True, recovering=True), Hold.ENGINE_PAUSED, "resume"),
        (gate_of(recovering=True), Hold.RECOVERING, "reads"),
        (gate_of(reading=Reading(later(NOW, -80))), Hold.READING_STALE, "80 s"),
        (gate_of(quiet_until=later(NOW, 30)), Hold.PACING, "30 s"),
        (gate_of(breaker=Breaker(3, later(NOW, 9))), Hold.BREAKER_OPEN, "does not answer"),
        (gate_of(pacing=Pacing(1.0, NOW + 400.0)), Hold.PACING, "pace"),
        (gate_of(limit=4, foreign=1, reserve=1), Hold.NO_SLOT, "2 ours + 1 foreign + 1 in reserve"),
        (gate_of(limit=2, foreign=3), Hold.NO_SLOT, "over by 3, draining"),
    ],
)
def test_the_binding_reason_comes_first_with_its_figures(
    gate: object, hold: Hold, words: str
) -> None:
    first = why_idle(gate, 2, 5, {Hold.PARKED: 2}, NOW)[0]  # type: ignore[arg-type]
    assert first.hold is hold
    assert words in first.sentence


def test_where_all_wait_for_something_of_their_own_the_largest_group_leads() -> None:
    holds = {Hold.RETRY_WAIT: 2, Hold.PARKED: 1200}
    reasons = why_idle(gate_of(), 0, 1202, holds, NOW)
    assert [reason.hold for reason in reasons] == [Hold.PARKED, Hold.RETRY_WAIT]
    assert reasons[0].sentence.startswith("1,200 queued: ")


def test_an_empty_queue_needs_no_reason() -> None:
    assert why_idle(gate_of(limit=1, foreign=1), 0, 0, {}, NOW) == ()


@pytest.mark.parametrize("state", CallState)
def test_every_state_says_why_it_is_not_dialled(state: CallState) -> None:
    (sentence,) = why_not_dialled(replace(queued(), state=state), (), NOW)
    assert len(sentence) > 8


def test_a_calls_own_reason_comes_before_the_engines() -> None:
    idle = why_idle(gate_of(paused=True), 0, 1, {Hold.PARKED: 1}, NOW)
    call = replace(queued(), hold=Hold.PARKED, due_at=later(NOW, 90))
    assert why_not_dialled(call, idle, NOW) == (
        MEANINGS[Hold.PARKED],
        "due in 90 s",
        MEANINGS[Hold.ENGINE_PAUSED],
    )


def test_another_calls_hold_explains_nothing_about_this_one() -> None:
    idle = why_idle(gate_of(), 0, 1, {Hold.PARKED: 1}, NOW)
    (sentence,) = why_not_dialled(queued(), idle, NOW)
    assert "next in line" in sentence
