"""ElevenLabs' conversations in our words: every status, every outcome, and what may be missing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import Disposition
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.talks import Talk, TalkState
from voiceslot_tui.wire.elevenlabs_calls import (
    read_agents,
    read_live_count,
    read_phone_numbers,
    read_talk,
    read_talks,
)

USER = {"role": "user", "message": "Hello?"}
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
AGENT = {"role": "agent", "message": "Good morning."}


def talk(status: str = "done", **parts: Any) -> Talk:
    return read_talk(json.dumps({"conversation_id": "conv_1", "status": status, **parts}).encode())


def disposition(status: str, turns: list[Any] | None = None, **metadata: Any) -> Disposition:
    found = talk(status, transcript=turns or [], metadata=metadata).outcome
    assert found is not None
    return found.disposition


def result(word: object) -> dict[str, Any]:
    return {"phone_call": {"type": "twilio", "call_result": word}}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("initiated", TalkState.RINGING),
        ("in-progress", TalkState.TALKING),
        ("in_progress", TalkState.TALKING),
        ("processing", TalkState.OVER),
        ("done", TalkState.ANALYSED),
        ("failed", TalkState.ANALYSED),
        ("escalated", TalkState.UNHEARD_OF),
        ("finished", TalkState.UNHEARD_OF),
        ("", TalkState.UNHEARD_OF),
    ],
)
def test_a_status_is_read_and_an_unknown_one_is_no_end(status: str, state: TalkState) -> None:
    read = talk(status)
    assert read.state is state
    assert (read.outcome is not None) == (state is TalkState.ANALYSED)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("answered", Disposition.ANSWERED),
        ("voicemail", Disposition.VOICEMAIL),
        ("busy", Disposition.BUSY),
        ("no_answer", Disposition.NO_ANSWER),
        ("failed", Disposition.FAILED),
    ],
)
def test_the_telephones_word_decides(word: str, expected: Disposition) -> None:
    assert disposition("done", **result(word)) is expected
    assert disposition("failed", **result(word)) is expected


def test_a_failed_conversation_that_was_talked_through_was_answered() -> None:
    assert disposition("failed", [AGENT, USER]) is Disposition.ANSWERED
    assert disposition("failed", [AGENT, USER], **result("failed")) is Disposition.ANSWERED
    assert disposition("failed", call_duration_secs=40) is Disposition.ANSWERED
    assert disposition("failed", [AGENT, USER], **result("busy")) is Disposition.BUSY


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Line was busy", Disposition.BUSY),
        ("no-answer", Disposition.NO_ANSWER),
        ("call not answered", Disposition.NO_ANSWER),
        ("Call declined by user", Disposition.DECLINED),
        ("SIP 603: rejected", Disposition.DECLINED),
        ("invalid_phone_number", Disposition.INVALID_NUMBER),
        ("voicemail_detection tool was called", Disposition.VOICEMAIL),
        ("something else", Disposition.FAILED),
        ("", Disposition.FAILED),
    ],
)
def test_without_the_telephones_word_a_failure_is_read_from_its_reason(
    reason: str, expected: Disposition
) -> None:
    assert disposition("failed", termination_reason=reason) is expected
    assert disposition("failed", error={"code": 1, "reason": reason}) is expected


def test_a_done_conversation_proves_an_answer_only_where_somebody_spoke() -> None:
    assert disposition("done", [AGENT, USER]) is Disposition.ANSWERED
    assert disposition("done", [AGENT]) is Disposition.UNKNOWN
    assert disposition("done") is Disposition.UNKNOWN
    assert disposition("done", **result("teleported")) is Disposition.UNKNOWN
    words = {"termination_reason": "voicemail_detection tool was called"}
    assert disposition("done", [AGENT, USER], **words) is Disposition.VOICEMAIL


def test_an_outcome_has_its_length_its_words_and_its_price() -> None:
    metadata = {
        "call_duration_secs": 41,
        "charging": {"is_burst": True},
        "termination_reason": "Client\x1b[31m disconnected",
    }
    outcome = talk(metadata=metadata).outcome
    assert outcome is not None
    assert (outcome.talk_s, outcome.burst) == (41, True)
    assert outcome.detail == "Client\ufffd[31m disconnected"
    bare = talk().outcome
    assert bare is not None
    assert (bare.talk_s, bare.burst, bare.detail) == (None, False, "")


def test_the_attempt_is_named_by_its_variable_else_by_the_user_id() -> None:
    sent = {"dynamic_variables": {"voiceslot_attempt_id": "a1"}, "user_id": "person"}
    assert talk(conversation_initiation_client_data=sent, user_id="other").attempt_id == "a1"
    assert talk(conversation_initiation_client_data={}, user_id="a2").attempt_id == "a2"
    assert talk(conversation_initiation_client_data={"user_id": "a3"}).attempt_id == "a3"
    assert talk(conversation_initiation_client_data=None).attempt_id is None
    odd = {"dynamic_variables": {"voiceslot_attempt_id": 7}, "user_id": ["x"]}
    assert talk(conversation_initiation_client_data=odd).attempt_id is None
    assert talk(user_id="x" * 1000).attempt_id is None


def test_the_carriers_id_and_the_start_are_read() -> None:
    read = talk(
        agent_id="agent_1",
        metadata={"start_time_unix_secs": 1_790_000_000, "phone_call": {"call_sid": "CA1"}},
    )
    assert (read.call_sid, read.started_at) == ("CA1", 1_790_000_000_000)
    assert read.agent_id == "agent_1"
    assert talk(metadata={"phone_call": {"call_id": "sip1"}}).call_sid == "sip1"
    assert talk(metadata={"phone_call": None}).call_sid is None


@given(
    st.dictionaries(
        st.sampled_from(
            ["start_time_unix_secs", "call_duration_secs", "termination_reason", "extra", "cost"]
        ),
        st.none() | st.booleans() | FLOATS | st.integers() | st.text() | st.lists(FLOATS),
    )
)
def test_no_leaf_of_an_unexpected_kind_makes_a_conversation_unreadable(
    metadata: dict[str, Any],
) -> None:
    read = talk(metadata=metadata)
    assert read.state is TalkState.ANALYSED
    assert read.outcome is not None
    assert read.outcome.talk_s is None or read.outcome.talk_s >= 0


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[]", b"{}", b'{"conversation_id": 1}'])
def test_what_is_no_conversation_is_not_read(body: bytes) -> None:
    with pytest.raises(ReadFailed, match="not a conversation"):
        read_talk(body)


# --- lists


def listed(*items: dict[str, Any], **parts: Any) -> bytes:
    return json.dumps({"conversations": items, **parts}).encode()


def test_a_page_is_read_with_its_cursor() -> None:
    item = {"conversation_id": "c", "status": "initiated", "agent_id": "a", "new_field": [1]}
    page = read_talks(listed(item, has_more=True, next_cursor="2"))
    assert page.next_cursor == "2"
    assert [(one.conversation_id, one.state) for one in page.items] == [("c", TalkState.RINGING)]
    assert read_talks(listed(item, has_more=False, next_cursor="2")).next_cursor is None
    assert read_talks(listed(item)).next_cursor is None
    assert read_talks(listed(item, next_cursor="2")).next_cursor == "2"


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"conversations": null}',
        b'{"conversations": [{"status": "done"}]}',
        b'{"conversations": [], "has_more": true}',
        b'{"detail": "Not Found"}',
        b"<html></html>",
        b'{"conversations": [{"conversation_id": "c"}',
    ],
)
def test_an_answer_without_its_list_is_no_empty_list(body: bytes) -> None:
    with pytest.raises(ReadFailed):
        read_talks(body)


def test_phone_numbers_are_read_in_both_versions() -> None:
    number = {"phone_number_id": "p", "phone_number": "+12025550100", "provider": "sip_trunk"}
    bare = read_phone_numbers(json.dumps([number]).encode())
    paged = read_phone_numbers(json.dumps({"phone_numbers": [number]}).encode())
    assert bare == paged
    assert [(one.phone_number_id, one.provider) for one in bare.items] == [("p", "sip_trunk")]


def test_agents_are_read_and_their_names_cleaned() -> None:
    page = read_agents(
        b'{"agents": [{"agent_id": "a", "name": "Ana\\u001b[2J"}], "has_more": false}'
    )
    assert [(one.agent_id, one.name) for one in page.items] == [("a", "Ana\ufffd[2J")]


def test_the_live_count_is_a_count() -> None:
    assert read_live_count(b'{"count": 3, "more": 1}') == 3
    for body in (b'{"count": -1}', b'{"count": null}', b'{"count": "3"}', b"3", b"{}"):
        with pytest.raises(ReadFailed):
            read_live_count(body)
