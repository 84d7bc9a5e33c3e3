"""What people write, from Twilio's list: judged as from its webhook, and spoilt by no row in it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.wire.twilio_inbound import Inbound, InboundPage, read_inbound
from voiceslot_tui.wire.twilio_webhook import read_webhook

SID = "SM" + "0" * 32
PERSON = "+12025550110"
AT = Instant(1_790_262_000_000)


def row(**changed: object) -> dict[str, object]:
    return {
        "sid": SID,
        "status": "received",
        "direction": "inbound",
        "from": f"whatsapp:{PERSON}",
        "to": "whatsapp:+12025550170",
        "date_created": "Thu, 24 Sep 2026 10:00:00 -0500",
        "date_sent": "Thu, 24 Sep 2026 15:00:00 +0000",
        "body": "Hola",
        **changed,
    }


def page(*rows: object, **others: object) -> bytes:
    return json.dumps({"messages": list(rows), **others}).encode()


def only(body: bytes) -> Inbound:
    (found,) = read_inbound(body).messages
    return found


@pytest.mark.parametrize(
    ("text", "wants_out"),
    [("STOP", True), (" Baja. ", True), ("no, gracias", True), ("Hola", False)],
)
@pytest.mark.parametrize("prefix", ["whatsapp:", ""])
def test_both_roads_judge_alike(text: str, wants_out: bool, prefix: str) -> None:
    listed = only(page(row(body=text, **{"from": prefix + PERSON})))
    form = {"MessageSid": SID, "From": prefix + PERSON, "Body": text, "SmsStatus": "received"}
    told = read_webhook(form.items())
    assert isinstance(told, Inbound)
    channel = Channel.WHATSAPP if prefix else Channel.SMS
    assert (
        listed.wrote(AT) == told.wrote(AT) == PersonWrote(told.sid, channel, PERSON, AT, wants_out)
    )
    assert listed.matters == told.matters == (wants_out or channel is Channel.WHATSAPP)
    assert listed.dated == AT


@pytest.mark.parametrize("prefix", ["whatsapp:", ""])
def test_a_mexican_is_heard_by_the_number_that_whatsapp_gives_them(prefix: str) -> None:
    sender = f"{prefix}+5215500000001"
    listed = only(page(row(body="Baja", **{"from": sender})))
    told = read_webhook({"MessageSid": SID, "From": sender, "Body": "Baja"}.items())
    assert isinstance(told, Inbound)
    assert listed.number == told.number == "+525500000001"
    assert listed.wants_out
    assert told.wants_out


@pytest.mark.parametrize(
    "strange",
    [
        5,
        None,
        "a row",
        [],
        {},
        row(sid=None),
        row(sid="SM1"),
        row(sid="CA" + "0" * 32),
        row(direction="outbound-api"),
        row(direction=None),
        row(direction=["inbound"]),
        row(**{"from": None}),
        row(**{"from": "whatsapp:nobody"}),
        row(**{"from": {"a": 1}}),
        row(date_created=None, date_sent=None),
        row(date_created="yesterday", date_sent=17),
    ],
    ids=str,
)
def test_a_strange_row_is_passed_over_and_spoils_no_other(strange: object) -> None:
    found = read_inbound(page(strange, row(body="STOP"), strange))
    assert [message.wants_out for message in found.messages] == [True]


@pytest.mark.parametrize("text", [None, 5, ["STOP"], {"STOP": 1}, "x" * 100_000])
def test_a_strange_text_is_no_stop(text: object) -> None:
    assert not only(page(row(body=text))).wants_out


def test_half_a_character_does_not_make_the_list_unreadable() -> None:
    raw = page(row(body="half"), row(body="STOP")).replace(b'"half"', b'"half \\ud83d"')
    assert [one.wants_out for one in read_inbound(raw).messages] == [False, True]
    raw = page(row(body="half"), row(body="STOP")).replace(b'"half"', b'"half \xf0\x9f"')
    assert [one.wants_out for one in read_inbound(raw).messages] == [False, True]


@pytest.mark.parametrize("sender", ["whatsapp:nobody", "whatsapp:US.1234567890", "", None])
def test_a_stop_of_which_no_number_is_told_is_not_passed_over(sender: str | None) -> None:
    found = only(page(row(body="STOP", **{"from": sender})))
    assert (found.number, found.wants_out, found.matters) == ("", True, True)


def test_a_stop_without_a_date_is_heard() -> None:
    found = only(page(row(body="STOP", date_created=None, date_sent="")))
    assert found.wants_out
    assert found.dated is None
    assert only(page(row(date_created=None))).dated == AT


def test_what_people_are_called_and_write_is_cleaned() -> None:
    assert "\x1b" not in only(page(row(body="\x1b[2J"))).body


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"5", b"{}", b'{"messages": {}}', b'{"messages"', b"[" * 100_000],
)
def test_what_is_no_list_is_not_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(ReadFailed):
        read_inbound(body)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nothing_else_is_raised(body: bytes) -> None:
    try:
        read_inbound(body)
    except ReadFailed:
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(row())), inner),
        max_leaves=20,
    )
)
def test_no_row_is_fatal(strange: object) -> None:
    assert only(page(strange if strange != row() else 5, row(body="STOP"))).wants_out


@pytest.mark.parametrize(
    ("uri", "read"), [("/2010-04-01/x?Page=1", "/2010-04-01/x?Page=1"), (None, ""), (5, "")]
)
def test_where_the_next_page_is(uri: object, read: str) -> None:
    assert read_inbound(page(next_page_uri=uri)).next_page == read


@pytest.mark.parametrize(
    ("ages_s", "ends"),
    [
        pytest.param((), False, id="a page that tells nothing"),
        pytest.param((0, 30), False, id="all is new"),
        pytest.param((0, 30, 500), True, id="the last is older"),
        pytest.param((500, 700), True, id="all are older"),
        pytest.param((0, 30, 110), False, id="but not by much"),
        pytest.param((500, 30, 0), False, id="the oldest comes first"),
        pytest.param((600, 550, 500, 450, 400), False, id="the oldest comes first, all old"),
        pytest.param((0, 600, 10, 700), False, id="in no order"),
        pytest.param((0, 600, 590, 700), True, id="nearly in order"),
    ],
)
def test_a_page_is_the_last_only_where_its_order_says_so(
    ages_s: tuple[float, ...], ends: bool
) -> None:
    dates = tuple(later(AT, -age_s) for age_s in ages_s)
    assert InboundPage((), dates, "more").ends_before(later(AT, -100)) is ends


def test_a_list_reaches_as_far_as_its_newest_message_whoever_wrote_it() -> None:
    ours = row(direction="outbound-api", date_created="Thu, 24 Sep 2026 16:00:00 +0000")
    older = row(date_created="Thu, 24 Sep 2026 14:00:00 +0000")
    assert read_inbound(page(older, row(), older)).newest == AT
    assert read_inbound(page(older, ours, row())).newest == later(AT, 3600)
    assert read_inbound(page(row(date_created=None, date_sent=None))).newest is None
