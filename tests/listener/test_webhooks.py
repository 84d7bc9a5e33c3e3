"""What a webhook may do: state facts where it is proven, hint where nothing can prove it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.listener.conftest import (
    API_KEY,
    BEARER,
    NOW_S,
    SECRET,
    MakeRig,
    Rig,
    signed,
    transcription,
)
from voiceslot_tui.core.calls import Disposition
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.facts import Over
from voiceslot_tui.core.limits import ADDRESSES_REMEMBERED_MAX, BAD_SIGNATURES_PER_MINUTE
from voiceslot_tui.listener.bad_signatures import Strikes

PLAIN = {"conversation_id": "conv_1", "status": "completed"}
FAILURE = {
    "type": "call_initiation_failure",
    "event_timestamp": NOW_S,
    "data": {"conversation_id": "conv_1", "failure_reason": "busy"},
}


@pytest.fixture
async def signing(make_rig: MakeRig) -> Rig:
    return await make_rig(secret=SECRET)


async def test_a_signed_transcription_states_the_end_and_how_it_went(signing: Rig) -> None:
    body = transcription()
    assert await signing.webhook(body, header=signed(body)) == (200, {"ok": True})
    (fact,) = signing.engine.facts
    assert isinstance(fact, Over)
    assert fact.conversation_id == "conv_1"
    assert fact.outcome is not None
    assert fact.outcome.disposition is Disposition.ANSWERED
    assert signing.engine.seen == [True]


async def test_a_signed_failure_states_why(signing: Rig) -> None:
    assert (await signing.webhook(FAILURE, header=signed(FAILURE)))[0] == 200
    (fact,) = signing.engine.facts
    assert isinstance(fact, Over)
    assert fact.outcome is not None
    assert fact.outcome.disposition is Disposition.BUSY


@pytest.mark.parametrize(
    "body",
    [
        {"type": "post_call_audio", "data": {"conversation_id": "conv_1", "full_audio": "AAAA"}},
        {"type": "answering_machine_detection", "data": {"conversation_id": "conv_1"}},
        {"type": "something_new", "data": 5},
        {"type": "post_call_transcription", "data": {}},
        {"type": "call_initiation_failure"},
        {"type": 5},
    ],
)
async def test_other_envelopes_are_taken_and_change_nothing(
    signing: Rig, body: dict[str, Any]
) -> None:
    assert await signing.webhook(body, header=signed(body)) == (200, {"ok": True})
    assert signing.engine.facts == []


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "signature_missing"),
        ("nonsense", "signature_malformed"),
        (signed(transcription(), secret="another-secret"), "signature_wrong"),
        (signed(transcription("conv_other")), "signature_wrong"),
        (signed(transcription(), at_s=NOW_S - 31 * 60), "signature_too_old"),
        (signed(transcription(), at_s=NOW_S + 6 * 60), "signature_from_the_future"),
    ],
)
async def test_what_is_not_proven_changes_nothing(
    signing: Rig, header: str | None, code: str
) -> None:
    status, body = await signing.webhook(transcription(), header=header)
    assert (status, body["error"]["code"]) == (401, code)
    assert signing.engine.facts == []
    assert signing.engine.hints == []
    assert signing.engine.seen == [False]


async def test_a_replayed_webhook_is_told_again_and_answered_alike(signing: Rig) -> None:
    body = transcription()
    answers = [await signing.webhook(body, header=signed(body)) for _ in range(20)]
    assert answers == [(200, {"ok": True})] * 20
    assert len(set(map(repr, signing.engine.facts))) == 1


async def test_both_secrets_are_good_while_the_secret_changes(make_rig: MakeRig) -> None:
    rig = await make_rig(secret=f"{SECRET}, the-next-fake-secret")
    body = transcription()
    for secret in (SECRET, "the-next-fake-secret"):
        assert (await rig.webhook(body, header=signed(body, secret=secret)))[0] == 200
    assert (await rig.webhook(body, header=signed(body, secret="the-one-before")))[0] == 401


async def test_two_signature_headers_prove_nothing(signing: Rig) -> None:
    body = b'{"type": "x"}'
    headers = [
        ("Content-Type", "application/json"),
        ("ElevenLabs-Signature", signed(body)),
        ("ElevenLabs-Signature", signed(body)),
    ]
    assert (await signing.ask("POST", "/webhook/elevenlabs", data=body, headers=headers))[0] == 401


async def test_news_that_cannot_be_stored_is_answered_so_that_it_comes_again(
    signing: Rig,
) -> None:
    signing.engine.fails = StoreUnavailable("the disk is full")
    body = transcription()
    status, answer = await signing.webhook(body, header=signed(body))
    assert (status, answer["error"]["code"]) == (503, "store_unavailable")
    assert signing.engine.seen == []
    assert (await signing.ask("GET", "/health"))[0] == 503


# --- without a secret


@pytest.mark.parametrize("body", [transcription(), FAILURE])
async def test_unsigned_news_is_only_a_hint_where_no_secret_is_set(
    rig: Rig, body: dict[str, Any]
) -> None:
    assert await rig.webhook(body) == (200, {"ok": True})
    assert rig.engine.facts == []
    assert rig.engine.hints == ["conv_1"]


@pytest.mark.parametrize("body", [PLAIN, {"callSid": "CA1", "status": "failed"}])
async def test_a_forged_plain_body_changes_nothing(rig: Rig, body: dict[str, str]) -> None:
    status, answer = await rig.webhook(body)
    assert (status, answer["error"]["code"]) == (401, "key_needed")
    assert rig.engine.facts == []
    assert rig.engine.hints == []


# --- the first system's own body


@pytest.mark.parametrize(
    ("body", "conversation", "sid"),
    [
        (PLAIN, "conv_1", None),
        ({"callSid": "CA1", "status": "failed"}, None, "CA1"),
        ({"callId": "conv_2", "status": "cancelled"}, "conv_2", None),
        ({"callId": "CA2", "status": "ended"}, None, "CA2"),
        ({"conversation_id": "conv_1", "callSid": "CA1", "status": "done"}, "conv_1", "CA1"),
    ],
)
@pytest.mark.parametrize("by_key", [True, False])
async def test_a_plain_body_ends_a_call_by_key_or_by_signature(
    make_rig: MakeRig,
    body: dict[str, str],
    conversation: str | None,
    sid: str | None,
    by_key: bool,
) -> None:
    rig = await make_rig(api_key=API_KEY, secret=SECRET)
    if by_key:
        status, _ = await rig.webhook(body, **BEARER)
    else:
        status, _ = await rig.webhook(body, header=signed(body))
    assert status == 200
    (fact,) = rig.engine.facts
    assert isinstance(fact, Over)
    assert (fact.conversation_id, fact.call_sid, fact.outcome) == (conversation, sid, None)


async def test_a_plain_body_about_a_call_that_goes_on_changes_nothing(signing: Rig) -> None:
    body = {**PLAIN, "status": "in-progress"}
    assert (await signing.webhook(body, header=signed(body)))[0] == 200
    assert signing.engine.facts == []


@pytest.mark.parametrize(
    ("body", "field"),
    [({"status": "completed"}, "conversation_id"), ({"conversation_id": "conv_1"}, "status")],
)
async def test_a_plain_body_that_lacks_something_is_told_what(
    signing: Rig, body: dict[str, str], field: str
) -> None:
    status, answer = await signing.webhook(body, header=signed(body))
    assert (status, answer["error"]["field"]) == (422, field)


# --- floods


async def test_a_flood_of_bad_signatures_is_slowed_and_good_ones_are_not(signing: Rig) -> None:
    bad = [
        (await signing.webhook(transcription(), header="t=1,v0=00"))[0]
        for _ in range(BAD_SIGNATURES_PER_MINUTE + 5)
    ]
    assert bad == [401] * BAD_SIGNATURES_PER_MINUTE + [429] * 5
    body = transcription()
    assert (await signing.webhook(body, header=signed(body)))[0] == 200
    signing.clock.seconds += 61
    assert (await signing.webhook(transcription(), header="t=1,v0=00"))[0] == 401


def test_a_flood_from_everywhere_fills_no_memory() -> None:
    strikes = Strikes()
    for number in range(ADDRESSES_REMEMBERED_MAX * 2):
        assert strikes.strike(f"address {number}", 0.0) is None
    assert strikes.remembered == ADDRESSES_REMEMBERED_MAX
