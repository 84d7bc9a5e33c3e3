"""One row a fact: all that it changes of a call and its attempt, and that all else stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.unit.core.rows import (
    ACCEPTED,
    BUSY,
    DIAL,
    DONE,
    LOST,
    OVER,
    SID,
    T2,
    TALK,
    WAS_BUSY,
    Row,
    T,
    check,
    dialled_again,
    moved,
    refused_before,
    wished,
)
from tests.unit.core.standing import (
    CALL,
    RULES,
    START,
    Standing,
    attempt_id,
    conversation,
    dialled,
    queued,
    told,
)
from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
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
    Interrupted,
    NotTaken,
    Over,
    Refusal,
    Wish,
    WrapUpExpired,
)
from voiceslot_tui.core.moves import Settlement, move, suppressed
from voiceslot_tui.core.settlement import dispatch, settle

_S, _A = CallState, AttemptState
NAMED = {"conversation_id": TALK, "call_sid": SID}
ANSWERS = {
    "dialled, accepted": Row(
        dialled(),
        ACCEPTED,
        {"state": _S.LIVE, "changed_at": T},
        {"state": _A.LIVE, "accepted_at": T, **NAMED},
        (Step.ACCEPTED,),
    ),
    "live, the carrier's id comes later": Row(
        told(Accepted(DIAL, TALK)), ACCEPTED, {}, {"call_sid": SID}
    ),
    "over, the answer comes last": Row(
        told(OVER), ACCEPTED, {}, {"call_sid": SID, "accepted_at": T}
    ),
    "dialled, no answer": Row(
        dialled(),
        LOST,
        {"state": _S.UNCERTAIN, "changed_at": T},
        {"state": _A.UNCERTAIN, "detail": "time-out"},
        (Step.UNANSWERED,),
        "time-out",
    ),
    "dialled, nobody waits": Row(
        dialled(),
        Interrupted(DIAL),
        {"state": _S.UNCERTAIN, "changed_at": T},
        {
            "state": _A.UNCERTAIN,
            "detail": "nobody waited for the answer of the dial any more",
        },
        (Step.UNANSWERED,),
        "nobody waited for the answer of the dial any more",
    ),
}

BACK = {"state": _S.QUEUED, "holding": False, "attempts": 0, "changed_at": T}
CLOSED = {"state": _A.NOT_TAKEN, "over_at": T, "detail": "no"}
FINAL = {"state": _S.REFUSED, "holding": False, "attempts": 0, "changed_at": T, "ended_at": T}
CANCELLED = {**BACK, "state": _S.CANCELLED, "cancel_wished": False, "ended_at": T}
IN_A_MOMENT = {"refusals": 1, "hold": Hold.RETRY_WAIT, "due_at": later(T, 5)}


def answered_meanwhile() -> Standing:
    """Give a call that is dialled again while its first dial is proven to have been answered."""
    standing = told(ACCEPTED, WAS_BUSY, max_attempts=3)
    standing.dialled()
    standing.told(DONE)
    return standing


def no(
    refusal: Refusal,
    call: Mapping[str, object],
    before: Standing | None = None,
    step: Step = Step.NOT_TAKEN,
    dial: AttemptId = DIAL,
) -> Row:
    return Row(before or dialled(), NotTaken(dial, refusal, "no"), call, CLOSED, (step,), "no")


REFUSALS = {
    "capacity, after two dials": no(
        Refusal.CAPACITY, BACK | {"attempts": 2}, moved(dialled(), attempts=3)
    ),
    "capacity": no(Refusal.CAPACITY, BACK),
    "route": no(Refusal.ROUTE_DENIED, BACK | {"hold": Hold.PLATFORM_DENIED}),
    "no success": no(Refusal.NO_SUCCESS, BACK | IN_A_MOMENT),
    "no success, in doubt": no(Refusal.NO_SUCCESS, BACK | IN_A_MOMENT, told(LOST)),
    "number": no(
        Refusal.CALL_DENIED,
        FINAL | {"disposition": Disposition.INVALID_NUMBER},
        step=Step.REFUSED,
    ),
    "number, in doubt": no(Refusal.CALL_DENIED, BACK, told(LOST)),
    "no success once too often": no(
        Refusal.NO_SUCCESS,
        FINAL | {"refusals": 5, "disposition": Disposition.FAILED},
        refused_before(4),
        Step.REFUSED,
    ),
    "no success, not wanted any more": no(
        Refusal.NO_SUCCESS, CANCELLED | {"refusals": 1}, told(wished(Wish.CANCEL))
    ),
    "route, not wanted any more": no(Refusal.ROUTE_DENIED, CANCELLED, told(wished(Wish.CANCEL))),
}

ENDED = {"state": _S.ENDED, "changed_at": T, "ended_at": T}
TALKED = {"disposition": Disposition.ANSWERED, "talk_s": 42, "detail": "they talked"}
ENGAGED = {"disposition": Disposition.BUSY, "talk_s": 0, "detail": "engaged"}
WRAPPING = {"state": _S.WRAPPING_UP, "holding": False, "changed_at": T}
AGAIN = {
    "state": _S.QUEUED,
    "changed_at": T,
    "hold": Hold.RETRY_WAIT,
    "due_at": later(T, 900),
    "disposition": Disposition.BUSY,
}
SECOND_BUSY = Over(conversation(2), attempt_id(2), None, BUSY)
ENDS = {
    "live, over": Row(
        told(ACCEPTED), OVER, WRAPPING, {"state": _A.OVER, "over_at": T}, (Step.OVER,)
    ),
    "dialled, over, and named by it": Row(
        dialled(),
        Over(TALK, DIAL, SID, None),
        WRAPPING,
        {"state": _A.OVER, "over_at": T, **NAMED},
        (Step.OVER,),
    ),
    "live, over and analysed": Row(
        told(ACCEPTED),
        DONE,
        ENDED | {"holding": False, "disposition": Disposition.ANSWERED},
        {"state": _A.OVER, "over_at": T, **TALKED},
        (Step.OVER, Step.ANALYSED),
        "answered",
    ),
    "over, analysed": Row(
        told(ACCEPTED, OVER),
        DONE,
        ENDED | {"disposition": Disposition.ANSWERED},
        TALKED,
        (Step.ANALYSED,),
        "answered",
    ),
    "over, busy, tried again": Row(
        told(ACCEPTED, OVER, max_attempts=2), WAS_BUSY, AGAIN, ENGAGED, (Step.ANALYSED,), "busy"
    ),
    "over, never analysed": Row(
        told(ACCEPTED, OVER),
        WrapUpExpired(CALL),
        ENDED | {"disposition": Disposition.UNKNOWN},
        {"disposition": Disposition.UNKNOWN},
        (Step.ANALYSED,),
        "unknown",
    ),
    "ended unknown, answered": Row(
        told(ACCEPTED, OVER, WrapUpExpired(CALL)),
        DONE,
        {"disposition": Disposition.ANSWERED},
        TALKED,
    ),
    "ended unknown, busy": Row(
        told(ACCEPTED, OVER, WrapUpExpired(CALL)),
        WAS_BUSY,
        {"disposition": Disposition.BUSY},
        ENGAGED,
    ),
    "ended busy, answered": Row(
        told(ACCEPTED, WAS_BUSY), DONE, {"disposition": Disposition.ANSWERED}, TALKED
    ),
    "queued again, answered": Row(
        told(NotTaken(DIAL, Refusal.ROUTE_DENIED, "no")),
        DONE,
        ENDED | {"hold": None, "disposition": Disposition.ANSWERED},
        {"state": _A.OVER, "conversation_id": TALK, **TALKED},
        (Step.PROVEN_ANSWERED,),
        "it was answered after all",
    ),
    "dialled again, the first was answered": Row(
        dialled_again(), DONE, {"disposition": Disposition.ANSWERED}, TALKED
    ),
    "dialled twice, queued again, the first was answered": Row(
        moved(dialled_again(SECOND_BUSY), hold=None, due_at=None),
        DONE,
        ENDED | {"disposition": Disposition.ANSWERED},
        TALKED,
        (Step.PROVEN_ANSWERED,),
        "it was answered after all",
    ),
    "busy, when an earlier dial was answered": Row(
        dialled_again(DONE),
        SECOND_BUSY,
        ENDED | {"holding": False},
        {"state": _A.OVER, "over_at": T, **ENGAGED},
        (Step.OVER, Step.ANALYSED),
        "busy",
    ),
    "refused for good, when an earlier dial was answered": no(
        Refusal.CALL_DENIED,
        ENDED | {"holding": False, "attempts": 1},
        answered_meanwhile(),
        dial=attempt_id(2),
    ),
    "refused once too often, when an earlier dial was answered": no(
        Refusal.NO_SUCCESS,
        ENDED | {"holding": False, "attempts": 1, "refusals": 5},
        moved(answered_meanwhile(), refusals=4),
        dial=attempt_id(2),
    ),
    "ended, the carrier's id comes later": Row(
        dialled_again(DONE, SECOND_BUSY),
        replace(SECOND_BUSY, call_sid=CallSid("CA2")),
        {},
        {"call_sid": "CA2"},
    ),
}


ROWS = ANSWERS | REFUSALS | ENDS


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_fact_changes_this_and_nothing_else(row: Row) -> None:
    check(row)


@pytest.mark.parametrize("made", [0, 2])
def test_a_dial_takes_a_slot_and_is_written_down_first(made: int) -> None:
    call = replace(queued(), attempts=made, hold=Hold.RETRY_WAIT, due_at=START)
    dialling = {"state": _S.DIALING, "holding": True, "hold": None, "due_at": None}
    assert dispatch(call, DIAL, 1860.0, T) == Settlement(
        replace(call, attempts=made + 1, attempt_id=DIAL, changed_at=T, **dialling),  # type: ignore[arg-type]
        Attempt(DIAL, CALL, made + 1, _A.DIALING, T, later(T, 1860)),
        (Step.DISPATCHED,),
    )


def test_who_is_on_the_suppression_list_leaves_the_queue_for_good() -> None:
    call = replace(queued(), hold=Hold.RETRY_WAIT, due_at=T2)
    gone = replace(call, state=_S.SUPPRESSED, hold=None, due_at=None, changed_at=T, ended_at=T)
    detail = "the number is on the suppression list"
    assert suppressed(call, T) == Settlement(gone, None, (Step.SUPPRESSED,), detail)


def test_a_call_whose_dial_is_not_found_ends_all_the_same() -> None:
    call = told(ACCEPTED, OVER).call
    ended = replace(call, **ENDED, disposition=Disposition.UNKNOWN)  # type: ignore[arg-type]
    assert settle(call, None, WrapUpExpired(CALL), RULES, T) == Settlement(
        ended, None, (Step.ANALYSED,), "unknown"
    )


@pytest.mark.parametrize(
    ("start", "step", "target"),
    [
        (_S.LIVE, Step.ANALYSED, _S.ENDED),
        (_S.ENDED, Step.OVER, _S.WRAPPING_UP),
        (_S.QUEUED, Step.DISPATCHED, _S.LIVE),
    ],
)
def test_no_state_is_reached_by_a_way_that_is_not_listed(
    start: CallState, step: Step, target: CallState
) -> None:
    with pytest.raises(AssertionError, match=f"no way from {start} by '{step}' to {target}"):
        move(replace(queued(), state=start), step, target, T)
