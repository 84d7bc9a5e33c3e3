"""What hostile clients send: endless bodies, bombs, half requests, silence, double meanings."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.listener.conftest import API_KEY, BEARER, CALL, MakeRig, Rig
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.listener.connections import connections_max

GOOD = json.dumps(CALL).encode()
JSON = {"Content-Type": "application/json"}
HEAD = b"POST /enqueue-call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


async def say(rig: Rig, *parts: bytes, wait_s: float = 10) -> bytes:
    """Send raw bytes on a new connection; give the answer, or nothing where we are hung up on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.server.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(wait_s):
            head = await reader.readuntil(b"\r\n\r\n")
            return head + await reader.read(65_536)
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""
    finally:
        writer.close()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.fixture
async def hasty(make_rig: MakeRig) -> Rig:
    """Give a listener that waits for nobody longer than a moment."""
    return await make_rig(idle_timeout_s=0.3, body_timeout_s=0.3)


async def endless(total: int) -> AsyncIterator[bytes]:
    sent = 0
    while sent < total:
        sent += 65_536
        yield b" " * 65_536


@pytest.mark.parametrize("path", ["/enqueue-call", "/webhook/elevenlabs"])
async def test_a_body_that_says_it_is_too_long_is_refused_unread(rig: Rig, path: str) -> None:
    head = HEAD.replace(b"/enqueue-call", path.encode()) + b"Content-Length: 200000000\r\n\r\n"
    assert status_of(await say(rig, head)) == 413


async def test_an_endless_body_is_refused_without_being_kept(rig: Rig) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status, body = await rig.ask("POST", "/enqueue-call", data=endless(40 << 20), headers=JSON)
    assert (status, body["error"]["code"]) == (413, "too_long")
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 16 * 1024


async def test_all_bodies_together_have_a_bound(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.listener.bodies.BODIES_BYTES_MAX", 150_000)
    rig = await make_rig(body_timeout_s=1.0)
    head = HEAD + b"Content-Length: 200000\r\n\r\n" + b" " * 100_000
    async with asyncio.TaskGroup() as group:
        both = [group.create_task(say(rig, head)) for _ in range(2)]
    assert sorted(status_of(task.result()) for task in both) == [408, 503]
    assert b"Retry-After: 1" in b"".join(task.result() for task in both)
    long = GOOD + b" " * 120_000
    assert (await rig.ask("POST", "/enqueue-call", data=long, headers=JSON))[0] == 202


async def test_strangers_long_bodies_keep_neither_short_ones_nor_key_holders_out(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.listener.bodies.BODIES_BYTES_MAX", 150_000)
    rig = await make_rig(api_key=API_KEY, body_timeout_s=1.5)
    head = HEAD.replace(b"/enqueue-call", b"/webhook/elevenlabs")
    half = head + b"Content-Length: 200000\r\n\r\n" + b" " * 145_000
    async with asyncio.TaskGroup() as group:
        group.create_task(say(rig, half))
        await asyncio.sleep(0.3)
        url, long = "/webhook/elevenlabs", b"{}" + b" " * 70_000
        found = [
            await rig.ask("POST", url, data=long, headers=JSON),
            await rig.ask("POST", url, data=b"{}" + b" " * 60_000, headers=JSON),
            await rig.ask("POST", url, data=long, headers={**JSON, **BEARER}),
            await rig.ask(
                "POST", "/enqueue-call", data=GOOD + long[2:], headers={**JSON, **BEARER}
            ),
        ]
    assert [status == 503 for status, _ in found] == [True, False, False, False]
    assert found[-1][0] == 202


async def test_a_bomb_is_not_unpacked(rig: Rig) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    for encoding in ("gzip", "deflate", "br", "identity, gzip", "x"):
        headers = {**JSON, "Content-Encoding": encoding}
        status, body = await rig.ask("POST", "/enqueue-call", data=bomb, headers=headers)
        assert (status, body["error"]["code"]) == (415, "encoded")


async def test_a_body_in_chunks_is_read(rig: Rig) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(GOOD), 7):
            yield GOOD[at : at + 7]

    assert (await rig.ask("POST", "/enqueue-call", data=chunks(), headers=JSON))[0] == 202


async def test_a_client_that_asks_first_is_told_to_go_on(rig: Rig) -> None:
    async with rig.client.post(
        rig.url + "/enqueue-call", data=GOOD, headers=JSON, expect100=True
    ) as response:
        assert response.status == 202
    head = HEAD + b"Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n"
    assert status_of(await say(rig, head)) == 413
    head = HEAD + b"Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}"
    assert status_of(await say(rig, head)) == 417


AMBIGUOUS = {
    "both lengths": HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}{",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "a blank before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "bare line feeds": HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    "a folded header": HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "a huge header": HEAD + b"X: " + b"a" * 65_536 + b"\r\n\r\n",
    "a thousand headers": HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(1000)) + b"\r\n",
    "another version": b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a bad chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a zero byte": HEAD + b"X: a\x00b\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("kind", AMBIGUOUS)
async def test_a_request_with_two_meanings_is_refused(rig: Rig, kind: str) -> None:
    assert status_of(await say(rig, AMBIGUOUS[kind])) == 400
    assert rig.engine.calls == []
    assert (await rig.ask("GET", "/health"))[0] == 200


async def test_no_host_and_two_hosts_are_refused(rig: Rig) -> None:
    for hosts in (b"", b"Host: localhost\r\nHost: localhost\r\n"):
        head = b"GET /stats HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
        assert status_of(await say(rig, head)) in (400, 403)


async def test_silence_is_hung_up_on(hasty: Rig) -> None:
    assert await say(hasty) == b""


async def test_a_head_that_never_ends_is_hung_up_on(hasty: Rig) -> None:
    assert status_of(await say(hasty, HEAD)) in (0, 408)


async def test_a_body_that_never_comes_is_told_so(hasty: Rig) -> None:
    answer = await say(hasty, HEAD + b"Content-Length: 10\r\n\r\n{")
    assert status_of(answer) == 408
    assert b"too_slow" in answer


async def test_a_body_that_breaks_off_stores_nothing(rig: Rig) -> None:
    cut = HEAD + b"Content-Length: %d\r\n\r\n" % (len(GOOD) + 10) + GOOD
    _, writer = await asyncio.open_connection("127.0.0.1", rig.server.port)
    writer.write(cut)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await rig.ask("GET", "/health"))[0] == 200
    assert rig.engine.calls == []


async def test_many_hostile_connections_do_not_keep_others_out(hasty: Rig) -> None:
    async with asyncio.TaskGroup() as group:
        hostile = [group.create_task(say(hasty, HEAD, b"X: a\r\n")) for _ in range(100)]
        assert (await hasty.ask("POST", "/enqueue-call", json=CALL))[0] == 202
    assert all(status_of(task.result()) in (0, 408) for task in hostile)
    assert (await hasty.ask("GET", "/health"))[0] == 200


async def test_who_never_takes_an_answer_is_hung_up_on(hasty: Rig) -> None:
    """Request after request, and nothing is read: the answers fill every buffer between us."""
    ask = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(wire, ("127.0.0.1", hasty.server.port))

    async def ask_for_ever() -> None:
        while True:
            await loop.sock_sendall(wire, ask)

    with wire, pytest.raises(ConnectionError):
        await asyncio.wait_for(ask_for_ever(), 30)


async def test_who_hangs_up_before_the_answer_is_no_error_of_ours(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def look() -> Snapshot:
        asked.set()
        await gone.wait()
        return rig.engine.shown

    monkeypatch.setattr(rig.engine, "snapshot", look)
    _, writer = await asyncio.open_connection("127.0.0.1", rig.server.port)
    writer.write(b"GET /stats HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asked.wait()
    writer.transport.abort()
    await asyncio.sleep(0.1)
    gone.set()
    await asyncio.sleep(0.1)
    assert [record.getMessage() for record in caplog.records] == []


async def test_one_connection_too_many_costs_the_one_that_is_silent_longest(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.listener.connections.LISTENER_CONNECTIONS_MAX", 5)
    rig = await make_rig(idle_timeout_s=60.0)
    ask = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    opened = []
    for _ in range(5):
        opened.append(await asyncio.open_connection("127.0.0.1", rig.server.port))
        await asyncio.sleep(0.02)
    first, second = opened[0], opened[1]
    first[1].write(ask)
    assert (await first[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert status_of(await say(rig, ask.replace(b"1.1", b"1.0"))) == 200
    with suppress(ConnectionError):
        async with asyncio.timeout(10):
            assert await second[0].read() == b""
    first[1].write(ask)
    assert b"HTTP/1.1 200" in await first[0].readuntil(b"\r\n\r\n")
    for _, writer in opened:
        writer.close()


@pytest.mark.parametrize(
    ("open_files", "connections"),
    [(256, 128), (1024, 512), (65_536, 512), (resource.RLIM_INFINITY, 512)],
)
def test_half_of_what_may_be_open_is_left_to_the_engine(
    open_files: int, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (open_files, resource.RLIM_INFINITY))
    assert connections_max() == connections


async def test_nothing_tells_what_we_run_on(rig: Rig) -> None:
    async with rig.client.get(rig.url + "/health") as response:
        assert response.headers["Server"] == "voiceslot"
        assert response.headers["Cache-Control"] == "no-store"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
BODIES = (
    st.binary(max_size=200)
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {"payload": JSON_VALUES},
        optional={"priority": JSON_VALUES, "maxAttempts": JSON_VALUES},
    ).map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {"type": st.sampled_from(["post_call_transcription", "call_initiation_failure"])},
        optional={"data": JSON_VALUES, "conversation_id": JSON_VALUES, "status": JSON_VALUES},
    ).map(lambda value: json.dumps(value).encode())
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Idempotency-Key", "ElevenLabs-Signature", "Authorization", "X-Whatever", "Expect"]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40),
    max_size=3,
)


async def test_no_hostile_input_is_our_fault(rig: Rig) -> None:
    """Nothing that can be sent is answered with 500."""
    loop = asyncio.get_running_loop()

    async def send(path: str, body: bytes, headers: dict[str, str]) -> int:
        sent = {**headers, **JSON}
        async with rig.client.post(rig.url + path, data=body, headers=sent) as response:
            await response.read()
            return response.status

    @settings(max_examples=150)
    @given(
        path=st.sampled_from(["/enqueue-call", "/webhook/elevenlabs"]),
        body=BODIES,
        headers=HEADERS,
    )
    def holds(path: str, body: bytes, headers: dict[str, str]) -> None:
        sending = asyncio.run_coroutine_threadsafe(send(path, body, headers), loop)
        assert sending.result(30) in {200, 202, 400, 401, 413, 415, 417, 422, 429}

    await asyncio.to_thread(holds)
