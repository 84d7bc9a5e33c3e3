"""Foreign text on its way into a message: summaries and names, made plain, short and one line.

A summary is written by a machine that listened to a stranger. Nothing in it may act: no markup that
the messenger would draw, no braces that a template would fill, no line break that WhatsApp refuses
in a variable (Twilio, error 21656). What is cut is cut between words.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape
from typing import Final

from voiceslot_tui.core.limits import NAME_CHARS_MAX, SUMMARY_CHARS_MAX, SUMMARY_READ_CHARS_MAX

_CUT: Final = "…"
_LINK: Final = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\s]{0,500}\)")
_TAG: Final = re.compile(r"</?[A-Za-z!][^<>]{0,200}>")
_ITEM: Final = re.compile(r"^(?:#{1,6}|[-*+•‣·–]|>+|[0-9]{1,3}[.)])\s+")
_RULE: Final = re.compile(r"^[-=_*\s]{3,}$")
_SIGNS: Final = re.compile(r"[*`~|{}]|(?<![^\W_])_+|_+(?![^\W_])")
_BREAKS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Control characters and what parts lines and paragraphs: words stand on both sides of it."""
_BLANKS: Final = re.compile(r"\s+")
_ENDED: Final = (".", "!", "?", ":", ";", ",", _CUT)
_SENTENCE_END: Final = re.compile(r"[.!?…](?=\s)")
_FIRST_PICTURE: Final = 0x2190
"""Symbols from here on are arrows, signs and emoji; before it, degree, copyright and the like."""
_PLAIN_BELOW: Final = "\u0250"
"""Letters of the western languages and their signs: what can be printed of these is no picture."""


def clean_summary(text: str, chars_max: int = SUMMARY_CHARS_MAX) -> str:
    """Give a summary as plain sentences on one line; empty where nothing readable is left."""
    lines = unescape(text[:SUMMARY_READ_CHARS_MAX]).splitlines()
    joined = _joined([_TAG.sub("", _LINK.sub(r"\1", line)).strip() for line in lines])
    return clipped(one_line(joined), chars_max)


def clean_name(text: str, chars_max: int = NAME_CHARS_MAX) -> str:
    """Give a person's or a sender's name on one line; empty where nothing readable is left."""
    return clipped(one_line(text[: chars_max * 8]), chars_max)


def one_line(text: str) -> str:
    """Give text on one line, without pictures, invisible characters, or signs that act."""
    if text.isprintable() and max(text, default="") < _PLAIN_BELOW:
        return _BLANKS.sub(" ", _SIGNS.sub("", text)).strip()
    spaced = "".join(" " if unicodedata.category(sign) in _BREAKS else sign for sign in text)
    plain = "".join(sign for sign in spaced if not _is_picture(sign))
    return _BLANKS.sub(" ", _SIGNS.sub("", plain)).strip()


def clipped(text: str, chars_max: int) -> str:
    """Cut text after a sentence where one ends late enough, else after a word."""
    if len(text) <= chars_max:
        return text
    room = text[: chars_max - 1]
    ends = [found.end() for found in _SENTENCE_END.finditer(text[:chars_max])]
    if ends and ends[-1] >= chars_max // 2:
        return text[: ends[-1]]
    words, blank, _ = room.rpartition(" ")
    return (words if blank and len(words) >= chars_max // 2 else room).rstrip(" ,;:-") + _CUT


def _joined(lines: list[str]) -> str:
    """Put lines together; the items of a list, headings and paragraphs become sentences."""
    joined, closes = "", False
    for line in lines:
        is_item = _ITEM.match(line) is not None
        words = "" if _RULE.match(line) else _ITEM.sub("", line)
        if not words:
            closes = closes or bool(joined)
            continue
        if joined and (closes or is_item) and not joined.endswith(_ENDED):
            joined += "."
        joined = f"{joined} {words}" if joined else words
        closes = is_item
    return joined


def _is_picture(sign: str) -> bool:
    """Tell whether a character is an emoji, a part of one, or cannot be seen at all."""
    category = unicodedata.category(sign)
    if category in ("So", "Sk"):
        return ord(sign) >= _FIRST_PICTURE
    return category in ("Cf", "Co", "Cn", "Cs", "Me") or "\ufe00" <= sign <= "\ufe0f"
