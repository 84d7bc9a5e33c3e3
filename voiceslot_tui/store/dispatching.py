"""The transaction of one dispatch: look at the board, plan, and commit slots before any dial.

The promise never to exceed the limit is kept here: the count of holding calls, the decision and the
reservation are one transaction, so that no two decisions can spend the same slot.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final

from voiceslot_tui.core.calls import AttemptId, CallId, Hold, Instant
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.same_line import line_of
from voiceslot_tui.core.settlement import dispatch
from voiceslot_tui.core.slots import Candidate, Gate, plan_dispatch
from voiceslot_tui.ports import Reserved
from voiceslot_tui.store import rows
from voiceslot_tui.store.queueing import is_called_otherwise
from voiceslot_tui.store.suppressing import SUPPRESSED_NUMBER, suppress_call

_PASSES_MAX: Final = 8
"""Rounds in which candidates that cannot start make room for the next ones."""
_SPARE: Final = 4

_READY: Final = (
    f"SELECT {rows.CALL}, call.client_data, EXISTS ("
    "SELECT 1 FROM call AS other INDEXED BY call_under_way "
    "WHERE other.to_number = call.to_number AND other.state IN "
    "('dialing', 'uncertain', 'live', 'unknown', 'wrapping_up')), "
    f"{SUPPRESSED_NUMBER.format('call')} "
    "FROM call INDEXED BY call_ready WHERE state = 'queued' AND hold IS NULL "
    "ORDER BY nprio, position, id LIMIT ?"
)


def reserve(
    db: sqlite3.Connection,
    gate: Gate,
    denied: frozenset[tuple[str, str]],
    new_attempt_id: Callable[[], AttemptId],
    holds_for_s: float,
    now: Instant,
) -> Reserved:
    """Give free slots to the next ready calls, inside the transaction of the caller."""
    holding = _holding(db)
    room, hold = gate.room(holding, now)
    orders: list[StartOrder] = []
    left = True
    for _ in range(_PASSES_MAX):
        if len(orders) >= room or not left:
            break
        want = room - len(orders)
        found = db.execute(_READY, (want + _SPARE,)).fetchall()
        started, passed = _start(db, found, want, denied, new_attempt_id, holds_for_s, now)
        orders += started
        left = len(found) > passed or len(found) == want + _SPARE
    holding += len(orders)
    if orders and hold is None:
        hold = gate.room(holding, now)[1]
    return Reserved(tuple(orders), holding, left, hold)


def _holding(db: sqlite3.Connection) -> int:
    row = db.execute("SELECT n FROM counter WHERE kind = 'holding' AND name = ''").fetchone()
    return int(row[0])


def _start(
    db: sqlite3.Connection,
    found: list[Any],
    want: int,
    denied: frozenset[tuple[str, str]],
    new_attempt_id: Callable[[], AttemptId],
    holds_for_s: float,
    now: Instant,
) -> tuple[list[StartOrder], int]:
    """Start what can be started of the rows found; give the dials and how many rows they used.

    Whoever is on the suppression list is not dialled, now or ever.
    """
    unwanted = [row for row in found if row[-1]]
    for row in unwanted:
        suppress_call(db, row, now, "engine")
    found = [row for row in found if not row[-1]]
    candidates = tuple(
        Candidate(
            CallId(row[0]),
            line_of(row[1]),
            number_busy=bool(row[-2]) or is_called_otherwise(db, row[1]),
            route_denied=(row[3], row[4]) in denied,
        )
        for row in found
    )
    plan = plan_dispatch(candidates, want)
    for call_id, hold in plan.holds:
        _set_hold(db, call_id, hold, now)
    by_id = {row[0]: row for row in found}
    orders = [
        _dial(db, by_id[call_id], new_attempt_id(), holds_for_s, now) for call_id in plan.start
    ]
    return orders, len(plan.start) + len(plan.holds) + len(unwanted)


def _set_hold(db: sqlite3.Connection, call_id: CallId, hold: Hold, now: Instant) -> None:
    db.execute(
        "UPDATE call SET hold = ?, changed_at = ? WHERE id = ? AND state = 'queued'",
        (hold, now, call_id),
    )


def _dial(
    db: sqlite3.Connection, row: Any, attempt_id: AttemptId, holds_for_s: float, now: Instant
) -> StartOrder:
    call = rows.call_from(row)
    settlement = dispatch(call, attempt_id, holds_for_s, now)
    assert settlement.attempt is not None
    rows.save_call(db, call, settlement.call)
    rows.add_attempt(db, settlement.attempt)
    rows.write_journal(
        db,
        now,
        "engine",
        "dispatched",
        call_id=call.id,
        attempt_id=attempt_id,
        before="queued",
        after="dialing",
    )
    return rows.order_from(call, attempt_id, row[rows.CALL_WIDTH])
