"""What each route answers, and that nothing is answered before it is stored."""

from __future__ import annotations

import json

import pytest

from tests.listener.conftest import API_KEY, BEARER, CALL, MakeRig, Rig
from voiceslot_tui.core.errors import SettingsInvalid, StoreBusy, StoreUnavailable


async def test_health_says_ok_and_nothing_else(make_rig: MakeRig) -> None:
    rig = await make_rig(api_key=API_KEY)
    assert await rig.ask("GET", "/health") == (200, {"ok": True})


async def test_health_is_bad_while_the_engine_stops(rig: Rig) -> None:
    rig.engine.stop()
    status, body = await rig.ask("GET", "/health")
    assert (status, body["error"]["code"]) == (503, "stopping")


async def test_health_is_bad_after_a_failed_write_until_one_succeeds_or_time_passes(
    rig: Rig,
) -> None:
    rig.engine.fails = StoreUnavailable("the disk is full")
    await rig.ask("POST", "/enqueue-call", json=CALL)
    status, body = await rig.ask("GET", "/health")
    assert (status, body["error"]["code"]) == (503, "store_unavailable")
    rig.clock.seconds += 11
    assert (await rig.ask("GET", "/health"))[0] == 200
    await rig.ask("POST", "/enqueue-call", json=CALL)
    assert (await rig.ask("GET", "/health"))[0] == 503
    rig.engine.fails = None
    await rig.ask("POST", "/enqueue-call", json=CALL)
    assert (await rig.ask("GET", "/health"))[0] == 200


async def test_stats_keep_the_first_systems_names(rig: Rig) -> None:
    status, body = await rig.ask("GET", "/stats")
    assert status == 200
    names = ("queueSize", "inFlight", "remoteActive", "concurrencyLimit", "availableSlots")
    assert [body[name] for name in names] == [3, 2, 1, 5, 2]
    assert body["snapshot"]["slots"]["live"] == 1
    assert set(body["promises"]) >= {"P1", "P2", "P4", "P9"}


async def test_a_call_is_queued(rig: Rig) -> None:
    body = {**CALL, "priority": 7, "maxAttempts": 3}
    assert await rig.ask("POST", "/enqueue-call", json=body) == (
        202,
        {"enqueued": True, "id": "1", "queueSize": 1},
    )
    (call,) = rig.engine.calls
    assert (call.to_number, call.agent_id, call.agent_phone_number_id, call.priority) == (
        "+12025550123",
        "agent_1",
        "phnum_1",
        7,
    )
    assert call.max_attempts == 3


async def test_the_same_key_and_body_give_the_same_answer_and_one_call(rig: Rig) -> None:
    key = {"Idempotency-Key": "order-1", "Content-Type": "application/json"}
    first = await rig.ask("POST", "/enqueue-call", json=CALL, headers=key)
    spaced = json.dumps({"priority": 0, **CALL}, indent=3)
    again = await rig.ask("POST", "/enqueue-call", data=spaced, headers=key)
    assert first == again
    assert len(rig.engine.calls) == 1
    status, body = await rig.ask("POST", "/enqueue-call", json={**CALL, "priority": 1}, headers=key)
    assert (status, body["error"]["code"]) == (409, "idempotency_conflict")
    assert len(rig.engine.calls) == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "ñ"])
async def test_a_bad_idempotency_key_is_named(rig: Rig, key: str) -> None:
    status, body = await rig.ask(
        "POST", "/enqueue-call", json=CALL, headers={"Idempotency-Key": key}
    )
    assert (status, body["error"]["field"]) == (422, "Idempotency-Key")
    assert not rig.engine.calls


@pytest.mark.parametrize(("problem", "wait"), [(StoreUnavailable("x"), "5"), (StoreBusy("x"), "1")])
async def test_a_store_that_cannot_write_is_told_with_a_time(
    rig: Rig, problem: StoreUnavailable, wait: str
) -> None:
    rig.engine.fails = problem
    async with rig.client.post(rig.url + "/enqueue-call", json=CALL) as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == wait
        assert (await response.json())["error"]["code"] == "store_unavailable"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b'{"payload": 1}', 422, "payload"),
        (b'{"priority": 1}', 422, "payload"),
        (b"[]", 422, None),
    ],
)
async def test_a_wrong_body_names_its_field(
    rig: Rig, body: bytes, status: int, field: str | None
) -> None:
    answered, told = await rig.ask(
        "POST", "/enqueue-call", data=body, headers={"Content-Type": "application/json"}
    )
    assert (answered, told["error"]["field"]) == (status, field)
    assert not rig.engine.calls


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PATCH", "POST", "PUT"])
async def test_another_method_is_refused_with_those_allowed(rig: Rig, method: str) -> None:
    async with rig.client.request(method, rig.url + "/health") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD"
        assert (await response.json())["error"]["code"] == "method"


async def test_head_is_answered_without_a_body(rig: Rig) -> None:
    async with rig.client.head(rig.url + "/health") as response:
        assert response.status == 200
        assert await response.read() == b""


async def test_an_unknown_path_is_refused_as_json(rig: Rig) -> None:
    status, body = await rig.ask("GET", "/admin")
    assert (status, body["error"]["code"]) == (404, "no_such_path")


async def test_unknown_paths_say_nothing_without_the_key(make_rig: MakeRig) -> None:
    rig = await make_rig(api_key=API_KEY)
    assert (await rig.ask("GET", "/admin"))[0] == 401
    assert (await rig.ask("GET", "/admin", headers=BEARER))[0] == 404


async def test_a_taken_port_is_a_wrong_setting(rig: Rig, make_rig: MakeRig) -> None:
    with pytest.raises(SettingsInvalid, match=r"PORT.*another program"):
        await make_rig(port=rig.server.port)


async def test_stopping_closes_the_port(rig: Rig) -> None:
    port = rig.server.port
    await rig.server.stop()
    assert rig.server.port == 0
    with pytest.raises(OSError, match=str(port)):
        await rig.client.get(f"http://127.0.0.1:{port}/health")
