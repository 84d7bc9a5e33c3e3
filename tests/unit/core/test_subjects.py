"""Whom a fact is about, and by which name an ended call is known."""

from __future__ import annotations

import pytest

from tests.unit.core.message_standing import CONTENT, ID, sid, try_id
from tests.unit.core.standing import CALL, attempt_id, conversation
from voiceslot_tui.core.calls import CallId, CallSid, ConversationId, Disposition, Instant
from voiceslot_tui.core.facts import (
    Accepted,
    CarrierOver,
    Fact,
    Interrupted,
    LookedUp,
    NotTaken,
    Over,
    Refusal,
    Reordered,
    SlotLapsed,
    Subject,
    Unanswered,
    Wish,
    Wished,
    WrapUpExpired,
    subject_of,
)
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpSubject,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
    OutcomeOpen,
    OutcomeRead,
    PersonOptedOut,
    TemplateNews,
    follow_up_subject,
)
from voiceslot_tui.core.follow_ups import (
    EndedCall,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    FollowUpState,
    follow_up_key,
    follow_up_of,
)

DIAL, TALK, SID = attempt_id(1), conversation(1), CallSid("CA1")
OF_THE_DIAL, OF_THE_CALL = Subject(attempt_id=DIAL), Subject(call_id=CALL)


@pytest.mark.parametrize(
    ("fact", "subject"),
    [
        (Accepted(DIAL, TALK, SID), OF_THE_DIAL),
        (NotTaken(DIAL, Refusal.RATE), OF_THE_DIAL),
        (Unanswered(DIAL), OF_THE_DIAL),
        (LookedUp(DIAL), OF_THE_DIAL),
        (Interrupted(DIAL), OF_THE_DIAL),
        (CarrierOver(DIAL), OF_THE_DIAL),
        (Over(TALK, DIAL, SID), Subject(None, DIAL, TALK, SID)),
        (Over(None, None, SID), Subject(call_sid=SID)),
        (WrapUpExpired(CALL), OF_THE_CALL),
        (SlotLapsed(DIAL), OF_THE_DIAL),
        (Wished(CALL, Wish.PARK, "olga"), OF_THE_CALL),
        (Reordered(CALL, 1, 2, "olga"), OF_THE_CALL),
    ],
)
def test_a_fact_is_about_whom_it_names(fact: Fact, subject: Subject) -> None:
    assert subject_of(fact) == subject


ONE, MESSAGE = try_id(1), sid(1)
OF_THE_TRY, OF_THE_ROW = FollowUpSubject(try_id=ONE), FollowUpSubject(follow_up_id=ID)


@pytest.mark.parametrize(
    ("fact", "subject"),
    [
        (MessageTaken(ONE, MESSAGE), OF_THE_TRY),
        (MessageRefused(ONE, Failure.FINAL), OF_THE_TRY),
        (MessageUnanswered(ONE), OF_THE_TRY),
        (MessagesListed(ONE, (MESSAGE,)), OF_THE_TRY),
        (MessageNews(Delivery.SENT, ONE, MESSAGE), FollowUpSubject(None, ONE, MESSAGE)),
        (MessageNews(Delivery.SENT, None, MESSAGE), FollowUpSubject(message_sid=MESSAGE)),
        (OutcomeRead(ID, Disposition.BUSY), OF_THE_ROW),
        (OutcomeOpen(ID, answered=True), OF_THE_ROW),
        (TemplateNews(ID, CONTENT, Approval.APPROVED), OF_THE_ROW),
        (PersonOptedOut(ID), OF_THE_ROW),
        (FollowUpWished(ID, FollowUpWish.SKIP, "olga"), OF_THE_ROW),
    ],
)
def test_news_is_about_whom_it_names(fact: FollowUpFact, subject: FollowUpSubject) -> None:
    assert follow_up_subject(fact) == subject


def test_an_ended_call_has_one_name() -> None:
    talk = ConversationId("conv_9")
    assert follow_up_key(talk, batch_id="b", recipient_id="r") == "conversation/conv_9"
    assert follow_up_key(None, batch_id="b", recipient_id="r", retry=2) == "batch/b/r/2"
    assert follow_up_key(None, call_id=CallId(4)) == "call/4"


def test_half_a_place_in_a_batch_names_no_call() -> None:
    ours = CallId(4)
    assert follow_up_key(None, batch_id="b", recipient_id="r", call_id=ours) == "batch/b/r/0"
    assert follow_up_key(None, batch_id="b", call_id=ours) == "call/4"
    assert follow_up_key(None, recipient_id="r", call_id=ours) == "call/4"
    with pytest.raises(AssertionError, match=r"^an ended call has a conversation, a place"):
        follow_up_key(None, batch_id="b", retry=1)


def test_a_follow_up_knows_all_that_is_known_of_its_call() -> None:
    ended = EndedCall(
        key=FollowUpKey("batch/b/r/0"),
        to_number="+12025550123",
        ended_at=Instant(5),
        disposition=Disposition.VOICEMAIL,
        outcome_known=True,
        name="Ana",
        summary="They did not talk.",
        email="ana@example.org",
        conversation_id=ConversationId("conv_1"),
        call_id=CallId(4),
        batch_id="b",
        agent_id="agent_1",
    )
    assert follow_up_of(ended, FollowUpId(3), Instant(9)) == FollowUp(
        id=FollowUpId(3),
        key=FollowUpKey("batch/b/r/0"),
        to_number="+12025550123",
        state=FollowUpState.DUE,
        ended_at=Instant(5),
        created_at=Instant(9),
        changed_at=Instant(9),
        disposition=Disposition.VOICEMAIL,
        outcome_known=True,
        name="Ana",
        summary="They did not talk.",
        email="ana@example.org",
        conversation_id=ConversationId("conv_1"),
        call_id=CallId(4),
        batch_id="b",
        agent_id="agent_1",
    )
