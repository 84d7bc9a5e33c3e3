"""In which time zones a phone number may be.

The number tells the country, and in some countries the region; often that leaves several zones, and
then all of them are given. Where it tells nothing there are none: no zone is ever assumed. The
library phonenumbers knows the zones, and is imported at the first number.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_NUMBERS_REMEMBERED_MAX: Final = 4096


@lru_cache(_NUMBERS_REMEMBERED_MAX)
def zones_of(number: str) -> tuple[tzinfo, ...]:
    """Give the zones of a number as E.164; none where they are not known."""
    import phonenumbers
    from phonenumbers import timezone

    try:
        names = timezone.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    if timezone.UNKNOWN_TIMEZONE in names:
        return ()
    zones = tuple(zone_named(name) for name in names)
    return tuple(zone for zone in zones if zone is not None)


@cache
def zone_named(name: str) -> tzinfo | None:
    """Give the zone of an IANA name, like America/Bogota; None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
