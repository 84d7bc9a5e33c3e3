"""Hearing people: what they write changes the same, whether a webhook tells of it or a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voiceslot_tui import logs
from voiceslot_tui.core.follow_up_pages import Suppressed
from voiceslot_tui.core.inbound import PersonWrote
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

    async def hear(self, wrote: PersonWrote, *, by: str) -> Suppressed | None:
        """Hear a message once; whoever asks us to stop is suppressed at once.

        Where nobody can tell who asks, an operator must look: the log names the message.
        """
        if wrote.wants_out and wrote.number:
            self._taken_back.add(ways_of_writing(wrote.number), self._clock.steady_s())
        gone = await self._store.hear(wrote, _WHY, self._clock.now(), by)
        if not wrote.number:
            logs.warning(logs.Event.STOP_UNREADABLE, {logs.Field.MESSAGE_SID: wrote.sid})
        if gone is not None:
            self._change()
            count = gone.calls + gone.messages
            logs.info(logs.Event.PERSON_OPTED_OUT, {logs.Field.COUNT: count})
        return gone
