"""What the filter lines of all panes are made of: words and the names of members. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

_Member = TypeVar("_Member", bound=StrEnum)

_WORDS_MAX: Final = 8
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


def with_word(words: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Add a word that rows must contain. Raise WrongToken where that cannot be."""
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
