"""Every state against every kind of news and wish: which state follows, spelled out a second time.

The table of transitions is code; this one says the same independently, so that a way that is lost
there is missed here.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.message_rows import ONE, SID, TAKEN, news, sending, wished
from tests.unit.core.message_standing import ID, MessageStanding, sid, try_id
from tests.unit.core.rows import ACCEPTED, DIAL, DONE, LOST, OVER, searched, waiting
from tests.unit.core.rows import wished as wished_of_call
from tests.unit.core.standing import CALL, START, Standing, told
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.facts import (
    CarrierOver,
    Fact,
    NotTaken,
    Refusal,
    SlotLapsed,
    Wish,
    WrapUpExpired,
)
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    MessageRefused,
    MessageUnanswered,
    PersonOptedOut,
)
from voiceslot_tui.core.follow_ups import BlockReason, FollowUpState, SkipReason, TryState

_F, _T = FollowUpState, TryState
TRIES = {
    _F.DUE: _T.NOT_SENT,
    _F.SENDING: _T.SENDING,
    _F.AMBIGUOUS: _T.AMBIGUOUS,
    _F.ACCEPTED: _T.ACCEPTED,
    _F.SENT: _T.SENT,
    _F.DELIVERED: _T.DELIVERED,
    _F.READ: _T.READ,
    _F.BLOCKED: _T.NOT_SENT,
    _F.FAILED: _T.FAILED,
    _F.SKIPPED: _T.AMBIGUOUS,
}
"""For each state of a follow-up one in which its latest try can be."""


def standing_in(state: FollowUpState) -> MessageStanding:
    standing = sending()
    standing.follow_up = replace(
        standing.follow_up,
        state=state,
        blocked_for=BlockReason.TEMPLATE_UNFIT if state is _F.BLOCKED else None,
        skipped_for=SkipReason.BY_OPERATOR if state is _F.SKIPPED else None,
    )
    standing.tries[ONE] = replace(standing.tries[ONE], state=TRIES[state], message_sid=SID)
    return standing


PROOFS = {
    news(Delivery.ACCEPTED): _F.ACCEPTED,
    news(Delivery.SENT): _F.SENT,
    news(Delivery.DELIVERED): _F.DELIVERED,
    news(Delivery.READ): _F.READ,
}
FAILS = {news(Delivery.FAILED, Failure.FINAL): _F.FAILED}
ARRIVED = {fact: state for fact, state in PROOFS.items() if state in (_F.DELIVERED, _F.READ)}
SKIP, RETRY = wished(FollowUpWish.SKIP), wished(FollowUpWish.RETRY)
RELEASE, OPTED_OUT = wished(FollowUpWish.RELEASE), PersonOptedOut(ID)
REFUSED, UNANSWERED = MessageRefused(ONE, Failure.FINAL), MessageUnanswered(ONE)
MESSAGE_MOVES: dict[FollowUpState, dict[FollowUpFact, FollowUpState]] = {
    _F.DUE: {**PROOFS, TAKEN: _F.ACCEPTED, SKIP: _F.SKIPPED, OPTED_OUT: _F.SKIPPED},
    _F.SENDING: {
        **PROOFS,
        **FAILS,
        TAKEN: _F.ACCEPTED,
        REFUSED: _F.FAILED,
        UNANSWERED: _F.AMBIGUOUS,
    },
    _F.AMBIGUOUS: {**PROOFS, **FAILS, TAKEN: _F.ACCEPTED, SKIP: _F.SKIPPED, RETRY: _F.DUE},
    _F.ACCEPTED: {**FAILS, **ARRIVED, news(Delivery.SENT): _F.SENT},
    _F.SENT: {**FAILS, **ARRIVED},
    _F.DELIVERED: {news(Delivery.READ): _F.READ},
    _F.READ: {},
    _F.BLOCKED: {
        **PROOFS,
        TAKEN: _F.ACCEPTED,
        SKIP: _F.SKIPPED,
        OPTED_OUT: _F.SKIPPED,
        RETRY: _F.DUE,
        RELEASE: _F.DUE,
    },
    _F.FAILED: {**ARRIVED, RETRY: _F.DUE},
    _F.SKIPPED: {**ARRIVED, RETRY: _F.DUE},
}
ALL_NEWS = (*PROOFS, *FAILS, TAKEN, REFUSED, UNANSWERED, SKIP, RETRY, RELEASE, OPTED_OUT)


@pytest.mark.parametrize("fact", ALL_NEWS, ids=lambda fact: type(fact).__name__)
@pytest.mark.parametrize("state", FollowUpState)
def test_where_a_message_stands_after_any_news(state: FollowUpState, fact: FollowUpFact) -> None:
    standing = standing_in(state)
    standing.told(fact)
    assert standing.follow_up.state is MESSAGE_MOVES[state].get(fact, state)


@pytest.mark.parametrize("state", FollowUpState)
def test_proof_of_an_earlier_try_counts_where_nothing_else_is_under_way(
    state: FollowUpState,
) -> None:
    standing = standing_in(state)
    standing.tries[try_id(2)] = replace(standing.tries[ONE], id=try_id(2), message_sid=sid(2))
    standing.tries[ONE] = replace(standing.tries[ONE], state=_T.FAILED)
    standing.follow_up = replace(standing.follow_up, try_id=try_id(2))
    standing.told(news(Delivery.DELIVERED))
    idle = state in (_F.DUE, _F.BLOCKED, _F.FAILED, _F.SKIPPED)
    assert standing.follow_up.state is (_F.DELIVERED if idle else state)
    assert standing.follow_up.try_id == (ONE if idle else try_id(2))
    assert standing.tries[ONE].state is _T.DELIVERED


# --- calls

_C = CallState


def call_in(state: CallState) -> Standing:
    if state is _C.UNKNOWN:
        return searched(0, 60, 60)
    reached = {
        _C.DIALING: (),
        _C.UNCERTAIN: (LOST,),
        _C.LIVE: (ACCEPTED,),
        _C.WRAPPING_UP: (ACCEPTED, OVER),
        _C.ENDED: (ACCEPTED, OVER, WrapUpExpired(CALL)),
        _C.REFUSED: (NotTaken(DIAL, Refusal.CALL_DENIED),),
    }.get(state)
    if reached is not None:
        return told(*reached)
    return waiting(state=state, ended_at=None if state is _C.QUEUED else START)


CANCEL, UNDO = wished_of_call(Wish.CANCEL), wished_of_call(Wish.UNDO_CANCEL)
GIVE_UP = wished_of_call(Wish.RELEASE)
WAS, WAS_NOT = wished_of_call(Wish.CONFIRM_DIALLED), wished_of_call(Wish.CONFIRM_NOT_DIALLED)
NO, NEVER = NotTaken(DIAL, Refusal.CAPACITY), NotTaken(DIAL, Refusal.CALL_DENIED)
NO_OUTCOME, BY_CARRIER, LAPSED = WrapUpExpired(CALL), CarrierOver(DIAL), SlotLapsed(DIAL)
ENDS: dict[Fact, CallState] = {OVER: _C.WRAPPING_UP, DONE: _C.ENDED}
CALL_MOVES: dict[CallState, dict[Fact, CallState]] = {
    _C.QUEUED: {CANCEL: _C.CANCELLED},
    _C.DIALING: {
        **ENDS,
        ACCEPTED: _C.LIVE,
        LOST: _C.UNCERTAIN,
        NO: _C.QUEUED,
        NEVER: _C.REFUSED,
    },
    _C.UNCERTAIN: {
        **ENDS,
        ACCEPTED: _C.LIVE,
        NO: _C.QUEUED,
        NEVER: _C.QUEUED,
        LAPSED: _C.UNKNOWN,
    },
    _C.LIVE: {**ENDS, BY_CARRIER: _C.UNKNOWN, GIVE_UP: _C.UNKNOWN},
    _C.UNKNOWN: {**ENDS, ACCEPTED: _C.LIVE, WAS: _C.ENDED, WAS_NOT: _C.QUEUED},
    _C.WRAPPING_UP: {DONE: _C.ENDED, NO_OUTCOME: _C.ENDED},
    _C.CANCELLED: {UNDO: _C.QUEUED},
}
ALL_FACTS = (
    *ENDS,
    *(ACCEPTED, LOST, NO, NEVER, BY_CARRIER, NO_OUTCOME, LAPSED),
    *(CANCEL, UNDO, GIVE_UP, WAS, WAS_NOT),
)


@pytest.mark.parametrize("fact", ALL_FACTS, ids=lambda fact: type(fact).__name__)
@pytest.mark.parametrize("state", CallState)
def test_where_a_call_stands_after_any_fact(state: CallState, fact: Fact) -> None:
    standing = call_in(state)
    assert standing.call.state is state
    standing.told(fact)
    assert standing.call.state is CALL_MOVES.get(state, {}).get(fact, state)


@pytest.mark.parametrize(
    ("before", "fact"),
    [(told(), NO), (told(LOST), NO), (searched(0, 60, 60), WAS_NOT)],
    ids=["dialing", "uncertain", "unknown"],
)
def test_what_is_not_wanted_any_more_is_not_queued_again(before: Standing, fact: Fact) -> None:
    standing = before.copy()
    standing.told(CANCEL)
    standing.told(fact)
    assert (standing.call.state, standing.call.cancel_wished) == (_C.CANCELLED, False)
