"""Why nothing starts: every reason has words, the binding one comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.standing import queued
from tests.unit.core.test_slots import NOW, gate_of
from voiceslot_tui.core.calls import CallState, Hold, later
from voiceslot_tui.core.explain import MEANINGS, why_idle, why_not_dialled
from voiceslot_tui.core.slots import Breaker, Gate, Pacing
from voiceslot_tui.core.snapshot import Idle


@pytest.mark.parametrize("hold", Hold)
def test_every_hold_has_a_sentence_of_its_own(hold: Hold) -> None:
    sentence = MEANINGS[hold]
    assert len(sentence) > 15
    assert sentence[0].islower()
    assert not sentence.endswith(".")
    assert list(MEANINGS.values()).count(sentence) == 1


def test_nothing_is_explained_where_a_call_may_start() -> None:
    assert why_idle(gate_of(), 3, 5, {}, NOW) == ()


PACE = "the pace of starts allows the next call in a moment"


@pytest.mark.parametrize(
    ("gate", "hold", "words"),
    [
        (
            gate_of(paused=True, recovering=True),
            Hold.ENGINE_PAUSED,
            "the engine is paused; resume it to dial",
        ),
        (
            gate_of(recovering=True),
            Hold.RECOVERING,
            "the engine reads the platform's live calls before it dials",
        ),
        (
            gate_of(reading_age_s=80.0),
            Hold.READING_STALE,
            "the platform's live calls could not be read lately: the last reading is 80 s old",
        ),
        (
            gate_of(quiet_until=later(NOW, 30)),
            Hold.PACING,
            "the platform is given a rest for 30 s more",
        ),
        (
            gate_of(breaker=Breaker(3, later(NOW, 9))),
            Hold.BREAKER_OPEN,
            "the platform does not answer starts; one call a minute probes it",
        ),
        (gate_of(pacing=Pacing(1.0, NOW + 400.0)), Hold.PACING, PACE),
        (gate_of(pacing=Pacing(1.0, NOW + 400.0), quiet_until=NOW), Hold.PACING, PACE),
        (gate_of(limit=2), Hold.NO_SLOT, "every slot is in use: 2 ours of 2"),
        (
            gate_of(limit=4, foreign=1, reserve=1),
            Hold.NO_SLOT,
            "every slot is in use: 2 ours + 1 foreign + 1 in reserve of 4",
        ),
        (
            gate_of(limit=2, foreign=1),
            Hold.NO_SLOT,
            "over by 1, draining: 2 ours + 1 foreign of 2",
        ),
        (
            gate_of(limit=3, foreign=3, reserve=1),
            Hold.NO_SLOT,
            "over by 3, draining: 2 ours + 3 foreign + 1 in reserve of 3",
        ),
    ],
)
def test_the_binding_reason_comes_first_with_its_figures(
    gate: Gate, hold: Hold, words: str
) -> None:
    assert why_idle(gate, 2, 5, {Hold.PARKED: 2}, NOW)[0] == Idle(hold, words)


def test_where_all_wait_for_something_of_their_own_the_largest_group_leads() -> None:
    holds = {Hold.PARKED: 2, Hold.NO_SLOT: 0, Hold.RETRY_WAIT: 1200}
    assert why_idle(gate_of(), 0, 1202, holds, NOW) == (
        Idle(Hold.RETRY_WAIT, "1,200 queued: it waits for its next attempt"),
        Idle(Hold.PARKED, "2 queued: an operator set it aside; unpark it to dial"),
    )


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
    next_in_line = ("it is next in line; it starts as soon as its turn comes",)
    assert why_not_dialled(queued(), idle, NOW) == next_in_line
    assert why_not_dialled(replace(queued(), due_at=NOW), idle, NOW) == next_in_line
