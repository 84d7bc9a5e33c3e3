"""Pages by key: a walk shows exactly what sorting and filtering all rows in memory gives."""

from __future__ import annotations

import random

import pytest

from tests.contract.store.stores import BUSY, Opened, accepted, new_call, over
from voiceslot_tui.core.calls import Call, CallState, Hold
from voiceslot_tui.core.facts import Reordered, Unanswered, Wish, Wished
from voiceslot_tui.core.limits import FILTER_SCAN_ROWS_MAX, PAGE_ROWS_MAX
from voiceslot_tui.core.pages import Filter, Page, PageQuery, PageRow, RowKey, Segment

COUNT = 120
UNDER_WAY = (
    CallState.DIALING,
    CallState.UNCERTAIN,
    CallState.LIVE,
    CallState.UNKNOWN,
    CallState.WRAPPING_UP,
)


async def mixed(opened: Opened) -> list[Call]:
    """Fill a store with calls in every state that pages show."""
    chance = random.Random(7)
    ids = (
        await opened.add(
            *(
                new_call(
                    number,
                    priority=chance.choice((-2, 0, 0, 0, 3)),
                    agent_id=chance.choice(("agent_1", "Agent_2%")),
                    max_attempts=2,
                )
                for number in range(COUNT)
            )
        )
    ).ids
    for call_id in chance.sample(ids, 20):
        await opened.tell(Reordered(call_id, chance.choice((0, 3)), chance.randint(-3, 3), "olga"))
    orders = (await opened.reserve(45)).orders
    for number, order in enumerate(orders):
        opened.wait(chance.choice((0, 1)))
        facts = (
            (),
            (accepted(order),),
            (accepted(order), over(order, None)),
            (accepted(order), over(order)),
            (accepted(order), over(order, BUSY)),
            (Unanswered(order.attempt_id),),
        )[number % 6]
        if facts:
            await opened.tell(*facts)
    queued = [one.id for one in await opened.store.calls(ids) if one.state is CallState.QUEUED]
    for call_id in chance.sample(queued, 8):
        await opened.tell(Wished(call_id, chance.choice((Wish.PARK, Wish.CANCEL)), "olga"))
    return list(await opened.store.calls(ids))


def key_of(call: Call) -> RowKey | None:
    if call.ended_at is not None:
        return (2, -call.ended_at, 0, call.id)
    part = 1 if call.state is CallState.QUEUED else 0
    return (part, -call.priority, call.position, call.id)


def expected(calls: list[Call], segment: Segment, where: Filter | None = None) -> list[int]:
    done = segment is Segment.DONE
    chosen = [
        call for call in calls if (call.ended_at is not None) == done and matches(call, where)
    ]
    return [call.id for call in sorted(chosen, key=lambda call: key_of(call) or (0, 0, 0, 0))]


def matches(call: Call, where: Filter | None) -> bool:
    if where is None:
        return True
    texts = [text.casefold() for text in (call.name, call.to_number, call.agent_id)]
    return (
        all(any(word.casefold() in text for text in texts) for word in where.words)
        and (not where.states or call.state in where.states)
        and (not where.holds or call.hold in where.holds)
        and (where.priority_min is None or call.priority >= where.priority_min)
        and (where.priority_max is None or call.priority <= where.priority_max)
        and call.to_number.startswith(where.number_prefix)
    )


async def walk(
    opened: Opened, segment: Segment, count: int, *, backwards: bool = False, where: Filter | None
) -> list[PageRow]:
    rows: list[PageRow] = []
    key: RowKey | None = None
    for _ in range(1000):
        query = PageQuery(segment, count, key, backwards, where=where or Filter())
        page = await opened.store.page(query)
        assert len(page.rows) <= count
        rows = [*page.rows, *rows] if backwards else [*rows, *page.rows]
        if page.more:
            key = page.rows[0].key if backwards else page.rows[-1].key
        elif page.searched_to is not None:
            key = page.searched_to
        else:
            return rows
    raise AssertionError("the walk never ends")


FILTERS = (
    None,
    Filter(words=("PERSON 1",)),
    Filter(words=("agent_2%",)),
    Filter(words=("agent_1", "55501")),
    Filter(words=("%",)),
    Filter(words=("_",)),
    Filter(words=("'; DROP TABLE call; --",)),
    Filter(states=frozenset({CallState.LIVE, CallState.ENDED})),
    Filter(holds=frozenset({Hold.PARKED, Hold.RETRY_WAIT})),
    Filter(priority_min=0, priority_max=2),
    Filter(priority_max=-1),
    Filter(number_prefix="+12025550"),
    Filter(number_prefix="+1202555005"),
    Filter(number_prefix="+44"),
    Filter(number_prefix="+1202555", states=frozenset({CallState.QUEUED}), words=("person",)),
)


@pytest.mark.parametrize("segment", Segment)
@pytest.mark.parametrize("where", FILTERS, ids=range(len(FILTERS)))
async def test_a_walk_in_either_direction_is_the_sorted_table(
    opened: Opened, segment: Segment, where: Filter | None
) -> None:
    calls = await mixed(opened)
    right = expected(calls, segment, where)
    for count in (1, 7, 500):
        for backwards in (False, True):
            rows = await walk(opened, segment, count, backwards=backwards, where=where)
            assert [row.call.id for row in rows] == right
    by_id = {call.id: call for call in calls}
    for row in await walk(opened, segment, 50, where=where):
        assert row.call == by_id[row.call.id]
        assert row.key == key_of(row.call)


async def test_the_mix_has_every_state_that_pages_show(opened: Opened) -> None:
    states = {call.state for call in await mixed(opened)}
    assert states >= {
        CallState.QUEUED,
        CallState.DIALING,
        CallState.UNCERTAIN,
        CallState.LIVE,
        CallState.WRAPPING_UP,
        CallState.ENDED,
        CallState.CANCELLED,
    }


@pytest.mark.parametrize("segment", Segment)
@pytest.mark.parametrize("where", [None, Filter(number_prefix="+1202555")], ids=["all", "prefix"])
async def test_a_page_may_begin_with_the_row_of_its_key(
    opened: Opened, segment: Segment, where: Filter | None
) -> None:
    right = expected(await mixed(opened), segment)
    rows = await walk(opened, segment, 500, where=None)
    for index in (0, len(rows) // 2, len(rows) - 1):
        key, found = rows[index].key, where or Filter()
        after = await page(opened, PageQuery(segment, 5, key, inclusive=True, where=found))
        assert after == right[index : index + 5]
        before = await page(
            opened, PageQuery(segment, 5, key, backwards=True, inclusive=True, where=found)
        )
        assert before == right[max(0, index - 4) : index + 1]


async def page(opened: Opened, query: PageQuery) -> list[int]:
    return [row.call.id for row in (await opened.store.page(query)).rows]


async def test_a_key_stays_a_place_when_its_row_has_left(opened: Opened) -> None:
    ids = await opened.queue(*range(10))
    rows = (await opened.store.page(PageQuery(count=10))).rows
    await opened.tell(Wished(ids[4], Wish.CANCEL, "olga"))
    for inclusive in (True, False):
        query = PageQuery(count=3, key=rows[4].key, inclusive=inclusive)
        assert await page(opened, query) == list(ids[5:8])


async def test_rows_show_when_their_dial_began(opened: Opened) -> None:
    ids = await opened.queue(1, 2)
    opened.wait(5)
    (order,) = (await opened.reserve(1)).orders
    started_at = opened.now
    opened.wait(2)
    await opened.tell(accepted(order))
    first, second = (await opened.store.page(PageQuery())).rows
    assert (first.call.id, first.attempt_started_at, first.accepted_at) == (
        ids[0],
        started_at,
        opened.now,
    )
    assert (second.attempt_started_at, second.accepted_at) == (None, None)


async def test_a_page_is_bounded(opened: Opened) -> None:
    await opened.queue(*range(PAGE_ROWS_MAX + 5))
    found = await opened.store.page(PageQuery(count=1_000_000))
    assert (len(found.rows), found.more) == (PAGE_ROWS_MAX, True)
    assert len((await opened.store.page(PageQuery(count=0))).rows) == 1


async def test_a_filtered_page_looks_at_a_bounded_number_of_rows(opened: Opened) -> None:
    """What is rare in a long queue is found by going on from where the search stopped."""
    size, rare = FILTER_SCAN_ROWS_MAX * 2 + 500, FILTER_SCAN_ROWS_MAX + 100
    for start in range(0, size, 5000):
        await opened.add(
            *(
                new_call(number % 9999, name="rare" if number == rare else "usual")
                for number in range(start, min(size, start + 5000))
            )
        )
    where = Filter(words=("rare",))
    first: Page = await opened.store.page(PageQuery(count=10, where=where))
    assert (first.rows, first.more) == ((), False)
    assert first.searched_to == (1, 0, 0, FILTER_SCAN_ROWS_MAX + 1)
    for backwards in (False, True):
        rows = await walk(opened, Segment.QUEUE, 10, backwards=backwards, where=where)
        assert [row.call.id for row in rows] == [rare + 1]
