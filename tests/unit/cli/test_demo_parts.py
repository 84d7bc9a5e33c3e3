"""The demo's folder, people and verdict; the demo itself runs in the end-to-end tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voiceslot_tui.cli.demo import is_kept, truth_lines
from voiceslot_tui.cli.demo_folder import FOLDER, MARK, claimed_folder
from voiceslot_tui.cli.demo_people import people
from voiceslot_tui.core.errors import Rejected
from voiceslot_tui.wire.phone_numbers import read_number

GOOD = {
    "people_rung": 20,
    "people_rung_again": {},
    "attempts_dialled_again": {},
    "max_live": 5,
    "outcomes": {"answered": 12},
    "messages": {"people": 9, "people_again": {}},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / FOLDER


def test_the_people_are_many_different_and_invented() -> None:
    calls = list(people("agent_1", "phnum_1"))
    assert len(calls) == len({call.to_number for call in calls}) == 200
    assert len({call.name for call in calls}) == 200
    assert len({call.priority for call in calls}) > 2
    for call in calls:
        assert call.to_number.startswith(("+120255501", "+447700900"))
        assert read_number(call.to_number, "to") == call.to_number


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"max_live": 6}, False),
        ({"people_rung_again": {"+12025550123": 2}}, False),
        ({"attempts_dialled_again": {"att_1": 2}}, False),
        ({"people_rung": 0}, False),
        ({"messages": {"people": 9, "people_again": {"+12025550123": 2}}}, False),
    ],
)
def test_the_verdict(change: dict[str, object], kept: bool) -> None:
    truth = {**GOOD, **change}
    assert is_kept(truth) is kept
    assert ("NOT KEPT" in truth_lines(truth)[-1]) is not kept


def test_a_demo_clears_what_the_last_one_left(here: Path) -> None:
    with claimed_folder(keep=False) as folder:
        folder.places.database.write_text("calls")
        (folder.places.folder / "more").mkdir()
    with claimed_folder(keep=True) as folder:
        assert folder.places.database.read_text() == "calls"
    with claimed_folder(keep=False):
        assert [path.name for path in here.iterdir()] == [MARK]


def test_a_folder_of_somebody_else_is_not_touched(here: Path) -> None:
    here.mkdir()
    (here / "thesis.txt").write_text("precious")
    with pytest.raises(Rejected, match="not made by a demo"), claimed_folder(keep=False):
        pass
    assert (here / "thesis.txt").read_text() == "precious"


def test_two_demos_do_not_share_a_folder(here: Path) -> None:
    with claimed_folder(keep=False) as folder:
        folder.places.database.write_text("calls")
        with pytest.raises(Rejected, match="runs in"), claimed_folder(keep=False):
            pass
        assert folder.places.database.exists()


def test_processes_of_a_killed_demo_are_ended_and_no_others(here: Path) -> None:
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with claimed_folder(keep=False) as folder:
        pass
    environment = {**os.environ, "VOICESLOT_DATA_DIR": str(here)}
    ours = subprocess.Popen(waiting, stdin=subprocess.PIPE, env=environment)
    others = subprocess.Popen(waiting, stdin=subprocess.PIPE)
    (here / MARK).write_text(f"{ours.pid}\n{others.pid}\n999999999\n")
    try:
        with claimed_folder(keep=False) as folder:
            assert folder.places.folder == here
            assert ours.wait(20) == -9
            assert others.poll() is None
    finally:
        for process in (ours, others):
            process.communicate(timeout=20)
