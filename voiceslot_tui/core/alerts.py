"""Which troubles people are told of, and when: seldom enough that they still read it.

A trouble must last before it is told, is told again only after hours, and its end is told once it
has been gone for a while. Beyond a number of alerts an hour a trouble waits for its turn; if it is
over before that, it is only counted. Time is in seconds that never jump.

A trouble without a sentence stands, but another one tells it already: it is not told beside that
one, and it is not over either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from voiceslot_tui.core.limits import ALERT_AGAIN_S, ALERT_CLEAR_S, ALERTS_PER_HOUR_MAX
from voiceslot_tui.core.troubles import TROUBLES, Trouble

_HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Alert:
    """What people are told: what is wrong (or over), and what to do."""

    trouble: Trouble
    subject: str
    text: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class _Standing:
    """A trouble that lasts, or whose end was not told yet."""

    since_s: float
    sentence: str
    told_s: float | None = None
    gone_s: float | None = None


@dataclass(frozen=True, slots=True)
class ToldTrouble:
    """A trouble that people know of, and since when, and whose end they do not know yet."""

    trouble: Trouble
    since_s: float
    told_s: float


@dataclass(frozen=True, slots=True)
class Alerting:
    """What is wrong and what was told of it.

    `recent_s` dates the alerts of the last hour; `left_out` counts troubles that were over before
    there was room to tell them.
    """

    standing: Mapping[Trouble, _Standing] = field(default_factory=dict)
    recent_s: tuple[float, ...] = ()
    left_out: int = 0

    @classmethod
    def knowing(cls, told: Iterable[ToldTrouble]) -> Alerting:
        """Go on with what an earlier run has told: its end is still to be told."""
        return cls({one.trouble: _Standing(one.since_s, "", one.told_s) for one in told})

    def told(self) -> tuple[ToldTrouble, ...]:
        """Give what people have been told that is not over for them yet."""
        return tuple(
            ToldTrouble(trouble, one.since_s, one.told_s)
            for trouble, one in self.standing.items()
            if one.told_s is not None
        )

    def after(
        self, found: Mapping[Trouble, str], now_s: float
    ) -> tuple[Alerting, tuple[Alert, ...]]:
        """Take note of what is wrong now; give the alerts that are to be told."""
        standing, left_out = self._noted(found, now_s)
        recent = tuple(told_s for told_s in self.recent_s if now_s - told_s < _HOUR_S)
        alerts: list[Alert] = []
        for trouble in Trouble:
            one = standing.get(trouble)
            if one is None or not _is_due(trouble, one, now_s):
                continue
            if len(recent) >= ALERTS_PER_HOUR_MAX:
                break
            alerts.append(_alert(trouble, one, left_out, now_s))
            left_out, recent = 0, (*recent, now_s)
            if one.gone_s is None:
                standing[trouble] = replace(one, told_s=now_s)
            else:
                del standing[trouble]
        return Alerting(standing, recent, left_out), tuple(alerts)

    def _noted(
        self, found: Mapping[Trouble, str], now_s: float
    ) -> tuple[dict[Trouble, _Standing], int]:
        """Note what is there and what is gone; what is gone untold is forgotten."""
        left_out = self.left_out
        standing: dict[Trouble, _Standing] = {}
        for trouble, known in self.standing.items():
            if trouble in found:
                standing[trouble] = replace(known, sentence=found[trouble], gone_s=None)
            elif known.told_s is None:
                left_out += _is_due(trouble, known, now_s)
            else:
                gone_s = now_s if known.gone_s is None else known.gone_s
                standing[trouble] = replace(known, gone_s=gone_s)
        for trouble, sentence in found.items():
            standing.setdefault(trouble, _Standing(now_s, sentence))
        return standing, left_out


def _is_due(trouble: Trouble, one: _Standing, now_s: float) -> bool:
    if one.gone_s is not None:
        return now_s - one.gone_s >= ALERT_CLEAR_S
    if not one.sentence:
        return False
    if one.told_s is not None:
        return now_s - one.told_s >= ALERT_AGAIN_S
    return now_s - one.since_s >= TROUBLES[trouble].lasts_s


def _alert(trouble: Trouble, one: _Standing, left_out: int, now_s: float) -> Alert:
    rule = TROUBLES[trouble]
    counted = f"\n\n{left_out} further alerts were left out before this one." if left_out else ""
    if one.gone_s is not None:
        text = f"It is over after {_lasted(one.gone_s - one.since_s)}; nothing is to be done."
        return Alert(trouble, f"over: {rule.title}", text + counted, is_over=True)
    still = f" It has lasted {_lasted(now_s - one.since_s)}." if one.told_s is not None else ""
    return Alert(trouble, rule.title, f"{one.sentence}{still}\n{rule.advice}{counted}")


def _lasted(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{round(seconds / _HOUR_S)} hours"
