"""How requests to each host went since the engine started: how long, and what came back."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BOUNDS_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the classes that answers are counted in, by the seconds that they took."""

NOT_SENT: Final = "not_sent"
"""Nothing left us."""
NO_ANSWER: Final = "no_answer"
"""It may have arrived, and no whole answer came back."""
OUTCOMES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx", NOT_SENT, NO_ANSWER)


@dataclass(slots=True)
class HostTimes:
    """The requests to one host.

    `answers[i]` took at most BOUNDS_S[i] seconds and more than the bound before, the last ones
    longer than all bounds. `sum_s` is how long all answers took together.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    answers: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0


class RequestTimes:
    """The requests to all hosts; they stay as few as the hosts that may be reached."""

    def __init__(self) -> None:
        self._hosts: dict[str, HostTimes] = {}

    def by_host(self) -> Mapping[str, HostTimes]:
        """Give the requests by host, as of now: what is counted later does not change it."""
        return {
            host: HostTimes(times.outcomes.copy(), times.answers.copy(), times.sum_s)
            for host, times in self._hosts.items()
        }

    def answered(self, host: str, status: int, took_s: float) -> None:
        """Count an answer, by its HTTP status and the seconds from connecting to its last byte."""
        times = self._of(host)
        times.outcomes[f"{status // 100}xx"] += 1
        times.answers[bisect_left(BOUNDS_S, took_s)] += 1
        times.sum_s += took_s

    def failed(self, host: str, outcome: str) -> None:
        """Count a request without an answer: NOT_SENT or NO_ANSWER."""
        self._of(host).outcomes[outcome] += 1

    def _of(self, host: str) -> HostTimes:
        return self._hosts.setdefault(host, HostTimes())
