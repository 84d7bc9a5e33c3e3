"""The transaction of one fact: load whom it is about, settle, save, journal, free what waited.

News of an end that matches no attempt is kept under its conversation's name: it may have overtaken
the answer of its own dial, and a late list must not revive a conversation that is over.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from voiceslot_tui.core.calls import (
    QUARANTINING_STATES,
    Attempt,
    Call,
    CallId,
    CallState,
    Hold,
    Instant,
)
from voiceslot_tui.core.facts import Accepted, Fact, Over, Reordered, Source, Wished, subject_of
from voiceslot_tui.core.limits import NUMBERS_FREED_MAX
from voiceslot_tui.core.settlement import Rules, Settlement, settle
from voiceslot_tui.store import rows
from voiceslot_tui.store.queueing import FREE_NUMBER

_ATTEMPT_BY_ID: Final = f"SELECT {rows.ATTEMPT} FROM attempt WHERE id = ?"
_ATTEMPT_BY_CONVERSATION: Final = f"SELECT {rows.ATTEMPT} FROM attempt WHERE conversation_id = ?"
_ATTEMPT_BY_SID: Final = f"SELECT {rows.ATTEMPT} FROM attempt WHERE call_sid = ?"
_CALL_BY_ID: Final = f"SELECT {rows.CALL} FROM call WHERE id = ?"


def settle_one(
    db: sqlite3.Connection, fact: Fact, rules: Rules, now: Instant, actor: str
) -> Settlement | None:
    """Let one fact change what it changes, inside the transaction of the caller."""
    attempt = _find_attempt(db, fact)
    call = _find_call(db, fact, attempt)
    if call is None:
        if isinstance(fact, Over):
            _remember(db, fact, now)
        return None
    if attempt is None and call.attempt_id is not None:
        attempt = _one_attempt(db, _ATTEMPT_BY_ID, call.attempt_id)
    settlement = settle(call, attempt, fact, rules, now)
    if settlement is None:
        return None
    _save(db, call, attempt, settlement)
    _write_down(db, call, settlement, fact, now, actor)
    if isinstance(fact, Accepted):
        return _overtaken(db, fact, rules, now) or settlement
    return settlement


def _one_attempt(db: sqlite3.Connection, sql: str, value: str) -> Attempt | None:
    row = db.execute(sql, (value,)).fetchone()
    return None if row is None else rows.attempt_from(row)


def _find_attempt(db: sqlite3.Connection, fact: Fact) -> Attempt | None:
    """Find the attempt a fact names; an attempt that is another conversation is not it."""
    subject = subject_of(fact)
    if subject.conversation_id is not None:
        named = _one_attempt(db, _ATTEMPT_BY_CONVERSATION, subject.conversation_id)
        if named is not None:
            return named
    if subject.attempt_id is not None:
        found = _one_attempt(db, _ATTEMPT_BY_ID, subject.attempt_id)
        other = found is not None and found.conversation_id is not None
        if not (other and subject.conversation_id is not None):
            return found
        return None
    if subject.call_sid is not None:
        return _one_attempt(db, _ATTEMPT_BY_SID, subject.call_sid)
    return None


def _find_call(db: sqlite3.Connection, fact: Fact, attempt: Attempt | None) -> Call | None:
    call_id: CallId | None = subject_of(fact).call_id
    if attempt is not None:
        call_id = attempt.call_id
    if call_id is None:
        return None
    row = db.execute(_CALL_BY_ID, (call_id,)).fetchone()
    return None if row is None else rows.call_from(row)


def _save(
    db: sqlite3.Connection, call: Call, attempt: Attempt | None, settlement: Settlement
) -> None:
    if settlement.call is not call:
        rows.save_call(db, call, settlement.call)
    if settlement.attempt is not None and settlement.attempt is not attempt:
        assert attempt is not None
        rows.save_attempt(db, attempt, settlement.attempt)
    if _frees_number(call.state, settlement.call.state):
        db.execute(FREE_NUMBER, (call.to_number, NUMBERS_FREED_MAX))


def _frees_number(before: CallState, after: CallState) -> bool:
    """Tell whether a move ends the quarantine of the call's number."""
    return before in QUARANTINING_STATES and after not in QUARANTINING_STATES


def _write_down(
    db: sqlite3.Connection,
    call: Call,
    settlement: Settlement,
    fact: Fact,
    now: Instant,
    actor: str,
) -> None:
    if not settlement.steps and not settlement.detail and fact.source is not Source.OPERATOR:
        return
    rows.write_journal(
        db,
        now,
        actor,
        _kind(fact, settlement),
        call_id=call.id,
        attempt_id=settlement.attempt.id if settlement.attempt is not None else None,
        before=_standing(call),
        after=_standing(settlement.call),
        detail=settlement.detail,
    )


def _kind(fact: Fact, settlement: Settlement) -> str:
    if isinstance(fact, Wished):
        return str(fact.wish)
    if isinstance(fact, Reordered):
        return "reordered"
    return settlement.steps[-1].replace(" ", "_") if settlement.steps else "noted"


def _standing(call: Call) -> str:
    """Write where a call stands in one word or two, for the journal."""
    if call.state is CallState.QUEUED:
        hold = f" {call.hold}" if call.hold is Hold.PARKED else ""
        return f"queued{hold} p{call.priority}"
    return str(call.state)


def _news_name(fact: Over) -> str | None:
    if fact.conversation_id is not None:
        return fact.conversation_id
    return None if fact.call_sid is None else f"sid:{fact.call_sid}"


def _remember(db: sqlite3.Connection, fact: Over, now: Instant) -> None:
    name = _news_name(fact)
    if name is None:
        return
    db.execute(
        "INSERT INTO news (name, at, body) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
        "SET body = excluded.body WHERE length(excluded.body) > length(news.body)",
        (name, now, msgspec.json.encode(fact)),
    )


def _overtaken(
    db: sqlite3.Connection, fact: Accepted, rules: Rules, now: Instant
) -> Settlement | None:
    """Apply news of the end that came before the attempt knew its conversation."""
    names = [str(fact.conversation_id)]
    if fact.call_sid is not None:
        names.append(f"sid:{fact.call_sid}")
    for name in names:
        row = db.execute("SELECT body FROM news WHERE name = ?", (name,)).fetchone()
        if row is not None:
            db.execute("DELETE FROM news WHERE name = ?", (name,))
            kept = msgspec.json.decode(row[0], type=Over)
            news = Over(fact.conversation_id, fact.attempt_id, fact.call_sid, kept.outcome)
            return settle_one(db, news, rules, now, "platform")
    return None
