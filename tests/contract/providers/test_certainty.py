"""Whatever a server does to a start: what we say of it against what the server has read.

The one thing that must never happen is to call a start "not taken" that the server has read and did
not refuse in so many words. Each case also counts the requests: a start is sent once.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import httpx
import pytest

from tests.contract.providers.conftest import SetClock, an_adapter, an_order, wanted
from tests.contract.providers.misbehaving import (
    ACCEPTED,
    Behaviour,
    Peer,
    Seen,
    after_reading,
    answer,
    answering,
    answering_then,
    serving,
)
from voiceslot_tui.core.facts import Accepted, NotTaken, Refusal, StartAnswer, Unanswered
from voiceslot_tui.providers import http
from voiceslot_tui.providers.elevenlabs import ElevenLabs

SHORT_S = 0.4
DETAIL = b'{"detail":{"code":"some_code","message":"no","param":"agent_id"}}'
HTML = b"<html><body>no</body></html>"
TWILIO_PATH = "/v1/convai/twilio/outbound-call"


async def start_at(base_url: str, timeout_s: float = SHORT_S, data: bytes | None = None) -> object:
    async with an_adapter(base_url, start_timeout_s=timeout_s) as adapter:
        return await start(adapter, data)


async def start(adapter: ElevenLabs, data: bytes | None = None) -> StartAnswer:
    """Start a call whose road is known, so that nothing but the POST goes out."""
    adapter._roads._unread_until = float("inf")
    return await adapter.start_call(an_order(client_data=data))


async def finish(peer: Peer) -> None:
    peer.finish()


async def reset(peer: Peer) -> None:
    peer.reset()


async def read_a_little_then_reset(peer: Peer) -> None:
    await peer.reader.readexactly(20)
    peer.seen.begun += 1
    peer.reset()


async def never_read(peer: Peer) -> None:
    peer.writer.transport.pause_reading()
    await peer.stall()


async def trickle(peer: Peer) -> None:
    await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not peer.over.is_set() and not peer.writer.is_closing():
        await peer.say(b" ")
        try:
            await asyncio.wait_for(peer.over.wait(), 0.02)
        except TimeoutError:
            continue


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"
TOO_LONG = HEAD + LENGTH % 2**20 + ACCEPTED.ljust(2**20)
ZIPPED_BOMB = gzip.compress(ACCEPTED.ljust(2**22))


UNCERTAIN: dict[str, Behaviour] = {
    "accepts, then closes": finish,
    "accepts, then resets": reset,
    "reads a part, then resets": read_a_little_then_reset,
    "reads, then closes": answering_then(Peer.finish),
    "reads, then resets": answering_then(Peer.reset),
    "half a status line, then closes": answering_then(Peer.finish, b"HTTP/1.1 20"),
    "half a status line, then resets": answering_then(Peer.reset, b"HTTP/1.1 20"),
    "half the headers, then closes": answering_then(Peer.finish, HEAD),
    "half the headers, then resets": answering_then(Peer.reset, HEAD),
    "garbage": answering(b"\x00\x01\x02 garbage\r\n\r\n"),
    "a header that is none": answering(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
    "a chunk that is none": answering(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "chunks, then closes": answering_then(Peer.finish, CHUNKED + b'5\r\n{"suc\r\n'),
    "chunks, then resets": answering_then(Peer.reset, CHUNKED + b'5\r\n{"suc\r\n'),
    "two lengths": answering(HEAD + b"Content-Length: 2\r\n" + LENGTH % 3 + b"{} "),
    "half the body, then closes": answering_then(
        Peer.finish, HEAD + LENGTH % len(ACCEPTED) + ACCEPTED[:40]
    ),
    "half the body, then resets": answering_then(
        Peer.reset, HEAD + LENGTH % len(ACCEPTED) + ACCEPTED[:40]
    ),
    "half the body, then silence": answering(HEAD + LENGTH % len(ACCEPTED) + ACCEPTED[:40]),
    "a trickling body": after_reading(trickle),
    "silence": after_reading(Peer.stall),
    "only 100 Continue": answering(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a redirect to itself": answering(answer(307, b"", "text/plain", f"Location: {TWILIO_PATH}")),
    "a redirect away": answering(answer(302, b"", "text/plain", "Location: http://127.0.0.1:9/")),
    "200 with HTML": answering(answer(200, HTML, "text/html")),
    "200 with half JSON": answering(answer(200, ACCEPTED[:50])),
    "200 with nothing": answering(answer(200, b"")),
    "200 with a list": answering(answer(200, b"[]")),
    "200 without an id": answering(answer(200, b'{"success":true,"conversation_id":null}')),
    "200, no success, but an id": answering(
        answer(200, b'{"success":false,"conversation_id":"conv_1","callSid":null}')
    ),
    "200, no success, but the carrier's id": answering(
        answer(200, b'{"success":false,"conversation_id":null,"callSid":"CA1"}')
    ),
    "202, no success": answering(answer(202, b'{"success":false,"conversation_id":null}')),
    "204": answering(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "gzip that is none": answering(
        answer(200, ACCEPTED, "application/json", "Content-Encoding: gzip")
    ),
    "an answer without end": answering(TOO_LONG),
    "an answer that unpacks without end": answering(
        answer(200, ZIPPED_BOMB, "application/json", "Content-Encoding: gzip")
    ),
}
"""What may have been dialled."""

MAY_BE_UNREAD = {"accepts, then closes", "accepts, then resets"}


@pytest.mark.parametrize("name", UNCERTAIN)
async def test_what_may_have_been_read_is_unanswered(name: str) -> None:
    async with serving(UNCERTAIN[name]) as (base_url, seen):
        verdict = await start_at(base_url)
        assert isinstance(verdict, Unanswered), verdict
        assert verdict.detail
        assert seen.connections == 1
        assert seen.begun == (0 if name in MAY_BE_UNREAD else 1)


@pytest.mark.filterwarnings("ignore:Sending a large body")
async def test_a_server_that_never_reads_a_large_request_is_unanswered() -> None:
    async with serving(never_read) as (base_url, seen):
        large = json.dumps({"branch_id": "x" * 2**24}).encode()
        verdict = await start_at(base_url, 1.0, large)
        assert isinstance(verdict, Unanswered)
        assert seen.connections == 1


async def test_an_accepted_call_is_accepted() -> None:
    for body in (
        answer(200, ACCEPTED),
        CHUNKED + b"%x\r\n" % len(ACCEPTED) + ACCEPTED + b"\r\n0\r\n\r\n",
    ):
        async with serving(answering(body)) as (base_url, seen):
            verdict = await start_at(base_url, 5.0)
            assert isinstance(verdict, Accepted)
            assert (verdict.conversation_id, verdict.call_sid) == (
                "conv_1",
                "CA00000000000000000000000000000001",
            )
            assert (seen.begun, seen.read) == (1, 1)


# --- what never left us


def unsent(verdict: object, seen: Seen | None = None) -> bool:
    if seen is not None:
        assert (seen.begun, seen.read) == (0, 0)
    return isinstance(verdict, NotTaken) and verdict.refusal is Refusal.NOT_SENT


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    async with serving(finish) as (base_url, _):
        pass
    assert unsent(await start_at(base_url))


async def test_an_unknown_name_proves_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    assert unsent(await start_at("http://platform.invalid"))


async def test_a_server_without_tls_proves_that_nothing_was_sent() -> None:
    async def puzzled(peer: Peer) -> None:
        await peer.reader.readexactly(5)
        await peer.say(answer(400, b""))

    async with serving(puzzled) as (base_url, seen):
        verdict = await start_at(base_url.replace("http:", "https:"), 5.0)
        assert unsent(verdict)
        assert seen.read == 0


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that nobody trusts, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    about = ["-subj", "/CN=127.0.0.1", "-days", "2", "-out", certificate, "-keyout", key]
    command = ["openssl", "req", "-x509", *kind, *about]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    return certificate, key


async def test_an_untrusted_certificate_proves_that_nothing_was_sent(tmp_path: Path) -> None:
    certificate, key = await asyncio.to_thread(a_certificate, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    seen = Seen()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.read += len(await reader.read())
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert unsent(await start_at(f"https://127.0.0.1:{port}", 5.0), seen)


async def test_a_connection_that_does_not_come_proves_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(http._TIMEOUTS, "connect", 0.2)
    monkeypatch.setitem(http._TIMEOUTS, "pool", 0.2)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            assert unsent(await start_at(f"http://127.0.0.1:{port}", 5.0))
        finally:
            for one in waiting:
                one.close()


async def test_no_free_connection_in_time_proves_that_nothing_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "CONNECTIONS_MAX", 1)
    monkeypatch.setitem(http._TIMEOUTS, "pool", 0.2)
    reached = asyncio.Event()

    async def keep(peer: Peer) -> None:
        reached.set()
        await peer.stall()

    async with (
        serving(after_reading(keep)) as (base_url, seen),
        an_adapter(base_url, start_timeout_s=1.0) as adapter,
        asyncio.TaskGroup() as tasks,
    ):
        first = tasks.create_task(start(adapter))
        await asyncio.wait_for(reached.wait(), 5)
        assert unsent(await start(adapter))
        assert isinstance(await first, Unanswered)
        assert (seen.connections, seen.begun, seen.read) == (1, 1, 1)


@pytest.mark.parametrize("is_open", [False, True], ids=["a new one", "one that was kept"])
async def test_what_is_not_wanted_any_more_once_there_is_a_connection_is_not_sent(
    is_open: bool,
) -> None:
    """An operator pauses while a name is looked up, or a process sleeps over it."""
    async with (
        serving(answering(answer(200, ACCEPTED))) as (base_url, seen),
        an_adapter(base_url, start_timeout_s=SHORT_S) as adapter,
    ):
        if is_open:
            assert isinstance(await start(adapter), Accepted)
        asked = []
        with wanted(lambda: bool(asked.append(seen.connections))):
            assert unsent(await start(adapter))
        assert asked == [1], "it asks when there is a connection"
        assert seen.begun == int(is_open)
        assert isinstance(await start(adapter), Accepted)
        assert (seen.connections, seen.begun) == (1, 1 + int(is_open)), "the connection is kept"


async def test_a_host_that_is_not_configured_is_not_reached() -> None:
    async with serving(answering(answer(200, ACCEPTED))) as (base_url, seen):
        client = http.Http(base_urls=["https://api.elevenlabs.io"])
        url = httpx.URL(base_url)
        with pytest.raises(http.NotSent, match="not a configured host"):
            await client.send("GET", url, http.raw_headers(url, {}), timeout_s=1)
        await client.aclose()
        with pytest.raises(http.NotSent, match="stopping"):
            await client.send("GET", url, http.raw_headers(url, {}), timeout_s=1)
        assert seen.connections == 0


# --- connections that are used again, and our own end


@pytest.mark.parametrize("end", [Peer.finish, Peer.reset])
async def test_a_connection_dropped_on_the_second_start_is_unanswered(end: object) -> None:
    async def once(peer: Peer) -> None:
        if peer.seen.read == 1:
            await peer.say(answer(200, ACCEPTED))
        else:
            end(peer)  # type: ignore[operator]

    async with serving(after_reading(once)) as (base_url, seen), an_adapter(base_url) as adapter:
        assert isinstance(await start(adapter), Accepted)
        assert isinstance(await start(adapter), Unanswered)
        assert (seen.connections, seen.begun, seen.read) == (1, 2, 2)


async def test_our_own_end_in_mid_request_is_unanswered() -> None:
    reached = asyncio.Event()

    async def keep(peer: Peer) -> None:
        reached.set()
        await peer.stall()

    async with serving(after_reading(keep)) as (base_url, seen):
        client = http.Http(base_urls=[base_url])
        adapter = ElevenLabs(
            client,
            api_key=lambda: "k",
            base_url=base_url,
            clock=SetClock(),
            start_timeout_s=5,
            ring_timeout_s=20,
        )
        async with asyncio.TaskGroup() as tasks:
            under_way = tasks.create_task(start(adapter))
            await asyncio.wait_for(reached.wait(), 5)
            await client.aclose()
        assert isinstance(under_way.result(), Unanswered)
        assert (seen.begun, seen.read) == (1, 1)


async def test_our_own_end_in_mid_answer_is_unanswered() -> None:
    async def half(peer: Peer) -> None:
        await peer.say(HEAD, LENGTH % len(ACCEPTED), ACCEPTED[:40])
        await peer.stall()

    async with serving(after_reading(half)) as (base_url, seen):
        client = http.Http(base_urls=[base_url])
        url = httpx.URL(base_url)
        request = httpx.Request("GET", url, extensions={"timeout": http._TIMEOUTS})
        response = await client._transport.handle_async_request(request)
        chunks = response.aiter_raw()
        assert await anext(chunks)
        await client.aclose()
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(chunks)
        await response.aclose()
        assert seen.read == 1


async def test_a_cancelled_start_is_not_turned_into_an_answer() -> None:
    reached = asyncio.Event()

    async def keep(peer: Peer) -> None:
        reached.set()
        await peer.stall()

    async with serving(after_reading(keep)) as (base_url, _), an_adapter(base_url) as adapter:
        async with asyncio.TaskGroup() as tasks:
            under_way = tasks.create_task(start(adapter))
            await asyncio.wait_for(reached.wait(), 5)
            under_way.cancel()
        assert under_way.cancelled()


async def test_no_cookie_is_kept() -> None:
    setting = answer(200, ACCEPTED, "application/json", "Set-Cookie: who=me; Path=/")
    async with serving(answering(setting)) as (base_url, seen):
        named = base_url.replace("127.0.0.1", "localhost")  # jars keep nothing for an address
        async with an_adapter(named) as adapter:
            verdicts = [await start(adapter), await start(adapter)]
        assert all(isinstance(verdict, Accepted) for verdict in verdicts)
        assert (seen.read, seen.cookies) == (2, [])


# --- every status, with and without ElevenLabs' own words

BODIES = ((DETAIL, "application/json"), (HTML, "text/html"), (b"", "text/plain"))
CERTAIN = {401, 402, 403, 404, 422, 429}


async def test_only_six_statuses_with_the_platforms_detail_are_certain() -> None:
    said = [b""]
    async with (
        serving(after_reading(lambda peer: peer.say(said[0]))) as (base_url, seen),
        an_adapter(base_url) as adapter,
    ):
        asked = 0
        for status in range(300, 600):
            for body, kind in (
                (DETAIL, "application/json"),
                (HTML, "text/html"),
                (b"", "text/plain"),
            ):
                if status == 304:
                    continue
                said[0] = answer(status, body, kind)
                verdict = await start(adapter)
                asked += 1
                certain = status in CERTAIN and body is DETAIL
                assert isinstance(verdict, NotTaken if certain else Unanswered), (status, kind)
        assert seen.read == asked


# --- the judgement itself, for what cannot be brought about on loopback


def test_only_two_errors_of_aiohttp_prove_that_nothing_was_sent() -> None:
    certain = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    kinds = [
        kind
        for kind in vars(aiohttp.client_exceptions).values()
        if isinstance(kind, type) and issubclass(kind, aiohttp.ClientError)
    ]
    assert len(kinds) > 20
    for kind in kinds:
        plain = {"__init__": lambda _: None, "__str__": lambda _: "something"}
        error = type(kind.__name__, (kind,), plain)()
        renamed = httpx.ConnectTimeout("renamed by the transport")
        renamed.__cause__ = error
        for raised in (error, renamed):
            judged = http._judged(raised)
            proves = isinstance(judged, httpx.ConnectError | httpx.ConnectTimeout)
            assert proves == issubclass(kind, certain), kind


@pytest.mark.parametrize(
    "broken",
    [httpx.ConnectError(""), httpx.ConnectTimeout(""), aiohttp.ClientConnectionError(), OSError()],
)
async def test_no_error_in_a_body_proves_that_nothing_was_sent(broken: Exception) -> None:
    class Breaking(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise broken

    with pytest.raises(httpx.RemoteProtocolError):
        _ = [chunk async for chunk in http._CertainStream(Breaking())]
