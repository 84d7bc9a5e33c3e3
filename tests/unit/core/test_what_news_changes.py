"""One row each news: all that it changes of a follow-up and its try, and that all else stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.message_rows import (
    DELIVERED,
    LOST,
    ONE,
    SID,
    T2,
    TAKEN,
    Row,
    T,
    check,
    listed,
    news,
    sending,
    wished,
)
from tests.unit.core.message_standing import CONTENT, RESEND, RULES, MessageStanding, due, sid
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
)
from voiceslot_tui.core.follow_up_settlement import settle_follow_up
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    FollowUpStep,
    Form,
    TryState,
    WaitReason,
)

_S, _T, _P = FollowUpState, TryState, FollowUpStep
SO = "so it is"
ARRIVALS = {
    "the messenger takes it": Row(
        sending(),
        TAKEN,
        {"state": _S.ACCEPTED, "changed_at": T},
        {"state": _T.ACCEPTED, "changed_at": T, "message_sid": SID},
        (_P.TAKEN,),
    ),
    "sent": Row(
        sending(TAKEN),
        news(Delivery.SENT),
        {"state": _S.SENT, "changed_at": T},
        {"state": _T.SENT, "changed_at": T, "detail": SO},
        (_P.SENT,),
        SO,
    ),
    "read at once": Row(
        sending(TAKEN),
        news(Delivery.READ),
        {"state": _S.READ, "changed_at": T},
        {"state": _T.READ, "changed_at": T, "detail": SO},
        (_P.READ,),
        SO,
    ),
    "taken, when its callback came first": Row(
        sending(MessageNews(Delivery.SENT, ONE)), TAKEN, {}, {"message_sid": SID}
    ),
    "delivered after it failed": Row(
        sending(news(Delivery.FAILED, Failure.FINAL)),
        DELIVERED,
        {"state": _S.DELIVERED, "changed_at": T, "code": None, "detail": ""},
        {"state": _T.DELIVERED, "changed_at": T, "code": None, "detail": ""},
        (_P.DELIVERED,),
    ),
    "delivered by an earlier channel while the next has not begun": Row(
        sending(news(Delivery.FAILED, Failure.CONTENT)),
        DELIVERED,
        {
            "state": _S.DELIVERED,
            "channel": Channel.WHATSAPP,
            "changed_at": T,
            "code": None,
            "detail": "",
        },
        {"state": _T.DELIVERED, "changed_at": T, "code": None, "detail": ""},
        (_P.DELIVERED,),
    ),
}

FAILED_TRY = {"state": _T.FAILED, "changed_at": T, "code": 63016, "detail": SO}
TOLD = {"changed_at": T, "code": 63016, "detail": SO}


def failed(failure: Failure | None, changes: dict[str, object], form: Form | None = None) -> Row:
    return Row(
        sending(TAKEN, form=form),
        replace(news(Delivery.FAILED, failure), code=63016),
        TOLD | changes,
        FAILED_TRY,
        (_P.UNDELIVERED,),
        SO,
        failure is Failure.OPTED_OUT,
    )


def waits(seconds: float, reason: WaitReason = WaitReason.RETRY) -> dict[str, object]:
    return {"state": _S.DUE, "due_at": later(T, seconds), "waits_for": reason}


FAILURES = {
    "it may go again": failed(Failure.AGAIN, waits(5) | {"failures": 1}),
    "it may go in an hour": failed(Failure.LATER, waits(3600) | {"failures": 1}),
    "the account may not send": failed(Failure.ACCOUNT, waits(60, WaitReason.ACCOUNT)),
    "outside the window": failed(
        Failure.OUTSIDE_WINDOW,
        waits(0) | {"failures": 1, "needs_template": True},
        Form.FREE_TEXT,
    ),
    "outside the window although by template": failed(
        Failure.OUTSIDE_WINDOW, {"state": _S.DUE, "channel": Channel.SMS}
    ),
    "not on WhatsApp": failed(Failure.NOT_ON_CHANNEL, {"state": _S.DUE, "channel": Channel.SMS}),
    "the template is bad": failed(
        Failure.TEMPLATE,
        {
            "state": _S.BLOCKED,
            "blocked_for": BlockReason.TEMPLATE_NOT_APPROVED,
            "failures": 1,
            "content_sid": CONTENT,
        },
    ),
    "for good": failed(Failure.FINAL, {"state": _S.FAILED, "failures": 1}),
    "for no reason that was told": failed(None, {"state": _S.FAILED, "failures": 1}),
    "they do not want it": failed(Failure.OPTED_OUT, {"state": _S.FAILED, "failures": 1}),
}


def refused(
    failure: Failure, changes: dict[str, object], after_s: float | None = None, **before: object
) -> Row:
    return Row(
        sending(**before),  # type: ignore[arg-type]
        MessageRefused(ONE, failure, 429, "no", after_s),
        {"changed_at": T, "code": 429, "detail": "no"} | changes,
        {"state": _T.NOT_SENT, "changed_at": T, "code": 429, "detail": "no"},
        (_P.NOT_TAKEN,),
        "no",
        failure is Failure.OPTED_OUT,
    )


REFUSALS = {
    "refused for now": refused(Failure.AGAIN, waits(5) | {"failures": 1}),
    "refused the second time": refused(Failure.AGAIN, waits(30) | {"failures": 2}, failures=1),
    "refused for longer than we would wait": refused(
        Failure.AGAIN, waits(90) | {"failures": 1}, 90.0
    ),
    "refused for less than we would wait": refused(Failure.AGAIN, waits(5) | {"failures": 1}, 0.5),
    "refused too often": refused(
        Failure.AGAIN,
        {"state": _S.DUE, "channel": Channel.SMS, "failures": 0},
        failures=4,
    ),
    "not sent, however often before": refused(Failure.NOT_SENT, waits(30), failures=3),
    "refused for good": refused(Failure.FINAL, {"state": _S.FAILED, "failures": 1}),
    "refused as unwanted": refused(Failure.OPTED_OUT, {"state": _S.FAILED, "failures": 1}),
}

FOUND_NOTHING = "not found in 3 complete listings"
ASKED = f"{FOUND_NOTHING}; say whether it was sent"
SENT_AGAIN = f"{FOUND_NOTHING}; sent again as FOLLOW_UP_AMBIGUOUS=resend allows"
MAYBE_ANOTHERS = "a message may be this one, or another to them in doubt; say whether it was sent"
SEVERAL = "2 messages may be this one; say whether it was sent"
OTHER_TIMES = (
    "a message to them is listed, dated too early or too late for this one; say whether it was sent"
)
DOUBTS = {
    "no answer": Row(
        sending(),
        LOST,
        {"state": _S.AMBIGUOUS, "changed_at": T, "detail": "time-out"},
        {"state": _T.AMBIGUOUS, "changed_at": T, "detail": "time-out"},
        (_P.UNANSWERED,),
        "time-out",
    ),
    "not found": Row(listed(), MessagesListed(ONE), {}, {"lookups": 1, "first_lookup_at": T}),
    "one is found, and another to them is in doubt": Row(
        listed(),
        MessagesListed(ONE, (SID,), in_doubt_too=1),
        {"detail": MAYBE_ANOTHERS},
        {"detail": MAYBE_ANOTHERS},
        (),
        MAYBE_ANOTHERS,
    ),
    "not found again": Row(listed(0), MessagesListed(ONE), {}, {"lookups": 2}),
    "not found at all": Row(
        listed(0, 25), MessagesListed(ONE), {"detail": ASKED}, {"lookups": 3}, (), ASKED
    ),
    "not found at all, and may be sent again": Row(
        listed(0, 25, rules=RESEND),
        MessagesListed(ONE),
        {"state": _S.DUE, "changed_at": T2, "resends": 1, "detail": SENT_AGAIN},
        {"state": _T.NOT_SENT, "changed_at": T2, "lookups": 3},
        (_P.NOT_FOUND,),
        SENT_AGAIN,
    ),
    "not found at all, and left out by the operator": Row(
        listed(0, 25, told=(wished(FollowUpWish.SKIP),)),
        MessagesListed(ONE),
        {},
        {"lookups": 3},
    ),
    "several found": Row(
        listed(0),
        MessagesListed(ONE, (SID, sid(2))),
        {"detail": SEVERAL},
        {"detail": SEVERAL, "lookups": 0, "first_lookup_at": None},
        (),
        SEVERAL,
    ),
    "only ones of other times found, which prove nothing": Row(
        listed(0, 25, rules=RESEND),
        MessagesListed(ONE, (), (SID,)),
        {"detail": OTHER_TIMES},
        {"detail": OTHER_TIMES, "lookups": 0, "first_lookup_at": None},
        (),
        OTHER_TIMES,
    ),
    "found beside ones of other times": Row(
        listed(0),
        MessagesListed(ONE, (SID,), (sid(2),)),
        {"state": _S.ACCEPTED, "changed_at": T, "detail": ""},
        {"state": _T.ACCEPTED, "changed_at": T, "message_sid": SID, "detail": ""},
        (_P.TAKEN,),
    ),
    "found": Row(
        listed(0),
        MessagesListed(ONE, (SID,)),
        {"state": _S.ACCEPTED, "changed_at": T, "detail": ""},
        {"state": _T.ACCEPTED, "changed_at": T, "message_sid": SID, "detail": ""},
        (_P.TAKEN,),
    ),
}

ROWS = ARRIVALS | FAILURES | REFUSALS | DOUBTS


@pytest.mark.parametrize("told", ROWS.values(), ids=ROWS)
def test_news_changes_this_and_nothing_else(told: Row) -> None:
    check(told)


def second_try(*told: FollowUpFact) -> MessageStanding:
    """Give a follow-up whose second try, by SMS, is under way."""
    standing = sending(TAKEN, news(Delivery.FAILED, Failure.CONTENT))
    standing.claimed()
    for fact in told:
        standing.told(fact)
    return standing


OF_THE_FIRST = {
    "delivered": Row(
        second_try(),
        DELIVERED,
        {},
        {"state": _T.DELIVERED, "changed_at": T, "code": None, "detail": ""},
    ),
    "unwanted": Row(
        sending(LOST, wished(FollowUpWish.SKIP)),
        news(Delivery.FAILED, Failure.OPTED_OUT),
        {},
        FAILED_TRY | {"message_sid": SID},
        opted_out=True,
    ),
}


@pytest.mark.parametrize("told", OF_THE_FIRST.values(), ids=OF_THE_FIRST)
def test_late_news_of_what_is_settled_is_kept_with_its_try(told: Row) -> None:
    check(told)


NOTHING = {
    "another id for a message": (sending(TAKEN), MessageTaken(ONE, sid(9))),
    "no answer of what was taken": (sending(TAKEN), LOST),
    "refused when taken": (sending(TAKEN), MessageRefused(ONE, Failure.FINAL)),
    "refused when in doubt": (sending(LOST), MessageRefused(ONE, Failure.FINAL)),
    "listed when taken": (sending(TAKEN), MessagesListed(ONE, (SID,))),
    "several found twice": (
        listed(0, found=(SID, sid(2))),
        MessagesListed(ONE, (SID, sid(2))),
    ),
}


@pytest.mark.parametrize(("before", "fact"), NOTHING.values(), ids=NOTHING)
def test_this_news_changes_nothing(before: MessageStanding, fact: FollowUpFact) -> None:
    assert before.copy().told(fact, 5.0) is None


def test_news_of_no_try_changes_nothing() -> None:
    assert settle_follow_up(due(), None, TAKEN, RULES, T) is None
