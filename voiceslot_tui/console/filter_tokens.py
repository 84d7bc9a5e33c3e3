"""What the filter lines of all panes are made of: words and the names of members. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from voiceslot_tui.core.setting_values import nearest

_Member = TypeVar("_Member", bound=StrEnum)

_WORDS_MAX: Final = 8
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z_-]*:")
_NEAR: Final = 0.7
_TOKEN: Final = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class BadFilter:
    """Why a filter line cannot be followed."""

    message: str


class WrongToken(Exception):
    """A token that cannot be followed."""


def tokens(text: str) -> list[tuple[str, str]]:
    """Cut a line into tokens: each is quoted, without its quotes, or bare."""
    return _TOKEN.findall(text)


def with_word(
    words: tuple[str, ...], quoted: str, bare: str, fields: Sequence[str]
) -> tuple[str, ...]:
    """Add a word that rows must contain. Raise WrongToken where that cannot be.

    A bare word that looks like one of the fields, which end with a colon, and is none is refused:
    as text it would find nothing, and say nothing.
    """
    field = _FIELD.match(bare)
    if field:
        near = nearest(field[0].lower(), fields, _NEAR)
        meant = f"did you mean {near}" if near else f"they know {', '.join(fields)}"
        raise WrongToken(f"these rows do not know {field[0]} - {meant} - or quote the text")
    word = quoted or bare
    if word.startswith("!"):
        raise WrongToken("rows can be found by what they contain, not by what they lack")
    if len(words) >= _WORDS_MAX:
        raise WrongToken(f"at most {_WORDS_MAX} words")
    return (*words, word) if word.strip() else words


def members(kind: type[_Member], value: str, what: str) -> frozenset[_Member]:
    """Read names of an enum's members, each by any beginning that only one has."""
    found: set[_Member] = set()
    for word in value.lower().replace("-", "_").split(","):
        exact = [member for member in kind if member.value == word]
        begun = exact or [member for member in kind if word and member.value.startswith(word)]
        if len(begun) != 1:
            choices = ", ".join(member.value for member in begun or kind)
            raise WrongToken(f"{what}: one of {choices}")
        found.add(begun[0])
    return frozenset(found)


def split_last(text: str) -> tuple[str, str, str, str]:
    """Cut a line where Tab completes it: what stays, the field, its colon, and what is begun."""
    head, space, last = text.rpartition(" ")
    name, colon, value = last.partition(":")
    earlier, comma, begun = value.rpartition(",")
    return f"{head}{space}{name}{colon}{earlier}{comma}", name, colon, begun


def field_completions(text: str, fields: Iterable[str]) -> tuple[str, ...]:
    """Give the fields that the last word of a line may become."""
    head, space, last = text.rpartition(" ")
    return tuple(head + space + known for known in fields if last and known.startswith(last))
