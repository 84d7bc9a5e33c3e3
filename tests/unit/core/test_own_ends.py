"""Our own ended calls: by which name, and which of them are read before anything is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
    AttemptState,
    Call,
    CallId,
    CallState,
    ConversationId,
    Disposition,
    Instant,
)
from voiceslot_tui.core.follow_ups import EndedCall, FollowUpKey
from voiceslot_tui.core.own_ends import ended_call_of, own_alias

NOW = Instant(1_700_000_000_000)
TALK = ConversationId("conv_1")


def call(disposition: Disposition | None, state: CallState = CallState.ENDED) -> Call:
    return Call(
        id=CallId(7),
        to_number="+12025550123",
        name="Ana",
        agent_id="agent_1",
        agent_phone_number_id="phnum_1",
        priority=0,
        state=state,
        created_at=NOW,
        changed_at=NOW,
        disposition=disposition,
        ended_at=Instant(NOW + 5),
    )


def attempt(talk: ConversationId | None) -> Attempt:
    holds_until = Instant(NOW + 60_000)
    return Attempt(AttemptId("att_1"), CallId(7), 1, AttemptState.OVER, NOW, holds_until, talk)


@pytest.mark.parametrize("disposition", Disposition)
def test_only_a_disposition_that_tells_all_is_taken_as_it_is(disposition: Disposition) -> None:
    ended = ended_call_of(call(disposition), attempt(TALK), "a@example.com", NOW)
    read_first = (Disposition.ANSWERED, Disposition.UNKNOWN)
    assert ended.outcome_known is (disposition not in read_first)
    assert (ended.disposition, ended.email, ended.name) == (disposition, "a@example.com", "Ana")
    assert (ended.ended_at, ended.call_id, ended.agent_id) == (NOW + 5, 7, "agent_1")


def test_all_that_is_known_of_a_call_is_kept() -> None:
    ended = ended_call_of(call(Disposition.BUSY), attempt(TALK), "a@example.com", NOW)
    assert ended == EndedCall(
        key=FollowUpKey("conversation/conv_1"),
        to_number="+12025550123",
        ended_at=Instant(NOW + 5),
        disposition=Disposition.BUSY,
        outcome_known=True,
        name="Ana",
        email="a@example.com",
        conversation_id=TALK,
        call_id=CallId(7),
        agent_id="agent_1",
    )


@pytest.mark.parametrize(
    ("one", "key"),
    [(attempt(TALK), "conversation/conv_1"), (attempt(None), "call/7"), (None, "call/7")],
)
def test_a_call_is_named_by_its_conversation_or_else_by_its_own_id(
    one: Attempt | None, key: str
) -> None:
    ended = ended_call_of(call(None), one, "", NOW)
    assert (ended.key, ended.disposition) == (key, Disposition.UNKNOWN)
    assert own_alias(call(None)) == "call/7"


def test_an_end_that_is_learned_days_later_is_dated_to_when_it_can_have_been_at_the_latest() -> (
    None
):
    one, days_later = attempt(TALK), Instant(NOW + 3 * 86_400_000)
    learned_late = replace(call(Disposition.ANSWERED), ended_at=days_later)
    assert ended_call_of(learned_late, one, "", days_later).ended_at == one.holds_until
    assert ended_call_of(learned_late, None, "", days_later).ended_at == days_later


@pytest.mark.parametrize("state", sorted(set(CallState) - {CallState.ENDED}))
def test_a_call_that_goes_on_has_not_ended(state: CallState) -> None:
    with pytest.raises(AssertionError):
        ended_call_of(call(None, state), None, "", NOW)
