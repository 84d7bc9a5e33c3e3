"""The suppression list (P5): nobody on it is dialled or written to, whatever was waiting."""

from __future__ import annotations

import pytest

from tests.contract.store.messages import Messages, number_of
from tests.contract.store.stores import ANSWERED, NOW, Opened, accepted, new_call, over
from voiceslot_tui.core.calls import CallState, Disposition, Hold
from voiceslot_tui.core.facts import NotTaken, Outcome, Refusal, Wish, Wished
from voiceslot_tui.core.follow_up_facts import Delivery, Failure, MessageNews, MessageRefused
from voiceslot_tui.core.follow_up_pages import Suppressed, Suppression
from voiceslot_tui.core.follow_up_policy import Standing
from voiceslot_tui.core.follow_ups import FollowUpState, SkipReason
from voiceslot_tui.core.pages import PageQuery, Segment
from voiceslot_tui.store import suppressing

NUMBER = number_of(1)
LINES = [
    pytest.param("+552360000001", "+5523960000001", id="Brazil"),
    pytest.param("+5491100000001", "+541100000001", id="Argentina"),
]
"""One line each, as WhatsApp writes it and as it was dialled."""


async def suppress(opened: Opened, number: str = NUMBER) -> Suppressed:
    return await opened.store.suppress(number, "asked by phone", opened.now, "olga")


async def test_queued_calls_go_and_others_stay(opened: Opened) -> None:
    mine = await opened.queue(1, 1, 1)
    (other,) = await opened.queue(2)
    await opened.tell(Wished(mine[1], Wish.PARK, "olga"))
    assert await suppress(opened) == Suppressed(NUMBER, calls=3)
    assert await opened.states(*mine, other) == [CallState.SUPPRESSED] * 3 + [CallState.QUEUED]
    call = await opened.call(mine[1])
    assert (call.hold, call.ended_at) == (None, opened.now)
    assert (await opened.detail(mine[0])).history[-1].kind == "suppressed"
    done = await opened.store.page(PageQuery(Segment.DONE))
    assert {row.call.id for row in done.rows} == set(mine)


async def test_a_call_under_way_stays(opened: Opened) -> None:
    await opened.queue(1, 1)
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(accepted(order))
    assert (await suppress(opened)).calls == 1
    assert await opened.states(order.call_id) == [CallState.LIVE]
    await opened.tell(over(order, ANSWERED))
    assert await opened.states(order.call_id) == [CallState.ENDED]


async def test_a_call_under_way_that_comes_to_nothing_does_not_wait_again(opened: Opened) -> None:
    """Neither one that was not taken, nor one that is to be tried again."""
    await opened.add(new_call(1), new_call(2, max_attempts=2))
    orders = (await opened.reserve(10)).orders
    await opened.tell(accepted(orders[1]))
    for person in (1, 2):
        await suppress(opened, number_of(person))
    await opened.tell(NotTaken(orders[0].attempt_id, Refusal.WITHDRAWN))
    await opened.tell(over(orders[1], Outcome(Disposition.NO_ANSWER)))
    states = await opened.states(*(order.call_id for order in orders))
    assert states == [CallState.SUPPRESSED] * 2
    assert (await opened.store.counts()).holding == 0
    (kept,) = await opened.queue(3)
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(NotTaken(order.attempt_id, Refusal.WITHDRAWN))
    assert await opened.states(kept) == [CallState.QUEUED]


@pytest.mark.parametrize("failure", [Failure.NOT_SENT, Failure.TEMPLATE])
async def test_a_message_on_its_way_that_is_given_back_does_not_wait_again(
    messages: Messages, failure: Failure
) -> None:
    await messages.told(messages.ended(1, person=1), messages.ended(2, person=2))
    sendings = (await messages.take()).sendings
    assert len(sendings) == 2
    assert (await suppress(messages.opened)).messages == 0
    for sending in sendings:
        await messages.tell(MessageRefused(sending.one_try.id, failure))
    assert (await messages.one(1)).skipped_for is SkipReason.SUPPRESSED
    assert await messages.state(2) in (FollowUpState.DUE, FollowUpState.BLOCKED)


async def test_messages_that_wait_go_and_sent_ones_stay(messages: Messages) -> None:
    opened = messages.opened
    await messages.accepted(1)
    await messages.told(messages.ended(2, person=1))
    await messages.take(standing=Standing(), zones=())
    await messages.told(messages.ended(3, person=1), messages.ended(4, person=4))
    assert (await messages.one(2)).state is FollowUpState.SKIPPED
    assert await suppress(opened) == Suppressed(NUMBER, messages=1)
    assert [await messages.state(talk) for talk in (1, 3, 4)] == [
        FollowUpState.ACCEPTED,
        FollowUpState.SKIPPED,
        FollowUpState.DUE,
    ]
    assert (await messages.one(3)).skipped_for is SkipReason.SUPPRESSED


async def test_a_blocked_message_goes_too(messages: Messages) -> None:
    await messages.add(1)
    await messages.take(standing=Standing())
    assert await messages.state() is FollowUpState.BLOCKED
    assert (await suppress(messages.opened)).messages == 1
    assert await messages.state() is FollowUpState.SKIPPED


async def test_an_end_of_a_suppressed_person_gets_no_message(messages: Messages) -> None:
    await suppress(messages.opened)
    await messages.add(1)
    assert (await messages.take()).sendings == ()
    assert (await messages.one()).skipped_for is SkipReason.SUPPRESSED


async def test_a_call_added_later_is_never_dialled(opened: Opened) -> None:
    await suppress(opened)
    calls = await opened.queue(1, 2, 1)
    reserved = await opened.reserve(10)
    assert [order.to_number for order in reserved.orders] == [number_of(2)]
    assert not reserved.more
    assert await opened.states(*calls) == [
        CallState.SUPPRESSED,
        CallState.DIALING,
        CallState.SUPPRESSED,
    ]
    assert (await opened.store.counts()).holding == 1


async def test_many_unwanted_calls_do_not_keep_others_from_their_slots(opened: Opened) -> None:
    await suppress(opened)
    await opened.add(*(new_call(1) for _ in range(200)), *(new_call(n) for n in range(2, 6)))
    dialled = 0
    for _ in range(50):
        reserved = await opened.reserve(3)
        dialled += len(reserved.orders)
        if not reserved.more or dialled == 3:
            break
    assert dialled == 3


async def test_a_cancel_taken_back_does_not_dial_a_suppressed_person(opened: Opened) -> None:
    (call,) = await opened.queue(1)
    await opened.tell(Wished(call, Wish.CANCEL, "olga"))
    await suppress(opened)
    await opened.tell(Wished(call, Wish.UNDO_CANCEL, "olga"))
    assert await opened.states(call) == [CallState.QUEUED]
    assert (await opened.reserve(10)).orders == ()
    assert await opened.states(call) == [CallState.SUPPRESSED]


async def test_a_call_held_for_its_busy_number_goes(opened: Opened) -> None:
    calls = await opened.queue(1, 1)
    await opened.reserve(10)
    assert (await opened.call(calls[1])).hold is Hold.NUMBER_BUSY_ELSEWHERE
    assert (await suppress(opened)).calls == 1


async def test_what_is_past_the_bound_is_caught_when_its_turn_comes(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressing, "SUPPRESSED_AT_ONCE_MAX", 2)
    opened = messages.opened
    calls = await opened.queue(1, 1, 1)
    await messages.told(*(messages.ended(talk, person=1) for talk in (1, 2, 3)))
    assert await suppress(opened) == Suppressed(NUMBER, calls=2, messages=2)
    assert (await opened.reserve(10)).orders == ()
    assert (await messages.take()).sendings == ()
    assert await opened.states(*calls) == [CallState.SUPPRESSED] * 3


async def test_a_number_is_put_on_the_list_once(opened: Opened) -> None:
    assert not (await suppress(opened)).known
    (call,) = await opened.queue(1)
    opened.wait(60)
    assert await suppress(opened) == Suppressed(NUMBER, calls=1, known=True)
    assert await opened.states(call) == [CallState.SUPPRESSED]
    listed = await opened.store.suppressions("", 10)
    assert listed == (Suppression(NUMBER, NOW, "olga", "asked by phone"),)
    kinds = [line.kind for line in await opened.store.journal(None, 100)]
    assert kinds.count("number_suppressed") == 1


async def test_the_journal_does_not_show_the_number(opened: Opened) -> None:
    await suppress(opened)
    await opened.store.unsuppress(NUMBER, opened.now, "olga")
    lines = await opened.store.journal(None, 10)
    assert [line.kind for line in lines] == ["number_unsuppressed", "number_suppressed"]
    assert all(NUMBER not in line.detail for line in lines)
    assert all(NUMBER[-4:] in line.detail for line in lines)


async def test_the_list_is_read_in_pages_and_taken_from(opened: Opened) -> None:
    for person in (3, 1, 2):
        await suppress(opened, number_of(person))
    store = opened.store
    assert (await store.follow_up_counts()).suppressed == 3
    first = await store.suppressions("", 2)
    assert [one.number for one in first] == [number_of(1), number_of(2)]
    rest = await store.suppressions(first[-1].number, 2)
    assert [one.number for one in rest] == [number_of(3)]
    assert await store.unsuppress(number_of(2), opened.now, "olga")
    assert not await store.unsuppress(number_of(2), opened.now, "olga")
    assert (await store.follow_up_counts()).suppressed == 2
    await opened.queue(2)
    assert len((await opened.reserve(10)).orders) == 1


async def test_whom_the_messenger_calls_opted_out_is_suppressed_in_the_same_breath(
    messages: Messages,
) -> None:
    opened = messages.opened
    sending = await messages.claimed(1)
    await messages.told(messages.ended(2, person=1))
    (call,) = await opened.queue(1)
    refused = MessageRefused(sending.one_try.id, Failure.OPTED_OUT, 21610, "unsubscribed")
    (settlement,) = await messages.tell(refused)
    assert settlement is not None
    assert settlement.opted_out
    (listed,) = await opened.store.suppressions("", 10)
    assert (listed.number, listed.why, listed.by) == (NUMBER, "unsubscribed", "messenger")
    assert await opened.states(call) == [CallState.SUPPRESSED]
    assert [await messages.state(talk) for talk in (1, 2)] == [
        FollowUpState.FAILED,
        FollowUpState.SKIPPED,
    ]


async def test_a_late_word_that_somebody_opted_out_counts_as_well(messages: Messages) -> None:
    _, sid = await messages.accepted(1)
    late = MessageNews(Delivery.FAILED, None, sid, Failure.OPTED_OUT, 63024)
    await messages.tell(late)
    assert [one.number for one in await messages.opened.store.suppressions("", 10)] == [NUMBER]


@pytest.mark.parametrize(("heard", "dialled"), LINES)
async def test_a_line_is_on_the_list_however_it_is_written(
    messages: Messages, heard: str, dialled: str
) -> None:
    opened = messages.opened
    calls = (await opened.add(*(new_call(1, to_number=one) for one in (heard, dialled)))).ids
    for talk, number in enumerate((heard, dialled), 1):
        await messages.add(talk, to_number=number)
    assert await suppress(opened, heard) == Suppressed(heard, calls=2, messages=2)
    assert await opened.states(*calls) == [CallState.SUPPRESSED] * 2
    assert [await messages.state(talk) for talk in (1, 2)] == [FollowUpState.SKIPPED] * 2
    assert {one.number for one in await opened.store.suppressions("", 10)} == {heard, dialled}
    assert (await suppress(opened, dialled)).known
    lines = await opened.store.journal(None, 100)
    assert [line.kind for line in lines].count("number_suppressed") == 1
    assert all(number not in line.detail for line in lines for number in (heard, dialled))


@pytest.mark.parametrize(("heard", "dialled"), LINES)
async def test_a_line_that_asked_to_stop_is_not_dialled_later(
    opened: Opened, heard: str, dialled: str
) -> None:
    await suppress(opened, heard)
    (call,) = (await opened.add(new_call(1, to_number=dialled))).ids
    assert (await opened.reserve(10)).orders == ()
    assert await opened.states(call) == [CallState.SUPPRESSED]


@pytest.mark.parametrize(("heard", "dialled"), LINES)
async def test_a_line_is_taken_off_the_list_by_either_number(
    opened: Opened, heard: str, dialled: str
) -> None:
    await suppress(opened, heard)
    assert await opened.store.unsuppress(dialled, opened.now, "olga")
    assert await opened.store.suppressions("", 10) == ()
    assert (await opened.store.follow_up_counts()).suppressed == 0
    assert not await opened.store.unsuppress(heard, opened.now, "olga")
    kinds = [line.kind for line in await opened.store.journal(None, 10)]
    assert kinds == ["number_unsuppressed", "number_suppressed"]


async def test_a_line_of_which_one_number_was_listed_is_not_known_whole(opened: Opened) -> None:
    heard, dialled = "+552360000001", "+5523960000001"
    await suppress(opened, heard)
    await opened.store._database.write(
        lambda db: db.execute("DELETE FROM suppression WHERE number = ?", (dialled,))
    )
    assert not (await suppress(opened, heard)).known
    assert (await suppress(opened, heard)).known
