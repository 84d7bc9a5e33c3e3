"""The cleaning of foreign text, for every screen, log and export.

Names, transcripts, webhook fields and vendor messages are written by others. What a terminal would
obey - control characters, escape sequences, direction overrides - becomes a visible mark here, at
the one boundary, before the text reaches a widget, a line of output or a log. Cleaning never
interprets markup; callers hand cleaned text on as plain text.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NewType

from voiceslot_tui.core.limits import TEXT_CHARS_MAX

CleanText = NewType("CleanText", str)
"""Text that went through `clean`: safe to show."""

_REPLACEMENT: Final = "\ufffd"
_UNSAFE: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # invisible and direction marks
    "\u2028\u2029\ufeff\ufff9-\ufffc"  # line separators, byte order mark, annotations
    "\U000e0000-\U000e0fff"  # tags and variation selectors that hide text
    "\ud800-\udfff"  # lone surrogates
    "]"
)
_SPACES: Final = re.compile(r"[\t\r\n\x0b\x0c\x85\u2028\u2029]+")
_COMBINING_MAX: Final = 4
_CUT: Final = "…"


def clean(text: str, chars_max: int = TEXT_CHARS_MAX) -> CleanText:
    """Make foreign text safe to show on one line of at most `chars_max` characters.

    Line breaks and tabs become one space; what a terminal could obey becomes U+FFFD; piles of
    combining marks are cut to four.
    """
    if len(text) > chars_max * 4:
        text = text[: chars_max * 4]
    if text.isascii() and text.isprintable():
        return CleanText(_clipped(text, chars_max))
    line = _UNSAFE.sub(_REPLACEMENT, _SPACES.sub(" ", text))
    return CleanText(_clipped(_thinned(line), chars_max))


def _clipped(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else text[: chars_max - 1] + _CUT


def _thinned(text: str) -> str:
    if not any(unicodedata.combining(character) for character in text):
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _COMBINING_MAX:
            kept.append(character)
    return "".join(kept)


_SECRET_SHAPES: Final = re.compile(
    r"(?i)\b(?:sk_[0-9a-z]{16,}|wsec_[0-9a-z]{16,}|(?:AC|SK)[0-9a-f]{32}|bearer\s+\S+|"
    r"(?:xi-api-key|api[_-]?key|auth[_-]?token|secret|password)[\"']?\s*[:=]\s*[\"']?[^\s\"',}]+)"
)
_NUMBER: Final = re.compile(r"\+?\d[\d\s().-]{6,}\d")


def mask_number(number: str) -> str:
    """Show a phone number so that one person can be told from another, no more: `+57•••9155`."""
    digits = [character for character in number if character.isdigit()]
    if len(digits) < 7:
        return "•••"
    sign = "+" if number.lstrip().startswith("+") else ""
    return f"{sign}{''.join(digits[:2])}•••{''.join(digits[-4:])}"


def mask(text: str) -> str:
    """Hide what looks like a secret or a phone number in text that goes into logs and reports."""
    without_secrets = _SECRET_SHAPES.sub("•••secret•••", text)
    return _NUMBER.sub(lambda match: mask_number(match.group()), without_secrets)
