"""The transaction of one fact: load whom it is about, settle, save, journal, free what waited.

News of an end that matches no attempt is kept under its conversation's name: it may have overtaken
the answer of its own dial, and a late list must not revive a conversation that is over. What ends a
call also writes the row of the message after it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

import msgspec

from voiceslot_tui.core.calls import (
    QUARANTINING_STATES,
    Attempt,
    Call,
    CallState,
    Disposition,
    Hold,
    Instant,
)
from voiceslot_tui.core.facts import (
    Accepted,
    Fact,
    Over,
    Reordered,
    Source,
    Subject,
    Unanswered,
    Wished,
    subject_of,
)
from voiceslot_tui.core.follow_ups import FollowUpKey, follow_up_key
from voiceslot_tui.core.moves import Settlement, reached
from voiceslot_tui.core.own_ends import ended_call_of, own_alias
from voiceslot_tui.core.settlement import Rules, settle
from voiceslot_tui.store import rows
from voiceslot_tui.store.following_up import add_one, name_conversation, tell_of_talk
from voiceslot_tui.store.queueing import free_line
from voiceslot_tui.store.suppressing import suppress_if_listed
from voiceslot_tui.wire.client_data import email_in

_WAITS: Final = (
    "EXISTS (SELECT 1 FROM call AS other INDEXED BY call_number_waiting "
    "WHERE other.to_number = call.to_number "
    "AND other.state = 'queued' AND other.hold = 'number_busy_elsewhere')"
)
"""Whether a call waits for the number of this one, as it is written; read with it, to spare a
statement a fact."""
_BY_ATTEMPT: Final = (
    f"SELECT {rows.CALL}, {_WAITS}, {rows.ATTEMPT} "
    "FROM attempt JOIN call ON call.id = attempt.call_id WHERE attempt.{} = ?"
)
_BY_ATTEMPT_ID: Final = _BY_ATTEMPT.format("id")
_BY_CONVERSATION: Final = _BY_ATTEMPT.format("conversation_id")
_BY_SID: Final = _BY_ATTEMPT.format("call_sid")
_OWNER: Final = "SELECT id FROM attempt WHERE conversation_id = ?"
_ANSWERED: Final = (
    f"SELECT {rows.ATTEMPT} FROM attempt INDEXED BY attempt_call "
    "WHERE call_id = ? AND disposition = 'answered' ORDER BY number DESC LIMIT 1"
)
_CLIENT_DATA: Final = "SELECT client_data FROM call WHERE id = ?"
_BY_CALL_ID: Final = (
    f"SELECT {rows.CALL}, {_WAITS}, {rows.ATTEMPT} "
    "FROM call LEFT JOIN attempt ON attempt.id = call.attempt_id WHERE call.id = ?"
)


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom a fact is about. `waited_for`: another call waits for this one's number."""

    call: Call
    attempt: Attempt | None
    waited_for: bool


def settle_one(
    db: sqlite3.Connection, fact: Fact, rules: Rules, now: Instant, actor: str
) -> Settlement | None:
    """Let one fact change what it changes, inside the transaction of the caller."""
    if isinstance(fact, Accepted):
        fact = _believable(db, fact)
    found = _find(db, subject_of(fact))
    if found is None:
        if isinstance(fact, Over):
            _remember(db, fact, now)
        return None
    settlement = settle(found.call, found.attempt, fact, rules, now)
    if settlement is None:
        return None
    _save(db, found, settlement)
    _write_down(db, found.call, settlement, fact, now, actor)
    if _waits_again(found.call, settlement.call, fact):
        suppress_if_listed(db, settlement.call, now, actor)
    if rules.follow_up and settlement.call.state is CallState.ENDED:
        _follow_up(db, found, settlement, now)
    if isinstance(fact, Accepted):
        return _overtaken(db, fact, rules, now) or settlement
    return settlement


def _believable(db: sqlite3.Connection, fact: Accepted) -> Accepted | Unanswered:
    """Take an answer that names another dial's conversation for none: the phone may ring."""
    row = db.execute(_OWNER, (fact.conversation_id,)).fetchone()
    if row is None or row[0] == fact.attempt_id:
        return fact
    detail = "the platform named the conversation of another dial"
    return Unanswered(fact.attempt_id, detail, fact.source)


def _find(db: sqlite3.Connection, subject: Subject) -> _Found | None:
    """Find the call and the attempt that a fact names.

    An attempt that is already another conversation is not the one that is meant.
    """
    if subject.call_id is not None:
        return _one(db, _BY_CALL_ID, subject.call_id)
    found = None
    if subject.conversation_id is not None:
        found = _one(db, _BY_CONVERSATION, subject.conversation_id)
    if found is not None:
        return found
    if subject.attempt_id is not None:
        found = _one(db, _BY_ATTEMPT_ID, subject.attempt_id)
    elif subject.call_sid is not None:
        found = _one(db, _BY_SID, subject.call_sid)
    return None if found is None or _is_another(found.attempt, subject) else found


def _is_another(attempt: Attempt | None, subject: Subject) -> bool:
    known = None if attempt is None else attempt.conversation_id
    return None not in (known, subject.conversation_id)


def _one(db: sqlite3.Connection, sql: str, value: str | int) -> _Found | None:
    row = db.execute(sql, (value,)).fetchone()
    if row is None:
        return None
    named = row[rows.CALL_WIDTH + 1 :]
    attempt = rows.attempt_from(named) if named[0] is not None else None
    return _Found(rows.call_from(row), attempt, bool(row[rows.CALL_WIDTH]))


def _save(db: sqlite3.Connection, found: _Found, settlement: Settlement) -> None:
    call, attempt = found.call, found.attempt
    if settlement.call is not call:
        rows.save_call(db, call, settlement.call)
    if settlement.attempt is not None and settlement.attempt is not attempt:
        assert attempt is not None
        rows.save_attempt(db, attempt, settlement.attempt)
    if _frees_line(call.state, settlement.call.state):
        free_line(db, call.to_number, is_waited_for=found.waited_for)


def _frees_line(before: CallState, after: CallState) -> bool:
    """Tell whether a move ends the quarantine of the call's line."""
    return before in QUARANTINING_STATES and after not in QUARANTINING_STATES


def _waits_again(before: Call, after: Call, fact: Fact) -> bool:
    """Tell whether news put a call back into the queue: a STOP meanwhile found it under way."""
    is_moved = after.state is CallState.QUEUED and before.state is not CallState.QUEUED
    return is_moved and not isinstance(fact, Wished)


def _follow_up(db: sqlite3.Connection, found: _Found, settlement: Settlement, now: Instant) -> None:
    """Write the row of a call that ends now; a conversation named later is only linked to it."""
    call, attempt = settlement.call, settlement.attempt or found.attempt
    if found.call.state is not CallState.ENDED:
        row = db.execute(_CLIENT_DATA, (call.id,)).fetchone()
        ended = ended_call_of(call, _told_of(db, call, attempt), email_in(row[0]), now)
        add_one(db, ended, (own_alias(call), *_talk_of(attempt)), now)
        return
    if attempt is None or attempt.conversation_id is None:
        return
    if call.attempt_id != attempt.id and not _reached_by(attempt):
        return
    (conversation,) = _talk_of(attempt)
    if _reached_by(attempt) and not _reached_by(found.attempt):
        tell_of_talk(db, own_alias(call), conversation, attempt.conversation_id, now)
    elif found.attempt is None or found.attempt.conversation_id is None:
        name_conversation(db, own_alias(call), conversation, attempt.conversation_id, now)


def _told_of(db: sqlite3.Connection, call: Call, attempt: Attempt | None) -> Attempt | None:
    """Give the dial that the message after a call is about: the one that ended it.

    Where an earlier one reached the person, it is that one, whatever became of the last.
    """
    if not reached(call) or _reached_by(attempt):
        return attempt
    row = db.execute(_ANSWERED, (call.id,)).fetchone()
    return attempt if row is None else rows.attempt_from(row)


def _reached_by(attempt: Attempt | None) -> bool:
    return attempt is not None and attempt.disposition is Disposition.ANSWERED


def _talk_of(attempt: Attempt | None) -> tuple[FollowUpKey, ...]:
    """Name the conversation of a dial, where it has one."""
    if attempt is None or attempt.conversation_id is None:
        return ()
    return (follow_up_key(attempt.conversation_id),)


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
    names = (str(fact.conversation_id), f"sid:{fact.call_sid}")
    row = db.execute("SELECT name, body FROM news WHERE name IN (?, ?)", names).fetchone()
    if row is None:
        return None
    db.execute("DELETE FROM news WHERE name = ?", (row[0],))
    kept = msgspec.json.decode(row[1], type=Over)
    news = Over(fact.conversation_id, fact.attempt_id, fact.call_sid, kept.outcome)
    return settle_one(db, news, rules, now, "platform")
