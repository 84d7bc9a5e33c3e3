"""One row a look-up, a lapse or a wish: all that it changes of a call, and that all else stays."""

from __future__ import annotations

import pytest

from tests.unit.core.rows import (
    ACCEPTED,
    BUSY,
    DIAL,
    LOST,
    REQUEUE,
    SID,
    T2,
    TALK,
    WAS_BUSY,
    Row,
    T,
    check,
    dialled_again,
    moved,
    searched,
    waiting,
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
    told,
)
from voiceslot_tui.core.calls import (
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
    Reordered,
    SlotLapsed,
    Unanswered,
    Wish,
)
from voiceslot_tui.core.settlement import settle

_S, _A = CallState, AttemptState
LOST_SIGHT = {"state": _S.UNKNOWN, "holding": False, "changed_at": T}


def dialled_again_in_doubt() -> Standing:
    standing = told(LOST, WAS_BUSY, max_attempts=3)
    standing.dialled()
    standing.told(Unanswered(attempt_id(2), "time-out"))
    return standing


BY_CARRIER = "the carrier says that it is over"
LOOKS = {
    "first look-up": Row(searched(), LookedUp(DIAL), {}, {"lookups": 1, "first_lookup_at": T}),
    "second look-up": Row(searched(0), LookedUp(DIAL), {}, {"lookups": 2}),
    "second look-up in the same moment": Row(
        moved(searched(0), -5), LookedUp(DIAL), {}, {"lookups": 2}
    ),
    "second look-up in the same second": Row(
        moved(searched(0), -4.5), LookedUp(DIAL), {}, {"lookups": 2}
    ),
    "the clock was set back": Row(
        moved(searched(0, 60), -3605),
        LookedUp(DIAL),
        {},
        {"lookups": 1, "first_lookup_at": later(START, -3540)},
    ),
    "third look-up after two minutes": Row(
        searched(0, 120),
        LookedUp(DIAL),
        {"state": _S.UNKNOWN, "changed_at": T2},
        {"state": _A.UNKNOWN, "lookups": 3},
        (Step.NOT_FOUND,),
        "no conversation found in 3 complete look-ups",
    ),
    "third look-up where that queues it again": Row(
        searched(0, 120, rules=REQUEUE),
        LookedUp(DIAL),
        {"state": _S.QUEUED, "holding": False, "changed_at": T2},
        {"state": _A.NOT_TAKEN, "lookups": 3, "over_at": T2},
        (Step.NOT_TAKEN,),
        "never found; queued again as UNKNOWN_CALLS=requeue allows",
    ),
    "unknown, can no longer talk": Row(
        searched(0, 60, 60),
        SlotLapsed(DIAL),
        {"holding": False, "changed_at": T2},
        detail="it can no longer be talking",
    ),
    "in doubt, can no longer talk": Row(
        searched(0),
        SlotLapsed(DIAL),
        LOST_SIGHT,
        {"state": _A.UNKNOWN},
        (Step.NOT_FOUND,),
        "no search for it could be completed, and it can no longer be talking",
    ),
    "in doubt, can no longer talk, where what is not found is queued again": Row(
        searched(0, rules=REQUEUE),
        SlotLapsed(DIAL),
        LOST_SIGHT,
        {"state": _A.UNKNOWN},
        (Step.NOT_FOUND,),
        "no search for it could be completed, and it can no longer be talking",
    ),
    "live, over by the carrier": Row(
        told(ACCEPTED),
        CarrierOver(DIAL),
        LOST_SIGHT,
        {"state": _A.UNKNOWN, "detail": BY_CARRIER},
        (Step.RELEASED,),
        BY_CARRIER,
    ),
    "unknown, over by the carrier": Row(
        searched(0, 60, 60),
        CarrierOver(DIAL),
        {"holding": False, "changed_at": T2},
        {},
        detail=BY_CARRIER,
    ),
}

WISHED_AWAY = "cancel wished; honoured as soon as it can be"
WISHES = {
    "cancel what waits": Row(
        waiting(),
        wished(Wish.CANCEL),
        {"state": _S.CANCELLED, "changed_at": T, "ended_at": T},
        steps=(Step.CANCELLED,),
    ),
    "cancel what waits for a retry, whose time is kept": Row(
        waiting(hold=Hold.RETRY_WAIT, due_at=T2),
        wished(Wish.CANCEL),
        {"state": _S.CANCELLED, "changed_at": T, "ended_at": T},
        steps=(Step.CANCELLED,),
    ),
    "cancel what is dialled": Row(
        dialled(),
        wished(Wish.CANCEL),
        {"cancel_wished": True, "changed_at": T},
        detail=WISHED_AWAY,
    ),
    "undo a cancel that was wished": Row(
        told(wished(Wish.CANCEL)),
        wished(Wish.UNDO_CANCEL),
        {"cancel_wished": False, "changed_at": T},
    ),
    "undo a cancel": Row(
        waiting(state=_S.CANCELLED, ended_at=START),
        wished(Wish.UNDO_CANCEL),
        {"state": _S.QUEUED, "changed_at": T, "ended_at": None},
        steps=(Step.UNDONE,),
    ),
    "undo a cancel before the retry": Row(
        waiting(state=_S.CANCELLED, ended_at=START, hold=Hold.RETRY_WAIT, due_at=T2),
        wished(Wish.UNDO_CANCEL),
        {"state": _S.QUEUED, "changed_at": T, "ended_at": None},
        steps=(Step.UNDONE,),
    ),
    "park": Row(waiting(), wished(Wish.PARK), {"hold": Hold.PARKED, "changed_at": T}),
    "unpark": Row(waiting(hold=Hold.PARKED), wished(Wish.UNPARK), {"hold": None, "changed_at": T}),
    "unpark at the moment of the retry": Row(
        waiting(hold=Hold.PARKED, due_at=T),
        wished(Wish.UNPARK),
        {"hold": None, "due_at": None, "changed_at": T},
    ),
    "unpark before the retry": Row(
        waiting(hold=Hold.PARKED, due_at=T2),
        wished(Wish.UNPARK),
        {"hold": Hold.RETRY_WAIT, "changed_at": T},
    ),
    "release what is live": Row(
        told(ACCEPTED),
        wished(Wish.RELEASE),
        LOST_SIGHT,
        {"state": _A.UNKNOWN, "detail": "by the operator"},
        (Step.RELEASED,),
        "by the operator",
    ),
    "release what is unknown": Row(
        searched(0, 60, 60),
        wished(Wish.RELEASE),
        {"holding": False, "changed_at": T2},
        {},
        detail="by the operator",
    ),
    "it was dialled": Row(
        searched(0, 60, 60),
        wished(Wish.CONFIRM_DIALLED),
        {
            "state": _S.ENDED,
            "holding": False,
            "changed_at": T2,
            "ended_at": T2,
            "disposition": Disposition.UNKNOWN,
        },
        {"state": _A.OVER, "over_at": T2},
        (Step.CONFIRMED_DIALLED,),
    ),
    "it was dialled, and an earlier dial was answered": Row(
        moved(searched(0, 60, 60), disposition=Disposition.ANSWERED),
        wished(Wish.CONFIRM_DIALLED),
        {"state": _S.ENDED, "holding": False, "changed_at": T2, "ended_at": T2},
        {"state": _A.OVER, "over_at": T2},
        (Step.CONFIRMED_DIALLED,),
    ),
    "the third was not dialled": Row(
        moved(searched(0, 60, 60), attempts=3),
        wished(Wish.CONFIRM_NOT_DIALLED),
        {"state": _S.QUEUED, "holding": False, "attempts": 2, "changed_at": T2},
        {"state": _A.NOT_TAKEN, "over_at": T2},
        (Step.CONFIRMED_NOT_DIALLED,),
    ),
    "it was not dialled": Row(
        searched(0, 60, 60),
        wished(Wish.CONFIRM_NOT_DIALLED),
        {"state": _S.QUEUED, "holding": False, "attempts": 0, "changed_at": T2},
        {"state": _A.NOT_TAKEN, "over_at": T2},
        (Step.CONFIRMED_NOT_DIALLED,),
    ),
    "another place": Row(
        waiting(),
        Reordered(CALL, 5, -3, "olga"),
        {"priority": 5, "position": -3, "changed_at": T},
    ),
    "another priority": Row(
        waiting(), Reordered(CALL, 5, 0, "olga"), {"priority": 5, "changed_at": T}
    ),
}


@pytest.mark.parametrize("row", (LOOKS | WISHES).values(), ids=LOOKS | WISHES)
def test_a_fact_changes_this_and_nothing_else(row: Row) -> None:
    check(row)


NOTHING = {
    "other ids for a live call": (told(ACCEPTED), Accepted(DIAL, conversation(9), CallSid("CA9"))),
    "no answer of a live call": (told(ACCEPTED), LOST),
    "no answer twice": (told(LOST), Interrupted(DIAL)),
    "refused when live": (told(ACCEPTED), NotTaken(DIAL, Refusal.CALL_DENIED)),
    "looked up when live": (told(ACCEPTED), LookedUp(DIAL)),
    "busy when it was busy": (
        told(ACCEPTED, WAS_BUSY),
        Over(TALK, DIAL, SID, Outcome(Disposition.FAILED, 9, "x")),
    ),
    "an earlier dial ended once more": (dialled_again(), Over(TALK, DIAL, CallSid("CA9"), BUSY)),
    "released when dialled": (dialled(), wished(Wish.RELEASE)),
    "confirmed when live": (told(ACCEPTED), wished(Wish.CONFIRM_DIALLED)),
    "cancelled twice": (told(wished(Wish.CANCEL)), wished(Wish.CANCEL)),
    "cancelled when live": (told(ACCEPTED), wished(Wish.CANCEL)),
    "parked when dialled": (dialled(), wished(Wish.PARK)),
    "parked when parked": (waiting(hold=Hold.PARKED), wished(Wish.PARK)),
    "unparked when not parked": (waiting(), wished(Wish.UNPARK)),
    "the same place": (waiting(), Reordered(CALL, 0, 0, "olga")),
    "another place for what is dialled": (dialled(), Reordered(CALL, 5, 0, "olga")),
    "lapsed when dialled": (dialled(), SlotLapsed(DIAL)),
    "lapsed when live": (told(ACCEPTED), SlotLapsed(DIAL)),
    "an earlier dial lapsed": (dialled_again_in_doubt(), SlotLapsed(DIAL)),
    "lapsed when released": (
        told(ACCEPTED, CarrierOver(DIAL)),
        SlotLapsed(DIAL),
    ),
}


@pytest.mark.parametrize(("before", "fact"), NOTHING.values(), ids=NOTHING)
def test_these_change_nothing(before: Standing, fact: Fact) -> None:
    standing = before.copy()
    assert standing.told(fact, 5.0) is None


@pytest.mark.parametrize("wish", [Wish.RELEASE, Wish.CONFIRM_DIALLED, Wish.CONFIRM_NOT_DIALLED])
def test_a_wish_about_a_dial_needs_one(wish: Wish) -> None:
    unknown = searched(0, 60, 60).call
    assert settle(unknown, None, wished(wish), RULES, T) is None
