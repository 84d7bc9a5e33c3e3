"""The table on a screen: what it shows, what it tells, what it paints."""

from __future__ import annotations

import asyncio

import pytest
from textual.geometry import Region

from tests.console.widgets.fake_rows import ChangingRows, ManyRows, row_of
from tests.console.widgets.table_app import TableApp, settled
from voiceslot_tui.console.widgets.row_source import Reach
from voiceslot_tui.console.widgets.table_lines import TableState
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.limits import MARKED_CALLS_MAX
from voiceslot_tui.core.pages import Page

SIZE = (80, 11)
ROWS = 10


def few(count: int) -> ChangingRows:
    return ChangingRows([row_of(number) for number in range(count)])


def cursor(app: TableApp) -> int:
    row = app.table.cursor_row
    assert row is not None
    return row.call.id


async def test_rows_stand_under_their_titles_with_number_cursor_and_scroll_bar() -> None:
    app = TableApp(few(12))
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        lines = app.lines()
        assert lines[0].split() == ["#", "P", "to", "name"]
        assert lines[1].split() == ["▌", "1", "0", "+12025550100", "Person", "0", "█"]
        assert lines[10].split() == ["10", "0", "+12025550109", "Person", "9", "│"]


async def test_keys_move_over_a_million_rows_and_few_are_held() -> None:
    source = ManyRows(1_000_000)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        app.table.total_rows = source.count
        held = 0
        for number in range(100):
            app.action_table("cursor_down")
            app.action_table("page_down")
            if number % 10 == 0:
                await pilot.pause()
            held = max(held, len(app.table.held_rows))
        await settled(app, pilot)
        assert cursor(app) == 100 + 100 * ROWS
        assert app.table.position.row_number == cursor(app) + 1
        await pilot.press("end")
        await settled(app, pilot)
        assert (cursor(app), app.table.position.row_number) == (999_999, 1_000_000)
        assert app.table.position.exact
        await pilot.press("up", "ctrl+u", "pageup")
        await settled(app, pilot)
        assert cursor(app) == 999_999 - 1 - ROWS // 2 - ROWS
        await pilot.press("home", "ctrl+d")
        await settled(app, pilot)
        assert (cursor(app), app.table.position.row_number) == (ROWS // 2, ROWS // 2 + 1)
        assert max(held, len(app.table.held_rows)) <= 3 * ROWS


async def test_the_cursor_moves_while_the_source_keeps_one_waiting() -> None:
    many = ManyRows(1_000)
    gate = asyncio.Event()
    gate.set()

    class Slow:
        async def page(self, query: Reach) -> Page:
            await gate.wait()
            return await many.page(query)

    app = TableApp(Slow())
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        gate.clear()
        await pilot.press(*["down"] * 15)
        assert cursor(app) == 15
        assert "▌" in app.lines()[-1]
        await pilot.press(*["pagedown"] * 3)
        gate.set()
        await settled(app, pilot)
        assert cursor(app) == 45


async def test_a_refresh_paints_only_lines_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    source = few(30)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        painted: list[int] = []
        stock = VirtualTable.refresh

        def refresh(table: VirtualTable, *regions: Region, **options: bool) -> VirtualTable:
            painted.extend(region.y for region in regions)
            return stock(table, *regions, **options)

        monkeypatch.setattr(VirtualTable, "refresh", refresh)
        app.table.refresh_rows()
        await settled(app, pilot)
        assert painted == []
        source.remove(4)
        source.add(row_of(4, name="Changed"))
        app.table.refresh_rows()
        await settled(app, pilot)
        assert painted == [5]
        assert "Changed" in app.lines()[5]
        painted.clear()
        await pilot.press("down")
        assert painted == [1, 2]


async def test_the_cursor_stays_on_its_call_when_the_order_changes() -> None:
    source = few(500)
    app = TableApp(source, source.locate)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        app.table.select(CallId(300))
        await settled(app, pilot)
        assert cursor(app) == 300
        source.raise_priority(300, 9)
        app.table.refresh_rows()
        await settled(app, pilot)
        assert (cursor(app), app.table.position.row_number) == (300, 1)
        source.remove(300)
        app.table.refresh_rows()
        await settled(app, pilot)
        assert cursor(app) == 0


async def test_new_rows_above_the_screen_are_announced() -> None:
    source = few(50)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        await pilot.press("pagedown")
        await settled(app, pilot)
        source.add(*(row_of(number, priority=1) for number in (90, 91, 92)))
        app.table.refresh_rows()
        await settled(app, pilot)
        assert "↑ 3 new above" in app.lines()[0]
        assert "Person 10" in app.lines()[1]
        await pilot.press("home")
        await settled(app, pilot)
        assert "new above" not in app.lines()[0]


async def test_marks_belong_to_calls_and_are_told() -> None:
    source = few(30)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        await pilot.press("space", "space", "down", "space")
        assert app.table.marked == {0, 1, 3}
        assert [line[1:2] for line in app.lines()[1:5]] == ["●", "●", " ", "●"]
        source.raise_priority(3, 5)
        app.table.refresh_rows()
        await settled(app, pilot)
        assert app.lines()[1][1:2] == "●"
        await pilot.press("home", "space")
        assert app.table.marked == {0, 1}
        told = [message for message in app.told if isinstance(message, VirtualTable.Marked)]
        assert told[-1].row_ids == {0, 1}
        app.table.mark(CallId(number) for number in range(MARKED_CALLS_MAX + 5))
        assert len(app.table.marked) == MARKED_CALLS_MAX


async def test_the_owner_learns_where_the_cursor_is_and_what_was_opened() -> None:
    app = TableApp(few(30))
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        await pilot.press("down", "down", "enter")
        moved = [told.row for told in app.told if isinstance(told, VirtualTable.CursorMoved)]
        opened = [told.row for told in app.told if isinstance(told, VirtualTable.Opened)]
        assert [row.call.id for row in moved if row] == [0, 1, 2]
        assert [row.call.id for row in opened] == [2]


async def test_the_mouse_puts_the_cursor_and_opens() -> None:
    app = TableApp(few(30))
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        await pilot.click(offset=(20, 4))
        assert cursor(app) == 3
        await pilot.double_click(offset=(20, 6))
        assert isinstance(app.told[-1], VirtualTable.Opened)
        assert cursor(app) == 5


async def test_no_rows_loading_and_failing_are_said_in_words() -> None:
    source = few(0)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        assert app.table.position.state in (TableState.LOADING, TableState.EMPTY)
        await settled(app, pilot)
        assert app.table.position.state is TableState.EMPTY
        assert app.lines()[1] == "No calls."
        source.broken = "the engine is gone"
        app.table.refresh_rows()
        await settled(app, pilot)
        assert app.table.position.state is TableState.FAILED
        assert app.lines()[1:3] == ["The calls cannot be read:", "the engine is gone"]
        source.broken = ""
        source.add(row_of(1))
        app.table.refresh_rows()
        await settled(app, pilot)
        assert app.table.position.state is TableState.SHOWN


async def test_rows_that_could_not_be_renewed_stay_and_are_called_old() -> None:
    source = few(30)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        source.broken = "the engine is gone"
        app.table.refresh_rows()
        await settled(app, pilot)
        assert "not up to date" in app.lines()[0]
        assert "Person 0" in app.lines()[1]


async def test_another_list_starts_at_its_top() -> None:
    source = few(30)
    app = TableApp(source)
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        await pilot.press("pagedown")
        app.table.show_list(ChangingRows([row_of(n, name="Ana") for n in range(3)]))
        await settled(app, pilot)
        assert cursor(app) == 0
        assert "Ana" in app.lines()[1]
        assert len(app.table.held_rows) == 3


async def test_a_name_that_looks_like_markup_is_shown_and_a_click_on_it_runs_nothing() -> None:
    name = "[@click=app.cancel_all]Pedro[/] [/]"
    app = TableApp(ChangingRows([row_of(1, name=name)]))
    async with app.run_test(size=SIZE) as pilot:
        await settled(app, pilot)
        assert name in app.lines()[1]
        for x in range(10, 70, 5):
            await pilot.click(offset=(x, 1))
        assert not app.cancelled


@pytest.mark.parametrize("size", [(1, 1), (10, 2), (40, 10), (200, 60)])
async def test_any_size_is_painted(size: tuple[int, int]) -> None:
    app = TableApp(few(100))
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        await pilot.press("down", "pagedown", "end")
        await settled(app, pilot)
        assert all(app.table.render_line(y).cell_length == size[0] for y in range(size[1]))
