"""What is shown of messages: counters, pages by key, one message whole, and those of ended calls.

A page walks along the index that fits its filter best, newest first, and looks at a bounded number
of rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from voiceslot_tui.core.follow_up_pages import (
    FollowUpCounts,
    FollowUpDetail,
    FollowUpFilter,
    FollowUpPage,
    FollowUpQuery,
)
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    FollowUpState,
    SkipReason,
    WaitReason,
)
from voiceslot_tui.core.limits import EVENTS_SHOWN_MAX, FILTER_SCAN_ROWS_MAX, PAGE_ROWS_MAX
from voiceslot_tui.store import follow_up_rows, reading, rows
from voiceslot_tui.store.paging import anywhere

_COUNTERS: Final = "SELECT name, n FROM counter WHERE kind = ? AND n > 0"


def counts(db: sqlite3.Connection) -> FollowUpCounts:
    """Read the counters as of the last commit."""
    states = _counted(db, "message_state")
    return FollowUpCounts(
        states={state: states.get(str(state), 0) for state in FollowUpState},
        waits={WaitReason(name): n for name, n in _counted(db, "message_wait").items()},
        skips={SkipReason(name): n for name, n in _counted(db, "message_skip").items()},
        blocks={BlockReason(name): n for name, n in _counted(db, "message_block").items()},
        codes={int(name): n for name, n in _counted(db, "message_code").items()},
        suppressed=_counted(db, "suppressed").get("", 0),
    )


def _counted(db: sqlite3.Connection, kind: str) -> dict[str, int]:
    return dict(db.execute(_COUNTERS, (kind,)).fetchall())


# --- pages


@dataclass(frozen=True, slots=True)
class _Road:
    """What a page walks along: an index and what it selects, or the rows themselves."""

    index: str = ""
    condition: str = "1 = 1"
    values: tuple[Any, ...] = ()

    @property
    def table(self) -> str:
        """Write the table as it is to be walked."""
        return f"follow_up INDEXED BY {self.index}" if self.index else "follow_up NOT INDEXED"


def page(db: sqlite3.Connection, query: FollowUpQuery) -> FollowUpPage:
    """Read one page, newest first."""
    count = max(1, min(query.count, PAGE_ROWS_MAX))
    road, rest = _road(query.where)
    where, values = _conditions(rest)
    bound = _scan_bound(db, query, road) if where else None
    found = _walk(db, query, road, (where, values), bound, count + 1)
    more = len(found) > count
    shown = [follow_up_rows.follow_up_from(row) for row in found[:count]]
    if query.backwards:
        shown.reverse()
    return FollowUpPage(tuple(shown), more, None if more else bound)


def _road(where: FollowUpFilter) -> tuple[_Road, FollowUpFilter]:
    """Choose the index that leaves the fewest rows, and give what it leaves of the filter.

    A code is always served by its index, so that nothing is left of it.
    """
    if where.code is not None:
        road = _Road("follow_up_code", "code IS NOT NULL AND code = ?", (where.code,))
        return road, replace(where, code=None)
    if where.skipped_for is not None:
        road = _Road(
            "follow_up_skipped", "skipped_for IS NOT NULL AND skipped_for = ?", (where.skipped_for,)
        )
        return road, replace(where, skipped_for=None)
    if where.batch_id:
        road = _Road("follow_up_batch", "batch_id <> '' AND batch_id = ?", (where.batch_id,))
        return road, replace(where, batch_id="")
    if len(where.states) == 1:
        road = _Road("follow_up_state", "state = ?", tuple(where.states))
        return road, replace(where, states=frozenset())
    return _Road(), where


def _conditions(where: FollowUpFilter) -> tuple[str, list[Any]]:
    """Write what no index serves as SQL over fixed columns; every value is bound."""
    parts: list[str] = []
    values: list[Any] = []
    if where.states:
        parts.append(f"state IN ({', '.join('?' * len(where.states))})")
        values += sorted(where.states)
    for word in where.words:
        parts.append("(name LIKE ? ESCAPE '!' OR to_number LIKE ? ESCAPE '!')")
        values += [anywhere(word)] * 2
    if where.skipped_for is not None:
        parts.append("skipped_for = ?")
        values.append(where.skipped_for)
    if where.batch_id:
        parts.append("batch_id = ?")
        values.append(where.batch_id)
    return "".join(f" AND {part}" for part in parts), values


def _walk(
    db: sqlite3.Connection,
    query: FollowUpQuery,
    road: _Road,
    where: tuple[str, list[Any]],
    bound: FollowUpId | None,
    count: int,
) -> list[Any]:
    limits, limit_values = _after(query)
    if bound is not None:
        limits += f" AND id {'<=' if query.backwards else '>='} ?"
        limit_values.append(bound)
    sql = (
        f"SELECT {follow_up_rows.FOLLOW_UP} FROM {road.table} "
        f"WHERE {road.condition}{limits}{where[0]} ORDER BY id {_direction(query)} LIMIT ?"
    )
    return db.execute(sql, [*road.values, *limit_values, *where[1], count]).fetchall()


def _scan_bound(db: sqlite3.Connection, query: FollowUpQuery, road: _Road) -> FollowUpId | None:
    """Find the row at which a filtered search stops; None where fewer rows are left."""
    limits, limit_values = _after(query)
    row = db.execute(
        f"SELECT id FROM {road.table} WHERE {road.condition}{limits} "
        f"ORDER BY id {_direction(query)} LIMIT 1 OFFSET ?",
        [*road.values, *limit_values, FILTER_SCAN_ROWS_MAX],
    ).fetchone()
    return None if row is None else FollowUpId(row[0])


def _after(query: FollowUpQuery) -> tuple[str, list[Any]]:
    if query.than is None:
        return "", []
    return f" AND id {'>' if query.backwards else '<'} ?", [query.than]


def _direction(query: FollowUpQuery) -> str:
    return "ASC" if query.backwards else "DESC"


# --- one message, and those of ended calls


def detail(db: sqlite3.Connection, follow_up_id: FollowUpId) -> FollowUpDetail | None:
    """Read all about one message; its history is cut to the newest lines."""
    row = db.execute(
        f"SELECT {follow_up_rows.FOLLOW_UP} FROM follow_up WHERE id = ?", (follow_up_id,)
    ).fetchone()
    if row is None:
        return None
    tries = db.execute(
        f"SELECT {follow_up_rows.TRY} FROM message_try WHERE follow_up_id = ? ORDER BY number",
        (follow_up_id,),
    ).fetchall()
    history = db.execute(
        f"{reading.JOURNAL} WHERE journal.follow_up_id = ? ORDER BY journal.seq DESC LIMIT ?",
        (follow_up_id, EVENTS_SHOWN_MAX),
    ).fetchall()
    return FollowUpDetail(
        follow_up=follow_up_rows.follow_up_from(row),
        tries=tuple(follow_up_rows.try_from(one) for one in tries),
        history=tuple(rows.journal_from(line) for line in reversed(history)),
    )


def named(db: sqlite3.Connection, keys: Sequence[FollowUpKey]) -> dict[FollowUpKey, FollowUp]:
    """Read the messages of ended calls by any of their names; unknown ones are left out."""
    found: dict[FollowUpKey, FollowUp] = {}
    for key in keys:
        row = db.execute(
            f"SELECT {follow_up_rows.FOLLOW_UP} FROM follow_up_key "
            "JOIN follow_up ON follow_up.id = follow_up_key.follow_up_id "
            "WHERE follow_up_key.key = ?",
            (key,),
        ).fetchone()
        if row is not None:
            found[key] = follow_up_rows.follow_up_from(row)
    return found
