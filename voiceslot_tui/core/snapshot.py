"""Snapshot: the one read model behind panes, `/stats` and `voiceslot status`.

It is a value: whoever shows it needs nothing else, and two equal snapshots look the same. Counts
come from counters kept in the transactions that change them, never from counting rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.calls import CallState, Disposition, Hold, Instant
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding


class EngineState(StrEnum):
    """What the engine as a whole is doing."""

    RECOVERING = "recovering"
    """Started, but the platform's list has not been read completely yet: nothing is dialled."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


class Health(StrEnum):
    """How a service of the engine fares."""

    WELL = "well"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """One service: how it fares, since when, and its last error in words.

    `store_failed` says that it fails because the database cannot be written or read.
    """

    name: str
    health: Health
    since: Instant
    failures: int = 0
    error: str = ""
    last_step_at: Instant | None = None
    store_failed: bool = False


@dataclass(frozen=True, slots=True)
class Slots:
    """Who uses the slots.

    `limit` is what the operator set, `effective` what we dare to use after refusals. `ringing` is
    the part of `live` that the platform says still rings. `reading_age_s` is None before the first.
    """

    limit: int
    effective: int
    reserve: int = 0
    dialing: int = 0
    uncertain: int = 0
    live: int = 0
    ringing: int = 0
    unknown_holding: int = 0
    foreign: int = 0
    free: int = 0
    strategy: str = ""
    reading_age_s: float | None = None
    reading_bound_s: float = 0.0

    @property
    def holding(self) -> int:
        """Count our calls that use a slot."""
        return self.dialing + self.uncertain + self.live + self.unknown_holding

    @property
    def over_by(self) -> int:
        """Count the calls above the limit that drain by themselves."""
        return max(0, self.holding + self.foreign + self.reserve - self.effective)


@dataclass(frozen=True, slots=True)
class Idle:
    """Why nothing (more) starts: the reason, and a sentence with figures."""

    hold: Hold
    sentence: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the operator sees at a glance.

    `seq` grows with every change of a call; `event_seq` names the newest journal entry.
    """

    at: Instant
    seq: int
    event_seq: int
    engine: EngineState
    version: str
    pid: int
    started_at: Instant
    demo: bool
    slots: Slots
    calls: dict[CallState, int] = field(default_factory=dict)
    holds: dict[Hold, int] = field(default_factory=dict)
    """Queued calls by their own hold; those without one are ready."""
    dispositions: dict[Disposition, int] = field(default_factory=dict)
    idle: tuple[Idle, ...] = ()
    paused_by: str = ""
    paused_why: str = ""
    paused_at: Instant | None = None
    limit_set_by: str = ""
    breaker_open: bool = False
    webhook_at: Instant | None = None
    webhook_refused: int = 0
    services: tuple[ServiceHealth, ...] = ()
    warnings: tuple[str, ...] = ()
    consoles: int = 0
    dials: int = 0
    ends: int = 0
    """Dials and ends since the engine started."""
    answered: int = 0
    """Dials that the platform answered since then, whatever it said."""
    carrier: bool = False
    """Whether live calls can be hung up: the carrier's credentials are there."""
    follow_ups: FollowUpStanding = field(default_factory=FollowUpStanding)
    batch_watch: BatchChecks = field(default_factory=partial(BatchChecks, False, 0.0))

    @property
    def queued(self) -> int:
        """Count the calls that wait."""
        return self.calls.get(CallState.QUEUED, 0)

    @property
    def ready(self) -> int:
        """Count the queued calls that nothing of their own holds back."""
        return self.queued - sum(self.holds.values())
