"""What is written down when the console fails: where, never with what values.

Textual would print every local variable, keys and phone numbers among them. The report has the
lines of code and the error's own message, cleaned and masked; the screen names only the report.
"""

from __future__ import annotations

import os
import secrets
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from voiceslot_tui.core.text import CleanText, clean, mask

REPORTS_KEPT: Final = 10
LINE_CHARS_MAX: Final = 2_000
_PATTERN: Final = "console-*.txt"
_SECRET_CHARS_MIN: Final = 6
"""Shorter values are no secrets, and hiding them would hide half the report."""
_HIDDEN: Final = "•••secret•••"


def write_report(error: BaseException, folder: Path, hidden: Iterable[str] = ()) -> Path | None:
    """Write a report, readable by its owner only; give its path, or None where it cannot be.

    `hidden` are secrets that it must not hold.
    """
    path = folder / f"console-{secrets.token_hex(4)}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(report_of(error, hidden))
        _drop_old(folder)
    except OSError:
        return None
    return path


def report_of(error: BaseException, hidden: Iterable[str] = ()) -> str:
    """Give the traceback of an error without values, cleaned and masked line by line."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    text = "".join(told.format())
    for secret in sorted(hidden, key=len, reverse=True):
        if len(secret) >= _SECRET_CHARS_MIN:
            text = text.replace(secret, _HIDDEN)
    lines = text.splitlines()
    return "".join(
        f"{_indent(line)}{mask(clean(line.strip(), LINE_CHARS_MAX))}\n" for line in lines
    )


def sentence_of(error: BaseException, report: Path | None, what: str = "The console") -> CleanText:
    """Say in one line what failed and where it is written down."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    written = f"The report is {report}." if report else "No report could be written."
    return clean(
        f"{what} failed: {type(error).__name__}{place}. The engine goes on. {written}",
        LINE_CHARS_MAX,
    )


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _drop_old(folder: Path) -> None:
    reports = sorted(folder.glob(_PATTERN), key=lambda path: path.stat().st_mtime)
    for old in reports[:-REPORTS_KEPT]:
        old.unlink(missing_ok=True)
