"""Write what changed of a row, and only that.

SQLite writes every index anew that one of the set columns is part of, and runs every trigger that
looks at one of them, whether or not its value is another. A message changes its state five times on
its way, and the pages of a dozen indexes would go to the log each time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

_NOTHING_MORE: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Changeable:
    """What may change of a table's rows: columns that are named as the attributes they hold.

    A row is found by its `id`; a `guard` is a column that must still be as it was read.
    """

    table: str
    columns: tuple[str, ...]
    guards: tuple[str, ...]


def save_changes(
    db: sqlite3.Connection,
    what: Changeable,
    before: Any,
    after: Any,
    more: Mapping[str, Any] = _NOTHING_MORE,
) -> None:
    """Write a row that was read in this transaction; `more` are columns that no attribute holds.

    A row that moved meanwhile is a defect: it raises AssertionError.
    """
    changes = {
        name: value
        for name in what.columns
        if (value := getattr(after, name)) != getattr(before, name)
    }
    changes.update(more)
    if not changes:
        return
    sql = _update(what.table, tuple(changes), what.guards)
    guards = [getattr(before, name) for name in what.guards]
    changed = db.execute(sql, (*changes.values(), after.id, *guards)).rowcount
    assert changed == 1, f"{what.table} {after.id} moved while it was being settled"


@cache
def _update(table: str, columns: tuple[str, ...], guards: tuple[str, ...]) -> str:
    changes = ", ".join(f"{name} = ?" for name in columns)
    where = " AND ".join(["id = ?", *(f"{name} IS ?" for name in guards)])
    return f"UPDATE {table} SET {changes} WHERE {where}"
