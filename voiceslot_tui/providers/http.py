"""The one HTTP client for requests to the outside, and what a failed request proves.

`send` makes exactly one request and either gives the whole answer or raises one of two errors:
`NotSent`, where nothing can have reached the server, or `NoAnswer`, where anything may have. The
transport underneath reports a server that hung up after reading the request as a failed
connection (facts measured with httpx-aiohttp 0.2.0), so its errors are judged by their cause.
It follows no redirect, repeats nothing, keeps no cookie and reaches configured hosts only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
import httpx
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport

from voiceslot_tui import __version__
from voiceslot_tui.core.limits import (
    CONNECT_TIMEOUT_S,
    CONNECTIONS_MAX,
    KEEP_ALIVE_S,
    READ_ANSWER_BYTES_MAX,
    READ_UP_S,
    SLEPT_S,
)
from voiceslot_tui.core.request_times import NO_ANSWER, NOT_SENT, RequestTimes
from voiceslot_tui.core.text import clean
from voiceslot_tui.ports import STILL_WANTED


class NotSent(Exception):
    """Nothing left us: no connection, no name, no TLS, no free connection in time."""


class NoAnswer(Exception):
    """The request may have been read and obeyed; no whole answer came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` are found by name in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def dated_s(self) -> float | None:
        """Give the server's time in unix seconds, as the answer is dated; None where it is not."""
        try:
            return parsedate_to_datetime(self.headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            return None


class Http:
    """The client. Give another transport to reach a world that is not on the network.

    `base_urls` name the hosts that may be reached; a request to any other is never sent, nor one
    that is not STILL_WANTED when there is a connection for it. A
    transport must raise httpx.ConnectError or ConnectTimeout only where nothing was sent. `times`
    tells how the requests went.
    """

    def __init__(
        self, *, base_urls: Iterable[str], transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._origins = frozenset(_origin(httpx.URL(url)) for url in base_urls)
        # The transport alone: what httpx's client adds - redirects, cookies, environment proxies -
        # must not happen here, and costs as much as the request itself.
        self._transport = CertainTransport() if transport is None else transport
        self._closed = False
        self.times = RequestTimes()

    async def send(
        self,
        method: str,
        url: httpx.URL,
        headers: RawHeaders,
        content: bytes | None = None,
        *,
        timeout_s: float,
        bytes_max: int = READ_ANSWER_BYTES_MAX,
    ) -> Answer:
        """Make one request, once, within one time limit from connecting to the last byte.

        `headers` must name the host, as `raw_headers` does. Raises NotSent or NoAnswer.
        """
        if self._closed:
            raise NotSent("this program is stopping")
        if _origin(url) not in self._origins:
            raise NotSent(f"{clean(url.host)} is not a configured host")
        request = httpx.Request(
            method, url, headers=headers, content=content, extensions={"timeout": _TIMEOUTS}
        )
        began_s = asyncio.get_running_loop().time()
        try:
            answer = await self._answer(request, timeout_s, bytes_max)
        except NotSent:
            self.times.failed(url.host, NOT_SENT)
            raise
        except NoAnswer:
            self.times.failed(url.host, NO_ANSWER)
            raise
        took_s = asyncio.get_running_loop().time() - began_s
        self.times.answered(url.host, answer.status, took_s)
        return answer

    async def _answer(self, request: httpx.Request, timeout_s: float, bytes_max: int) -> Answer:
        try:
            async with awake(timeout_s):
                return await self._exchange(request, bytes_max)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotSent(_words(error)) from error
        except TimeoutError:
            raise NoAnswer(f"no answer within {timeout_s:g} s") from None
        # What we cannot name proves nothing either.
        except Exception as error:
            raise NoAnswer(_words(error)) from error

    async def _exchange(self, request: httpx.Request, bytes_max: int) -> Answer:
        response = await self._transport.handle_async_request(request)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > bytes_max:
                    raise httpx.RemoteProtocolError(f"the answer is longer than {bytes_max} bytes")
            return Answer(response.status_code, response.headers, bytes(body))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection. Requests under way end in NoAnswer."""
        self._closed = True
        await self._transport.aclose()


@asynccontextmanager
async def awake(timeout_s: float) -> AsyncIterator[None]:
    """Limit the time of a block, as asyncio.timeout does, but not by time that we slept.

    A process that was suspended finds its time-outs passed and, unread, the answers that came in
    the meantime: it reads those before it calls them missing.
    """
    loop = asyncio.get_running_loop()
    due_s = loop.time() + timeout_s

    def time_is_up() -> None:
        now_s = loop.time()
        limit.reschedule(now_s + (READ_UP_S if now_s - due_s > SLEPT_S else 0.0))

    async with asyncio.timeout(None) as limit:
        alarm = loop.call_at(due_s, time_is_up)
        try:
            yield
        finally:
            alarm.cancel()


RawHeaders = list[tuple[bytes, bytes]]


def raw_headers(url: httpx.URL, headers: Mapping[str, str]) -> RawHeaders:
    """Prepare the headers of all requests to one host, so that no request builds them anew."""
    all_of_them = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": f"voiceslot/{__version__}",
        "Accept-Encoding": "gzip",
        **headers,
    }
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in all_of_them.items()]


_TIMEOUTS: Final = {
    "connect": CONNECT_TIMEOUT_S,
    "pool": CONNECT_TIMEOUT_S,
    "read": None,
    "write": None,
}
"""Only connecting has a limit of its own, because only there a time-out proves something. Reading
and writing are covered by the limit of the whole request."""


class _Unwanted(aiohttp.ClientError):
    """There is a connection, and whoever wanted to make a request does not want it any more."""


class _LookingConnector(aiohttp.TCPConnector):
    """Looks once more whether a request is wanted when there is a connection for it.

    A name, a connection and its encryption may take seconds, or as long as a machine was suspended.
    """

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own
    ) -> Connection:
        """Give a connection for a request, unless that is not wanted any more."""
        connection = await super().connect(req, traces, timeout)
        if not STILL_WANTED.get()():
            connection.release()
            raise _Unwanted("it was withdrawn before it was sent")
        return connection


class CertainTransport(AiohttpTransport):
    """The aiohttp transport with errors that can be believed, and a session that keeps nothing."""

    def __init__(self) -> None:
        super().__init__(client=self._new_session)

    def _new_session(self) -> aiohttp.ClientSession:
        connector = _LookingConnector(
            limit=CONNECTIONS_MAX, keepalive_timeout=KEEP_ALIVE_S, ssl=self.ssl_context
        )
        cookies = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(connector=connector, cookie_jar=cookies)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make the request. Raises httpx.ConnectError or ConnectTimeout only if nothing left us."""
        try:
            response = await super().handle_async_request(request)
        except Exception as error:
            raise _judged(error) from error
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _CertainStream(response.stream)
        return response


class _CertainStream(httpx.AsyncByteStream):
    """The body of an answer: a request that is being answered was sent, whatever breaks now."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except Exception as error:
            raise httpx.RemoteProtocolError(str(error)) from error

    async def aclose(self) -> None:
        await self._stream.aclose()


def _judged(error: Exception) -> httpx.TransportError:
    """Judge a failed request by aiohttp's own error, which the transport may have renamed.

    Only ClientConnectorError (refused, unreachable, no name, TLS), ConnectionTimeoutError (no
    connection in time) and our own are raised before the first byte; every other may come after.
    """
    cause = error.__cause__ if isinstance(error, httpx.TransportError) else error
    if isinstance(cause, aiohttp.ClientConnectorError | _Unwanted):
        return httpx.ConnectError(str(cause))
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout(str(cause))
    return httpx.RemoteProtocolError(_words(cause or error))


def _words(error: BaseException) -> str:
    """Name an error for people: libraries raise many whose text is empty."""
    return clean(str(error)) or type(error).__name__


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
