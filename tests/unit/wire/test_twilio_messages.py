"""What a send was answered, and what was sent, in our words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.rest.api.v2010.account.message import MessageInstance  # type: ignore[import-untyped]

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.facts import Source
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    MessageNews,
    MessageRefused,
    MessageTaken,
    MessageUnanswered,
)
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.wire.twilio_messages import (
    DELIVERIES,
    address_of,
    candidates,
    delivery_of,
    instant_of,
    message_sid,
    read_message,
    read_messages,
    read_send_answer,
    refusal,
)

TRY = TryId("try_1")
SID = MessageSid("SM" + "0" * 32)


def body(**changed: object) -> dict[str, object]:
    return {
        "sid": SID,
        "status": "queued",
        "to": "whatsapp:+12025550123",
        "from": "whatsapp:+14155238886",
        "direction": "outbound-api",
        "date_created": "Thu, 24 Sep 2026 10:00:00 -0500",
        "error_code": None,
        "body": "Hola",
        **changed,
    }


def raw(**changed: object) -> bytes:
    return json.dumps(body(**changed)).encode()


def test_every_status_that_the_sdk_knows_is_known() -> None:
    words = {word for name, word in vars(MessageInstance.Status).items() if name.isupper()}
    assert "undelivered" in words
    assert words - {"receiving", "received"} == set(DELIVERIES)


@pytest.mark.parametrize("odd", ["", "DELIVERED", "paused", None, 7, []])
def test_a_new_word_is_neither_delivery_nor_failure(odd: object) -> None:
    assert delivery_of(odd) is None
    assert read_message(raw(status=odd)).news() is None


def test_a_message_is_read() -> None:
    read = read_message(raw())
    assert (read.sid, read.delivery, read.to) == (SID, Delivery.ACCEPTED, "whatsapp:+12025550123")
    assert read.created_at == Instant(1_790_262_000_000)
    assert read.ours
    assert not read_message(raw(direction="inbound")).ours
    assert read.news() == MessageNews(Delivery.ACCEPTED, None, SID, source=Source.POLL)


def test_a_failed_message_says_why() -> None:
    news = read_message(raw(status="undelivered", error_code=63016)).news()
    assert news is not None
    assert (news.delivery, news.failure, news.code) == (
        Delivery.FAILED,
        Failure.OUTSIDE_WINDOW,
        63016,
    )
    assert "24 hours" in news.detail
    unsaid = read_message(raw(status="failed")).news()
    assert unsaid is not None
    assert unsaid.failure is Failure.FINAL


@pytest.mark.parametrize("date", [None, "", "yesterday", 5, "2026-09-24T10:00:00Z", "9" * 99])
def test_a_date_that_is_none_is_not_known(date: object) -> None:
    assert read_message(raw(date_created=date)).created_at is None


@pytest.mark.parametrize(
    "answer",
    [b"", b"{}", b"[]", b"<html>", b'{"sid": ""}', b'{"sid": 5}', b'{"sid": "x"}', b"\xff"],
)
def test_an_answer_without_an_id_proves_nothing(answer: bytes) -> None:
    with pytest.raises(ReadFailed):
        read_message(answer)
    assert isinstance(read_send_answer(TRY, 201, answer), MessageUnanswered)


def test_an_answer_with_an_id_proves_that_it_was_taken() -> None:
    assert read_send_answer(TRY, 201, raw()) == MessageTaken(TRY, SID)


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, 21211, Failure.NOT_ON_CHANNEL),
        (400, 21610, Failure.OPTED_OUT),
        (400, 21656, Failure.CONTENT),
        (400, 99999, Failure.FINAL),
        (401, 20003, Failure.ACCOUNT),
        (429, 20429, Failure.NOT_SENT),
        (429, 63018, Failure.NOT_SENT),
    ],
)
def test_a_refusal_with_a_code_is_certain(status: int, code: int, failure: Failure) -> None:
    error = json.dumps({"code": code, "message": "so\x1b[31m", "status": status}).encode()
    answer = read_send_answer(TRY, status, error, retry_after_s=3.0)
    assert isinstance(answer, MessageRefused)
    assert (answer.failure, answer.code, answer.retry_after_s) == (failure, code, 3.0)
    assert "\x1b" not in answer.detail


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, b"<html>"),
        (400, b"{}"),
        (403, b'{"code": null}'),
        (408, b'{"code": 20003}'),
        (429, b"slow down"),
        (500, b'{"code": 20500}'),
        (503, b"<html>"),
        (307, b""),
        (201, b"<html>"),
    ],
)
def test_all_else_proves_nothing(status: int, answer: bytes) -> None:
    assert isinstance(read_send_answer(TRY, status, answer), MessageUnanswered)


def test_the_status_that_the_sdk_puts_for_a_code_is_none() -> None:
    assert isinstance(refusal(TRY, 404, 404), MessageUnanswered)
    assert isinstance(refusal(TRY, 404, 20404), MessageRefused)


def test_a_list_is_read_whatever_stands_in_it() -> None:
    page = {"messages": [body(), {"sid": None}, body(sid="MM" + "1" * 32)], "next_page_uri": "/n"}
    messages, following = read_messages(json.dumps(page).encode())
    assert [one.sid for one in messages] == [SID, "MM" + "1" * 32]
    assert following == "/n"
    assert read_messages(b'{"messages": []}') == ((), None)


@pytest.mark.parametrize("answer", [b"{}", b"[]", b"<html>", b'{"messages": {}}', b"[" * 99_999])
def test_what_is_no_list_is_not_read(answer: bytes) -> None:
    with pytest.raises(ReadFailed):
        read_messages(answer)


EARLIEST = "Thu, 24 Sep 2026 14:59:00 +0000"
LATEST = "Thu, 24 Sep 2026 10:01:45 -0500"


@pytest.mark.parametrize(
    ("changed", "found", "other_time"),
    [
        ({"date_created": "Wed, 23 Sep 2026 14:59:00 +0000"}, False, False),
        ({"date_created": "Wed, 23 Sep 2026 14:59:01 +0000"}, False, True),
        ({"date_created": "Thu, 24 Sep 2026 14:58:59 +0000"}, False, True),
        ({"date_created": EARLIEST}, True, False),
        ({}, True, False),
        ({"date_created": LATEST}, True, False),
        ({"date_created": "Thu, 24 Sep 2026 10:01:46 -0500"}, False, True),
        ({"date_created": None}, True, False),
        ({"date_created": "long ago"}, True, False),
        ({"direction": "inbound"}, False, False),
        ({"direction": "inbound", "date_created": None}, False, False),
        (
            {"direction": "inbound", "date_created": "Thu, 24 Sep 2026 14:58:59 +0000"},
            False,
            False,
        ),
    ],
)
def test_candidates_are_ours_and_made_while_the_request_was_under_way(
    changed: dict[str, object], found: bool, other_time: bool
) -> None:
    earliest, latest = instant_of(EARLIEST), instant_of(LATEST)
    assert earliest is not None
    assert latest is not None
    listing = candidates([read_message(raw(**changed))], earliest=earliest, latest=latest)
    assert listing == Listing((SID,) * found, (SID,) * other_time)


def test_addresses_and_ids() -> None:
    assert address_of(Channel.WHATSAPP, "+12025550123") == "whatsapp:+12025550123"
    assert address_of(Channel.SMS, "+12025550123") == "+12025550123"
    assert message_sid("CA" + "0" * 32) is None
    assert message_sid(None) is None


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_answer_has_a_meaning(answer: bytes, status: int) -> None:
    given = read_send_answer(TRY, status, answer)
    assert isinstance(given, MessageTaken | MessageRefused | MessageUnanswered)
