"""Signatures that prove, bodies that tell: and nothing a stranger sends makes either raise."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import CallSid, ConversationId, Disposition, Instant
from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.facts import Over, Source
from voiceslot_tui.wire.elevenlabs_webhook import Kind, Verdict, read, verify

NOW_S = 1_790_000_000
NOW = Instant(NOW_S * 1000)
SECRET = b"not-a-real-webhook-secret"
NEXT = b"the-next-fake-secret"
BODY = b'{"type":"post_call_transcription"}'


def v0(raw: bytes = BODY, secret: bytes = SECRET, at_s: int | str = NOW_S) -> str:
    return hmac.new(secret, f"{at_s}.".encode() + raw, "sha256").hexdigest()


def verdict(header: str | None, raw: bytes = BODY, secrets: tuple[bytes, ...] = (SECRET,)) -> str:
    return verify(raw, header, secrets, NOW)


GOOD_V0 = v0()


@pytest.mark.parametrize(
    "header",
    [
        f"t={NOW_S},v0={GOOD_V0}",
        f"t={NOW_S}, v0={GOOD_V0}",
        f" t = {NOW_S} , v0 = {GOOD_V0} ",
        f"v0={GOOD_V0},t={NOW_S}",
        f"t={NOW_S},v0={GOOD_V0.upper()}",
        f"t={NOW_S},v0=00,v0={GOOD_V0}",
        f"t={NOW_S},v0={GOOD_V0},v0=00",
        f"t={NOW_S},v1=whatever,v0={GOOD_V0},,x",
    ],
)
def test_a_proof_is_a_proof_however_written(header: str) -> None:
    assert verdict(header) is Verdict.GOOD


@pytest.mark.parametrize(
    ("age_s", "wanted"),
    [
        (0, Verdict.GOOD),
        (29 * 60, Verdict.GOOD),
        (30 * 60, Verdict.GOOD),
        (30 * 60 + 1, Verdict.TOO_OLD),
        (31 * 60, Verdict.TOO_OLD),
        (-5 * 60, Verdict.GOOD),
        (-5 * 60 - 1, Verdict.FROM_THE_FUTURE),
        (-86_400, Verdict.FROM_THE_FUTURE),
    ],
)
def test_a_proof_has_its_time(age_s: int, wanted: Verdict) -> None:
    at_s = NOW_S - age_s
    assert verdict(f"t={at_s},v0={v0(at_s=at_s)}") is wanted


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, Verdict.MISSING),
        ("", Verdict.MISSING),
        ("nonsense", Verdict.MALFORMED),
        (f"v0={GOOD_V0}", Verdict.MALFORMED),
        (f"t={NOW_S}", Verdict.MALFORMED),
        (f"t={NOW_S},t={NOW_S},v0={GOOD_V0}", Verdict.MALFORMED),
        (f"t=now,v0={GOOD_V0}", Verdict.MALFORMED),
        (f"t=-{NOW_S},v0={GOOD_V0}", Verdict.MALFORMED),
        (f"t={NOW_S}.0,v0={GOOD_V0}", Verdict.MALFORMED),
        (f"t={'9' * 400},v0={GOOD_V0}", Verdict.MALFORMED),
        ("t=١٢٣,v0=00", Verdict.MALFORMED),
        (f"t={NOW_S},v0=" + ",v0=".join(["00"] * 17), Verdict.MALFORMED),
        (f"t={NOW_S},v0=", Verdict.WRONG),
        (f"t={NOW_S},v0=é", Verdict.WRONG),
        (f"t={NOW_S},v0=\udcff\ud800", Verdict.WRONG),
        (f"t={NOW_S},v0={GOOD_V0[:-1]}", Verdict.WRONG),
        (f"t={NOW_S + 1},v0={GOOD_V0}", Verdict.WRONG),
        (f"t={NOW_S},v0={v0(secret=NEXT)}", Verdict.WRONG),
    ],
)
def test_what_proves_nothing(header: str | None, wanted: Verdict) -> None:
    assert verdict(header) is wanted


def test_either_secret_proves_while_it_changes() -> None:
    for secret in (SECRET, NEXT):
        assert verdict(f"t={NOW_S},v0={v0(secret=secret)}", secrets=(SECRET, NEXT)) is Verdict.GOOD
    assert verdict(f"t={NOW_S},v0={GOOD_V0}", secrets=()) is Verdict.WRONG


def test_the_same_json_written_differently_is_not_what_was_signed() -> None:
    assert verdict(f"t={NOW_S},v0={GOOD_V0}", raw=BODY.replace(b":", b": ")) is Verdict.WRONG


@given(st.integers(min_value=0, max_value=len(BODY) * 8 - 1))
def test_one_changed_bit_is_noticed(bit: int) -> None:
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    assert verdict(f"t={NOW_S},v0={GOOD_V0}", raw=bytes(changed)) is Verdict.WRONG


@given(st.text(), st.binary())
@example("é", b"")
def test_no_header_makes_the_check_raise(text: str, raw: bytes) -> None:
    assert verdict(text, raw) is not Verdict.GOOD
    assert verdict(f"t={NOW_S},v0={text}", raw) is not Verdict.GOOD
    assert verdict(f"t={text},v0={v0(raw, at_s='x')}", raw) is not Verdict.GOOD


# --- bodies


def envelope(kind: str, data: object) -> bytes:
    return json.dumps({"type": kind, "event_timestamp": NOW_S, "data": data}).encode()


def transcription(**data: Any) -> bytes:
    return envelope(
        "post_call_transcription", {"conversation_id": "conv_1", "status": "done", **data}
    )


def failure(**data: Any) -> bytes:
    return envelope("call_initiation_failure", {"conversation_id": "conv_1", **data})


def over(raw: bytes) -> Over:
    (fact,) = read(raw).facts
    assert isinstance(fact, Over)
    assert fact.source is Source.WEBHOOK
    return fact


def test_a_transcription_names_the_attempt_and_how_it_went() -> None:
    raw = transcription(
        user_id="customer-7",
        conversation_initiation_client_data={
            "dynamic_variables": {"voiceslot_attempt_id": "attempt_1", "name": "Ana"}
        },
        metadata={
            "call_duration_secs": 42,
            "termination_reason": "Call ended by remote party",
            "charging": {"is_burst": True},
            "phone_call": {"type": "twilio", "call_sid": "CA1", "call_result": "answered"},
        },
        transcript=[{"role": "user", "message": None, "tool_calls": [{}]}],
    )
    fact = over(raw)
    assert (fact.conversation_id, fact.attempt_id, fact.call_sid) == (
        "conv_1",
        "attempt_1",
        "CA1",
    )
    assert fact.outcome is not None
    assert fact.outcome.disposition is Disposition.ANSWERED
    assert (fact.outcome.talk_s, fact.outcome.burst) == (42, True)


def test_the_user_id_stands_in_for_the_attempt() -> None:
    assert over(transcription(user_id="attempt_1")).attempt_id == "attempt_1"


@pytest.mark.parametrize(
    "data",
    [
        {"metadata": None},
        {"metadata": {"call_duration_secs": "12", "phone_call": {"call_sid": 5}}},
        {"transcript": None, "analysis": None},
        {"user_id": {"a": 1}},
        {"a_new_field": [[[1]]]},
    ],
)
def test_what_is_missing_or_strange_does_not_hide_the_end(data: dict[str, Any]) -> None:
    assert over(transcription(**data)).conversation_id == "conv_1"


def test_a_transcription_that_comes_too_early_tells_no_outcome() -> None:
    assert over(transcription(status="processing")).outcome is None


@pytest.mark.parametrize(
    ("reason", "body", "disposition"),
    [
        ("busy", {}, Disposition.BUSY),
        ("no-answer", {}, Disposition.NO_ANSWER),
        ("unknown", {}, Disposition.FAILED),
        ("unknown", {"SipResponseCode": "603"}, Disposition.DECLINED),
        ("unknown", {"SipResponseCode": "404"}, Disposition.INVALID_NUMBER),
        ("unknown", {"sip_status_code": 486}, Disposition.BUSY),
        ("unknown", {"sip_status_code": 503}, Disposition.FAILED),
        (None, {"SipResponseCode": ["x"]}, Disposition.FAILED),
        ("a new reason", {}, Disposition.FAILED),
    ],
)
def test_a_call_that_never_came_about_says_why(
    reason: str | None, body: dict[str, Any], disposition: Disposition
) -> None:
    fact = over(failure(failure_reason=reason, metadata={"type": "twilio", "body": body}))
    assert fact.outcome is not None
    assert fact.outcome.disposition is disposition


@pytest.mark.parametrize("name", ["CallSid", "call_sid"])
def test_a_failure_may_be_known_by_its_carrier_id_alone(name: str) -> None:
    fact = over(failure(conversation_id=None, metadata={"body": {name: "CA1"}}))
    assert (fact.conversation_id, fact.call_sid) == (None, "CA1")


@pytest.mark.parametrize(
    "raw",
    [
        envelope("post_call_audio", {"conversation_id": "conv_1", "full_audio": "AAAA"}),
        envelope("answering_machine_detection", {"conversation_id": "conv_1"}),
        envelope("post_call_transcription", None),
        envelope("post_call_transcription", []),
        transcription(conversation_id=""),
        transcription(conversation_id="a b"),
        transcription(conversation_id="x" * 500),
        transcription(conversation_id=5),
        transcription(metadata="x"),
        failure(conversation_id=None),
        failure(metadata="x"),
        b'{"type": 5}',
        b'{"type": {}, "data": "x"}',
    ],
)
def test_an_envelope_without_news_is_no_error(raw: bytes) -> None:
    news = read(raw)
    assert (news.kind, news.facts) == (Kind.OTHER, ())


def test_the_type_is_told_as_clean_text() -> None:
    assert read(envelope("x\x1b[2J", {})).what == "x\ufffd[2J"


@pytest.mark.parametrize(
    ("body", "conversation", "sid"),
    [
        ({"conversation_id": "conv_1"}, "conv_1", None),
        ({"callSid": "CA1"}, None, "CA1"),
        ({"callId": "conv_1"}, "conv_1", None),
        ({"callId": "CA1"}, None, "CA1"),
        ({"conversation_id": 5, "callSid": "CA1"}, None, "CA1"),
    ],
)
@pytest.mark.parametrize(
    "status", ["completed", "failed", "cancelled", "canceled", "ended", "done", "COMPLETED"]
)
def test_the_first_systems_body_ends_a_call_without_saying_how(
    body: dict[str, object], conversation: str | None, sid: str | None, status: str
) -> None:
    news = read(json.dumps({**body, "status": status}).encode())
    assert news.kind is Kind.PLAIN
    assert news.facts == (
        Over(
            (conversation and ConversationId(conversation)) or None,
            call_sid=(sid and CallSid(sid)) or None,
        ),
    )


@pytest.mark.parametrize("status", ["in-progress", "initiated", "ringing", "", "finishing"])
def test_a_call_that_goes_on_is_left_alone(status: str) -> None:
    news = read(json.dumps({"conversation_id": "conv_1", "status": status}).encode())
    assert news.facts == ()


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"{}", "conversation_id"),
        (b'{"status": "done"}', "conversation_id"),
        (b'{"conversation_id": "a b", "status": "done"}', "conversation_id"),
        (b'{"callSid": "CA1"}', "status"),
        (b'{"callSid": "CA1", "status": 5}', "status"),
        (b"[]", ""),
        (b"x", ""),
        (b"\xff", ""),
        (b"", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_what_is_no_webhook_is_said(raw: bytes, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(raw)
    assert refused.value.field == field


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["conversation_id", "metadata", "phone_call", "body", "status", "user_id", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.binary()
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.builds(envelope, st.sampled_from([str(kind) for kind in Kind]), VALUES)
)
def test_any_bytes_give_news_or_a_complaint(raw: bytes) -> None:
    try:
        news = read(raw)
    except BadInput:
        return
    for fact in news.facts:
        assert isinstance(fact, Over)
        assert fact.conversation_id or fact.call_sid
