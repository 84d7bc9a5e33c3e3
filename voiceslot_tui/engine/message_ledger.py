"""The one writer of follow-ups' states: every fact about a message goes through `record`.

As with calls, load, settle and commit are one transaction of the store, and only after it is
anybody told.
"""

from __future__ import annotations

from collections.abc import Iterable

from voiceslot_tui.core.follow_up_facts import FollowUpFact
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.engine.desk import Desk
from voiceslot_tui.follow_up_ports import FollowUpStore
from voiceslot_tui.ports import Clock

_LOOKED_UP = frozenset({FollowUpState.ACCEPTED, FollowUpState.SENT, FollowUpState.AMBIGUOUS})
"""Who looks things up has to know when the next of these is due."""


class MessageLedger:
    """Turns facts about messages into states, and wakes those whom the change concerns."""

    def __init__(
        self, store: FollowUpStore, desk: Desk, rules: FollowUpRules, clock: Clock
    ) -> None:
        self.rules = rules
        self._store = store
        self._desk = desk
        self._clock = clock

    async def record(self, *facts: FollowUpFact, by: str) -> tuple[FollowUpSettlement | None, ...]:
        """Let facts change what they change, durably, in order, in one transaction.

        Raises StoreUnavailable where nothing was stored; the facts must then be told again.
        """
        settled = await self._store.settle_follow_ups(facts, self.rules, self._clock.now(), by)
        self._take_back(one.follow_up.to_number for one in settled if one and one.opted_out)
        states = {one.follow_up.state for one in settled if one is not None}
        if FollowUpState.DUE in states:
            self._desk.send.set()
        if states & _LOOKED_UP:
            self._desk.read.set()
        if FollowUpState.BLOCKED in states:
            self._desk.doubt_template()
        if states:
            self._desk.change()
        return settled

    def _take_back(self, numbers: Iterable[str]) -> None:
        """Hold back what still waits to leave to people of whom the messenger says they opted out.

        They are on the suppression list by now.
        """
        for number in filter(None, numbers):
            self._desk.taken_back.add(ways_of_writing(number), self._clock.steady_s())
