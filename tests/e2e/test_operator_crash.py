"""The console fails: one line, a report without secrets or numbers, a terminal as it was.

The engine knows nothing of it and dials on.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.consoles import LIVE, attached, own_numbers
from tests.e2e.crashing_console import KEY, NUMBER, POINTS, SECRET
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, QUICK, states
from tests.e2e.terminal_harness import Terminal, python, terminal

ENV = {"ELEVENLABS_CONCURRENCY_LIMIT": "2", "POLLING_INTERVAL_MS": "300", "LIST_LAG_S": "0"}
CANARIES = (SECRET, NUMBER[1:], NUMBER[2:], NUMBER[-7:])
FATAL = ["in_a_key", "in_a_paint", "in_a_row", "in_the_link"]


@contextmanager
def failing(made: Rig, point: str) -> Iterator[Terminal]:
    """Run a console that fails at a point."""
    environ = made.environment(**{KEY: SECRET})
    with terminal(python("tests.e2e.crashing_console", point), environ=environ) as shown:
        yield shown


def printed_after_the_screen(shown: Terminal) -> str:
    """Give what was printed once the screen was left, without line breaks of the terminal's."""
    return bytes(shown.received).rpartition(b"\x1b[?1006l")[2].decode().replace("\r\n", "")


def report_named_in(said: str) -> str:
    """Read the report that a sentence names, which nobody else may read."""
    found = re.search(r"report is (\S+\.txt)", said)
    assert found is not None, said
    path = Path(found[1])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


def tells_nothing(text: str) -> None:
    assert [canary for canary in CANARIES if canary in text] == []


@pytest.mark.parametrize("point", FATAL)
def test_a_failing_console_tells_nothing_and_stops_no_call(tmp_path: Path, point: str) -> None:
    with rig(tmp_path, ENV, **QUICK, **ALL_ANSWER) as made:
        made.start()
        made.simulator.script(**{number(0): {"talk_s": 600}})
        made.enqueue(number(0), name="Ana")
        with failing(made, point) as shown:
            if point == "in_a_key":
                shown.wait_for(LIVE)
                shown.send("j")
            assert shown.wait_for_exit() == 1
            assert shown.modes_left() == set()
            assert shown.attributes() == shown.attributes_before
            said = printed_after_the_screen(shown)
        print(said)
        assert said.startswith("The console failed: Defect in crashing_console.py:")
        assert "The engine goes on." in said
        report = report_named_in(said)
        assert "Traceback" in report
        assert "crashing_console.py" in report
        for told in (bytes(shown.received).decode(errors="replace"), report):
            tells_nothing(told)
        made.enqueue(number(1))
        wait_for("one talks, one has ended", lambda: states(made, live=1, ended=1))
        assert own_numbers(made) == [number(0), number(1)]


def test_a_failing_act_is_said_and_the_screen_stays(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **QUICK) as made:
        made.start()
        with failing(made, "in_an_act") as shown:
            shown.wait_for(LIVE)
            shown.send("r")
            shown.wait_for("read now failed: Defect in crashing_console.py:")
            shown.wait_for(".txt")
            said = " ".join(line.strip() for line in shown.lines[-4:])
            tells_nothing(report_named_in(said))
            tells_nothing(shown.text)
            made.enqueue(number(1), name="Bea")
            shown.wait_for("Bea")
            shown.send("q")
            assert shown.wait_for_exit() == 0


def test_a_failure_before_there_is_a_screen_is_said_too(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **QUICK) as made:
        made.start()
        with failing(made, "in_the_start") as shown:
            assert shown.wait_for_exit() == 1
            assert "this should not have happened (Defect)" in shown.text
            tells_nothing(bytes(shown.received).decode())
            tells_nothing((made.data_dir / "voiceslot-report.log").read_text())


def test_every_point_is_tested() -> None:
    assert set(POINTS) == {*FATAL, "in_an_act", "in_the_start"}


def test_a_report_beside_a_healthy_console_is_not_written(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **QUICK) as made:
        made.start()
        with attached(made) as shown:
            shown.send("q")
            assert shown.wait_for_exit() == 0
        assert list(made.data_dir.glob("console-*.txt")) == []
