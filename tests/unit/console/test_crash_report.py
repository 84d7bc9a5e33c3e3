"""A failure is written down without values, and named in one line."""

from __future__ import annotations

import stat
from pathlib import Path

from voiceslot_tui.console.crash_report import REPORTS_KEPT, report_of, sentence_of, write_report


def failure() -> BaseException:
    name_of_a_person = "local value that must not be told"
    try:
        raise ValueError("api_key: not-a-real-key-123 \x1b]52;c;aGk=\x07 of +12025550123")
    except ValueError as error:
        assert name_of_a_person
        return error


def test_a_report_has_the_lines_of_code_but_no_values() -> None:
    report = report_of(failure())
    assert "test_crash_report.py" in report
    assert "in failure" in report
    assert "local value that must not be told" not in report
    assert "not-a-real-key-123" not in report
    assert "2025550123" not in report
    assert "\x1b" not in report
    assert report.splitlines()[-1].startswith("ValueError:")


def test_the_report_is_for_its_owner_only_and_old_ones_are_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    paths = [write_report(failure(), folder) for _ in range(REPORTS_KEPT + 3)]
    kept = list(folder.iterdir())
    assert len(kept) == REPORTS_KEPT
    assert paths[-1] in kept
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_the_sentence_names_the_place_and_the_report_but_not_the_message(tmp_path: Path) -> None:
    said = sentence_of(failure(), tmp_path / "console-1.txt")
    assert said.startswith("The console failed: ValueError in test_crash_report.py:")
    assert str(tmp_path / "console-1.txt") in said
    assert "2025550123" not in said
    assert "\n" not in said


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    assert write_report(failure(), in_the_way / "reports") is None
    assert "No report could be written." in sentence_of(failure(), None)
