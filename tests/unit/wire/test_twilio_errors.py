"""Twilio's error codes: every one we know of, with its class, and the safe default."""

from __future__ import annotations

import pytest

from voiceslot_tui.core.follow_up_facts import Failure
from voiceslot_tui.wire.twilio_errors import CODES, UNKNOWN, code_of, explained, failure_of

_F = Failure
CLASSES = {
    _F.ACCOUNT: (
        "20003 10001 20005 20404 30002 21606 21660 21703 21609 63007 63020 63051 63111 63112 30454"
    ),
    _F.NOT_ON_CHANNEL: (
        "21211 21408 21608 21612 21614 30005 30006 30032 30034 63003 63015 63024 63032"
    ),
    _F.OPTED_OUT: "21610 63014 63033",
    _F.OUTSIDE_WINDOW: "63016",
    _F.TEMPLATE: "63027 63028 63040 63041 63042 21655 21658",
    _F.CONTENT: ("21617 21619 21654 21656 21910 30007 63005 63013 63019 63021 63026 63034"),
    _F.NOT_SENT: "20429",
    _F.AGAIN: "14107 63010 63012 63017",
    _F.LATER: "63018 63038 63049 21611 30001 30003 30008 30450 30453 30485",
    _F.FINAL: "30410",
}


@pytest.mark.parametrize("failure", Failure)
def test_every_code_has_its_class(failure: Failure) -> None:
    known = {code for code, row in CODES.items() if row.failure is failure}
    assert known == {int(code) for code in CLASSES[failure].split()}
    for code in known:
        assert failure_of(code, "+573005550123") is failure


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_says_what_it_means_and_what_to_do(code: int) -> None:
    assert explained(code).meaning
    assert explained(code).remedy
    assert explained(code).meaning[-1] != "."


@pytest.mark.parametrize("code", [None, 1, 99999, 63099])
def test_an_unknown_code_is_shown_and_nothing_is_sent_again(code: int | None) -> None:
    assert explained(code) is UNKNOWN
    assert failure_of(code) is Failure.FINAL


def test_marketing_to_the_united_states_is_no_matter_of_time() -> None:
    assert failure_of(63049, "+12025550123") is Failure.NOT_ON_CHANNEL


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (63016, 63016),
        ("63016", 63016),
        (0, None),
        ("0", None),
        (-1, None),
        (True, None),
        (None, None),
        ("InvalidSandboxRequest", None),
        ("٣", None),
        ("9" * 5_000, None),
        (10**9, None),
        (1.5, None),
    ],
)
def test_codes_are_read_leniently(value: object, code: int | None) -> None:
    assert code_of(value) == code
