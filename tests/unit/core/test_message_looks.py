"""When a message is looked up next: soon, ever more seldom, and after a day not any more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.message_standing import START, MessageStanding
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.follow_ups import Try, TryState
from voiceslot_tui.core.limits import LOOK_FOR_S
from voiceslot_tui.core.message_looks import next_look


def a_try(state: TryState, known_s: float = 0.0) -> Try:
    """Make a try that began at the start, of which something was learned some seconds later."""
    standing = MessageStanding()
    standing.claimed()
    assert standing.one_try is not None
    return replace(standing.one_try, state=state, changed_at=later(START, known_s))


@pytest.mark.parametrize("has_callbacks", [False, True])
@pytest.mark.parametrize("state", sorted(set(TryState)))
def test_only_what_is_under_way_or_in_doubt_is_looked_up(
    state: TryState, has_callbacks: bool
) -> None:
    looked_up = {TryState.ACCEPTED, TryState.SENT, TryState.AMBIGUOUS}
    given = next_look(a_try(state), START, has_callbacks=has_callbacks)
    assert (given is not None) == (state in looked_up)


@pytest.mark.parametrize(
    ("state", "has_callbacks", "age_s", "wait_s"),
    [
        # Where callbacks cannot reach us, looking is how a delivery is noticed.
        (TryState.ACCEPTED, False, 0.0, 5.0),
        (TryState.SENT, False, 19.9, 5.0),
        (TryState.SENT, False, 20.0, 15.0),
        (TryState.SENT, False, 60.0, 60.0),
        (TryState.SENT, False, 240.0, 300.0),
        (TryState.SENT, False, 1200.0, 300.0),
        (TryState.SENT, False, 80_000.0, 300.0),
        # Where they can, it only finds what was lost.
        (TryState.ACCEPTED, True, 0.0, 60.0),
        (TryState.SENT, True, 240.0, 300.0),
        (TryState.SENT, True, 1200.0, 1800.0),
        (TryState.SENT, True, 80_000.0, 1800.0),
        # What is in doubt has no callback to wait for.
        (TryState.AMBIGUOUS, False, 0.0, 10.0),
        (TryState.AMBIGUOUS, True, 0.0, 10.0),
        (TryState.AMBIGUOUS, True, 40.0, 15.0),
        (TryState.AMBIGUOUS, True, 60.0, 30.0),
        (TryState.AMBIGUOUS, True, 120.0, 60.0),
        (TryState.AMBIGUOUS, True, 240.0, 300.0),
    ],
)
def test_the_wait_grows_with_the_age_of_what_is_known(
    state: TryState, has_callbacks: bool, age_s: float, wait_s: float
) -> None:
    now = later(START, age_s)
    assert next_look(a_try(state), now, has_callbacks=has_callbacks) == later(now, wait_s)


def test_news_makes_the_next_look_come_soon_again() -> None:
    now = later(START, 5000)
    assert next_look(a_try(TryState.SENT, 4990), now, has_callbacks=False) == later(now, 5)


def test_a_clock_set_back_makes_nothing_old() -> None:
    now = later(START, -3600)
    assert next_look(a_try(TryState.SENT), now, has_callbacks=True) == later(now, 60)


def test_after_long_enough_nothing_is_looked_up() -> None:
    one = a_try(TryState.SENT, LOOK_FOR_S)
    last = later(START, LOOK_FOR_S)
    assert next_look(one, last, has_callbacks=False) == later(last, 5)
    assert next_look(one, later(last, 0.001), has_callbacks=False) is None
