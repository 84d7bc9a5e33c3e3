"""Callbacks about messages of ours, and messages of people's."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.facts import Source
from voiceslot_tui.core.follow_up_facts import Delivery, Failure, MessageNews
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.wire.twilio_webhook import Inbound, read_form, read_webhook

SID = MessageSid("SM" + "0" * 32)


def read(reference: str = "", **fields: str) -> MessageNews | Inbound | None:
    return read_webhook(fields.items(), reference)


def test_a_callback_names_the_try_and_the_message() -> None:
    news = read("try_1", MessageSid=SID, MessageStatus="delivered", To="whatsapp:+12025550123")
    assert news == MessageNews(Delivery.DELIVERED, TryId("try_1"), SID, source=Source.WEBHOOK)
    assert read(MessageSid=SID, MessageStatus="read") == MessageNews(Delivery.READ, None, SID)
    assert read("try_1", MessageStatus="sent") == MessageNews(Delivery.SENT, TryId("try_1"))
    assert read(SmsSid=SID, SmsStatus="sent") == MessageNews(Delivery.SENT, None, SID)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("63016", Failure.OUTSIDE_WINDOW),
        ("63003", Failure.NOT_ON_CHANNEL),
        ("63049", Failure.NOT_ON_CHANNEL),
        ("InvalidSandboxRequest", Failure.FINAL),
        ("", Failure.FINAL),
    ],
)
def test_a_failure_says_why(code: str, failure: Failure) -> None:
    news = read(
        MessageSid=SID,
        MessageStatus="undelivered",
        ErrorCode=code,
        To="whatsapp:+12025550123",
        ChannelStatusMessage="not\x1b[2J allowed",
    )
    assert isinstance(news, MessageNews)
    assert (news.delivery, news.failure) == (Delivery.FAILED, failure)
    assert "\x1b" not in news.detail
    assert news.detail.startswith("not")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"MessageStatus": "sent"},
        {"MessageSid": SID, "MessageStatus": "a_new_word"},
        {"MessageSid": "CA1", "MessageStatus": "sent"},
        {"CallSid": "CA" + "0" * 32, "CallStatus": "completed"},
    ],
)
def test_all_else_tells_nothing(fields: dict[str, str]) -> None:
    assert read(**fields) is None
    assert read("a reference with blanks", **fields) is None


def test_what_a_person_writes_is_read() -> None:
    inbound = read(
        MessageSid=SID,
        SmsStatus="received",
        From="whatsapp:+12025550123",
        To="whatsapp:+14155238886",
        Body="BAJA\x1b[2J",
        ProfileName="Ana\u202e",
    )
    assert inbound == Inbound(
        SID, Channel.WHATSAPP, "+12025550123", "BAJA\ufffd[2J", "Ana\ufffd", opt_out=False
    )
    by_sms = read(From="+12025550123", Body="", OptOutType="STOP")
    assert isinstance(by_sms, Inbound)
    assert (by_sms.channel, by_sms.opt_out, by_sms.sid) == (Channel.SMS, True, None)


def test_a_sender_that_is_no_number_is_nobody() -> None:
    inbound = read(From="whatsapp:CO.12345", Body="hola")
    assert isinstance(inbound, Inbound)
    assert inbound.number == ""


def test_empty_fields_are_kept_because_they_are_signed() -> None:
    assert read_form(b"Body=&To=%2B1&To=a+b") == (("Body", ""), ("To", "+1"), ("To", "a b"))
    assert read_form(b"") == ()


def test_a_form_of_too_many_fields_is_refused() -> None:
    assert len(read_form(urlencode([("a", "b")] * 200).encode())) == 200
    with pytest.raises(BadInput):
        read_form(urlencode([("a", "b")] * 201).encode())


@given(st.binary(max_size=300), st.text(max_size=50))
def test_nothing_a_stranger_sends_raises(raw: bytes, reference: str) -> None:
    read_webhook(read_form(raw), reference)
