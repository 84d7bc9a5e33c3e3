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
from types import MappingProxyType
from typing import Final

from voiceslot_tui.console.filter_tokens import (
    BadFilter,
    WrongToken,
    field_completions,
    members,
    split_last,
    tokens,
    with_word,
)
from voiceslot_tui.core.calls import FINAL_STATES, CallState, Hold
from voiceslot_tui.core.limits import PRIORITY_MAX, PRIORITY_MIN
from voiceslot_tui.core.pages import Filter, Segment

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


def parse(text: str) -> Search | BadFilter:
    """Read a filter line."""
    search = Search(" ".join(text.split()))
    done = False
    try:
        for quoted, bare in tokens(text):
            if bare.lower() in ("is:done", "is:finished"):
                done = True
            else:
                search = replace(search, where=_with(search.where, quoted, bare))
        return replace(search, segment=_segment(search.where, done))
    except WrongToken as wrong:
        return BadFilter(str(wrong))


def _segment(where: Filter, done: bool) -> Segment:
    finished = where.states & FINAL_STATES
    if finished and (where.states - FINAL_STATES):
        raise WrongToken("finished calls and calls of the queue are shown apart")
    if done and where.states and not finished:
        raise WrongToken("is:done shows finished calls only")
    return Segment.DONE if done or finished else Segment.QUEUE


def _with(where: Filter, quoted: str, bare: str) -> Filter:
    name, colon, value = bare.partition(":")
    match name.lower() if colon else "":
        case "state":
            return replace(where, states=where.states | _states(value))
        case "hold":
            return replace(where, holds=where.holds | members(Hold, value, "hold"))
        case "prio" | "priority":
            low, high = _priorities(value)
            return replace(where, priority_min=low, priority_max=high)
        case "to":
            return replace(where, number_prefix=_prefix(value))
        case "is":
            raise WrongToken("after is: only 'done' is known")
        case _:
            return replace(where, words=with_word(where.words, quoted, bare, FIELDS))


def _states(value: str) -> frozenset[CallState]:
    given = value.lower().split(",")
    own = [_SAID_AS[word] for word in given if word in _SAID_AS]
    rest = ",".join(word for word in given if word not in _SAID_AS)
    named = members(CallState, rest, "state") if rest or not own else frozenset()
    return frozenset(own) | named


def _priorities(value: str) -> tuple[int | None, int | None]:
    between = _PRIORITY_RANGE.match(value)
    if between:
        return _checked(int(between[1])), _checked(int(between[2]))
    compared = _PRIORITY.match(value)
    if compared is None:
        raise WrongToken("prio: >5, <=0, 7 or 1..9")
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
        raise WrongToken(f"priorities go from {PRIORITY_MIN} to {PRIORITY_MAX}")
    return number


def _prefix(value: str) -> str:
    digits = value.removesuffix("*").removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise WrongToken("to: the beginning of a number, as +57")
    return f"+{digits}"


def completions(text: str) -> tuple[str, ...]:
    """Give the ways in which the last word of a filter line can go on."""
    kept, name, colon, begun = split_last(text)
    if not colon:
        return field_completions(text, FIELDS)
    words = _words_of(name.lower())
    return tuple(kept + word for word in words if word.startswith(begun.lower()))


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
