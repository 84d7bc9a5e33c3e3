"""From snapshots to words: header, slots pane, rows, journal, detail, at every width."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console.fake_link import NOW, key_of, make_call, make_snapshot
from voiceslot_tui.console import formats, header_presenter, slots_presenter
from voiceslot_tui.console.details import DetailLook, detail_lines
from voiceslot_tui.console.phrases import cut, phrase, width, words, wrapped
from voiceslot_tui.console.rows import COLUMNS, RowLook, cells
from voiceslot_tui.console.stories import KINDS, event_line
from voiceslot_tui.console.view import View
from voiceslot_tui.console.widgets.cells import Line
from voiceslot_tui.console.wording import DISPOSITIONS, HOLDS, STATES
from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
    AttemptState,
    Call,
    CallId,
    CallState,
    ConversationId,
    Disposition,
    Hold,
    Instant,
)
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_ups import FollowUpStep
from voiceslot_tui.core.pages import CallDetail, JournalEntry, PageRow
from voiceslot_tui.core.snapshot import EngineState, Health, Idle, ServiceHealth, Slots, Snapshot
from voiceslot_tui.follow_up_ports import BatchChange

WIDTHS = (1, 10, 40, 80, 120, 200)
HOSTILE = "\x1b]52;c;YQ==\x07 \x9b31m [@click=app.bell]x[/] \u202e \ud800 \u200b"


def seen(snapshot: Snapshot | None = None) -> View:
    return View(demo=True).connected("ana", NOW).told(snapshot or make_snapshot(), NOW)


def header(view: View, cells: int = 200, at: Instant = NOW) -> str:
    return words(header_presenter.header(view, at, cells, UTC).spans)


def slots(view: View, cells: int = 78) -> str:
    return text_of(slots_presenter.slots_lines(view, NOW, cells, UTC))


def text_of(lines: tuple[Line, ...] | list[Line]) -> str:
    return "\n".join(words(line.spans) for line in lines)


def after(seconds: float) -> Instant:
    return Instant(NOW + int(seconds * 1000))


# --- the header


def test_the_header_says_it_all_at_80_columns() -> None:
    assert header(seen(), 80).strip().split("  ") == [
        "demo",
        " ● live",
        "RUNNING",
        "████▒▒····",
        "4+2/10",
        "queue 3",
        "no webhook yet",
        "02:40",
    ]


def test_a_pause_names_who_and_how_long() -> None:
    paused = make_snapshot(
        engine=EngineState.PAUSED, paused_by="ana", paused_at=Instant(NOW - 300_000)
    )
    assert "PAUSED by ana 5m" in header(seen(paused), 80)


def test_a_lost_engine_is_said_with_how_often_it_was_tried_and_how_old_the_picture_is() -> None:
    gone = seen().lost("the engine is gone", 3)
    shown = header(gone, 200, after(12))
    assert "engine gone - reconnecting (3)" in shown
    assert "stale 10s" in shown
    assert "was RUNNING" in shown
    assert "● live" not in shown
    narrow = header(gone, 80, after(12))
    assert "engine gone - reconnecting (3)" in narrow
    assert "queue 3" in narrow


def test_an_engine_that_cannot_look_is_not_live_and_its_figures_are_old() -> None:
    blind = seen().blind(20.0, after(30))
    assert "the engine cannot read its database" in header(blind, 200, after(30))
    shown = header(blind, 200, after(30))
    assert "stale 20s" in shown
    assert "● live" not in shown
    told = slots(blind)
    assert told.startswith("The engine cannot read its database now")
    assert "voiceslot serve" not in told
    again = blind.blind(0, after(31))
    assert "● live" in header(again, 200, after(31))
    assert again.current


def test_an_engine_that_never_answered_is_waited_for() -> None:
    assert "waiting for the engine (2)" in header(View().lost("no engine", 2), 80)
    assert "no engine" in slots(View().lost("no engine", 2))


@pytest.mark.parametrize("demo", [True, False])
def test_the_tag_tells_a_demo_from_production(demo: bool) -> None:
    view = View().connected("ana", NOW).told(make_snapshot(demo=demo), NOW)
    assert header(view).startswith(" demo " if demo else " prod ")


def test_alarms_come_before_the_bar() -> None:
    failing = ServiceHealth("reconciler", Health.FAILING, NOW, 3, "no answer")
    snapshot = make_snapshot(services=(failing,), breaker_open=True)
    assert "! reconciler failing" in header(seen(snapshot), 80)
    assert "! breaker open" in header(seen(snapshot), 120)


@pytest.mark.parametrize("cells", WIDTHS)
@pytest.mark.parametrize("view", [View(), seen(), seen().lost("x", 12)], ids=["new", "on", "gone"])
def test_the_header_never_overflows(view: View, cells: int) -> None:
    assert width(header_presenter.header(view, after(99), cells, UTC).spans) <= cells
    assert width(header_presenter.summary(view, cells).spans) <= cells


def test_nothing_ticks_while_nothing_happens() -> None:
    view = seen()
    assert header(view, 200, after(50)) == header(view, 200, NOW)
    assert slots_presenter.slots_lines(view, after(50), 78, UTC) == slots_presenter.slots_lines(
        view, NOW, 78, UTC
    )


# --- the bar


@pytest.mark.parametrize(
    ("slots", "drawn"),
    [
        (Slots(10, 10, live=4, dialing=2), "████▒▒····"),
        (Slots(10, 10), "··········"),
        (Slots(5, 5, live=5), "█████"),
        (Slots(10, 4, live=10), "██████████"),
        (Slots(100, 100, live=1, dialing=1), "█▒········"),
        (Slots(10, 10, live=3, foreign=2, reserve=1), "███▚▚╳····"),
    ],
)
def test_the_bar_shows_who_uses_the_slots(slots: Slots, drawn: str) -> None:
    assert words(header_presenter.bar(slots, 10)) == drawn


@given(
    st.builds(
        Slots,
        limit=st.integers(1, 10_000),
        effective=st.integers(1, 10_000),
        reserve=st.integers(0, 100),
        dialing=st.integers(0, 10_000),
        live=st.integers(0, 10_000),
        foreign=st.integers(0, 10_000),
    ),
    st.integers(4, 40),
)
def test_the_bar_never_overflows(slots: Slots, cells: int) -> None:
    assert width(header_presenter.bar(slots, cells)) <= cells


# --- the slots pane


def test_why_nothing_starts_comes_right_after_the_bar() -> None:
    reasons = (
        Idle(Hold.READING_STALE, "the last reading is 40 s old"),
        Idle(Hold.ENGINE_PAUSED, "the engine is paused"),
    )
    lines = slots(seen(make_snapshot(idle=reasons))).splitlines()
    assert lines[1] == "Not dialling: the last reading is 40 s old"
    assert "also: the engine is paused" in lines[2]


def test_full_slots_are_no_alarm() -> None:
    full = make_snapshot(idle=(Idle(Hold.NO_SLOT, "every slot is in use: 5 ours of 5"),))
    assert "Waiting: every slot is in use: 5 ours of 5" in slots(seen(full))


def test_a_lowered_limit_drains_and_hangs_nothing_up() -> None:
    over = make_snapshot(slots=Slots(4, 4, live=10), limit_set_by="ana")
    shown = slots(seen(over))
    assert "over by 6 - draining; nothing is hung up" in shown
    assert "limit 4, set by ana" in shown


def test_a_limit_lowered_by_refusals_says_so() -> None:
    assert "limit 10; 8 in use after refusals" in slots(seen(make_snapshot(slots=Slots(10, 8))))


def test_every_user_of_slots_is_counted() -> None:
    shown = slots(
        seen(
            make_snapshot(
                slots=Slots(
                    30,
                    30,
                    reserve=7,
                    dialing=2,
                    uncertain=3,
                    live=9,
                    ringing=4,
                    unknown_holding=1,
                    foreign=6,
                    free=2,
                )
            )
        )
    )
    for part in (
        "in call 5",
        "ringing 4",
        "dialling 2",
        "uncertain 3",
        "unknown 1",
        "foreign 6",
        "reserve 7",
        "free 2",
    ):
        assert part in shown


def test_reading_queue_outcomes_and_troubles_are_said() -> None:
    snapshot = make_snapshot(
        slots=Slots(10, 10, strategy="live_count", reading_age_s=12.0, reading_bound_s=15.0),
        calls={CallState.QUEUED: 5, CallState.ENDED: 9},
        holds={Hold.PARKED: 2, Hold.RETRY_WAIT: 1},
        dispositions={Disposition.ANSWERED: 7},
        services=(ServiceHealth("dispatcher", Health.FAILING, NOW, 2, "boom"),),
        warnings=("this strategy counts some calls twice",),
        webhook_refused=2,
    )
    shown = slots(seen(snapshot))
    for part in (
        "platform read 10s ago by live_count, too old after 15 s",
        "queue 5   ready 2   parked 2   retry wait 1",
        "ended 9   answered 7",
        "! dispatcher failing for <1m: boom",
        "! this strategy counts some calls twice",
        "! 2 webhooks refused",
    ):
        assert part in shown


@pytest.mark.parametrize("why", ["the engine is gone", "no engine answers at /run/x.sock"])
def test_an_engine_that_is_just_gone_is_not_said_to_be_so_twice(why: str) -> None:
    assert why not in slots(seen().lost(why, 1))
    assert "speaks protocol 2" in slots(seen().lost("the engine speaks protocol 2", 1))


def test_a_lost_engine_leaves_the_last_state_and_its_time() -> None:
    shown = slots(seen().lost("x", 1))
    assert shown.startswith("The engine is gone. This is how it stood at 02:40:00.")
    assert "voiceslot serve" in shown
    assert "4+2 of 10" in shown
    assert "platform read" not in shown


@pytest.mark.parametrize("cells", [10, 36, 78, 190])
def test_no_line_of_the_slots_pane_is_wider_than_the_pane(cells: int) -> None:
    hostile = make_snapshot(
        idle=(Idle(Hold.NO_SLOT, HOSTILE * 4),), paused_by=HOSTILE, warnings=("x" * 500,)
    )
    lines = slots_presenter.slots_lines(seen(hostile), NOW, cells, UTC)
    assert all(width(line.spans) <= cells for line in lines)


# --- rows


def row_of(call: Call, **fields: Instant) -> PageRow:
    return PageRow(key_of(call), call, **fields)


def cell(call: Call, title: str, *, masked: bool = False, **fields: Instant) -> str:
    shown = cells(row_of(call, **fields), RowLook(NOW, masked, UTC))
    return next(
        span.text for column, span in zip(COLUMNS, shown, strict=True) if column.title == title
    )


@pytest.mark.parametrize(
    ("fields", "state", "following"),
    [
        ({}, "· queued", "ready"),
        ({"hold": Hold.PARKED}, "· parked", "parked"),
        ({"hold": Hold.NUMBER_BUSY_ELSEWHERE}, "· held", "nr busy"),
        ({"hold": Hold.RETRY_WAIT, "due_at": after(38)}, "· retry", "40s"),
        ({"hold": Hold.RETRY_WAIT, "due_at": after(7_200)}, "· retry", "04:40"),
        ({"state": CallState.LIVE}, "● live", "-"),
        ({"state": CallState.UNKNOWN, "holding": True}, "? unknown", "holds slot"),
        ({"state": CallState.DIALING, "cancel_wished": True}, "↗ to cancel", "-"),
        (
            {"state": CallState.ENDED, "disposition": Disposition.NO_ANSWER, "ended_at": NOW},
            "✓ ended",
            "no answer",
        ),
    ],
)
def test_a_row_says_where_its_call_stands(
    fields: dict[str, object], state: str, following: str
) -> None:
    call = make_call(1, **fields)
    assert (cell(call, "state"), cell(call, "next")) == (state, following)


def test_a_row_says_how_long() -> None:
    assert cell(make_call(1), "age") == "4m"
    live = make_call(1, state=CallState.LIVE)
    assert cell(live, "age", accepted_at=Instant(NOW - 107_000)) == "1:47"


@pytest.mark.parametrize("words_of", [STATES, HOLDS, DISPOSITIONS], ids=["s", "h", "d"])
def test_every_member_has_its_word(words_of: dict[object, object]) -> None:
    kinds = {CallState: STATES, Hold: HOLDS, Disposition: DISPOSITIONS}
    kind = next(kind for kind, known in kinds.items() if known is words_of)
    assert set(words_of) == set(kind)


def test_the_words_fit_their_columns() -> None:
    assert max(len(word) for word in HOLDS.values()) <= 9
    assert max(len(shown.text) for shown in DISPOSITIONS.values()) <= 9
    assert max(len(shown.text) + 2 for shown in STATES.values()) <= 11


# --- numbers and times


@pytest.mark.parametrize(
    ("number", "shown", "masked"),
    [
        ("+12025550123", "+1 202 555 0123", "+12•••0123"),
        ("+447700900123", "+44 770 090 01 23", "+44•••0123"),
        ("+573135550102", "+57 313 555 01 02", "+57•••0102"),
        ("+35315550123", "+353 155 501 23", "+35•••0123"),
        ("not a number", "not a number", "•••"),
        ("\x1b[31m", "\ufffd[31m", "•••"),
    ],
)
def test_a_number_is_grouped_or_masked(number: str, shown: str, masked: str) -> None:
    assert formats.phone_number(number, masked=False) == shown
    assert formats.phone_number(number, masked=True) == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_grouping_loses_no_digit(number: str) -> None:
    assert formats.phone_number(number, masked=False).replace(" ", "") == number


def test_times_are_local() -> None:
    bogota = timezone(timedelta(hours=-5))
    assert formats.time_of_day(NOW, bogota) == "21:40:00"
    assert formats.short_time(NOW, UTC) == "02:40"


# --- the journal


def entry(kind: str, **fields: object) -> JournalEntry:
    made = JournalEntry(1, NOW, "engine", kind, CallId(7), name="Ana", to_number="+12025550123")
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (entry("dispatched"), "02:40:00 Ana +1 202 555 0123  dialled"),
        (
            entry("cancel", actor="ana (uid 1000)"),
            "02:40:00 Ana +1 202 555 0123  cancelled  by ana (uid 1000)",
        ),
        (
            entry("outcome_known", after="ended", detail="no_answer", actor="platform (poll)"),
            "02:40:00 Ana +1 202 555 0123  ended: no answer",
        ),
        (
            entry("outcome_known", after="queued p0", detail="busy"),
            "02:40:00 Ana +1 202 555 0123  over, to be tried again: busy",
        ),
        (
            entry("reordered", before="queued p0", after="queued p5"),
            "02:40:00 Ana +1 202 555 0123  moved (queued p0 -> queued p5)",
        ),
        (
            entry("follow_ups_paused", call_id=None, actor="ana"),
            "02:40:00 follow-ups paused  by ana",
        ),
        (
            entry("message_not_delivered", call_id=None, follow_up_id=4, detail="no WhatsApp"),
            "02:40:00 Ana +1 202 555 0123  message not delivered: no WhatsApp",
        ),
        (
            entry("message_skipped", follow_up_id=4, detail="not_wanted", actor="messenger (poll)"),
            "02:40:00 Ana +1 202 555 0123  message left out: not wanted",
        ),
        (
            entry("message_delivered", call_id=None, follow_up_id=4, name="", to_number=""),
            "02:40:00 message 4  message delivered",
        ),
        (entry("never_heard_of", call_id=None), "02:40:00 never heard of"),
    ],
)
def test_a_journal_line_is_a_sentence(line: JournalEntry, says: str) -> None:
    assert words(event_line(line, False, UTC).spans) == says


def test_everything_that_happens_to_a_message_has_its_words() -> None:
    kinds = {f"message_{step.replace(' ', '_')}" for step in FollowUpStep}
    kinds |= {f"message_{wish}" for wish in FollowUpWish}
    kinds |= {f"batch_{change}" for change in BatchChange}
    assert kinds <= set(KINDS)


def test_a_masked_journal_names_no_number() -> None:
    assert "0123" in words(event_line(entry("dispatched"), True, UTC).spans)
    assert "202 555" not in words(event_line(entry("dispatched"), True, UTC).spans)


# --- the detail


def test_the_detail_tells_reasons_attempts_history_and_data() -> None:
    attempt = Attempt(
        AttemptId("a"),
        CallId(1),
        1,
        AttemptState.OVER,
        NOW,
        NOW,
        ConversationId("conv_1"),
        disposition=Disposition.ANSWERED,
        talk_s=95,
    )
    detail = CallDetail(make_call(1), b'{"order": {"id": 7}}', (attempt,), (entry("dispatched"),))
    shown = text_of(detail_lines(detail, ("it is parked",), DetailLook(NOW, 76, False, UTC)))
    for part in (
        "Person 1 +44 770 090 00 01",
        "- it is parked",
        "1. 2026-02-02 02:40:00  over  answered  talked 1:35  conv_1",
        "2026-02-02 02:40:00  dialled",
        '    "id": 7',
    ):
        assert part in shown


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"{" * 5000, b'"\\u001b[2J"', b"null", b""])
def test_client_data_of_any_kind_is_shown_as_text(raw: bytes) -> None:
    detail = CallDetail(make_call(1), raw, (), ())
    shown = text_of(detail_lines(detail, (), DetailLook(NOW, 40, False, UTC)))
    assert "\x1b" not in shown


# --- foreign text


@given(st.text(max_size=80), st.integers(1, 60))
def test_foreign_text_is_cleaned_and_cut(text: str, cells_wide: int) -> None:
    shown = words(cut(phrase(text), cells_wide))
    assert width(phrase(shown)) <= cells_wide
    for line in wrapped(text, cells_wide):
        assert width(line.spans) <= cells_wide
        kinds = {unicodedata.category(character) for character in words(line.spans)}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}


def test_no_control_character_gets_into_a_line() -> None:
    call = make_call(1, name=HOSTILE, agent_id=HOSTILE)
    line = entry(HOSTILE, name=HOSTILE, actor=HOSTILE, detail=HOSTILE)
    detail = CallDetail(call, HOSTILE.encode(errors="replace"), (), (line,))
    lines = [
        event_line(line, False, UTC),
        Line(cells(row_of(call), RowLook(NOW, False, UTC))),
        *detail_lines(detail, (HOSTILE,), DetailLook(NOW, 70, False, UTC)),
    ]
    for character in "\x1b\x9b\x07\u202e\ud800\u200b":
        assert all(character not in span.text for line in lines for span in line.spans)
