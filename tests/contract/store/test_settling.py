"""Settling: every fact in one transaction, news in any order, nothing about strangers."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.contract.store.stores import (
    ANSWERED,
    BUSY,
    NOW,
    RULES,
    Opened,
    accepted,
    new_call,
    over,
    talk_of,
)
from voiceslot_tui.core.calls import (
    AttemptId,
    AttemptState,
    CallId,
    CallSid,
    CallState,
    ConversationId,
    Disposition,
    Hold,
)
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
    Unanswered,
    Wish,
    Wished,
    WrapUpExpired,
)
from voiceslot_tui.core.limits import TOMBSTONE_KEPT_DAYS
from voiceslot_tui.core.orders import StartOrder


async def dialled(opened: Opened, *numbers: int) -> tuple[StartOrder, ...]:
    await opened.add(*(new_call(number, max_attempts=2) for number in numbers or (1,)))
    return (await opened.reserve(100)).orders


async def uncertain_then_unknown(opened: Opened, order: StartOrder) -> None:
    await opened.tell(Unanswered(order.attempt_id))
    for _ in range(3):
        await opened.tell(LookedUp(order.attempt_id))
        opened.wait(60)
    await opened.tell(LookedUp(order.attempt_id))


async def test_every_fact_is_settled_and_stays_after_a_restart(opened: Opened) -> None:
    orders = await dialled(opened, *range(1, 13))
    ids = [order.call_id for order in orders]
    facts: list[tuple[Fact, ...]] = [
        (accepted(orders[0]),),
        (NotTaken(orders[1].attempt_id, Refusal.CAPACITY),),
        (Unanswered(orders[2].attempt_id),),
        (Interrupted(orders[3].attempt_id),),
        (over(orders[4], None),),
        (over(orders[5]),),
        (over(orders[6], None), WrapUpExpired(ids[6])),
        (accepted(orders[7]), CarrierOver(orders[7].attempt_id)),
        (accepted(orders[8]), Wished(ids[8], Wish.RELEASE, "olga")),
        (NotTaken(orders[9].attempt_id, Refusal.CALL_DENIED),),
        (NotTaken(orders[10].attempt_id, Refusal.NOT_SENT), Wished(ids[10], Wish.CANCEL, "olga")),
        (over(orders[11], BUSY),),
    ]
    for some in facts:
        assert None not in await opened.tell(*some), some
    expected = [
        CallState.LIVE,
        CallState.QUEUED,
        CallState.UNCERTAIN,
        CallState.UNCERTAIN,
        CallState.WRAPPING_UP,
        CallState.ENDED,
        CallState.ENDED,
        CallState.UNKNOWN,
        CallState.UNKNOWN,
        CallState.REFUSED,
        CallState.CANCELLED,
        CallState.QUEUED,
    ]
    before = [await opened.detail(call_id) for call_id in ids]
    assert [one.call.state for one in before] == expected
    await opened.reopen()
    assert [await opened.detail(call_id) for call_id in ids] == before


async def test_an_unknown_call_lapses_and_is_confirmed(opened: Opened) -> None:
    (order,) = await dialled(opened)
    await uncertain_then_unknown(opened, order)
    assert (await opened.call(order.call_id)).state is CallState.UNKNOWN
    assert (await opened.store.counts()).holding == 1
    await opened.tell(SlotLapsed(order.attempt_id))
    assert (await opened.store.counts()).holding == 0
    await opened.tell(Wished(order.call_id, Wish.CONFIRM_NOT_DIALLED, "olga"))
    call = await opened.call(order.call_id)
    assert (call.state, call.attempts) == (CallState.QUEUED, 0)


async def test_a_reordered_call_moves_and_keeps_its_place(opened: Opened) -> None:
    ids = await opened.queue(1, 2)
    await opened.tell(Reordered(ids[1], 7, -2, "olga"))
    call = await opened.call(ids[1])
    assert (call.priority, call.position) == (7, -2)
    assert await opened.dispatch_order() == [ids[1], ids[0]]


async def test_facts_of_one_message_are_settled_in_their_order(opened: Opened) -> None:
    (order,) = await dialled(opened)
    first, second, third = await opened.tell(accepted(order), over(order, None), over(order))
    assert first is not None
    assert second is not None
    assert third is not None
    assert third.call.state is CallState.ENDED


async def test_facts_about_nobody_change_nothing(opened: Opened) -> None:
    facts: tuple[Fact, ...] = (
        Accepted(AttemptId("nobody"), ConversationId("c")),
        NotTaken(AttemptId("nobody"), Refusal.CAPACITY),
        Unanswered(AttemptId("nobody")),
        LookedUp(AttemptId("nobody")),
        CarrierOver(AttemptId("nobody")),
        Over(None, None, None, ANSWERED),
        SlotLapsed(AttemptId("nobody")),
        WrapUpExpired(CallId(99)),
        Wished(CallId(99), Wish.CANCEL, "olga"),
        Reordered(CallId(99), 1, 1, "olga"),
    )
    assert await opened.tell(*facts) == (None,) * len(facts)


# --- news that overtakes the answer


@pytest.mark.parametrize("outcome", [None, ANSWERED], ids=["over", "done"])
async def test_news_by_attempt_may_come_before_the_answer(opened: Opened, outcome: object) -> None:
    (order,) = await dialled(opened)
    await opened.tell(over(order, outcome))  # type: ignore[arg-type]
    await opened.tell(accepted(order))
    await ended(opened, order, outcome)


@pytest.mark.parametrize("outcome", [None, ANSWERED], ids=["over", "done"])
@pytest.mark.parametrize("by", ["conversation", "sid", "both"])
async def test_news_that_names_no_attempt_is_kept_until_its_attempt_names_itself(
    opened: Opened, by: str, outcome: object
) -> None:
    (order,) = await dialled(opened)
    answer = accepted(order)
    conversation_id = None if by == "sid" else answer.conversation_id
    call_sid = None if by == "conversation" else answer.call_sid
    news = Over(conversation_id, None, call_sid, outcome)  # type: ignore[arg-type]
    assert await opened.tell(news) == (None,)
    assert (await opened.call(order.call_id)).state is CallState.DIALING
    await opened.reopen()
    await opened.tell(answer)
    await ended(opened, order, outcome)


async def ended(opened: Opened, order: StartOrder, outcome: object) -> None:
    detail = await opened.detail(order.call_id)
    if outcome is None:
        assert detail.call.state is CallState.WRAPPING_UP
    else:
        assert (detail.call.state, detail.call.disposition) == (
            CallState.ENDED,
            Disposition.ANSWERED,
        )
    assert detail.attempts[0].conversation_id == talk_of(order)
    assert detail.attempts[0].call_sid == f"sid_{order.attempt_id}"
    assert (await opened.store.counts()).holding == 0


async def test_the_fuller_news_is_kept_in_any_order(opened: Opened) -> None:
    orders = await dialled(opened, 1, 2)
    for order, outcomes in zip(orders, ((None, ANSWERED), (ANSWERED, None)), strict=True):
        for outcome in outcomes:
            await opened.tell(Over(talk_of(order), None, None, outcome))
        await opened.tell(accepted(order))
        assert (await opened.call(order.call_id)).state is CallState.ENDED


async def test_every_order_of_the_same_news_comes_to_the_same(opened: Opened) -> None:
    orders = await dialled(opened, *range(1, 25))
    for order, shuffled in zip(orders, permutations(range(4)), strict=True):
        news = (
            accepted(order),
            Over(talk_of(order), None, None, None),
            Over(talk_of(order), None, None, ANSWERED),
            Over(None, None, accepted(order).call_sid, ANSWERED),
        )
        for index in shuffled:
            await opened.tell(news[index])
        call = await opened.call(order.call_id)
        assert (call.state, call.disposition) == (CallState.ENDED, Disposition.ANSWERED), shuffled


async def test_late_news_completes_and_repeats_change_nothing(opened: Opened) -> None:
    (order,) = await dialled(opened)
    await opened.tell(accepted(order), over(order, None), WrapUpExpired(order.call_id))
    assert (await opened.call(order.call_id)).disposition is Disposition.UNKNOWN
    (late,) = await opened.tell(over(order))
    assert late is not None
    assert (await opened.call(order.call_id)).disposition is Disposition.ANSWERED
    assert (await opened.store.counts()).dispositions == {Disposition.ANSWERED: 1}
    journal = await opened.store.journal(None, 500)
    assert await opened.tell(over(order), over(order), accepted(order)) == (None, None, None)
    assert await opened.store.journal(None, 500) == journal


# --- conversations that are not the one meant


@pytest.mark.parametrize("by", ["attempt", "sid"])
async def test_the_end_of_another_conversation_ends_no_call(opened: Opened, by: str) -> None:
    (order,) = await dialled(opened)
    answer = accepted(order)
    await opened.tell(answer)
    attempt_id = order.attempt_id if by == "attempt" else None
    call_sid = answer.call_sid if by == "sid" else None
    stranger = Over(ConversationId("stranger"), attempt_id, call_sid, ANSWERED)
    assert await opened.tell(stranger) == (None,)
    call = await opened.call(order.call_id)
    assert (call.state, call.holding) == (CallState.LIVE, True)


async def test_one_conversation_is_never_that_of_two_dials(opened: Opened) -> None:
    """An answer that names another dial's conversation proves nothing: the phone may ring."""
    first, second = await dialled(opened, 1, 2)
    await opened.tell(accepted(first))
    wrong = Accepted(second.attempt_id, talk_of(first), CallSid("sid_x"))
    await opened.tell(wrong, over(first))
    assert await opened.states(first.call_id, second.call_id) == [
        CallState.ENDED,
        CallState.UNCERTAIN,
    ]
    attempt = (await opened.detail(second.call_id)).attempts[0]
    assert (attempt.state, attempt.conversation_id) == (AttemptState.UNCERTAIN, None)


# --- whose conversations are foreign


async def test_only_strangers_and_calls_given_up_are_foreign(opened: Opened) -> None:
    orders = await dialled(opened, 1, 2, 3, 4)
    await opened.tell(*(accepted(order) for order in orders))
    await opened.tell(
        over(orders[1], None),
        over(orders[2]),
        Wished(orders[3].call_id, Wish.RELEASE, "olga"),
        Over(ConversationId("heard_of"), None, None, None),
    )
    listed = [
        *(talk_of(order) for order in orders),
        ConversationId("heard_of"),
        ConversationId("other"),
    ]
    assert await opened.store.foreign(listed) == {talk_of(orders[3]), "other"}
    assert await opened.store.foreign(()) == frozenset()
    many = [ConversationId(f"many_{n}") for n in range(1500)]
    assert await opened.store.foreign([*many, talk_of(orders[0])]) == set(many)


async def test_a_dial_confirmed_without_proof_of_its_end_is_foreign(opened: Opened) -> None:
    (order,) = await dialled(opened)
    await opened.tell(accepted(order), Wished(order.call_id, Wish.RELEASE, "olga"))
    await opened.tell(Wished(order.call_id, Wish.CONFIRM_DIALLED, "olga"))
    assert await opened.store.foreign([talk_of(order)]) == {talk_of(order)}
    await opened.tell(over(order))
    assert await opened.store.foreign([talk_of(order)]) == frozenset()


async def test_tombstones_are_forgotten_after_their_days(opened: Opened) -> None:
    stranger = ConversationId("stranger")
    await opened.tell(Over(stranger, None, None, None))
    opened.wait(TOMBSTONE_KEPT_DAYS * 86_400 + 1)
    await opened.store.tidy(opened.now)
    assert await opened.store.foreign([stranger]) == {stranger}


# --- the journal


async def test_the_history_of_a_call_says_who_did_what(opened: Opened) -> None:
    (call_id,) = await opened.queue(1)
    await opened.tell(Wished(call_id, Wish.PARK, "olga"))
    await opened.store.settle((Wished(call_id, Wish.UNPARK, "olga"),), RULES, opened.now, "olga")
    (order,) = (await opened.reserve(1)).orders
    await opened.tell(accepted(order), over(order))
    lines = (await opened.detail(call_id)).history
    assert [(line.kind, line.before, line.after) for line in lines] == [
        ("enqueued", "", "queued"),
        ("park", "queued p0", "queued parked p0"),
        ("unpark", "queued parked p0", "queued p0"),
        ("dispatched", "queued", "dialing"),
        ("accepted", "dialing", "live"),
        ("outcome_known", "live", "ended"),
    ]
    assert [line.actor for line in lines] == [
        "producer",
        "platform",
        "olga",
        "engine",
        "platform",
        "platform",
    ]
    assert [line.seq for line in lines] == sorted({line.seq for line in lines})
    assert {line.attempt_id for line in lines[3:]} == {order.attempt_id}
    assert {line.at for line in lines} == {NOW}


async def test_the_journal_is_read_in_both_directions(opened: Opened) -> None:
    await opened.queue(1, 2)
    for number in range(10):
        await opened.store.note("noted", f"line {number}", opened.now, "olga")
    newest = await opened.store.journal(None, 3)
    assert [line.detail for line in newest] == ["line 9", "line 8", "line 7"]
    older = await opened.store.journal(newest[-1].seq, 2)
    assert [line.detail for line in older] == ["line 6", "line 5"]
    since = await opened.store.journal_since(older[0].seq, 500)
    assert list(since) == list(reversed(newest))
    assert (await opened.store.counts()).event_seq == newest[0].seq
    assert await opened.store.journal_since(newest[0].seq, 500) == ()


async def test_a_hold_of_the_platform_is_kept(opened: Opened) -> None:
    (order,) = await dialled(opened)
    await opened.tell(NotTaken(order.attempt_id, Refusal.ROUTE_DENIED, "no such agent"))
    call = await opened.call(order.call_id)
    assert (call.state, call.hold) == (CallState.QUEUED, Hold.PLATFORM_DENIED)
    assert await opened.store.denied_routes() == {("agent_1", "phnum_1")}
    line = (await opened.detail(order.call_id)).history[-1]
    assert (line.kind, line.detail) == ("not_taken", "no such agent")
