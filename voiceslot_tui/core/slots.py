"""How many slots are free, and which queued calls get them.

`free = effective limit - reserve - our holding calls - foreign calls`, never below 0. The functions
decide from what they are given - time is an argument - and say when to be asked again, so that the
same decision can be replayed. Nothing here frees a slot: slots used are the calls that hold one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from voiceslot_tui.core.calls import CallId, ConversationId, Hold, Instant, later, seconds_between
from voiceslot_tui.core.limits import (
    BREAKER_PROBE_EVERY_S,
    BREAKER_UNANSWERED,
    DISPATCH_BATCH_MAX,
    LIMIT_GROW_PER_END,
    LIMIT_SHRINK_EVERY_S,
    LIMIT_SHRINK_FACTOR,
    PACING_CATCH_UP_S,
    RATE_BACKOFF_MAX_S,
    READING_STALE_MIN_S,
    READING_STALE_POLLS,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What we last knew of the platform's live calls.

    `foreign_ids` are live conversations that are not ours; `unnamed` counts further foreign calls
    that came without an id. `ringing` counts our own that still ring.
    """

    foreign_ids: frozenset[ConversationId] = frozenset()
    unnamed: int = 0
    ringing: int = 0

    @property
    def foreign(self) -> int:
        """Count the live calls that are not ours."""
        return len(self.foreign_ids) + self.unnamed

    def without(self, conversation_id: ConversationId | None) -> Reading:
        """Give the reading after learning that a conversation is ours or over."""
        if conversation_id is None or conversation_id not in self.foreign_ids:
            return self
        return replace(self, foreign_ids=self.foreign_ids - {conversation_id})


def reading_bound_s(poll_interval_s: float) -> float:
    """Say how old a reading may be before nothing is dialled on it."""
    return max(READING_STALE_POLLS * poll_interval_s, READING_STALE_MIN_S)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The limit we dare to use: the configured one, lowered by refusals, grown back by ends.

    `floor` is what refusals never lower it below: one slot more than is kept in reserve, else no
    call could ever end and let it grow again.
    """

    configured: int
    effective: float
    lowered_at: Instant | None = None
    floor: int = 1

    @property
    def slots(self) -> int:
        """Give the whole slots we dare to use, at least the floor."""
        return max(self.floor, min(self.configured, int(self.effective)))

    def lowered(self, holding: int, now: Instant) -> Ceiling:
        """Shrink after a refusal for capacity.

        Like TCP's congestion control: multiplicative down (at most once per interval), additive up.
        `holding` calls are live although one more was refused, so the limit is not above that.
        """
        seen = float(max(self.floor, holding))
        lowered_s = None if self.lowered_at is None else seconds_between(self.lowered_at, now)
        if lowered_s is not None and 0 <= lowered_s < LIMIT_SHRINK_EVERY_S:
            return replace(self, effective=min(self.effective, seen))
        smaller = min(self.slots * LIMIT_SHRINK_FACTOR, seen)
        return replace(self, effective=max(float(self.floor), smaller), lowered_at=now)

    def grown(self) -> Ceiling:
        """Grow after a confirmed end of a call."""
        if self.effective >= self.configured:
            return self
        larger = self.effective + LIMIT_GROW_PER_END / self.configured
        return replace(self, effective=min(float(self.configured), larger))

    def set_to(self, configured: int) -> Ceiling:
        """Take a new configured limit; what refusals taught stays where it is lower."""
        untouched = self.effective >= self.configured
        effective = float(configured) if untouched else min(self.effective, float(configured))
        return replace(self, configured=configured, effective=effective)


def _ahead(moment: Instant | None, now: Instant, at_most_s: float) -> bool:
    """Tell whether a moment is still to come.

    One that is too far ahead was set before a clock went back, and does not count.
    """
    return moment is not None and 0 < seconds_between(now, moment) <= at_most_s


@dataclass(frozen=True, slots=True)
class Breaker:
    """Stops dialling into a platform that does not answer, so that the queue stays a queue.

    Opens after some unanswered starts in a row, then lets one probe through a minute.
    """

    unanswered: int = 0
    probe_at: Instant | None = None

    @property
    def open(self) -> bool:
        """Tell whether only probes may be dialled."""
        return self.unanswered >= BREAKER_UNANSWERED

    def closed_to_all(self, now: Instant) -> bool:
        """Tell whether not even a probe may be dialled now."""
        return self.open and _ahead(self.probe_at, now, BREAKER_PROBE_EVERY_S)

    def after_silence(self, now: Instant) -> Breaker:
        """Count a start that was not answered."""
        return Breaker(self.unanswered + 1, later(now, BREAKER_PROBE_EVERY_S))

    def probing(self, now: Instant) -> Breaker:
        """Send a probe out: the next one may leave a minute from now."""
        return replace(self, probe_at=later(now, BREAKER_PROBE_EVERY_S)) if self.open else self

    def after_answer(self) -> Breaker:
        """Close: the platform answers again."""
        return Breaker() if self.unanswered else self


@dataclass(frozen=True, slots=True)
class Pacing:
    """Starts per second, as a schedule of the next allowed start; quiet time is never banked."""

    per_second: float = 0.0
    next_at_ms: float = 0.0

    def allowed(self, now: Instant) -> int | None:
        """Say how many calls may start now; None where pacing is off."""
        if self.per_second <= 0:
            return None
        earliest = self._earliest_ms(now)
        return 0 if earliest > now else 1 + int((now - earliest) / self._interval_ms)

    def after(self, started: int, now: Instant) -> Pacing:
        """Give the schedule after so many starts."""
        if self.per_second <= 0 or not started:
            return self
        return replace(self, next_at_ms=self._earliest_ms(now) + started * self._interval_ms)

    def wait_s(self, now: Instant) -> float:
        """Give the seconds until the next start."""
        return 0.0 if self.per_second <= 0 else max(0.0, (self._earliest_ms(now) - now) / 1000)

    @property
    def _interval_ms(self) -> float:
        return 1000 / self.per_second

    def _earliest_ms(self, now: Instant) -> float:
        """Give when the next start was due; a schedule from before a clock was set back is void."""
        if self.next_at_ms > now + self._interval_ms:
            return now
        return max(self.next_at_ms, now - PACING_CATCH_UP_S * 1000)


@dataclass(frozen=True, slots=True)
class Gate:
    """All that the engine as a whole has to say about dialling at one moment.

    `closed` are the reasons why nothing at all may start, in the order in which they are shown.
    """

    ceiling: Ceiling
    reserve: int
    reading: Reading | None
    reading_bound_s: float
    reading_age_s: float = 0.0
    """For how long the reading has been known, whatever became of the wall clock meanwhile."""
    breaker: Breaker = Breaker()
    pacing: Pacing = Pacing()
    paused: bool = False
    recovering: bool = False
    quiet_until: Instant | None = None
    """Until when the platform asked us to be quiet, or cannot be reached."""
    dials_left: int = DISPATCH_BATCH_MAX
    """How many more requests may be under way at once."""

    def closed(self, now: Instant) -> tuple[Hold, ...]:
        """List why nothing at all may start now."""
        reasons = (
            (self.paused, Hold.ENGINE_PAUSED),
            (self.recovering or self.reading is None, Hold.RECOVERING),
            (self.stale, Hold.READING_STALE),
            (self.resting(now), Hold.PACING),
            (self.breaker.closed_to_all(now), Hold.BREAKER_OPEN),
        )
        return tuple(hold for applies, hold in reasons if applies)

    def resting(self, now: Instant) -> bool:
        """Tell whether the platform is being given a rest."""
        return _ahead(self.quiet_until, now, RATE_BACKOFF_MAX_S)

    @property
    def stale(self) -> bool:
        """Tell whether the last reading is too old to dial on."""
        return self.reading is not None and self.reading_age_s > self.reading_bound_s

    def free(self, holding: int) -> int:
        """Count free slots where so many calls of ours hold one; negative means over the limit.

        Foreign calls alone never take all that refusals left of the limit: one call of ours finds
        out whether it still is so, else none would ever end and let it grow again.
        """
        foreign = self.reading.foreign if self.reading is not None else 0
        beside = self.reserve + foreign
        slots = max(self.ceiling.slots, min(self.ceiling.configured, beside + 1))
        return slots - beside - holding

    def room(self, holding: int, now: Instant) -> tuple[int, Hold | None]:
        """Say how many calls may start now and, where fewer than one, why."""
        closed = self.closed(now)
        if closed:
            return 0, closed[0]
        free = self.free(holding)
        if free <= 0:
            return 0, Hold.NO_SLOT
        paced = self.pacing.allowed(now)
        if paced is not None and paced <= 0:
            return 0, Hold.PACING
        if self.dials_left <= 0:
            return 0, Hold.PACING
        room = min(free, DISPATCH_BATCH_MAX, self.dials_left, free if paced is None else paced)
        return (min(room, 1) if self.breaker.open else room), None

    def wake_at(self, now: Instant) -> Instant | None:
        """Say when a reason that passes by time alone may have passed; None where none will."""
        times = [self.quiet_until]
        if self.breaker.open:
            times.append(self.breaker.probe_at)
        if self.pacing.per_second > 0:
            times.append(Instant(int(self.pacing.next_at_ms) + 1))
        future = [moment for moment in times if moment is not None and moment > now]
        return min(future, default=None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that is ready, in dispatch order, with what may still speak against it.

    `line` is the same for every way of writing a number. `number_busy`: another call to this line
    is under way. `route_denied`: the platform refuses this agent or phone number for now.
    """

    call_id: CallId
    line: str
    number_busy: bool = False
    route_denied: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Which calls start now, and which get a hold of their own instead."""

    start: tuple[CallId, ...]
    holds: tuple[tuple[CallId, Hold], ...]


def plan_dispatch(candidates: tuple[Candidate, ...], room: int) -> Plan:
    """Choose, in the order given, the calls to start into so much room.

    Two calls to one line never start together; a candidate that cannot start gets its hold and
    leaves the ready set, so that it is not looked at again until that changes.
    """
    start: list[CallId] = []
    holds: list[tuple[CallId, Hold]] = []
    lines: set[str] = set()
    for candidate in candidates:
        if len(start) >= room:
            break
        if candidate.route_denied:
            holds.append((candidate.call_id, Hold.PLATFORM_DENIED))
        elif candidate.number_busy or candidate.line in lines:
            holds.append((candidate.call_id, Hold.NUMBER_BUSY_ELSEWHERE))
        else:
            start.append(candidate.call_id)
            lines.add(candidate.line)
    return Plan(tuple(start), tuple(holds))
