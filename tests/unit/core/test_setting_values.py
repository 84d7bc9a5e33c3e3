"""How settings are read: the value, or what to write instead, and never what was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import pytest

from voiceslot_tui.core.errors import BadInput, SettingProblem, SettingsInvalid
from voiceslot_tui.core.follow_up_settings import (
    Ambiguous,
    FollowUpSettings,
    contradictions_of_follow_ups,
    read_channels,
)
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.setting_rows import Secret, header_secret, setting
from voiceslot_tui.core.setting_values import (
    WrongValue,
    full_url,
    is_loopback,
    number,
    one_of,
    origin_url,
    shaped,
    status_words,
    whole,
)


def one_to_five(text: str) -> int:
    return whole(1, 5)(text)


def tenth_to_ten(text: str) -> float:
    return number(0.1, 10)(text)


def ambiguous(text: str) -> Ambiguous:
    return one_of(Ambiguous)(text)


def a_sid(text: str) -> str:
    return shaped("HX[0-9]{3}", "HX and three digits")(text)


def row_of(name: str) -> Callable[[str], object]:
    """Give the reader of one setting, as the table has it."""
    (reader,) = [one.metadata["read"] for one in fields(FollowUpSettings) if one.name == name]
    return reader  # type: ignore[no-any-return]


WHATSAPP, SIGNED = row_of("twilio_whatsapp_number"), row_of("follow_up_sender_name")
A_NUMBER, SIXTY = "must be a number like +12025550100", "must be text of at most 60 characters"
RIGHT: list[tuple[Callable[[str], object], str, object]] = [
    (one_to_five, "1", 1),
    (one_to_five, "+5", 5),
    (tenth_to_ten, "0.1", 0.1),
    (tenth_to_ten, "10", 10.0),
    (tenth_to_ten, "0.123456789012", 0.123456789012),
    (ambiguous, "resend", Ambiguous.RESEND),
    (a_sid, "HX123", "HX123"),
    (header_secret, "sk_abc", Secret("sk_abc")),
    (WHATSAPP, "whatsapp:+12025550100", "+12025550100"),
    (WHATSAPP, "+12025550100", "+12025550100"),
    (SIGNED, "n" * 60, "n" * 60),
    (status_words, " in_progress , processing,", ("in_progress", "processing")),
    (read_channels, " SMS,whatsapp,sms", (Channel.SMS, Channel.WHATSAPP)),
    (origin_url, "https://a.example", "https://a.example"),
    (origin_url, "https://a.example:8443/", "https://a.example:8443"),
    (origin_url, "https://a.example:1", "https://a.example:1"),
    (origin_url, "http://127.0.0.1:4000", "http://127.0.0.1:4000"),
    (origin_url, "http://[::1]:4000", "http://[::1]:4000"),
    (full_url, "https://a.example/X", "https://a.example/X"),
    (full_url, "https://a.example/send/", "https://a.example/send/"),
]


@pytest.mark.parametrize(("read", "text", "value"), RIGHT)
def test_what_is_right_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


ONE_TO_FIVE = "must be a whole number from 1 to 5"
TENTH_TO_TEN = "must be a number from 0.1 to 10"
HOLD_OR_RESEND = "must be one of hold, resend"
CHANNELS = "must be of whatsapp, sms, email, separated by commas"
PLAIN = "must be plain ASCII characters without blanks; was it copied whole?"
WORDS = "must be status words in lower case, separated by commas: in_progress"
WHOLE_URL = "must be a whole URL, like https://api.elevenlabs.io"
NO_PATH = "must end after the host and port, without a path"
WHOLE_REQUEST = "must be the full URL of the request, with its path"
NO_MORE = "must have no user name, no question mark and no # part"
ONLY_HTTPS = "must begin with https:// (http:// is only for this machine: 127.0.0.1)"
WRONG: list[tuple[Callable[[str], object], tuple[str, ...], str]] = [
    (one_to_five, ("", "0", "6", "1.5", "a1", "1a", "-1", "١"), ONE_TO_FIVE),
    (tenth_to_ten, ("", "0.09", "10.1", "1.", "1e0", "nan", "a1", "1.5b"), TENTH_TO_TEN),
    (ambiguous, ("", "HOLD", "x"), HOLD_OR_RESEND),
    (ambiguous, ("resent",), f"{HOLD_OR_RESEND}; did you mean resend?"),
    (a_sid, ("", "HX12", "HX1234", "xHX123"), "must be HX and three digits"),
    (WHATSAPP, ("", "12025550100", "+0202555010", "sms:+12025550100"), A_NUMBER),
    (SIGNED, ("", "n" * 61, "a\nb"), SIXTY),
    (status_words, ("", ",", "In_Progress", "a b"), WORDS),
    (read_channels, ("", ",", "42;7"), CHANNELS),
    (read_channels, ("whatsap",), f"{CHANNELS}; did you mean whatsapp?"),
    (origin_url, ("https://[::1", "https://a.example:99999"), "is not a URL"),
    (
        origin_url,
        ("", "a.example", "https://", "https://a.example:0", "https://a.exämple", "https://a b"),
        WHOLE_URL,
    ),
    (origin_url, ("https://a.example/X", "https://a.example/v1/"), NO_PATH),
    (origin_url, ("https://u@a.example", "https://a.example?x", "https://a.example#x"), NO_MORE),
    (origin_url, ("http://a.example", "ftp://127.0.0.1"), ONLY_HTTPS),
    (full_url, ("https://a.example", "https://a.example/", "https://a.example//"), WHOLE_REQUEST),
    (header_secret, ("with blank", "ñ", "a\tb"), PLAIN),
]


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [(read, text, message) for read, texts, message in WRONG for text in texts],
)
def test_what_is_wrong_is_told_with_what_to_write(
    read: Callable[[str], object], text: str, message: str
) -> None:
    with pytest.raises(WrongValue) as wrong:
        read(text)
    assert str(wrong.value) == message


MAIL = {"follow_up_channels": (Channel.EMAIL,), "smtp_host": "h", "smtp_from": "a@example.org"}
NUMBERS = {"twilio_whatsapp_number": "+12025550100", "twilio_sms_number": "+12025550100"}
BOTH = {"follow_up_channels": (Channel.SMS, Channel.WHATSAPP)}
NO_CARRIER = ("TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_NUMBER")
OF_MAIL = ("FOLLOW_UP_CHANNELS", "ALERT_EMAIL")
NO_MAIL = "is missing: mail is to be sent"


@pytest.mark.parametrize(
    ("given", "has_carrier", "wrong"),
    [
        ({}, False, []),
        (MAIL, False, []),
        (NUMBERS | BOTH, True, []),
        ({"twilio_messaging_service_sid": "MG" + "0" * 32} | BOTH, True, []),
        (NUMBERS, False, [(NO_CARRIER, "is missing: whatsapp messages go by a Twilio account")]),
        (
            NUMBERS | BOTH,
            False,
            [(NO_CARRIER, "is missing: sms messages go by a Twilio account")],
        ),
        (
            BOTH,
            True,
            [
                (
                    ("TWILIO_WHATSAPP_NUMBER", "FOLLOW_UP_CHANNELS"),
                    "is missing for whatsapp messages",
                ),
                (("TWILIO_SMS_NUMBER", "FOLLOW_UP_CHANNELS"), "is missing for sms messages"),
            ],
        ),
        (MAIL | {"smtp_host": ""}, False, [(("SMTP_HOST", *OF_MAIL), NO_MAIL)]),
        (MAIL | {"smtp_from": ""}, False, [(("SMTP_FROM", *OF_MAIL), NO_MAIL)]),
        (
            {"alert_email": "a@example.org"},
            False,
            [(("SMTP_HOST", *OF_MAIL), NO_MAIL), (("SMTP_FROM", *OF_MAIL), NO_MAIL)],
        ),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    given: dict[str, Any], has_carrier: bool, wrong: list[tuple[tuple[str, ...], str]]
) -> None:
    settings = FollowUpSettings(**given)
    assert list(contradictions_of_follow_ups(settings, has_carrier=has_carrier)) == wrong


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("::1", True),
        ("localhost", True),
        ("LocalHost.", True),
        ("128.0.0.1", False),
        ("0.0.0.0", False),
        ("X127.0.0.1X", False),
        (".localhost", False),
        ("localhost.example", False),
    ],
)
def test_only_this_machine_is_taken_for_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_row_of_the_table_has_a_default_a_reader_and_a_meaning() -> None:
    @dataclass
    class Table:
        port: int = setting(587, whole(1, 65_535), "its port")

    (row,) = fields(Table)
    assert (Table().port, row.default, row.metadata["meaning"]) == (587, 587, "its port")
    assert row.metadata["read"]("25") == 25


def test_a_secret_shows_whether_it_is_there_and_nothing_else() -> None:
    for shown in (repr(Secret("abc")), str(Secret("abc")), f"{Secret('abc')}"):
        assert shown == "Secret('•••')"
    assert repr(Secret()) == "Secret('')"
    assert (Secret("abc").reveal(), bool(Secret("abc")), bool(Secret())) == ("abc", True, False)


def test_secrets_are_compared_by_what_they_hide() -> None:
    assert Secret("abc") == Secret("abc")
    assert Secret("abc") != Secret("abd")
    assert Secret("abc") != "abc"
    assert len({Secret("abc"), Secret("abc"), Secret("abd")}) == 2


def test_all_that_is_wrong_with_the_settings_is_one_list() -> None:
    problems = (SettingProblem("HTTP_PORT", "is taken"), SettingProblem("SMTP_HOST", "is missing"))
    wrong = SettingsInvalid(problems)
    assert (wrong.problems, wrong.code, wrong.field) == (problems, "settings", "")
    assert str(wrong) == wrong.message == "HTTP_PORT: is taken; SMTP_HOST: is missing"


def test_wrong_input_is_invalid_unless_it_has_a_name_of_its_own() -> None:
    plain, named = BadInput("no"), BadInput("no", field="toNumber", code="number")
    assert (str(plain), plain.message, plain.field, plain.code) == ("no", "no", "", "invalid")
    assert (named.field, named.code) == ("toNumber", "number")
