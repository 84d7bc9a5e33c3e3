"""Claiming: judged and committed before anything is sent, and never too much for one person."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from tests.contract.store.messages import (
    POLICY,
    STANDING,
    TEMPLATE,
    Messages,
    wrote,
)
from voiceslot_tui.core.calls import Disposition, later
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Failure,
    MessageRefused,
    MessageUnanswered,
    OutcomeRead,
)
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    Form,
    SkipReason,
    TryState,
    WaitReason,
)
from voiceslot_tui.core.limits import FOLLOW_UPS_JUDGED_MIN
from voiceslot_tui.core.quiet_hours import QuietHours


async def test_a_claim_is_committed_before_it_is_given_out(messages: Messages) -> None:
    sending = await messages.claimed()
    with closing(sqlite3.connect(f"file:{messages.opened.path}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT state, try_id FROM follow_up").fetchone() == (
            "sending",
            sending.one_try.id,
        )
        assert db.execute("SELECT state FROM message_try").fetchone() == ("sending",)
    assert await messages.opened.store.tries_cut_off() == (sending.one_try.id,)
    assert await messages.one() == sending.follow_up
    assert await messages.tries_of(sending.follow_up) == (sending.one_try,)
    assert sending.one_try.content_sid == TEMPLATE.content_sid


async def test_what_was_claimed_is_not_claimed_again(messages: Messages) -> None:
    await messages.claimed()
    assert (await messages.take()).sendings == ()
    await messages.opened.reopen()
    assert (await messages.take()).sendings == ()


async def test_the_longest_due_go_first_and_no_more_than_asked_for(messages: Messages) -> None:
    await messages.add(*range(1, 8))
    first = await messages.take(3)
    assert [one.follow_up.id for one in first.sendings] == [1, 2, 3]
    assert (first.more, first.next_due) == (True, None)
    rest = await messages.take(100)
    assert [one.follow_up.id for one in rest.sendings] == [4, 5, 6, 7]
    assert not rest.more
    assert await messages.take(0) == await messages.take(100)


@pytest.mark.parametrize("count", range(-5, 1))
async def test_where_none_may_go_none_is_claimed(messages: Messages, count: int) -> None:
    """Also where more are under way than may be, with nothing due and with much of it."""
    assert (await messages.take(count)).sendings == ()
    await messages.add(*range(1, 101))
    taken = await messages.take(count)
    assert (taken.sendings, taken.judged, taken.more) == ((), 0, True)


async def test_one_look_judges_a_bounded_number(messages: Messages) -> None:
    await messages.add(*range(1, 101), disposition=Disposition.BUSY)
    taken = await messages.take(1)
    assert (taken.judged, taken.more) == (FOLLOW_UPS_JUDGED_MIN, True)
    taken = await messages.take(1)
    assert (taken.judged, taken.more) == (100 - FOLLOW_UPS_JUDGED_MIN, False)


# --- the daily count


async def test_two_calls_of_one_person_in_one_look_get_one_message(messages: Messages) -> None:
    await messages.told(messages.ended(1, person=1), messages.ended(2, person=1))
    taken = await messages.take()
    assert [one.follow_up.id for one in taken.sendings] == [1]
    assert (await messages.one(2)).skipped_for is SkipReason.ALREADY_TODAY


@pytest.mark.parametrize("restart", [False, True])
async def test_two_calls_of_one_person_in_two_looks_get_one_message(
    messages: Messages, restart: bool
) -> None:
    await messages.accepted(1)
    if restart:
        await messages.opened.reopen()
    await messages.told(messages.ended(2, person=1))
    assert (await messages.take()).sendings == ()
    assert (await messages.one(2)).skipped_for is SkipReason.ALREADY_TODAY


async def test_one_line_is_one_person_however_it_is_written(messages: Messages) -> None:
    await messages.told(
        messages.ended(1, to_number="+5523960000001"),
        messages.ended(2, to_number="+552360000001"),
    )
    assert [one.follow_up.id for one in (await messages.take()).sendings] == [1]
    assert (await messages.one(2)).skipped_for is SkipReason.ALREADY_TODAY


@pytest.mark.parametrize(
    ("failure", "counts"),
    [(None, True), (Failure.FINAL, False), (Failure.NOT_SENT, False)],
)
async def test_what_may_have_been_sent_counts_and_what_certainly_was_not_does_not(
    messages: Messages, failure: Failure | None, counts: bool
) -> None:
    sending = await messages.claimed(1)
    name = sending.one_try.id
    await messages.tell(MessageRefused(name, failure) if failure else MessageUnanswered(name))
    await messages.told(messages.ended(2, person=1))
    assert bool((await messages.take()).sendings) is not counts


async def test_the_count_begins_anew_and_other_people_do_not_count(messages: Messages) -> None:
    await messages.accepted(1)
    await messages.told(messages.ended(2, person=2))
    assert len((await messages.take()).sendings) == 1
    messages.opened.wait(3 * 86_400)
    await messages.told(messages.ended(3, person=1))
    assert len((await messages.take()).sendings) == 1


async def test_the_tries_of_the_same_message_do_not_count(messages: Messages) -> None:
    sending, _ = await messages.accepted(1)
    await messages.tell()
    await messages.told(messages.ended(2, person=1))
    other = replace(POLICY, per_day=2)
    assert len((await messages.take(policy=other)).sendings) == 1
    await messages.told(messages.ended(3, person=1))
    assert len((await messages.take(policy=other)).sendings) == 0
    assert sending.follow_up.id == 1


async def test_people_without_a_number_are_counted_by_their_address(messages: Messages) -> None:
    policy = replace(POLICY, channels=(Channel.EMAIL,))
    await messages.told(
        messages.ended(1, to_number="", email="a@example.com"),
        messages.ended(2, to_number="", email="b@example.com"),
        messages.ended(3, to_number="", email="a@example.com"),
    )
    taken = await messages.take(policy=policy)
    assert [one.follow_up.id for one in taken.sendings] == [1, 2]
    assert (await messages.one(3)).skipped_for is SkipReason.ALREADY_TODAY


# --- the other verdicts


async def test_what_waits_for_an_event_is_not_looked_at_until_it_comes(messages: Messages) -> None:
    await messages.add(1, 2)
    paused = replace(STANDING, paused=True)
    assert (await messages.take(standing=paused)).judged == 2
    taken = await messages.take(standing=paused)
    assert (taken.judged, taken.more, taken.next_due) == (0, False, None)
    assert (await messages.one()).waits_for is WaitReason.PAUSED
    store = messages.opened.store
    assert await store.wake_follow_ups(WaitReason.TEMPLATE_UNREAD, messages.opened.now) == 0
    assert await store.wake_follow_ups(WaitReason.PAUSED, messages.opened.now) == 2
    assert await store.wake_follow_ups(WaitReason.PAUSED, messages.opened.now) == 0
    assert len((await messages.take()).sendings) == 2


async def test_what_waits_for_a_time_comes_back_by_itself(messages: Messages) -> None:
    await messages.add(1)
    quiet = replace(POLICY, quiet=QuietHours(time(0), time(23)))
    taken = await messages.take(policy=quiet)
    assert taken.judged == 1
    assert taken.next_due is not None
    assert taken.next_due == (await messages.one()).due_at
    assert (await messages.take(policy=quiet)).judged == 0
    messages.opened.now = taken.next_due
    assert len((await messages.take(policy=quiet)).sendings) == 1


async def test_quiet_hours_are_those_of_the_number(messages: Messages) -> None:
    await messages.add(1)
    quiet = replace(POLICY, quiet=QuietHours(time(22), time(23)))
    zones = (ZoneInfo("UTC"),)
    assert len((await messages.take(policy=quiet, zones=zones)).sendings) == 0
    assert (await messages.one()).waits_for is WaitReason.QUIET_HOURS
    await messages.add(2)
    assert len((await messages.take(policy=quiet, zones=(ZoneInfo("Asia/Tokyo"),))).sendings) == 1


async def test_a_conversation_that_was_not_read_is_told_of_until_it_is(messages: Messages) -> None:
    await messages.add(1, outcome_known=False)
    taken = await messages.take()
    assert [one.id for one in taken.unread] == [1]
    assert taken.unread == (await messages.one(),)
    assert (await messages.take()).unread == ()
    messages.opened.now = taken.next_due or messages.opened.now
    assert [one.id for one in (await messages.take()).unread] == [1]
    (row,) = taken.unread
    await messages.tell(OutcomeRead(row.id, Disposition.ANSWERED, "They talked."))
    (sending,) = (await messages.take()).sendings
    assert sending.follow_up.summary == "They talked."


async def test_blocked_messages_wait_until_they_are_released(messages: Messages) -> None:
    await messages.add(1)
    rejected = replace(STANDING, template=replace(TEMPLATE, approval=Approval.REJECTED))
    await messages.take(standing=rejected)
    row = await messages.one()
    assert (row.state, row.blocked_for) == (
        FollowUpState.BLOCKED,
        BlockReason.TEMPLATE_NOT_APPROVED,
    )
    assert (await messages.take()).judged == 0


async def test_who_wrote_lately_gets_free_text(messages: Messages) -> None:
    store, now = messages.opened.store, messages.opened.now
    await messages.add(1, 2)
    for message, ago_s in ((1, 60), (2, 86_400 * 2)):
        await store.hear(wrote(1, later(now, -ago_s), message=message), "", now, "webhook")
    forms = [one.one_try.form for one in (await messages.take()).sendings]
    assert forms == [Form.FREE_TEXT, Form.TEMPLATE]


async def test_a_crash_before_the_request_leaves_a_message_in_doubt(messages: Messages) -> None:
    sending = await messages.claimed()
    await messages.opened.reopen()
    (name,) = await messages.opened.store.tries_cut_off()
    await messages.tell(MessageUnanswered(name, "the engine stopped"))
    assert await messages.state() is FollowUpState.AMBIGUOUS
    assert (await messages.take()).sendings == ()
    assert await messages.opened.store.tries_cut_off() == ()
    (one_try,) = await messages.tries_of(sending.follow_up)
    assert one_try.state is TryState.AMBIGUOUS
