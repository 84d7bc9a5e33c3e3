"""From batches and recipients to words: rows, figures, what is wrong, whose recipients."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC

import pytest

from tests.console.fake_batches import CHECKS, make_batch, make_recipient
from tests.console.fake_messages import make_message
from tests.console.still_clock import NOW
from voiceslot_tui.console.batch_rows import (
    BATCH_COLUMNS,
    RECIPIENT_COLUMNS,
    PlacedRecipient,
    WatchedBatch,
    bar,
    batch_cells,
    recipient_cells,
)
from voiceslot_tui.console.batch_wording import BATCH_STATES, batch_state, per_minute, progress
from voiceslot_tui.console.batches_presenter import note, recipients_note, status_lines
from voiceslot_tui.console.filter_tokens import BadFilter
from voiceslot_tui.console.phrases import words
from voiceslot_tui.console.recipient_filters import RecipientSearch, completions, parse
from voiceslot_tui.console.rows import RowLook
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.console.widgets.columns import placed
from voiceslot_tui.console.widgets.row_source import Reach, part_of
from voiceslot_tui.core.batch_progress import Pace
from voiceslot_tui.core.batch_words import (
    message_words,
    what_cancelling_does,
    what_retrying_does,
)
from voiceslot_tui.core.batches import BATCH_LIVES, Watch
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.follow_ups import FollowUpState

S = FollowUpState
LOOK = RowLook(NOW, masked=False, zone=UTC)
HOSTILE = "\x1b]52;c;YQ==\x07 \x9b31m [@click=app.bell]x[/] \u202e \ud800 \u200b"


def cell(title: str, **fields: object) -> str:
    row = make_batch(1, **fields)  # type: ignore[arg-type]
    return str(batch_cells(row)[[one.title for one in BATCH_COLUMNS].index(title)].text)  # type: ignore[arg-type]


def harmless(text: str) -> bool:
    return not {unicodedata.category(one) for one in text} & {"Cc", "Cs"} and "\u202e" not in text


# --- batches


def test_every_status_of_a_batch_that_we_know_has_a_word_that_fits() -> None:
    assert set(BATCH_STATES) == set(BATCH_LIVES)
    assert all(len(span.text) <= BATCH_COLUMNS[0].width for span in BATCH_STATES.values())


def test_a_status_that_we_do_not_know_is_shown_as_it_came() -> None:
    assert batch_state("of_tomorrow").text == "of_tomorrow"
    assert cell("state", status="of_tomorrow") == "of_tomorrow"
    assert recipient_cells(make_recipient(1, status="of_tomorrow"), LOOK)[2].text == "of_tomorrow"


@pytest.mark.parametrize("cells", [27, 29, 49, 67, 107, 187])
def test_state_name_and_progress_are_shown_at_every_width(cells: int) -> None:
    assert {"state", "name", "done"} <= {
        BATCH_COLUMNS[one.index].title for one in placed(BATCH_COLUMNS, cells)
    }
    assert {"name", "status"} <= {
        RECIPIENT_COLUMNS[one.index].title for one in placed(RECIPIENT_COLUMNS, cells)
    }


@pytest.mark.parametrize(
    ("done", "total", "written", "drawn"),
    [
        (0, 0, "0/0", "········"),
        (0, 300, "0/300", "········"),
        (150, 300, "150/300", "████····"),
        (299, 300, "299/300", "███████·"),
        (300, 300, "300/300", "████████"),
        (301, 300, "301/300", "████████"),
        (9_999, 12_000, "9999/12k", "██████··"),
    ],
)
def test_progress_is_written_and_drawn(done: int, total: int, written: str, drawn: str) -> None:
    view = make_batch(1, done=done, total=total).view
    assert (progress(view), bar(view)) == (written, drawn)


@pytest.mark.parametrize(
    ("pace", "rate", "left"),
    [
        (Pace(), "-", "-"),
        (Pace(0.0, None), "0.0", "-"),
        (Pace(1.25, 30.0), "1.2", "30s"),
        (Pace(1_200.0, 7_200.0), "1,200", "2h"),
    ],
)
def test_pace_and_time_left_are_told_where_they_can_be(pace: Pace, rate: str, left: str) -> None:
    assert per_minute(make_batch(1, pace=pace).view) == rate
    assert cell("left", pace=pace) == left


def test_messages_are_counted_as_an_operator_thinks_of_them() -> None:
    states = {
        S.ACCEPTED: 1,
        S.SENT: 2,
        S.DELIVERED: 3,
        S.READ: 4,
        S.FAILED: 5,
        S.BLOCKED: 6,
        S.AMBIGUOUS: 7,
        S.DUE: 8,
        S.SENDING: 1,
        S.SKIPPED: 1000,
    }
    said = message_words(BatchFigures("b", follow_ups=states))
    assert said == "10 sent, 5 failed, 6 blocked, 7 ambiguous, 9 due"
    assert message_words(BatchFigures("b")) == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "100 sent, 2 failed"),
        ({"unreadable": 1}, "! 1 recipient not readable"),
        ({"error": "HTTP 503", "failures": 1}, "! not read: HTTP 503"),
        ({"error": "HTTP 503", "failures": 3}, "! not read (3 times in a row): HTTP 503"),
    ],
)
def test_trouble_stands_in_the_place_of_the_messages(fields: dict[str, object], said: str) -> None:
    assert cell("messages", **fields) == said


def test_those_under_way_stand_first_and_then_the_newest() -> None:
    rows = [
        WatchedBatch(1, make_batch(5, watch=Watch.TOUCHED)),
        WatchedBatch(2, make_batch(3)),
        WatchedBatch(3, make_batch(4)),
    ]
    assert [row.id for row in sorted(rows, key=lambda row: row.key)] == [3, 2, 1]


@pytest.mark.parametrize(
    ("reach", "places", "more"),
    [
        (Reach(2), [0, 1], True),
        (Reach(9), [0, 1, 2, 3, 4], False),
        (Reach(2, (1, 0, 0, 0)), [2, 3], True),
        (Reach(2, (1, 0, 0, 0), inclusive=True), [1, 2], True),
        (Reach(2, backwards=True), [3, 4], True),
        (Reach(2, (2, 0, 0, 0), backwards=True), [0, 1], False),
        (Reach(2, (2, 0, 0, 0), backwards=True, inclusive=True), [1, 2], True),
    ],
)
def test_a_short_list_is_cut_into_pages(reach: Reach, places: list[int], more: bool) -> None:
    rows = [PlacedRecipient(place, make_recipient(place)) for place in range(5)]
    page = part_of(rows, reach)
    assert ([row.id for row in page.rows], page.more) == (places, more)


# --- the watching


def test_the_note_says_whether_how_often_and_when() -> None:
    assert note(CHECKS, NOW) == "every 15 s  checked <1m ago in 0.3 s"
    stopped = replace(CHECKS, watching=False, last_at=None, interval_s=2.5)
    assert note(stopped, NOW) == "NOT WATCHED  not checked yet"
    assert note(replace(stopped, watching=True), NOW) == "every 2.5 s  not checked yet"


def test_nothing_is_said_above_the_rows_where_all_is_well() -> None:
    assert status_lines(CHECKS, [make_batch(1)], 80) == []
    checks = replace(CHECKS, watching=False, error="HTTP 401")
    lines = status_lines(checks, [make_batch(1, unreadable=2)], 200)
    assert [words(line.spans)[:28] for line in lines] == [
        "! the batches are not watche",
        "! the last check failed in p",
        "! Batch 1 2 recipients not r",
    ]


# --- what an act would do


def test_an_act_says_whom_it_is_about_or_that_nobody_knows() -> None:
    read = make_batch(1).view
    assert what_cancelling_does(read).startswith("170 of 300 recipients not called yet")
    assert what_retrying_does(read).startswith("7 of 300 recipients failed")
    unread = make_batch(1, read_at=None, statuses={}).view
    assert "not known" in what_cancelling_does(unread)
    assert "not known" in what_retrying_does(unread)


# --- recipients


def test_a_recipient_has_number_status_conversation_and_what_became_of_their_message() -> None:
    message = make_message(1, state=S.FAILED, code=63003)
    shown = [span.text for span in recipient_cells(make_recipient(1, follow_up=message), LOOK)]
    assert shown[:5] == ["+44 770 090 00 01", "Person 1", "completed", "4m", "conv_1"]
    assert shown[5:7] == ["✗", "failed"]
    assert shown[7].startswith("63003 the person is not on WhatsApp")
    masked = replace(LOOK, masked=True)
    assert recipient_cells(make_recipient(1), masked)[0].text == "+44•••0001"


def test_a_recipient_without_a_message_or_a_moment_is_told_so() -> None:
    shown = recipient_cells(make_recipient(1, updated_at=None), LOOK)
    assert shown[3].text == "-"
    assert (shown[-1].text, shown[-1].tone) == ("no message", Tone.DIM)


def test_the_title_says_whose_recipients_these_are() -> None:
    assert recipients_note(None, "", 0) == ""
    assert recipients_note(make_batch(1), "", 0) == "Batch 1  running"
    said = recipients_note(make_batch(1), "ana", 1_200)
    assert said == "Batch 1  running  /ana  1,200 not readable"


def test_foreign_words_are_only_text() -> None:
    row = make_batch(1, status=HOSTILE, error=HOSTILE)
    view = replace(row.view, batch=replace(row.view.batch, name=HOSTILE))
    row = type(row)(view, row.figures)
    person = make_recipient(
        1, name=HOSTILE, number=HOSTILE, status=HOSTILE, conversation_id=HOSTILE
    )
    shown = [*batch_cells(row), *recipient_cells(person, LOOK)]
    assert all(harmless(span.text) for span in shown)
    lines = status_lines(replace(CHECKS, error=HOSTILE), [row], 60)
    assert all(harmless(words(line.spans)) for line in lines)
    assert harmless(what_cancelling_does(view))


# --- the filter line of recipients


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("", RecipientSearch()),
        ("ana 313", RecipientSearch("ana 313", "", ("ana", "313"))),
        ("status:failed", RecipientSearch("status:failed", "failed")),
        ("STATUS:of_tomorrow x", RecipientSearch("STATUS:of_tomorrow x", "of_tomorrow", ("x",))),
        ('"code:1"', RecipientSearch('"code:1"', "", ("code:1",))),
        ('"status:x"', RecipientSearch('"status:x"', "", ("status:x",))),
    ],
)
def test_a_line_names_a_status_and_words(text: str, search: RecipientSearch) -> None:
    assert parse(text) == search


@pytest.mark.parametrize("text", ["!ana", "code:1", "status:", "status:a status:b"])
def test_a_line_that_cannot_be_followed_says_why(text: str) -> None:
    assert isinstance(parse(text), BadFilter)


def test_a_line_can_be_completed() -> None:
    assert completions("ana st") == ("ana status:",)
    assert completions("status:vo") == ("status:voicemail",)
    assert completions("code:1") == ()
