"""Columns take the cells they have, in order, and what does not fit is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.console.widgets.columns import GAP, Column, placed
from voiceslot_tui.core.text import CleanText


def column(width: int, *, from_width: int = 0, grow: bool = False) -> Column:
    return Column(CleanText("title"), width, from_width=from_width, grow=grow)


def test_what_is_left_over_goes_to_the_growing_columns() -> None:
    shown = placed([column(5), column(4, grow=True), column(4, grow=True)], 30)
    assert [(place.index, place.width) for place in shown] == [(0, 5), (1, 12), (2, 11)]
    assert sum(place.width for place in shown) + 2 * GAP == 30


def test_a_column_is_shown_from_its_own_width_on() -> None:
    columns = [column(5), column(5, from_width=40), column(5)]
    assert [place.index for place in placed(columns, 39)] == [0, 2]
    assert [place.index for place in placed(columns, 40)] == [0, 1, 2]


def test_columns_that_do_not_fit_are_left_out_from_the_right() -> None:
    assert [place.index for place in placed([column(5), column(5), column(5)], 12)] == [0, 1]


def test_the_first_column_is_cut_rather_than_left_out() -> None:
    assert [(place.index, place.width) for place in placed([column(20)], 7)] == [(0, 7)]


@given(
    st.lists(st.builds(column, st.integers(1, 30), grow=st.booleans()), max_size=8),
    st.integers(1, 200),
)
def test_columns_never_take_more_than_there_is(columns: list[Column], width: int) -> None:
    shown = placed(columns, width)
    assert sum(place.width for place in shown) + GAP * max(0, len(shown) - 1) <= width
