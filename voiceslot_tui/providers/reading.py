"""Reads from ElevenLabs: tried a few times within one deadline, refusals told apart from trouble.

Only for requests that change nothing. A read that fails says so; it never stands for "nothing
there".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import httpx
import stamina
import stamina.instrumentation

from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.limits import (
    READ_DEADLINE_S,
    READ_TIMEOUT_S,
    READ_TRIES,
    READ_WAIT_FIRST_S,
    READ_WAIT_MAX_S,
)
from voiceslot_tui.core.text import clean
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.http import Answer, Http, NoAnswer, NotSent, RawHeaders, raw_headers
from voiceslot_tui.wire.elevenlabs_starts import read_complaint, read_retry_after

_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same read may succeed a moment later."""
_WRONG_KEY: Final = 401
_DENYING: Final = frozenset({402, 403})
_ABSENT: Final = frozenset({404, 410})
_PUZZLED: Final = frozenset({400, 422})


class _Passing(ReadFailed):
    """A failure worth another try, after the wait that the server asked for."""

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class NotUnderstood(ReadFailed):
    """The server refuses the question as it was put (400 or 422)."""


class NotThere(ReadFailed):
    """The server does not know what was asked for (404)."""


class Reader:
    """Reads with one set of credentials, over one client."""

    def __init__(self, http: Http, headers: Mapping[str, str], clock: Clock) -> None:
        # Its own log lines would go to the terminal where no log is open.
        stamina.instrumentation.set_on_retry_hooks(())
        self._http = http
        self._headers = headers
        self._prepared: dict[bytes, RawHeaders] = {}
        self._clock = clock
        self._ahead_s = 0.0
        self._ahead_of_steady_s: float | None = None

    def server_now_s(self) -> float:
        """Give the server's time in unix seconds, as its last answer dated itself.

        Our own clock may be wrong, or be set while we run; what the server is asked about its past
        must not depend on it.
        """
        return self._clock.now() / 1000 + self._ahead_s

    def told_now_s(self) -> float | None:
        """Give the server's time as its last answer told it; None before the first.

        It goes on by the steady clock: however our own is set, it says nothing but what was told.
        """
        told = self._ahead_of_steady_s
        return None if told is None else self._clock.steady_s() + told

    async def get(self, url: httpx.URL) -> bytes:
        """Read a body.

        Raises ReadDenied where the credentials are refused, NotThere where there is no such thing,
        NotUnderstood where the question is refused, ReadFailed for all else. Call it within
        `deadline`.
        """
        tries = stamina.retry_context(
            on=_wait_of,
            attempts=READ_TRIES,
            timeout=None,
            wait_initial=READ_WAIT_FIRST_S,
            wait_max=READ_WAIT_MAX_S,
            wait_jitter=0,
        )
        async for one_try in tries:
            with one_try:
                return await self._try(url)
        raise AssertionError("the last try returns or raises")

    async def _try(self, url: httpx.URL) -> bytes:
        try:
            answer = await self._http.send(
                "GET", url, self._headers_to(url), timeout_s=READ_TIMEOUT_S
            )
        except (NotSent, NoAnswer) as problem:
            raise _Passing(
                "ElevenLabs cannot be reached and is tried again; see to the network and to "
                f"ELEVENLABS_BASE_URL ({problem})"
            ) from problem
        self._learn_time(answer)
        if answer.status == 200:
            return answer.body
        raise _failure(url, answer)

    def _learn_time(self, answer: Answer) -> None:
        dated_s = answer.dated_s
        if dated_s is not None:
            self._ahead_s = dated_s - self._clock.now() / 1000
            self._ahead_of_steady_s = dated_s - self._clock.steady_s()

    def _headers_to(self, url: httpx.URL) -> RawHeaders:
        known = self._prepared.get(url.netloc)
        if known is None:
            known = self._prepared[url.netloc] = raw_headers(url, self._headers)
        return known


def _failure(url: httpx.URL, answer: Answer) -> ReadFailed:
    complaint = read_complaint(answer.body)
    said = f"HTTP {answer.status}" + (f": {complaint.line}" if complaint else "")
    if answer.status == _WRONG_KEY:
        return ReadDenied(
            f"ElevenLabs refuses ELEVENLABS_API_KEY; set the right one and start again ({said})"
        )
    text = f"ElevenLabs answers a read of {clean(url.path)} with {said}"
    if answer.status in _DENYING:
        return ReadDenied(f"{text}; see to the rights of ELEVENLABS_API_KEY and to your plan")
    if answer.status in _ABSENT:
        return NotThere(text)
    if answer.status in _PUZZLED:
        return NotUnderstood(text)
    if answer.status in _PASSING:
        return _Passing(text, read_retry_after(answer.headers.get("retry-after")))
    return ReadFailed(text)


def _wait_of(problem: Exception) -> bool | float:
    """Tell stamina whether to try again, and after which wait if the server named one."""
    if not isinstance(problem, _Passing):
        return False
    if problem.wait_s is None:
        return True
    return problem.wait_s if problem.wait_s <= READ_WAIT_MAX_S else False


@asynccontextmanager
async def deadline(what: str, seconds: float = READ_DEADLINE_S) -> AsyncIterator[None]:
    """Bound a whole read, with all its pages and tries. Raises ReadFailed when time is up."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise ReadFailed(f"reading {what} took longer than {seconds:g} s") from None
