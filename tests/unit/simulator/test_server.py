"""The world on a real socket: answers, webhooks, and what goes wrong on the wire."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from tests.unit.simulator.telephone import CALM, KEYS
from voiceslot_tui.simulator.faults import make_rule
from voiceslot_tui.simulator.server import SimulatorServer
from voiceslot_tui.simulator.words import FaultKind, FaultTarget

DEADLINE_S = 10.0
START_PATH = "/v1/convai/twilio/outbound-call"
AT_ONCE = replace(CALM, ring_s=0.0, talk_s=0.0, analysis_s=0.0, webhook_url="")
RESET = b"reset"
BODY = {
    "agent_id": "agent_sim_reminders",
    "agent_phone_number_id": "phnum_sim_twilio",
    "to_number": "+12025550110",
}


async def raw_start(server: SimulatorServer) -> bytes:
    """Start a call by hand and give every byte that comes back, until the connection ends."""
    host, port = server.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(BODY).encode()
    head = (
        f"POST {START_PATH} HTTP/1.1\r\nHost: {host}\r\nxi-api-key: simulator-key\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await reader.read()
    finally:
        writer.close()


async def start(server: SimulatorServer) -> dict[str, Any]:
    async with (
        ClientSession(server.address, headers=KEYS) as client,
        client.post(START_PATH, json=BODY) as answer,
    ):
        body = await answer.json()
    assert isinstance(body, dict)
    return body


async def test_a_call_is_started_and_its_webhook_arrives() -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await arrived.put(await request.read())
        return web.Response()

    receiver = web.Application()
    receiver.router.add_post("/webhook", take)
    async with TestServer(receiver) as hook:
        settings = replace(AT_ONCE, webhook_url=str(hook.make_url("/webhook")))
        server = SimulatorServer(settings)
        async with server.running(), asyncio.timeout(DEADLINE_S):
            answer = await start(server)
            news = json.loads(await arrived.get())
    assert news["data"]["conversation_id"] == answer["conversation_id"]


async def test_an_end_comes_by_itself_when_its_time_has_come() -> None:
    arrived = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        arrived.set()
        return web.Response()

    receiver = web.Application()
    receiver.router.add_post("/webhook", take)
    async with TestServer(receiver) as hook:
        url = str(hook.make_url("/webhook"))
        server = SimulatorServer(replace(AT_ONCE, ring_s=0.05, talk_s=0.05, webhook_url=url))
        async with server.running(), asyncio.timeout(DEADLINE_S):
            await start(server)
            await arrived.wait()
        assert server.world.truth.live_now == 0


async def test_a_receiver_that_is_not_there_is_noted() -> None:
    server = SimulatorServer(replace(AT_ONCE, webhook_url="http://127.0.0.1:1/webhook"))
    told = asyncio.Event()
    async with server.running(), asyncio.timeout(DEADLINE_S):
        report = server.world.webhooks.report

        def note(*arguments: Any) -> None:
            report(*arguments)
            told.set()

        server.world.webhooks.report = note  # type: ignore[method-assign]
        await start(server)
        await told.wait()
    assert server.world.webhooks.delivered == {"no_answer": 1}


@pytest.mark.parametrize(
    ("kind", "is_wire"),
    [
        (FaultKind.RESET_BEFORE_READING, lambda raw: raw == RESET),
        (FaultKind.RESET_AFTER_READING, lambda raw: raw == RESET),
        (FaultKind.RESET_HALF_HEADERS, lambda raw: raw.endswith(b"applic")),
        (FaultKind.CUT_BODY, lambda raw: b'{"success"' in raw and b"}" not in raw),
        (FaultKind.TRUNCATED_JSON, lambda raw: b'{"success"' in raw and b"}" not in raw),
        (FaultKind.HTML_200, lambda raw: raw.startswith(b"HTTP/1.1 200") and b"<html" in raw),
        (FaultKind.REDIRECT_307, lambda raw: b"Location: /v1/convai/twilio" in raw),
    ],
)
async def test_the_wire_goes_wrong_as_asked(
    kind: FaultKind, is_wire: Callable[[bytes], bool]
) -> None:
    server = SimulatorServer(AT_ONCE)
    server.world.faults.add(make_rule(kind, requests=1))
    async with server.running():
        try:
            raw = await raw_start(server)
        except ConnectionResetError:
            raw = RESET
        assert is_wire(raw), raw
        assert b"conversation_id" in await raw_start(server)


async def test_a_withheld_answer_holds_nobody_up_when_the_server_stops() -> None:
    server = SimulatorServer(AT_ONCE)
    server.world.faults.add(make_rule(FaultKind.NO_ANSWER, requests=1))
    async with asyncio.timeout(DEADLINE_S):
        async with server.running(), asyncio.TaskGroup() as group:
            waiting = group.create_task(raw_start(server))
            while not server.world.calls:
                await asyncio.wait_for(start_probe(server), DEADLINE_S)
            assert not waiting.done()
            waiting.cancel()
    assert server.world.truth.requests_read["start_twilio"] == 1


async def start_probe(server: SimulatorServer) -> None:
    """Read the truth over the socket: a signal that earlier requests had their turn."""
    async with (
        ClientSession(server.address) as client,
        client.get("/_simulator/truth") as answer,
    ):
        await answer.json()


async def test_a_slow_answer_lets_others_pass() -> None:
    server = SimulatorServer(AT_ONCE)
    server.world.faults.add(make_rule(FaultKind.SLOW, delay_s=3600, requests=1))
    async with asyncio.timeout(DEADLINE_S), server.running(), asyncio.TaskGroup() as group:
        slow = group.create_task(raw_start(server))
        while not server.world.calls:
            await start_probe(server)
        assert b"conversation_id" in await raw_start(server)
        assert not slow.done()
        slow.cancel()


async def test_control_reset_and_faults_on_reads_over_the_socket() -> None:
    server = SimulatorServer(AT_ONCE)
    async with server.running(), ClientSession(server.address, headers=KEYS) as client:
        rule = {"kind": "error_500", "target": FaultTarget.READ, "requests": 1}
        async with client.post("/_simulator/faults", json={"faults": [rule]}) as answer:
            assert answer.status == 200
        async with client.get("/v1/convai/conversations") as answer:
            assert answer.status == 500
        async with client.get("/v1/convai/conversations") as answer:
            assert answer.status == 200
        await start(server)
        async with client.post("/_simulator/reset") as answer:
            assert answer.status == 200
        async with client.get("/_simulator/truth") as answer:
            assert (await answer.json())["requests_read"] == {}


async def test_a_batch_of_ten_thousand_people_fits_through_the_socket() -> None:
    server = SimulatorServer(replace(CALM, webhook_url=""))
    variables = {"dynamic_variables": {"note": "x" * 200}}
    person = {"phone_number": "+12025550110", "conversation_initiation_client_data": variables}
    body = {
        "call_name": "Large",
        "agent_id": BODY["agent_id"],
        "agent_phone_number_id": BODY["agent_phone_number_id"],
        "recipients": [person] * 10_000,
    }
    content = BytesIO(json.dumps(body).encode())
    async with (
        server.running(),
        ClientSession(headers=KEYS) as client,
        client.post(f"{server.address}/v1/convai/batch-calling/submit", data=content) as answer,
    ):
        assert answer.status == 200
        assert (await answer.json())["total_calls_scheduled"] == 10_000


def test_the_program_says_its_address_and_stops_on_sigterm() -> None:
    code = (
        "from voiceslot_tui.simulator.launch import run, settings_from_options\n"
        "run(settings_from_options(demo=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert line.startswith("simulator listening on http://127.0.0.1:")
