"""The body that asks for a call: strict, and every complaint names its field."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.errors import BadInput
from voiceslot_tui.core.limits import CLIENT_DATA_BYTES_MAX, ENQUEUE_BODY_BYTES_MAX
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.wire.enqueue_call import digest, read, read_line

DATA = "conversationInitiationClientData"
PATH = f"payload.{DATA}"
GOOD = {"agentId": "agent_1", "agentPhoneNumberId": "phnum_1", "toNumber": "+12025550123"}
GONE = object()


def body(top: dict[str, Any] | None = None, **payload: Any) -> bytes:
    """Write a good body with something changed; GONE leaves a field out."""
    fields = {name: value for name, value in {**GOOD, **payload}.items() if value is not GONE}
    return json.dumps({"payload": fields, **(top or {})}).encode()


def refused(raw: bytes) -> BadInput:
    with pytest.raises(BadInput) as found:
        read(raw)
    return found.value


def client_data(raw: bytes) -> Any:
    data = read(raw).client_data
    return None if data is None else json.loads(data)


def test_the_least_that_is_needed() -> None:
    assert read(body()) == NewCall("+12025550123", "agent_1", "phnum_1")


def test_all_that_can_be_said() -> None:
    raw = body({"priority": -1000, "maxAttempts": 10}, **{DATA: {"orderId": "123"}})
    assert read(raw) == NewCall(
        "+12025550123",
        "agent_1",
        "phnum_1",
        priority=-1000,
        max_attempts=10,
        client_data=b'{"dynamic_variables":{"orderId":"123"}}',
    )


def test_the_number_is_kept_as_e164() -> None:
    assert read(body(toNumber="+1 (202) 555-0123")).to_number == "+12025550123"


@pytest.mark.parametrize(
    ("raw", "field", "said"),
    [
        (body({"priority": True}), "priority", "whole number"),
        (body({"priority": "high"}), "priority", "whole number, not text"),
        (body({"priority": "1"}), "priority", "whole number, not text"),
        (body({"priority": None}), "priority", "whole number"),
        (body({"priority": 1.5}), "priority", "whole number"),
        (body({"priority": 1001}), "priority", "at most 1000"),
        (body({"priority": -1001}), "priority", "at least -1000"),
        (body({"priority": 10**40}), "priority", "at most 1000"),
        (body({"priority": [1]}), "priority", "whole number"),
        (body({"maxAttempts": 0}), "maxAttempts", "at least 1"),
        (body({"maxAttempts": 11}), "maxAttempts", "at most 10"),
        (body({"priorty": 1}), "priorty", "did you mean priority"),
        (body({"PRIORITY": 1}), "PRIORITY", "no field"),
        (body(agentId=GONE), "payload.agentId", "missing"),
        (body(agentPhoneNumberId=GONE), "payload.agentPhoneNumberId", "missing"),
        (body(toNumber=GONE), "payload.toNumber", "missing"),
        (body(agentId=""), "payload.agentId", "not empty"),
        (body(agentId=5), "payload.agentId", "text"),
        (body(agentId=None), "payload.agentId", "text"),
        (body(agentId="x" * 201), "payload.agentId", "200 characters"),
        (body(agentId="a b"), "payload.agentId", "without blanks"),
        (body(agentId="a\n"), "payload.agentId", "without blanks"),
        (body(agentId="agente-ñ"), "payload.agentId", "plain characters"),
        (body(agentPhoneNumberId="\x00"), "payload.agentPhoneNumberId", "plain characters"),
        (body(toNumber=""), "payload.toNumber", "begin with +"),
        (body(toNumber=12025550123), "payload.toNumber", "text"),
        (body(toNumber="2025550123"), "payload.toNumber", "begin with +"),
        (body(to_number="+12025550123"), "payload.to_number", "did you mean toNumber"),
        (body(extra=1), "payload.extra", "no field"),
        (body(**{DATA: []}), PATH, "object"),
        (body(**{DATA: "x"}), PATH, "object"),
        (b'{"payload": "x"}', "payload", "object"),
        (b'{"payload": null}', "payload", "object"),
        (b"{}", "payload", "missing"),
        (b"[]", "", "object"),
        (b'"payload"', "", "object"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, field: str, said: str) -> None:
    problem = refused(raw)
    assert problem.field == field
    assert said in problem.message
    assert problem.message.startswith(field or "The body")


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"{", b"x", b"\xff", b"'{}'", b'{"payload": NaN}', b"\xef\xbb\xbf{}"]
)
def test_what_is_not_json_is_said(raw: bytes) -> None:
    assert refused(raw).code == "not_json"


@pytest.mark.parametrize(
    "inner", ["[" * 100_000, '{"a":' * 20_000, '{"a":' * 600 + "1" + "}" * 600]
)
def test_what_is_nested_without_end_is_said(inner: str) -> None:
    raw = body(**{DATA: {"custom_llm_extra_body": "HERE"}}).replace(b'"HERE"', inner.encode())
    assert refused(raw).code in {"not_json", "invalid"}


def test_what_is_too_long_is_said() -> None:
    assert refused(body() + b" " * ENQUEUE_BODY_BYTES_MAX).code == "too_long"


def test_five_and_five_point_zero_are_one_number() -> None:
    call = read(body({"priority": 5.0, "maxAttempts": 2.0}))
    assert (call.priority, call.max_attempts) == (5, 2)
    assert isinstance(call.priority, int)


# --- names that stand twice


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (body()[:-1] + b', "priority": 1, "priority": 2}', "priority"),
        (body()[:-1] + b', "priority": 1, "prior\\u0069ty": 2}', "priority"),
        (b'{"payload": {}, ' + body()[1:], "payload"),
        (body().replace(b'"toNumber"', b'"agentId": "x", "toNumber"'), "agentId"),
        (body(**{DATA: {"a": 1}}).replace(b'"a": 1', b'"a": 1, "a" : 2'), "a"),
        (body(**{DATA: {"dynamic_variables": {"a": 1}}}).replace(b'"a": 1', b'"a":1,"a":1'), "a"),
    ],
)
def test_a_name_that_stands_twice_is_refused(raw: bytes, field: str) -> None:
    problem = refused(raw)
    assert problem.code in {"doubled", "missing"}
    if problem.code == "doubled":
        assert problem.field == field


def test_text_that_looks_like_a_name_is_no_name() -> None:
    data = {"note": 'he said: "a": 1, "a": 2', "other": '"', "x": "\\"}
    assert client_data(body(**{DATA: data})) == {"dynamic_variables": data}


# --- the platform's object


@pytest.mark.parametrize("data", [{}, None])
def test_nothing_said_is_nothing_sent(data: object) -> None:
    assert read(body(**{DATA: data})).client_data is None


def test_the_platforms_own_object_goes_on_as_it_is() -> None:
    data = {
        "dynamic_variables": {"order": "1", "amount": 1.5, "vip": True, "note": None},
        "user_id": "customer-7",
        "conversation_config_override": {"agent": {"language": "es"}},
        "custom_llm_extra_body": {"deep": [{"er": 1}]},
        "source_info": {"source": "unknown"},
        "branch_id": None,
        "procedure_ids": ["a", "b"],
    }
    assert client_data(body(**{DATA: data})) == data


def test_known_and_unknown_names_are_not_mixed() -> None:
    problem = refused(body(**{DATA: {"dynamic_variables": {}, "orderId": "1", "zip": 2}}))
    assert problem.field == PATH
    assert "orderId, zip" in problem.message
    near = refused(body(**{DATA: {"user_id": "x", "dynamic_variable": {}}}))
    assert "did you mean dynamic_variables" in near.message


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"order": {"id": 1}}, "order"),
        ({"order": [1]}, "order"),
        ({"dynamic_variable": {"a": 1}}, "dynamic_variable"),
        ({"dynamic_variables": {"a": {}}}, "dynamic_variables.a"),
        ({"dynamic_variables": [1]}, "dynamic_variables"),
        ({"dynamic_variables": "x"}, "dynamic_variables"),
        ({"user_id": 5}, "user_id"),
        ({"conversation_config_override": "x"}, "conversation_config_override"),
        ({"procedure_ids": [1]}, "procedure_ids"),
        ({"voiceslot_attempt_id": "x"}, "voiceslot_attempt_id"),
        ({"dynamic_variables": {"voiceslot_attempt_id": "x"}}, None),
        ({"system__time": "x"}, "system__time"),
        ({"dynamic_variables": {"system__call_sid": "x"}}, "dynamic_variables.system__call_sid"),
        ({"": "x"}, ""),
        ({"a": 1e308 * 10}, None),
        ({"a": "x" * CLIENT_DATA_BYTES_MAX}, None),
    ],
)
def test_what_the_platform_would_not_understand(data: object, field: str | None) -> None:
    raw = body(**{DATA: data}).replace(b"Infinity", b"1e999")
    problem = refused(raw)
    assert problem.field.startswith(PATH)
    if field is not None:
        assert problem.field == f"{PATH}.{field}"


# --- the name to show


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"name": "Ana"}, "Ana"),
        ({"nombre": "Ana", "order": "1"}, "Ana"),
        ({"Full_Name": " Ana Ruiz "}, "Ana Ruiz"),
        ({"first_name": "Ana", "name": "Ana Ruiz"}, "Ana Ruiz"),
        ({"name": "", "nombre": "Ana"}, "Ana"),
        ({"name": 5, "nombre": None}, ""),
        ({"order": "1"}, ""),
        ({"name": "Ana\x1b[2J\u202e\n"}, "Ana\ufffd[2J\ufffd"),
        ({"name": "[@click=app.quit]Ana[/]"}, "[@click=app.quit]Ana[/]"),
    ],
)
def test_the_name_shown_is_clean_text(variables: dict[str, object], name: str) -> None:
    assert read(body(**{DATA: variables})).name == name
    assert read(body(**{DATA: {"dynamic_variables": variables}})).name == name


# --- digests and lines


def test_a_digest_is_of_what_is_asked_and_not_of_how() -> None:
    data = {"b": 1, "a": "x"}
    first = digest(read(body({"priority": 1}, **{DATA: data})))
    loose = json.dumps(json.loads(body({"priority": 1}, **{DATA: data})), indent=4).encode()
    assert digest(read(loose)) == first
    turned = body({"priority": 1.0}, **{DATA: {"a": "x", "b": 1}}, toNumber="+1 202 555 0123")
    assert digest(read(turned)) == first
    assert digest(read(body())) == digest(read(body({"priority": 0, "maxAttempts": 1})))


@pytest.mark.parametrize(
    "raw",
    [
        body({"priority": 1}),
        body({"maxAttempts": 2}),
        body(toNumber="+12025550124"),
        body(agentId="agent_2"),
        body(agentPhoneNumberId="phnum_2"),
        body(**{DATA: {"a": 1}}),
    ],
)
def test_another_wish_has_another_digest(raw: bytes) -> None:
    assert digest(read(raw)) != digest(read(body()))


def test_a_line_is_a_body() -> None:
    assert read_line(b"\xef\xbb\xbf" + body() + b"\r\n") == read(body())


# --- nothing else


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.binary()
    | st.fixed_dictionaries(
        {"payload": st.fixed_dictionaries({n: st.just(v) for n, v in GOOD.items()})},
        optional={"priority": VALUES, "maxAttempts": VALUES},
    ).map(lambda value: json.dumps(value).encode())
    | VALUES.map(lambda value: body(**{DATA: value}))
)
def test_any_bytes_give_a_call_or_a_complaint(raw: bytes) -> None:
    try:
        call = read(raw)
    except BadInput:
        return
    assert call.to_number == "+12025550123"
    assert -1000 <= call.priority <= 1000
    if call.client_data is not None:
        assert msgspec.json.decode(call.client_data)
