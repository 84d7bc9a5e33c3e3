"""Twilio's words for calls in ours."""

from __future__ import annotations

import pytest
from twilio.rest.api.v2010.account.call import CallInstance  # type: ignore[import-untyped]

from voiceslot_tui.wire.twilio_calls import CALL_IS_OVER, is_call_sid, is_certain_refusal, is_over


def test_every_status_that_the_sdk_knows_is_known() -> None:
    words = {word for name, word in vars(CallInstance.Status).items() if name.isupper()}
    assert "in-progress" in words
    assert words <= set(CALL_IS_OVER)


def test_only_ends_are_ends() -> None:
    ends = {status for status in CALL_IS_OVER if is_over(status)}
    assert ends == {"completed", "busy", "failed", "no-answer", "canceled"}
    for odd in ("finished", "", None, 7, "COMPLETED"):
        assert is_over(odd) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CA" + "0" * 32, True),
        ("CA" + "0" * 31, False),
        ("CA" + "0" * 33, False),
        ("SM" + "0" * 32, False),
        ("CA" + "0" * 30 + "/x", False),
        ("CA" + "0" * 32 + "\n", False),
        ("", False),
    ],
)
def test_only_a_sid_is_asked_about(text: str, expected: bool) -> None:
    assert is_call_sid(text) is expected


def test_only_4xx_but_a_time_out_prove_that_nothing_was_done() -> None:
    certain = {status for status in range(100, 600) if is_certain_refusal(status)}
    assert certain == set(range(400, 500)) - {408}
