"""Pages of rows, by key and never by number of rows skipped.

A filtered page looks at a bounded number of rows and says how far it got. A number's beginning is
looked up in its own index as long as few numbers begin so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from voiceslot_tui.core.limits import FILTER_SCAN_ROWS_MAX, PAGE_ROWS_MAX
from voiceslot_tui.core.pages import Filter, Page, PageQuery, PageRow, RowKey, Segment
from voiceslot_tui.store import rows

_NUMBER_HITS_MAX: Final = 5_000
_BEGUN_SO: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM call INDEXED BY call_number "
    "WHERE to_number >= ? AND to_number < ? LIMIT ?)"
)


@dataclass(frozen=True, slots=True)
class _Order:
    """How one segment is walked: its index, the index's own condition, and its key columns."""

    index: str
    condition: str
    columns: tuple[str, ...]
    key: str

    def narrowed(self, key: RowKey) -> tuple[int, ...]:
        """Give the values of the key that the index's columns hold."""
        return key if len(self.columns) == 4 else (key[1], key[3])


_ORDERS: Final = {
    Segment.QUEUE: _Order(
        "call_queue_order",
        "call.part IS NOT NULL",
        ("call.part", "call.nprio", "call.position", "call.row_order"),
        "call.part, call.nprio, call.position, call.id",
    ),
    Segment.DONE: _Order(
        "call_done_order",
        "call.ended_at IS NOT NULL",
        ("call.nended", "call.row_order"),
        "2, call.nended, 0, call.id",
    ),
}


def page(db: sqlite3.Connection, query: PageQuery) -> Page:
    """Read one page in display order."""
    count = max(1, min(query.count, PAGE_ROWS_MAX))
    where, values = _conditions(query.where)
    if query.where.number_prefix:
        hits = _number_hits(db, query, where, values)
        if hits is not None:
            return _of_hits(hits, query, count)
    bound = _scan_bound(db, query) if where else None
    found = _walk(db, query, where, values, bound, count + 1)
    more = len(found) > count
    shown = [_row(raw) for raw in found[:count]]
    if query.backwards:
        shown.reverse()
    return Page(tuple(shown), more, None if more else bound)


def _row(raw: Sequence[Any]) -> PageRow:
    return PageRow((raw[0], raw[1], raw[2], raw[3]), rows.call_from(raw[6:]), raw[4], raw[5])


def _conditions(where: Filter) -> tuple[str, list[Any]]:
    """Write a filter as SQL over fixed columns; every value is bound."""
    parts: list[str] = []
    values: list[Any] = []
    for column, members in (("state", where.states), ("hold", where.holds)):
        if members:
            parts.append(f"call.{column} IN ({', '.join('?' * len(members))})")
            values += sorted(members)
    for word in where.words:
        parts.append(
            "(call.name LIKE ? ESCAPE '!' OR call.to_number LIKE ? ESCAPE '!' "
            "OR call.agent_id LIKE ? ESCAPE '!')"
        )
        values += [anywhere(word)] * 3
    if where.priority_min is not None:
        parts.append("call.priority >= ?")
        values.append(where.priority_min)
    if where.priority_max is not None:
        parts.append("call.priority <= ?")
        values.append(where.priority_max)
    if where.number_prefix:
        parts.append("call.to_number >= ? AND call.to_number < ?")
        values += [where.number_prefix, where.number_prefix + "\x7f"]
    return "".join(f" AND {part}" for part in parts), values


def anywhere(word: str) -> str:
    """Write a pattern that finds a word anywhere, with nothing in it acting as a wildcard."""
    escaped = word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _walk(
    db: sqlite3.Connection,
    query: PageQuery,
    where: str,
    values: list[Any],
    bound: RowKey | None,
    count: int,
) -> list[Any]:
    order = _ORDERS[query.segment]
    sign, direction = ("<", "DESC") if query.backwards else (">", "ASC")
    key_columns = f"({', '.join(order.columns)})"
    marks = f"({', '.join('?' * len(order.columns))})"
    limits = ""
    limit_values: list[Any] = []
    if query.key is not None:
        limits += f" AND {key_columns} {sign}{'=' if query.inclusive else ''} {marks}"
        limit_values += order.narrowed(query.key)
    if bound is not None:
        limits += f" AND {key_columns} {'>=' if query.backwards else '<='} {marks}"
        limit_values += order.narrowed(bound)
    ordering = ", ".join(f"{column} {direction}" for column in order.columns)
    sql = (
        f"SELECT {order.key}, attempt.started_at, attempt.accepted_at, {rows.CALL} "
        f"FROM call INDEXED BY {order.index} LEFT JOIN attempt ON attempt.id = call.attempt_id "
        f"WHERE {order.condition}{limits}{where} ORDER BY {ordering} LIMIT ?"
    )
    return db.execute(sql, [*limit_values, *values, count]).fetchall()


def _scan_bound(db: sqlite3.Connection, query: PageQuery) -> RowKey | None:
    """Find the key at which a filtered search stops; None where fewer rows are left."""
    order = _ORDERS[query.segment]
    sign, direction = ("<", "DESC") if query.backwards else (">", "ASC")
    limits = ""
    values: list[Any] = []
    if query.key is not None:
        marks = f"({', '.join('?' * len(order.columns))})"
        limits = f" AND ({', '.join(order.columns)}) {sign} {marks}"
        values = list(order.narrowed(query.key))
    ordering = ", ".join(f"{column} {direction}" for column in order.columns)
    row = db.execute(
        f"SELECT {order.key} FROM call INDEXED BY {order.index} "
        f"WHERE {order.condition}{limits} ORDER BY {ordering} LIMIT 1 OFFSET ?",
        [*values, FILTER_SCAN_ROWS_MAX],
    ).fetchone()
    return None if row is None else (row[0], row[1], row[2], row[3])


def _number_hits(
    db: sqlite3.Connection, query: PageQuery, where: str, values: list[Any]
) -> list[PageRow] | None:
    """Find all rows of a segment whose number begins so; None where too many numbers do."""
    prefix = query.where.number_prefix
    (begun,) = db.execute(_BEGUN_SO, (prefix, prefix + "\x7f", _NUMBER_HITS_MAX + 1)).fetchone()
    if begun > _NUMBER_HITS_MAX:
        return None
    order = _ORDERS[query.segment]
    found = db.execute(
        f"SELECT {order.key}, attempt.started_at, attempt.accepted_at, {rows.CALL} "
        "FROM call INDEXED BY call_number LEFT JOIN attempt ON attempt.id = call.attempt_id "
        f"WHERE {order.condition}{where}",
        values,
    ).fetchall()
    return sorted((_row(raw) for raw in found), key=lambda row: row.key)


def _of_hits(hits: list[PageRow], query: PageQuery, count: int) -> Page:
    if query.backwards:
        before = [row for row in hits if query.key is None or _up_to(row, query)]
        return Page(tuple(before[-count:]), len(before) > count)
    after = [row for row in hits if query.key is None or _from(row, query)]
    return Page(tuple(after[:count]), len(after) > count)


def _from(row: PageRow, query: PageQuery) -> bool:
    assert query.key is not None
    return row.key > query.key or (query.inclusive and row.key == query.key)


def _up_to(row: PageRow, query: PageQuery) -> bool:
    assert query.key is not None
    return row.key < query.key or (query.inclusive and row.key == query.key)
