"""Rows and the values they stand for: the one place that knows the order of columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
    AttemptState,
    Call,
    CallId,
    CallSid,
    CallState,
    ConversationId,
    Disposition,
    Hold,
    Instant,
)
from voiceslot_tui.core.follow_ups import FollowUpId
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.store.changing import Changeable, save_changes

CALL: Final = (
    "call.id, call.to_number, call.name, call.agent_id, call.agent_phone_number_id, "
    "call.priority, call.state, call.created_at, call.changed_at, call.max_attempts, "
    "call.position, call.hold, call.due_at, call.holding, call.cancel_wished, call.disposition, "
    "call.attempts, call.refusals, call.attempt_id, call.ended_at"
)
CALL_WIDTH: Final = 20
ATTEMPT: Final = (
    "attempt.id, attempt.call_id, attempt.number, attempt.state, attempt.started_at, "
    "attempt.holds_until, attempt.conversation_id, attempt.call_sid, attempt.accepted_at, "
    "attempt.over_at, attempt.lookups, attempt.first_lookup_at, attempt.disposition, "
    "attempt.talk_s, attempt.detail"
)
ATTEMPT_WIDTH: Final = 15
JOURNAL: Final = (
    "journal.seq, journal.at, journal.actor, journal.kind, journal.call_id, journal.attempt_id, "
    "journal.before, journal.after, journal.detail, "
    "coalesce(call.to_number, follow_up.to_number, ''), "
    "coalesce(call.name, follow_up.name, ''), journal.follow_up_id"
)
"""From journal, left joined with call and follow_up."""

_CHANGES_OF_CALL: Final = Changeable(
    "call",
    columns=(
        "priority",
        "position",
        "state",
        "hold",
        "due_at",
        "holding",
        "cancel_wished",
        "disposition",
        "attempts",
        "refusals",
        "attempt_id",
        "changed_at",
        "ended_at",
    ),
    guards=("state", "attempt_id"),
)
_CHANGES_OF_ATTEMPT: Final = Changeable(
    "attempt",
    columns=(
        "state",
        "conversation_id",
        "call_sid",
        "accepted_at",
        "over_at",
        "lookups",
        "first_lookup_at",
        "disposition",
        "talk_s",
        "detail",
    ),
    guards=("state",),
)

_STATES: Final = {str(state): state for state in CallState}
_ATTEMPT_STATES: Final = {str(state): state for state in AttemptState}
_HOLDS: Final = {str(hold): hold for hold in Hold}
_DISPOSITIONS: Final = {str(disposition): disposition for disposition in Disposition}


def call_from(row: Sequence[Any]) -> Call:
    """Read a call from the columns of `CALL`."""
    return Call(
        id=CallId(row[0]),
        to_number=row[1],
        name=row[2],
        agent_id=row[3],
        agent_phone_number_id=row[4],
        priority=row[5],
        state=_STATES[row[6]],
        created_at=Instant(row[7]),
        changed_at=Instant(row[8]),
        max_attempts=row[9],
        position=row[10],
        hold=_HOLDS[row[11]] if row[11] is not None else None,
        due_at=row[12],
        holding=bool(row[13]),
        cancel_wished=bool(row[14]),
        disposition=_DISPOSITIONS[row[15]] if row[15] is not None else None,
        attempts=row[16],
        refusals=row[17],
        attempt_id=row[18],
        ended_at=row[19],
    )


def attempt_from(row: Sequence[Any]) -> Attempt:
    """Read an attempt from the columns of `ATTEMPT`."""
    return Attempt(
        id=AttemptId(row[0]),
        call_id=CallId(row[1]),
        number=row[2],
        state=_ATTEMPT_STATES[row[3]],
        started_at=Instant(row[4]),
        holds_until=Instant(row[5]),
        conversation_id=ConversationId(row[6]) if row[6] is not None else None,
        call_sid=CallSid(row[7]) if row[7] is not None else None,
        accepted_at=row[8],
        over_at=row[9],
        lookups=row[10],
        first_lookup_at=row[11],
        disposition=_DISPOSITIONS[row[12]] if row[12] is not None else None,
        talk_s=row[13],
        detail=row[14],
    )


def order_from(call: Call, attempt_id: AttemptId, client_data: bytes | None) -> StartOrder:
    """Write the order of one dial."""
    return StartOrder(
        attempt_id=attempt_id,
        call_id=call.id,
        to_number=call.to_number,
        agent_id=call.agent_id,
        agent_phone_number_id=call.agent_phone_number_id,
        client_data=client_data,
    )


def journal_from(row: Sequence[Any]) -> JournalEntry:
    """Read a journal line from the columns of `JOURNAL`."""
    return JournalEntry(
        seq=row[0],
        at=Instant(row[1]),
        actor=row[2],
        kind=row[3],
        call_id=row[4],
        attempt_id=row[5],
        before=row[6],
        after=row[7],
        detail=row[8],
        to_number=row[9],
        name=row[10],
        follow_up_id=row[11],
    )


def save_call(db: sqlite3.Connection, before: Call, after: Call) -> None:
    """Write what changed of a call that was read in this transaction."""
    save_changes(db, _CHANGES_OF_CALL, before, after)


def save_attempt(db: sqlite3.Connection, before: Attempt, after: Attempt) -> None:
    """Write what changed of an attempt that was read in this transaction."""
    save_changes(db, _CHANGES_OF_ATTEMPT, before, after)


def add_attempt(db: sqlite3.Connection, attempt: Attempt) -> None:
    """Write a new attempt."""
    db.execute(
        "INSERT INTO attempt (id, call_id, number, state, started_at, holds_until, lookups, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, '')",
        (
            attempt.id,
            attempt.call_id,
            attempt.number,
            attempt.state,
            attempt.started_at,
            attempt.holds_until,
        ),
    )


def write_journal(
    db: sqlite3.Connection,
    now: Instant,
    actor: str,
    kind: str,
    *,
    call_id: CallId | None = None,
    attempt_id: AttemptId | None = None,
    follow_up_id: FollowUpId | None = None,
    before: str = "",
    after: str = "",
    detail: str = "",
) -> None:
    """Append one line to the journal."""
    db.execute(
        "INSERT INTO journal (at, actor, kind, call_id, attempt_id, follow_up_id, before, after, "
        "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (now, actor, kind, call_id, attempt_id, follow_up_id, before, after, detail),
    )
