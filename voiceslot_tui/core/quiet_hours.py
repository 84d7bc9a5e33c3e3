"""Hours in which nobody is written to, by the clock on the person's own wall.

A number may belong to several time zones; then it must be no quiet hour in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.limits import COMMON_HOUR_WITHIN_S
from voiceslot_tui.core.setting_values import WrongValue

_WRITTEN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of the day to another, the first quiet, the second not; over midnight too."""

    begin: time
    end: time

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"

    def covers(self, wall: time) -> bool:
        """Tell whether a time of the day is quiet."""
        if self.begin < self.end:
            return self.begin <= wall < self.end
        return wall >= self.begin or wall < self.end


def read_quiet_hours(text: str) -> QuietHours | None:
    """Read `21:00-08:00`, or `none`. Raises WrongValue."""
    if text.lower() == "none":
        return None
    found = _WRITTEN.fullmatch(text)
    hours = [int(part) for part in found.groups()] if found else []
    if not hours or hours[:2] == hours[2:]:
        raise WrongValue("must be two different times of the day, like 21:00-08:00, or none")
    return QuietHours(time(hours[0], hours[1]), time(hours[2], hours[3]))


def next_awake(quiet: QuietHours | None, zones: Sequence[tzinfo], now: Instant) -> Instant | None:
    """Give the first moment, from now on, that is quiet in no zone.

    None where no zone is known, or where the zones have no hour in common within two days.
    """
    if quiet is None:
        return now
    if not zones:
        return None
    moment = _moment(now)
    latest = _moment(later(now, COMMON_HOUR_WITHIN_S))
    while moment <= latest:
        ends = [_quiet_until(quiet, zone, moment) for zone in zones]
        furthest = max(ends)
        if furthest == moment:
            return max(now, _instant(moment))
        moment = furthest
    return None


def same_day(one: Instant, other: Instant, zones: Sequence[tzinfo]) -> bool:
    """Tell whether two moments fall on one day of the calendar in any of the zones.

    Where no zone is known, whether they are less than 24 hours apart.
    """
    if not zones:
        return abs(one - other) < 24 * 3600 * 1000
    first, second = _moment(one), _moment(other)
    return any(first.astimezone(zone).date() == second.astimezone(zone).date() for zone in zones)


def _quiet_until(quiet: QuietHours, zone: tzinfo, moment: datetime) -> datetime:
    """Give the end of the quiet hours that a moment falls into, or the moment itself."""
    wall = moment.astimezone(zone)
    if not quiet.covers(wall.time()):
        return moment
    crosses_midnight = wall.time() >= quiet.end
    day = wall.date() + timedelta(days=crosses_midnight)
    end = datetime.combine(day, quiet.end, tzinfo=zone).astimezone(UTC)
    # Where clocks are put back an end can be struck twice; the second one counts then.
    return end if end > moment else moment + _MINUTE


def _moment(instant: Instant) -> datetime:
    return datetime.fromtimestamp(instant / 1000, UTC)


def _instant(moment: datetime) -> Instant:
    return Instant(round(moment.timestamp() * 1000))
