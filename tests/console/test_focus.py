"""Which pane has the keys when they are typed faster than Textual tells where the focus went."""

from __future__ import annotations

from textual.events import DescendantFocus

from tests.console.fake_link import FakeLink, make_call
from tests.console.stage import stage
from voiceslot_tui.console.screen_layout import PaneId


async def test_late_news_of_an_earlier_focus_does_not_take_the_keys_away() -> None:
    link = FakeLink([make_call(number) for number in range(1, 10)])
    async with stage(link, (200, 60)) as seen:
        await seen.press("enter", "1")
        main = seen.app.main
        main.post_message(DescendantFocus(main.detail.inner))
        await seen.rest()
        assert main.active is PaneId.QUEUE
        await seen.press("j")
        row = main.queue.inner.cursor_row
        assert row is not None
        assert row.call.id == 2


async def test_a_click_into_a_pane_gives_it_the_keys() -> None:
    async with stage(size=(200, 60)) as seen:
        await seen.pilot.click("#events")
        await seen.rest()
        assert seen.app.main.active is PaneId.EVENTS
