"""What the listener answers: JSON, in one shape for everything that was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from voiceslot_tui.core.errors import (
    BadInput,
    IdempotencyConflict,
    StoreBusy,
    StoreUnavailable,
    VoiceslotError,
)
from voiceslot_tui.wire.enqueue_call import NOT_JSON
from voiceslot_tui.wire.twilio_webhook import NOT_FORM

_encoder = msgspec.json.Encoder()
_HEADERS: Final = {
    "Server": "voiceslot",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_JSON: Final = "application/json"
_UNREADABLE: Final = frozenset({NOT_JSON, NOT_FORM})
_BUSY_RETRY_S: Final = 1
_UNAVAILABLE_RETRY_S: Final = 5


class ErrorDetail(msgspec.Struct, frozen=True):
    """Why a request was refused: a word for programs, a sentence, the field if one is to blame."""

    code: str
    message: str
    field: str | None = None


class Error(msgspec.Struct, frozen=True):
    """The body of every refusal."""

    error: ErrorDetail


class Refused(Exception):
    """A request is refused: its status, its error, and headers that go with it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        closes: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = Error(ErrorDetail(code, message, field))
        self.headers = headers or {}
        self.closes = closes


def answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with a value as JSON."""
    return raw_answer(_encoder.encode(body), status, headers)


def raw_answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = _JSON
) -> web.Response:
    """Answer with JSON that is written already, or with what else `kind` names."""
    kinds = {"Content-Type": kind}
    return web.Response(body=body, status=status, headers={**_HEADERS, **kinds, **(headers or {})})


def empty_answer() -> web.Response:
    """Answer that all is well, and nothing else."""
    return web.Response(status=204, headers=_HEADERS)


def refusal(refused: Refused) -> web.Response:
    """Answer a refused request; after some refusals the connection is of no more use."""
    response = answer(refused.error, refused.status, refused.headers)
    if refused.closes:
        response.force_close()
    return response


def refused_for(problem: VoiceslotError) -> Refused:
    """Say how an error of ours is told to who asked."""
    match problem:
        case BadInput():
            status = 400 if problem.code in _UNREADABLE else 422
            return Refused(status, problem.code, problem.message, field=problem.field or None)
        case IdempotencyConflict():
            return Refused(409, "idempotency_conflict", str(problem), field="Idempotency-Key")
        case StoreUnavailable():
            wait_s = _BUSY_RETRY_S if isinstance(problem, StoreBusy) else _UNAVAILABLE_RETRY_S
            return Refused(
                503,
                "store_unavailable",
                "Nothing was stored, because the database cannot be written now; try again.",
                headers={"Retry-After": str(wait_s)},
            )
        case _:
            raise problem
