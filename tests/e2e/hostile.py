"""What others might write to make a terminal act, and the search for any of it in what was written.

Every payload that holds a control sequence carries a sign in it, so that a sequence of theirs is
told from the console's own, whatever its shape.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SIGN: Final = "31337"
_ESC, _BEL, _ST = "\x1b", "\x07", "\x1b\\"

PAYLOADS: Final = (
    f"{_ESC}]52;c;{SIGN}{_BEL}clipboard",
    f"{_ESC}]0;{SIGN}{_BEL}title",
    f"{_ESC}]2;{SIGN}{_ST}title",
    f"{_ESC}]8;;https://example.invalid/{SIGN}{_ST}link{_ESC}]8;;{_ST}",
    f"{_ESC}]22;{SIGN}{_BEL}pointer",
    f"{_ESC}[{SIGN}mcolour",
    f"{_ESC}[2J{_ESC}[{SIGN};{SIGN}Hcleared",
    f"{_ESC}[?{SIGN}hmode",
    f"{_ESC}[{SIGN}n{_ESC}[c{_ESC}Z{_ESC}[>{SIGN}qasks",
    f"{_ESC}P+q{SIGN}{_ST}device{_ESC}_G{SIGN}{_ST}{_ESC}^{SIGN}{_ST}",
    f"{_ESC}c{_ESC}#8{_ESC}(0reset{SIGN}",
    f"\x9b{SIGN}mred\x9d52;c;{SIGN}\x9c\x90{SIGN}\x9c\x85",
    f"\u202e{SIGN}gnp.exe\u202c\u2066a\u2067b\u2069\u200f\u061c",
    "\x08\x08\x08\x00\x7f\x0e\x0f\x05\x18\x1a bell\x07",
    "line\nbreak\rreturn\ttab\x0bdown\x0cform\x85next\u2028line\u2029paragraph",
    "[@click=app.exit]Pedro[/]",
    "[@click=app.cancel_all]Pedro[/]",
    "[@click=screen.run('cancel')]Pedro[/]",
    "[@click=screen.run('detach')]Pedro[/]",
    "[@click=app.farewell('x')]Pedro[/]",
    "[/]",
    "[[bold]]",
    "[red]r[/red][link=https://example.invalid]l[/link]",
    "Z" + "\u0301" * 60 + "algo",
    "zero\u200bwidth\u200d\u2060\ufeff\u00ad\U000e0041\U000e0100",
    "漢字かな交じり文👩\u200d👩\u200d👧\u200d👦",
    "ñandú" * 60,
)
SURROGATES: Final = ("\ud800lone", "\udc9blow", "\udfff\ud800swapped")

_OWN: Final = re.compile(
    rb"\x1b\[(?:[0-9;]*[mHC]"
    rb"|\?(?:7|25|1000|1003|1004|1006|1015|1016|1049|2004|2026|2048)[hl]"
    rb"|\?(?:2026|2048)\$p|<u|>25u)"
    rb"|\x1b\]22;[a-z-]+\x07|\x18"
)
"""All that the console itself sends: colours, places, modes, and the shape of the mouse pointer."""
_UNFINISHED: Final = re.compile(rb"\x1b(?:\[[0-9;?<>$]*|\](?:2(?:2(?:;[a-z-]*)?)?)?)?\Z")
"""The beginning of one of them, where reading has stopped in its middle."""
_OBEYED: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PILE_MAX: Final = 4


def obeyed_in(written: bytes, *, by_console: bool) -> set[str]:
    """Name what a terminal would obey, or not show, in what was written to it."""
    if by_console:
        written = _UNFINISHED.sub(b"", written)
    own = _OWN.findall(written) if by_console else []
    theirs = {repr(sequence) for sequence in own if SIGN.encode() in sequence}
    text = (_OWN.sub(b"", written) if by_console else written).decode("utf-8", "replace")
    return theirs | obeyed_in_text(text.replace("\r\n", "").replace("\r", ""))


def obeyed_in_text(text: str) -> set[str]:
    """Name what a terminal would obey in lines of text."""
    lines = text.replace("\n", "")
    found = {ascii(one) for one in lines if unicodedata.category(one) in _OBEYED}
    marks = "".join("m" if unicodedata.category(one) in ("Mn", "Me") else " " for one in lines)
    return found | ({"a pile of marks"} if "m" * (_PILE_MAX + 1) in marks else set())
