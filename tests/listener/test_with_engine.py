"""The listener in front of the real engine and store: what is answered is stored, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from tests.listener.conftest import CALL, NOW_S, SECRET, FakeClock, signed, transcription
from voiceslot_tui.assembly import Parts, World, assemble
from voiceslot_tui.core.calls import AttemptId, CallId, CallSid, CallState, ConversationId, Instant
from voiceslot_tui.core.facts import Accepted
from voiceslot_tui.core.follow_ups import TryId
from voiceslot_tui.core.setting_rows import Secret
from voiceslot_tui.core.slots import Ceiling, Gate, Reading
from voiceslot_tui.follow_up_assembly import Outside
from voiceslot_tui.follow_up_ports import Workspace
from voiceslot_tui.listener.server import ListenerServer
from voiceslot_tui.ports import VoicePlatform
from voiceslot_tui.settings import Settings
from voiceslot_tui.store.sqlite import SqliteStore, open_store


class CountedIds:
    """Ids in order, and no chance."""

    def __init__(self) -> None:
        self._count = 0

    def attempt_id(self) -> AttemptId:
        self._count += 1
        return AttemptId(f"attempt_{self._count}")

    def try_id(self) -> TryId:
        self._count += 1
        return TryId(f"try_{self._count}")

    def jitter(self) -> float:
        return 0.0


class House:
    """An engine with its store and listener; its services do not run, so nothing is dialled."""

    def __init__(
        self,
        store: SqliteStore,
        parts: Parts,
        server: ListenerServer,
        client: aiohttp.ClientSession,
    ) -> None:
        self.store = store
        self.parts = parts
        self.server = server
        self.client = client

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.server.port}{path}"
        async with self.client.post(url, json=body, headers=headers) as response:
            return response.status, await response.json()

    async def dial(self, conversation_id: str) -> CallId:
        """Let the next ready call be live, as the dispatcher would."""
        reserved = await self.store.reserve(
            Gate(Ceiling(5, 5.0), 0, Reading(), 60.0),
            frozenset(),
            CountedIds().attempt_id,
            60.0,
            Instant(NOW_S * 1000),
        )
        order = reserved.orders[0]
        named = Accepted(order.attempt_id, ConversationId(conversation_id), CallSid("CA1"))
        await self.parts.ledger.record(named, by="platform")
        return order.call_id

    async def state(self, call_id: CallId) -> CallState:
        return (await self.parts.engine.detail(call_id)).call.state


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    settings = Settings(port=0, webhook_secret=Secret(SECRET))
    workspace = cast("Workspace", SimpleNamespace(now=clock.now))
    store = await open_store(tmp_path / "voiceslot.db", clock.now())
    async with asyncio.TaskGroup() as dials, aiohttp.ClientSession() as client:
        world = World(
            store=store,
            platform=cast("VoicePlatform", None),
            carrier=None,
            outside=Outside(workspace, {}, has_callbacks=False, platform_now=clock.now),
            clock=clock,
            ids=CountedIds(),
            dials=dials,
        )
        parts = assemble(settings, world)
        server = ListenerServer(parts.engine, settings, clock=clock)
        await server.start()
        yield House(store, parts, server, client)
        await server.stop()
    await store.close()


async def test_a_202_is_in_the_file_whatever_becomes_of_us(house: House, tmp_path: Path) -> None:
    status, body = await house.post("/enqueue-call", {**CALL, "priority": 4})
    assert (status, body["queueSize"]) == (202, 1)
    copy = tmp_path / "after-a-crash"
    copy.mkdir()
    for file in tmp_path.glob("voiceslot.db*"):
        (copy / file.name).write_bytes(file.read_bytes())
    reopened = await open_store(copy / "voiceslot.db", Instant(NOW_S * 1000))
    (call,) = await reopened.calls([CallId(int(body["id"]))])
    await reopened.close()
    assert (call.to_number, call.priority, call.state) == ("+12025550123", 4, CallState.QUEUED)


async def test_many_producers_get_their_own_calls(house: House) -> None:
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(house.post("/enqueue-call", CALL)) for _ in range(200)]
    answers = [task.result() for task in asked]
    assert {status for status, _ in answers} == {202}
    assert len({body["id"] for _, body in answers}) == 200
    assert (await house.parts.engine.snapshot()).queued == 200


async def test_one_key_is_one_call_however_often_it_is_sent(house: House) -> None:
    key = {"Idempotency-Key": "order-1"}
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(house.post("/enqueue-call", CALL, **key)) for _ in range(20)]
    assert len({repr(task.result()) for task in asked}) == 1
    assert (await house.parts.engine.snapshot()).queued == 1
    status, body = await house.post("/enqueue-call", {**CALL, "priority": 1}, **key)
    assert (status, body["error"]["code"]) == (409, "idempotency_conflict")


async def test_a_signed_end_frees_the_slot_and_a_replay_changes_nothing(house: House) -> None:
    await house.post("/enqueue-call", CALL)
    call_id = await house.dial("conv_1")
    assert await house.state(call_id) is CallState.LIVE
    body = transcription("conv_1")
    path = "/webhook/elevenlabs"
    forged = signed(body, secret="another-secret")
    assert (await house.post(path, body, **{"ElevenLabs-Signature": forged}))[0] == 401
    old = signed(body, at_s=NOW_S - 31 * 60)
    assert (await house.post(path, body, **{"ElevenLabs-Signature": old}))[0] == 401
    assert await house.state(call_id) is CallState.LIVE
    for _ in range(5):
        good = {"ElevenLabs-Signature": signed(body)}
        assert await house.post(path, body, **good) == (200, {"ok": True})
    assert await house.state(call_id) is CallState.ENDED
    snapshot = await house.parts.engine.snapshot()
    assert (snapshot.slots.holding, snapshot.ends, snapshot.webhook_refused) == (0, 1, 2)


async def test_the_first_systems_body_frees_the_slot_by_carrier_id(house: House) -> None:
    await house.post("/enqueue-call", CALL)
    call_id = await house.dial("conv_1")
    body = {"callSid": "CA1", "status": "completed"}
    headers = {"ElevenLabs-Signature": signed(body)}
    assert (await house.post("/webhook/elevenlabs", body, **headers))[0] == 200
    assert await house.state(call_id) is CallState.WRAPPING_UP
    assert (await house.parts.engine.snapshot()).slots.holding == 0
