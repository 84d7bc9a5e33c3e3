"""One row of the table of settings: a field with its default, its reader and its meaning."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import field
from typing import Final, TypeVar

from voiceslot_tui.core.setting_values import WrongValue

_Value = TypeVar("_Value")


class Secret:
    """A value that does not show itself: in a repr, a message or a log it is dots."""

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the value itself, for the one place that sends or compares it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret('•••')" if self._text else "Secret('')"

    __str__ = __repr__


NO_SECRET: Final = Secret()


def setting(default: _Value, read: Callable[[str], _Value], meaning: str) -> _Value:
    """Make a field of the table; `read` gives the value of a text, or raises WrongValue."""
    return field(default=default, metadata={"read": read, "meaning": meaning})


def signing_secret(text: str) -> Secret:
    """Read secrets that sign webhooks, separated by commas. Raises WrongValue."""
    if not text.isascii():
        raise WrongValue("must be plain ASCII characters; was it copied whole?")
    return Secret(text)


def header_secret(text: str) -> Secret:
    """Read a secret that travels in a header. Raises WrongValue."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise WrongValue("must be plain ASCII characters without blanks; was it copied whole?")
    return Secret(text)
