"""Live lines: the same again paints nothing, a change only its line, and never a layout."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from voiceslot_tui.console.widgets.cells import Line, Span, Tone, line
from voiceslot_tui.console.widgets.live_text import LiveText
from voiceslot_tui.core.text import CleanText

SIZE = (20, 3)


class LiveApp(App[None]):
    CSS = "LiveText { height: 3; }"

    def __init__(self) -> None:
        super().__init__()
        self.live = LiveText()

    def compose(self) -> ComposeResult:
        yield self.live

    def lines(self) -> list[str]:
        return [self.live.render_line(y).text for y in range(self.live.size.height)]


def lines(*texts: str) -> list[Line]:
    return [line(CleanText(text)) for text in texts]


async def test_only_lines_that_changed_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    app = LiveApp()
    async with app.run_test(size=SIZE):
        app.live.show(*lines("one", "two", "three"))
        painted: list[tuple[int, dict[str, bool]]] = []
        monkeypatch.setattr(
            LiveText,
            "refresh",
            lambda _live, *regions, **options: painted.extend((r.y, options) for r in regions),
        )
        app.live.show(*lines("one", "two", "three"))
        assert painted == []
        app.live.show(*lines("one", "2", "three"))
        assert painted == [(1, {})]
        app.live.show(*lines("one"))
        assert [y for y, _ in painted] == [1, 1, 2]


async def test_long_lines_are_cut_and_short_ones_filled() -> None:
    app = LiveApp()
    async with app.run_test(size=SIZE):
        app.live.show(*lines("x" * 30, "日本"))
        assert app.lines() == ["x" * 19 + "…", "日本" + " " * 16, " " * 20]


async def test_the_owner_draws_again_at_another_size() -> None:
    app = LiveApp()
    async with app.run_test(size=SIZE) as pilot:
        app.live.draw_with(lambda width, height: lines(f"{width}x{height}"))
        assert app.lines()[0].strip() == "20x3"
        await pilot.resize_terminal(30, 3)
        await pilot.pause()
        assert app.lines()[0].strip() == "30x3"


async def test_tones_change_the_style_and_never_the_text() -> None:
    app = LiveApp()
    async with app.run_test(size=SIZE):
        spans = tuple(Span(CleanText(tone.value[0]), tone) for tone in Tone)
        app.live.show(Line(spans))
        strip = app.live.render_line(0)
        assert strip.text.strip() == "".join(tone.value[0] for tone in Tone)
        styles = {segment.text: segment.style for segment in list(strip)[: len(spans)]}
        assert len(set(styles.values())) > 1
