"""Whether calls can be taken now, as anybody may ask: remembered for a moment, so it costs little.

A write that failed makes the health bad until another one says otherwise.
"""

from __future__ import annotations

import asyncio
from typing import Final

from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.limits import HEALTH_REMEMBERED_S, WRITE_TROUBLE_SHOWN_S
from voiceslot_tui.core.snapshot import EngineState
from voiceslot_tui.listener.front_door import FrontDoor
from voiceslot_tui.ports import Clock

_HEALTH_WAIT_S: Final = 2.0


class Health:
    """Knows whether the engine can take calls; asks it no more than once a second."""

    def __init__(self, engine: FrontDoor, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._asked_s = float("-inf")
        self._trouble = ""
        self._write_failed_s = float("-inf")

    def write_failed(self) -> None:
        """Note that something could not be stored."""
        self._write_failed_s = self._clock.steady_s()

    def write_succeeded(self) -> None:
        """Note that something was stored."""
        self._write_failed_s = float("-inf")

    async def trouble(self) -> str:
        """Give a word for why no call can be taken now; nothing where all is well."""
        now_s = self._clock.steady_s()
        if now_s - self._write_failed_s < WRITE_TROUBLE_SHOWN_S:
            return "store_unavailable"
        if now_s - self._asked_s >= HEALTH_REMEMBERED_S:
            self._asked_s = now_s
            self._trouble = await self._ask()
        return self._trouble

    async def _ask(self) -> str:
        try:
            async with asyncio.timeout(_HEALTH_WAIT_S):
                snapshot = await self._engine.snapshot()
        except (StoreUnavailable, TimeoutError):
            return "store_unavailable"
        return "stopping" if snapshot.engine is EngineState.STOPPING else ""
