"""What the listener offers: one table of routes, and what each does.

A handler translates, tells the engine and answers; it decides nothing. What was accepted is
committed before the answer leaves: a 202 is a call that survives a crash, and ElevenLabs hears 200
only of news that is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import web

from voiceslot_tui import logs
from voiceslot_tui.core.errors import StoreUnavailable, VoiceslotError
from voiceslot_tui.core.limits import (
    ENQUEUE_BODY_BYTES_MAX,
    ID_CHARS_MAX,
    WEBHOOK_BODY_BYTES_MAX,
)
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.core.request_times import RequestTimes
from voiceslot_tui.listener.access import Access, Door
from voiceslot_tui.listener.answers import Refused, answer, raw_answer, refusal, refused_for
from voiceslot_tui.listener.bad_signatures import BadSignatures
from voiceslot_tui.listener.bodies import BodyReader
from voiceslot_tui.listener.front_door import FrontDoor
from voiceslot_tui.listener.health import Health
from voiceslot_tui.listener.metrics_route import MetricsRoute
from voiceslot_tui.listener.openapi import describe
from voiceslot_tui.listener.shapes import Enqueued, Ok, stats
from voiceslot_tui.listener.twilio_route import TwilioRoute, TwilioSigning
from voiceslot_tui.ports import Clock
from voiceslot_tui.wire import elevenlabs_webhook, enqueue_call
from voiceslot_tui.wire.elevenlabs_webhook import Kind, News, Verdict

_SIGNATURE: Final = "ElevenLabs-Signature"
_KEY: Final = "Idempotency-Key"
_OK: Final = msgspec.json.encode(Ok())


@dataclass(frozen=True, slots=True)
class Route:
    """A path and method, whom they are for, and what they do."""

    method: str
    path: str
    door: Door
    handle: Callable[[web.BaseRequest], Awaitable[web.Response]]


class Routes:
    """Answers every request. One object serves one listener."""

    def __init__(
        self,
        engine: FrontDoor,
        access: Access,
        secrets: tuple[bytes, ...],
        bodies: BodyReader,
        clock: Clock,
        twilio: TwilioSigning,
        requests: RequestTimes,
    ) -> None:
        self._engine = engine
        self._access = access
        self._secrets = secrets
        self._bodies = bodies
        self._clock = clock
        self._bad_signatures = BadSignatures(clock)
        self._health = Health(engine, clock)
        self._twilio_tokens = twilio.tokens
        of_twilio = TwilioRoute(
            engine, access, twilio, bodies, self._bad_signatures, self._health, clock
        )
        self._description = b""
        metrics = MetricsRoute(engine, of_twilio.seen, requests)
        table = (
            Route("GET", "/health", Door.ANYBODY, self._answer_health),
            Route("GET", "/stats", Door.KEY_HOLDERS, self._answer_stats),
            Route("GET", "/metrics", Door.KEY_HOLDERS, metrics.answer),
            Route("GET", "/openapi.json", Door.KEY_HOLDERS, self._answer_openapi),
            Route("POST", "/enqueue-call", Door.KEY_HOLDERS, self._enqueue_call),
            Route("POST", "/webhook/elevenlabs", Door.SIGNERS, self._elevenlabs),
            Route("POST", "/webhook/twilio", Door.SIGNERS, of_twilio.answer),
        )
        self._table: Mapping[str, Route] = {route.path: route for route in table}

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request, whatever it is."""
        try:
            route = self._route(request)
            return await route.handle(request)
        except Refused as refused:
            return refusal(refused)
        except VoiceslotError as problem:
            if isinstance(problem, StoreUnavailable):
                self._health.write_failed()
                logs.warning(logs.Event.REQUEST_FAILED, {logs.Field.DETAIL: str(problem)})
            return refusal(refused_for(problem))

    def _route(self, request: web.BaseRequest) -> Route:
        route = self._table.get(request.path)
        self._access.check(request, Door.KEY_HOLDERS if route is None else route.door)
        if route is None:
            raise Refused(404, "no_such_path", "There is nothing here; see /openapi.json.")
        method = "GET" if request.method == "HEAD" else request.method
        if method != route.method:
            allowed = "GET, HEAD" if route.method == "GET" else route.method
            raise Refused(
                405, "method", f"Only {allowed} is understood here.", headers={"Allow": allowed}
            )
        return route

    # --- reading

    async def _answer_health(self, _: web.BaseRequest) -> web.Response:
        trouble = await self._health.trouble()
        if trouble:
            raise Refused(503, trouble, "Not ready.", headers={"Retry-After": "5"})
        return raw_answer(_OK)

    async def _answer_stats(self, _: web.BaseRequest) -> web.Response:
        return answer(stats(await self._engine.snapshot()))

    async def _answer_openapi(self, _: web.BaseRequest) -> web.Response:
        if not self._description:
            self._description = await asyncio.to_thread(
                describe,
                has_key=bool(self._access.api_key),
                has_secret=bool(self._secrets),
                has_token=bool(self._twilio_tokens),
            )
        return raw_answer(self._description)

    # --- writing

    async def _enqueue_call(self, request: web.BaseRequest) -> web.Response:
        raw = await self._body(request, ENQUEUE_BODY_BYTES_MAX)
        call = enqueue_call.read(raw)
        added = await self._engine.enqueue([call], by="api", key=_idempotency_key(request, call))
        self._health.write_succeeded()
        return answer(Enqueued(True, str(added.ids[0]), added.queue_size), 202)

    async def _elevenlabs(self, request: web.BaseRequest) -> web.Response:
        raw = await self._body(request, WEBHOOK_BODY_BYTES_MAX)
        if not self._is_trusted(request, raw):
            return self._take_hint(elevenlabs_webhook.read(raw))
        news = elevenlabs_webhook.read(raw)
        for fact in news.facts:
            await self._engine.tell(fact, by="webhook")
        if news.facts:
            self._health.write_succeeded()
        else:
            logs.info(logs.Event.WEBHOOK_IGNORED, {logs.Field.KIND: news.what})
        self._engine.webhook_seen(accepted=True)
        return raw_answer(_OK)

    async def _body(self, request: web.BaseRequest, bytes_max: int) -> bytes:
        is_stranger = not self._access.has_key(request)
        return await self._bodies.read(request, bytes_max, from_stranger=is_stranger)

    def _is_trusted(self, request: web.BaseRequest, raw: bytes) -> bool:
        """Tell whether the body may state facts; raise Refused where it may not even hint."""
        if self._access.has_key(request):
            return True
        if not self._secrets:
            return False
        headers = request.headers.getall(_SIGNATURE, ())
        header = headers[0] if len(headers) == 1 else None
        verdict = elevenlabs_webhook.verify(raw, header, self._secrets, self._clock.now())
        if verdict is Verdict.GOOD:
            return True
        raise self._bad_signature(request, verdict)

    def _bad_signature(self, request: web.BaseRequest, verdict: Verdict) -> Refused:
        self._engine.webhook_seen(accepted=False)
        return self._bad_signatures.refusal(request, verdict, 401)

    def _take_hint(self, news: News) -> web.Response:
        """Take unsigned news, where no secret is set, as a reason to ask the platform ourselves."""
        if news.kind is Kind.PLAIN:
            raise Refused(
                401,
                "key_needed",
                "A body of this kind needs a signature or the bearer key.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if news.about is not None and news.kind is not Kind.OTHER:
            self._engine.hint(news.about)
        return raw_answer(_OK)


def _idempotency_key(request: web.BaseRequest, call: NewCall) -> IdempotencyKey | None:
    given = request.headers.getall(_KEY, ())
    if not given:
        return None
    key = given[0]
    is_plain = key.isascii() and key.isprintable() and " " not in key
    if len(given) > 1 or not is_plain or not 1 <= len(key) <= ID_CHARS_MAX:
        raise Refused(
            422,
            "invalid",
            f"{_KEY} must be one word of at most {ID_CHARS_MAX} plain characters.",
            field=_KEY,
        )
    return IdempotencyKey(key, enqueue_call.digest(call))
