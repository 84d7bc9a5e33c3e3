"""Reads what people write from the messenger's list, for all that no webhook brings.

Without an address that the messenger can reach this alone hears a STOP; with one it finds what was
lost on the way. Up to when a list was read is remembered only after all of it was heard, so that
after any outage the next reading begins where the last one ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.inbound import PersonWrote, read_from, read_up_to
from voiceslot_tui.core.limits import (
    INBOUND_EVERY_S,
    INBOUND_PAGES_MAX,
    INBOUND_REPAIR_EVERY_S,
)
from voiceslot_tui.engine.hearing import Hearing
from voiceslot_tui.follow_up_ports import FollowUpStore, Messenger
from voiceslot_tui.ports import Clock

_BY: Final = "messenger (poll)"
_READABLE: Final = (Channel.WHATSAPP, Channel.SMS)


class InboundReader:
    """Hears what people write on the channels whose messenger keeps a list."""

    name = "inbound"

    def __init__(
        self,
        *,
        store: FollowUpStore,
        messengers: Mapping[Channel, Messenger],
        hearing: Hearing,
        clock: Clock,
        has_callbacks: bool,
    ) -> None:
        self.wake = asyncio.Event()
        self._store = store
        self._messengers = messengers
        self._hearing = hearing
        self._clock = clock
        self._every_s = INBOUND_REPAIR_EVERY_S if has_callbacks else INBOUND_EVERY_S

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Name the channels whose lists are read."""
        return tuple(channel for channel in _READABLE if channel in self._messengers)

    def read_now(self) -> None:
        """Read the lists at once."""
        self.wake.set()

    async def step(self) -> float | None:
        """Read every list from where it was read to; one that fails does not hold up the others."""
        problem: ReadFailed | None = None
        for channel in self.channels:
            try:
                await self._read(channel)
            except ReadFailed as failed:
                problem = failed
        if problem is not None:
            raise ReadFailed(f"what people write is not heard: {problem}")
        return self._every_s

    async def _read(self, channel: Channel) -> None:
        read_to = await self._store.read_to(channel)
        since = read_from(read_to, self._clock.now())
        newest: Instant | None = None
        read_at: Instant | None = None
        more = ""
        for _ in range(INBOUND_PAGES_MAX):
            page = await self._messengers[channel].received(channel, since, more)
            await self._hear(page.messages)
            newest = max((one for one in (newest, page.newest) if one is not None), default=None)
            read_at = read_at or page.read_at
            more = page.more
            if not more:
                break
        else:
            raise ReadFailed(f"the list of {channel} messages to us does not end")
        moment = read_up_to(read_to, newest, read_at, self._clock.now())
        if moment is not None and moment != read_to:
            await self._store.read_up_to(channel, moment)

    async def _hear(self, messages: tuple[PersonWrote, ...]) -> None:
        for wrote in await self._store.unheard(messages):
            await self._hearing.hear(wrote, by=_BY)
