"""The filter line of messages: from what an operator types to the rows that are shown. Pure.

ana 313                rows whose number or name contains each word
state:failed,blocked   code:63016   skip:suppressed   batch:btcal_1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_ups import FollowUpState, SkipReason
from voiceslot_tui.wire.twilio_errors import CODES, code_of

FIELDS: Final = ("state:", "code:", "skip:", "batch:")


@dataclass(frozen=True, slots=True)
class MessageSearch:
    """Which messages are shown, and the line that says so."""

    text: str = ""
    where: FollowUpFilter = field(default_factory=FollowUpFilter)


def parse(text: str) -> MessageSearch | BadFilter:
    """Read a filter line."""
    where = FollowUpFilter()
    try:
        for quoted, bare in tokens(text):
            where = _with(where, quoted, bare)
    except WrongToken as wrong:
        return BadFilter(str(wrong))
    return MessageSearch(" ".join(text.split()), where)


def _with(where: FollowUpFilter, quoted: str, bare: str) -> FollowUpFilter:
    name, colon, value = bare.partition(":")
    match name.lower() if colon else "":
        case "state":
            return replace(where, states=where.states | members(FollowUpState, value, "state"))
        case "code":
            return replace(where, code=_code(value))
        case "skip":
            return replace(where, skipped_for=_skip(value))
        case "batch":
            return replace(where, batch_id=value)
        case _:
            return replace(where, words=with_word(where.words, quoted, bare, FIELDS))


def _code(value: str) -> int:
    code = code_of(value)
    if code is None:
        raise WrongToken("code: the messenger's number for an error, as 63016")
    return code


def _skip(value: str) -> SkipReason:
    reasons = members(SkipReason, value, "skip")
    if len(reasons) > 1:
        raise WrongToken("skip: one reason at a time")
    return next(iter(reasons))


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
            return [state.value for state in FollowUpState]
        case "skip":
            return [reason.value for reason in SkipReason]
        case "code":
            return [str(code) for code in CODES]
        case _:
            return ()
