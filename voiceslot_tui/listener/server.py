"""The listener: a small HTTP server inside the engine, safe in front of strangers.

Every bound here was measured against hostile clients: a body that never ends, a head that never
comes, a connection that says nothing. aiohttp's own defaults that matter are kept: lines and fields
of at most 8 KiB, 128 headers, a strict parser.
"""

from __future__ import annotations

import errno
import logging
from typing import Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from voiceslot_tui import logs
from voiceslot_tui.core.errors import SettingProblem, SettingsInvalid
from voiceslot_tui.core.limits import (
    BODY_READ_TIMEOUT_S,
    LISTENER_IDLE_S,
    LISTENER_LINGER_S,
    LISTENER_STOP_S,
)
from voiceslot_tui.core.request_times import RequestTimes
from voiceslot_tui.listener.access import access_for
from voiceslot_tui.listener.bodies import BodyReader
from voiceslot_tui.listener.connections import BoundedServer, connections_max
from voiceslot_tui.listener.front_door import FrontDoor
from voiceslot_tui.listener.routes import Routes
from voiceslot_tui.listener.twilio_route import TwilioSigning
from voiceslot_tui.ports import Clock
from voiceslot_tui.settings import Settings


class ListenerServer:
    """The listener of one engine, from `start` to `stop`.

    `requests` are those that the engine makes, for `/metrics` to tell how they went.
    """

    def __init__(
        self,
        engine: FrontDoor,
        settings: Settings,
        *,
        clock: Clock,
        requests: RequestTimes | None = None,
        idle_timeout_s: float = LISTENER_IDLE_S,
        body_timeout_s: float = BODY_READ_TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._idle_timeout_s = idle_timeout_s
        self._routes = Routes(
            engine,
            access_for(settings),
            settings.webhook_secrets,
            BodyReader(body_timeout_s),
            clock,
            TwilioSigning(settings.twilio_tokens, self._public_url),
            RequestTimes() if requests is None else requests,
        )
        self._runner: web.ServerRunner | None = None

    @property
    def port(self) -> int:
        """Give the port that is listened on; 0 before the start."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else 0

    def _public_url(self) -> str:
        """Give where the world reaches us; without a public address, where we listen."""
        return self._settings.public_base_url or f"http://{self._settings.host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises SettingsInvalid where the address or the port cannot be had."""
        host, port = self._settings.host, self._settings.port
        server = BoundedServer(
            self._routes.answer,
            send_timeout_s=self._idle_timeout_s,
            connections_max=connections_max(),
            keepalive_timeout=self._idle_timeout_s,
            auto_decompress=False,
            lingering_time=LISTENER_LINGER_S,
            access_log=None,
            logger=_logger(),
        )
        runner = web.ServerRunner(server, shutdown_timeout=LISTENER_STOP_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as problem:
            await runner.cleanup()
            raise SettingsInvalid((_trouble(problem, host, port),)) from problem
        self._runner = runner
        logs.info(logs.Event.LISTENER_STARTED, {logs.Field.PORT: self.port})

    async def stop(self) -> None:
        """Finish the requests under way, a few seconds long, and listen no more."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
            logs.info(logs.Event.LISTENER_STOPPED)


def _trouble(problem: OSError, host: str, port: int) -> SettingProblem:
    match problem.errno:
        case errno.EADDRINUSE:
            other = "another program, maybe another voiceslot: a workspace has one engine"
            return SettingProblem("PORT", f"{port} is used by {other}; else choose another port")
        case errno.EACCES:
            return SettingProblem("PORT", f"{port} needs more rights; choose one above 1023")
        case _:
            return SettingProblem("HOST", f"{host} is no address of this machine")


class _WithoutStrangers(logging.Filter):
    """Keeps malformed requests, which anybody can send by the thousand, out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is about us."""
        problem = record.exc_info[1] if record.exc_info else None
        return not isinstance(problem, HttpProcessingError)


_STRANGERS: Final = _WithoutStrangers()


def _logger() -> logging.Logger:
    logger = logging.getLogger("voiceslot.listener")
    logger.addFilter(_STRANGERS)
    return logger
