"""Adding calls: durable, in order, once for each key."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store.stores import Opened, new_call
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.errors import IdempotencyConflict
from voiceslot_tui.core.limits import IDEMPOTENCY_KEPT_DAYS
from voiceslot_tui.core.orders import IdempotencyKey
from voiceslot_tui.core.pages import PageQuery, Place

KEY = IdempotencyKey("order-1001", b"digest")
DAY_S = 86_400.0


async def test_calls_are_kept_as_they_were_asked_for(opened: Opened) -> None:
    asked = new_call(1, name="Ñandú 'x'; --", priority=-7, max_attempts=3, client_data=b'{"a":1}')
    added = await opened.add(asked)
    assert (len(added.ids), added.queue_size, added.repeated) == (1, 1, False)
    await opened.reopen()
    detail = await opened.detail(added.ids[0])
    call = detail.call
    assert (call.to_number, call.name, call.agent_id, call.agent_phone_number_id) == (
        asked.to_number,
        asked.name,
        asked.agent_id,
        asked.agent_phone_number_id,
    )
    assert (call.priority, call.max_attempts, detail.client_data) == (-7, 3, b'{"a":1}')
    assert (call.state, call.created_at, call.attempts) == (CallState.QUEUED, opened.now, 0)


async def test_nothing_added_is_nothing(opened: Opened) -> None:
    added = await opened.add()
    assert (added.ids, added.queue_size) == ((), 0)


async def test_ids_come_in_order_and_are_never_given_twice(opened: Opened) -> None:
    answers = await asyncio.gather(*(opened.queue(number, number + 1) for number in range(50)))
    ids = [call_id for answer in answers for call_id in answer]
    assert sorted(set(ids)) == sorted(ids)
    await opened.reopen()
    assert min(await opened.queue(1)) > max(ids)


async def test_the_same_key_gives_the_same_answer_whatever_happened_since(opened: Opened) -> None:
    first = await opened.store.add((new_call(1), new_call(2)), opened.now, "producer", KEY)
    await opened.reserve(1)
    await opened.queue(3, 4)
    await opened.reopen()
    again = await opened.store.add((new_call(1), new_call(2)), opened.now, "producer", KEY)
    assert again.repeated
    assert (again.ids, again.queue_size) == (first.ids, first.queue_size)
    assert sum((await opened.store.counts()).states.values()) == 4


async def test_the_same_key_at_once_is_one_call(opened: Opened) -> None:
    answers = await asyncio.gather(
        *(opened.store.add((new_call(1),), opened.now, "producer", KEY) for _ in range(20))
    )
    assert len({answer.ids for answer in answers}) == 1
    assert [answer.repeated for answer in answers].count(False) == 1
    assert (await opened.store.counts()).states[CallState.QUEUED] == 1


async def test_the_same_key_with_another_body_is_refused(opened: Opened) -> None:
    await opened.store.add((new_call(1),), opened.now, "producer", KEY)
    await opened.reopen()
    with pytest.raises(IdempotencyConflict):
        await opened.store.add(
            (new_call(2),), opened.now, "producer", IdempotencyKey(KEY.key, b"another")
        )
    assert (await opened.store.counts()).states[CallState.QUEUED] == 1


async def test_keys_are_forgotten_after_their_days_however_many_there_are(opened: Opened) -> None:
    keys = [IdempotencyKey(f"key-{number}", b"digest") for number in range(1200)]
    await asyncio.gather(
        *(opened.store.add((new_call(1),), opened.now, "producer", key) for key in keys)
    )
    opened.wait(IDEMPOTENCY_KEPT_DAYS * DAY_S - 1)
    assert not await opened.store.tidy(opened.now)
    assert (await opened.store.add((new_call(1),), opened.now, "producer", keys[0])).repeated
    opened.wait(2)
    passes = 1
    while await opened.store.tidy(opened.now):
        passes += 1
    assert passes > 1, "one pass must be bounded"
    for key in (keys[0], keys[-1]):
        again = await opened.store.add((new_call(1),), opened.now, "producer", key)
        assert not again.repeated


# --- order


async def test_higher_priority_first_then_first_in_first_out(opened: Opened) -> None:
    added = await opened.add(
        new_call(1),
        new_call(2, priority=5),
        new_call(3, priority=-5),
        new_call(4, priority=5),
        new_call(5),
    )
    one, two, three, four, five = added.ids
    assert await opened.dispatch_order() == [two, four, one, five, three]


@pytest.mark.parametrize("place", Place)
async def test_moved_calls_keep_their_order_at_the_end_they_went_to(
    opened: Opened, place: Place
) -> None:
    added = await opened.add(*(new_call(n, priority=n % 3 - 1) for n in range(9)))
    before = await order_of(opened)
    chosen = (before[6], before[2], before[4])
    assert await opened.store.move(chosen, place, opened.now, "olga") == 3
    rest = [call_id for call_id in before if call_id not in chosen]
    expected = [*chosen, *rest] if place is Place.TOP else [*rest, *chosen]
    assert await opened.dispatch_order() == expected
    assert sorted(expected) == sorted(added.ids)


async def test_what_was_moved_last_stands_at_the_very_end(opened: Opened) -> None:
    ids = await opened.queue(1, 2, 3)
    await opened.store.move(ids[2:], Place.TOP, opened.now, "olga")
    await opened.store.move(ids[1:2], Place.TOP, opened.now, "olga")
    assert await opened.dispatch_order() == [ids[1], ids[2], ids[0]]


async def test_only_queued_calls_move(opened: Opened) -> None:
    ids = await opened.queue(1, 2)
    await opened.reserve(1)
    assert await opened.store.move(ids, Place.TOP, opened.now, "olga") == 1
    assert await opened.store.move((ids[0],), Place.BOTTOM, opened.now, "olga") == 0


async def order_of(opened: Opened) -> list[int]:
    return [row.call.id for row in (await opened.store.page(PageQuery(count=100))).rows]
