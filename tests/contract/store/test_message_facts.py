"""News of messages: by try or by the messenger's id, in any order, and never another's."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from tests.contract.store.messages import (
    CONTENT,
    MESSAGE_RULES,
    OTHER_CONTENT,
    POLICY,
    STANDING,
    Messages,
    key,
)
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
)
from voiceslot_tui.core.follow_up_policy import Standing
from voiceslot_tui.core.follow_ups import (
    FollowUpState,
    MessageSid,
    TryId,
    TryState,
    follow_up_key,
)
from voiceslot_tui.core.limits import (
    DELIVERY_LOOKED_UP_AFTER_S,
    DOUBT_LOOKED_UP_AFTER_S,
    LOOK_EVERY_MAX_S,
)
from voiceslot_tui.store import follow_up_rows

STRANGER = MessageSid("SM" + "f" * 32)
SID = MessageSid(f"SM{1:032d}")


async def test_news_by_the_try_or_by_the_messengers_id_moves_a_message(messages: Messages) -> None:
    sending, sid = await messages.accepted()
    await messages.tell(MessageNews(Delivery.SENT, message_sid=sid))
    assert await messages.state() is FollowUpState.SENT
    await messages.tell(MessageNews(Delivery.DELIVERED, try_id=sending.one_try.id))
    assert await messages.state() is FollowUpState.DELIVERED
    assert await messages.history(sending.follow_up) == [
        "message_claimed",
        "message_taken_by_the_messenger",
        "message_sent",
        "message_delivered",
    ]


NEWS: dict[str, FollowUpFact] = {
    "answer": MessageTaken(TryId("try_00001"), SID),
    "sent": MessageNews(Delivery.SENT, TryId("try_00001"), SID),
    "delivered": MessageNews(Delivery.DELIVERED, TryId("try_00001"), SID),
}


@pytest.mark.parametrize("order", list(permutations(NEWS)))
async def test_callbacks_that_overtake_our_own_answer_lose_nothing(
    messages: Messages, order: tuple[str, ...]
) -> None:
    sending = await messages.claimed()
    for name in order:
        await messages.tell(NEWS[name], NEWS[name])
    row = await messages.one()
    assert row.state is FollowUpState.DELIVERED
    (one_try,) = await messages.tries_of(sending.follow_up)
    assert (one_try.state, one_try.message_sid) == (TryState.DELIVERED, SID)


async def test_news_of_strangers_changes_nothing(messages: Messages) -> None:
    await messages.accepted()
    before = await messages.all()
    assert (
        await messages.tell(
            MessageNews(Delivery.READ, TryId("nobody"), STRANGER),
            MessageNews(Delivery.READ, None, STRANGER),
            MessageNews(Delivery.READ),
            MessageTaken(TryId("nobody"), STRANGER),
        )
        == (None,) * 4
    )
    assert await messages.all() == before


async def test_a_message_is_never_taken_for_two(messages: Messages) -> None:
    first, sid = await messages.accepted(1)
    second = await messages.claimed(2)
    await messages.tell(MessageTaken(second.one_try.id, sid))
    assert await messages.state(2) is FollowUpState.AMBIGUOUS
    await messages.tell(MessagesListed(second.one_try.id, (sid,)))
    await messages.tell(MessagesListed(second.one_try.id, (), (sid,)))
    assert [one.lookups for one in await messages.tries_of(second.follow_up)] == [2]
    assert await messages.state(2) is FollowUpState.AMBIGUOUS
    await messages.tell(MessageNews(Delivery.DELIVERED, second.one_try.id, sid))
    assert await messages.state(2) is FollowUpState.AMBIGUOUS
    assert await messages.state(1) is FollowUpState.DELIVERED
    await messages.tell(MessageNews(Delivery.READ, first.one_try.id, STRANGER))
    assert await messages.state(1) is FollowUpState.DELIVERED


async def test_facts_of_one_transaction_see_each_other(messages: Messages) -> None:
    sending = await messages.claimed()
    name = sending.one_try.id
    told = await messages.tell(
        MessageUnanswered(name),
        MessageTaken(name, SID),
        MessageNews(Delivery.READ, None, SID),
        MessageNews(Delivery.SENT, None, SID),
    )
    assert [one is None for one in told] == [False, False, False, True]
    assert await messages.state() is FollowUpState.READ


async def test_a_row_that_moved_meanwhile_is_not_written_over(messages: Messages) -> None:
    sending, _ = await messages.accepted()
    stale, stale_try = sending.follow_up, sending.one_try

    for save in (
        lambda db: follow_up_rows.save_follow_up(db, stale, replace(stale, detail="stale")),
        lambda db: follow_up_rows.save_try(db, stale_try, replace(stale_try, detail="stale"), {}),
        lambda db: follow_up_rows.save_try(db, stale_try, stale_try, {"look_at": None}),
    ):
        with pytest.raises(AssertionError, match="moved while it was being settled"):
            await messages.opened.store._database.write(save)  # type: ignore[attr-defined]
    assert await messages.state() is FollowUpState.ACCEPTED


# --- looking up


async def looked_up(messages: Messages, count: int = 10) -> list[TryId]:
    looks = await messages.opened.store.to_look_up(count, messages.opened.now)
    return [look.one_try.id for look in looks]


async def test_each_state_says_when_a_try_is_looked_up(messages: Messages) -> None:
    store = messages.opened.store
    sending = await messages.claimed()
    name = sending.one_try.id
    assert await store.next_look() is None
    for fact, wait_s in (
        (MessageUnanswered(name), DOUBT_LOOKED_UP_AFTER_S),
        (MessageTaken(name, SID), DELIVERY_LOOKED_UP_AFTER_S),
        (MessageNews(Delivery.SENT, name), DELIVERY_LOOKED_UP_AFTER_S),
    ):
        await messages.tell(fact)
        due = later(messages.opened.now, wait_s)
        assert await store.next_look() == due
        assert await looked_up(messages) == []
        messages.opened.now = due
        assert await looked_up(messages) == [name]
    await messages.tell(MessageNews(Delivery.DELIVERED, name))
    assert await store.next_look() is None


async def test_those_in_doubt_are_looked_up_first(messages: Messages) -> None:
    await messages.accepted(1)
    messages.opened.wait(30)
    doubtful = await messages.claimed(2)
    await messages.tell(MessageUnanswered(doubtful.one_try.id))
    messages.opened.wait(60)
    assert await looked_up(messages) == ["try_00002", "try_00001"]
    assert await looked_up(messages, 1) == ["try_00002"]
    (look, _) = await messages.opened.store.to_look_up(10, messages.opened.now)
    assert look.follow_up == await messages.one(2)


async def test_a_look_up_is_put_off_and_called_off(messages: Messages) -> None:
    store = messages.opened.store
    sending, _ = await messages.accepted()
    messages.opened.wait(60)
    far = later(messages.opened.now, LOOK_EVERY_MAX_S)
    await store.look_again([(sending.one_try.id, far)])
    assert (await looked_up(messages), await store.next_look()) == ([], far)
    await store.look_again([(sending.one_try.id, None)])
    assert await store.next_look() is None


async def test_a_look_up_further_ahead_than_any_is_due_because_the_clock_was_set_back(
    messages: Messages,
) -> None:
    ahead, _ = await messages.accepted(1)
    in_doubt = await messages.claimed(2)
    await messages.tell(MessageUnanswered(in_doubt.one_try.id))
    messages.opened.wait(-86_400)
    assert await looked_up(messages) == [in_doubt.one_try.id, ahead.one_try.id]
    assert await looked_up(messages, 1) == [in_doubt.one_try.id]


async def test_a_look_up_that_only_counts_keeps_its_time(messages: Messages) -> None:
    sending = await messages.claimed()
    await messages.tell(MessageUnanswered(sending.one_try.id))
    before = await messages.opened.store.next_look()
    messages.opened.wait(60)
    await messages.tell(MessagesListed(sending.one_try.id))
    assert await messages.opened.store.next_look() == before
    (one_try,) = await messages.tries_of(sending.follow_up)
    assert one_try.lookups == 1


async def test_the_messages_that_are_ours_are_known(messages: Messages) -> None:
    _, sid = await messages.accepted()
    known = await messages.opened.store.known_messages(iter([sid, STRANGER]))
    assert known == {sid}
    assert await messages.opened.store.known_messages([]) == frozenset()


# --- wishes and templates


async def test_an_operators_wish_is_written_down(messages: Messages) -> None:
    await messages.add(1)
    row = await messages.one()
    await messages.wish(row, FollowUpWish.SKIP)
    await messages.wish(row, FollowUpWish.RETRY)
    assert (await messages.one()).insisted
    assert await messages.history(row) == ["message_skip", "message_retry"]
    lines = await messages.opened.store.journal(None, 2)
    assert [(line.actor, line.follow_up_id, line.to_number) for line in lines] == [
        ("messenger", row.id, row.to_number)
    ] * 2


async def release(messages: Messages, sid: str, approval: Approval) -> int:
    return await messages.opened.store.release_blocked(
        sid, approval, MESSAGE_RULES, messages.opened.now, "engine"
    )


async def test_a_template_releases_what_it_can(messages: Messages) -> None:
    await messages.add(1)
    await messages.take(standing=Standing())
    await messages.add(2)
    (refused,) = (await messages.take()).sendings
    await messages.tell(MessageRefused(refused.one_try.id, Failure.TEMPLATE, 63027))
    assert (await messages.one(2)).content_sid == CONTENT
    assert await release(messages, CONTENT, Approval.REJECTED) == 0
    assert await release(messages, CONTENT, Approval.UNREADABLE) == 1
    assert [await messages.state(one) for one in (1, 2)] == [
        FollowUpState.DUE,
        FollowUpState.BLOCKED,
    ]
    assert await release(messages, CONTENT, Approval.APPROVED) == 1
    assert await release(messages, CONTENT, Approval.APPROVED) == 0


async def test_what_cannot_be_released_does_not_stand_in_the_way(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.store.message_upkeep.FOLLOW_UPS_MOVED_MAX", 2)
    await messages.add(*range(1, 4))
    await messages.take(policy=POLICY, standing=Standing(template=STANDING.template, unfit="x"))
    await messages.add(*range(4, 7))
    await messages.take(standing=Standing())
    assert [await release(messages, CONTENT, Approval.APPROVED) for _ in range(3)] == [2, 1, 0]
    assert [await release(messages, OTHER_CONTENT, Approval.APPROVED) for _ in range(3)] == [
        2,
        1,
        0,
    ]


async def test_waking_is_done_in_bounded_pieces(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.store.message_upkeep.FOLLOW_UPS_MOVED_MAX", 2)
    await messages.add(1, 2, 3)
    await messages.take(standing=Standing(paused=True))
    (waits_for,) = {row.waits_for for row in await messages.all()}
    assert waits_for is not None
    store, now = messages.opened.store, messages.opened.now
    assert [await store.wake_follow_ups(waits_for, now) for _ in range(3)] == [2, 1, 0]


# --- texts are forgotten, names of calls are not


async def test_texts_are_forgotten_after_a_week_but_of_what_is_still_to_be_sent(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.store.message_upkeep.FOLLOW_UPS_MOVED_MAX", 1)
    store = messages.opened.store
    _, sid = await messages.accepted(1)
    await messages.tell(MessageNews(Delivery.DELIVERED, None, sid))
    await messages.accepted(2)
    in_doubt = await messages.claimed(4)
    await messages.tell(MessageUnanswered(in_doubt.one_try.id))
    await messages.add(3, summary="They talked.", email="a@example.com")
    messages.opened.wait(7 * 86_400 - 1)
    assert not await store.tidy_follow_ups(messages.opened.now)
    assert (await messages.one()).name == "person 1"
    messages.opened.wait(2)
    assert [await store.tidy_follow_ups(messages.opened.now) for _ in range(4)] == [
        True,
        True,
        True,
        False,
    ]
    assert [(await messages.one(talk)).name for talk in (1, 2, 4)] == ["", "", ""]
    done, waiting = await messages.one(1), await messages.one(3)
    assert (done.name, done.summary, done.email) == ("", "", "")
    assert (done.state, done.to_number) == (FollowUpState.DELIVERED, "+12025550001")
    assert (waiting.name, waiting.summary) == ("person 3", "They talked.")
    assert await messages.told(messages.ended(1)) == 0
    assert key(1) == follow_up_key(done.conversation_id)
