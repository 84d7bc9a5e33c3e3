"""Every request is counted once, by the host and by what came back."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import httpx
import pytest

from voiceslot_tui.core.request_times import NO_ANSWER, NOT_SENT
from voiceslot_tui.providers.http import Http, NoAnswer, NotSent, raw_headers

_URL = httpx.URL("https://api.example.com/calls")


class _Scripted(httpx.AsyncBaseTransport):
    """Answers with a status, raises an error, or says nothing."""

    def __init__(self, reply: int | Exception | None) -> None:
        self.reply = reply

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.reply is None:
            await asyncio.Event().wait()
        if isinstance(self.reply, Exception):
            raise self.reply
        assert isinstance(self.reply, int)
        return httpx.Response(self.reply, content=b"{}", request=request)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (200, "2xx"),
        (201, "2xx"),
        (302, "3xx"),
        (404, "4xx"),
        (429, "4xx"),
        (503, "5xx"),
        (httpx.ConnectError("refused"), NOT_SENT),
        (httpx.ConnectTimeout("too slow"), NOT_SENT),
        (httpx.RemoteProtocolError("hung up"), NO_ANSWER),
        (ValueError("a defect"), NO_ANSWER),
        (None, NO_ANSWER),
    ],
)
async def test_a_request_is_counted_by_what_came_back(
    reply: int | Exception | None, outcome: str
) -> None:
    http = Http(base_urls=["https://api.example.com"], transport=_Scripted(reply))
    failure = {NOT_SENT: NotSent, NO_ANSWER: NoAnswer}.get(outcome)
    with pytest.raises(failure) if failure else nullcontext():
        await http.send("GET", _URL, raw_headers(_URL, {}), timeout_s=0.05)
    ((host, times),) = http.times.by_host().items()
    assert (host, dict(times.outcomes)) == ("api.example.com", {outcome: 1})
    assert sum(times.answers) == isinstance(reply, int)
    assert (times.sum_s > 0) == isinstance(reply, int)


async def test_a_host_that_may_not_be_reached_is_not_counted() -> None:
    http = Http(base_urls=["https://api.example.com"], transport=_Scripted(200))
    elsewhere = httpx.URL("https://elsewhere.example.com/")
    with pytest.raises(NotSent):
        await http.send("GET", elsewhere, raw_headers(elsewhere, {}), timeout_s=1)
    assert http.times.by_host() == {}
