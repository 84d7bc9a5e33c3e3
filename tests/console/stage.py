"""The console on a fake engine, as a test sees it: keys in, lines of named panes out."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, cast

from textual import events
from textual.pilot import Pilot
from textual.widget import Widget

from tests.console.fake_link import FakeLink, FakeWatch
from tests.console.still_clock import StillClock
from voiceslot_tui.console.dialogs.dialog import TypingDialog
from voiceslot_tui.console.operator_app import OperatorApp
from voiceslot_tui.link.watch import Watch

DEADLINE_S = 20.0
_NO_BOXES = str.maketrans(dict.fromkeys("│─╭╮╰╯", " "))


class Stage:
    """One running console. What is asked of it waits until it has come to rest."""

    def __init__(self, app: OperatorApp, pilot: Pilot[Any], watch: FakeWatch, clock: StillClock):
        self.app = app
        self.pilot = pilot
        self.watch = watch
        self.clock = clock

    @property
    def link(self) -> FakeLink:
        return self.watch.engine

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
        await self.rest()

    async def type(self, text: str, *, enter: bool = True) -> None:
        """Type on the line that is open, faster than anybody could."""
        await self.until(lambda: isinstance(self.app.screen, TypingDialog))
        for character in text:
            self.app.post_message(events.Key("x", character))
        if enter:
            self.app.post_message(events.Key("enter", None))
        await self.rest()

    async def paste(self, text: str) -> None:
        """Put text on the line that is open, all at once, and hand it in."""
        await self.until(lambda: isinstance(self.app.screen, TypingDialog))
        self.app.post_message(events.Paste(text))
        self.app.post_message(events.Key("enter", None))
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing is being read, asked or painted."""
        main = self.app.main
        panes = (main.queue, main.whatsapp, main.batches, main.recipients)
        tables = [pane.inner for pane in panes]
        await self.until(lambda: all(one.is_settled or not one.region for one in tables))
        await self.pilot.pause()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.pilot.pause()
            while not holds():
                await self.pilot.pause(0.01)

    def screen(self) -> list[str]:
        """Give the lines of the whole terminal."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.screen())

    def words(self) -> str:
        """Give what is on the terminal as running text, without the boxes around it."""
        return " ".join(self.text().translate(_NO_BOXES).split())

    def lines(self, name: str) -> list[str]:
        """Give the lines of one pane or line of the screen, as they are painted."""
        widget = self.app.main.query_one(f"#{name}", Widget)
        if not widget.display or not widget.region:
            return []
        height = widget.size.height
        return [widget.render_line(y).text.rstrip() for y in range(height)]

    def shown(self, name: str) -> str:
        return "\n".join(self.lines(name))

    def flash(self) -> str:
        news = self.app.main.flash.news
        return news.text if news is not None else ""


@asynccontextmanager
async def stage(
    link: FakeLink | None = None,
    size: tuple[int, int] = (80, 24),
    *,
    connected: bool = True,
    owns_engine: bool = False,
) -> AsyncIterator[Stage]:
    """Run a console of some size on a fake engine."""
    watch, clock = FakeWatch(link), StillClock()
    app = OperatorApp(
        cast(Watch, watch),
        report_folder=Path(tempfile.gettempdir()) / "voiceslot-stage",
        owns_engine=owns_engine,
        clock=clock,
        zone=UTC,
    )
    async with app.run_test(size=size) as pilot:
        on_stage = Stage(app, pilot, watch, clock)
        if connected:
            watch.connect()
            await on_stage.until(lambda: app.session.view.current)
            await on_stage.rest()
        yield on_stage
