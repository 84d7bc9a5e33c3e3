"""Which tries are to be looked up at the messenger, and which of its messages are ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import product
from typing import Final

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_ups import MessageSid, TryId
from voiceslot_tui.core.limits import LOOK_EVERY_MAX_S
from voiceslot_tui.follow_up_ports import Look
from voiceslot_tui.store import follow_up_rows
from voiceslot_tui.store.follow_up_rows import FOLLOW_UP, FOLLOW_UP_WIDTH, TRY

_IN_DOUBT: Final = (
    "message_try INDEXED BY message_try_doubt",
    "message_try.look_at IS NOT NULL AND message_try.state = 'ambiguous'",
)
_UNDER_WAY: Final = (
    "message_try INDEXED BY message_try_look",
    "message_try.look_at IS NOT NULL AND message_try.state <> 'ambiguous'",
)
_ORDERS: Final = (_IN_DOUBT, _UNDER_WAY)
"""What is looked up first, each with its index and the index's own condition."""
_IDS_AT_ONCE: Final = 500


def tries_cut_off(db: sqlite3.Connection) -> tuple[TryId, ...]:
    """Read the tries whose request was under way."""
    found = db.execute(
        "SELECT id FROM message_try INDEXED BY message_try_sending WHERE state = 'sending'"
    )
    return tuple(TryId(row[0]) for row in found)


def to_look_up(db: sqlite3.Connection, count: int, now: Instant) -> tuple[Look, ...]:
    """Read the tries whose look-up is due, those in doubt and the longest due first.

    Last come those whose look-up is further ahead than one ever is: the clock was set back.
    """
    due = (("<=", now), (">", later(now, LOOK_EVERY_MAX_S)))
    looks: list[Look] = []
    for (than, moment), (table, condition) in product(due, _ORDERS):
        found = db.execute(
            f"SELECT {FOLLOW_UP}, {TRY} FROM {table} "
            "JOIN follow_up ON follow_up.id = message_try.follow_up_id "
            f"WHERE {condition} AND message_try.look_at {than} ? "
            "ORDER BY message_try.look_at LIMIT ?",
            (moment, max(0, count - len(looks))),
        )
        looks += [
            Look(
                follow_up_rows.follow_up_from(row),
                follow_up_rows.try_from(row[FOLLOW_UP_WIDTH:]),
            )
            for row in found
        ]
    return tuple(looks)


def next_look(db: sqlite3.Connection) -> Instant | None:
    """Read when the next look-up is due."""
    firsts = [
        db.execute(
            f"SELECT look_at FROM {table} WHERE {condition} ORDER BY message_try.look_at LIMIT 1"
        ).fetchone()
        for table, condition in _ORDERS
    ]
    return min((Instant(row[0]) for row in firsts if row is not None), default=None)


def look_again(db: sqlite3.Connection, tries: Sequence[tuple[TryId, Instant | None]]) -> None:
    """Set when tries are looked up next."""
    db.executemany(
        "UPDATE message_try SET look_at = ? WHERE id = ?",
        [(look_at, try_id) for try_id, look_at in tries],
    )


def look_soon(db: sqlite3.Connection, message_sid: MessageSid | None, now: Instant) -> None:
    """Make the look-up of a message due, or a bounded number of all that have one."""
    if message_sid is not None:
        db.execute(
            "UPDATE message_try SET look_at = ? WHERE message_sid = ? AND look_at IS NOT NULL",
            (now, message_sid),
        )
        return
    for table, condition in _ORDERS:
        db.execute(
            f"UPDATE message_try SET look_at = ? WHERE id IN (SELECT id FROM {table} "
            f"WHERE {condition} AND message_try.look_at > ? LIMIT ?)",
            (now, now, _IDS_AT_ONCE),
        )


def known_messages(db: sqlite3.Connection, sids: Sequence[MessageSid]) -> frozenset[MessageSid]:
    """Keep, of the messenger's ids, those that belong to a try."""
    known: set[MessageSid] = set()
    for start in range(0, len(sids), _IDS_AT_ONCE):
        some = sids[start : start + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        known.update(
            MessageSid(row[0])
            for row in db.execute(
                f"SELECT message_sid FROM message_try WHERE message_sid IN ({marks})", some
            )
        )
    return frozenset(known)
