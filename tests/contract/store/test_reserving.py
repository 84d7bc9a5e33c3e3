"""Reserving: never more than there is room for, never two calls to one number, nothing lost."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store.stores import (
    BUSY,
    NOW,
    Opened,
    accepted,
    new_call,
    numbers_of,
    over,
)
from voiceslot_tui.core.calls import AttemptState, CallId, CallState, Hold, later
from voiceslot_tui.core.facts import NotTaken, Refusal, Unanswered, Wish, Wished
from voiceslot_tui.core.limits import DISPATCH_BATCH_MAX, NUMBERS_FREED_MAX, PROMOTE_BATCH_MAX
from voiceslot_tui.core.slots import Breaker, Pacing, Reading

ROUTE = ("agent_1", "phnum_1")


async def test_an_order_says_all_that_the_platform_must_be_told(opened: Opened) -> None:
    (call_id,) = (await opened.add(new_call(1, client_data=b'{"user_id":"u"}'))).ids
    (order,) = (await opened.reserve(1)).orders
    assert (order.call_id, order.to_number, order.agent_id, order.agent_phone_number_id) == (
        call_id,
        "+12025550001",
        "agent_1",
        "phnum_1",
    )
    assert order.client_data == b'{"user_id":"u"}'
    await opened.reopen()
    detail = await opened.detail(call_id)
    assert (detail.call.state, detail.call.holding) == (CallState.DIALING, True)
    (attempt,) = detail.attempts
    assert (attempt.id, attempt.state, attempt.number) == (
        order.attempt_id,
        AttemptState.DIALING,
        1,
    )
    assert attempt.holds_until == later(NOW, 1860)
    (one,) = await opened.store.open_calls()
    assert (one.call, one.attempt, one.order) == (detail.call, attempt, order)


async def test_exactly_the_free_slots_are_filled(opened: Opened) -> None:
    await opened.queue(*range(20))
    reading = Reading(unnamed=2)
    first = await opened.reserve(8, reserve=1, reading=reading)
    assert (len(first.orders), first.holding, first.more) == (5, 5, True)
    assert first.hold is Hold.NO_SLOT
    second = await opened.reserve(8, reserve=1, reading=reading)
    assert (second.orders, second.holding, second.hold) == ((), 5, Hold.NO_SLOT)
    await opened.tell(over(first.orders[0]))
    assert len((await opened.reserve(8, reserve=1, reading=reading)).orders) == 1


async def test_fifty_at_once_never_spend_a_slot_twice(opened: Opened) -> None:
    await opened.queue(*range(100))
    answers = await asyncio.gather(*(opened.reserve(7) for _ in range(50)))
    orders = [order for answer in answers for order in answer.orders]
    assert len(orders) == 7
    assert len({order.call_id for order in orders}) == 7
    assert len({order.attempt_id for order in orders}) == 7
    assert max(answer.holding for answer in answers) == 7
    assert (await opened.store.counts()).holding == 7


@pytest.mark.parametrize(
    ("gate", "hold"),
    [
        ({"paused": True}, Hold.ENGINE_PAUSED),
        ({"recovering": True}, Hold.RECOVERING),
        ({"reading": None}, Hold.RECOVERING),
        ({"reading_age_s": 15.1, "reading_bound_s": 15.0}, Hold.READING_STALE),
        ({"breaker": Breaker(3, later(NOW, 30))}, Hold.BREAKER_OPEN),
        ({"pacing": Pacing(1.0, NOW + 500.0)}, Hold.PACING),
    ],
)
async def test_a_closed_gate_starts_nothing_and_says_why(
    opened: Opened, gate: dict[str, object], hold: Hold
) -> None:
    (call_id,) = await opened.queue(1)
    reserved = await opened.reserve(5, **gate)
    assert (reserved.orders, reserved.hold) == ((), hold)
    assert (await opened.call(call_id)).state is CallState.QUEUED


async def test_a_paced_start_says_that_more_are_ready(opened: Opened) -> None:
    """The last few ready calls, fewer than one look finds, must not be forgotten."""
    await opened.queue(1, 2, 3)
    for left in (True, True, False):
        reserved = await opened.reserve(10, pacing=Pacing(1.0))
        assert len(reserved.orders) == 1
        assert reserved.more is left


async def test_the_breaker_lets_one_probe_through(opened: Opened) -> None:
    await opened.queue(1, 2, 3)
    assert len((await opened.reserve(5, breaker=Breaker(3, NOW))).orders) == 1


async def test_one_pass_is_bounded_and_says_that_more_are_ready(opened: Opened) -> None:
    await opened.queue(*range(DISPATCH_BATCH_MAX + 10))
    first = await opened.reserve(10_000)
    assert (len(first.orders), first.more, first.hold) == (DISPATCH_BATCH_MAX, True, None)
    assert len((await opened.reserve(10_000)).orders) == 10


async def test_a_queue_that_is_used_up_has_no_more(opened: Opened) -> None:
    await opened.queue(1)
    assert not (await opened.reserve(5)).more


# --- one number, one call


async def test_two_calls_to_one_number_never_go_at_once(opened: Opened) -> None:
    await opened.queue(1, 1, 2, 1)
    first = await opened.reserve(10)
    assert sorted(numbers_of(first.orders)) == ["+12025550001", "+12025550002"]
    assert (await opened.reserve(10)).orders == ()
    assert (await opened.store.counts()).holds == {Hold.NUMBER_BUSY_ELSEWHERE: 2}


async def test_a_number_is_free_again_when_its_call_is_final(opened: Opened) -> None:
    ids = await opened.queue(1, 1, 1)
    for call_id in ids:
        (order,) = (await opened.reserve(10)).orders
        assert order.call_id == call_id
        await opened.tell(accepted(order), over(order, None))
        assert (await opened.reserve(10)).orders == (), "quarantined while it wraps up"
        await opened.tell(over(order))
    assert await opened.states(*ids) == [CallState.ENDED] * 3


async def test_a_number_stays_quarantined_while_nobody_knows(opened: Opened) -> None:
    await opened.queue(1, 1)
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(Unanswered(order.attempt_id))
    assert (await opened.reserve(10)).orders == ()
    await opened.tell(NotTaken(order.attempt_id, Refusal.NOT_SENT))
    assert [one.call_id for one in (await opened.reserve(10)).orders] == [order.call_id]


async def test_many_waiting_for_one_number_all_get_their_turn(opened: Opened) -> None:
    ids = await opened.queue(*[1] * (NUMBERS_FREED_MAX * 2 + 5))
    seen: list[CallId] = []
    while True:
        orders = (await opened.reserve(50)).orders
        if not orders:
            break
        assert len(orders) == 1
        seen.append(orders[0].call_id)
        await opened.tell(over(orders[0]))
    assert seen == list(ids)


async def test_a_hold_whose_number_is_free_after_all_is_lifted(opened: Opened) -> None:
    ids = await opened.queue(1, 1, 2, 2)
    orders = (await opened.reserve(10)).orders
    await opened.tell(Wished(ids[1], Wish.PARK, "olga"), over(orders[0]))
    await opened.tell(Wished(ids[1], Wish.UNPARK, "olga"))
    assert await opened.store.wake_numbers(opened.now) == 0
    assert [one.call_id for one in (await opened.reserve(10)).orders] == [ids[1]]


# --- one line, however it is written

BRAZIL = ("+5523960000001", "+552360000001")
ARGENTINA = ("+541100000001", "+5491100000001")


async def both_ways(opened: Opened, ways: tuple[str, str]) -> tuple[CallId, ...]:
    return (await opened.add(*(new_call(1, to_number=way) for way in ways))).ids


@pytest.mark.parametrize("ways", [BRAZIL, ARGENTINA])
async def test_one_line_is_not_called_twice_at_once(opened: Opened, ways: tuple[str, str]) -> None:
    first, second = await both_ways(opened, ways)
    (order,) = (await opened.reserve(10)).orders
    assert order.call_id == first
    assert (await opened.reserve(10)).orders == ()
    assert (await opened.store.counts()).holds == {Hold.NUMBER_BUSY_ELSEWHERE: 1}
    await opened.tell(over(order))
    assert [one.call_id for one in (await opened.reserve(10)).orders] == [second]


@pytest.mark.parametrize("ways", [BRAZIL, ARGENTINA])
async def test_a_line_stays_quarantined_for_who_comes_later(
    opened: Opened, ways: tuple[str, str]
) -> None:
    await opened.add(new_call(1, to_number=ways[0]))
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(Unanswered(order.attempt_id))
    await opened.add(new_call(1, to_number=ways[1]))
    assert (await opened.reserve(10)).orders == ()
    assert await opened.store.wake_numbers(opened.now) == 0, "the line is still in doubt"


@pytest.mark.parametrize("ways", [BRAZIL, ARGENTINA])
async def test_a_hold_whose_line_is_free_after_all_is_lifted(
    opened: Opened, ways: tuple[str, str]
) -> None:
    _, second = await both_ways(opened, ways)
    (order,) = (await opened.reserve(10)).orders
    assert (await opened.reserve(10)).orders == ()
    await opened.tell(Wished(second, Wish.PARK, "olga"), over(order))
    await opened.tell(Wished(second, Wish.UNPARK, "olga"))
    await opened.store.wake_numbers(opened.now)
    assert [one.call_id for one in (await opened.reserve(10)).orders] == [second]


# --- routes that the platform refuses


async def test_a_refused_route_is_held_and_costs_no_other_its_turn(opened: Opened) -> None:
    denied = [new_call(n) for n in range(30)]
    (other,) = (await opened.add(*denied, new_call(99, agent_id="agent_2"))).ids[-1:]
    orders = []
    while not orders:
        reserved = await opened.reserve(1, frozenset({ROUTE}))
        orders = list(reserved.orders)
        assert orders or (reserved.more and reserved.hold is None)
    assert [order.call_id for order in orders] == [other]
    assert (await opened.store.counts()).holds == {Hold.PLATFORM_DENIED: 30}
    assert await opened.store.denied_routes() == {ROUTE}


async def test_routes_are_lifted_by_number_in_order(opened: Opened) -> None:
    ids = (await opened.add(*(new_call(n, priority=n) for n in range(6)))).ids
    await opened.reserve(10, frozenset({ROUTE}))
    assert await opened.store.lift_denied(*ROUTE, 1, opened.now) == (ids[-1],)
    assert [one.call_id for one in (await opened.reserve(10)).orders] == [ids[-1]]
    assert await opened.store.lift_denied("agent_2", "phnum_1", 10, opened.now) == ()
    assert set(await opened.store.lift_denied(*ROUTE, 100, opened.now)) == set(ids[:-1])
    assert await opened.store.denied_routes() == frozenset()
    assert await opened.dispatch_order() == list(reversed(ids[:-1]))


async def test_the_next_to_be_lifted_stands_behind_the_one_before(opened: Opened) -> None:
    ids = (await opened.add(*(new_call(n) for n in range(3)))).ids
    await opened.reserve(10, frozenset({ROUTE}))
    lift = opened.store.lift_denied
    assert await lift(*ROUTE, 1, opened.now, ids[0]) == (ids[1],)
    assert await lift(*ROUTE, 1, opened.now, ids[1]) == (ids[2],)
    assert await lift(*ROUTE, 1, opened.now, ids[2]) == (ids[0],), "from the first on again"
    assert await lift(*ROUTE, 1, opened.now, CallId(999)) == ()


async def test_every_refused_route_is_named_after_a_restart(opened: Opened) -> None:
    routes = {(f"agent_{a}", f"phnum_{p}") for a in range(3) for p in range(3)}
    await opened.add(
        *(
            new_call(number, agent_id=agent, agent_phone_number_id=phone)
            for number, (agent, phone) in enumerate(sorted(routes))
        )
    )
    await opened.reserve(50, frozenset(routes))
    await opened.reopen()
    assert await opened.store.denied_routes() == routes


# --- waiting for a time


async def test_a_retry_stands_in_line_when_it_is_due(opened: Opened) -> None:
    (call_id,) = (await opened.add(new_call(1, max_attempts=2))).ids
    (order,) = (await opened.reserve(1)).orders
    await opened.tell(accepted(order), over(order, BUSY))
    due_at = later(opened.now, 900)
    assert await opened.store.next_due() == due_at
    opened.wait(899.999)
    assert await opened.store.promote(opened.now) == 0
    assert (await opened.reserve(1)).orders == ()
    opened.wait(0.001)
    assert await opened.store.promote(opened.now) == 1
    assert await opened.store.next_due() is None
    (again,) = (await opened.reserve(1)).orders
    assert again.call_id == call_id
    assert again.attempt_id != order.attempt_id
    numbers = [attempt.number for attempt in (await opened.detail(call_id)).attempts]
    assert numbers == [1, 2]


async def test_promotion_is_bounded_and_takes_the_longest_due_first(opened: Opened) -> None:
    count = PROMOTE_BATCH_MAX + 20
    await opened.add(*(new_call(n, max_attempts=2) for n in range(count)))
    facts = []
    while orders := (await opened.reserve(10_000)).orders:
        facts += [over(order, BUSY) for order in orders]
    await opened.tell(*facts)
    opened.wait(901)
    assert await opened.store.promote(opened.now) == PROMOTE_BATCH_MAX
    assert await opened.store.promote(opened.now) == 20
    assert await opened.store.promote(opened.now) == 0
