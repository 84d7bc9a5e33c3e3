"""The official Twilio SDK over our own HTTP client.

Only this module imports the SDK, and it is imported on first use: it costs a tenth of a second and
14 MiB. The SDK's own asynchronous client ignores time-outs and repeats POSTs, so it gets ours. The
credentials stay in here: no object of the SDK holds them, so none can show them.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlencode

import httpx

# Loaded here and now: the SDK would load it in the event loop, at the first request.
import twilio.rest.api  # type: ignore[import-untyped] # noqa: F401
from twilio.base.exceptions import (  # type: ignore[import-untyped]
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client

from voiceslot_tui.providers.http import Http, raw_headers
from voiceslot_tui.providers.twilio_client import exchange_under_way

__all__ = ["TwilioException", "TwilioRestException", "TwilioServiceException", "new_client"]

_NO_ENVIRONMENT: Final = {"TWILIO_REGION": ""}
"""Given in place of the process's environment, from which the SDK would silently take over
account, token, edge and region; an empty one would not be taken."""

_ADDRESSES_REMEMBERED: Final = 64


class _Sender(AsyncHttpClient):  # type: ignore[misc]
    """What the SDK sends through: one request each, never repeated, never redirected."""

    def __init__(
        self,
        http: Http,
        username: str,
        password: Callable[[], str],
        base_url: str,
        timeout_s: float,
    ) -> None:
        super().__init__(logging.getLogger("twilio"), True, timeout_s)
        self._http = http
        secret = b64encode(f"{username}:{password()}".encode()).decode("ascii")
        self._authorization = f"Basic {secret}"
        self._base = httpx.URL(base_url) if base_url else None
        self._timeout_s = timeout_s
        self._url_of = lru_cache(_ADDRESSES_REMEMBERED)(self._rewritten)

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the SDK's own signature
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request. Raises NotSent or NoAnswer; any status is an answer."""
        url = self._url_of(uri)
        if params:
            url = url.copy_merge_params(params)
        prepared = raw_headers(url, {**(headers or {}), "Authorization": self._authorization})
        content = urlencode(data, doseq=True).encode() if data else None
        exchange = exchange_under_way(self._timeout_s)
        answer = await exchange.send(self._http, method.upper(), url, prepared, content)
        return Response(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)

    def _rewritten(self, uri: str) -> httpx.URL:
        url = httpx.URL(uri)
        if self._base is None:
            return url
        return url.copy_with(scheme=self._base.scheme, netloc=self._base.netloc)


# The last thing here: whoever finds it in another thread finds the module whole.
def new_client(
    http: Http,
    *,
    account_sid: str,
    username: str,
    password: Callable[[], str],
    base_url: str,
    timeout_s: float,
) -> Any:
    """Make the SDK's client. `base_url` replaces scheme and host of every request where given."""
    sender = _Sender(http, username, password, base_url, timeout_s)
    return Client(account_sid=account_sid, http_client=sender, environment=_NO_ENVIRONMENT)
