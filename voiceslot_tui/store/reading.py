"""The questions the store answers without changing anything: counters, calls under way, history.

None of them grows with the queue: counters are read, calls under way are bounded by the slots, and
lists are bounded by what is asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from voiceslot_tui.core.calls import (
    Call,
    CallId,
    CallState,
    ConversationId,
    Disposition,
    Hold,
)
from voiceslot_tui.core.limits import EVENTS_SHOWN_MAX
from voiceslot_tui.core.pages import CallDetail, JournalEntry
from voiceslot_tui.ports import Control, Counts, OpenCall
from voiceslot_tui.store import rows

_UNDER_WAY: Final = (
    f"SELECT {rows.CALL}, {rows.ATTEMPT}, call.client_data "
    "FROM call INDEXED BY call_under_way JOIN attempt ON attempt.id = call.attempt_id "
    "WHERE call.state IN ('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up')"
)
JOURNAL: Final = (
    f"SELECT {rows.JOURNAL} FROM journal LEFT JOIN call ON call.id = journal.call_id "
    "LEFT JOIN follow_up ON follow_up.id = journal.follow_up_id"
)
_IDS_AT_ONCE: Final = 500


def control(db: sqlite3.Connection) -> Control:
    """Read the operator's switches."""
    row = db.execute("SELECT body FROM control WHERE one = 1").fetchone()
    return Control() if row is None else msgspec.json.decode(row[0], type=Control)


def counts(db: sqlite3.Connection) -> Counts:
    """Read the counters as of the last commit."""
    found = {(kind, name): n for kind, name, n in db.execute("SELECT kind, name, n FROM counter")}
    newest = db.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()[0]
    return Counts(
        states={state: found[("state", str(state))] for state in CallState},
        holds={hold: n for hold in Hold if (n := found[("hold", str(hold))])},
        dispositions={d: n for d in Disposition if (n := found[("disposition", str(d))])},
        holding=found[("holding", "")],
        event_seq=int(newest),
    )


def open_calls(db: sqlite3.Connection) -> tuple[OpenCall, ...]:
    """Read all calls under way with their attempts."""
    width = rows.CALL_WIDTH
    found = []
    for row in db.execute(_UNDER_WAY):
        call = rows.call_from(row)
        attempt = rows.attempt_from(row[width:])
        found.append(OpenCall(call, attempt, rows.order_from(call, attempt.id, row[-1])))
    return tuple(found)


def foreign(db: sqlite3.Connection, ids: Iterable[ConversationId]) -> frozenset[ConversationId]:
    """Keep, of live conversations, those neither ours and holding nor known to be over.

    An attempt of ours that was released, or confirmed as dialled, without proof of its end still
    talks as far as the platform says: it counts like a foreign one.
    """
    wanted = list(ids)
    known: set[str] = set()
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        some = wanted[start : start + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        known.update(
            row[0]
            for row in db.execute(
                "SELECT attempt.conversation_id FROM attempt "
                "JOIN call ON call.id = attempt.call_id "
                f"WHERE attempt.conversation_id IN ({marks}) "
                "AND ((attempt.state = 'over' "
                "AND (attempt.disposition IS NOT NULL OR call.state = 'wrapping_up')) "
                "OR (call.holding = 1 AND call.attempt_id = attempt.id))",
                some,
            )
        )
        known.update(
            row[0] for row in db.execute(f"SELECT name FROM news WHERE name IN ({marks})", some)
        )
    return frozenset(wanted) - known


def calls(db: sqlite3.Connection, call_ids: Sequence[CallId]) -> tuple[Call, ...]:
    """Read calls by id; those that do not exist are left out."""
    found = []
    for call_id in call_ids:
        row = db.execute(f"SELECT {rows.CALL} FROM call WHERE id = ?", (call_id,)).fetchone()
        if row is not None:
            found.append(rows.call_from(row))
    return tuple(found)


def detail(db: sqlite3.Connection, call_id: CallId) -> CallDetail | None:
    """Read all about one call; its history is cut to the newest lines."""
    row = db.execute(
        f"SELECT {rows.CALL}, call.client_data FROM call WHERE id = ?",
        (call_id,),
    ).fetchone()
    if row is None:
        return None
    attempts = db.execute(
        f"SELECT {rows.ATTEMPT} FROM attempt WHERE call_id = ? ORDER BY started_at, id",
        (call_id,),
    ).fetchall()
    history = db.execute(
        f"{JOURNAL} WHERE journal.call_id = ? ORDER BY journal.seq DESC LIMIT ?",
        (call_id, EVENTS_SHOWN_MAX),
    ).fetchall()
    return CallDetail(
        call=rows.call_from(row),
        client_data=row[rows.CALL_WIDTH],
        attempts=tuple(rows.attempt_from(attempt) for attempt in attempts),
        history=tuple(rows.journal_from(line) for line in reversed(history)),
    )


def journal(db: sqlite3.Connection, before: int | None, count: int) -> tuple[JournalEntry, ...]:
    """Read journal lines before a sequence number, newest first."""
    upper = before if before is not None else 2**62
    found = db.execute(
        f"{JOURNAL} WHERE journal.seq < ? ORDER BY journal.seq DESC LIMIT ?",
        (upper, min(count, EVENTS_SHOWN_MAX)),
    )
    return tuple(rows.journal_from(line) for line in found)


def journal_since(db: sqlite3.Connection, after: int, count: int) -> tuple[JournalEntry, ...]:
    """Read journal lines after a sequence number, oldest first."""
    found = db.execute(
        f"{JOURNAL} WHERE journal.seq > ? ORDER BY journal.seq LIMIT ?",
        (after, min(count, EVENTS_SHOWN_MAX)),
    )
    return tuple(rows.journal_from(line) for line in found)
