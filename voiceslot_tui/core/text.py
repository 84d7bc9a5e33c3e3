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
    "\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # invisible and direction marks
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # joiners and fillers without a shape
    "\u2028\u2029\ufeff\ufff9-\ufffc"  # line separators, byte order mark, annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # format controls of shorthand and music
    "\U000e0000-\U000e0fff"  # tags and variation selectors that hide text
    "\ud800-\udfff"  # lone surrogates
    "]"
)
_SPACES: Final = re.compile(r"[\t\r\n\x0b\x0c\x85\u2028\u2029]+")
_COMBINING_MAX: Final = 4
_FIRST_MARK: Final = "\u0300"
_CUT: Final = "…"


def clean(text: str, chars_max: int = TEXT_CHARS_MAX) -> CleanText:
    """Make foreign text safe to show on one line of at most `chars_max` characters.

    Line breaks and tabs become one space; what a terminal could obey becomes U+FFFD; piles of
    combining marks are cut to four.
    """
    if len(text) > chars_max * 4:
        text = text[: chars_max * 4]
        return CleanText(_clipped(clean(text, chars_max * 4) + _CUT, chars_max))
    if text.isascii() and text.isprintable():
        return CleanText(_clipped(text, chars_max))
    line = _UNSAFE.sub(_REPLACEMENT, _SPACES.sub(" ", text))
    return CleanText(_clipped(_thinned(line), chars_max))


def _clipped(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else text[: chars_max - 1] + _CUT


def _thinned(text: str) -> str:
    if max(text, default="") < _FIRST_MARK or not any(map(_is_mark, text)):
        return text
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if _is_mark(character) else 0
        if run <= _COMBINING_MAX:
            kept.append(character)
    return "".join(kept)


def _is_mark(character: str) -> bool:
    """Tell whether a character is drawn on the one before it, and takes no room of its own."""
    return unicodedata.category(character) in ("Mn", "Me")


_SECRET_SHAPES: Final = re.compile(
    r"(?i)\b(?:sk_|wh?sec_)[0-9a-z]{16,}|\b(?:AC|SK)[0-9a-f]{32}|(?<=://)[^\s/@]+@|"
    r"authorization[\"']?\s*[:=]\s*[\"']?(?:[a-z]+\s+)?[^\s\"',}]+|bearer\s+\S+|"
    r"(?:api[_-]?key|auth[_-]?token|secret|password)[\w-]{0,20}[\"']?\s*[:=]\s*[\"']?"
    r"[^\s\"',}&]+"
)
"""Secrets by their shape, and by the name before them wherever in a longer name it stands."""
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
