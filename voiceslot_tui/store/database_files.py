"""The files of a database on their disk: locked by one engine, readable by their owner only."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

from voiceslot_tui.core.errors import StoreLocked, StoreUnusable

_COMPANIONS: Final = ("", "-wal", "-shm")
"""What SQLite keeps beside a database; it gives new ones the mode of the database itself."""
_OTHERS: Final = 0o077
_ROOM_BYTES: Final = 128 * 1024
"""What SQLite needs to open a database: the index of its log, and a few pages."""


def take_lock(path: Path) -> int:
    """Lock a database for as long as the descriptor that is given stays open.

    Raises StoreLocked where another engine has it, StoreUnusable where nothing can be written.
    """
    name = path.with_name(path.name + ".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise StoreUnusable(f"cannot write to {path.parent}: {problem.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(lock, 200, 0).decode("utf-8", "replace").strip() or "unknown"
        os.close(lock)
        raise StoreLocked(
            f"another engine ({holder}) works with {path.parent}; attach to it with `voiceslot`, "
            "or give this one a folder of its own with VOICESLOT_DATA_DIR"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()}".encode(), 0)
    return lock


def make_private(path: Path) -> None:
    """Make a database that is not there, and keep one that was put there to its owner.

    A copy from a backup has the mode that the copying left it. Raises StoreUnusable.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        for end in _COMPANIONS:
            file = path.with_name(path.name + end)
            if file.exists() and file.stat().st_mode & _OTHERS:
                file.chmod(0o600)
    except OSError as problem:
        raise StoreUnusable(f"cannot open {path}: {problem.strerror}") from None


def has_room(path: Path) -> bool:
    """Tell whether a database could be opened on its disk: without room SQLite blames the disk."""
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize >= _ROOM_BYTES
