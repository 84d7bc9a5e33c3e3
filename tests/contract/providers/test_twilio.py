"""The carrier in front of the simulator, and of servers that answer what Twilio would not."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.contract.providers.conftest import an_order
from tests.contract.providers.misbehaving import Peer, after_reading, answer, answering, serving
from voiceslot_tui.core.calls import CallSid
from voiceslot_tui.core.facts import Accepted
from voiceslot_tui.ports import HangUp
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.http import Http
from voiceslot_tui.providers.twilio import TwilioCarrier
from voiceslot_tui.providers.twilio_client import TWILIO_API
from voiceslot_tui.simulator.server import SimulatorServer

ACCOUNT = "AC" + "0" * 32
SID = CallSid("CA" + "0" * 32)
TOKEN = "simulator-token"
CALL = b'{"sid": "CA00000000000000000000000000000000", "status": "%s"}'


@asynccontextmanager
async def a_carrier(
    base_url: str, token: str = TOKEN, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[TwilioCarrier]:
    http = Http(base_urls=[base_url or TWILIO_API], transport=transport)
    try:
        yield TwilioCarrier(
            http,
            account_sid=ACCOUNT,
            username=ACCOUNT,
            password=lambda: token,
            base_url=base_url,
            timeout_s=1.0,
        )
    finally:
        await http.aclose()


async def live_call(platform: ElevenLabs, number: str = "phnum_sim_twilio") -> CallSid:
    data = b'{"dynamic_variables": {"sim_talk_s": 1000}}'
    found = await platform.start_call(an_order(number=number, client_data=data))
    assert isinstance(found, Accepted)
    assert found.call_sid is not None
    return found.call_sid


async def test_a_live_call_is_ended_once(simulator: SimulatorServer, platform: ElevenLabs) -> None:
    sid = await live_call(platform)
    async with a_carrier(simulator.address) as carrier:
        assert await carrier.is_over(sid) is False
        assert await carrier.hang_up(sid) is HangUp.DONE
        assert await carrier.is_over(sid) is True
        assert await carrier.hang_up(sid) is HangUp.ALREADY_OVER
    assert simulator.world.truth.hang_ups == 1
    assert simulator.world.truth.live_now == 0


async def test_a_call_of_another_carrier_is_not_asked_about(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    async with a_carrier(simulator.address) as carrier:
        for odd in ("sip-call-1", "", "CA/../x", SID + "/../../.."):
            assert await carrier.hang_up(CallSid(odd)) is HangUp.REFUSED
            assert await carrier.is_over(CallSid(odd)) is None
    assert not simulator.world.truth.requests_read


async def test_an_unknown_call_and_a_wrong_token_are_refused(
    simulator: SimulatorServer, platform: ElevenLabs
) -> None:
    sid = await live_call(platform)
    async with a_carrier(simulator.address) as carrier:
        assert await carrier.hang_up(SID) is HangUp.REFUSED
        assert await carrier.is_over(SID) is None
    async with a_carrier(simulator.address, token="wrong-token") as carrier:
        assert await carrier.hang_up(sid) is HangUp.REFUSED
        assert await carrier.is_over(sid) is None
    assert simulator.world.truth.hang_ups == 0


async def reset(peer: Peer) -> None:
    peer.reset()


REFUSAL = b'{"code": 20003, "message": "Authenticate", "status": %d}'


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (answer(200, CALL % b"completed"), HangUp.DONE),
        (answer(200, CALL % b"in-progress"), HangUp.DONE),
        (answer(400, b'{"code": 21220, "message": "over", "status": 400}'), HangUp.ALREADY_OVER),
        (answer(400, REFUSAL % 400), HangUp.REFUSED),
        (answer(401, REFUSAL % 401), HangUp.REFUSED),
        (answer(404, b'{"code": 20404, "message": "no", "status": 404}'), HangUp.REFUSED),
        (answer(429, b'{"code": 20429, "message": "slow", "status": 429}'), HangUp.REFUSED),
        (answer(408, b'{"code": 1, "message": "late", "status": 408}'), HangUp.UNCLEAR),
        (answer(500, b'{"code": 20500, "message": "oops", "status": 500}'), HangUp.UNCLEAR),
        (answer(503, b"<html></html>", "text/html"), HangUp.UNCLEAR),
        (answer(500, b""), HangUp.UNCLEAR),
        (answer(200, b"<html></html>", "text/html"), HangUp.UNCLEAR),
        (answer(200, b"[]"), HangUp.UNCLEAR),
        (answer(200, b"3"), HangUp.UNCLEAR),
        (answer(307, b"", "text/plain", "Location: /again"), HangUp.UNCLEAR),
        (b"garbage\r\n\r\n", HangUp.UNCLEAR),
    ],
)
async def test_whatever_is_answered_a_hang_up_is_sent_once(said: bytes, verdict: HangUp) -> None:
    async with serving(answering(said)) as (base_url, seen), a_carrier(base_url) as carrier:
        assert await carrier.hang_up(SID) is verdict
        assert seen.read == 1


async def test_silence_and_broken_connections_are_unclear() -> None:
    for behaviour in (after_reading(Peer.stall), after_reading(reset)):
        async with serving(behaviour) as (base_url, seen), a_carrier(base_url) as carrier:
            assert await carrier.hang_up(SID) is HangUp.UNCLEAR
            assert seen.read == 1
            assert await carrier.is_over(SID) is None
    async with a_carrier("http://127.0.0.1:1") as carrier:
        assert await carrier.hang_up(SID) is HangUp.UNCLEAR
        assert await carrier.is_over(SID) is None


async def test_a_status_nobody_knows_is_no_end() -> None:
    said = answering(answer(200, CALL % b"teleported"))
    async with serving(said) as (base_url, _), a_carrier(base_url) as carrier:
        assert await carrier.is_over(SID) is None


async def test_requests_go_to_twilio_with_our_credentials_and_only_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ACCOUNT_SID", "AUTH_TOKEN", "EDGE", "REGION"):
        monkeypatch.setenv(f"TWILIO_{name}", "from-the-environment")
    asked: list[httpx.Request] = []

    def twilio(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"sid": SID, "status": "completed"})

    async with a_carrier("", transport=httpx.MockTransport(twilio)) as carrier:
        assert await carrier.hang_up(SID) is HangUp.DONE
    (request,) = asked
    assert request.method == "POST"
    url = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls/{SID}.json"
    assert str(request.url) == url
    assert request.content == b"Status=completed"
    _, _, credentials = request.headers["authorization"].partition(" ")
    assert b64decode(credentials).decode() == f"{ACCOUNT}:{TOKEN}"


async def test_nothing_shows_the_token(
    simulator: SimulatorServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_carrier(simulator.address) as carrier:
        await carrier.hang_up(SID)
        _, client = await carrier._twilio.loaded()
        shown = [repr(carrier), repr(client), str(vars(client)), repr(client.calls(SID))]
    travelling = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    for text in (*shown, caplog.text):
        assert TOKEN not in text
        assert travelling not in text
