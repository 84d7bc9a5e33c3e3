"""What news about a message comes to, in the stories that matter and in every order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.message_standing import (
    ID,
    RESEND,
    RULES,
    MessageStanding,
    due,
    row_facts,
    sid,
    try_facts,
    try_id,
)
from voiceslot_tui.core.calls import Disposition, later
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
    OutcomeRead,
    PersonOptedOut,
)
from voiceslot_tui.core.follow_up_policy import Block, Skip, Wait
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    Form,
    SkipReason,
    TryState,
    WaitReason,
)

_S = FollowUpState
TAKEN = MessageTaken(try_id(1), sid(1))
LOST = MessageUnanswered(try_id(1), "time-out")
RETRY = FollowUpWished(ID, FollowUpWish.RETRY, "olga")
SKIP = FollowUpWished(ID, FollowUpWish.SKIP, "olga")
RELEASE = FollowUpWished(ID, FollowUpWish.RELEASE, "olga")


def news(delivery: Delivery, number: int = 1, failure: Failure | None = None) -> MessageNews:
    return MessageNews(delivery, try_id(number), sid(number), failure, 7 if failure else None)


def failed(failure: Failure, number: int = 1) -> MessageNews:
    return news(Delivery.FAILED, number, failure)


def sending(rules: FollowUpRules = RULES, form: Form | None = None) -> MessageStanding:
    standing = MessageStanding(rules=rules)
    standing.claimed(form)
    return standing


def state_of(standing: MessageStanding, number: int = 1) -> tuple[FollowUpState, TryState]:
    return standing.follow_up.state, standing.tries[try_id(number)].state


def test_a_message_goes_all_the_way() -> None:
    standing = sending()
    assert state_of(standing) == (_S.SENDING, TryState.SENDING)
    for fact, state in (
        (TAKEN, _S.ACCEPTED),
        (news(Delivery.SENT), _S.SENT),
        (news(Delivery.DELIVERED), _S.DELIVERED),
        (news(Delivery.READ), _S.READ),
    ):
        assert standing.told(fact) is not None
        assert standing.follow_up.state is state
        assert standing.told(fact) is None
    assert standing.tries[try_id(1)].message_sid == sid(1)


@pytest.mark.parametrize(
    "order",
    list(permutations([Delivery.ACCEPTED, Delivery.SENT, Delivery.DELIVERED, Delivery.READ])),
)
def test_callbacks_in_any_order_end_as_read(order: tuple[Delivery, ...]) -> None:
    standing = sending()
    for delivery in (*order, *order):
        standing.told(news(delivery))
    assert state_of(standing) == (_S.READ, TryState.READ)


def test_callbacks_that_overtake_the_answer_name_the_message() -> None:
    standing = sending()
    standing.told(MessageNews(Delivery.SENT, try_id(1)))
    assert standing.tries[try_id(1)].message_sid is None
    standing.told(TAKEN)
    assert (standing.follow_up.state, standing.tries[try_id(1)].message_sid) == (_S.SENT, sid(1))


def test_a_refusal_that_comes_after_proof_is_not_believed() -> None:
    standing = sending()
    standing.told(news(Delivery.SENT))
    assert standing.told(MessageRefused(try_id(1), Failure.FINAL)) is None
    assert standing.told(LOST) is None


@pytest.mark.parametrize("early", [Delivery.ACCEPTED, Delivery.SENT])
def test_what_failed_is_not_merely_sent_again_by_late_news(early: Delivery) -> None:
    standing = sending()
    standing.told(failed(Failure.FINAL))
    assert standing.told(news(early)) is None
    standing.told(news(Delivery.DELIVERED))
    assert state_of(standing) == (_S.DELIVERED, TryState.DELIVERED)


def test_what_was_delivered_does_not_fail_any_more() -> None:
    standing = sending()
    standing.told(news(Delivery.DELIVERED))
    assert standing.told(failed(Failure.NOT_ON_CHANNEL)) is None


# --- failures


FATES = {
    Failure.NOT_SENT: (_S.DUE, Channel.WHATSAPP, WaitReason.RETRY),
    Failure.AGAIN: (_S.DUE, Channel.WHATSAPP, WaitReason.RETRY),
    Failure.LATER: (_S.DUE, Channel.WHATSAPP, WaitReason.RETRY),
    Failure.OUTSIDE_WINDOW: (_S.DUE, Channel.WHATSAPP, WaitReason.RETRY),
    Failure.NOT_ON_CHANNEL: (_S.DUE, Channel.SMS, None),
    Failure.OPTED_OUT: (_S.FAILED, Channel.WHATSAPP, None),
    Failure.CONTENT: (_S.DUE, Channel.SMS, None),
    Failure.TEMPLATE: (_S.BLOCKED, Channel.WHATSAPP, None),
    Failure.ACCOUNT: (_S.DUE, Channel.WHATSAPP, WaitReason.ACCOUNT),
    Failure.FINAL: (_S.FAILED, Channel.WHATSAPP, None),
}


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("later_on", [False, True])
def test_each_failure_leads_where_it_should(failure: Failure, later_on: bool) -> None:
    standing = sending(form=Form.FREE_TEXT)
    standing.told(failed(failure) if later_on else MessageRefused(try_id(1), failure, 7))
    row = standing.follow_up
    assert (row.state, row.channel, row.waits_for) == FATES[failure]
    assert row.needs_template is (failure is Failure.OUTSIDE_WINDOW)
    assert row.code == 7
    closed = TryState.FAILED if later_on else TryState.NOT_SENT
    assert standing.tries[try_id(1)].state is closed


@pytest.mark.parametrize(
    ("failure", "waits_s"),
    [(Failure.AGAIN, [5, 30, 120, 600]), (Failure.LATER, [3600, 14_400, 28_800])],
)
def test_a_passing_failure_that_does_not_pass_becomes_final(
    failure: Failure, waits_s: list[float]
) -> None:
    standing, waits = sending(), []
    for number in range(1, 20):
        standing.told(MessageRefused(try_id(number), failure))
        row = standing.follow_up
        if row.channel is Channel.SMS:
            break
        assert row.due_at is not None
        waits.append((row.due_at - standing.now) / 1000)
        standing.claimed()
    assert waits == waits_s
    assert (row.state, row.due_at, row.failures) == (_S.DUE, None, 0)


@pytest.mark.parametrize("failure", [Failure.NOT_SENT, Failure.ACCOUNT])
def test_what_never_reached_the_messenger_is_tried_for_ever(failure: Failure) -> None:
    standing = sending()
    for number in range(1, 50):
        standing.told(MessageRefused(try_id(number), failure))
        assert (standing.follow_up.state, standing.follow_up.failures) == (_S.DUE, 0)
        standing.claimed()


def test_a_wait_that_the_messenger_asks_for_is_kept() -> None:
    standing = sending()
    standing.told(MessageRefused(try_id(1), Failure.NOT_SENT, retry_after_s=300.0))
    assert standing.follow_up.due_at == later(standing.now, 300.0)


def test_free_text_outside_the_window_goes_once_more_as_a_template() -> None:
    standing = sending(form=Form.FREE_TEXT)
    standing.told(failed(Failure.OUTSIDE_WINDOW))
    row = standing.follow_up
    assert (row.state, row.needs_template, row.due_at) == (_S.DUE, True, standing.now)
    standing.claimed(Form.TEMPLATE)
    standing.told(failed(Failure.OUTSIDE_WINDOW, 2))
    assert standing.follow_up.channel is Channel.SMS


def test_the_last_channel_fails_for_good() -> None:
    standing = sending()
    standing.told(failed(Failure.NOT_ON_CHANNEL))
    standing.claimed()
    standing.told(failed(Failure.NOT_ON_CHANNEL, 2))
    assert (standing.follow_up.state, standing.follow_up.tries) == (_S.FAILED, 2)


def test_a_channel_that_is_not_set_up_any_more_has_none_after_it() -> None:
    assert FollowUpRules((Channel.SMS,)).after(Channel.WHATSAPP) is None


def test_who_blocked_us_is_to_be_suppressed() -> None:
    standing = sending()
    standing.told(TAKEN)
    settlement = standing.told(failed(Failure.OPTED_OUT))
    assert settlement is not None
    assert settlement.opted_out


# --- ambiguous


def listed(standing: MessageStanding, times: int = 3) -> None:
    for _ in range(times):
        standing.told(MessagesListed(try_id(1)), 20.0)


def test_what_may_have_been_sent_is_held() -> None:
    standing = sending()
    standing.told(LOST)
    listed(standing, 9)
    assert state_of(standing) == (_S.AMBIGUOUS, TryState.AMBIGUOUS)
    assert "not found in" in standing.follow_up.detail


def test_what_may_have_been_sent_is_found() -> None:
    standing = sending()
    standing.told(LOST)
    listed(standing, 2)
    standing.told(MessagesListed(try_id(1), (sid(1),)))
    assert state_of(standing) == (_S.ACCEPTED, TryState.ACCEPTED)
    assert standing.tries[try_id(1)].message_sid == sid(1)


def test_several_candidates_are_for_the_operator() -> None:
    standing = sending(RESEND)
    standing.told(LOST)
    for _ in range(9):
        standing.told(MessagesListed(try_id(1), (sid(1), sid(2))), 20.0)
    assert standing.follow_up.state is _S.AMBIGUOUS
    assert "say whether it was sent" in standing.follow_up.detail


def test_it_is_sent_again_once_where_that_is_allowed() -> None:
    standing = sending(RESEND)
    standing.told(LOST)
    listed(standing, 2)
    assert standing.follow_up.state is _S.AMBIGUOUS
    listed(standing, 1)
    assert state_of(standing) == (_S.DUE, TryState.NOT_SENT)
    standing.claimed()
    standing.told(MessageUnanswered(try_id(2)))
    for _ in range(9):
        standing.told(MessagesListed(try_id(2)), 20.0)
    assert standing.follow_up.state is _S.AMBIGUOUS


def test_many_listings_in_a_moment_prove_nothing() -> None:
    standing = sending(RESEND)
    standing.told(LOST)
    for _ in range(9):
        standing.told(MessagesListed(try_id(1)), 1.0)
    assert standing.follow_up.state is _S.AMBIGUOUS


def test_late_proof_keeps_it_from_being_sent_again() -> None:
    standing = sending(RESEND)
    standing.told(LOST)
    listed(standing)
    standing.told(news(Delivery.SENT))
    assert state_of(standing) == (_S.SENT, TryState.SENT)


def test_an_operator_may_say_that_it_was_not_sent_or_leave_it() -> None:
    standing = sending()
    standing.told(LOST)
    other = standing.copy()
    standing.told(RETRY)
    assert state_of(standing) == (_S.DUE, TryState.NOT_SENT)
    other.told(SKIP)
    assert other.follow_up.skipped_for is SkipReason.BY_OPERATOR
    other.told(TAKEN)
    assert state_of(other) == (_S.SKIPPED, TryState.ACCEPTED)
    assert other.told(RETRY) is None, "the first message may still arrive"


def test_an_opt_out_leaves_what_may_have_been_sent_to_be_looked_up() -> None:
    standing = sending()
    standing.told(LOST)
    assert standing.told(PersonOptedOut(ID)) is None


# --- the follow-up itself


def test_an_opt_out_takes_what_is_due_and_what_is_blocked() -> None:
    for verdict in (None, Block(BlockReason.NO_TEMPLATE)):
        standing = MessageStanding()
        if verdict is not None:
            standing.judged(verdict)
        standing.told(PersonOptedOut(ID))
        assert standing.follow_up.skipped_for is SkipReason.SUPPRESSED


def test_the_outcome_is_learned_once_and_ends_the_wait_for_it() -> None:
    standing = MessageStanding(due(Disposition.FAILED, known=False))
    standing.judged(Wait(WaitReason.OUTCOME, later(standing.now, 60)))
    standing.told(OutcomeRead(ID, Disposition.ANSWERED, "they agreed"))
    row = standing.follow_up
    assert (row.disposition, row.summary, row.outcome_known) == (
        Disposition.ANSWERED,
        "they agreed",
        True,
    )
    assert (row.due_at, row.waits_for) == (None, None)
    assert standing.told(OutcomeRead(ID, Disposition.BUSY)) is None


@pytest.mark.parametrize("reason", SkipReason)
def test_what_was_left_out_can_be_wanted_all_the_same(reason: SkipReason) -> None:
    standing = MessageStanding()
    standing.judged(Skip(reason))
    standing.told(RETRY)
    assert (standing.follow_up.state, standing.follow_up.insisted) == (_S.DUE, True)


def test_retrying_what_waits_sends_it_at_once_and_wanting_it_twice_changes_nothing() -> None:
    standing = MessageStanding()
    standing.judged(Wait(WaitReason.RETRY, later(standing.now, 3600)))
    standing.told(RETRY)
    assert (standing.follow_up.due_at, standing.follow_up.insisted) == (None, True)
    assert standing.told(RETRY, 5.0) is None


def test_a_judgement_that_stands_already_changes_nothing() -> None:
    standing = MessageStanding()
    wait = Wait(WaitReason.QUIET_HOURS, later(standing.now, 60))
    assert standing.judged(wait) is not None
    assert standing.judged(wait) is None


EVERY_FACT = st.sampled_from((*try_facts(1), *try_facts(2), *row_facts()))


@given(st.lists(st.tuples(EVERY_FACT, st.booleans()), max_size=25), st.booleans())
def test_no_order_of_news_sends_while_a_message_may_be_on_its_way(
    story: list[tuple[object, bool]], resend: bool
) -> None:
    standing = MessageStanding(rules=replace(RULES, resend_ambiguous=resend))
    for fact, then_claim in story:
        wanted = isinstance(fact, FollowUpWished)
        standing.told(fact, 20.0)  # type: ignore[arg-type]
        if not then_claim or standing.follow_up.state is not _S.DUE or len(standing.tries) == 2:
            continue
        on_their_way = [
            one
            for one in standing.tries.values()
            if one.state in (TryState.SENDING, TryState.ACCEPTED, TryState.SENT)
        ]
        assert not on_their_way or wanted
        standing.claimed()


def test_a_listing_says_nothing_of_a_request_that_is_still_under_way() -> None:
    standing = sending()
    assert standing.told(MessagesListed(try_id(1), (sid(1),))) is None
    assert standing.told(MessagesListed(try_id(1))) is None


def test_an_earlier_channel_that_worked_after_all_ends_the_matter() -> None:
    standing = sending()
    standing.told(failed(Failure.NOT_ON_CHANNEL))
    standing.claimed()
    under_way = standing.copy()
    standing.told(failed(Failure.FINAL, 2))
    standing.told(news(Delivery.DELIVERED))
    row = standing.follow_up
    assert (row.state, row.channel, row.try_id) == (_S.DELIVERED, Channel.WHATSAPP, try_id(1))
    under_way.told(news(Delivery.DELIVERED))
    assert state_of(under_way) == (_S.SENDING, TryState.DELIVERED)
