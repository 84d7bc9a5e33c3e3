"""One and the same line, written in several ways.

Where a country changed how its numbers are written, WhatsApp still names many people in the old way
or in one of its own: the answer of a person comes from another number than the one we wrote to.

    Mexico     +521 and ten digits is the mobile +52 and the same ten digits
    Brazil     a mobile has a ninth digit, a 9 before the eight that begin with 6 to 9, or has not
    Argentina  a mobile has a 9 before its area code, as seen from abroad, or has not

None of these pairs can be two people: no Mexican number has eleven digits, the eight digits of a
Brazilian landline begin with 2 to 5, and in Argentina an area code and the number behind it are
given out once, to a landline or to a mobile.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

NOT_DIALLED_ANY_MORE: Final = MappingProxyType({"521((?!900)[2-9][0-9]{9})": r"+52\1"})
"""Ways of writing that no network dials, as patterns of what follows the `+`, and what it dials.

900 is no area code: premium-rate numbers begin with it, and never had the 1.
"""

_BOTH_DIALLED: Final = MappingProxyType(
    {
        "(55[1-9][1-9])([6-9][0-9]{7})": r"+\g<1>9\2",
        "(55[1-9][1-9])9([6-9][0-9]{7})": r"+\1\2",
        "54([1-3][0-9]{9})": r"+549\1",
        "549([1-3][0-9]{9})": r"+54\1",
    }
)
"""Ways of writing that can be dialled, and the other one of each."""


def as_dialled(number: str) -> str:
    """Give a number, E.164, in a way that can be dialled; nearly all are given as they are."""
    return next(iter(_rewritten(number, NOT_DIALLED_ANY_MORE)), number)


def ways_of_writing(number: str) -> tuple[str, ...]:
    """Give every number that can be dialled and is the line of this one, which stands first.

    A person's wish is kept for each of them, so that most may compare numbers as they are.
    """
    return (number, *_rewritten(number, _BOTH_DIALLED))


def line_of(number: str) -> str:
    """Give one name for a line, the same for every way of writing it."""
    return min(ways_of_writing(number))


def _rewritten(number: str, ways: MappingProxyType[str, str]) -> list[str]:
    found = ((re.fullmatch(rf"\+{pattern}", number), way) for pattern, way in ways.items())
    return [match.expand(way) for match, way in found if match]
