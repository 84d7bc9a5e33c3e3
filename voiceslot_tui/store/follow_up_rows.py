"""Rows of follow-ups and their tries, and the values they stand for."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from voiceslot_tui.core.calls import CallId, ConversationId, Disposition, Instant
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUp,
    FollowUpId,
    FollowUpKey,
    FollowUpState,
    Form,
    MessageSid,
    SkipReason,
    Try,
    TryId,
    TryState,
    WaitReason,
)
from voiceslot_tui.store import rows
from voiceslot_tui.store.changing import Changeable, save_changes

FOLLOW_UP: Final = (
    "follow_up.id, follow_up.key, follow_up.to_number, follow_up.state, follow_up.ended_at, "
    "follow_up.created_at, follow_up.changed_at, follow_up.disposition, follow_up.outcome_known, "
    "follow_up.name, follow_up.summary, follow_up.email, follow_up.conversation_id, "
    "follow_up.call_id, follow_up.batch_id, follow_up.agent_id, follow_up.channel, "
    "follow_up.needs_template, follow_up.try_id, follow_up.tries, follow_up.failures, "
    "follow_up.resends, follow_up.insisted, follow_up.due_at, follow_up.waits_for, "
    "follow_up.skipped_for, follow_up.blocked_for, follow_up.content_sid, follow_up.code, "
    "follow_up.detail, follow_up.outcome_reads"
)
FOLLOW_UP_WIDTH: Final = 31
TRY: Final = (
    "message_try.id, message_try.follow_up_id, message_try.number, message_try.channel, "
    "message_try.form, message_try.state, message_try.started_at, message_try.changed_at, "
    "message_try.message_sid, message_try.content_sid, message_try.code, message_try.lookups, "
    "message_try.first_lookup_at, message_try.detail"
)

_CHANGES_OF_FOLLOW_UP: Final = Changeable(
    "follow_up",
    columns=(
        "state",
        "changed_at",
        "disposition",
        "outcome_known",
        "summary",
        "conversation_id",
        "channel",
        "needs_template",
        "try_id",
        "tries",
        "failures",
        "resends",
        "insisted",
        "due_at",
        "waits_for",
        "skipped_for",
        "blocked_for",
        "content_sid",
        "code",
        "detail",
        "outcome_reads",
    ),
    guards=("state", "try_id"),
)
_CHANGES_OF_TRY: Final = Changeable(
    "message_try",
    columns=(
        "state",
        "changed_at",
        "message_sid",
        "code",
        "lookups",
        "first_lookup_at",
        "detail",
    ),
    guards=("state",),
)

_STATES: Final = {str(state): state for state in FollowUpState}
_TRY_STATES: Final = {str(state): state for state in TryState}
_DISPOSITIONS: Final = {str(disposition): disposition for disposition in Disposition}
_CHANNELS: Final = {str(channel): channel for channel in Channel}
_FORMS: Final = {str(form): form for form in Form}
_WAITS: Final = {str(reason): reason for reason in WaitReason}
_SKIPS: Final = {str(reason): reason for reason in SkipReason}
_BLOCKS: Final = {str(reason): reason for reason in BlockReason}


def follow_up_from(row: Sequence[Any]) -> FollowUp:
    """Read a follow-up from the columns of `FOLLOW_UP`."""
    return FollowUp(
        id=FollowUpId(row[0]),
        key=FollowUpKey(row[1]),
        to_number=row[2],
        state=_STATES[row[3]],
        ended_at=Instant(row[4]),
        created_at=Instant(row[5]),
        changed_at=Instant(row[6]),
        disposition=_DISPOSITIONS[row[7]],
        outcome_known=bool(row[8]),
        name=row[9],
        summary=row[10],
        email=row[11],
        conversation_id=ConversationId(row[12]) if row[12] is not None else None,
        call_id=CallId(row[13]) if row[13] is not None else None,
        batch_id=row[14],
        agent_id=row[15],
        channel=_CHANNELS[row[16]],
        needs_template=bool(row[17]),
        try_id=TryId(row[18]) if row[18] is not None else None,
        tries=row[19],
        failures=row[20],
        resends=row[21],
        insisted=bool(row[22]),
        due_at=row[23],
        waits_for=_WAITS[row[24]] if row[24] is not None else None,
        skipped_for=_SKIPS[row[25]] if row[25] is not None else None,
        blocked_for=_BLOCKS[row[26]] if row[26] is not None else None,
        content_sid=row[27],
        code=row[28],
        detail=row[29],
        outcome_reads=row[30],
    )


def try_from(row: Sequence[Any]) -> Try:
    """Read a try from the columns of `TRY`."""
    return Try(
        id=TryId(row[0]),
        follow_up_id=FollowUpId(row[1]),
        number=row[2],
        channel=_CHANNELS[row[3]],
        form=_FORMS[row[4]],
        state=_TRY_STATES[row[5]],
        started_at=Instant(row[6]),
        changed_at=Instant(row[7]),
        message_sid=MessageSid(row[8]) if row[8] is not None else None,
        content_sid=row[9],
        code=row[10],
        lookups=row[11],
        first_lookup_at=row[12],
        detail=row[13],
    )


def add_follow_up(db: sqlite3.Connection, new: FollowUp) -> None:
    """Write a new follow-up; the names it is known by are written by the caller."""
    db.execute(
        "INSERT INTO follow_up (id, key, to_number, state, ended_at, created_at, changed_at, "
        "disposition, outcome_known, name, summary, email, conversation_id, call_id, batch_id, "
        "agent_id, channel, needs_template, tries, failures, resends, insisted, content_sid, "
        "detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, '', '')",
        (
            new.id,
            new.key,
            new.to_number,
            new.state,
            new.ended_at,
            new.created_at,
            new.changed_at,
            new.disposition,
            new.outcome_known,
            new.name,
            new.summary,
            new.email,
            new.conversation_id,
            new.call_id,
            new.batch_id,
            new.agent_id,
            new.channel,
        ),
    )


def save_follow_up(db: sqlite3.Connection, before: FollowUp, after: FollowUp) -> None:
    """Write what changed of a row that was read in this transaction."""
    save_changes(db, _CHANGES_OF_FOLLOW_UP, before, after)


def add_try(db: sqlite3.Connection, one_try: Try, to_number: str) -> None:
    """Write a new try."""
    db.execute(
        "INSERT INTO message_try (id, follow_up_id, to_number, number, channel, form, state, "
        "started_at, changed_at, content_sid, lookups, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '')",
        (
            one_try.id,
            one_try.follow_up_id,
            to_number,
            one_try.number,
            one_try.channel,
            one_try.form,
            one_try.state,
            one_try.started_at,
            one_try.changed_at,
            one_try.content_sid,
        ),
    )


def save_try(
    db: sqlite3.Connection, before: Try, after: Try, look_at: Mapping[str, Instant | None]
) -> None:
    """Write what changed of a try that was read in this transaction, and when it is looked up."""
    save_changes(db, _CHANGES_OF_TRY, before, after, look_at)


def write_journal(
    db: sqlite3.Connection,
    before: FollowUp,
    settlement: FollowUpSettlement,
    kind: str,
    now: Instant,
    actor: str,
) -> None:
    """Append what happened to a message to the journal."""
    after = settlement.follow_up
    rows.write_journal(
        db,
        now,
        actor,
        kind,
        call_id=after.call_id,
        follow_up_id=after.id,
        before=before.state,
        after=after.state,
        detail=settlement.detail,
    )
