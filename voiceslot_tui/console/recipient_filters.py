"""The filter line of recipients: from what an operator types to the rows that are shown. Pure.

ana 313         rows whose number or name contains each word
status:failed   rows of one status, by the platform's own word
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console.filter_tokens import (
    BadFilter,
    WrongToken,
    field_completions,
    split_last,
    tokens,
    with_word,
)

_FIELD: Final = "status"
_KNOWN: Final = (
    "pending",
    "dispatched",
    "initiated",
    "in_progress",
    "completed",
    "failed",
    "voicemail",
    "cancelled",
)
"""Statuses to complete; any other word of the platform may be typed too."""


@dataclass(frozen=True, slots=True)
class RecipientSearch:
    """Which recipients are shown, and the line that says so."""

    text: str = ""
    status: str = ""
    words: tuple[str, ...] = ()


def parse(text: str) -> RecipientSearch | BadFilter:
    """Read a filter line."""
    status = ""
    words: tuple[str, ...] = ()
    try:
        for quoted, bare in tokens(text):
            name, colon, value = bare.partition(":")
            if not colon or name.lower() != _FIELD:
                words = with_word(words, quoted, bare, (f"{_FIELD}:",))
            elif status or not value:
                raise WrongToken("status: one word of the platform's, as failed")
            else:
                status = value
    except WrongToken as wrong:
        return BadFilter(str(wrong))
    return RecipientSearch(" ".join(text.split()), status, words)


def completions(text: str) -> tuple[str, ...]:
    """Give the ways in which the last word of a filter line can go on."""
    kept, name, colon, begun = split_last(text)
    if not colon:
        return field_completions(text, (f"{_FIELD}:",))
    known = _KNOWN if name.lower() == _FIELD else ()
    return tuple(kept + word for word in known if word.startswith(begun.lower()))
