"""What is shown of many messages, of one whole, and of the list of people who want none.

Pages are asked for by key, like those of calls, and newest first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    FollowUp,
    FollowUpId,
    FollowUpState,
    SkipReason,
    Try,
    WaitReason,
)
from voiceslot_tui.core.pages import JournalEntry


@dataclass(frozen=True, slots=True)
class FollowUpFilter:
    """What rows must match; empty means all. `words` match number or name, any case."""

    words: tuple[str, ...] = ()
    states: frozenset[FollowUpState] = frozenset()
    skipped_for: SkipReason | None = None
    code: int | None = None
    batch_id: str = ""


@dataclass(frozen=True, slots=True)
class FollowUpQuery:
    """Rows older than one, or (where `backwards`) newer; without one the newest (or the oldest)."""

    count: int = 50
    than: FollowUpId | None = None
    backwards: bool = False
    where: FollowUpFilter = field(default_factory=FollowUpFilter)


@dataclass(frozen=True, slots=True)
class FollowUpPage:
    """Rows, newest first. `more` says that rows follow (or, backwards, precede).

    `searched_to` is set where a filtered search stopped at its bound: the row to go on from.
    """

    rows: tuple[FollowUp, ...]
    more: bool
    searched_to: FollowUpId | None = None


@dataclass(frozen=True, slots=True)
class FollowUpDetail:
    """All about one message: its tries and its history, oldest first."""

    follow_up: FollowUp
    tries: tuple[Try, ...]
    history: tuple[JournalEntry, ...]


@dataclass(frozen=True, slots=True)
class FollowUpCounts:
    """Counters as of the last commit; `codes` counts failed messages by the messenger's code.

    `waits` counts due messages by what they wait for, `skips` and `blocks` those left out and
    those blocked by their reason. `suppressed` counts the numbers on the suppression list.
    """

    states: dict[FollowUpState, int]
    waits: dict[WaitReason, int]
    skips: dict[SkipReason, int]
    blocks: dict[BlockReason, int]
    codes: dict[int, int]
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class Suppression:
    """A number that is never called or written to, since when, and on whose word."""

    number: str
    at: Instant
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """What putting a number on the suppression list came to.

    `calls` and `messages` count what was waiting for this person and now goes, by whichever number
    of their line; `known` says that all of these were on the list already.
    """

    number: str
    calls: int = 0
    messages: int = 0
    known: bool = False


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """What is known of a batch's recipients: by the platform's word, and of their messages."""

    batch_id: str
    statuses: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    follow_ups: dict[FollowUpState, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecipientQuery:
    """Recipients of a batch in the platform's order: `count` of those that match, from `start`.

    `status` is the platform's own word, empty for all; `words` match number or name, any case.
    """

    batch_id: str
    start: int = 0
    count: int = 50
    status: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchRecipientRow:
    """One recipient of a batch as it is shown, with the message after the call where there is one.

    `status` is the platform's own word.
    """

    recipient_id: str
    number: str
    name: str
    status: str
    conversation_id: str = ""
    updated_at: Instant | None = None
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True)
class RecipientPage:
    """A part of a batch's recipients; `total` counts those that match."""

    rows: tuple[BatchRecipientRow, ...]
    total: int
    unreadable: int = 0
