"""Which batch calls of the workspace are watched, which are read whole, and who in them has ended.

A batch that was touched since the last check we completed is watched however long ago that was, so
that no outage loses an end. A status word we do not know is watched, and never taken for an end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import ConversationId, Disposition, Instant, seconds_between
from voiceslot_tui.core.follow_ups import EndedCall, FollowUpKey, follow_up_key
from voiceslot_tui.core.limits import (
    BATCH_CHECK_MARGIN_S,
    BATCH_DETAIL_MAX_AGE_S,
    BATCH_NAMES_EVERY_S,
    BATCH_NAMES_LOOKS_MAX,
    BATCH_ROUNDS_MAX,
    BATCH_SOON_S,
    BATCH_TOUCHED_S,
)
from voiceslot_tui.core.talks import BatchCount


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch call of the workspace. `created_at` is seconds since 1970, like those of `count`.

    `retries` counts how often its failed recipients were dialled again.
    """

    count: BatchCount
    name: str = ""
    agent_id: str = ""
    agent_name: str = ""
    created_at: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class BatchRecipient:
    """One recipient of a batch, as the platform tells it; `number` is as it was given there."""

    recipient_id: str
    status: str
    number: str = ""
    name: str = ""
    email: str = ""
    conversation_id: ConversationId | None = None
    updated_at: int = 0


class Watch(StrEnum):
    """Why a batch is watched."""

    ACTIVE = "active"
    SOON = "soon"
    TOUCHED = "touched"


class _Life(StrEnum):
    WAITS = "waits"
    RUNS = "runs"
    OVER = "over"


BATCH_LIVES: Final = MappingProxyType(
    {
        "pending": _Life.WAITS,
        "in_progress": _Life.RUNS,
        "completed": _Life.OVER,
        "failed": _Life.OVER,
        "cancelled": _Life.OVER,
    }
)
"""Every status of a batch (ElevenLabs' Python SDK 2.78.0)."""


@dataclass(frozen=True, slots=True)
class Presumed:
    """What a recipient's status suggests before the conversation is read.

    `without_conversation` says whether it is an end although no conversation is named: a recipient
    who was cancelled before it was dialled was never called.
    """

    disposition: Disposition
    without_conversation: bool = True


ENDED_RECIPIENTS: Final = MappingProxyType(
    {
        "completed": Presumed(Disposition.ANSWERED),
        "voicemail": Presumed(Disposition.VOICEMAIL),
        "failed": Presumed(Disposition.FAILED),
        "cancelled": Presumed(Disposition.UNKNOWN, without_conversation=False),
    }
)
"""Statuses of a recipient whose call is over; whatever else is said, it is not."""
NOT_CALLED: Final = "pending"
"""The status of a recipient who was not called yet; in a batch that is over, they never are."""


def under_way(statuses: Mapping[str, int]) -> bool:
    """Tell whether anybody in a batch was called and has not ended, by how often statuses stand."""
    over = ENDED_RECIPIENTS.keys() | {NOT_CALLED}
    return any(count and status not in over for status, count in statuses.items())


def why_watched(batch: Batch, last_check: Instant | None, now: Instant) -> Watch | None:
    """Say why a batch is watched, or None where it is not.

    `last_check` is when the last check that we completed began, None before the first; both moments
    are in the platform's time, as the dates of batches are.
    """
    count = batch.count
    life = BATCH_LIVES.get(count.status, _Life.RUNS)
    if life is _Life.RUNS:
        return Watch.ACTIVE
    if life is _Life.WAITS and count.starts_at * 1000 <= now + BATCH_SOON_S * 1000:
        return Watch.SOON
    since_s = now / 1000 - BATCH_TOUCHED_S
    if last_check is not None:
        since_s = min(since_s, last_check / 1000 - BATCH_CHECK_MARGIN_S)
    return Watch.TOUCHED if max(count.updated_at, batch.created_at) >= since_s else None


@dataclass(frozen=True, slots=True)
class BatchMark:
    """What a batch was like when it was last read whole and all its ends were written down.

    `newest` is when the last call in it had ended, in seconds since 1970, 0 where that is not told.
    `rounds` dates the retries that we saw: for each, the last moment told of the time before it.
    `unnamed` counts those who ended and of whom no conversation was named, `names_looks` how often
    in a row they were as many.
    """

    batch: Batch
    read_at: Instant
    newest: int = 0
    rounds: tuple[int, ...] = ()
    unnamed: int = 0
    names_looks: int = 0


def looks_for_names(mark: BatchMark | None, unnamed: int) -> int:
    """Count the looks at a batch that names no conversation of so many."""
    if mark is None or mark.unnamed != unnamed:
        return min(unnamed, 1)
    return mark.names_looks + 1 if unnamed else 0


def needs_reading(
    batch: Batch, mark: BatchMark | None, statuses: Mapping[str, int], now: Instant
) -> bool:
    """Tell whether a watched batch is to be read whole: anything about it moved.

    One that has calls under way, by its own figures or by the `statuses` of its recipients when it
    was read, is also read where nothing moved for long, because nobody promises that its figures
    move with every end: it may be over before the last of its recipients are. For a while one is
    read again that names no conversation of somebody, who is in it only presumed to have failed.
    """
    if mark is None or mark.batch != batch:
        return True
    unfinished = batch.count.dispatched > batch.count.finished or under_way(statuses)
    if unfinished and was_read_before(mark, BATCH_DETAIL_MAX_AGE_S, now):
        return True
    unnamed = 0 < mark.names_looks <= BATCH_NAMES_LOOKS_MAX
    return unnamed and was_read_before(mark, BATCH_NAMES_EVERY_S, now)


def was_read_before(mark: BatchMark, age_s: float, now: Instant) -> bool:
    """Tell whether a batch was read so long ago; a mark still to come is from another clock."""
    return not 0 <= seconds_between(mark.read_at, now) < age_s


def look_from(batch: Batch, mark: BatchMark | None, looked_at: Instant | None, now: Instant) -> int:
    """Give from which second on those who ended are to be looked at; 0 for everybody.

    `looked_at` is when everybody was looked at last. Nobody promises that an end is told in the
    order of its date, so that everybody is looked at now and then, and once a batch is over.
    """
    if mark is None or looked_at is None or batch.retries != mark.batch.retries:
        return 0
    over = BATCH_LIVES.get(batch.count.status) is _Life.OVER
    if over or not 0 <= seconds_between(looked_at, now) < BATCH_DETAIL_MAX_AGE_S:
        return 0
    newest = min(mark.newest, mark.batch.count.updated_at)
    return max(0, newest - int(BATCH_CHECK_MARGIN_S))


def rounds_of(batch: Batch, mark: BatchMark | None) -> tuple[int, ...]:
    """Date the retries of a batch that we saw, as `BatchMark.rounds` does."""
    if mark is None:
        return ()
    more = min(max(0, batch.retries - mark.batch.retries), BATCH_ROUNDS_MAX)
    last = max(mark.newest, mark.batch.count.updated_at)
    return (*mark.rounds, *(last,) * more)[-BATCH_ROUNDS_MAX:]


def in_round(batch: Batch, rounds: tuple[int, ...], recipient: BatchRecipient) -> Batch:
    """Give a batch as it was when a recipient's call ended: with the retries of that time.

    A retry leaves alone who was reached before it. Under the number of the new retry their old end
    would look like another, and be followed up twice.
    """
    since = sum(began >= recipient.updated_at for began in rounds)
    return replace(batch, retries=max(0, batch.retries - since)) if since else batch


def recipient_key(batch: Batch, recipient: BatchRecipient) -> FollowUpKey | None:
    """Name the call of a recipient, so that it is followed up once; None where nothing names it."""
    if recipient.conversation_id is not None:
        return follow_up_key(recipient.conversation_id)
    return recipient_alias(batch, recipient)


def recipient_alias(batch: Batch, recipient: BatchRecipient) -> FollowUpKey | None:
    """Name the call of a recipient as it is named while it has no conversation."""
    named = recipient.recipient_id or recipient.number
    if not named:
        return None
    return follow_up_key(
        None, batch_id=batch.count.batch_id, recipient_id=named, retry=batch.retries
    )


def ended_call(
    batch: Batch, recipient: BatchRecipient, to_number: str, now: Instant
) -> EndedCall | None:
    """Say that a recipient's call has ended, or None where it has not, or nothing names it.

    `to_number` is the recipient's number as E.164, or empty where it cannot be read.
    """
    presumed = ENDED_RECIPIENTS.get(recipient.status)
    if presumed is None:
        return None
    if recipient.conversation_id is None and not presumed.without_conversation:
        return None
    key = recipient_key(batch, recipient)
    if key is None:
        return None
    ended_at = recipient.updated_at * 1000 or batch.count.updated_at * 1000 or now
    return EndedCall(
        key=key,
        to_number=to_number,
        ended_at=Instant(min(ended_at, now)),
        disposition=presumed.disposition,
        name=recipient.name,
        email=recipient.email,
        conversation_id=recipient.conversation_id,
        batch_id=batch.count.batch_id,
        agent_id=batch.agent_id,
    )
