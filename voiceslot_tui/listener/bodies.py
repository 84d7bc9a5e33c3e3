"""Reading bodies that strangers send: bounded in size, in time, and all together in memory."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from voiceslot_tui.core.limits import BODIES_BYTES_MAX, BODY_SHORT_BYTES
from voiceslot_tui.listener.answers import Refused

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyKind(Enum):
    """What a body is: the media type it must be sent with, and our word for one that is not."""

    JSON = ("application/json", "not_json_type")
    FORM = ("application/x-www-form-urlencoded", "not_form_type")


class BodyReader:
    """Reads bodies, and knows how much of them is in memory now."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._bytes = 0

    async def read(
        self,
        request: web.BaseRequest,
        bytes_max: int,
        kind: BodyKind = BodyKind.JSON,
        *,
        from_stranger: bool = True,
    ) -> bytes:
        """Read a body whole. Raises Refused where it is of another kind, too long or slow.

        A stranger's long body is refused too where all bodies together are too much.
        """
        _check_kind(request, kind)
        length = request.content_length
        if length is not None and length > bytes_max:
            raise _too_long(bytes_max)
        await _say_continue(request)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._all(request, bytes_max, from_stranger)
        except TimeoutError:
            raise Refused(408, "too_slow", "The body did not come in time.", closes=True) from None
        except (HttpProcessingError, web.RequestPayloadError):
            raise Refused(400, "broken_body", "The body broke off.", closes=True) from None

    async def _all(self, request: web.BaseRequest, bytes_max: int, from_stranger: bool) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            while part := await request.content.readany():
                size += len(part)
                self._bytes += len(part)
                if size > bytes_max:
                    raise _too_long(bytes_max)
                is_short = size <= BODY_SHORT_BYTES
                if self._bytes > BODIES_BYTES_MAX and from_stranger and not is_short:
                    raise _busy()
                parts.append(part)
        finally:
            self._bytes -= size
        return parts[0] if len(parts) == 1 else b"".join(parts)


def _busy() -> Refused:
    return Refused(
        503,
        "busy",
        "Too much is being received; try again.",
        headers={"Retry-After": "1"},
        closes=True,
    )


def _too_long(bytes_max: int) -> Refused:
    return Refused(
        413, "too_long", f"The body must not be longer than {bytes_max} bytes.", closes=True
    )


def _check_kind(request: web.BaseRequest, kind: BodyKind) -> None:
    encodings = request.headers.getall("Content-Encoding", ())
    if any(encoding.strip().lower() != "identity" for encoding in encodings):
        raise Refused(415, "encoded", "Send the body as it is, without Content-Encoding.")
    kinds = request.headers.getall("Content-Type", ())
    media_type, code = kind.value
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != media_type:
        raise Refused(415, code, f"Send Content-Type: {media_type}.")


async def _say_continue(request: web.BaseRequest) -> None:
    expected = request.headers.get("Expect")
    if expected is None:
        return
    if expected.strip().lower() != "100-continue":
        raise Refused(417, "expectation", "Only Expect: 100-continue is understood.", closes=True)
    await request.writer.write(_CONTINUE)
    request.writer.output_size = 0
