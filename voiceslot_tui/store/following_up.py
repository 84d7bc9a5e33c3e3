"""The transactions of a follow-up: the row of an ended call, and what each fact changes.

An ended call is looked up by all the names it may be known by before a row is made, and every name
is kept: whichever road reports an end, and however often, there is one row. The row of our own
call is written by `settling`, in the transaction that ends the call.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from voiceslot_tui.core.calls import ConversationId, Instant, later
from voiceslot_tui.core.follow_up_facts import (
    FollowUpFact,
    FollowUpSubject,
    FollowUpWished,
    MessageNews,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
    follow_up_subject,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_settlement import FollowUpRules, settle_follow_up
from voiceslot_tui.core.follow_up_wishes import about_talk, named
from voiceslot_tui.core.follow_ups import (
    EndedCall,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    FollowUpState,
    MessageSid,
    Try,
    TryId,
    TryState,
    follow_up_of,
)
from voiceslot_tui.core.limits import DELIVERY_LOOKED_UP_AFTER_S, DOUBT_LOOKED_UP_AFTER_S
from voiceslot_tui.follow_up_ports import Ended
from voiceslot_tui.store import follow_up_rows
from voiceslot_tui.store.follow_up_rows import FOLLOW_UP, FOLLOW_UP_WIDTH, TRY
from voiceslot_tui.store.suppressing import put_on_list, skip_if_listed

# --- the row of an ended call

_OWN: Final = "SELECT 1 FROM attempt WHERE conversation_id = ?"
_NAMED: Final = "SELECT follow_up_id FROM follow_up_key WHERE key = ?"
_NOT_WANTED: Final = (
    f"SELECT {FOLLOW_UP} FROM follow_up WHERE id = ? AND skipped_for = 'not_wanted'"
)


def add_ended(db: sqlite3.Connection, ended: Sequence[Ended], now: Instant) -> int:
    """Write down ended calls that are not known by any of their names; give how many were new.

    A conversation of one of our own dials gets its row when its call ends, and never here.
    """
    added = 0
    for one in ended:
        own = db.execute(_OWN, (one.call.conversation_id,)).fetchone()
        if own is None:
            added += add_one(db, one.call, one.aliases, now)
    return added


def add_one(
    db: sqlite3.Connection, call: EndedCall, aliases: Sequence[FollowUpKey], now: Instant
) -> bool:
    """Write down one ended call, or link its further names to the row that it has."""
    names = tuple(dict.fromkeys((call.key, *aliases)))
    known = _known_as(db, names)
    if known is not None:
        _name(db, known, names)
        _complete(db, known, call.conversation_id, now)
        return False
    (new_id,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM follow_up").fetchone()
    new = follow_up_of(call, FollowUpId(new_id), now)
    follow_up_rows.add_follow_up(db, new)
    _name(db, new.id, names)
    return True


def name_conversation(
    db: sqlite3.Connection,
    name: FollowUpKey,
    conversation: FollowUpKey,
    known: ConversationId,
    now: Instant,
) -> None:
    """Link a conversation that is named late to the row of its call, where there is one."""
    follow_up_id = _known_as(db, (name,))
    if follow_up_id is not None:
        _name(db, follow_up_id, (conversation,))
        _complete(db, follow_up_id, known, now)


def tell_of_talk(
    db: sqlite3.Connection,
    name: FollowUpKey,
    conversation: FollowUpKey,
    known: ConversationId,
    now: Instant,
) -> None:
    """Let the message after a call be about the talk that is proven late, where none has left."""
    follow_up_id = _known_as(db, (name,))
    found = None if follow_up_id is None else _one(db, _BY_ID, follow_up_id)
    if found is None:
        return
    _name(db, found.follow_up.id, (conversation,))
    settlement = about_talk(found.follow_up, known, now)
    if settlement is None:
        _complete(db, found.follow_up.id, known, now)
        return
    follow_up_rows.save_follow_up(db, found.follow_up, settlement.follow_up)
    if settlement.steps:
        kind = "message_retried"
        follow_up_rows.write_journal(db, found.follow_up, settlement, kind, now, "engine")


def _known_as(db: sqlite3.Connection, names: Sequence[FollowUpKey]) -> FollowUpId | None:
    for name in names:
        row = db.execute(_NAMED, (name,)).fetchone()
        if row is not None:
            return FollowUpId(row[0])
    return None


def _name(db: sqlite3.Connection, follow_up_id: FollowUpId, names: Sequence[FollowUpKey]) -> None:
    db.executemany(
        "INSERT INTO follow_up_key (key, follow_up_id) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
        [(name, follow_up_id) for name in names],
    )


def _complete(
    db: sqlite3.Connection,
    follow_up_id: FollowUpId,
    conversation_id: ConversationId | None,
    now: Instant,
) -> None:
    """Name the conversation of a row that has none, and judge it again where that may change it."""
    if conversation_id is None:
        return
    new = db.execute(
        "UPDATE follow_up SET conversation_id = ? WHERE id = ? AND conversation_id IS NULL",
        (conversation_id, follow_up_id),
    ).rowcount
    row = db.execute(_NOT_WANTED, (follow_up_id,)).fetchone() if new else None
    follow_up = None if row is None else follow_up_rows.follow_up_from(row)
    settlement = None if follow_up is None else named(follow_up, now)
    if follow_up is not None and settlement is not None:
        follow_up_rows.save_follow_up(db, follow_up, settlement.follow_up)
        follow_up_rows.write_journal(db, follow_up, settlement, "message_retried", now, "engine")


# --- what a fact changes

_BY_ID: Final = (
    f"SELECT {FOLLOW_UP}, {TRY} FROM follow_up "
    "LEFT JOIN message_try ON message_try.id = follow_up.try_id WHERE follow_up.id = ?"
)
_BY_TRY: Final = (
    f"SELECT {FOLLOW_UP}, {TRY} FROM message_try "
    "JOIN follow_up ON follow_up.id = message_try.follow_up_id WHERE message_try.{} = ?"
)
_BY_TRY_ID: Final = _BY_TRY.format("id")
_BY_SID: Final = _BY_TRY.format("message_sid")
_BESIDE_ANOTHER: Final = (
    "SELECT 1 FROM message_try AS mine, message_try AS other INDEXED BY message_try_sending "
    "WHERE mine.id = ? AND other.state = 'sending' AND other.id <> mine.id "
    "AND other.to_number = mine.to_number AND other.channel = mine.channel LIMIT 1"
)
_NEAR_MS: Final = 86_400_000
"""Tries to one person that began within a day of each other may be each other's, by any clock."""
_IN_DOUBT_TOO: Final = (
    "SELECT count(*) FROM message_try AS mine, message_try AS other INDEXED BY message_try_sent_to "
    "WHERE mine.id = :id AND other.to_number = mine.to_number AND other.to_number <> '' "
    "AND other.started_at BETWEEN mine.started_at - :near AND mine.started_at + :near "
    "AND other.state NOT IN ('not_sent', 'failed') AND other.state = 'ambiguous' "
    "AND other.id <> mine.id AND other.channel = mine.channel"
)
_WAITS: Final = frozenset({FollowUpState.DUE, FollowUpState.BLOCKED})
_OWNER: Final = "SELECT id FROM message_try WHERE message_sid = ?"

_LOOKED_UP_AFTER_S: Final = MappingProxyType(
    {
        TryState.AMBIGUOUS: DOUBT_LOOKED_UP_AFTER_S,
        TryState.ACCEPTED: DELIVERY_LOOKED_UP_AFTER_S,
        TryState.SENT: DELIVERY_LOOKED_UP_AFTER_S,
    }
)
"""How long after a try came into a state it is looked up; in all others it is not."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom a fact is about."""

    follow_up: FollowUp
    one_try: Try | None


def settle_one(
    db: sqlite3.Connection, fact: FollowUpFact, rules: FollowUpRules, now: Instant, actor: str
) -> FollowUpSettlement | None:
    """Let one fact change what it changes; None where it changes nothing or nobody is meant."""
    believed = _believable(db, fact)
    found = None if believed is None else _find(db, follow_up_subject(believed))
    if believed is None or found is None:
        return None
    fact = believed
    settlement = settle_follow_up(found.follow_up, found.one_try, fact, rules, now)
    if settlement is None:
        return None
    save(db, found.follow_up, found.one_try, settlement, now)
    if settlement.steps or isinstance(fact, FollowUpWished):
        kind = _kind(fact, settlement)
        follow_up_rows.write_journal(db, found.follow_up, settlement, kind, now, actor)
    if settlement.opted_out and found.follow_up.to_number:
        why = settlement.detail or "the messenger says that they opted out"
        put_on_list(db, found.follow_up.to_number, why, now, actor)
    elif _waits_again(found.follow_up, settlement.follow_up, fact):
        skip_if_listed(db, found.follow_up.to_number, now, actor)
    return settlement


def _waits_again(before: FollowUp, after: FollowUp, fact: FollowUpFact) -> bool:
    """Tell whether news lets a message wait again: a STOP meanwhile found it on its way."""
    is_moved = after.state in _WAITS and before.state not in _WAITS
    return is_moved and not isinstance(fact, FollowUpWished)


def _believable(db: sqlite3.Connection, fact: FollowUpFact) -> FollowUpFact | None:
    """Keep a message that is known to be one try's from being taken for another's as well.

    While another one to the same person is on its way, a listing proves nothing: it may show that.
    """
    match fact:
        case MessagesListed() if db.execute(_BESIDE_ANOTHER, (fact.try_id,)).fetchone():
            return None
        case MessageTaken() if _is_of_another(db, fact.message_sid, fact.try_id):
            detail = "the messenger named the message of another try"
            return MessageUnanswered(fact.try_id, detail, fact.source)
        case MessagesListed():
            mine = [sid for sid in fact.found if not _is_of_another(db, sid, fact.try_id)]
            others = [sid for sid in fact.other_times if not _is_of_another(db, sid, fact.try_id)]
            (doubts,) = db.execute(_IN_DOUBT_TOO, {"id": fact.try_id, "near": _NEAR_MS}).fetchone()
            return replace(fact, found=tuple(mine), other_times=tuple(others), in_doubt_too=doubts)
        case MessageNews() if fact.try_id is not None and fact.message_sid is not None:
            if _is_of_another(db, fact.message_sid, fact.try_id):
                return replace(fact, try_id=None)
    return fact


def _is_of_another(db: sqlite3.Connection, sid: MessageSid, try_id: TryId) -> bool:
    owner = db.execute(_OWNER, (sid,)).fetchone()
    return owner is not None and owner[0] != try_id


def _find(db: sqlite3.Connection, subject: FollowUpSubject) -> _Found | None:
    """Find the row and the try that a fact names.

    A try that is already another message is not the one that is meant.
    """
    if subject.follow_up_id is not None:
        return _one(db, _BY_ID, subject.follow_up_id)
    found = None
    if subject.try_id is not None:
        found = _one(db, _BY_TRY_ID, subject.try_id)
    if found is None and subject.message_sid is not None:
        found = _one(db, _BY_SID, subject.message_sid)
    return None if found is None or _is_another(found.one_try, subject) else found


def _is_another(one_try: Try | None, subject: FollowUpSubject) -> bool:
    known = None if one_try is None else one_try.message_sid
    return None not in (known, subject.message_sid) and known != subject.message_sid


def _one(db: sqlite3.Connection, sql: str, value: str | int) -> _Found | None:
    row: Any = db.execute(sql, (value,)).fetchone()
    if row is None:
        return None
    named = row[FOLLOW_UP_WIDTH:]
    one_try = follow_up_rows.try_from(named) if named[0] is not None else None
    return _Found(follow_up_rows.follow_up_from(row), one_try)


def save(
    db: sqlite3.Connection,
    follow_up: FollowUp,
    one_try: Try | None,
    settlement: FollowUpSettlement,
    now: Instant,
) -> None:
    """Write down what changed of a row and its try; a new state says when the try is looked up."""
    if settlement.follow_up != follow_up:
        follow_up_rows.save_follow_up(db, follow_up, settlement.follow_up)
    after = settlement.one_try
    if after is None or after == one_try:
        return
    assert one_try is not None, "a settlement has a try that was not there"
    is_moved = after.state is not one_try.state
    look_at = {"look_at": _looked_up_at(after.state, now)} if is_moved else {}
    follow_up_rows.save_try(db, one_try, after, look_at)


def _looked_up_at(state: TryState, now: Instant) -> Instant | None:
    wait_s = _LOOKED_UP_AFTER_S.get(state)
    return None if wait_s is None else later(now, wait_s)


def _kind(fact: FollowUpFact, settlement: FollowUpSettlement) -> str:
    if isinstance(fact, FollowUpWished):
        return f"message_{fact.wish}"
    return f"message_{settlement.steps[-1].replace(' ', '_')}"
