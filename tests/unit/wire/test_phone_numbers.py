"""Phone numbers from outside: one possible number, or a reason."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.wire.phone_numbers import number_or_nothing, possible_pattern, read_number


@pytest.mark.parametrize(
    "written",
    [
        "+12025550123",
        "+1 202 555 0123",
        "+1 (202) 555-0123",
        "+1.202.555.0123",
        "+1\u00a0202\u2011555\u20110123",
        "\u200e+12025550123\u200f",
        "\ufeff+1202\u200b5550123",
        "  +12025550123  ",
        "+12025550123\n",
        "＋１２０２５５５０１２３",
    ],
)
def test_one_number_however_written_is_one_number(written: str) -> None:
    assert read_number(written) == "+12025550123"


@pytest.mark.parametrize(
    ("written", "number"),
    [("+447700900123", "+447700900123"), ("+44 (0)7700 900123", "+447700900123")],
)
def test_what_is_dialled_inside_a_country_only_is_left_out(written: str, number: str) -> None:
    assert read_number(written) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+5215500000001", "+525500000001"),
        ("+52 1 55 0000 0001", "+525500000001"),
        ("+52-1-55-0000-0001", "+525500000001"),
        ("+525500000001", "+525500000001"),
        ("+5523960000001", "+5523960000001"),
        ("+552360000001", "+552360000001"),
        ("+5491100000001", "+5491100000001"),
        ("+541100000001", "+541100000001"),
        ("+12155550123", "+12155550123"),
    ],
)
def test_the_old_way_of_mexico_is_read_and_no_other_country_changed(
    written: str, number: str
) -> None:
    assert read_number(written) == number


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "begin with +"),
        ("12025550123", "begin with +"),
        ("0012025550123", "begin with +"),
        ("tel:+12025550123", "begin with +"),
        ("'+12025550123", "begin with +"),
        ("=+12025550123", "begin with +"),
        ("+1202CALLNOW", "letters"),
        ("+12025550123 ext 5", "letters"),
        ("+12025550123;ext=5", "letters"),
        ("+12025550123 Ana", "letters"),
        ("+O12025550123", "letters"),
        ("+12025550123 +12025550124", "not two"),
        ("+12025550123/24", "digits only"),
        ("+1202555012\x00", "digits only"),
        ("+1202555.01E+5", "letters"),
        ("+1" + " " * 100, "too long"),
        ("+", "digits only"),
        ("+()", "no international"),
        ("+1911", "too few"),
        ("+112", "too few|no international"),
        ("+1202555012", "too few"),
        ("+120255501234", "too many"),
        ("+4910000000000000", "more than 15 digits"),
        ("+9991234567890", "no international"),
        ("+5211500000001", "too many"),
        ("+5219000000001", "too many"),
        ("+52155000000011", "too many"),
        ("+19005550123", "premium"),
        ("+449012345678", "premium"),
    ],
)
def test_what_is_no_number_is_said(written: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        read_number(written, "payload.toNumber")
    assert refused.value.field == "payload.toNumber"
    assert refused.value.code == "phone_number"
    assert refused.value.message.startswith("payload.toNumber ")


def test_a_refusal_does_not_quote_the_number() -> None:
    with pytest.raises(BadInput) as refused:
        read_number("+120255509999999")
    assert "20255509" not in refused.value.message


@given(st.text(max_size=80) | st.from_regex(r"\+[0-9 ().\-]{0,30}", fullmatch=True))
def test_any_text_gives_a_number_or_a_reason(text: str) -> None:
    try:
        number = read_number(text)
    except BadInput:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{4,14}", number)
    assert read_number(number) == number


def refused_for(number: str) -> str:
    """Give why a number is refused; empty where it is not."""
    try:
        read_number(number)
    except BadInput as problem:
        return str(problem)
    return ""


@settings(max_examples=300)
@given(st.from_regex(re.compile(possible_pattern(), re.ASCII), fullmatch=True))
@example("+8860208053140")
def test_what_the_api_describes_as_possible_is_taken(number: str) -> None:
    """But for premium-rate numbers behind a prefix that is dialled inside a country only."""
    assert refused_for(number) in ("", "The number is a premium-rate number, which is never called")


@pytest.mark.parametrize(
    "number", ["+12025550123", "+447700900123", "+525500000001", "+5215500000001"]
)
def test_usual_numbers_are_described_as_possible(number: str) -> None:
    assert re.fullmatch(possible_pattern(), number)


@pytest.mark.parametrize(
    "number", ["+19005550123", "+1202555012", "12025550123", "+0", "+5211500000001"]
)
def test_impossible_numbers_are_not(number: str) -> None:
    assert not re.fullmatch(possible_pattern(), number)


def test_a_prefix_is_taken_out_only_where_what_is_left_stays_as_it_is() -> None:
    assert read_number("+44 (0)7700 900123") == "+447700900123"
    assert read_number("+200000000000") == "+200000000000"


def test_a_number_that_cannot_be_read_is_nothing_where_nobody_asked() -> None:
    assert number_or_nothing("+12025550123") == "+12025550123"
    assert number_or_nothing("2025550123") == ""
