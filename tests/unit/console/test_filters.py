"""The filter line: every form it knows, every way of being wrong, and how it goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.console.filter_tokens import BadFilter
from voiceslot_tui.console.filters import Search, completions, parse
from voiceslot_tui.core.calls import CallState, Hold
from voiceslot_tui.core.pages import Filter, Segment


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", Filter()),
        ("ana 313", Filter(words=("ana", "313"))),
        ('"ana maria" gil', Filter(words=("ana maria", "gil"))),
        ('"not closed', Filter(words=("not closed",))),
        ("state:queued", Filter(states=frozenset({CallState.QUEUED}))),
        ("state:live,dialling", Filter(states=frozenset({CallState.LIVE, CallState.DIALING}))),
        ("state:in-call", Filter(states=frozenset({CallState.LIVE}))),
        ("STATE:Q", Filter(states=frozenset({CallState.QUEUED}))),
        (
            "state:queued state:live",
            Filter(states=frozenset({CallState.QUEUED, CallState.LIVE})),
        ),
        ("hold:parked", Filter(holds=frozenset({Hold.PARKED}))),
        ("hold:number-busy", Filter(holds=frozenset({Hold.NUMBER_BUSY_ELSEWHERE}))),
        ("prio:>5", Filter(priority_min=6)),
        ("prio:>=5", Filter(priority_min=5)),
        ("prio:<0", Filter(priority_max=-1)),
        ("prio:<=0", Filter(priority_max=0)),
        ("prio:7", Filter(priority_min=7, priority_max=7)),
        ("prio:=-7", Filter(priority_min=-7, priority_max=-7)),
        ("prio:1..9", Filter(priority_min=1, priority_max=9)),
        ("to:+57", Filter(number_prefix="+57")),
        ("to:57*", Filter(number_prefix="+57")),
        ("12:30", Filter(words=("12:30",))),
    ],
)
def test_a_line_says_which_rows(text: str, where: Filter) -> None:
    found = parse(text)
    assert isinstance(found, Search), found
    assert found.where == where
    assert found.segment is Segment.QUEUE


@pytest.mark.parametrize("text", ["is:done", "state:ended", "ana state:cancelled", "IS:DONE x"])
def test_finished_calls_are_another_list(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Search)
    assert found.segment is Segment.DONE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("state:nowhere", "one of queued"),
        ("state:", "one of queued"),
        ("state:un", "uncertain, unknown"),
        ("hold:c", "campaign_paused, contact_cap"),
        ("prio:high", ">5"),
        ("prio:>99999", "1000"),
        ("prio:1..5000", "1000"),
        ("to:abc", "+57"),
        ("is:late", "done"),
        ("priorty:5", "did you mean prio:"),
        ("status:failed", "did you mean state:"),
        ("code:63016", "they know state:, hold:, prio:, to:, is:done - or quote the text"),
        ("!ana", "lack"),
        ("state:queued,ended", "apart"),
        ("is:done state:live", "finished"),
        (" ".join("abcdefghi"), "8 words"),
    ],
)
def test_what_cannot_be_followed_is_said(text: str, says: str) -> None:
    wrong = parse(text)
    assert isinstance(wrong, BadFilter), wrong
    assert says in wrong.message


@given(st.text(max_size=60))
def test_no_line_is_an_accident(text: str) -> None:
    assert isinstance(parse(text), Search | BadFilter)
    completions(text)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("st", ("state:",)),
        ("ana is", ("ana is:done",)),
        ("state:li", ("state:live",)),
        ("state:live,wr", ("state:live,wrapping_up", "state:live,wrap-up")),
        ("hold:par", ("hold:parked",)),
        ("", ()),
        ("nothing", ()),
    ],
)
def test_the_last_word_can_be_completed(text: str, ways: tuple[str, ...]) -> None:
    assert completions(text) == ways


@pytest.mark.parametrize("hold", list(Hold))
def test_every_hold_can_be_found_by_its_own_word(hold: Hold) -> None:
    found = parse(f"hold:{hold}")
    assert isinstance(found, Search)
    assert found.where.holds == {hold}


@pytest.mark.parametrize("state", list(CallState))
def test_every_state_can_be_found_by_its_own_word(state: CallState) -> None:
    found = parse(f"state:{state}")
    assert isinstance(found, Search)
    assert found.where.states == {state}
