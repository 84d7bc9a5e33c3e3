"""What is remembered of the workspace's batches: their marks, their figures, the last check."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from voiceslot_tui.core.batches import BatchMark
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.follow_ups import FollowUpState


def marks(db: sqlite3.Connection) -> tuple[BatchMark, ...]:
    """Read what batches were like when they were last read whole."""
    found = db.execute("SELECT body FROM batch ORDER BY batch_id")
    return tuple(msgspec.json.decode(row[0], type=BatchMark) for row in found)


def mark(db: sqlite3.Connection, new: BatchMark, figures: BatchFigures) -> None:
    """Remember what a batch is like. Its messages are counted as they move, not here."""
    kept = replace(figures, follow_ups={})
    db.execute(
        "INSERT INTO batch (batch_id, body, figures) VALUES (?, ?, ?) ON CONFLICT (batch_id) "
        "DO UPDATE SET body = excluded.body, figures = excluded.figures",
        (new.batch.count.batch_id, msgspec.json.encode(new), msgspec.json.encode(kept)),
    )


def forget(db: sqlite3.Connection, batch_ids: Sequence[str]) -> None:
    """Forget batches that are not watched any more; their messages stay."""
    db.executemany("DELETE FROM batch WHERE batch_id = ?", [(one,) for one in batch_ids])


def last_check(db: sqlite3.Connection) -> Instant | None:
    """Read when the last complete check began."""
    row = db.execute("SELECT began_at FROM batch_check WHERE one = 1").fetchone()
    return None if row is None else Instant(row[0])


def checked(db: sqlite3.Connection, began_at: Instant) -> None:
    """Remember when a complete check began."""
    db.execute(
        "INSERT INTO batch_check (one, began_at) VALUES (1, ?) "
        "ON CONFLICT (one) DO UPDATE SET began_at = excluded.began_at",
        (began_at,),
    )


def figures(db: sqlite3.Connection, batch_ids: Sequence[str]) -> tuple[BatchFigures, ...]:
    """Read what is known of batches and their messages; unknown ones are left out."""
    found = (_figures(db, batch_id) for batch_id in batch_ids)
    return tuple(one for one in found if one is not None)


def _figures(db: sqlite3.Connection, batch_id: str) -> BatchFigures | None:
    row = db.execute("SELECT figures FROM batch WHERE batch_id = ?", (batch_id,)).fetchone()
    counted = db.execute(
        "SELECT state, n FROM batch_counter WHERE batch_id = ? AND n > 0", (batch_id,)
    )
    messages = {FollowUpState(state): n for state, n in counted}
    if row is None:
        return BatchFigures(batch_id, follow_ups=messages) if messages else None
    return replace(msgspec.json.decode(row[0], type=BatchFigures), follow_ups=messages)
