"""A small console for the tests of the terminal layer: every widget of ours, and a pulse.

Its first argument names what it shows; the file named by LAYER_PULSE says how late the event loop
ever was, as "ticks lateness_ms".
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from time import monotonic

from voiceslot_tui.console.terminal import prepare_environment

prepare_environment(os.environ)

from textual.app import ComposeResult  # noqa: E402
from textual.containers import Horizontal, Vertical  # noqa: E402
from textual.screen import ModalScreen  # noqa: E402
from textual.widgets import Input, Static  # noqa: E402

from tests.console.widgets.fake_rows import ChangingRows, ManyRows, row_of  # noqa: E402
from voiceslot_tui.console.terminal_app import ConsoleApp  # noqa: E402
from voiceslot_tui.console.widgets.cells import content, line  # noqa: E402
from voiceslot_tui.console.widgets.columns import Column  # noqa: E402
from voiceslot_tui.console.widgets.line_list import LineList  # noqa: E402
from voiceslot_tui.console.widgets.live_text import LiveText  # noqa: E402
from voiceslot_tui.console.widgets.virtual_table import VirtualTable  # noqa: E402
from voiceslot_tui.core.pages import PageRow  # noqa: E402
from voiceslot_tui.core.text import CleanText, clean  # noqa: E402

PULSE_S = 0.05

HOSTILE = (
    "\x1b]52;c;aGFja2Vk\x07",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31m",
    "\x9b31m\x9d52;c;aGFja2Vk\x9c",
    "\u202egnp.exe\u2066",
    "\x08\x08\x08\x00\x7f",
    "a\r\nb\tc\x0b\x0c\x85\u2028d",
    "[@click=app.cancel_all]Pedro[/]",
    "[/]",
    "[[bold]]",
    "zero\u200bwidth\u200d\ufeff\U000e0041",
    "e" + "\u0301" * 40,
    "\udc9b",
)
"""Text as others might write it, one row each."""

COLUMNS = (
    Column(CleanText("state"), 8),
    Column(CleanText("to"), 14),
    Column(CleanText("name"), 20, grow=True),
)


def cells(row: PageRow) -> tuple[CleanText, ...]:
    call = row.call
    return (clean(call.state.value), clean(call.to_number), clean(call.name))


class Question(ModalScreen[None]):
    """A dialog over the rest."""

    CSS = "Question { align: center middle; } Question Static { width: 40; height: 5; }"

    def compose(self) -> ComposeResult:
        yield Static(content(clean("Really? 日本 ✓")))


class LayerApp(ConsoleApp):
    """Table, events, live lines and an input, and keys to drive them."""

    CSS = "#side { width: 40; } .live { height: 1; } VirtualTable { border: round $primary; }"
    BINDINGS = [  # noqa: RUF012
        ("j,down", "table('cursor_down')", ""),
        ("k,up", "table('cursor_up')", ""),
        ("pagedown", "table('page_down')", ""),
        ("pageup", "table('page_up')", ""),
        ("home", "table('cursor_home')", ""),
        ("end", "table('cursor_end')", ""),
        ("space", "table('toggle_mark')", ""),
        ("m", "modal", ""),
        ("c", "change", ""),
        ("f", "fail", ""),
        ("t", "threaded_fail", ""),
        ("b", "block", ""),
        ("r", "bell", ""),
        ("z", "suspend_process", ""),
        ("ctrl+l", "repaint", ""),
        ("q", "quit", ""),
    ]

    def __init__(self, mode: str) -> None:
        super().__init__(report_folder=Path(os.environ.get("LAYER_REPORTS", os.devnull)))
        self.mode = mode
        self.rows = ManyRows(1_000_000)
        hostile = [row_of(number, name=name) for number, name in enumerate(HOSTILE)]
        source = ChangingRows(hostile) if mode == "hostile" else self.rows
        self.list_of_calls = VirtualTable(COLUMNS, cells, source)
        self.events = LineList(id="events")
        self.live = [LiveText(classes="live") for _ in range(5)]
        self.random = random.Random(7)
        self.count = 0
        self.latest = monotonic()
        self.ticks = 0
        self.lateness_s = 0.0
        self.cancelled = 0

    def compose(self) -> ComposeResult:
        with Vertical():
            yield from self.live
            with Horizontal():
                yield self.list_of_calls
                with Vertical(id="side"):
                    yield self.events
                    yield Static(content(clean(HOSTILE[7])))
            yield Input(placeholder="filter")

    def on_mount(self) -> None:
        self.list_of_calls.focus()
        self.list_of_calls.total_rows = None if self.mode == "hostile" else 1_000_000
        if "LAYER_PULSE" in os.environ:
            self.set_interval(PULSE_S, self.pulse)
        if self.mode == "hostile":
            self.events.append(line(clean(text)) for text in HOSTILE)
            for shown, text in zip(self.live, HOSTILE, strict=False):
                shown.show(line(clean(text)))
        if self.mode == "live":
            self.set_interval(1.0, self.change)
        if self.mode == "flood":
            self.set_interval(0.05, self.repaint)

    def pulse(self) -> None:
        now = monotonic()
        self.lateness_s = max(self.lateness_s, now - self.latest - PULSE_S)
        self.latest = now
        self.ticks += 1
        new = Path(os.environ["LAYER_PULSE"] + ".new")
        new.write_text(f"{self.ticks} {self.lateness_s * 1000:.0f}")
        new.replace(os.environ["LAYER_PULSE"])

    def change(self) -> None:
        self.count += 1
        for number, shown in enumerate(self.live):
            part = "█" * (self.count * (number + 1) % 60)
            shown.show(line(CleanText(f"pane {number}: {self.count:6} {part}")))
        self.events.append([line(CleanText(f"event {self.count} happened"))])

    def action_table(self, name: str) -> None:
        getattr(self.list_of_calls, f"action_{name}")()

    def action_modal(self) -> None:
        if isinstance(self.screen, Question):
            self.pop_screen()
        else:
            self.push_screen(Question())

    def action_change(self) -> None:
        words = ["日本語", "é́", "ñandú", "ascii", "🙂", "→", "✓"]
        text = " ".join(self.random.choice(words) for _ in range(12))
        self.live[self.random.randrange(5)].show(line(CleanText(text)))
        self.events.append([line(CleanText(text))])

    def action_fail(self) -> None:
        fake_key = "not-a-real-key-000"
        raise ValueError(f"api_key={fake_key} for +12025550123")

    def action_threaded_fail(self) -> None:
        self.run_worker(self.fail_in_worker(), exit_on_error=True)

    async def fail_in_worker(self) -> None:
        raise KeyError("worker went wrong")

    def action_block(self) -> None:
        end = monotonic() + 60
        while monotonic() < end:
            pass

    def action_cancel_all(self) -> None:
        self.exit(return_code=99)


if __name__ == "__main__":
    app = LayerApp(sys.argv[1])
    if "LAYER_STOCK" in os.environ:
        app._diff = None
    app.run()
    sys.exit(app.return_code)
