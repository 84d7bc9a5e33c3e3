"""From messages and their standing to words: rows, what keeps them back, the detail."""

from __future__ import annotations

from datetime import UTC

import pytest

from tests.console.fake_link import make_snapshot
from tests.console.fake_messages import make_message, make_try
from tests.console.still_clock import NOW
from voiceslot_tui.console import header_presenter
from voiceslot_tui.console.details import DetailLook
from voiceslot_tui.console.glyphs import OF_MESSAGE
from voiceslot_tui.console.message_details import message_lines, why_sentences
from voiceslot_tui.console.message_rows import COLUMNS, cells, code_words, id_of, key_of
from voiceslot_tui.console.message_wording import (
    APPROVALS,
    BLOCKS,
    CHANNELS,
    FORMS,
    MESSAGE_STATES,
    SKIPS,
    TRY_STATES,
    UNDER_WAY,
    WAITS,
)
from voiceslot_tui.console.messages_presenter import alarm, note, rows_in, status_lines
from voiceslot_tui.console.phrases import width, words
from voiceslot_tui.console.rows import RowLook
from voiceslot_tui.console.terminal import ASCII_TWINS
from voiceslot_tui.console.view import View
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.columns import placed
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_pages import FollowUpDetail, FollowUpFilter
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpId,
    FollowUpState,
    Form,
    SkipReason,
    TryState,
    WaitReason,
)
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.wire.follow_up_control import ThePreview
from voiceslot_tui.wire.twilio_errors import CODES

S = FollowUpState
LOOK = RowLook(NOW, masked=False, zone=UTC)
SID = "HX" + "0" * 32
HOSTILE = "\x1b]52;c;YQ==\x07 \x9b31m [@click=app.bell]x[/] \u202e \ud800 \u200b"
WHATSAPP = (Channel.WHATSAPP,)
APPROVED = TemplateStanding(SID, Approval.APPROVED)


def why(**fields: object) -> str:
    return str(cells(make_message(1, **fields), LOOK)[-1].text)


def text_of(lines: list[Line] | tuple[Line, ...]) -> str:
    return "\n".join(words(line.spans) for line in lines)


def status(**fields: object) -> str:
    fields = {"channels": WHATSAPP, "template": APPROVED, **fields}
    standing = FollowUpStanding(**fields)  # type: ignore[arg-type]
    return text_of(status_lines(standing, 200))


# --- tables


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (MESSAGE_STATES, FollowUpState),
        (UNDER_WAY, FollowUpState),
        (OF_MESSAGE, FollowUpState),
        (TRY_STATES, TryState),
        (CHANNELS, Channel),
        (FORMS, Form),
        (WAITS, WaitReason),
        (SKIPS, SkipReason),
        (BLOCKS, BlockReason),
        (APPROVALS, Approval),
    ],
)
def test_every_member_has_a_word(table: dict[object, object], members: type) -> None:
    assert set(table) == set(members)


def test_every_sign_of_a_state_has_a_twin_in_ascii_and_fits_its_column() -> None:
    for sign in OF_MESSAGE.values():
        assert all(one.isascii() or one in ASCII_TWINS for one in sign)
        assert len(sign) <= COLUMNS[0].width
    twins = ["".join(ASCII_TWINS.get(one, one) for one in sign) for sign in OF_MESSAGE.values()]
    assert len(set(twins)) == len(set(OF_MESSAGE.values()))


def test_delivered_and_read_differ_in_colour_and_words() -> None:
    delivered, read = (cells(make_message(1, state=one), LOOK) for one in (S.DELIVERED, S.READ))
    assert delivered[0].text == read[0].text == "✓✓"
    assert (delivered[0].tone, read[0].tone) == (Tone.PLAIN, Tone.GOOD)
    assert (delivered[-1].text, read[-1].text) == ("delivered", "read")


# --- rows


@pytest.mark.parametrize("cells_", [25, 27, 29, 49, 67, 107, 187])
def test_sign_name_and_reason_are_shown_at_every_width(cells_: int) -> None:
    shown = {COLUMNS[one.index].title for one in placed(COLUMNS, cells_)}
    assert {"", "name", "why"} <= shown


def test_at_80_columns_the_number_is_shown_and_the_reason_has_room() -> None:
    shown = {COLUMNS[one.index].title: one.width for one in placed(COLUMNS, 69)}
    assert shown["to"] == 17
    assert shown["why"] >= 28


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": S.DUE}, "next in line"),
        ({"state": S.DUE, "due_at": Instant(NOW + 120_000)}, "due 2m"),
        (
            {
                "state": S.DUE,
                "waits_for": WaitReason.QUIET_HOURS,
                "due_at": Instant(NOW + 7_200_000),
            },
            "quiet hours 04:40",
        ),
        ({"state": S.DUE, "waits_for": WaitReason.PAUSED}, "follow-ups are paused"),
        (
            {
                "state": S.DUE,
                "waits_for": WaitReason.RETRY,
                "due_at": Instant(NOW + 600_000),
                "code": 63018,
            },
            "next try 10m: 63018 WhatsApp's rate for this sender or person is used up",
        ),
        ({"state": S.FAILED, "code": 63003}, "63003 the person is not on WhatsApp"),
        ({"state": S.FAILED, "code": 99_999, "detail": "odd"}, "99999 odd"),
        ({"state": S.FAILED, "code": 99_999}, "99999 an error that we do not know"),
        ({"state": S.FAILED, "detail": "no such mailbox"}, "no such mailbox"),
        ({"state": S.FAILED}, "did not arrive"),
        (
            {"state": S.BLOCKED, "blocked_for": BlockReason.NO_TEMPLATE},
            "no template is set",
        ),
        (
            {"state": S.BLOCKED, "blocked_for": BlockReason.TEMPLATE_NOT_APPROVED, "code": 63041},
            "63041 WhatsApp paused the template",
        ),
        (
            {"state": S.SKIPPED, "skipped_for": SkipReason.SUPPRESSED},
            "on the suppression list",
        ),
        ({"state": S.AMBIGUOUS}, "may have been sent; looked for"),
        ({"state": S.SENT}, "not delivered yet"),
    ],
)
def test_a_row_says_why(fields: dict[str, object], said: str) -> None:
    assert why(**fields) == said


def test_numbers_are_masked_also_where_they_stand_for_a_name() -> None:
    message = make_message(1, name="", to_number="+447700900001")
    shown = " ".join(one.text for one in cells(message, RowLook(NOW, masked=True, zone=UTC)))
    assert "7700900" not in shown.replace(" ", "")
    assert shown.count("+44•••0001") == 2


def test_the_newest_message_stands_first() -> None:
    assert key_of(FollowUpId(9)) < key_of(FollowUpId(8))
    assert id_of(key_of(FollowUpId(9))) == 9


# --- what keeps messages back


def test_where_all_is_well_nothing_is_said() -> None:
    assert status() == ""
    assert status(template=TemplateStanding(SID, Approval.UNREADABLE)) == ""
    assert alarm(FollowUpStanding(channels=WHATSAPP)) == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"channels": ()}, "no channel set up: set TWILIO_WHATSAPP_NUMBER"),
        ({"paused": True, "paused_by": "ana"}, "follow-ups paused by ana"),
        ({"trouble": "20003 Twilio refuses us"}, "20003 Twilio refuses us"),
        ({"sandbox": True}, "SANDBOX"),
        ({"template": None}, "set FOLLOW_UP_CONTENT_SID"),
        (
            {"template": TemplateStanding(SID, Approval.REJECTED, "hello", "has a number in it")},
            "template hello was rejected by WhatsApp: has a number in it",
        ),
        ({"template": TemplateStanding(SID, Approval.MISSING)}, f"{SID} does not exist"),
        (
            {"template": TemplateStanding(SID, Approval.APPROVED, "hello", unfit="order")},
            "template hello asks for order",
        ),
    ],
)
def test_what_keeps_messages_back_is_said(fields: dict[str, object], said: str) -> None:
    assert said in status(**fields)


def test_without_whatsapp_no_template_is_missed() -> None:
    assert status(channels=(Channel.SMS,), template=None) == ""
    assert "CONTENT_SID" not in status(sandbox=True, template=None)


def test_the_title_counts_and_shows_what_is_switched() -> None:
    states = {S.DUE: 3, S.SENDING: 1, S.READ: 4, S.SENT: 1, S.FAILED: 2, S.BLOCKED: 1, S.SKIPPED: 9}
    standing = FollowUpStanding(paused=True, sandbox=True, states=states)
    assert note(standing) == "PAUSED  SANDBOX  due 4  sent 5  failed 2  blocked 1"
    assert note(FollowUpStanding()) == ""


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"paused": True}, "messages PAUSED"),
        ({"trouble": "x"}, "! messages held up"),
        ({"states": {S.BLOCKED: 1}}, "! 1 message blocked"),
        ({"states": {S.AMBIGUOUS: 2}}, "2 messages ambiguous"),
        ({"states": {S.FAILED: 2}}, ""),
    ],
)
def test_the_header_says_what_an_operator_should_know(fields: dict[str, object], said: str) -> None:
    standing = FollowUpStanding(**fields)  # type: ignore[arg-type]
    assert words(alarm(standing)) == said
    view = View(demo=True).connected("ana", NOW).told(make_snapshot(follow_ups=standing), NOW)
    assert said in words(header_presenter.header(view, NOW, 200, UTC).spans)


@pytest.mark.parametrize(
    ("where", "count"),
    [
        (FollowUpFilter(), 5),
        (FollowUpFilter(states=frozenset({S.FAILED})), 2),
        (FollowUpFilter(states=frozenset({S.DUE})), 0),
        (FollowUpFilter(code=63016), None),
        (FollowUpFilter(states=frozenset({S.FAILED}), words=("ana",)), None),
    ],
)
def test_rows_are_counted_where_counters_tell(where: FollowUpFilter, count: int | None) -> None:
    assert rows_in(FollowUpStanding(states={S.FAILED: 2, S.READ: 3}), where) == count


@pytest.mark.parametrize("cells_", [1, 10, 27, 36, 80])
def test_nothing_is_wider_than_there_is_room(cells_: int) -> None:
    standing = FollowUpStanding(
        paused=True,
        paused_by=HOSTILE,
        trouble=HOSTILE * 9,
        sandbox=True,
        template=TemplateStanding(SID, Approval.REJECTED, HOSTILE, HOSTILE),
    )
    lines = status_lines(standing, cells_)
    assert lines
    assert all(width(line.spans) <= cells_ for line in lines)


# --- the detail


def detail(cells_: int = 200, masked: bool = False, **fields: object) -> str:
    message = make_message(4, **fields)
    failed = make_try(message, state=TryState.FAILED, code=63003)
    again = make_try(message, 2, channel=Channel.SMS, form=Form.FREE_TEXT, lookups=2)
    history = (JournalEntry(1, NOW, "ana", "retried", detail="why not"),)
    known = FollowUpDetail(message, (failed, again), history)
    preview = ThePreview("Hello Ana,\nwe talked.", SID, '{"1": "Ana"}')
    lines = message_lines(known, preview, DetailLook(NOW, cells_, masked, UTC))
    assert all(width(line.spans) <= cells_ for line in lines)
    return text_of(lines)


@pytest.mark.parametrize("state", list(S))
def test_a_preview_of_what_has_left_us_does_not_say_that_it_would_be_sent(state: S) -> None:
    shown = detail(state=state)
    is_still_to_go = state in (S.BLOCKED, S.DUE, S.FAILED, S.SKIPPED)
    assert ("would be sent as" in shown) is is_still_to_go
    assert ("sent as, written anew" in shown) is not is_still_to_go


def test_the_detail_tells_each_try_with_its_code_and_what_can_be_done() -> None:
    shown = detail(state=S.FAILED, code=63003)
    for part in (
        "✗ failed   message 4   by WhatsApp",
        "call ended 2026-02-02 02:36:00, 4m ago: answered",
        "- it did not arrive",
        "- 63003 the person is not on WhatsApp",
        "- nothing: another channel is tried",
        "1. 2026-02-02 02:39:00  WhatsApp, template  failed 02:40:00",
        "2. 2026-02-02 02:39:00  SMS, free text  delivered",
        "2 look-ups did not show it",
        "Hello Ana,\nwe talked.",
        f"by the template {SID}",
        "summary\nSummary 4",
        "retried: why not  by ana",
    ):
        assert part in shown


def test_the_detail_masks_numbers_and_addresses() -> None:
    shown = detail(masked=True, to_number="+447700900001", email="ana@example.org")
    assert "7700900" not in shown.replace(" ", "")
    assert "ana@example.org" not in shown


@pytest.mark.parametrize("cells_", [1, 20, 36, 80])
def test_hostile_text_in_the_detail_is_text(cells_: int) -> None:
    shown = detail(cells_, name=HOSTILE, summary=HOSTILE, detail=HOSTILE, agent_id=HOSTILE)
    assert not {"\x1b", "\x9b", "\u202e", "\u200b", "\x07"} & set(shown)


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained_in_a_row_and_in_whole(code: int) -> None:
    assert str(code_words(code)) == f"{code} {CODES[code].meaning}"
    assert CODES[code].remedy in why_sentences(make_message(1, state=S.FAILED, code=code))
