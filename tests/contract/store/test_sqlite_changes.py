"""Saving a row: what changed is written, nothing else is, and never over another's change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from voiceslot_tui.store.changing import Changeable, save_changes


@dataclass(frozen=True)
class Thing:
    id: int = 1
    state: str = "new"
    owner: str | None = None
    size: int = 0


THING = Changeable("thing", columns=("state", "owner", "size"), guards=("state", "owner"))


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        "CREATE TABLE thing (id INTEGER PRIMARY KEY, state TEXT, owner TEXT, size INTEGER, at "
        "INTEGER); INSERT INTO thing VALUES (1, 'new', NULL, 0, 7), (2, 'new', NULL, 0, 7);"
    )
    yield connection
    connection.close()


def rows(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute("SELECT state, owner, size, at FROM thing ORDER BY id").fetchall()


CHANGES = {
    "nothing": ({}, {}, None, ("new", None, 0, 7)),
    "one column": ({"size": 3}, {}, "size", ("new", None, 3, 7)),
    "a guard": ({"state": "old"}, {}, "state", ("old", None, 0, 7)),
    "all columns": (
        {"state": "old", "owner": "me", "size": 3},
        {},
        "state, owner, size",
        ("old", "me", 3, 7),
    ),
    "more": ({}, {"at": None}, "at", ("new", None, 0, None)),
    "both": ({"size": 3}, {"at": 8}, "size, at", ("new", None, 3, 8)),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_only_what_changed_is_set(db: sqlite3.Connection, name: str) -> None:
    change, more, names, stored = CHANGES[name]
    heard: list[str] = []
    db.set_trace_callback(heard.append)
    save_changes(db, THING, Thing(), replace(Thing(), **change), more)  # type: ignore[arg-type]
    db.set_trace_callback(None)
    updates = [one for one in heard if one.startswith("UPDATE")]
    set_ = [one.partition(" SET ")[2].partition(" WHERE ")[0] for one in updates]
    named = [", ".join(part.split(" = ")[0] for part in one.split(", ")) for one in set_]
    assert named == ([] if names is None else [names])
    assert rows(db) == [stored, ("new", None, 0, 7)]


@pytest.mark.parametrize("moved", ["state = 'gone'", "owner = 'other'", "id = 3"])
def test_a_row_that_moved_is_not_written_over(db: sqlite3.Connection, moved: str) -> None:
    db.execute(f"UPDATE thing SET {moved} WHERE id = 1")
    before = rows(db)
    with pytest.raises(AssertionError, match="thing 1 moved while it was being settled"):
        save_changes(db, THING, Thing(), replace(Thing(), size=3))
    assert rows(db) == before
