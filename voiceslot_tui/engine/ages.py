"""How long ago something of a call happened, whatever becomes of the wall clock meanwhile.

Moments are stored by the wall clock, which people and machines set: an hour back would keep a call
in doubt for an hour more, an hour ahead would free a slot while somebody talks. So the wall clock
is believed once, when a moment is first met by this process; from then on the steady clock counts.
Where something would be given up on its word, it is not believed even then: it may have been set
since, or while no engine ran.
"""

from __future__ import annotations

from collections.abc import Iterable

from voiceslot_tui.core.calls import AttemptId, Instant, seconds_between
from voiceslot_tui.ports import Clock


class Ages:
    """Knows the ages of moments of the attempts under way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._met: dict[tuple[AttemptId, Instant], float] = {}
        self._watched: dict[tuple[AttemptId, Instant], float] = {}

    def of(self, attempt_id: AttemptId, moment: Instant) -> float:
        """Give the seconds since a moment of an attempt; never below 0."""
        key, steady_s = (attempt_id, moment), self._clock.steady_s()
        if key not in self._met:
            age_s = max(0.0, seconds_between(moment, self._clock.now()))
            self._met[key] = steady_s - age_s
        return max(0.0, steady_s - self._met[key])

    def watched(self, attempt_id: AttemptId, moment: Instant) -> float:
        """Give for how many seconds this process has known of a moment, whatever a clock says."""
        steady_s = self._clock.steady_s()
        return steady_s - self._watched.setdefault((attempt_id, moment), steady_s)

    def surely(self, attempt_id: AttemptId, moment: Instant) -> float:
        """Give the seconds that have passed since a moment even if a clock was set ahead."""
        return min(self.of(attempt_id, moment), self.watched(attempt_id, moment))

    def forget_all_but(self, attempt_ids: Iterable[AttemptId]) -> None:
        """Forget attempts that are not under way any more."""
        kept = frozenset(attempt_ids)
        self._met = {key: since for key, since in self._met.items() if key[0] in kept}
        self._watched = {key: since for key, since in self._watched.items() if key[0] in kept}
