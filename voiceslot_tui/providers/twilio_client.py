"""The way to Twilio: the official SDK, loaded on first use, and the raw answers behind it.

The SDK drops what it cannot read, and of a refusal most of what was said. Who asks through `ask`
gets the answer as it came, whatever the SDK made of it. No error of the SDK, which may hold an
address or a credential, gets further than this module.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Final

import httpx

from voiceslot_tui.core.limits import READ_TIMEOUT_S
from voiceslot_tui.providers.http import Answer, Http, NoAnswer, NotSent, RawHeaders

TWILIO_API: Final = "https://api.twilio.com"
TWILIO_CONTENT: Final = "https://content.twilio.com"
TWILIO_HOSTS: Final = (TWILIO_API, TWILIO_CONTENT)
"""Where calls and messages, and where templates are; a base URL replaces both."""

_SDK: Final = "voiceslot_tui.providers.twilio_sdk"


class NotMade(Exception):
    """The SDK would not make a request of what it was given: nothing was sent."""


class Exchange:
    """One request that the SDK makes, and what really came of it."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._began = False
        self._answer: Answer | None = None
        self._trouble: NotSent | NoAnswer | None = None

    async def send(
        self, http: Http, method: str, url: httpx.URL, headers: RawHeaders, content: bytes | None
    ) -> Answer:
        """Send the one request. Raises NotSent or NoAnswer."""
        assert not self._began, "the SDK is not to repeat a request"
        self._began = True
        try:
            self._answer = await http.send(method, url, headers, content, timeout_s=self._timeout_s)
        except (NotSent, NoAnswer) as trouble:
            # Anew, because the one that was raised holds on to the request and its credentials.
            self._trouble = type(trouble)(str(trouble))
            raise
        return self._answer

    def result(self, error: str) -> Answer:
        """Give the answer; `error` names what the SDK raised. Raises NotMade, NotSent, NoAnswer."""
        if self._answer is not None:
            return self._answer
        if self._trouble is not None:
            raise self._trouble
        if self._began:
            raise NoAnswer(f"the answer was lost ({error})")
        raise NotMade(f"no request could be made of it ({error})")


_under_way: ContextVar[Exchange | None] = ContextVar("twilio_exchange", default=None)


def exchange_under_way(timeout_s: float) -> Exchange:
    """Give the exchange that the SDK is to fill, or a new one where nobody looks at it."""
    return _under_way.get() or Exchange(timeout_s)


class TwilioClient:
    """The SDK with one set of credentials, over our own client.

    `username` and `password` are the account's SID and token, or an API key's SID and secret.
    """

    def __init__(
        self,
        http: Http,
        *,
        account_sid: str,
        username: str,
        password: Callable[[], str],
        base_url: str = "",
        timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._http = http
        self._account_sid = account_sid
        self._username = username
        self._password = password
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._loading = asyncio.Lock()
        self._client: Any = None

    async def loaded(self) -> tuple[Any, Any]:
        """Load the SDK on first use, in a thread: the event loop must not wait for the disk."""
        async with self._loading:
            if not _is_whole(sys.modules.get(_SDK)):
                await asyncio.to_thread(import_module, _SDK)
            sdk: Any = sys.modules[_SDK]
            if self._client is None:
                self._client = sdk.new_client(
                    self._http,
                    account_sid=self._account_sid,
                    username=self._username,
                    password=self._password,
                    base_url=self._base_url,
                    timeout_s=self._timeout_s,
                )
            return sdk, self._client

    async def ask(
        self, request: Callable[[Any], Awaitable[object]], timeout_s: float | None = None
    ) -> Answer:
        """Let the SDK make one request, and give the answer as it came, whatever its status.

        Raises NotMade or NotSent where nothing was sent, NoAnswer where anything may have been.
        """
        try:
            _, client = await self.loaded()
        except (ImportError, OSError) as problem:
            raise NotSent(f"Twilio's library cannot be loaded ({type(problem).__name__})") from None
        exchange, error = Exchange(timeout_s or self._timeout_s), ""
        marked = _under_way.set(exchange)
        try:
            await request(client)
        # It trips over answers in any way it likes; what counts is the answer.
        except Exception as problem:  # noqa: BLE001
            error = type(problem).__name__
        finally:
            _under_way.reset(marked)
        return exchange.result(error)


def _is_whole(module: object) -> bool:
    """Tell whether the module is there, and not just being loaded by another client's thread."""
    return hasattr(module, "new_client")
