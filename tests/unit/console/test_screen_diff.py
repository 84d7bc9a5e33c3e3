"""The shadow of the screen: what it sends makes the terminal look the same, and nothing more."""

from __future__ import annotations

import re
import unicodedata

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style

from voiceslot_tui.console.screen_diff import Piece, ScreenDiff

WIDTH, HEIGHT = 24, 4
STYLES = (None, Style(color="red"), Style(bold=True, bgcolor="blue"))
CODES = {STYLES[1]: "31", STYLES[2]: "1;44"}
NO_LINE_WRAP = "\x1b[?7l"
"""Textual switches wrapping off before it paints."""
OURS = re.compile(r"\x1b\[[0-9;]*[mHC]")


def new_diff() -> ScreenDiff:
    diff = ScreenDiff(lambda style: CODES.get(style, ""))
    diff.forget(WIDTH, HEIGHT)
    return diff


def plain(text: str, x: int = 0, y: int = 0) -> Piece:
    return Piece(x, y, [Segment(text)])


def as_textual_writes(pieces: list[Piece]) -> str:
    parts: list[str] = []
    for x, y, segments in pieces:
        parts.append(f"\x1b[{y + 1};{x + 1}H")
        for text, style, _ in segments:
            codes = CODES.get(style, "") if style else ""
            parts.append(f"\x1b[{codes}m{text}\x1b[0m")
    return "".join(parts)


def test_the_same_again_sends_nothing() -> None:
    diff = new_diff()
    assert diff.paint([plain("hello")])
    assert diff.paint([plain("hello")]) == ""


def test_only_the_cells_that_changed_are_sent() -> None:
    diff = new_diff()
    diff.paint([plain("10:31:06 ok")])
    assert diff.paint([plain("10:31:07 ok")]) == "\x1b[1;8H7"


def test_a_change_of_style_alone_is_sent() -> None:
    diff = new_diff()
    diff.paint([plain("ok")])
    assert diff.paint([Piece(0, 0, [Segment("ok", STYLES[1])])]) == "\x1b[1;1H\x1b[0;31mok\x1b[0m"


def test_what_was_forgotten_is_sent_again() -> None:
    diff = new_diff()
    diff.paint([plain("hello")])
    diff.forget(WIDTH, HEIGHT)
    assert "hello" in diff.paint([plain("hello")])


def test_what_lies_outside_the_screen_is_not_sent() -> None:
    diff = new_diff()
    assert diff.paint([plain("below", y=HEIGHT), plain("right", x=WIDTH)]) == ""
    assert OURS.sub("", diff.paint([plain("x" * 100)])) == "x" * WIDTH


def test_a_character_of_disputed_width_cannot_shift_the_line() -> None:
    diff = new_diff()
    assert diff.paint([plain("❤\ufe0fx")]) == "\x1b[1;1H  \x1b[1;1H❤\ufe0f\x1b[1;3Hx"
    assert diff.paint([plain("🙂x", y=1)]) == "\x1b[2;1H  \x1b[2;1H🙂\x1b[2;3Hx"
    assert diff.paint([plain("日x", y=2)]) == "\x1b[3;1H日\x1b[3;3Hx"


def test_a_halved_wide_character_is_painted_again() -> None:
    diff = new_diff()
    diff.paint([plain("日本")])
    diff.paint([plain("x", x=1)])
    assert "日" in diff.paint([plain("日")])
    diff.paint([plain("日本")])
    assert diff.paint([plain("x", x=2)]) == "\x1b[1;3Hx"
    assert diff.paint([plain("x ", x=2)]) == "\x1b[1;4H "


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]52;c;aGFja2Vk\x07",
        "\x9b31m",
        "\u202egnp\u2069",
        "a\x00b\x7f",
        "a\u200bb\ufeff",
        "\r\n",
    ],
)
def test_nothing_that_a_terminal_could_obey_gets_through(text: str) -> None:
    sent = OURS.sub("", new_diff().paint([plain(text)]))
    assert not [one for one in sent if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"}]


@given(st.lists(st.text(max_size=12), max_size=4))
def test_no_text_whatever_brings_a_control_character(texts: list[str]) -> None:
    sent = new_diff().paint([plain(text, y=y) for y, text in enumerate(texts)])
    left = OURS.sub("", sent)
    assert not [one for one in left if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]


characters = st.sampled_from([*"abc 01", "日", "é", "e\u0301", "─", "🙂", "█"])
lines = st.lists(
    st.tuples(st.lists(characters, max_size=10).map("".join), st.sampled_from(STYLES)), max_size=4
)
frames = st.lists(st.dictionaries(st.integers(0, HEIGHT - 1), lines, max_size=3), max_size=6)


@given(frames)
def test_the_terminal_looks_as_if_everything_had_been_sent(
    script: list[dict[int, list[tuple[str, Style | None]]]],
) -> None:
    diff = new_diff()
    sparing, lavish = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    sparing_stream, lavish_stream = pyte.Stream(sparing), pyte.Stream(lavish)
    for stream in (sparing_stream, lavish_stream):
        stream.feed(NO_LINE_WRAP)
    for frame in [{y: [] for y in range(HEIGHT)}, *script]:
        pieces = [Piece(0, y, whole_line(parts)) for y, parts in frame.items()]
        sparing_stream.feed(diff.paint(pieces))
        lavish_stream.feed(as_textual_writes(pieces))
        assert sparing.display == lavish.display
        assert [dict(sparing.buffer[y]) for y in range(HEIGHT)] == [
            dict(lavish.buffer[y]) for y in range(HEIGHT)
        ]


def whole_line(parts: list[tuple[str, Style | None]]) -> list[Segment]:
    """Make segments that take exactly the screen's width, as the compositor does."""
    segments: list[Segment] = []
    room = WIDTH
    for text, style in parts:
        shown = text if cell_len(text) <= room else set_cell_size(text, room)
        segments.append(Segment(shown, style))
        room -= cell_len(shown)
    return [*segments, Segment(" " * room)]
