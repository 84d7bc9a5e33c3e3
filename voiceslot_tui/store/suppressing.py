"""The transactions of the suppression list: who wants neither calls nor messages.

A number goes on the list together with all that waits for its person, and with every other number
that is the same line: whoever looks compares numbers as they are. What is under way stays: it
cannot be called back. What is past the bound of one transaction is caught when its turn comes.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from voiceslot_tui.core.calls import Call, Instant
from voiceslot_tui.core.follow_up_moves import skipped
from voiceslot_tui.core.follow_up_pages import Suppressed, Suppression
from voiceslot_tui.core.follow_ups import SkipReason
from voiceslot_tui.core.limits import PAGE_ROWS_MAX, SUPPRESSED_AT_ONCE_MAX
from voiceslot_tui.core.moves import suppressed
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.store import follow_up_rows, rows

SUPPRESSED_NUMBER: Final = "EXISTS (SELECT 1 FROM suppression WHERE number = {}.to_number)"
"""Whether the person of a row is on the list."""
_QUEUED: Final = (
    f"SELECT {rows.CALL} FROM call INDEXED BY call_number "
    "WHERE to_number = ? AND state = 'queued' LIMIT ?"
)
_OPEN_MESSAGES: Final = (
    f"SELECT {follow_up_rows.FOLLOW_UP} FROM follow_up INDEXED BY follow_up_open_number "
    "WHERE to_number = ? AND state IN ('due', 'blocked') LIMIT ?"
)


def put_on_list(
    db: sqlite3.Connection, number: str, why: str, now: Instant, actor: str
) -> Suppressed:
    """Put a line on the list and take away what waits for it, inside the caller's transaction."""
    assert number, "nobody is suppressed without a number"
    ways = ways_of_writing(number)
    new = db.executemany(
        "INSERT INTO suppression (number, at, actor, why) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (number) DO NOTHING",
        [(way, now, actor, why) for way in ways],
    ).rowcount
    done = Suppressed(
        number,
        calls=sum(_suppress_calls(db, way, now, actor) for way in ways),
        messages=sum(_skip_messages(db, way, now, actor) for way in ways),
        known=not new,
    )
    if new:
        rows.write_journal(db, now, actor, "number_suppressed", detail=_detail(done, why))
    return done


def _detail(done: Suppressed, why: str) -> str:
    """Say what came of it; without the number, which no log shows whole."""
    ending = f"…{done.number[-4:]}: {done.calls} calls and {done.messages} messages withdrawn"
    return f"{ending}; {why}" if why else ending


def _suppress_calls(db: sqlite3.Connection, number: str, now: Instant, actor: str) -> int:
    queued = db.execute(_QUEUED, (number, SUPPRESSED_AT_ONCE_MAX)).fetchall()
    for row in queued:
        suppress_call(db, row, now, actor)
    return len(queued)


def suppress_call(
    db: sqlite3.Connection, row: tuple[object, ...], now: Instant, actor: str
) -> None:
    """Take a queued call, given by the columns of `rows.CALL`, out of the queue for good."""
    _suppress(db, rows.call_from(row), now, actor)


def _suppress(db: sqlite3.Connection, call: Call, now: Instant, actor: str) -> None:
    settlement = suppressed(call, now)
    rows.save_call(db, call, settlement.call)
    rows.write_journal(
        db,
        now,
        actor,
        "suppressed",
        call_id=call.id,
        before=call.state,
        after=settlement.call.state,
        detail=settlement.detail,
    )


def _skip_messages(db: sqlite3.Connection, number: str, now: Instant, actor: str) -> int:
    waiting = db.execute(_OPEN_MESSAGES, (number, SUPPRESSED_AT_ONCE_MAX)).fetchall()
    for row in waiting:
        follow_up = follow_up_rows.follow_up_from(row)
        settlement = skipped(follow_up, SkipReason.SUPPRESSED, now)
        assert settlement is not None, f"{follow_up.state} cannot be left out"
        follow_up_rows.save_follow_up(db, follow_up, settlement.follow_up)
        follow_up_rows.write_journal(db, follow_up, settlement, "message_skipped", now, actor)
    return len(waiting)


def suppress_if_listed(db: sqlite3.Connection, call: Call, now: Instant, actor: str) -> None:
    """Take a call that waits again out of the queue, where its person is on the list by now."""
    if _is_listed(db, call.to_number):
        _suppress(db, call, now, actor)


def skip_if_listed(db: sqlite3.Connection, number: str, now: Instant, actor: str) -> None:
    """Leave out what waits again to be sent to a person, where they are on the list by now."""
    if _is_listed(db, number):
        _skip_messages(db, number, now, actor)


def _is_listed(db: sqlite3.Connection, number: str) -> bool:
    return (
        db.execute("SELECT 1 FROM suppression WHERE number = ?", (number,)).fetchone() is not None
    )


def take_off_list(db: sqlite3.Connection, number: str, now: Instant, actor: str) -> bool:
    """Take a line off the list; what went with it does not come back."""
    ways = [(way,) for way in ways_of_writing(number)]
    gone = db.executemany("DELETE FROM suppression WHERE number = ?", ways).rowcount > 0
    if gone:
        rows.write_journal(db, now, actor, "number_unsuppressed", detail=f"…{number[-4:]}")
    return gone


def suppressions(db: sqlite3.Connection, after: str, count: int) -> tuple[Suppression, ...]:
    """Read the list by number, from the one after."""
    found = db.execute(
        "SELECT number, at, actor, why FROM suppression WHERE number > ? ORDER BY number LIMIT ?",
        (after, max(1, min(count, PAGE_ROWS_MAX))),
    )
    return tuple(Suppression(row[0], Instant(row[1]), row[2], row[3]) for row in found)
