"""The transaction of one look at the messages that are due: judge each, claim what may be sent.

The promise of one message is kept here together with the daily count: the judgement and the claim
are one transaction, committed before any request leaves, and claims of one transaction see each
other. No transaction judges more than a bounded number, and what was judged is due no more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Final

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_policy import Person, Send, Verdict, Wait, claim, decide, judged
from voiceslot_tui.core.follow_ups import FollowUp, TryId, WaitReason
from voiceslot_tui.core.limits import (
    FOLLOW_UPS_JUDGED_MIN,
    FOLLOW_UPS_JUDGED_PER_CLAIM,
    MESSAGED_LOOKED_BACK_S,
)
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.follow_up_ports import Judgement, Sending, Taken
from voiceslot_tui.store import follow_up_rows
from voiceslot_tui.store.suppressing import SUPPRESSED_NUMBER

_DUE_INDEX: Final = (
    "FROM follow_up INDEXED BY follow_up_due "
    "WHERE state = 'due' AND (waits_for IS NULL OR due_at IS NOT NULL)"
)
_DUE: Final = (
    f"SELECT {follow_up_rows.FOLLOW_UP}, {SUPPRESSED_NUMBER.format('follow_up')}, "
    "(SELECT wrote_at FROM person WHERE number = follow_up.to_number) "
    f"{_DUE_INDEX} ORDER BY due_at, id LIMIT ?"
)
"""The longest due first: what has no time stands before what has one."""
_NEXT: Final = f"SELECT due_at {_DUE_INDEX} ORDER BY due_at, id LIMIT 1"
_NEXT_AHEAD: Final = f"SELECT due_at {_DUE_INDEX} AND due_at > ? ORDER BY due_at LIMIT 1"
_FIRST_LOOK: Final = 3
"""Read beyond what may be sent: who is judged to wait stands in between."""
_SENT_TO: Final = (
    "SELECT started_at FROM message_try INDEXED BY message_try_sent_to "
    "WHERE to_number <> '' AND state NOT IN ('not_sent', 'failed') "
    "AND to_number IN (?, ?) AND started_at >= ? AND follow_up_id <> ?"
)
_SENT_TO_ADDRESS: Final = (
    "SELECT message_try.started_at FROM follow_up INDEXED BY follow_up_email "
    "JOIN message_try ON message_try.follow_up_id = follow_up.id "
    "WHERE follow_up.to_number = '' AND follow_up.email <> '' AND follow_up.email = ? "
    "AND message_try.state NOT IN ('not_sent', 'failed') "
    "AND message_try.started_at >= ? AND follow_up.id <> ?"
)


def take_due(
    db: sqlite3.Connection,
    judgement: Judgement,
    new_try_id: Callable[[], TryId],
    count: int,
    now: Instant,
) -> Taken:
    """Judge messages that are due and claim at most so many, inside the caller's transaction."""
    count = max(0, count)
    sendings: list[Sending] = []
    unread: list[FollowUp] = []
    written_down = 0
    bound = max(count * FOLLOW_UPS_JUDGED_PER_CLAIM, FOLLOW_UPS_JUDGED_MIN)
    for row in _due(db, count + _FIRST_LOOK, bound):
        follow_up = follow_up_rows.follow_up_from(row)
        if follow_up.due_at is not None and follow_up.due_at > now:
            break
        verdict = _judge(db, row, follow_up, judgement, now)
        if isinstance(verdict, Send):
            if len(sendings) >= count:
                break
            sendings.append(_claim(db, follow_up, verdict, judgement, new_try_id(), now))
            continue
        written_down += 1
        waiting = _write_down(db, follow_up, verdict, judgement, now)
        if isinstance(verdict, Wait) and verdict.reason is WaitReason.OUTCOME:
            unread.append(waiting)
    return Taken(tuple(sendings), tuple(unread), written_down, _is_more(db, now), next_due(db, now))


def _due(db: sqlite3.Connection, some: int, bound: int) -> Iterator[Any]:
    """Read the longest due, some at first and then ever more: whoever asks seldom wants many.

    Each must be due no more when the next is asked for.
    """
    while bound > 0:
        rows = db.execute(_DUE, (min(some, bound),)).fetchall()
        yield from rows
        if len(rows) < some:
            return
        bound -= len(rows)
        some *= 2


def _judge(
    db: sqlite3.Connection, row: Any, follow_up: FollowUp, judgement: Judgement, now: Instant
) -> Verdict:
    suppressed, wrote_at = row[follow_up_rows.FOLLOW_UP_WIDTH :]
    number = follow_up.to_number
    person = Person(
        zones=judgement.zones_of(number) if number else (),
        suppressed=bool(suppressed),
        messaged_at=_messaged_at(db, follow_up, now),
        wrote_at=wrote_at,
    )
    return decide(follow_up, person, judgement.policy, judgement.standing, now)


def _messaged_at(db: sqlite3.Connection, follow_up: FollowUp, now: Instant) -> tuple[Instant, ...]:
    """Date what was sent lately to a person, or may have been, after other calls."""
    query: str = _SENT_TO_ADDRESS
    whom: tuple[str, ...] = (follow_up.email,)
    if follow_up.to_number:
        ways = ways_of_writing(follow_up.to_number)
        query, whom = _SENT_TO, (ways[0], ways[-1])
    since = later(now, -MESSAGED_LOOKED_BACK_S)
    return tuple(Instant(row[0]) for row in db.execute(query, (*whom, since, follow_up.id)))


def _claim(
    db: sqlite3.Connection,
    follow_up: FollowUp,
    send: Send,
    judgement: Judgement,
    try_id: TryId,
    now: Instant,
) -> Sending:
    template = judgement.standing.template
    content_sid = "" if template is None else template.content_sid
    settlement = claim(follow_up, try_id, send, content_sid, now)
    assert settlement.one_try is not None
    follow_up_rows.add_try(db, settlement.one_try, follow_up.to_number)
    follow_up_rows.save_follow_up(db, follow_up, settlement.follow_up)
    follow_up_rows.write_journal(db, follow_up, settlement, "message_claimed", now, "engine")
    return Sending(settlement.follow_up, settlement.one_try, send)


def _write_down(
    db: sqlite3.Connection,
    follow_up: FollowUp,
    verdict: Verdict,
    judgement: Judgement,
    now: Instant,
) -> FollowUp:
    assert not isinstance(verdict, Send)
    settlement = judged(follow_up, verdict, judgement.standing, now)
    assert settlement is not None, "what is due was judged to wait until it is due"
    follow_up_rows.save_follow_up(db, follow_up, settlement.follow_up)
    if settlement.steps:
        follow_up_rows.write_journal(db, follow_up, settlement, _kind(settlement), now, "engine")
    return settlement.follow_up


def _kind(settlement: FollowUpSettlement) -> str:
    return f"message_{settlement.steps[-1].replace(' ', '_')}"


def _is_more(db: sqlite3.Connection, now: Instant) -> bool:
    row = db.execute(_NEXT).fetchone()
    return row is not None and (row[0] is None or row[0] <= now)


def next_due(db: sqlite3.Connection, now: Instant) -> Instant | None:
    """Read when the next message is due that is not due yet."""
    row = db.execute(_NEXT_AHEAD, (now,)).fetchone()
    return None if row is None else Instant(row[0])
