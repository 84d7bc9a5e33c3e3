"""What is shown of many calls: pages of rows, one call whole, and lines of the journal.

Pages are asked for by key, never by number of rows skipped: a page deep in a million rows costs
what the first one costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from voiceslot_tui.core.calls import Attempt, AttemptId, Call, CallId, CallState, Hold, Instant


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the log table: who did what to which call or message."""

    seq: int
    at: Instant
    actor: str
    kind: str
    call_id: CallId | None = None
    attempt_id: AttemptId | None = None
    before: str = ""
    after: str = ""
    detail: str = ""
    to_number: str = ""
    name: str = ""
    follow_up_id: int | None = None


class Segment(StrEnum):
    """Which part of the calls a page shows."""

    QUEUE = "queue"
    """Under way first, then queued in dispatch order."""
    DONE = "done"
    """Finished, newest first."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What rows must match; empty means all. `words` match number, name or agent, any case."""

    words: tuple[str, ...] = ()
    states: frozenset[CallState] = frozenset()
    holds: frozenset[Hold] = frozenset()
    priority_min: int | None = None
    priority_max: int | None = None
    number_prefix: str = ""


RowKey = tuple[int, int, int, int]
"""Where a row stands in its order: part, -priority, position, id (or part, -ended_at, 0, -id)."""


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Rows around a key: `count` rows after it (or before it, where `backwards`).

    Without a key the page starts at the first row (or ends at the last). With `inclusive` the row
    of the key itself is the first of the page.
    """

    segment: Segment = Segment.QUEUE
    count: int = 50
    key: RowKey | None = None
    backwards: bool = False
    inclusive: bool = False
    where: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row of a page with its key and what is shown of its current attempt."""

    key: RowKey
    call: Call
    attempt_started_at: Instant | None = None
    accepted_at: Instant | None = None

    @property
    def id(self) -> CallId:
        """Give the call's id, by which a row is known wherever it stands."""
        return self.call.id


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in display order. `more` says that rows follow (or, backwards, precede).

    `searched_to` is set where a filtered search stopped at its bound: the key to go on from.
    """

    rows: tuple[PageRow, ...]
    more: bool
    searched_to: RowKey | None = None


@dataclass(frozen=True, slots=True)
class CallDetail:
    """All about one call: the call, its client data, its attempts and its history, oldest first."""

    call: Call
    client_data: bytes | None
    attempts: tuple[Attempt, ...]
    history: tuple[JournalEntry, ...]


class Place(StrEnum):
    """The ends of the queue that a call can be moved to."""

    TOP = "top"
    BOTTOM = "bottom"
