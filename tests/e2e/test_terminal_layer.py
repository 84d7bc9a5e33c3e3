"""The terminal layer in a real pty: stalls, signals, hang-ups, injection, bytes, equal screens."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.terminal_harness import ROOT, Terminal, python, terminal

LAYER = "tests.e2e.layer_app"
LEAVES_WITHIN_S = 10.0
"""Far more than an orderly exit takes, and less than a test's patience."""
STALL_S = 3.0
OUR_SEQUENCE = re.compile(rb"\x1b\[[0-9;<>?$]*[A-Za-z]|\x1b\]22;[a-z-]+\x07")
"""What the console itself sends; the last is the shape of the mouse pointer."""


def ready(mode: str, **options: Any) -> Any:
    return terminal(python(LAYER, mode), **options)


def wait_until_painted(shown: Terminal, text: str = "Person 5") -> None:
    shown.wait_for(text)
    shown.wait_for_quiet()


def as_it_was(shown: Terminal) -> None:
    assert shown.modes_left() == set()
    assert shown.attributes() == shown.attributes_before


# --- leaving


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_ends_the_console_in_order(number: signal.Signals, code: int) -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        assert shown.modes_left()
        shown.signal(number)
        assert shown.wait_for_exit(LEAVES_WITHIN_S) == code
        as_it_was(shown)


@pytest.mark.parametrize(
    "options",
    [{}, {"ignore_hangup": True}, {"controlling": False}],
    ids=["SIGHUP", "nohup", "no signal"],
)
def test_a_lost_terminal_ends_the_console_and_nothing_spins(options: dict[str, bool]) -> None:
    with ready("many", **options) as shown:
        wait_until_painted(shown)
        before = children_cpu_seconds()
        already = shown.cpu_seconds()
        shown.hang_up()
        assert shown.wait_for_exit(LEAVES_WITHIN_S) == 129
        assert children_cpu_seconds() - before - already < 1.0


def children_cpu_seconds() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def test_sigterm_ends_a_console_whose_terminal_has_stalled() -> None:
    with ready("flood") as shown:
        shown.wait_for("Person 5")
        stand_still(1.5)
        shown.signal(signal.SIGTERM)
        # Nothing is read until the program is gone: a stalled terminal must not keep it.
        assert shown.process.wait(LEAVES_WITHIN_S) == 143
        assert shown.wait_for_exit() == 143
        as_it_was(shown)


def test_a_console_whose_event_loop_is_stuck_is_ended_all_the_same() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        shown.send("b")
        shown.wait_until(lambda: is_busy(shown), "a stuck event loop")
        shown.signal(signal.SIGTERM)
        assert shown.wait_for_exit(LEAVES_WITHIN_S) == 143
        as_it_was(shown)


def is_busy(shown: Terminal) -> bool:
    before = shown.cpu_seconds()
    stand_still(0.2)
    return shown.cpu_seconds() - before > 0.1


def stand_still(seconds: float) -> None:
    """Let time pass without reading: this is what a stalled terminal is."""
    time.sleep(seconds)


def test_leaving_by_key_puts_the_terminal_back() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        shown.send("q")
        assert shown.wait_for_exit() == 0
        as_it_was(shown)


@pytest.mark.parametrize("key", ["f", "t"], ids=["in a key", "in a worker"])
def test_a_failure_prints_one_line_and_no_values(key: str, tmp_path: Path) -> None:
    with ready("many", environ={"LAYER_REPORTS": str(tmp_path)}) as shown:
        wait_until_painted(shown)
        shown.send(key)
        assert shown.wait_for_exit() == 1
        as_it_was(shown)
        printed = bytes(shown.received).rpartition(b"\x1b[?1006l")[2].decode()
        report = next(tmp_path.glob("console-*.txt")).read_text()
    assert "The console failed: " in printed
    assert "layer_app.py" in printed
    assert "Traceback" in report
    for told in (printed, report):
        assert "not-a-real-key-000" not in told
        assert "2025550123" not in told
        assert "self =" not in told


def test_the_console_can_be_suspended_and_a_stray_continue_does_nothing() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        shown.send("z")
        shown.wait_until(lambda: is_stopped(shown), "the suspended process")
        as_it_was(shown)
        shown.screen.reset()
        shown.signal(signal.SIGCONT)
        shown.wait_for("Person 7")
        shown.wait_for_quiet()
        threads = threads_of(shown)
        for _ in range(3):
            shown.signal(signal.SIGCONT)
            shown.wait_for_quiet(0.1)
        assert threads_of(shown) == threads
        shown.send("\x1b[B")
        shown.wait_until(lambda: "▌       2" in shown.text, "the cursor on the second row")
        shown.send("q")
        assert shown.wait_for_exit() == 0


def test_a_suspended_console_whose_terminal_is_lost_ends_too() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        shown.send("z")
        shown.wait_until(lambda: is_stopped(shown), "the suspended process")
        # The kernel sends SIGHUP and SIGCONT to a stopped process that loses its terminal.
        shown.hang_up()
        assert shown.wait_for_exit(LEAVES_WITHIN_S) == 129


def is_stopped(shown: Terminal) -> bool:
    fields = Path(f"/proc/{shown.process.pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0] == "T"


def threads_of(shown: Terminal) -> int:
    return len(list(Path(f"/proc/{shown.process.pid}/task").iterdir()))


# --- a terminal that stops reading


def test_a_stalled_terminal_costs_frames_and_never_the_event_loop(tmp_path: Path) -> None:
    pulse = tmp_path / "pulse"
    with ready("flood", environ={"LAYER_PULSE": str(pulse)}) as shown:
        shown.wait_for("Person 5")
        stand_still(1.0)
        before = ticks_and_lateness(pulse)[0]
        shown.send("r" * 100)
        stand_still(STALL_S)
        ticks, lateness_ms = ticks_and_lateness(pulse)
        assert ticks - before > STALL_S / 0.05 / 2
        assert lateness_ms < 1500
        shown.send("q")
        assert shown.wait_for_exit() == 0
        as_it_was(shown)


def test_after_a_stall_the_screen_is_right() -> None:
    with ready("many") as shown, ready("many") as never_stalled:
        for one in (shown, never_stalled):
            wait_until_painted(one)
        for _ in range(40):
            shown.send("c")
            stand_still(0.03)
            never_stalled.send("c")
            never_stalled.wait_for_quiet(0.03)
        for one in (shown, never_stalled):
            one.send("\x1b[B")
            one.wait_until(lambda one=one: "▌       2" in one.text, "the cursor")
            one.wait_for_quiet()
        assert_same_screen(shown, never_stalled)
        assert len(shown.received) < len(never_stalled.received)


def ticks_and_lateness(pulse: Path) -> tuple[int, int]:
    ticks, lateness_ms = pulse.read_text().split()
    return int(ticks), int(lateness_ms)


# --- what is sent


def test_an_idle_console_writes_nothing() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        assert shown.bytes_written_during(1.0) == 0


def test_five_panes_changing_every_second_stay_within_their_bytes() -> None:
    with ready("live") as shown:
        shown.wait_for("event 1 happened")
        assert 100 < shown.bytes_written_during(2.0) <= 2 * 5_000


def test_the_first_screen_and_a_cursor_key_are_small() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        assert len(shown.received) <= 24_000
        before = len(shown.received)
        shown.send("j")
        shown.wait_for_quiet()
        assert 0 < len(shown.received) - before <= 1_500


@pytest.mark.parametrize("seed", [1, 2])
def test_the_screen_is_cell_by_cell_what_textual_would_show(seed: int) -> None:
    with ready("many") as ours, ready("many", environ={"LAYER_STOCK": "1"}) as stock:
        chance = random.Random(seed)
        keys = ["j", "k", "\x1b[6~", "\x1b[5~", "\x1b[F", "\x1b[H", " ", "c", "c", "m"]
        for one in (ours, stock):
            wait_until_painted(one)
        for step in range(16):
            if step == 8:
                for one in (ours, stock):
                    one.resize(100, 30)
            key = chance.choice(keys)
            for one in (ours, stock):
                one.send(key)
                one.wait_for_quiet(0.06)
        for one in (ours, stock):
            one.wait_for_quiet()
        assert_same_screen(ours, stock)
        assert len(ours.received) < len(stock.received) / 2


def assert_same_screen(one: Terminal, other: Terminal) -> None:
    assert one.lines == other.lines
    assert one.cells() == other.cells()


def test_repainting_restores_a_screen_that_something_else_wrote_on() -> None:
    with ready("many") as shown:
        wait_until_painted(shown)
        before = shown.cells()
        shown.screen.reset()
        shown.send("\x0c")
        shown.wait_for("Person 5")
        shown.wait_for_quiet()
        assert shown.cells() == before


# --- what others wrote


def test_no_foreign_control_byte_reaches_the_terminal_and_no_click_acts() -> None:
    with ready("hostile") as shown:
        wait_until_painted(shown, "Pedro")
        for y, text in enumerate(shown.lines):
            if "Pedro" in text:
                for x in range(text.index("Pedro") - 20, text.index("Pedro") + 5, 6):
                    shown.click(max(0, x), y)
        for y in (0, 1, 2, 8, 12):
            shown.click(70, y)
        shown.wait_for_quiet()
        assert "[@click=app.cancel_all]Pedro[/]" in shown.text
        shown.send("q")
        assert shown.wait_for_exit() == 0
        left = OUR_SEQUENCE.sub(b"", bytes(shown.received))
    text = left.decode().replace("\r\n", "")
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [one for one in text if unicodedata.category(one) in hidden]


# --- other terminals


def test_an_encoding_without_signs_gets_ascii() -> None:
    environ = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with ready("many", environ=environ) as shown:
        wait_until_painted(shown)
        assert bytes(shown.received).isascii()
        assert b"\\u" not in shown.received
        rows = [text for text in shown.lines if "Person 3" in text]
        assert rows
        assert rows[0].startswith("|")
        assert any(text.startswith(("|>", ">")) for text in shown.lines)


def test_without_a_terminal_the_plain_answer_loads_no_textual() -> None:
    program = (
        "import os, sys\n"
        "from voiceslot_tui.console.terminal import terminal_problem\n"
        "print(terminal_problem(os.environ, stdin_isatty=sys.stdin.isatty(),"
        " stderr_isatty=sys.stderr.isatty()), 'textual' in sys.modules)\n"
    )
    ran = subprocess.run(
        [*python("x")[:1], "-c", program],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "standard input" in ran.stdout
    assert ran.stdout.split()[-1] == "False"
