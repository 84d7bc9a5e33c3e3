"""What the judge reads: who was really rung, how often, and how many phones were live at once.

Counted where the telephone is, not where the answers are: a start whose answer was lost counts,
a refused one does not. Everything is counted as it happens, so that reading the truth costs the
same however long the world has run.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from voiceslot_tui.simulator.calls import Call
from voiceslot_tui.simulator.words import Outcome, Owner


class Truth:
    """Counters of one world, in seconds of its clock."""

    def __init__(self, now: float, limit: int) -> None:
        """Begin to count at a moment, under a limit."""
        self.began_at = now
        self.requests_read: Counter[str] = Counter()
        self.dials: Counter[Owner] = Counter()
        self.dials_of_number: Counter[str] = Counter()
        self.dials_of_attempt: Counter[str] = Counter()
        self.numbers_rung_again: set[str] = set()
        self.attempts_dialled_again: set[str] = set()
        self.numbers_live_twice: set[str] = set()
        self.outcomes: Counter[Outcome] = Counter()
        self.live: Counter[Owner] = Counter()
        self.max_live_of: Counter[Owner] = Counter()
        self.max_live = 0
        self.starts_over_limit: Counter[Owner] = Counter()
        self.starts_while_full = 0
        self.live_slot_s = 0.0
        self.own_slot_s = 0.0
        self.over_limit_slot_s = 0.0
        self.last_dial_at: float | None = None
        self.hang_ups = 0
        self._limit = limit
        self._live_now = 0
        self._live_of_number: Counter[str] = Counter()
        self._integrated_to = now

    @property
    def live_now(self) -> int:
        """Give how many phones are live."""
        return self._live_now

    def limit_changed(self, at: float, limit: int) -> None:
        """Go on counting under another limit."""
        self._integrate(at)
        self._limit = limit

    def dial_began(self, call: Call) -> None:
        """Count a phone that begins to ring, or an inbound call that came in."""
        self._integrate(call.started_at)
        owner, number = call.order.owner, call.order.to_number
        if self._live_now >= self._limit:
            self.starts_over_limit[owner] += 1
        self.dials[owner] += 1
        self.last_dial_at = call.started_at
        self._live_now += 1
        self.live[owner] += 1
        self.max_live = max(self.max_live, self._live_now)
        self.max_live_of[owner] = max(self.max_live_of[owner], self.live[owner])
        if owner is Owner.OWN:
            self._remember_person(call, number)

    def dial_ended(self, call: Call, at: float) -> None:
        """Count a phone that was hung up."""
        self._integrate(at)
        owner = call.order.owner
        self._live_now -= 1
        self.live[owner] -= 1
        self.outcomes[call.outcome or Outcome.FAILED] += 1
        if owner is Owner.OWN:
            self._live_of_number[call.order.to_number] -= 1

    def as_json(self, now: float) -> dict[str, Any]:
        """Give everything as one body. Numbers and attempts rung more than once are listed."""
        self._integrate(now)
        return {
            "began_at": self.began_at,
            "now": now,
            "limit": self._limit,
            "requests_read": dict(self.requests_read),
            "live": self._live_now,
            "live_by_owner": dict(self.live),
            "max_live": self.max_live,
            "max_live_by_owner": dict(self.max_live_of),
            "starts_over_limit": dict(self.starts_over_limit),
            "starts_while_full": self.starts_while_full,
            "live_slot_s": self.live_slot_s,
            "own_slot_s": self.own_slot_s,
            "over_limit_slot_s": self.over_limit_slot_s,
            "last_dial_at": self.last_dial_at,
            "hang_ups": self.hang_ups,
            "outcomes": dict(self.outcomes),
            "dials": dict(self.dials),
            "people_rung": len(self.dials_of_number),
            "people_rung_again": self._repeats(self.numbers_rung_again, self.dials_of_number),
            "people_live_twice": sorted(self.numbers_live_twice),
            "attempts_dialled": len(self.dials_of_attempt),
            "attempts_dialled_again": self._repeats(
                self.attempts_dialled_again, self.dials_of_attempt
            ),
        }

    def _remember_person(self, call: Call, number: str) -> None:
        self.dials_of_number[number] += 1
        if self.dials_of_number[number] > 1:
            self.numbers_rung_again.add(number)
        self._live_of_number[number] += 1
        if self._live_of_number[number] > 1:
            self.numbers_live_twice.add(number)
        if call.attempt_id is not None:
            self.dials_of_attempt[call.attempt_id] += 1
            if self.dials_of_attempt[call.attempt_id] > 1:
                self.attempts_dialled_again.add(call.attempt_id)

    def _integrate(self, at: float) -> None:
        passed = at - self._integrated_to
        if passed <= 0:
            return
        self._integrated_to = at
        self.live_slot_s += self._live_now * passed
        self.own_slot_s += self.live[Owner.OWN] * passed
        self.over_limit_slot_s += max(0, self._live_now - self._limit) * passed

    @staticmethod
    def _repeats(names: set[str], counts: Counter[str]) -> dict[str, int]:
        return {name: counts[name] for name in sorted(names)}
