"""The settings of batches, messages and alerts: every reader, and what contradicts what."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import time
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from voiceslot_tui.core.calls import Disposition
from voiceslot_tui.core.errors import SettingsInvalid
from voiceslot_tui.core.follow_up_settings import Ambiguous, MailSecurity
from voiceslot_tui.core.follow_up_texts import ENGLISH
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.quiet_hours import QuietHours
from voiceslot_tui.follow_up_assembly import texts_of
from voiceslot_tui.settings import Settings, load, table

KEY = {"ELEVENLABS_API_KEY": "not-a-real-platform-key"}
ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "not-a-real-token"}
SERVICE = {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32}
OUR_WHATSAPP = {"TWILIO_WHATSAPP_NUMBER": "whatsapp:+12025550170"}
OUR_SMS = {"TWILIO_SMS_NUMBER": "+12025550171"}
HOST, FROM = {"SMTP_HOST": "mail.example.com"}, {"SMTP_FROM": "calls@example.com"}
CONTENT_SID = "HX" + "0123456789abcdefABCDEF0123456789"


def problems(**environ: str) -> dict[str, str]:
    """Load settings that are wrong; give what is said, by name."""
    with pytest.raises(SettingsInvalid) as refused:
        load({**KEY, **environ})
    return {problem.name: problem.message for problem in refused.value.problems}


def right(**environ: str) -> Settings:
    """Load settings with all that messages of any kind need."""
    return load({**KEY, **ACCOUNT, **OUR_WHATSAPP, **OUR_SMS, **HOST, **FROM, **environ})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("BATCH_POLL_INTERVAL_S", "1", 1.0),
        ("TWILIO_WHATSAPP_NUMBER", "whatsapp:+12025550170", "+12025550170"),
        ("TWILIO_WHATSAPP_NUMBER", "+447700900123", "+447700900123"),
        ("TWILIO_WHATSAPP_NUMBER", " whatsapp:+1202555 ", "+1202555"),
        ("TWILIO_SMS_NUMBER", "+12025550171", "+12025550171"),
        ("TWILIO_MESSAGING_SERVICE_SID", "MG" + "aB" * 16, "MG" + "aB" * 16),
        ("FOLLOW_UP_CHANNELS", "whatsapp", (Channel.WHATSAPP,)),
        ("FOLLOW_UP_CHANNELS", "SMS, WhatsApp,", (Channel.SMS, Channel.WHATSAPP)),
        ("FOLLOW_UP_CHANNELS", "email,sms,email", (Channel.EMAIL, Channel.SMS)),
        ("FOLLOW_UP_CHANNELS", "", ()),
        ("FOLLOW_UP_ON", "none", ()),
        ("FOLLOW_UP_ON", "Busy, answered, busy", (Disposition.BUSY, Disposition.ANSWERED)),
        ("FOLLOW_UP_CONTENT_SID", CONTENT_SID, CONTENT_SID),
        ("FOLLOW_UP_LANGUAGE", "en", "en"),
        ("FOLLOW_UP_SENDER_NAME", "Clínica del Sol", "Clínica del Sol"),
        ("FOLLOW_UP_SENDER_NAME", "x" * 60, "x" * 60),
        ("FOLLOW_UP_QUIET_HOURS", "none", None),
        ("FOLLOW_UP_QUIET_HOURS", "None", None),
        ("FOLLOW_UP_QUIET_HOURS", "22:30-07:15", QuietHours(time(22, 30), time(7, 15))),
        ("FOLLOW_UP_QUIET_HOURS", "", QuietHours(time(21), time(8))),
        ("FOLLOW_UP_PER_DAY", "0", 0),
        ("FOLLOW_UP_TOO_OLD_HOURS", "0.5", 0.5),
        ("FOLLOW_UP_PER_SECOND", "0.33", 0.33),
        ("FOLLOW_UP_AMBIGUOUS", "resend", Ambiguous.RESEND),
        ("SMTP_HOST", "::1", "::1"),
        ("SMTP_PORT", "465", 465),
        ("SMTP_SECURITY", "tls", MailSecurity.TLS),
        ("SMTP_USERNAME", "calls@example.com", "calls@example.com"),
        ("SMTP_FROM", "calls@example.com", "calls@example.com"),
        ("ALERT_EMAIL", "ops@example.com", "ops@example.com"),
        ("ALERT_EMAIL", "a@example.com , b@example.com", "a@example.com , b@example.com"),
    ],
)
def test_what_is_right_is_taken(name: str, text: str, value: object) -> None:
    assert getattr(right(**{name: text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("BATCH_POLL_INTERVAL_S", "0", "from 1 to 3600"),
        ("TWILIO_WHATSAPP_NUMBER", "12025550170", "a number like"),
        ("TWILIO_WHATSAPP_NUMBER", "whatsapp:", "a number like"),
        ("TWILIO_WHATSAPP_NUMBER", "whatsapp:whatsapp:+12025550170", "a number like"),
        ("TWILIO_WHATSAPP_NUMBER", "+1 202 555 0170", "a number like"),
        ("TWILIO_WHATSAPP_NUMBER", "+02025550170", "a number like"),
        ("TWILIO_WHATSAPP_NUMBER", "+1202555017012345", "a number like"),
        ("TWILIO_SMS_NUMBER", "Casa Azul", "a number like"),
        ("TWILIO_MESSAGING_SERVICE_SID", "MG123", "MG and 32 hexadecimal"),
        ("TWILIO_MESSAGING_SERVICE_SID", "AC" + "0" * 32, "MG and 32 hexadecimal"),
        ("FOLLOW_UP_CHANNELS", "whatsap", "did you mean whatsapp?"),
        ("FOLLOW_UP_CHANNELS", "sms;email", "separated by commas"),
        ("FOLLOW_UP_CHANNELS", "none", "must be of"),
        ("FOLLOW_UP_CHANNELS", ",", "must be of"),
        ("FOLLOW_UP_ON", "anwsered", "did you mean answered?"),
        ("FOLLOW_UP_ON", "none,busy", "or none"),
        ("FOLLOW_UP_ON", ",", "or none"),
        ("FOLLOW_UP_CONTENT_SID", "HX123", "HX and 32 hexadecimal"),
        ("FOLLOW_UP_CONTENT_SID", "hx" + "0" * 32, "HX and 32 hexadecimal"),
        ("FOLLOW_UP_CONTENT_SID", "HX" + "g" * 32, "HX and 32 hexadecimal"),
        ("FOLLOW_UP_LANGUAGE", "fr", "es or en"),
        ("FOLLOW_UP_SENDER_NAME", "x" * 61, "at most 60"),
        ("FOLLOW_UP_QUIET_HOURS", "21-8", "21:00-08:00"),
        ("FOLLOW_UP_QUIET_HOURS", "24:00-08:00", "21:00-08:00"),
        ("FOLLOW_UP_QUIET_HOURS", "08:00-08:00", "two different times"),
        ("FOLLOW_UP_QUIET_HOURS", "no", "or none"),
        ("FOLLOW_UP_PER_DAY", "101", "from 0 to 100"),
        ("FOLLOW_UP_PER_DAY", "1.5", "whole number"),
        ("FOLLOW_UP_TOO_OLD_HOURS", "0", "from 0.1"),
        ("FOLLOW_UP_PER_SECOND", "0", "from 0.01"),
        ("FOLLOW_UP_PER_SECOND", "81", "to 80"),
        ("FOLLOW_UP_AMBIGUOUS", "retry", "hold, resend"),
        ("SMTP_HOST", "mail example", "a host name"),
        ("SMTP_PORT", "0", "from 1"),
        ("SMTP_SECURITY", "ssl", "starttls, tls, none"),
        ("SMTP_USERNAME", "x" * 201, "at most 200"),
        ("SMTP_FROM", "calls.example.com", "an address like"),
        ("SMTP_FROM", "Calls <calls@example.com>", "an address like"),
        ("ALERT_EMAIL", "ops@example.com; dev@example.com", "addresses like"),
        ("ALERT_EMAIL", "ops@example.com,", "addresses like"),
        ("ALERT_EMAIL", ",".join(["ops@example.com"] * 11), "addresses like"),
        ("ALERT_URLS", "with a blank", "without blanks"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(name: str, text: str, said: str) -> None:
    found = problems(**{name: text})
    assert set(found) == {name}
    assert said in found[name]


# --- what contradicts what


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        (OUR_WHATSAPP, {"TWILIO_AUTH_TOKEN"}),
        (SERVICE, {"TWILIO_AUTH_TOKEN"}),
        ({"FOLLOW_UP_CHANNELS": "sms", **OUR_SMS}, {"TWILIO_AUTH_TOKEN"}),
        ({"FOLLOW_UP_CHANNELS": "whatsapp", **ACCOUNT}, {"TWILIO_WHATSAPP_NUMBER"}),
        ({"FOLLOW_UP_CHANNELS": "whatsapp", **ACCOUNT, **OUR_SMS}, {"TWILIO_WHATSAPP_NUMBER"}),
        ({"FOLLOW_UP_CHANNELS": "sms", **ACCOUNT, **OUR_WHATSAPP}, {"TWILIO_SMS_NUMBER"}),
        (
            {"FOLLOW_UP_CHANNELS": "whatsapp,sms", **ACCOUNT},
            {"TWILIO_WHATSAPP_NUMBER", "TWILIO_SMS_NUMBER"},
        ),
        ({"FOLLOW_UP_CHANNELS": "email"}, {"SMTP_HOST", "SMTP_FROM"}),
        ({"FOLLOW_UP_CHANNELS": "email", **HOST}, {"SMTP_FROM"}),
        ({"FOLLOW_UP_CHANNELS": "email", **FROM}, {"SMTP_HOST"}),
        ({"ALERT_EMAIL": "ops@example.com"}, {"SMTP_HOST", "SMTP_FROM"}),
        ({"ALERT_EMAIL": "ops@example.com", **FROM}, {"SMTP_HOST"}),
    ],
)
def test_what_is_missing_is_named(environ: dict[str, str], names: set[str]) -> None:
    found = problems(**environ)
    assert set(found) == names
    assert all("is missing" in message for message in found.values())


def test_a_channel_without_an_account_is_named() -> None:
    found = problems(FOLLOW_UP_CHANNELS="email,sms", **OUR_SMS, **HOST, **FROM)
    assert found == {"TWILIO_AUTH_TOKEN": "is missing: sms messages go by a Twilio account"}


@pytest.mark.parametrize(
    ("environ", "channels"),
    [
        ({}, ()),
        (ACCOUNT, ()),
        ({**ACCOUNT, **OUR_SMS}, ()),
        ({**ACCOUNT, **OUR_WHATSAPP}, (Channel.WHATSAPP,)),
        ({**ACCOUNT, **SERVICE}, (Channel.WHATSAPP,)),
        (
            {"FOLLOW_UP_CHANNELS": "sms,whatsapp", **ACCOUNT, **SERVICE},
            (Channel.SMS, Channel.WHATSAPP),
        ),
        ({"FOLLOW_UP_CHANNELS": "email", **HOST, **FROM}, (Channel.EMAIL,)),
        ({"FOLLOW_UP_CHANNELS": "email", **ACCOUNT, **OUR_WHATSAPP, **HOST, **FROM}, ("email",)),
        ({**HOST, **FROM, "ALERT_EMAIL": "ops@example.com"}, ()),
    ],
)
def test_what_is_whole_says_by_which_channels_messages_go(
    environ: dict[str, str], channels: tuple[Channel, ...]
) -> None:
    assert load({**KEY, **environ}).channels == channels


def test_an_api_key_is_an_account_too() -> None:
    by_key = {"TWILIO_API_KEY_SID": "SK" + "0" * 32, "TWILIO_API_KEY_SECRET": "not-a-real-secret"}
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT["TWILIO_ACCOUNT_SID"]}
    assert load({**KEY, **account, **by_key, **OUR_WHATSAPP}).channels == (Channel.WHATSAPP,)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"FOLLOW_UP_CHANNELS": "email", "SMTP_HOST": "a b", **FROM}, "SMTP_HOST"),
        ({"FOLLOW_UP_CHANNELS": "sms", "TWILIO_SMS_NUMBER": "12", **ACCOUNT}, "TWILIO_SMS_NUMBER"),
        ({"ALERT_EMAIL": "nobody"}, "ALERT_EMAIL"),
    ],
)
def test_what_is_wrong_is_not_called_missing_too(environ: dict[str, str], name: str) -> None:
    found = problems(**environ)
    assert set(found) == {name}
    assert "missing" not in found[name]


def test_the_secrets_of_mail_and_alerts_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("apprise")
    library.__spec__ = ModuleSpec("apprise", None)
    monkeypatch.setitem(sys.modules, "apprise", library)
    given = {"SMTP_PASSWORD": "canary one", "ALERT_URLS": "https://alerts.example/canary-two"}
    settings = right(**given)
    assert "canary" not in f"{settings} {settings!r}"
    assert set(settings.secrets()) >= set(given.values())
    secret = {row.name for row in table() if row.secret}
    assert secret >= set(given)


def test_own_texts_stand_in_for_those_of_the_language() -> None:
    settings = right(
        FOLLOW_UP_LANGUAGE="en",
        FOLLOW_UP_TEXT_TALKED="It was good to talk, {{ name }}.",
        FOLLOW_UP_TEXT_LETTER="Hi {{ name }}\\n{{ body }}",
    )
    texts = texts_of(settings)
    assert texts.talked == "It was good to talk, {{ name }}."
    assert texts.letter == "Hi {{ name }}\n{{ body }}"
    assert replace(texts, talked=ENGLISH.talked, letter=ENGLISH.letter) == ENGLISH


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("TALKED", "{{ body }}", "must not use 'body'"),
        ("TALKED_SUMMARY", "{{ sumary }}", "must not use 'sumary'"),
        ("TRIED", "{% for x in name %}a{% endfor %}", "must not use loops"),
        ("LETTER", "{{ body", "cannot be read"),
        ("SUBJECT", "x" * 5000, "longer than"),
        ("SUBJECT", "{% if name == 'x' %}a{% endif %}", "says nothing"),
        ("SUBJECT", "{{ sender }}", "says nothing without sender; write something"),
        ("TALKED", "{% if summary %}In short: {{ summary }}{% endif %}", "nothing without summary"),
        ("TRIED", "{% if name %}We called you, {{ name }}.{% endif %}", "nothing without name"),
        ("LETTER", "{% if name %}{{ name }}: {{ body }}{% endif %}", "nothing without name"),
    ],
)
def test_an_own_text_that_cannot_be_used_is_named(name: str, text: str, says: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        texts_of(right(**{f"FOLLOW_UP_TEXT_{name}": text}))
    (problem,) = refused.value.problems
    assert problem.name == f"FOLLOW_UP_TEXT_{name}"
    assert says in problem.message


def test_an_own_text_may_rely_on_what_is_always_there() -> None:
    texts = {
        "FOLLOW_UP_TEXT_TALKED_SUMMARY": "{{ summary }}",
        "FOLLOW_UP_TEXT_LETTER": "{{ body }}",
        "FOLLOW_UP_TEXT_SUBJECT": "{{ sender }}",
    }
    assert texts_of(right(FOLLOW_UP_SENDER_NAME="Casa Azul", **texts)).subject == "{{ sender }}"
    with pytest.raises(SettingsInvalid, match="FOLLOW_UP_TEXT_SUBJECT"):
        texts_of(right(FOLLOW_UP_SENDER_NAME="✨", **texts))
