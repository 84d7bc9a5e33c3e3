"""Reconcile: ask the platform what is live, and correct ourselves.

A list only says whom to ask about: a call ends here on what the platform says about that very
conversation, never because a list lacks it and never because time has passed. What a webhook does
in a moment, this does at the next poll, so that nothing depends on webhooks arriving.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from voiceslot_tui.core.calls import (
    AttemptId,
    CallState,
    ConversationId,
    seconds_between,
)
from voiceslot_tui.core.errors import ReadFailed, StoreUnavailable
from voiceslot_tui.core.facts import (
    Interrupted,
    SlotLapsed,
)
from voiceslot_tui.core.limits import (
    ASK_WITHIN_S,
    ROUTE_DEADLINE_S,
)
from voiceslot_tui.core.talks import Talk, TalkState
from voiceslot_tui.engine.ages import Ages
from voiceslot_tui.engine.asking import Asking
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.engine.readings import Reader, Seen
from voiceslot_tui.engine.service import PartlyFailed
from voiceslot_tui.engine.witnesses import DIAL_LOST_S, Facts, Witnesses
from voiceslot_tui.ports import Carrier, Clock, OpenCall, VoicePlatform

_HINTS_MAX: Final = 200
_ASK_FIRST_S: Final = 2.0
_ASK_MAX_S: Final = 30.0
_LOST_SEARCH_S: Final = 300.0


class Reconciler:
    """Reads the platform's live calls at every poll, and settles what became of ours."""

    name = "reconciler"

    def __init__(
        self,
        *,
        reader: Reader,
        platform: VoicePlatform,
        carrier: Carrier | None,
        ledger: Ledger,
        board: Board,
        clock: Clock,
        asks: asyncio.TaskGroup,
        poll_interval_s: float,
        lag_s: float,
        longest_call_s: float,
        ring_timeout_s: float,
    ) -> None:
        self.wake = board.bells.reconcile
        self._reader = reader
        self._platform = platform
        self._ledger = ledger
        self._board = board
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._hints: deque[ConversationId] = deque(maxlen=_HINTS_MAX)
        self._hinted = Asking[ConversationId, Facts](asks, self.wake)
        self._asking = Asking[AttemptId, Facts](asks, self.wake)
        self._asked: dict[AttemptId, tuple[float, float]] = {}
        self._ages = Ages(clock)
        self._witnesses = Witnesses(
            platform=platform,
            carrier=carrier,
            ages=self._ages,
            clock=clock,
            lag_s=lag_s,
            again_s=_ASK_MAX_S + poll_interval_s,
            longest_call_s=longest_call_s,
            ring_timeout_s=ring_timeout_s,
        )
        self._listed: dict[ConversationId, Talk] | None = None
        self._left: set[AttemptId] = set()
        self._next_poll_s = self._until_s = clock.steady_s()

    def hint(self, conversation_id: ConversationId) -> None:
        """Ask about a conversation soon, on somebody's unproven word; the oldest hints give way."""
        if conversation_id not in self._hints:
            self._hints.append(conversation_id)
            self.wake.set()

    def read_now(self) -> None:
        """Read the platform's list at once instead of at the next poll."""
        self._next_poll_s = self._clock.steady_s()
        self.wake.set()

    async def step(self) -> float | None:
        """Follow hints; at the time of a poll, read the list; ask about whoever it concerns.

        A step waits for answers, and writes down what they tell, for a few seconds at most, so that
        no reading comes late. Who is left is asked about in the next steps. Raises PartlyFailed
        while the platform or the carrier refuses to answer about a call of ours, for want of rights
        or of a plan: nobody else would tell.
        """
        began_s = self._clock.steady_s()
        poll_is_due = self._next_poll_s <= began_s
        if not poll_is_due:
            self._until_s = min(began_s + ASK_WITHIN_S, self._next_poll_s)
        await self._take_answers()
        self._follow_hints()
        open_calls: tuple[OpenCall, ...] = ()
        if poll_is_due:
            await self._take_answers()
            open_calls = await self._poll()
        elif self._left:
            open_calls = await self._reader.open_calls()
        await self._ask_left(open_calls)
        return self._until_next()

    async def _poll(self) -> tuple[OpenCall, ...]:
        """Read the list, and note about whom there is something to ask; give our open calls."""
        began_s = self._clock.steady_s()
        seen = await self._reader.read()
        if self._board.recovering:
            await self._learn_numbers()
        self._next_poll_s = began_s + self._poll_interval_s
        self._board.take_reading(seen.reading, began_s)
        await self._judge(seen)
        self._until_s = self._clock.steady_s() + ASK_WITHIN_S
        return seen.open_calls

    def leave(self) -> None:
        """Wait for no answer any more: the engine stops."""
        self._hinted.leave()
        self._asking.leave()

    def _until_next(self) -> float:
        at_once = (self._hints and self._hinted.room) or (self._left and self._asking.room)
        wait_s = 0.0 if at_once else max(0.0, self._next_poll_s - self._clock.steady_s())
        if self._witnesses.denied:
            raise PartlyFailed(self._witnesses.denied, wait_s)
        return wait_s

    async def _learn_numbers(self) -> None:
        """Learn by which road each number dials, before the first dial.

        Else every dial after a start would wait for it between its reservation and its request: an
        engine that is killed there leaves calls of which nobody can say whether they rang.
        """
        with suppress(ReadFailed, TimeoutError):
            async with asyncio.timeout(ROUTE_DEADLINE_S):
                await self._platform.phone_numbers()

    def _follow_hints(self) -> None:
        """Follow some hints: strangers may give more of them than we can follow."""
        while self._hints and self._hinted.room:
            conversation_id = self._hints.popleft()
            if conversation_id not in self._hinted:
                question = partial(self._witnesses.of_hint, conversation_id)
                self._hinted.ask(conversation_id, question)

    async def _judge(self, seen: Seen) -> None:
        """Note about whom there is something to ask now, and whose wait is over."""
        talks = seen.talks
        self._listed = None if talks is None else {talk.conversation_id: talk for talk in talks}
        under_way = {one.attempt.id for one in seen.open_calls}
        self._asked = {key: when for key, when in self._asked.items() if key in under_way}
        self._ages.forget_all_but(under_way)
        questioned = [one for one in seen.open_calls if self._questioned(one)]
        self._witnesses.forget_all_but({one.attempt.id for one in questioned})
        self._left = {one.attempt.id for one in questioned if self._due(one)}
        expired = [fact for one in seen.open_calls for fact in self._expired(one)]
        if expired:
            await self._ledger.record(*expired, by="engine")

    async def _ask_left(self, open_calls: Sequence[OpenCall]) -> None:
        """Ask about whom we can in this step; who was asked longest ago comes first.

        The others are left for the next step, so that a question which hangs delays them only once.
        Whose end was told in the meantime is not asked about any more.
        """
        left = [one for one in open_calls if one.attempt.id in self._left and self._questioned(one)]
        self._left = {one.attempt.id for one in left}
        left.sort(key=self._last_asked_s)
        while True:
            room = self._asking.room
            for one in left[:room]:
                self._note_asked(one)
                self._left.discard(one.attempt.id)
                self._asking.ask(one.attempt.id, partial(self._witnesses.about, one))
            left = left[room:]
            await self._take_answers()
            if not left or not self._asking.room or not self._patience_s:
                return

    @property
    def _patience_s(self) -> float:
        """Give for how much longer this step may wait for answers."""
        return max(0.0, self._until_s - self._clock.steady_s())

    async def _take_answers(self) -> None:
        """Wait for what was newly asked, and settle all that was learned in one transaction."""
        of_hints = await self._hinted.answers(self._patience_s)
        answers = await self._asking.answers(self._patience_s)
        facts = [fact for told in (*of_hints.values(), *answers.values()) for fact in told]
        if not facts:
            return
        try:
            await self._ledger.record(*facts, by="platform (poll)")
        except StoreUnavailable:
            # What was learned is lost: every step asks again, and is seen to fail, until stored.
            for attempt_id in answers:
                self._asked.pop(attempt_id, None)
            self._left.update(answers)
            raise

    def _expired(self, one: OpenCall) -> Facts:
        """Say of a call that its wait is over: for an answer, or an idle slot."""
        attempt = one.attempt
        age_s = self._ages.surely(attempt.id, attempt.started_at)
        if one.call.state is CallState.DIALING:
            return (Interrupted(attempt.id),) if age_s > DIAL_LOST_S else ()
        if one.call.state is CallState.UNKNOWN and one.call.holding:
            holds_s = seconds_between(attempt.started_at, attempt.holds_until)
            return (SlotLapsed(attempt.id),) if age_s > holds_s else ()
        return ()

    def _due(self, one: OpenCall) -> bool:
        """Tell whether a call that is in question should be asked about now."""
        if one.attempt.id in self._asking:
            return False
        now_s = self._clock.steady_s()
        asked_s, wait_s = self._asked.get(one.attempt.id, (now_s, 0.0))
        return now_s - asked_s >= wait_s

    def _questioned(self, one: OpenCall) -> bool:
        """Tell whether there is something to ask about a call."""
        if one.call.state is CallState.LIVE:
            return self._suspicious(one)
        return one.call.state is not CallState.DIALING

    def _last_asked_s(self, one: OpenCall) -> float:
        return self._asked.get(one.attempt.id, (-math.inf, 0.0))[0]

    def _note_asked(self, one: OpenCall) -> None:
        """Remember that a call is asked about, and how long until it may be asked about again."""
        _, wait_s = self._asked.get(one.attempt.id, (0.0, 0.0))
        longest = _LOST_SEARCH_S if one.call.state is CallState.UNKNOWN else _ASK_MAX_S
        if self._listed is None and one.call.state is CallState.LIVE:
            longest = _ASK_FIRST_S
        again_s = min(longest, max(_ASK_FIRST_S, wait_s * 2))
        self._asked[one.attempt.id] = (self._clock.steady_s(), again_s)

    def _suspicious(self, one: OpenCall) -> bool:
        """Tell whether a live call may be over: not listed as live, ringing or talking too long."""
        conversation_id = one.attempt.conversation_id
        if self._listed is None or conversation_id is None:
            return True
        talk = self._listed.get(conversation_id)
        if talk is None:
            return True
        return self._witnesses.is_overdue(one, is_ringing=talk.state is TalkState.RINGING)
