"""The transactions of the queue: adding, moving, and making calls ready whose wait is over."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from voiceslot_tui.core.calls import CallId, CallState, Instant, later
from voiceslot_tui.core.errors import IdempotencyConflict
from voiceslot_tui.core.limits import (
    IDEMPOTENCY_KEPT_DAYS,
    NUMBERS_FREED_MAX,
    PROMOTE_BATCH_MAX,
    TOMBSTONE_KEPT_DAYS,
)
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.core.pages import Place
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.ports import Added
from voiceslot_tui.store import rows

_DAY_S: Final = 86_400
_FREE_NUMBER: Final = (
    "UPDATE call SET hold = NULL WHERE id IN ("
    "SELECT id FROM call INDEXED BY call_number_waiting WHERE state = 'queued' "
    "AND hold = 'number_busy_elsewhere' AND to_number = ? ORDER BY nprio, position, id LIMIT ?)"
)
"""Make calls ready that wait for a number; only one of them can be the next to dial it."""
_UNDER_WAY: Final = (
    "SELECT 1 FROM call INDEXED BY call_under_way WHERE to_number = ? AND state IN "
    "('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up')"
)
_INSERT: Final = (
    "INSERT INTO call (id, to_number, name, agent_id, agent_phone_number_id, priority, "
    "position, state, holding, cancel_wished, attempts, max_attempts, refusals, created_at, "
    "changed_at, client_data) VALUES (?, ?, ?, ?, ?, ?, 0, 'queued', 0, 0, 0, ?, 0, ?, ?, ?)"
)


def add(
    db: sqlite3.Connection,
    calls: Sequence[NewCall],
    now: Instant,
    actor: str,
    key: IdempotencyKey | None,
) -> Added:
    """Put calls into the queue; the same key gives the same answer, whatever happened since."""
    if key is not None:
        seen = _seen(db, key)
        if seen is not None:
            return seen
    first = int(db.execute("SELECT coalesce(max(id), 0) + 1 FROM call").fetchone()[0])
    ids = tuple(CallId(first + offset) for offset in range(len(calls)))
    db.executemany(
        _INSERT,
        [
            (
                call_id,
                call.to_number,
                call.name,
                call.agent_id,
                call.agent_phone_number_id,
                call.priority,
                call.max_attempts,
                now,
                now,
                call.client_data,
            )
            for call_id, call in zip(ids, calls, strict=True)
        ],
    )
    db.execute("UPDATE counter SET n = n + ? WHERE kind = 'state' AND name = 'queued'", (len(ids),))
    _write_added(db, ids, now, actor)
    added = Added(ids, _queued(db))
    if key is not None:
        db.execute(
            "INSERT INTO idempotency (key, digest, answer, at) VALUES (?, ?, ?, ?)",
            (key.key, key.digest, msgspec.json.encode(replace(added, repeated=True)), now),
        )
    return added


def _seen(db: sqlite3.Connection, key: IdempotencyKey) -> Added | None:
    row = db.execute("SELECT digest, answer FROM idempotency WHERE key = ?", (key.key,)).fetchone()
    if row is None:
        return None
    if row[0] != key.digest:
        raise IdempotencyConflict("this Idempotency-Key came before with another body")
    return msgspec.json.decode(row[1], type=Added)


def _write_added(db: sqlite3.Connection, ids: tuple[CallId, ...], now: Instant, actor: str) -> None:
    if len(ids) == 1:
        rows.write_journal(db, now, actor, "enqueued", call_id=ids[0], after="queued")
    elif ids:
        detail = f"{len(ids):,} calls, {ids[0]} to {ids[-1]}"
        rows.write_journal(db, now, actor, "enqueued", after="queued", detail=detail)


def _queued(db: sqlite3.Connection) -> int:
    row = db.execute(
        "SELECT n FROM counter WHERE kind = 'state' AND name = ?", (CallState.QUEUED,)
    ).fetchone()
    return int(row[0])


_EDGES: Final = {
    Place.TOP: (
        "SELECT nprio, position FROM call INDEXED BY call_queue_order WHERE part = 1 "
        "ORDER BY nprio, position LIMIT 1"
    ),
    Place.BOTTOM: (
        "SELECT nprio, position FROM call INDEXED BY call_queue_order WHERE part = 1 "
        "ORDER BY nprio DESC, position DESC LIMIT 1"
    ),
}


def move(
    db: sqlite3.Connection, call_ids: Sequence[CallId], place: Place, now: Instant, actor: str
) -> int:
    """Move queued calls to an end of the queue, keeping their order among themselves."""
    top = place is Place.TOP
    edge = db.execute(_EDGES[place]).fetchone()
    if edge is None:
        return 0
    moved = [
        call_id
        for call_id in (reversed(call_ids) if top else call_ids)
        if db.execute("SELECT 1 FROM call WHERE id = ? AND state = 'queued'", (call_id,)).fetchone()
    ]
    for offset, call_id in enumerate(moved, start=1):
        position = edge[1] - offset if top else edge[1] + offset
        db.execute(
            "UPDATE call SET priority = ?, position = ?, changed_at = ? WHERE id = ?",
            (-edge[0], position, now, call_id),
        )
        rows.write_journal(db, now, actor, f"moved_to_{place}", call_id=call_id)
    return len(moved)


def promote(db: sqlite3.Connection, now: Instant) -> int:
    """Make due calls ready, a bounded number at a time."""
    return db.execute(
        "UPDATE call SET hold = NULL, due_at = NULL, changed_at = ? WHERE id IN ("
        "SELECT id FROM call INDEXED BY call_due WHERE state = 'queued' AND hold = 'retry_wait' "
        "AND due_at <= ? ORDER BY due_at LIMIT ?)",
        (now, now, PROMOTE_BATCH_MAX),
    ).rowcount


def next_due(db: sqlite3.Connection) -> Instant | None:
    """Read when the next waiting call is due."""
    row = db.execute(
        "SELECT due_at FROM call INDEXED BY call_due WHERE state = 'queued' "
        "AND hold = 'retry_wait' ORDER BY due_at LIMIT 1"
    ).fetchone()
    return None if row is None else Instant(row[0])


def wake_numbers(db: sqlite3.Connection, after: str, now: Instant) -> tuple[int, str]:
    """Make calls ready that wait for a number which is free after all.

    Looks at a bounded number of numbers, following `after`; gives how many calls were made ready
    and the number to go on from ("" after the last).
    """
    woken = 0
    for _ in range(PROMOTE_BATCH_MAX):
        row = db.execute(
            "SELECT to_number FROM call INDEXED BY call_number_waiting WHERE state = 'queued' "
            "AND hold = 'number_busy_elsewhere' AND to_number > ? ORDER BY to_number LIMIT 1",
            (after,),
        ).fetchone()
        if row is None:
            return woken, ""
        after = row[0]
        if not any(db.execute(_UNDER_WAY, (way,)).fetchone() for way in ways_of_writing(after)):
            woken += db.execute(_FREE_NUMBER, (after, NUMBERS_FREED_MAX)).rowcount
    return woken, after


def is_called_otherwise(db: sqlite3.Connection, number: str) -> bool:
    """Tell whether a call is under way to the line of a number by another way of writing it."""
    _, *others = ways_of_writing(number)
    return any(db.execute(_UNDER_WAY, (way,)).fetchone() for way in others)


def free_line(db: sqlite3.Connection, number: str, *, is_waited_for: bool) -> None:
    """Make calls ready that wait for the line of a number, however they write it.

    `is_waited_for` says whether some wait for it as it is written.
    """
    _, *others = ways_of_writing(number)
    for way in (number, *others) if is_waited_for else others:
        db.execute(_FREE_NUMBER, (way, NUMBERS_FREED_MAX))


def lift_denied(
    db: sqlite3.Connection,
    agent_id: str,
    agent_phone_number_id: str,
    count: int,
    now: Instant,
    after: CallId | None = None,
) -> tuple[CallId, ...]:
    """Make the next calls of a refused agent and phone number ready again; give their ids.

    The next are those that stand in line `after` a call, or from the first on where none do.
    """
    pair = (agent_id, agent_phone_number_id)
    row = db.execute("SELECT nprio, position, id FROM call WHERE id = ?", (after,)).fetchone()
    found = [] if row is None else db.execute(_DENIED_AFTER, (*pair, *row, count)).fetchall()
    found = found or db.execute(_DENIED_FIRST, (*pair, count)).fetchall()
    db.executemany(
        "UPDATE call SET hold = NULL, changed_at = ? WHERE id = ?",
        [(now, call_id) for (call_id,) in found],
    )
    return tuple(CallId(call_id) for (call_id,) in found)


_DENIED_OF_PAIR: Final = (
    "SELECT id FROM call INDEXED BY call_denied WHERE state = 'queued' "
    "AND hold = 'platform_denied' AND agent_id = ? AND agent_phone_number_id = ? "
)
_DENIED_FIRST: Final = f"{_DENIED_OF_PAIR}ORDER BY nprio, position, id LIMIT ?"
_DENIED_AFTER: Final = (
    f"{_DENIED_OF_PAIR}AND (nprio, position, id) > (?, ?, ?) ORDER BY nprio, position, id LIMIT ?"
)

_DENIED: Final = (
    "SELECT agent_id, agent_phone_number_id FROM call INDEXED BY call_denied "
    "WHERE state = 'queued' AND hold = 'platform_denied' AND "
)
_NEXT_PHONE: Final = (
    f"{_DENIED}agent_id = ? AND agent_phone_number_id > ? ORDER BY agent_phone_number_id LIMIT 1"
)
_NEXT_AGENT: Final = f"{_DENIED}agent_id > ? ORDER BY agent_id, agent_phone_number_id LIMIT 1"


def denied_routes(db: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Read the refused pairs, two index seeks a pair.

    One seek past a pair of values would walk over every call of that pair.
    """
    pairs: list[tuple[str, str]] = []
    agent, phone = "", ""
    while True:
        row = db.execute(_NEXT_PHONE, (agent, phone)).fetchone()
        row = row or db.execute(_NEXT_AGENT, (agent,)).fetchone()
        if row is None:
            return frozenset(pairs)
        agent, phone = row
        pairs.append((agent, phone))


def tidy(db: sqlite3.Connection, now: Instant) -> bool:
    """Forget a bounded number of keys and tombstones past their time; tell whether more wait."""
    more = False
    for table, days in (("idempotency", IDEMPOTENCY_KEPT_DAYS), ("news", TOMBSTONE_KEPT_DAYS)):
        key = "key" if table == "idempotency" else "name"
        forgotten = db.execute(
            f"DELETE FROM {table} WHERE {key} IN "
            f"(SELECT {key} FROM {table} WHERE at < ? ORDER BY at LIMIT ?)",
            (later(now, -days * _DAY_S), PROMOTE_BATCH_MAX),
        ).rowcount
        more = more or forgotten == PROMOTE_BATCH_MAX
    return more
