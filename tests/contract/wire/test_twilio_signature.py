"""Our check of Twilio's signatures beside the official one: the same verdict, and never a raise."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from voiceslot_tui.wire.elevenlabs_webhook import Verdict
from voiceslot_tui.wire.twilio_signature import verify
from voiceslot_tui.wire.twilio_webhook import read_form

TOKEN = "not-a-real-token"
SECRETS = (TOKEN.encode(),)
OFFICIAL = RequestValidator(TOKEN)
URL = "https://calls.example.org/webhook/twilio?ref=try_1"
FIELDS = (("MessageSid", "SM1"), ("MessageStatus", "sent"), ("Body", ""), ("To", "whatsapp:+1"))


class Form:
    """A form as the official validator takes one with doubled names."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        self.fields = fields

    def __iter__(self) -> object:
        return iter([name for name, _ in self.fields])

    def __bool__(self) -> bool:
        return bool(self.fields)

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def signed(
    url: str = URL, fields: tuple[tuple[str, str], ...] = FIELDS, algorithm: str | None = None
) -> str:
    return str(OFFICIAL.compute_signature(url, Form(fields), algorithm))


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://calls.example.org/webhook/twilio",
        "https://calls.example.org:443/webhook/twilio?ref=a%20b",
        "https://calls.example.org:8443/webhook/twilio",
        "http://127.0.0.1:4000/webhook/twilio?ref=x&y=",
        "https://s/Webhook?ref=Try_A",
    ],
)
def test_what_the_sdk_signs_is_good_with_and_without_the_port(url: str) -> None:
    assert verify(url, FIELDS, signed(url), SECRETS) is Verdict.GOOD
    for other in (url.replace(":443", ""), url.replace(":8443", ""), url.replace(":4000", "")):
        ours = verify(url, FIELDS, signed(other), SECRETS)
        assert (ours is Verdict.GOOD) == OFFICIAL.validate(url, Form(FIELDS), signed(other))


def test_a_key_made_for_signing_names_its_algorithm() -> None:
    settings = "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"
    by_sha256 = signed(algorithm="HMAC_SHA256")
    assert verify(URL, FIELDS, by_sha256, SECRETS, settings) is Verdict.GOOD
    assert verify(URL, FIELDS, by_sha256, SECRETS) is Verdict.WRONG
    assert verify(URL, FIELDS, signed(), SECRETS, "key=x") is Verdict.GOOD
    assert verify(URL, FIELDS, signed(), SECRETS, "algorithm=HMAC_MD5") is Verdict.MALFORMED


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        (URL.replace("https", "http"), FIELDS),
        (URL + "&more=1", FIELDS),
        (URL.replace("try_1", "try_2"), FIELDS),
        (URL, FIELDS[:-1]),
        (URL, (*FIELDS, ("More", "1"))),
        (URL, (("MessageStatus", "read"), *FIELDS[2:])),
    ],
)
def test_what_was_changed_on_the_way_is_wrong(
    url: str, fields: tuple[tuple[str, str], ...]
) -> None:
    assert verify(url, fields, signed(), SECRETS) is Verdict.WRONG
    assert not OFFICIAL.validate(url, Form(fields), signed())


def test_a_missing_signature_and_another_secret() -> None:
    assert verify(URL, FIELDS, None, SECRETS) is Verdict.MISSING
    assert verify(URL, FIELDS, "", SECRETS) is Verdict.MISSING
    assert verify(URL, FIELDS, signed(), (b"another",)) is Verdict.WRONG
    assert verify(URL, FIELDS, signed(), ()) is Verdict.WRONG
    assert verify(URL, FIELDS, signed(), (b"another", *SECRETS)) is Verdict.GOOD


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6))
def test_any_form_that_travelled_is_judged_as_the_sdk_judges_it(
    fields: list[tuple[str, str]],
) -> None:
    travelled = read_form(urlencode(fields).encode())
    assert travelled == tuple(fields)
    assert verify(URL, travelled, signed(URL, travelled), SECRETS) is Verdict.GOOD


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_nothing_a_stranger_sends_raises(url: str, name: str, signature: str, header: str) -> None:
    for address in (url, f"https://{url}", f"https://[::1]:{url}/x"):
        assert verify(address, ((name, url),), signature, SECRETS, header) is not Verdict.GOOD


def test_the_port_that_is_put_in_changes_nothing_else() -> None:
    url, with_port = "https://s/Webhook?ref=Try_A", "https://s:443/Webhook?ref=Try_A"
    assert OFFICIAL.validate(url, Form(FIELDS), signed(with_port))
    assert verify(url, FIELDS, signed(with_port), SECRETS) is Verdict.GOOD
    assert verify(with_port, FIELDS, signed(url), SECRETS) is Verdict.GOOD
