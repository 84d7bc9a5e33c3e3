"""Foreign text: nothing that a terminal obeys gets through, no secret and no number into a log."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voiceslot_tui.core.limits import TEXT_CHARS_MAX
from voiceslot_tui.core.text import clean, mask, mask_number

INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d"
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2065\u2066\u2067"
    "\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u3164\ufeff\uffa0\ufff9\ufffa\ufffb"
    "\U0001bca0\U0001d173\U0001d17a\U000e0001\U000e0041\U000e007f\U000e0100\U000e01ef"
)
"""What takes no room on a screen, turns its direction round, or hides text in text."""

PAYLOADS = (
    "\x1b]0;owned\x07",
    "\x1b]2;owned\x1b\\",
    "\x1b[2J\x1b[H",
    "\x1b[?1049l",
    "\x9b2J",
    "\u009d0;owned\u009c",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    '\x1bP$q"p\x1b\\',
    "\x1b_Gf=24;AAAA\x1b\\",
    "\x1b[6n",
    "\x1b]8;;https://example.invalid\x1b\\link\x1b]8;;\x1b\\",
    "Ana\u202egnp.exe",
    "A\u200bn\u200da",
    "Ana\r\nroot: 0",
    "Ana\u2028root",
    "Ana\x85root",
    "Ana\x00root",
    "\ud83d",
    "a" + "\u0301" * 50,
    "a" + "\u0e31" * 50,
    "a" + "\u20dd" * 50,
    "\ufe0f" * 50,
    "\U000e0041\U000e0042",
    "[@click=app.cancel_all]Pedro[/]",
    "[/]",
    "[bold]x[/bold]",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE call; --",
    "{{ 7*7 }}",
)
"""What was tried against terminals, widgets, spreadsheets, templates and databases."""

foreign = st.text(st.characters(), max_size=300) | st.lists(
    st.sampled_from([*PAYLOADS, *sorted(INVISIBLE), "Ana ", "Ñandú", "\u0301", "\t"]), max_size=12
).map("".join)


def assert_safe(text: str) -> None:
    for character in text:
        category = unicodedata.category(character)
        assert category not in ("Cc", "Cs", "Zl", "Zp"), f"{character!r} got through"
        assert character not in INVISIBLE, f"{character!r} got through"
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        assert marks <= 4, f"a pile of marks in {text!r}"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_payload_gets_through(payload: str) -> None:
    assert_safe(clean(payload))
    assert_safe(clean(f"Ana {payload} Pérez"))


@given(foreign, st.integers(1, 60) | st.just(TEXT_CHARS_MAX))
@example("\x1b" * 500, 40)
@example("\u0301" * 900, 40)
def test_clean_text_is_safe_bounded_and_stays_as_it_is(text: str, chars_max: int) -> None:
    cleaned = clean(text, chars_max)
    assert_safe(cleaned)
    assert len(cleaned) <= chars_max
    assert clean(cleaned, chars_max) == cleaned
    cleaned.encode("utf-8")


@given(st.text(st.characters(categories=("Lu", "Ll", "Nd", "Po", "Sm")), max_size=200))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Ñandú Pérez 🙂 東京", "Ñandú Pérez 🙂 東京"),
        ("two\r\n\tlines", "two lines"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("e\u0301", "e\u0301"),
        ("नमस्ते", "नमस्ते"),
        ("e" + "\u0301" * 4 + "a" + "\u0301" * 5, "e" + "\u0301" * 4 + "a" + "\u0301" * 4),
        ("\u0301" * 9, "\u0301" * 4),
    ],
)
def test_what_becomes_of_text(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_a_cut_is_shown() -> None:
    assert clean("x" * 500, 10) == "x" * 9 + "…"
    assert clean("x" * 11, 10) == "x" * 9 + "…"
    assert clean("x" * 5000, 500) == "x" * 499 + "…"
    assert clean("a" + "\n" * 40, 10) == "a …"
    assert clean("\n" * 100 + "x", 10).endswith("…")


def test_what_is_not_cut_shows_no_cut() -> None:
    assert clean("x" * 10, 10) == "x" * 10
    assert clean("a" + "\n" * 39, 10) == "a "


def test_cleaning_a_megabyte_looks_at_its_beginning_only() -> None:
    class Counted(str):
        __slots__ = ()

        def __getitem__(self, key: object) -> str:  # type: ignore[override]
            assert isinstance(key, slice)
            assert key.stop <= TEXT_CHARS_MAX * 4
            return str.__getitem__(self, key)

    assert_safe(clean(Counted("\x1b" * 1_000_000)))


# --- masking

DIGITS = st.text("0123456789", min_size=8, max_size=15)
SEPARATED = DIGITS.flatmap(
    lambda digits: st.lists(
        st.sampled_from(("", "", "", " ", "-", ".", "\u00a0", ") ", " (")),
        min_size=len(digits),
        max_size=len(digits),
    ).map(lambda gaps: "".join(d + g for d, g in zip(digits, gaps, strict=True)))
)


def digits_of(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


@given(st.sampled_from(("", "+")), SEPARATED, st.sampled_from(("", "call ", "to: ", "(")))
def test_no_full_number_survives(sign: str, number: str, before: str) -> None:
    masked = mask(f"{before}{sign}{number} failed")
    assert digits_of(number) not in digits_of(masked)
    assert len(digits_of(masked)) <= 6


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+12025550123", "+12•••0123"),
        ("+44 7700 900123", "+44•••0123"),
        ("12025550123", "12•••0123"),
        (" +12025550123 ", "+12•••0123"),
        ("2025550", "20•••5550"),
        ("202555", "•••"),
        ("112", "•••"),
        ("", "•••"),
    ],
)
def test_one_person_is_told_from_another(number: str, masked: str) -> None:
    assert mask_number(number) == masked


NOT_REAL = "not-a-real-value-0123456789"


@pytest.mark.parametrize(
    "line",
    [
        "xi-api-key: {}",
        '"xi-api-key": "{}"',
        "ELEVENLABS_API_KEY={}",
        "VOICESLOT_API_KEY={} rest",
        "WEBHOOK_SECRET={}",
        "TWILIO_AUTH_TOKEN='{}'",
        "TWILIO_API_KEY_SECRET={}",
        '{{"client_secret": "{}"}}',
        "api_key={}&x=1",
        "Authorization: Bearer {}",
        "authorization: Basic {}",
        "'Authorization': 'Basic {}'",
        "password = {}",
        "https://user:{}@example.invalid/path",
    ],
)
def test_no_secret_survives(line: str) -> None:
    told = line.format(NOT_REAL)
    assert NOT_REAL in told
    masked = mask(told)
    assert "not-a-real" not in masked
    assert "0123456789" not in masked


@pytest.mark.parametrize(
    "secret",
    ["sk_" + "x" * 40, "wsec_" + "x" * 32, "AC" + "0" * 32, "SK" + "0" * 32],
)
def test_what_looks_like_a_secret_does_not_survive(secret: str) -> None:
    assert mask(f"refused: {secret}, try again") == "refused: •••secret•••, try again"
    assert secret not in mask(f"https://example.invalid/Accounts/{secret}/Calls.json")


@pytest.mark.parametrize(
    "line", ["call 17 is queued", "429 after 12.5 s", "conversation conv_0001 is over", "10,000"]
)
def test_ordinary_lines_are_left_alone(line: str) -> None:
    assert mask(line) == line
