"""A server on loopback that does whatever a server can do wrong, and counts what it has read.

It speaks in bytes, not through an HTTP library, so that it can stop at any of them. Its counts are
the truth that a client's verdict is held against.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

ACCEPTED = (
    b'{"success":true,"message":"ok","conversation_id":"conv_1",'
    b'"callSid":"CA00000000000000000000000000000001"}'
)


@dataclass
class Seen:
    """What the server has seen. `begun` counts requests of which anything was read."""

    connections: int = 0
    begun: int = 0
    read: int = 0
    cookies: list[bytes] = field(default_factory=list)


@dataclass
class Peer:
    """One connection, and the wish to be left alone until the test is over."""

    seen: Seen
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    over: asyncio.Event

    async def read_request(self) -> None:
        """Read a whole request; counts from its first byte."""
        first = await self.reader.readexactly(1)
        self.seen.begun += 1
        head = first + await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        self.seen.cookies += [line for line in lines if line.startswith(b"cookie:")]
        lengths = [line[15:] for line in lines if line.startswith(b"content-length:")]
        await self.reader.readexactly(int(lengths[0]) if lengths else 0)
        self.seen.read += 1

    async def say(self, *parts: bytes) -> None:
        """Write bytes as they are."""
        self.writer.write(b"".join(parts))
        await self.writer.drain()

    def finish(self) -> None:
        """End the connection in an orderly way."""
        self.writer.close()

    def reset(self) -> None:
        """Break the connection: with linger off, closing is a reset on the wire."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def stall(self) -> None:
        """Say nothing more, until the test is over."""
        await self.over.wait()


Behaviour = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[tuple[str, Seen]]:
    """Serve connections by a behaviour; gives the base URL and what was seen."""
    seen, over = Seen(), asyncio.Event()
    handling: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        task.add_done_callback(handling.discard)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await behaviour(Peer(seen, reader, writer, over))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        over.set()
        server.close()
        if handling:
            await asyncio.wait(handling, timeout=5)


def answer(status: int, body: bytes, kind: str = "application/json", *more: str) -> bytes:
    """Write a whole answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *more, "", ""]).encode() + body


def after_reading(act: Callable[[Peer], Awaitable[None]]) -> Behaviour:
    """Do something after each request was read whole."""

    async def behave(peer: Peer) -> None:
        while not peer.writer.is_closing():
            await peer.read_request()
            await act(peer)

    return behave


def answering(*parts: bytes) -> Behaviour:
    """Answer each request with these bytes and keep the connection."""
    return after_reading(lambda peer: peer.say(*parts))


def answering_then(end: Callable[[Peer], None], *parts: bytes) -> Behaviour:
    """Read a request, write these bytes, end the connection."""

    async def act(peer: Peer) -> None:
        await peer.say(*parts)
        end(peer)

    return after_reading(act)
