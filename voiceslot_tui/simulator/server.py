"""The world on a socket, in real time: answers, webhooks, and what goes wrong on the wire.

One timer is armed for the world's next event; nothing polls. The handler stays short, because
this server must be faster than whatever is measured against it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    StreamReader,
    TCPConnector,
    web,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from voiceslot_tui.simulator.api import handle
from voiceslot_tui.simulator.control import PREFIX, control
from voiceslot_tui.simulator.exchange import Reply, Request, json_reply
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.webhooks import Delivery
from voiceslot_tui.simulator.words import Transport
from voiceslot_tui.simulator.world import World

LARGEST_BODY = 64 * 1024 * 1024
STALL_S = 3600.0
WEBHOOK_TIMEOUT_S = 10.0
WEBHOOKS_AT_ONCE = 200
STOP_TIMEOUT_S = 1.0

logger = logging.getLogger(__name__)


class SimulatorServer:
    """One world behind one listening socket. `address` is its base URL once it runs."""

    def __init__(self, settings: WorldSettings) -> None:
        """Prepare a server; `running` starts it."""
        self.address = ""
        self._first_settings = settings
        # The wall clock may jump; the world's clock must not.
        self._wall_minus_monotonic = time.time() - time.monotonic()
        self.world = World(settings, self.now())
        self._stopping = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._session: ClientSession | None = None
        self._senders: asyncio.TaskGroup | None = None
        self._under_way: set[asyncio.Task[None]] = set()

    def now(self) -> float:
        """Give the world's time, unix seconds."""
        return time.monotonic() + self._wall_minus_monotonic

    @asynccontextmanager
    async def running(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[None]:
        """Serve while the block runs; port 0 takes a free one. Raises OSError if it is taken."""
        listener = web.Server(
            self._answer, request_factory=_large_request, handler_cancellation=True, access_log=None
        )
        runner = web.ServerRunner(listener, shutdown_timeout=STOP_TIMEOUT_S)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port, backlog=1024)
            await site.start()
            self.address = _address_of(runner)
            async with self._sending_webhooks():
                yield
        finally:
            self._disarm()
            await runner.cleanup()

    @asynccontextmanager
    async def _sending_webhooks(self) -> AsyncIterator[None]:
        timeout = ClientTimeout(total=WEBHOOK_TIMEOUT_S)
        connector = TCPConnector(limit=WEBHOOKS_AT_ONCE)
        cookies = DummyCookieJar()
        async with (
            ClientSession(
                timeout=timeout, connector=connector, cookie_jar=cookies
            ) as self._session,
            asyncio.TaskGroup() as self._senders,
        ):
            try:
                yield
            finally:
                self._stopping.set()
                for task in self._under_way:
                    task.cancel()

    async def _answer(self, received: web.BaseRequest) -> web.StreamResponse:
        request = Request(
            received.method,
            received.rel_url.path,
            received.rel_url.raw_query_string,
            received.headers,
            await received.read(),
        )
        reply = self._reply(request)
        self._arm()
        if reply.delay_s > 0:
            await self._pause(reply.delay_s)
        if reply.transport is not Transport.COMPLETE:
            await self._misbehave(received, reply)
        return web.Response(
            status=reply.status or 500,
            body=reply.body,
            headers=[("Content-Type", reply.content_type), *reply.headers],
        )

    def _reply(self, request: Request) -> Reply:
        if not request.path.startswith(PREFIX):
            return handle(self.world, self.now(), request)
        if (request.method, request.path) == ("POST", f"{PREFIX}reset"):
            self.world = World(self._first_settings, self.now())
            return json_reply({"reset": True})
        return control(self.world, self.now(), request)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _misbehave(self, received: web.BaseRequest, reply: Reply) -> None:
        """Do to the connection what the reply asks for; what is returned later is not seen."""
        transport = received.transport
        if transport is None:
            return
        if reply.transport is Transport.STALL:
            await self._pause(STALL_S)
        elif reply.transport is Transport.HALF_HEADERS:
            transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: applic")
            transport.close()
            return
        elif reply.transport is Transport.CUT_BODY:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {reply.content_type}\r\n"
            transport.write(f"{head}Content-Length: {len(reply.body)}\r\n\r\n".encode())
            transport.write(reply.body[: len(reply.body) // 2])
            transport.close()
            return
        # Lingering for no time makes the end a reset on the wire; an orderly end says less.
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def _arm(self) -> None:
        """Come back when the world's next event is due, or at once for a webhook."""
        next_at = self.world.next_event_at()
        if self.world.has_outbox:
            next_at = 0.0
        if next_at is None or next_at >= self._timer_at:
            return
        self._disarm()
        self._timer_at = next_at
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, next_at - self.now()), self._tick)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, float("inf")

    def _tick(self) -> None:
        self._timer, self._timer_at = None, float("inf")
        deliveries = self.world.take_deliveries(self.now())
        if self._senders is not None and not self._stopping.is_set():
            for delivery in deliveries:
                task = self._senders.create_task(self._send(self.world, delivery))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
        self._arm()

    async def _send(self, world: World, delivery: Delivery) -> None:
        """POST one webhook and report to the world that sent it."""
        if self._session is None:
            return
        status: int | None = None
        try:
            async with self._session.post(
                delivery.url, data=delivery.body, headers=delivery.headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            logger.debug("webhook not delivered: %s", type(error).__name__)
        world.report(delivery, status, self.now())
        self._arm()


async def serve(
    settings: WorldSettings,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[SimulatorServer], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told once, when the address is known."""
    server = SimulatorServer(settings)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, asked_to_stop.set)
    try:
        async with server.running(host, port):
            if ready is not None:
                ready(server)
            await asked_to_stop.wait()
    finally:
        for wanted in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(wanted)


def _large_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """Make a request that may be as large as a batch of ten thousand people."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY
    )


def _address_of(runner: web.ServerRunner) -> str:
    host, port = runner.addresses[0][:2]
    name = f"[{host}]" if ":" in str(host) else host
    return f"http://{name}:{port}"
