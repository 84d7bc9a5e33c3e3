"""A file of phone numbers: every line gives a number, or the reason why it gives none."""

from __future__ import annotations

from io import BytesIO, TextIOWrapper

import pytest

from voiceslot_tui.cli.number_lines import LINE_CHARS_MAX, NoText, NumberLine, number_lines


def read(content: bytes) -> list[NumberLine]:
    opened = TextIOWrapper(BytesIO(content), "utf-8-sig", errors="replace")
    return list(number_lines(opened))


@pytest.mark.parametrize(
    "line",
    [
        b"+12025550101",
        b" +12025550101 ,Ana",
        b'"+12025550101","Ana ""la jefa"" Ruiz"',
        b'+12025550101,Ana "la jefa" Ruiz',
        b"\xef\xbb\xbf+12025550101,Jos\xc3\xa9",
        b"+12025550101,Jos\xe9",
        b"+12025550101,\x83A\x83i",
    ],
)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\r"])
def test_a_number_is_read_whatever_stands_beside_it(line: bytes, end: bytes) -> None:
    assert read(line + end) == [NumberLine(1, "+12025550101")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'+12025550101,"Ana', "quotation mark"),
        (b'"+12025550101', "quotation mark"),
        (b'+12025550101,"Ana" Ruiz,"x', "quotation mark"),
        (b",+12025550101", "first column is empty"),
        (b'"",Ana', "first column is empty"),
        (b"\xa0+12025550101,Ana", "first column is not UTF-8"),
        (b"+1202555\x000101", "first column is not UTF-8"),
        (b"+12025550101," + b"x" * LINE_CHARS_MAX * 3, "longer than"),
    ],
)
def test_a_line_without_a_number_is_named_and_spoils_no_other(line: bytes, reason: str) -> None:
    first, bad, last = read(b"+12025550102\n" + line + b"\n+12025550103\n")
    assert (first, last) == (NumberLine(1, "+12025550102"), NumberLine(3, "+12025550103"))
    assert (bad.place, bad.number) == (2, "")
    assert reason in bad.wrong


def test_a_field_that_goes_on_in_the_next_line_is_named() -> None:
    opened, rest = read(b'+12025550101,"Ana\nfrom work"\n')
    assert "quotation mark" in opened.wrong
    assert rest == NumberLine(2, 'from work"'), "which the engine refuses as no number"


def test_lines_without_text_are_nothing_and_are_counted() -> None:
    assert read(b"\n , ,\n\t\n,,,\n+12025550101\n") == [NumberLine(5, "+12025550101")]
    assert read(b"") == []


def test_the_longest_line_is_read() -> None:
    line = b"+12025550101," + b"x" * (LINE_CHARS_MAX - 13)
    assert read(line + b"\n" + line) == [NumberLine(n, "+12025550101") for n in (1, 2)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_is_not_text_in_utf_8_is_refused_whole(encoding: str) -> None:
    with pytest.raises(NoText, match="save it as CSV UTF-8"):
        read("+12025550101\n+12025550102\n".encode(encoding))
