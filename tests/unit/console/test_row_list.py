"""A list of any length behind a table: where the cursor is, what is held, what is read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console.widgets.fake_rows import ChangingRows, ManyRows, row_of
from voiceslot_tui.console.widgets.row_list import STRAYED_FOR_S, End, RowList, Target
from voiceslot_tui.console.widgets.row_source import Reach
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.pages import Page, PageRow, RowKey

HEIGHT = 10


async def settle(rows: RowList[PageRow]) -> None:
    while rows.wants_reading:
        await rows.read_next()
    assert rows.failure is None


def opened(source: ChangingRows | ManyRows, *, locate: bool = True) -> RowList[PageRow]:
    by_id = source.locate if locate and isinstance(source, ChangingRows) else None
    rows = RowList(source, by_id)
    rows.window.resize(HEIGHT)
    return rows


def at(rows: RowList[PageRow]) -> int:
    row = rows.window.cursor_row
    assert row is not None
    return row.call.id


def assert_sound(rows: RowList[PageRow], source: ChangingRows) -> None:
    """Check what holds after every reading of a list that has not changed since."""
    window = rows.window
    assert len(window.rows) <= 3 * window.height
    assert 0 <= window.top <= window.cursor < window.top + window.height or not window.rows
    assert len(window.visible) == min(window.height, len(source.rows))
    if window.rows:
        start = source.number_of(window.rows[0].call.id)
        assert window.rows == source.rows[start : start + len(window.rows)]
        assert (window.before is None) == (start == 0)
        assert (window.after is None) == (start + len(window.rows) == len(source.rows))
        if window.exact:
            assert window.first == start


async def test_a_million_rows_are_walked_with_a_bounded_window() -> None:
    source = ManyRows(1_000_000)
    rows = opened(source)
    rows.total = source.count
    await settle(rows)
    for _ in range(100):
        rows.move(1)
        rows.move(HEIGHT, scroll=True)
        await settle(rows)
        assert len(rows.window.rows) <= 3 * HEIGHT
    assert rows.window.first is not None
    assert (at(rows), rows.window.first + rows.window.cursor) == (1100, 1100)
    assert rows.window.exact
    rows.go(End.END)
    await settle(rows)
    assert at(rows) == 999_999
    assert rows.window.first is not None
    assert rows.window.exact
    assert rows.window.first + rows.window.cursor == 999_999
    rows.move(-3 * HEIGHT, scroll=True)
    await settle(rows)
    assert at(rows) == 999_969
    rows.go(End.START)
    await settle(rows)
    assert (at(rows), rows.window.first) == (0, 0)
    assert max(query.count for query in source.queries) <= 3 * HEIGHT


async def test_moving_within_what_is_held_reads_nothing_first() -> None:
    rows = opened(ManyRows(1_000))
    await settle(rows)
    for step in range(HEIGHT):
        rows.move(1)
        assert at(rows) == step + 1


async def test_moves_before_the_rows_are_here_are_carried_out_later() -> None:
    rows = opened(ManyRows(1_000))
    for _ in range(7):
        rows.move(HEIGHT, scroll=True)
    rows.move(3)
    await settle(rows)
    assert at(rows) == 73


async def test_the_cursor_follows_its_call_to_another_place() -> None:
    source = ChangingRows([row_of(number) for number in range(900)])
    rows = opened(source)
    await settle(rows)
    rows.move(500)
    await settle(rows)
    line = rows.window.cursor - rows.window.top
    source.raise_priority(500, 5)
    rows.renew()
    await settle(rows)
    assert (at(rows), source.number_of(500)) == (500, 0)
    source.add(*(row_of(number, priority=9) for number in range(1000, 1040)))
    rows.renew()
    await settle(rows)
    assert at(rows) == 500
    assert line < HEIGHT
    assert_sound(rows, source)


async def test_without_locating_the_cursor_goes_to_the_nearest_row() -> None:
    source = ChangingRows([row_of(number) for number in range(900)])
    rows = opened(source, locate=False)
    await settle(rows)
    rows.move(500)
    await settle(rows)
    source.raise_priority(500, 5)
    rows.renew()
    await settle(rows)
    assert at(rows) == 501
    source.remove(*range(495, 600))
    rows.renew()
    await settle(rows)
    assert at(rows) == 600


async def test_rows_that_come_above_the_screen_are_counted_until_seen() -> None:
    source = ChangingRows([row_of(number) for number in range(100)])
    rows = opened(source)
    await settle(rows)
    rows.move(15)
    await settle(rows)
    shown = [row.call.id for row in rows.window.visible]
    source.add(row_of(500, priority=1), row_of(501, priority=1))
    rows.renew()
    await settle(rows)
    assert [row.call.id for row in rows.window.visible] == shown
    assert rows.window.new_above == 2
    rows.go(End.START)
    await settle(rows)
    assert rows.window.new_above == 0


async def test_a_list_at_its_start_stays_there_while_the_cursor_is_on_the_screen() -> None:
    source = ChangingRows([row_of(number) for number in range(100)])
    rows = opened(source)
    await settle(rows)
    source.add(row_of(500, priority=1))
    rows.renew()
    await settle(rows)
    assert (at(rows), rows.window.top, rows.window.cursor) == (0, 0, 1)
    assert rows.window.new_above == 0


async def test_a_failure_keeps_the_rows_and_waits_to_be_asked_again() -> None:
    source = ChangingRows([row_of(number) for number in range(100)])
    rows = opened(source)
    await settle(rows)
    source.broken = "the engine is gone"
    rows.renew()
    await rows.read_next()
    assert rows.failure == "the engine is gone"
    assert not rows.wants_reading
    assert len(rows.window.visible) == HEIGHT
    source.broken = ""
    rows.renew()
    await settle(rows)


class Gated:
    """A million rows behind a gate that a test opens and shuts."""

    def __init__(self) -> None:
        self.many = ManyRows(1_000_000)
        self.gate = asyncio.Event()
        self.gate.set()

    async def page(self, query: Reach) -> Page:
        page = await self.many.page(query)
        await self.gate.wait()
        return page


def ask_for_more(rows: RowList[PageRow]) -> None:
    rows.move(3 * HEIGHT)


@pytest.mark.parametrize("ask", [RowList.renew, ask_for_more])
async def test_what_was_asked_before_another_list_was_shown_is_thrown_away(
    ask: Callable[[RowList[PageRow]], None],
) -> None:
    source = Gated()
    rows = RowList(source)
    rows.window.resize(HEIGHT)
    await settle(rows)
    source.gate.clear()
    ask(rows)
    await read_while(rows, source, lambda: rows.show(ManyRows(5)))
    assert rows.window.rows == []
    assert not rows.loaded
    assert rows.wants_reading


@pytest.mark.parametrize("ask", [RowList.renew, ask_for_more])
async def test_moves_after_a_jump_are_not_spent_on_what_was_asked_before(
    ask: Callable[[RowList[PageRow]], None],
) -> None:
    source = Gated()
    rows = RowList(source)
    rows.window.resize(HEIGHT)
    await settle(rows)
    source.gate.clear()
    ask(rows)

    def jump_and_move() -> None:
        rows.go(End.END)
        rows.move(-1)

    await read_while(rows, source, jump_and_move)
    await settle(rows)
    assert at(rows) == 999_998


async def read_while(rows: RowList[PageRow], source: Gated, act: Callable[[], None]) -> None:
    """Act while a reading is under way, then let it end."""
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(rows.read_next())
        await asyncio.wait([reading], timeout=0)
        act()
        source.gate.set()


async def test_a_filter_that_finds_little_is_searched_in_bounded_steps() -> None:
    asked: list[Reach] = []

    class Sparse:
        """Every page looks at 100 rows and finds nothing, up to row 100,000."""

        async def page(self, query: Reach) -> Page:
            asked.append(query)
            place = (query.key or (1, 0, 0, 0))[3] + 100
            return Page((), more=False, searched_to=(1, 0, place, place))

    rows = RowList(Sparse())
    rows.window.resize(HEIGHT)
    await settle(rows)
    assert rows.window.searching
    before = len(asked)
    assert 1 <= before < 10
    rows.move(1)
    await settle(rows)
    assert before < len(asked) < 20
    assert asked[before].key == (1, 0, before * 100, before * 100)


class Found:
    """Finds a row when it is told to."""

    def __init__(self, source: ChangingRows) -> None:
        self.source = source
        self.asked = asyncio.Event()
        self.may_tell = asyncio.Event()

    async def locate(self, row_id: int) -> RowKey | None:
        self.asked.set()
        await self.may_tell.wait()
        return await self.source.locate(row_id)


def numbered(count: int) -> ChangingRows:
    return ChangingRows([row_of(number) for number in range(1, count + 1)])


async def looked_for() -> tuple[RowList[PageRow], Found, asyncio.Task[None]]:
    """Open a list whose first row moves far down; give it while that row is looked for."""
    source = numbered(100)
    found = Found(source)
    rows = RowList(source, found.locate, lambda: 5.0)
    rows.window.resize(HEIGHT)
    await settle(rows)
    source.raise_priority(at(rows), -9)
    rows.renew()
    reading = asyncio.create_task(rows.read_next())
    await found.asked.wait()
    return rows, found, reading


async def test_while_its_row_is_looked_for_the_cursor_counts_as_strayed() -> None:
    rows, found, reading = await looked_for()
    assert (at(rows), rows.strayed) == (2, True)
    found.may_tell.set()
    await reading
    assert (at(rows), rows.strayed) == (1, False)


async def test_a_row_that_is_looked_for_is_not_gone_back_to_once_the_operator_has_moved() -> None:
    rows, found, reading = await looked_for()
    rows.move(1)
    found.may_tell.set()
    await reading
    await settle(rows)
    assert (at(rows), rows.strayed) == (3, False)


async def test_the_cursor_has_strayed_for_a_second_once_its_row_left() -> None:
    source, now_s = numbered(30), [5.0]
    rows = RowList(source, source.locate, lambda: now_s[0])
    rows.window.resize(HEIGHT)
    await settle(rows)
    source.remove(at(rows))
    rows.renew()
    await settle(rows)
    assert rows.strayed
    now_s[0] += STRAYED_FOR_S
    assert not rows.strayed


@pytest.mark.parametrize("told_first", [False, True])
async def test_a_row_that_the_operator_sent_away_leaves_without_straying(told_first: bool) -> None:
    source, now_s = numbered(30), [5.0]
    rows = RowList(source, source.locate, lambda: now_s[0])
    rows.window.resize(HEIGHT)
    await settle(rows)
    first = at(rows)
    if told_first:
        rows.let_go((first,))
    source.remove(first)
    rows.renew()
    await settle(rows)
    if not told_first:
        assert rows.strayed
        rows.let_go((first,))
    assert (at(rows), rows.strayed) == (first + 1, False)


@pytest.mark.parametrize("told_first", [False, True])
async def test_where_the_next_row_leaves_by_itself_at_the_same_time_the_cursor_has_strayed(
    told_first: bool,
) -> None:
    source, now_s = numbered(30), [5.0]
    rows = RowList(source, source.locate, lambda: now_s[0])
    rows.window.resize(HEIGHT)
    await settle(rows)
    first = at(rows)
    if told_first:
        rows.let_go((first,))
    source.remove(first)
    source.remove(first + 1)
    rows.renew()
    await settle(rows)
    rows.let_go((first,))
    assert (at(rows), rows.strayed) == (first + 2, True)


async def test_a_row_that_leaves_long_after_it_was_sent_away_leaves_by_itself() -> None:
    source, now_s = numbered(30), [5.0]
    rows = RowList(source, source.locate, lambda: now_s[0])
    rows.window.resize(HEIGHT)
    await settle(rows)
    rows.let_go((at(rows),))
    now_s[0] += STRAYED_FOR_S
    source.remove(at(rows))
    rows.renew()
    await settle(rows)
    assert rows.strayed


async def test_while_a_row_that_was_sent_away_is_looked_for_nothing_has_strayed() -> None:
    rows, found, reading = await looked_for()
    rows.let_go((1,))
    assert not rows.strayed
    found.may_tell.set()
    await reading


async def test_a_call_is_found_by_its_key_or_by_its_id() -> None:
    source = ChangingRows([row_of(number) for number in range(900)])
    rows = opened(source)
    await settle(rows)
    rows.go(Target(CallId(700)))
    await settle(rows)
    assert at(rows) == 700
    assert rows.window.first is None
    rows.go(Target(CallId(300), key=(1, 0, 300, 300)))
    await settle(rows)
    assert at(rows) == 300
    assert_sound(rows, source)


steps = st.one_of(
    st.tuples(st.just("move"), st.integers(-40, 40), st.booleans()),
    st.tuples(st.just("go"), st.sampled_from(End)),
    st.tuples(st.just("add"), st.integers(1000, 1200), st.integers(-2, 2)),
    st.tuples(st.just("remove"), st.integers(0, 60), st.integers(0, 30)),
    st.tuples(st.just("raise"), st.integers(0, 60), st.integers(-2, 2)),
    st.tuples(st.just("resize"), st.integers(1, 25)),
)


@given(st.integers(0, 60), st.lists(steps, max_size=15))
def test_the_window_is_always_a_true_part_of_the_list(
    count: int, script: list[tuple[object, ...]]
) -> None:
    asyncio.run(walk(count, script))


async def walk(count: int, script: list[tuple[object, ...]]) -> None:
    source = ChangingRows([row_of(number) for number in range(count)])
    rows = opened(source)
    rows.total = count
    await settle(rows)
    for step in script:
        expected = after(step, rows, source)
        await settle(rows)
        assert_sound(rows, source)
        cursor = rows.window.cursor_row
        assert (cursor.call.id if cursor else None) == expected, step


def after(step: tuple[object, ...], rows: RowList[PageRow], source: ChangingRows) -> int | None:
    """Carry a step out; give the call that the cursor must be on afterwards."""
    mark = rows.window.cursor_row
    match step:
        case ("move", int(by), bool(scroll)):
            number = source.number_of(mark.call.id) + by if mark else 0
            rows.move(by, scroll=scroll)
            return id_at(source, number)
        case ("go", End() as end):
            rows.go(end)
            return id_at(source, 0 if end is End.START else len(source.rows) - 1)
        case ("resize", int(height)):
            rows.window.resize(height)
            return mark.call.id if mark else None
        case ("add", int(number), int(priority)):
            if all(row.call.id != number for row in source.rows):
                source.add(row_of(number, priority=priority))
        case ("remove", int(first), int(many)):
            source.remove(*range(first, first + many))
        case ("raise", int(number), int(priority)):
            if any(row.call.id == number for row in source.rows):
                source.raise_priority(number, priority)
    rows.total = len(source.rows)
    rows.renew()
    return kept_or_nearest(mark, source)


def kept_or_nearest(mark: PageRow | None, source: ChangingRows) -> int | None:
    if mark is None:
        return id_at(source, 0)
    if any(row.call.id == mark.call.id for row in source.rows):
        return mark.call.id
    return id_at(source, sum(row.key < mark.key for row in source.rows))


def id_at(source: ChangingRows, number: int) -> int | None:
    if not source.rows:
        return None
    return source.rows[min(max(0, number), len(source.rows) - 1)].call.id


def test_row_keys_order_as_the_list_does() -> None:
    row = row_of(7, priority=3)
    assert row.key < replace(row, key=(1, -2, 7, 7)).key


@pytest.mark.parametrize("height", [1, 2, 3])
async def test_the_smallest_screens_reach_every_row(height: int) -> None:
    source = ChangingRows([row_of(number) for number in range(30)])
    rows = opened(source)
    rows.window.resize(height)
    await settle(rows)
    seen = [at(rows)]
    for _ in range(29):
        rows.move(1)
        await settle(rows)
        seen.append(at(rows))
    assert seen == list(range(30))
