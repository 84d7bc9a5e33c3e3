"""The network between an engine and the simulated world: no sockets, virtual time, faults as told.

Requests travel, are answered by the world's own `handle`, and what the world wants done to the
bytes of an answer is done. What has left an engine arrives even if the engine is killed or
suspended meanwhile. Webhooks travel the other way, to the routes of whichever engine listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from email.utils import formatdate
from random import Random
from typing import Any, Final

import httpx
from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http_parser import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from voiceslot_tui.core.follow_ups import TryId
from voiceslot_tui.listener.routes import Routes
from voiceslot_tui.ports import STILL_WANTED
from voiceslot_tui.simulator.api import handle
from voiceslot_tui.simulator.exchange import Reply, Request
from voiceslot_tui.simulator.webhooks import Delivery
from voiceslot_tui.simulator.words import Transport
from voiceslot_tui.simulator.world import World

STALL_S: Final = 3600.0
WEBHOOK_TIMEOUT_S: Final = 10.0
_TRAVEL_S: Final = (0.005, 0.05)
TRY: Final[ContextVar[TryId | None]] = ContextVar("TRY", default=None)
"""The try to send a message that a request is made for; what leaves the engine need not say so."""


@dataclass
class Listening:
    """The routes of an engine, and the context in which its life runs."""

    routes: Routes
    context: Context
    answering: set[asyncio.Task[web.Response]] = field(default_factory=set)

    async def answer(self, request: web.BaseRequest) -> web.Response | None:
        """Let the engine answer; None where it dies over it."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(self.routes.answer(request), context=self.context)
        self.answering.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self.answering.discard(task)
            if not task.done():
                task.cancel()
        return None if task.cancelled() else task.result()

    def die(self) -> None:
        """Answer nobody any more."""
        for task in self.answering:
            task.cancel()


class Network:
    """Carries everything between a world and the engine that listens, if one does."""

    def __init__(
        self, world: World, now_s: Callable[[], float], chance: Random, posts: asyncio.TaskGroup
    ) -> None:
        """Connect a world; `now_s` is its clock and `posts` the task group webhooks travel in."""
        self.world = world
        self.reachable = True
        self.is_open = True
        self.slow_s = 0.0
        self.connects_within_s = 0.0
        self.listening: Listening | None = None
        self.now_s = now_s
        self._chance = chance
        self._posts = posts
        self._timer: asyncio.TimerHandle | None = None
        self._is_on = True
        self.heard: Callable[[Delivery], None] = lambda _: None
        self.asked_by: TryId | None = None
        self.context = copy_context()

    def travel_s(self) -> float:
        """Draw how long something is on its way."""
        return self.slow_s + self._chance.uniform(*_TRAVEL_S)

    def transport(self) -> SimulatedTransport:
        """Give an engine a way to the world."""
        return SimulatedTransport(self)

    def ask(self, request: Request) -> Reply:
        """Let a request arrive, and give the world's reply."""
        reply = handle(self.world, self.now_s(), request)
        self.stir()
        return reply

    def carry(self, try_id: TryId | None, request: Request) -> Reply:
        """Let a request arrive that is of a try; the judge may ask which while it is answered."""
        self.asked_by = try_id
        try:
            return self.ask(request)
        finally:
            self.asked_by = None

    def stir(self) -> None:
        """Come back when the world's next event is due, or at once for webhooks."""
        due_s = self.world.next_event_at()
        if self.world.has_outbox:
            due_s = self.now_s()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_s is not None and self._is_on:
            loop = asyncio.get_running_loop()
            wait_s = max(0.0, due_s - self.now_s())
            self._timer = loop.call_later(wait_s, self._tick, context=self.context)

    def _tick(self) -> None:
        self._timer = None
        for delivery in self.world.take_deliveries(self.now_s()):
            self._posts.create_task(self._deliver(delivery), context=self.context)
        self.stir()

    async def _deliver(self, delivery: Delivery) -> None:
        await asyncio.sleep(self.travel_s())
        status: int | None = None
        try:
            async with asyncio.timeout(WEBHOOK_TIMEOUT_S):
                path = str(URL(delivery.url).relative())
                answer = await self.post(path, delivery.body, delivery.headers)
            status = None if answer is None else answer.status
        except TimeoutError:
            pass
        if status == 200:
            self.heard(delivery)
        self.world.report(delivery, status, self.now_s())
        self.stir()

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> web.Response | None:
        """Post a body to the engine that listens, JSON unless it says so; None where none does."""
        listening = self.listening
        if listening is None or not self.is_open:
            return None
        return await listening.answer(_posted(path, body, headers))

    def disconnect(self) -> None:
        """Let nothing more happen by itself."""
        self._is_on = False
        if self._timer is not None:
            self._timer.cancel()


class SimulatedTransport(httpx.AsyncBaseTransport):
    """The road of one engine to the world, as httpx wants it."""

    def __init__(self, network: Network) -> None:
        """Begin to carry."""
        self._network = network
        self._severed = False

    def sever(self) -> None:
        """Carry nothing more: the process whose road this is has died."""
        self._severed = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request there and the answer back; what goes wrong is httpx's own error."""
        network, loop = self._network, asyncio.get_running_loop()
        await self._connect(request)
        asked = Request(
            request.method,
            request.url.path,
            request.url.query.decode("ascii"),
            request.headers,
            await request.aread(),
        )
        answered: asyncio.Future[Reply] = loop.create_future()
        try_id = TRY.get()

        def arrive() -> None:
            reply = network.carry(try_id, asked)
            back_s = reply.delay_s + network.travel_s()
            loop.call_later(back_s, return_, reply, context=network.context)

        def return_(reply: Reply) -> None:
            if not answered.done():
                answered.set_result(reply)

        loop.call_later(network.travel_s(), arrive, context=network.context)
        return await _received(await answered, request, formatdate(network.now_s(), usegmt=True))

    async def _connect(self, request: httpx.Request) -> None:
        """Take the time that a name and a connection take, and look whether it is still wanted."""
        if self._network.connects_within_s:
            await asyncio.sleep(self._network.connects_within_s)
        if self._severed:
            raise asyncio.CancelledError
        if not self._network.reachable:
            raise httpx.ConnectError("nobody answers there", request=request)
        if not STILL_WANTED.get()():
            raise httpx.ConnectError("it was withdrawn before it was sent", request=request)


async def _received(reply: Reply, request: httpx.Request, dated: str) -> httpx.Response:
    """Do to the bytes of a reply what the world wants done to them."""
    match reply.transport:
        case Transport.RESET | Transport.HALF_HEADERS:
            raise httpx.RemoteProtocolError("the connection was closed", request=request)
        case Transport.STALL:
            await asyncio.sleep(STALL_S)
            raise httpx.ReadError("the connection was closed", request=request)
        case Transport.CUT_BODY:
            stream: httpx.AsyncByteStream = _CutOff(reply.body)
        case Transport.COMPLETE:
            stream = httpx.ByteStream(reply.body)
    headers = [("Content-Type", reply.content_type), ("Date", dated), *reply.headers]
    return httpx.Response(reply.status, headers=headers, stream=stream, request=request)


class _CutOff(httpx.AsyncByteStream):
    """Half of a body, and then the end of the connection."""

    def __init__(self, body: bytes) -> None:
        self._half = body[: len(body) // 2]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give what came."""
        yield self._half
        raise httpx.ReadError("the body was cut off")


class _Connection:
    """What a request and its body want to know of their connection."""

    ssl_context = peername = sockname = None

    def pause_reading(self) -> None:
        """Let nothing more come: it is all there."""

    def resume_reading(self, *, resume_parser: bool = True) -> None:
        """Let more come: there is no more."""


_CONNECTION: Final[Any] = _Connection()


def _posted(path: str, body: bytes, headers: Mapping[str, str]) -> web.BaseRequest:
    """Make a request as the server's parser would have made it."""
    named = CIMultiDict({"Host": "127.0.0.1", "Content-Length": str(len(body))})
    named["Content-Type"] = "application/json"
    named.update(headers)
    raw = tuple((name.encode(), value.encode()) for name, value in named.items())
    message = RawRequestMessage(
        "POST",
        path,
        HttpVersion11,
        CIMultiDictProxy(named),
        raw,
        False,
        None,
        False,
        False,
        URL(path),
    )
    loop = asyncio.get_running_loop()
    content = StreamReader(_CONNECTION, 2**30, loop=loop)
    content.feed_data(body)
    content.feed_eof()
    nobody: Any = None
    return web.BaseRequest(message, content, _CONNECTION, nobody, nobody, loop, remote="127.0.0.1")
