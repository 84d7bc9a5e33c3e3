"""The filter line: from what an operator types to the rows that are shown. Pure.

ana 313           rows whose number, name or agent contains each word
"ana maria"       a word with a space in it
state:queued,live    hold:parked    prio:>5    prio:1..9    to:+57
is:done           finished calls instead of the queue
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from voiceslot_tui.core.calls import FINAL_STATES, CallState, Hold
from voiceslot_tui.core.limits import PRIORITY_MAX, PRIORITY_MIN
from voiceslot_tui.core.pages import Filter, Segment

_Member = TypeVar("_Member", bound=StrEnum)

_WORDS_MAX: Final = 8
_TOKEN: Final = re.compile(r'"([^"]*)"?|(\S+)')
_PRIORITY: Final = re.compile(r"(>=|<=|>|<|=)?(-?\d{1,5})\Z")
_PRIORITY_RANGE: Final = re.compile(r"(-?\d{1,5})\.\.(-?\d{1,5})\Z")
_SAID_AS: Final[Mapping[str, CallState]] = MappingProxyType(
    {"dialling": CallState.DIALING, "in-call": CallState.LIVE, "wrap-up": CallState.WRAPPING_UP}
)
"""What the screen calls a state where that is not the state's own word."""

FIELDS: Final = ("state:", "hold:", "prio:", "to:", "is:done")


@dataclass(frozen=True, slots=True)
class Search:
    """Which calls are shown, and the line that says so."""

    text: str = ""
    segment: Segment = Segment.QUEUE
    where: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class BadFilter:
    """Why a filter line cannot be followed."""

    message: str


class _Wrong(Exception):
    """A token that cannot be followed."""


def parse(text: str) -> Search | BadFilter:
    """Read a filter line."""
    search = Search(" ".join(text.split()))
    done = False
    try:
        for quoted, bare in _TOKEN.findall(text):
            if bare.lower() in ("is:done", "is:finished"):
                done = True
            else:
                search = replace(search, where=_with(search.where, quoted, bare))
        return replace(search, segment=_segment(search.where, done))
    except _Wrong as wrong:
        return BadFilter(str(wrong))


def _segment(where: Filter, done: bool) -> Segment:
    finished = where.states & FINAL_STATES
    if finished and (where.states - FINAL_STATES):
        raise _Wrong("finished calls and calls of the queue are shown apart")
    if done and where.states and not finished:
        raise _Wrong("is:done shows finished calls only")
    return Segment.DONE if done or finished else Segment.QUEUE


def _with(where: Filter, quoted: str, bare: str) -> Filter:
    name, colon, value = bare.partition(":")
    match name.lower() if colon else "":
        case "state":
            return replace(where, states=where.states | _states(value))
        case "hold":
            return replace(where, holds=where.holds | _members(Hold, value, "hold"))
        case "prio" | "priority":
            low, high = _priorities(value)
            return replace(where, priority_min=low, priority_max=high)
        case "to":
            return replace(where, number_prefix=_prefix(value))
        case "is":
            raise _Wrong("after is: only 'done' is known")
        case _:
            return _with_word(where, quoted or bare)


def _with_word(where: Filter, word: str) -> Filter:
    if word.startswith("!"):
        raise _Wrong("rows can be found by what they contain, not by what they lack")
    if len(where.words) >= _WORDS_MAX:
        raise _Wrong(f"at most {_WORDS_MAX} words")
    return replace(where, words=(*where.words, word)) if word.strip() else where


def _states(value: str) -> frozenset[CallState]:
    given = value.lower().split(",")
    own = [_SAID_AS[word] for word in given if word in _SAID_AS]
    rest = ",".join(word for word in given if word not in _SAID_AS)
    named = _members(CallState, rest, "state") if rest or not own else frozenset()
    return frozenset(own) | named


def _members(kind: type[_Member], value: str, what: str) -> frozenset[_Member]:
    """Read names of an enum's members, each by any beginning that only one has."""
    found: set[_Member] = set()
    for word in value.lower().replace("-", "_").split(","):
        exact = [member for member in kind if member.value == word]
        begun = exact or [member for member in kind if word and member.value.startswith(word)]
        if len(begun) != 1:
            choices = ", ".join(member.value for member in begun or kind)
            raise _Wrong(f"{what}: one of {choices}")
        found.add(begun[0])
    return frozenset(found)


def _priorities(value: str) -> tuple[int | None, int | None]:
    between = _PRIORITY_RANGE.match(value)
    if between:
        return _checked(int(between[1])), _checked(int(between[2]))
    compared = _PRIORITY.match(value)
    if compared is None:
        raise _Wrong("prio: >5, <=0, 7 or 1..9")
    number = _checked(int(compared[2]))
    match compared[1]:
        case ">":
            return number + 1, None
        case ">=":
            return number, None
        case "<":
            return None, number - 1
        case "<=":
            return None, number
        case _:
            return number, number


def _checked(number: int) -> int:
    if not PRIORITY_MIN <= number <= PRIORITY_MAX:
        raise _Wrong(f"priorities go from {PRIORITY_MIN} to {PRIORITY_MAX}")
    return number


def _prefix(value: str) -> str:
    digits = value.removesuffix("*").removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise _Wrong("to: the beginning of a number, as +57")
    return f"+{digits}"


def completions(text: str) -> tuple[str, ...]:
    """Give the ways in which the last word of a filter line can go on."""
    head, space, last = text.rpartition(" ")
    name, colon, value = last.partition(":")
    if not colon:
        return tuple(head + space + known for known in FIELDS if last and known.startswith(last))
    earlier, comma, begun = value.rpartition(",")
    return tuple(
        f"{head}{space}{name}:{earlier}{comma}{word}"
        for word in _words_of(name.lower())
        if word.startswith(begun.lower())
    )


def _words_of(name: str) -> Iterable[str]:
    match name:
        case "state":
            return [*(state.value for state in CallState), *_SAID_AS]
        case "hold":
            return [hold.value for hold in Hold]
        case "is":
            return ["done"]
        case _:
            return ()
