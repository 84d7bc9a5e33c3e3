"""Brings a database file to the schema of this version: numbered SQL files, a backup first.

Each file runs whole or not at all. A file written by a newer version is refused, one that is not a
sound database too; nothing is ever recreated silently. The word lists of CHECKs are written from
the enums, so that the two cannot differ.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Final

from voiceslot_tui.core.calls import AttemptState, CallState, Disposition, Hold
from voiceslot_tui.core.errors import StoreDamaged, StoreTooNew
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    Form,
    SkipReason,
    TryState,
    WaitReason,
)

_ENUMS: Final[dict[str, type[StrEnum]]] = {
    enum.__name__: enum
    for enum in (
        CallState,
        AttemptState,
        Disposition,
        Hold,
        FollowUpState,
        TryState,
        Channel,
        Form,
        WaitReason,
        SkipReason,
        BlockReason,
    )
}
_COUNTED: Final[tuple[tuple[str, type[StrEnum]], ...]] = (
    ("state", CallState),
    ("hold", Hold),
    ("disposition", Disposition),
    ("message_state", FollowUpState),
    ("message_wait", WaitReason),
    ("message_skip", SkipReason),
    ("message_block", BlockReason),
)
_COUNTED_WHOLE: Final = ("holding", "suppressed")


def scripts() -> tuple[str, ...]:
    """Give the migrations in order, their enum lists filled in."""
    folder = resources.files("voiceslot_tui.store") / "schema"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(_filled((folder / name).read_text("utf-8")) for name in names)


def _filled(script: str) -> str:
    """Write `column IN (/*Enum*/)` out as comparisons.

    For a list in a CHECK SQLite builds a table anew at every row it writes: half of all the time
    that putting a call into the queue would take.
    """
    return re.sub(r"(\w+) IN \(/\*(\w+)\*/\)", _any_member, script)


def _any_member(match: re.Match[str]) -> str:
    column, enum = match.groups()
    return "(" + " OR ".join(f"{column} = '{member}'" for member in _ENUMS[enum]) + ")"


def inspect(connection: sqlite3.Connection, path: Path) -> None:
    """Look a database over, on a connection that only reads.

    Raises StoreTooNew where a newer version wrote it, StoreDamaged where it is not sound. A
    connection that may write would, when it is closed, move the write-ahead log into the file even
    of a damaged database, or of one that the log does not belong to.
    """
    _version_up_to(len(scripts()), connection, path)
    _check(connection, path)


def migrate(
    connection: sqlite3.Connection,
    path: Path,
    all_scripts: tuple[str, ...] | None = None,
    before_write: Callable[[], None] = lambda: None,
) -> None:
    """Bring an open database, which was found sound, to the newest schema.

    Raises StoreTooNew where a newer version wrote it.
    `before_write` runs after the version was found acceptable and before anything is changed.
    """
    steps = scripts() if all_scripts is None else all_scripts
    version = _version_up_to(len(steps), connection, path)
    before_write()
    if 0 < version < len(steps):
        _back_up(connection, path, version)
    for number in range(version, len(steps)):
        _apply(connection, steps[number], number + 1)
    _seed_counters(connection)


def _version_up_to(known: int, connection: sqlite3.Connection, path: Path) -> int:
    version = _version(connection, path)
    if version > known:
        raise StoreTooNew(
            f"{path} was written by a newer version of voiceslot (schema {version}, this version "
            f"knows {known}); install that version, or point VOICESLOT_DATA_DIR elsewhere"
        )
    return version


def _version(connection: sqlite3.Connection, path: Path) -> int:
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as problem:
        raise _damaged(path, problem) from None
    if version == 0 and tables:
        raise StoreDamaged(
            f"{path} is a database, but not one of voiceslot; point VOICESLOT_DATA_DIR elsewhere"
        )
    return int(version)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Look the file over for damage, a half second per million calls.

    CHECKs are left out: every write has passed them, damage shows elsewhere, and with them the same
    look takes ten times as long.
    """
    try:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        connection.execute("PRAGMA ignore_check_constraints = OFF")
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as problem:
        raise _damaged(path, problem) from None
    if answer != "ok":
        raise _damaged(path, answer)


def _damaged(path: Path, problem: object) -> StoreDamaged:
    return StoreDamaged(
        f"{path} is damaged ({problem}); nothing was changed. Move {path.name}, {path.name}-wal "
        f"and {path.name}-shm away, all that are there, together; then put a backup in their place"
    )


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    target = path.with_name(f"{path.name}.before-schema-{version + 1}")
    with contextlib.closing(sqlite3.connect(target)) as copy:
        target.chmod(0o600)
        connection.backup(copy)


def _apply(connection: sqlite3.Connection, script: str, version: int) -> None:
    try:
        connection.executescript(
            f"BEGIN EXCLUSIVE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _seed_counters(connection: sqlite3.Connection) -> None:
    rows = [(kind, str(member)) for kind, enum in _COUNTED for member in enum]
    rows += [(kind, "") for kind in _COUNTED_WHOLE]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR IGNORE INTO counter (kind, name, n) VALUES (?, ?, 0)", rows)
    connection.execute("COMMIT")
