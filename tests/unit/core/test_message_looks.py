"""When a message is looked up: soon, ever more seldom, and for many days."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_ups import Channel, FollowUpId, Form, Try, TryId, TryState
from voiceslot_tui.core.limits import LOOK_EVERY_MAX_S, LOOK_FOR_S
from voiceslot_tui.core.message_looks import next_look

NOW = Instant(1_700_000_000_000)
_LOOKED_UP = (TryState.ACCEPTED, TryState.SENT, TryState.AMBIGUOUS)


def a_try(state: TryState, age_s: float = 0.0, started_s: float | None = None) -> Try:
    """Make a try that has stood so since `age_s`, and was begun `started_s` ago."""
    started_at = later(NOW, -(age_s if started_s is None else started_s))
    return Try(
        TryId("try_1"),
        FollowUpId(1),
        1,
        Channel.WHATSAPP,
        Form.TEMPLATE,
        state,
        started_at,
        changed_at=later(NOW, -age_s),
    )


@pytest.mark.parametrize(
    ("state", "has_callbacks", "age_s", "wait_s"),
    [
        (TryState.ACCEPTED, False, 0, 5),
        (TryState.SENT, False, 0, 5),
        (TryState.SENT, True, 0, 60),
        (TryState.AMBIGUOUS, False, 0, 10),
        (TryState.AMBIGUOUS, True, 0, 10),
        (TryState.SENT, False, 20, 5),
        (TryState.SENT, False, 40, 10),
        (TryState.SENT, True, 400, 100),
        (TryState.AMBIGUOUS, True, 400, 100),
        (TryState.SENT, False, 4 * 3600, 3600),
        (TryState.SENT, False, 86_400, 3600),
        (TryState.SENT, True, LOOK_FOR_S, 3600),
        (TryState.SENT, False, -86_400, 5),
    ],
)
def test_the_wait_grows_with_the_age_up_to_an_hour(
    state: TryState, has_callbacks: bool, age_s: float, wait_s: float
) -> None:
    look = next_look(a_try(state, age_s), NOW, has_callbacks=has_callbacks)
    assert look == later(NOW, wait_s)


@pytest.mark.parametrize("state", _LOOKED_UP)
def test_after_a_week_only_a_callback_tells(state: TryState) -> None:
    old = a_try(state, 60, started_s=LOOK_FOR_S + 1)
    assert next_look(old, NOW, has_callbacks=False) is None


@pytest.mark.parametrize("state", sorted(set(TryState) - set(_LOOKED_UP)))
def test_what_looking_cannot_move_is_not_looked_up(state: TryState) -> None:
    assert next_look(a_try(state), NOW, has_callbacks=False) is None


@given(
    st.sampled_from(_LOOKED_UP),
    st.floats(-1e6, LOOK_FOR_S),
    st.floats(-1e6, LOOK_FOR_S),
    st.booleans(),
)
def test_no_look_is_further_ahead_than_the_longest_wait(
    state: TryState, age_s: float, started_s: float, has_callbacks: bool
) -> None:
    look = next_look(a_try(state, age_s, started_s), NOW, has_callbacks=has_callbacks)
    assert look is not None
    assert NOW < look <= later(NOW, LOOK_EVERY_MAX_S)
