"""The filter line of messages: every form it knows, every way of being wrong, how it goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.console import command_line
from voiceslot_tui.console.filter_tokens import BadFilter
from voiceslot_tui.console.message_filters import MessageSearch, completions, parse
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_ups import FollowUpState, SkipReason


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", FollowUpFilter()),
        ("ana 313", FollowUpFilter(words=("ana", "313"))),
        ('"ana maria" gil', FollowUpFilter(words=("ana maria", "gil"))),
        ("state:failed", FollowUpFilter(states=frozenset({FollowUpState.FAILED}))),
        (
            "STATE:f,bl",
            FollowUpFilter(states=frozenset({FollowUpState.FAILED, FollowUpState.BLOCKED})),
        ),
        ("code:63016", FollowUpFilter(code=63016)),
        ("skip:suppressed", FollowUpFilter(skipped_for=SkipReason.SUPPRESSED)),
        ("batch:btcal_1", FollowUpFilter(batch_id="btcal_1")),
        (
            "state:failed code:63016 ana",
            FollowUpFilter(("ana",), frozenset({FollowUpState.FAILED}), code=63016),
        ),
        ("12:30", FollowUpFilter(words=("12:30",))),
    ],
)
def test_a_line_says_which_rows(text: str, where: FollowUpFilter) -> None:
    assert parse(text) == MessageSearch(" ".join(text.split()), where)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("state:nowhere", "one of due"),
        ("state:", "one of due"),
        ("state:s", "one of sending, sent, skipped"),
        ("code:abc", "as 63016"),
        ("code:", "as 63016"),
        ("skip:x", "one of before_first_start"),
        ("skip:suppressed,too_old", "one reason at a time"),
        ("prio:5", "state:, code:, skip:, batch:"),
        ("states:failed", "did you mean state:"),
        ("!ana", "not by what they lack"),
        ("a b c d e f g h i", "at most 8 words"),
    ],
)
def test_a_line_that_cannot_be_followed_says_why(text: str, says: str) -> None:
    wrong = parse(text)
    assert isinstance(wrong, BadFilter)
    assert says in wrong.message


@given(st.text(max_size=60))
def test_no_line_fails(text: str) -> None:
    assert isinstance(parse(text), MessageSearch | BadFilter)
    completions(text)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("st", ("state:",)),
        ("state:fa", ("state:failed",)),
        ("ana state:failed,bl", ("ana state:failed,blocked",)),
        ("skip:too", ("skip:too_old",)),
        ("code:6301", tuple(f"code:{n}" for n in (63015, 63014, 63016, 63013, 63019, 63010))),
        ("", ()),
    ],
)
def test_a_line_can_be_completed(text: str, ways: tuple[str, ...]) -> None:
    assert set(ways) <= set(completions(text))


def test_the_command_line_completes_the_filters_of_all_rows() -> None:
    assert command_line.completions("filter state:am") == ("filter state:ambiguous",)
    assert command_line.completions("filter state:un")[:2] == (
        "filter state:uncertain",
        "filter state:unknown",
    )
