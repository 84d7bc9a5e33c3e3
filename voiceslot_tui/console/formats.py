"""Figures as people read them: counts, durations, ages, times of day and phone numbers.

Ages are coarse on purpose: what changes no decision must not change the screen, so that an idle
console writes nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from voiceslot_tui.core.calls import Instant, seconds_between
from voiceslot_tui.core.text import clean, mask_number

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400

_TWO_DIGIT_CODES: Final = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98"
)
"""Country codes of two digits (ITU-T E.164); 1 and 7 have one digit, all others three."""

_E164: Final = re.compile(r"\+[1-9]\d{5,14}\Z")


def count(number: int) -> str:
    """Write a count with thousands set apart."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """Write a count with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def stopwatch(seconds: float) -> str:
    """Write a running time to the second: `0:07`, `12:40`, `1:02:03`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, _HOUR_S)
    minutes, secs = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def age(seconds: float) -> str:
    """Write how old something is, in its largest unit: `<1m`, `4m`, `3h`, `2d`."""
    if seconds < _MINUTE_S:
        return "<1m"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)}m"
    if seconds < _DAY_S:
        return f"{int(seconds // _HOUR_S)}h"
    return f"{int(seconds // _DAY_S)}d"


def fine_age(seconds: float) -> str:
    """Write how old something is where seconds matter, in steps: `<5s`, `10s`, `4m`."""
    if seconds < 5:
        return "<5s"
    if seconds < _MINUTE_S:
        return f"{int(seconds // 5) * 5}s"
    return age(seconds)


def wait(seconds: float) -> str:
    """Write how long until something happens: `now`, `40s`, `5m`, `3h`."""
    if seconds <= 0:
        return "now"
    if seconds < _MINUTE_S:
        return f"{-(-int(seconds) // 5) * 5 or 5}s"
    return age(seconds)


def _local(at: Instant, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone(zone)


def time_of_day(at: Instant, zone: tzinfo | None = None) -> str:
    """Write a moment as local time to the second; `zone` is None for the machine's own."""
    return _local(at, zone).strftime("%H:%M:%S")


def short_time(at: Instant, zone: tzinfo | None = None) -> str:
    """Write a moment as local time to the minute."""
    return _local(at, zone).strftime("%H:%M")


def day_and_time(at: Instant, zone: tzinfo | None = None) -> str:
    """Write a moment as local date and time."""
    return _local(at, zone).strftime("%Y-%m-%d %H:%M:%S")


def due(at: Instant, now: Instant, zone: tzinfo | None = None) -> str:
    """Write when something is due: a wait within the hour, else a time of day."""
    seconds = seconds_between(now, at)
    if seconds < _HOUR_S:
        return wait(seconds)
    return short_time(at, zone) if seconds < _DAY_S else f"in {age(seconds)}"


def phone_number(number: str, masked: bool) -> str:
    """Write a phone number in groups, `+57 313 555 01 02`, or so that it names nobody.

    What is no E.164 number is shown cleaned, as it came.
    """
    if masked:
        return clean(mask_number(number))
    if not _E164.match(number):
        return clean(number)
    digits = number[1:]
    code_digits = 1 if digits[0] in "17" else 2 if digits[:2] in _TWO_DIGIT_CODES else 3
    code, rest = digits[:code_digits], digits[code_digits:]
    if code == "1" and len(rest) == 10:
        return f"+1 {rest[:3]} {rest[3:6]} {rest[6:]}"
    return " ".join([f"+{code}", *_groups(rest)])


def _groups(digits: str) -> list[str]:
    """Cut digits into threes, with the last four as two pairs."""
    groups: list[str] = []
    while len(digits) > 4:
        groups.append(digits[:3])
        digits = digits[3:]
    return [*groups, digits[:2], digits[2:]] if len(digits) == 4 else [*groups, digits]
