"""Which numbers are one and the same line, and that nobody else's is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.same_line import as_dialled, line_of, ways_of_writing

PAIRS = [
    pytest.param("+5523960000001", "+552360000001", id="Brazil, the lowest mobile"),
    pytest.param("+5523999999999", "+552399999999", id="Brazil, the highest"),
    pytest.param("+5491100000001", "+541100000001", id="Argentina, the capital"),
    pytest.param("+5493880000001", "+543880000001", id="Argentina, a province"),
]
DIGITS = st.text("0123456789", max_size=14)
NUMBERS = st.builds("+{}{}".format, st.sampled_from(["1", "52", "521", "54", "549", "55"]), DIGITS)


@pytest.mark.parametrize(("number", "other"), PAIRS)
def test_a_line_of_two_numbers_is_known_by_either(number: str, other: str) -> None:
    assert ways_of_writing(number) == (number, other)
    assert ways_of_writing(other) == (other, number)
    assert line_of(number) == line_of(other)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("+12025550123", id="elsewhere"),
        pytest.param("+525500000001", id="Mexico, where one of the two is not dialled"),
        pytest.param("+552350000001", id="Brazil, a landline"),
        pytest.param("+552320000001", id="Brazil, a landline"),
        pytest.param("+5523950000001", id="Brazil, a mobile that never had eight digits"),
        pytest.param("+5523860000001", id="Brazil, nine digits without the 9"),
        pytest.param("+552060000001", id="Brazil, no area code"),
        pytest.param("+558000000001", id="Brazil, a service"),
        pytest.param("+55239600000011", id="Brazil, too long"),
        pytest.param("+548000000001", id="Argentina, a service"),
        pytest.param("+54110000001", id="Argentina, too short"),
        pytest.param("+54911000000011", id="Argentina, too long"),
        pytest.param("", id="none"),
    ],
)
def test_any_other_line_has_one_number(number: str) -> None:
    assert ways_of_writing(number) == (number,)


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("+5215500000001", "+525500000001"),
        ("+525500000001", "+525500000001"),
        ("+5211500000001", "+5211500000001"),
        ("+5219000000001", "+5219000000001"),
        ("+521550000001", "+521550000001"),
        ("+52155000000011", "+52155000000011"),
        ("+5491100000001", "+5491100000001"),
        ("+12155550123", "+12155550123"),
    ],
)
def test_only_the_old_way_of_mexico_is_not_dialled(number: str, dialled: str) -> None:
    assert as_dialled(number) == dialled


@given(NUMBERS)
def test_every_number_of_a_line_names_the_same_ones(number: str) -> None:
    ways = ways_of_writing(number)
    assert len(set(ways)) == len(ways)
    assert {frozenset(ways_of_writing(way)) for way in ways} == {frozenset(ways)}
    dialled = as_dialled(number)
    assert as_dialled(dialled) == dialled
