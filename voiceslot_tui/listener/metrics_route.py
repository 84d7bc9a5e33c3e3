"""`GET /metrics`: the figures of `/stats`, for Prometheus.

What is shown is read in two short readings; only then, and in a thread, it is written as text,
because the first time that loads a library.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from voiceslot_tui.core.request_times import RequestTimes
from voiceslot_tui.listener.answers import raw_answer
from voiceslot_tui.listener.front_door import FrontDoor
from voiceslot_tui.listener.metrics import Figures, exposition
from voiceslot_tui.listener.twilio_route import WebhooksSeen

METRICS_KIND: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The text format that every Prometheus reads."""


class MetricsRoute:
    """Answers scrapes."""

    def __init__(self, engine: FrontDoor, of_twilio: WebhooksSeen, requests: RequestTimes) -> None:
        self._engine = engine
        self._of_twilio = of_twilio
        self._requests = requests

    async def answer(self, _: web.BaseRequest) -> web.Response:
        """Answer one scrape with the figures of this moment."""
        follow_ups = self._engine.follow_ups
        figures = Figures(
            await self._engine.snapshot(),
            None if follow_ups is None else await follow_ups.counts(),
            self._of_twilio.at,
            self._of_twilio.refused,
            self._requests.by_host(),
        )
        return raw_answer(await asyncio.to_thread(exposition, figures), kind=METRICS_KIND)
