"""The loop that all workers share: step, wait to be woken, back off with jitter, report health.

The one place that catches broadly: what a step throws is logged, shown as unhealthy and tried
again, so that one bad answer never ends the night's work. Cancellation always passes; an engine
that was fenced off stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from voiceslot_tui import logs
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import Fenced, StoreUnavailable, VoiceslotError
from voiceslot_tui.core.snapshot import Health, ServiceHealth
from voiceslot_tui.core.text import clean
from voiceslot_tui.logs import Event, Field
from voiceslot_tui.ports import Clock, Ids

T = TypeVar("T")

_BACKOFF_FIRST_S: Final = 0.25
_BACKOFF_MAX_S: Final = 15.0
_ERROR_CHARS_MAX: Final = 240
_SAID_AFTER: Final = 2
"""Failures in a row before people are told: one alone is often over before anybody has looked."""
_TOLD_FAILURES: Final = frozenset({1, 2, 3, 10, 100, 1_000, 10_000})
"""Which failure of a row is written to the log: the first ones, then ever fewer."""


class PartlyFailed(VoiceslotError):
    """A step did its work but for a part, and goes on at its own pace: shown as failing."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Worker(Protocol):
    """Something that does its work in bounded steps."""

    name: str
    wake: asyncio.Event

    async def step(self) -> float | None:
        """Do one bounded pass; give the seconds until the next is wanted, None for when woken.

        Raises PartlyFailed where only a part of it could not be done.
        """
        ...


class Service:
    """Runs one worker for as long as the engine runs.

    `say` is told when the worker goes on failing, and when it is well again.
    """

    def __init__(self, worker: Worker, clock: Clock, ids: Ids, changed: Callable[[], None]) -> None:
        self._worker = worker
        self._clock = clock
        self._ids = ids
        self._changed = changed
        self.say: Callable[[ServiceHealth], None] = lambda _: None
        self._failures = 0
        self._error = ""
        self._store_failed = False
        self._since: Instant = clock.now()
        self._last_step_at: Instant | None = None

    @property
    def health(self) -> ServiceHealth:
        """Tell how the worker fares."""
        state = Health.FAILING if self._failures else Health.WELL
        return ServiceHealth(
            self._worker.name,
            state,
            self._since,
            self._failures,
            self._error,
            self._last_step_at,
            self._store_failed,
        )

    async def run(self) -> None:
        """Step for ever; ends only by cancellation or by being fenced off."""
        while True:
            self._worker.wake.clear()
            await self._pause(await self._guarded_step())

    async def _guarded_step(self) -> float | None:
        try:
            wait_s = await self._worker.step()
        except Fenced:
            raise
        except PartlyFailed as problem:
            self._last_step_at = self._clock.now()
            self._failed(problem)
            return problem.wait_s
        except Exception as problem:
            return self._failed(problem)
        self._succeeded()
        return wait_s

    def _succeeded(self) -> None:
        self._last_step_at = self._clock.now()
        if self._failures:
            logs.info(Event.SERVICE_WELL, {Field.SERVICE: self._worker.name})
            said = self._failures >= _SAID_AFTER
            self._failures, self._error, self._since = 0, "", self._last_step_at
            self._store_failed = False
            if said:
                self.say(self.health)
            self._changed()

    def _failed(self, problem: Exception) -> float:
        self._failures += 1
        self._store_failed = isinstance(problem, StoreUnavailable)
        self._error = clean(logs.masked(_sentence(problem)), _ERROR_CHARS_MAX)
        if self._failures == 1:
            self._since = self._clock.now()
        if self._failures in _TOLD_FAILURES:
            told = {Field.SERVICE: self._worker.name, Field.COUNT: self._failures}
            logs.error(Event.SERVICE_FAILED, told, problem)
        if self._failures == _SAID_AFTER:
            self.say(self.health)
        self._changed()
        ceiling_s = min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2.0 ** min(self._failures - 1, 10))
        return float(ceiling_s) * (0.5 + self._ids.jitter() / 2)

    async def _pause(self, wait_s: float | None) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._worker.wake.wait()
        except TimeoutError:
            return


def _sentence(problem: Exception) -> str:
    """Give an error in words: ours are written for people, of others the name says most."""
    is_ours = isinstance(problem, VoiceslotError)
    return str(problem) if is_ours else f"{type(problem).__name__}: {problem}"


async def or_else(act: Callable[[], Awaitable[T]], instead: T) -> T:
    """Do something that never raises except by a defect of ours; then say what stands instead."""
    try:
        return await act()
    except Exception as problem:
        logs.error(Event.REQUEST_FAILED, problem=problem)
        return instead


async def persist(
    act: Callable[[], Awaitable[T]], stop: Callable[[], bool], wait_s: float = 0.1
) -> T | None:
    """Repeat writing something down until it is stored: an outcome must not be lost to a full disk.

    Gives up, with None, when fenced off or told to stop; the next start finds out again.
    """
    while True:
        try:
            return await act()
        except Fenced:
            return None
        except Exception as problem:
            logs.error(Event.OUTCOME_NOT_STORED, problem=problem)
        if stop():
            return None
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, _BACKOFF_MAX_S)
