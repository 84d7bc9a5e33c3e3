"""The console's first screen: without a key, with a wrong one, with nobody there, on any terminal.

Each says what is wrong and what to do next, on screens of every size; where there is no terminal to
draw on, the plain answer comes at once and no process spins.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.consoles import (
    LIVE,
    attached,
    background_engine,
    confirm,
    console,
    escape,
    line_of,
    press,
    session_of,
    words,
)
from tests.e2e.rig import Rig, free_port, number, rig, simulator, wait_for
from tests.e2e.seen import ALL_ANSWER, QUICK, own_dials, states
from tests.e2e.terminal_harness import Terminal

ENV = {"POLLING_INTERVAL_MS": "300", "LIST_LAG_S": "0"}
WORLD = {**QUICK, **ALL_ANSWER, "talk_s": 0.1}
SIZES = [(80, 24), (60, 16)]
ONE_LINE = "0/5 queue 30 RECOVERING - enlarge"
CPU_S_MAX = 3.0
"""Processor time that a start and a plain answer stay far below; a spinning process does not."""


def says(shown: Terminal, text: str) -> None:
    shown.wait_until(lambda: text in words(shown), repr(text))


# --- settings


def test_without_a_key_it_lists_what_to_set_and_exits_with_2(tmp_path: Path) -> None:
    with rig(tmp_path, ENV) as made:
        wrong = {"ELEVENLABS_API_KEY": "", "ELEVENLABS_CONCURRENCY_LIMIT": "five"}
        with console(made, **wrong) as shown:
            assert shown.wait_for_exit() == 2
            print(shown.text.rstrip())
            assert "ELEVENLABS_API_KEY: is missing; make one in the ElevenLabs set" in shown.text
            assert "ELEVENLABS_CONCURRENCY_LIMIT: " in shown.text
            assert ".env" in shown.text
            assert shown.modes_left() == set()
            assert session_of(shown) == []
        assert not made.data_dir.exists()


def test_what_env_lacks_is_said_with_the_file_that_was_read(tmp_path: Path) -> None:
    with rig(tmp_path, ENV) as made:
        file = made.folder / ".env"
        file.write_text("ELEVENLABS_CONCURRENCY_LIMIT=0\n")
        file.chmod(0o600)
        with console(made) as shown:
            assert shown.wait_for_exit() == 2
            assert "ELEVENLABS_CONCURRENCY_LIMIT: " in shown.text


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_with_a_wrong_key_the_console_opens_and_says_what_to_do(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    with rig(tmp_path, ENV, **WORLD) as made, background_engine(made):
        with attached(made, size=size, ELEVENLABS_API_KEY="a-key-of-somebody-else") as shown:
            says(shown, "ElevenLabs refuses ELEVENLABS_API_KEY; set the right one and start again")
            made.enqueue(number(0))
            shown.wait_until(lambda: "+1 201 555 01" in line_of(shown, "▌"), "the call")
            press(shown, "E", "Esc closes")
            says(shown, "Call 1")
            says(shown, "set the right one and start again")
            escape(shown, "Esc closes")
            assert "a-key-of-somebody-else" not in shown.received.decode(errors="replace")
            confirm(shown, "Q", "Stop the engine?", "The engine stops")
            assert shown.wait_for_exit() == 0
        assert own_dials(made) == 0
        with attached(made, size=size) as shown:
            wait_for("the call has ended", lambda: states(made, ended=1))
            says(shown, "queue 0")
            shown.wait_until(lambda: "Not dialling" not in words(shown), "no complaint")


def test_with_the_platform_out_of_reach_it_says_so_and_recovers(tmp_path: Path) -> None:
    port = free_port()
    with rig(tmp_path, ENV, **WORLD) as made, background_engine(made):
        nowhere = f"http://127.0.0.1:{port}"
        with attached(made, ELEVENLABS_BASE_URL=nowhere) as shown:
            says(shown, "ElevenLabs cannot be reached and is tried again; see to the network")
            made.enqueue(number(0))
            with simulator(port, **WORLD) as there:
                wait_for("the call has ended", lambda: states(made, ended=1))
                shown.wait_until(lambda: "Not dialling" not in words(shown), "no complaint")
                says(shown, "RUNNING")
                shown.wait_until(lambda: "failing" not in words(shown), "nothing is said to fail")
                assert there.truth()["people_rung"] == 1


# --- no terminal to draw on


def plainly(made: Rig, **more: object) -> subprocess.CompletedProcess[str]:
    """Run `voiceslot` as from cron: with no terminal at all."""
    return subprocess.run(
        [sys.executable, "-m", "voiceslot_tui"],
        cwd=made.folder,
        env={**made.environment(**more), "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def children_cpu_s() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


def test_without_a_terminal_it_says_how_the_engine_stands_and_exits_with_2(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        before = children_cpu_s()
        ran = plainly(made)
        assert (ran.returncode, ran.stdout) == (2, "no engine is running\n")
        assert "standard input" in ran.stderr
        assert "voiceslot serve" in ran.stderr
        assert not (made.data_dir / "voiceslot.db").exists()
        made.start()
        before = children_cpu_s()
        ran = plainly(made)
        assert children_cpu_s() - before < CPU_S_MAX
        assert ran.returncode == 2
        assert "Queue     0 queued" in ran.stdout
        assert "\x1b" not in ran.stdout + ran.stderr


def test_a_terminal_that_cannot_move_its_cursor_gets_the_plain_answer(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        for term in ("dumb", "", "unknown"):
            with console(made, TERM=term) as shown:
                assert shown.wait_for_exit() == 2
                assert f"TERM is “{term}”" in shown.text
                assert "Queue     0 queued" in shown.text
                assert b"\x1b" not in shown.received


def test_on_lesser_terminals_it_works_all_the_same(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        for lesser in ({"TERM": "screen"}, {"TERM": "linux"}, {"NO_COLOR": "1"}):
            with attached(made, **lesser) as shown:
                made.enqueue(number(0), name="Ana")
                says(shown, "ended: answered")
                press(shown, "q", "The engine keeps running")
                assert shown.wait_for_exit() == 0
        assert b"38;2;" not in shown.received


def test_a_terminal_that_knows_only_ascii_gets_ascii(tmp_path: Path) -> None:
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        with console(made, **plain) as shown:
            shown.wait_for("* live")
            made.enqueue(number(0), name="Ana ñandú 日本")
            says(shown, "ended: answered")
            assert bytes(shown.received).isascii()


# --- sizes


def is_whole(shown: Terminal) -> bool:
    """Tell whether header, rows and keys are there, each where it belongs."""
    first, last = shown.lines[0].lstrip(), shown.lines[-1].lstrip()
    parts = "state" in shown.text and "+1 201 555 01" in shown.text
    return first.startswith("prod") and last.startswith("? help") and parts


def test_every_size_shows_header_rows_and_keys(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.simulator.faults({"kind": "error_503", "target": "read"})
        made.start()
        for index in range(30):
            made.enqueue(number(index), name=f"Person {index}")
        for size in ((200, 60), (120, 40), (80, 24), (60, 16), (40, 10)):
            with attached(made, size=size) as shown:
                works_at(shown, size)


def works_at(shown: Terminal, size: tuple[int, int]) -> None:
    shown.wait_until(lambda: is_whole(shown), f"the whole screen at {size}")
    shown.resize(39, 9)
    shown.wait_until(lambda: shown.text.strip() == ONE_LINE, ONE_LINE)
    for other in ((1, 1), (240, 70), size):
        shown.resize(*other)
        shown.wait_for_quiet(0.1)
    shown.wait_until(lambda: is_whole(shown), f"the whole screen again at {size}")
    for key in ("2", "6", "7", "1"):
        press(shown, key, LIVE)
    shown.wait_for("+1 201 555 01")
    press(shown, "P", "Pause the engine?")
    shown.wait_for("Yes")
    press(shown, "n", "pause: nothing was done")
    press(shown, "q", "Detached.")
    assert shown.wait_for_exit() == 0
    assert shown.modes_left() == set()
