"""The list of events: bounded, following its end, or standing where one reads."""

from __future__ import annotations

from textual.app import App, ComposeResult

from voiceslot_tui.console.widgets.cells import Line, line
from voiceslot_tui.console.widgets.line_list import LineList
from voiceslot_tui.core.limits import EVENTS_SHOWN_MAX
from voiceslot_tui.core.text import CleanText

SIZE = (30, 6)


def events(first: int, count: int) -> list[Line]:
    return [line(CleanText(f"event {number}")) for number in range(first, first + count)]


class EventsApp(App[None]):
    def __init__(self, *, tail: bool = True) -> None:
        super().__init__()
        self.events = LineList(tail=tail)
        self.told: list[bool] = []

    def compose(self) -> ComposeResult:
        yield self.events

    def on_line_list_follow_changed(self, message: LineList.FollowChanged) -> None:
        self.told.append(message.follows)

    def lines(self) -> list[str]:
        return [self.events.render_line(y).text.strip() for y in range(self.events.size.height)]


async def test_the_newest_lines_are_on_the_screen_and_few_are_kept() -> None:
    app = EventsApp()
    async with app.run_test(size=SIZE):
        app.events.append(events(0, 10))
        assert app.lines() == [f"event {number}" for number in range(4, 10)]
        app.events.append(events(10, EVENTS_SHOWN_MAX))
        assert app.events.lines_held == EVENTS_SHOWN_MAX
        assert app.lines()[-1] == f"event {EVENTS_SHOWN_MAX + 9}"


async def test_going_up_stops_following_and_what_is_read_stays() -> None:
    app = EventsApp()
    async with app.run_test(size=SIZE) as pilot:
        app.events.append(events(0, 20))
        app.events.action_page_up()
        shown = app.lines()[:-1]
        assert shown == [f"event {number}" for number in range(9, 14)]
        assert app.lines()[-1] == "↓ 6 newer"
        app.events.append(events(20, 3))
        assert app.lines()[:-1] == shown
        assert app.lines()[-1] == "↓ 9 newer"
        app.events.action_cursor_end()
        assert app.lines()[-1] == "event 22"
        app.events.append(events(23, 1))
        assert app.lines()[-1] == "event 23"
        await pilot.pause()
        assert app.told == [False, True]


async def test_what_is_read_stays_even_while_old_lines_are_dropped() -> None:
    app = EventsApp()
    async with app.run_test(size=SIZE):
        app.events.append(events(0, EVENTS_SHOWN_MAX))
        app.events.action_page_up()
        shown = app.lines()[:-1]
        app.events.append(events(EVENTS_SHOWN_MAX, 50))
        assert app.lines()[:-1] == shown


async def test_following_is_switched_by_its_action() -> None:
    app = EventsApp()
    async with app.run_test(size=SIZE) as pilot:
        app.events.append(events(0, 20))
        app.events.action_toggle_follow()
        app.events.append(events(20, 5))
        assert app.lines()[0] == "event 14"
        app.events.action_toggle_follow()
        assert app.lines()[-1] == "event 24"
        await pilot.pause()
        assert app.told == [False, True]


async def test_a_list_without_tail_starts_at_its_first_line() -> None:
    app = EventsApp(tail=False)
    async with app.run_test(size=SIZE):
        app.events.replace(events(0, 20))
        assert app.lines()[0] == "event 0"
        app.events.action_half_page_down()
        app.events.replace(events(100, 20))
        assert app.lines()[0] == "event 103"
        app.events.action_cursor_end()
        assert app.lines()[-1] == "event 119"
        app.events.action_cursor_home()
        app.events.action_cursor_down()
        app.events.action_cursor_up()
        app.events.action_half_page_up()
        assert app.lines()[0] == "event 100"
