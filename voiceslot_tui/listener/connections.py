"""The connections of the listener: only so many, and none that does not take its answer.

A stranger may open any number of them, and send request after request without ever reading. Each
costs a descriptor, and the engine needs those for its database and for the platform.
"""

from __future__ import annotations

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from voiceslot_tui.core.limits import LISTENER_CONNECTIONS_MAX

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class BoundedServer(web.Server):
    """A server that hangs up on who was silent longest, where one connection too many is opened.

    An answer that is not taken within `send_timeout_s` ends its connection.
    """

    def __init__(
        self, handler: Handler, *, send_timeout_s: float, connections_max: int, **options: Any
    ) -> None:
        super().__init__(self._answer, **options)
        self._handler = handler
        self._send_timeout_s = send_timeout_s
        self._connections_max = connections_max
        self._by_silence: OrderedDict[web.RequestHandler, None] = OrderedDict()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Take a connection in; the one that was silent longest goes where there are too many."""
        super().connection_made(handler, transport)
        self._by_silence[handler] = None
        if len(self._by_silence) > self._connections_max:
            silent, _ = self._by_silence.popitem(last=False)
            self._hang_up(silent)

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forget a connection."""
        self._by_silence.pop(handler, None)
        super().connection_lost(handler, exc)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if connection in self._by_silence:
            self._by_silence.move_to_end(connection)
        response = await self._handler(request)
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await response.prepare(request)
                await response.write_eof()
        except ConnectionError:
            pass  # Who hung up before the answer is no trouble of ours.
        except TimeoutError:
            self._hang_up(connection)
        return response

    def _hang_up(self, connection: web.RequestHandler) -> None:
        if connection.transport is not None:
            connection.transport.abort()


def connections_max() -> int:
    """Give how many connections may be open: at most half of what this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    half = LISTENER_CONNECTIONS_MAX if soft == resource.RLIM_INFINITY else soft // 2
    return min(LISTENER_CONNECTIONS_MAX, half)
