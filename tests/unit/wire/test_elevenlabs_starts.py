"""The body of a start, and the table of what its answer proves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import AttemptId, CallId
from voiceslot_tui.core.facts import Accepted, NotTaken, Refusal, StartAnswer, Unanswered
from voiceslot_tui.core.limits import RATE_BACKOFF_MAX_S
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.wire.elevenlabs_starts import (
    read_complaint,
    read_retry_after,
    read_start,
    start_body,
    user_id_sent,
)

ATTEMPT = AttemptId("attempt-1")


def order(client_data: Any = None) -> StartOrder:
    data = None if client_data is None else json.dumps(client_data).encode()
    return StartOrder(ATTEMPT, CallId(1), "+12025550123", "agent_1", "phnum_1", data)


def sent(client_data: Any = None) -> dict[str, Any]:
    body = json.loads(start_body(order(client_data), 45))
    data = body["conversation_initiation_client_data"]
    assert isinstance(data, dict)
    return data


# --- what we send


def test_a_start_names_whom_from_where_and_how_long_it_rings() -> None:
    body = json.loads(start_body(order(), 45))
    data = body.pop("conversation_initiation_client_data")
    assert body == {
        "agent_id": "agent_1",
        "agent_phone_number_id": "phnum_1",
        "to_number": "+12025550123",
        "telephony_call_config": {"ringing_timeout_secs": 45},
    }
    assert data == {"dynamic_variables": {"voiceslot_attempt_id": ATTEMPT}, "user_id": ATTEMPT}


def test_the_producers_data_goes_along_untouched() -> None:
    given_data = {
        "dynamic_variables": {"name": "Añá", "n": 1.5, "b": True},
        "user_id": "person-7",
        "conversation_config_override": {"agent": {"language": "es"}},
    }
    variables = {**given_data["dynamic_variables"], "voiceslot_attempt_id": ATTEMPT}  # type: ignore[dict-item]
    assert sent(given_data) == {**given_data, "dynamic_variables": variables}
    assert user_id_sent(order(given_data)) == "person-7"


@pytest.mark.parametrize("data", [None, {}, {"user_id": None}, {"user_id": ""}])
def test_the_attempt_is_the_user_where_nobody_else_is(data: Any) -> None:
    assert sent(data)["user_id"] == ATTEMPT
    assert user_id_sent(order(data)) == ATTEMPT


def test_nobody_may_claim_another_attempt() -> None:
    data = {"dynamic_variables": {"voiceslot_attempt_id": "somebody-else"}}
    assert sent(data)["dynamic_variables"] == {"voiceslot_attempt_id": ATTEMPT}


@pytest.mark.parametrize("data", [b"[]", b"{", b"\xff", b'{"dynamic_variables": [1]}'])
def test_data_that_is_no_object_is_refused(data: bytes) -> None:
    broken = StartOrder(ATTEMPT, CallId(1), "+12025550123", "a", "p", data)
    with pytest.raises(ValueError, match="object"):
        start_body(broken, 45)


# --- what the answer proves


def answer(status: int, body: object, retry_after: str | None = None) -> StartAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_start(ATTEMPT, status, raw, retry_after)


def refusal(status: int, detail: object, retry_after: str | None = None) -> Refusal:
    found = answer(status, {"detail": detail}, retry_after)
    assert isinstance(found, NotTaken), found
    return found.refusal


def test_success_with_a_conversation_is_a_call() -> None:
    body = {"success": True, "message": "ok", "conversation_id": "c1", "callSid": "CA1"}
    assert answer(200, body) == Accepted(ATTEMPT, "c1", "CA1")  # type: ignore[arg-type]
    trunk = {"success": True, "conversation_id": "c1", "sip_call_id": "s1"}
    assert answer(200, trunk) == Accepted(ATTEMPT, "c1", "s1")  # type: ignore[arg-type]
    bare = {"success": True, "conversation_id": "c1", "callSid": None}
    assert answer(201, bare) == Accepted(ATTEMPT, "c1", None)  # type: ignore[arg-type]


def test_no_success_and_no_ids_is_no_call() -> None:
    denied = answer(200, {"success": False, "message": "nope", "conversation_id": None})
    assert isinstance(denied, NotTaken)
    assert (denied.refusal, denied.detail) == (Refusal.NO_SUCCESS, "nope")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"success": True}),
        (200, {"success": True, "conversation_id": ""}),
        (200, {"success": False, "conversation_id": "c1"}),
        (200, {"success": False, "conversation_id": None, "callSid": "CA1"}),
        (200, {"success": False, "conversation_id": None, "sip_call_id": "s1"}),
        (200, {"conversation_id": "c1"}),
        (200, {"success": "true", "conversation_id": "c1"}),
        (200, {"success": True, "conversation_id": 7}),
        (200, {}),
        (200, []),
        (200, b""),
        (200, b"<html>"),
        (200, b'{"success": true, "conversation_id": "c'),
        (201, {"success": False, "conversation_id": None}),
        (204, b""),
    ],
)
def test_any_other_2xx_is_unanswered(status: int, body: object) -> None:
    assert isinstance(answer(status, body), Unanswered)


@pytest.mark.parametrize(
    "detail",
    [
        {"code": "concurrent_limit_exceeded", "type": "rate_limit_error", "message": "full"},
        {"status": "too_many_concurrent_requests", "message": "full"},
        "Too many concurrent calls",
    ],
)
def test_a_429_about_concurrency_is_capacity(detail: object) -> None:
    assert refusal(429, detail, "7") is Refusal.CAPACITY


def test_any_other_429_is_pace_with_its_wait() -> None:
    for detail in ({"code": "rate_limit_exceeded"}, {"status": "system_busy"}, "slow down"):
        assert refusal(429, detail) is Refusal.RATE
    waited = answer(429, {"detail": {"code": "rate_limit_exceeded"}}, "7")
    assert isinstance(waited, NotTaken)
    assert waited.retry_after_s == 7


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_account_is_a_refused_account(status: int) -> None:
    assert refusal(status, {"code": "invalid_api_key"}) is Refusal.ACCOUNT_DENIED
    assert refusal(status, {"status": "quota_exceeded"}) is Refusal.ACCOUNT_DENIED


@pytest.mark.parametrize("status", [404, 422])
@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"code": "agent_not_found", "param": "agent_id"}, Refusal.ROUTE_DENIED),
        ({"code": "not_found", "param": "agent_phone_number_id"}, Refusal.ROUTE_DENIED),
        ({"code": "invalid_parameters", "param": "to_number"}, Refusal.CALL_DENIED),
        ({"code": "x", "param": "body.to_number"}, Refusal.CALL_DENIED),
        ({"status": "x", "message": "to_number is not valid"}, Refusal.CALL_DENIED),
        ({"status": "x", "message": "Missing required dynamic variables"}, Refusal.CALL_DENIED),
        ({"status": "x", "message": "Document not found"}, Refusal.ROUTE_DENIED),
        ("Not Found", Refusal.ROUTE_DENIED),
        ([{"loc": ["body", "to_number"], "msg": "m", "type": "t"}], Refusal.CALL_DENIED),
        (
            [{"loc": ["body", "conversation_initiation_client_data", "user_id"], "msg": "m"}],
            Refusal.CALL_DENIED,
        ),
        ([{"loc": ["body", "agent_id"], "msg": "m", "type": "t"}], Refusal.ROUTE_DENIED),
        (
            [{"loc": ["body", "to_number"], "msg": "m"}, {"loc": ["body", "agent_id"], "msg": "m"}],
            Refusal.ROUTE_DENIED,
        ),
        ([{"loc": ["body", 0], "msg": "m"}], Refusal.ROUTE_DENIED),
        (["odd"], Refusal.ROUTE_DENIED),
    ],
)
def test_404_and_422_are_about_the_call_only_where_they_name_it(
    status: int, detail: object, expected: Refusal
) -> None:
    assert refusal(status, detail) is expected


@pytest.mark.parametrize("status", [401, 402, 403, 404, 422, 429])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"detail": null}', b'{"detail": []}', b'{"error": 1}']
)
def test_a_refusal_without_the_platforms_words_proves_nothing(status: int, body: bytes) -> None:
    assert isinstance(answer(status, body), Unanswered)


HOSTILE = [
    b'{"detail": ' + b"9" * 10_000 + b"}",
    b'{"detail": ' + b"[" * 100_000,
    b'{"detail": "\xff\xfe"}',
    b'{"success": true, "conversation_id": "\xff"}',
    b'{"success": ' + b"9" * 10_000 + b"}",
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("status", [200, 401, 404, 422, 429])
def test_a_hostile_body_proves_nothing(status: int, body: bytes) -> None:
    assert isinstance(answer(status, body), Unanswered)


@given(st.integers(100, 599), st.binary(max_size=60) | st.sampled_from([b'{"detail": "x"}']))
def test_nothing_is_certain_but_what_the_table_names(status: int, body: bytes) -> None:
    found = read_start(ATTEMPT, status, body, None)
    if isinstance(found, NotTaken):
        assert status in {401, 402, 403, 404, 422, 429}
        assert b"detail" in body
    else:
        assert isinstance(found, Unanswered)


def test_foreign_words_in_a_detail_are_cleaned_and_short() -> None:
    found = answer(422, {"detail": {"message": "\x1b]0;x\x07" + "y" * 5000, "param": "to_number"}})
    assert isinstance(found, NotTaken)
    assert found.detail.isprintable()
    assert len(found.detail) <= 200


def test_the_four_envelopes_are_read() -> None:
    new = read_complaint(b'{"detail": {"type": "T", "code": "C", "message": "m", "param": "P"}}')
    assert new is not None
    assert (new.words, new.fields, new.message) == ({"t", "c"}, ("p",), "m")
    old = read_complaint(b'{"detail": {"status": "S", "message": "m"}}')
    assert old is not None
    assert (old.words, old.fields) == ({"s"}, ())
    assert old.line == "s (m)"
    text = read_complaint(b'{"detail": "Not Found"}')
    assert text is not None
    assert text.line == "Not Found"
    many = read_complaint(b'{"detail": [{"loc": ["body", "a", 0, "b"], "msg": "m", "type": "t"}]}')
    assert many is not None
    assert (many.fields, many.line) == (("a.0.b",), "t (a.0.b m)")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("999999", RATE_BACKOFF_MAX_S),
        ("0", None),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_bounded_or_none(text: str | None, seconds: float | None) -> None:
    assert read_retry_after(text) == seconds
