"""Text is cut by terminal cells, never in the middle of a character, and never parsed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from voiceslot_tui.console.widgets.cells import Align, cells_of, clipped, content, fitted
from voiceslot_tui.core.text import CleanText, clean


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("Ana", 5, "Ana"),
        ("Ana", 3, "Ana"),
        ("Anabel", 3, "An…"),
        ("Anabel", 1, "…"),
        ("Anabel", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("🙂🙂🙂", 4, "🙂…"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
        ("[b]x[/b]", 20, "[b]x[/b]"),
    ],
)
def test_text_is_clipped_to_cells(text: str, width: int, shown: str) -> None:
    assert clipped(CleanText(text), width) == shown


def test_short_text_stands_on_the_side_asked_for() -> None:
    assert fitted(CleanText("日本"), 6) == "日本  "
    assert fitted(CleanText("日本"), 6, Align.RIGHT) == "  日本"


@given(st.text(max_size=30), st.integers(0, 20), st.sampled_from(Align))
def test_fitted_text_takes_exactly_its_cells(text: str, width: int, align: Align) -> None:
    shown = fitted(clean(text), width, align)
    assert cells_of(shown) == width == cell_len(shown)


def test_markup_is_shown_and_not_obeyed() -> None:
    shown = content(CleanText("[@click=app.cancel_all]Pedro[/]"))
    assert shown.plain == "[@click=app.cancel_all]Pedro[/]"
    assert not shown.spans
