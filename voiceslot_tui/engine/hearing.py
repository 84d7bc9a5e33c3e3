"""Hearing people: what they write changes the same, whether a webhook tells of it or a list.

A STOP is in force from the moment it is heard. One that could not be written down is insisted on
until it is: nothing leaves to its person meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from voiceslot_tui import logs
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.follow_up_pages import Suppressed
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.limits import STOPS_UNWRITTEN_MAX
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.engine.taken_back import TakenBack
from voiceslot_tui.follow_up_ports import FollowUpStore
from voiceslot_tui.ports import Clock

_WHY: Final = "asked to stop by message"


class Hearing:
    """Passes on what people write. `change` tells whoever shows something."""

    def __init__(
        self,
        store: FollowUpStore,
        clock: Clock,
        taken_back: TakenBack,
        change: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._taken_back = taken_back
        self._change = change
        self._unwritten: dict[str, tuple[PersonWrote, str]] = {}

    async def hear(self, wrote: PersonWrote, *, by: str) -> Suppressed | None:
        """Hear a message once; whoever asks us to stop is suppressed at once.

        Where nobody can tell who asks, an operator must look: the log names the message.
        """
        if not wrote.wants_out or not wrote.number:
            return await self._write_down(wrote, by)
        with self._taken_back.writing(ways_of_writing(wrote.number), self._clock.steady_s):
            self._let_go(_key(wrote))
            try:
                return await self._write_down(wrote, by)
            except (StoreUnavailable, asyncio.CancelledError):
                self._keep(wrote, by)
                raise

    async def insist(self) -> None:
        """Write down every STOP that could not be written when it was heard."""
        for wrote, by in tuple(self._unwritten.values()):
            await self.hear(wrote, by=by)

    async def _write_down(self, wrote: PersonWrote, by: str) -> Suppressed | None:
        gone = await self._store.hear(wrote, _WHY, self._clock.now(), by)
        if not wrote.number:
            logs.warning(logs.Event.STOP_UNREADABLE, {logs.Field.MESSAGE_SID: wrote.sid})
        if gone is not None:
            self._change()
            count = gone.calls + gone.messages
            logs.info(logs.Event.PERSON_OPTED_OUT, {logs.Field.COUNT: count})
        return gone

    def _keep(self, wrote: PersonWrote, by: str) -> None:
        """Remember a STOP that may not be stored; of too many the oldest is left to the list."""
        self._unwritten[_key(wrote)] = (wrote, by)
        self._taken_back.hold(_key(wrote), ways_of_writing(wrote.number))
        if len(self._unwritten) > STOPS_UNWRITTEN_MAX:
            self._let_go(next(iter(self._unwritten)))

    def _let_go(self, key: str) -> None:
        if self._unwritten.pop(key, None) is not None:
            self._taken_back.let_go(key, self._clock.steady_s())


def _key(wrote: PersonWrote) -> str:
    return wrote.sid or wrote.number
