"""The demo's folder: claimed by one demo at a time, cleared of what an earlier one left.

It is `.demo` in the current folder, or a temporary one where that cannot be written. A folder that
no demo made is never touched. Processes that outlived a killed demo are ended, and only those:
they are recognised by their own environment, which names this folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from voiceslot_tui.core.errors import Rejected
from voiceslot_tui.paths import Paths, make_folders, paths

FOLDER: Final = ".demo"
MARK: Final = "made-by-voiceslot-demo"
"""Says that a folder may be cleared; its lock says that a demo runs, its lines what it started."""


class DemoFolder:
    """A folder that belongs to this demo as long as the demo runs."""

    def __init__(self, folder: Path, mark: int) -> None:
        self.places: Paths = paths(folder)
        self._mark = mark

    def note_process(self, pid: int) -> None:
        """Write down what was started, for the next demo in case this one is killed."""
        os.write(self._mark, f"{pid}\n".encode())


@contextmanager
def claimed_folder(*, keep: bool) -> Iterator[DemoFolder]:
    """Claim a folder for a demo, cleared unless `keep`. Raise Rejected where another demo runs."""
    folder, passing = _folder()
    try:
        mark = _claim(folder)
        try:
            _end_leftovers(folder, mark)
            if not keep:
                _clear(folder)
            os.ftruncate(mark, 0)
            yield DemoFolder(folder, mark)
            os.ftruncate(mark, 0)
        finally:
            os.close(mark)
    finally:
        if passing:
            shutil.rmtree(folder, ignore_errors=True)


def _folder() -> tuple[Path, bool]:
    folder = Path.cwd() / FOLDER
    if os.access(folder if folder.exists() else folder.parent, os.W_OK):
        return folder, False
    return Path(tempfile.mkdtemp(prefix="voiceslot-demo-")), True


def _claim(folder: Path) -> int:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Rejected(
            f"{folder} was not made by a demo; move it away, or start the demo elsewhere"
        )
    make_folders(paths(folder))
    mark = os.open(folder / MARK, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(mark)
        raise Rejected(f"a demo runs in {folder} already; close it first") from None
    return mark


def _end_leftovers(folder: Path, mark: int) -> None:
    for line in os.pread(mark, 4096, 0).splitlines():
        if line.isdigit() and _is_of_demo(int(line), folder):
            with suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)


def _is_of_demo(pid: int, folder: Path) -> bool:
    """Tell whether a process was started by a demo in this folder (Linux; elsewhere never)."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return b"VOICESLOT_DATA_DIR=" + os.fsencode(folder) in environment.split(b"\0")


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == MARK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
