"""Reconcile: ask the platform what is live, and correct ourselves.

A list only says whom to ask about: a call ends here on what the platform says about that very
conversation, never because a list lacks it and never because time has passed. What a webhook does
in a moment, this does at the next poll, so that nothing depends on webhooks arriving.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Hashable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from voiceslot_tui.core.calls import (
    AttemptId,
    CallState,
    ConversationId,
    later,
    seconds_between,
)
from voiceslot_tui.core.errors import ReadDenied, ReadFailed, StoreUnavailable
from voiceslot_tui.core.facts import (
    Accepted,
    CarrierOver,
    Fact,
    Interrupted,
    LookedUp,
    Over,
    SlotLapsed,
    Source,
    WrapUpExpired,
)
from voiceslot_tui.core.limits import (
    ASK_WITHIN_S,
    LOOKUP_SKEW_S,
    ROUTE_DEADLINE_S,
    WRAP_UP_MAX_S,
)
from voiceslot_tui.core.talks import Talk, TalkState
from voiceslot_tui.engine.ages import Ages
from voiceslot_tui.engine.asking import Asking
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.engine.readings import Reader, Seen
from voiceslot_tui.engine.service import PartlyFailed
from voiceslot_tui.ports import Carrier, Clock, OpenCall, VoicePlatform

_Facts = tuple[Fact, ...]
_K = TypeVar("_K", bound=Hashable)

_HINTS_MAX: Final = 200
_ASK_FIRST_S: Final = 2.0
_ASK_MAX_S: Final = 30.0
_LOST_SEARCH_S: Final = 300.0
_OVERDUE_MARGIN_S: Final = 60.0
_DIAL_LOST_S: Final = 660.0
"""Longer than the longest time-out of a start: whoever waited for its answer is gone."""


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
        self._carrier = carrier
        self._ledger = ledger
        self._board = board
        self._clock = clock
        self._poll_interval_s = poll_interval_s
        self._lag_s = lag_s
        self._overdue_s = longest_call_s + ring_timeout_s + _OVERDUE_MARGIN_S
        self._ring_overdue_s = ring_timeout_s + _OVERDUE_MARGIN_S
        self._hints: deque[ConversationId] = deque(maxlen=_HINTS_MAX)
        self._hinted = Asking[ConversationId, _Facts](asks, self.wake)
        self._asking = Asking[AttemptId, _Facts](asks, self.wake)
        self._patience_s = ASK_WITHIN_S
        self._asked: dict[AttemptId, tuple[float, float]] = {}
        self._denied: dict[AttemptId, str] = {}
        self._in_vain: dict[AttemptId, int] = {}
        self._ages = Ages(clock)
        self._next_poll_s = clock.steady_s()

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
        """Follow hints; at the time of a poll, read the list and ask about whoever it concerns.

        Raises PartlyFailed while the platform or the carrier refuses to answer about a call of
        ours, for want of rights or of a plan: nobody else would tell.
        """
        await self._follow_hints()
        await self._take_answers()
        if self._next_poll_s > self._clock.steady_s():
            return self._until_next()
        began_s = self._clock.steady_s()
        seen = await self._reader.read()
        if self._board.recovering:
            await self._learn_numbers()
        self._next_poll_s = began_s + self._poll_interval_s
        self._board.take_reading(seen.reading, began_s)
        self._patience_s = ASK_WITHIN_S
        await self._ask_about(seen)
        return self._until_next()

    def leave(self) -> None:
        """Wait for no answer any more: the engine stops."""
        self._hinted.leave()
        self._asking.leave()

    def _until_next(self) -> float:
        at_once = self._hints and self._hinted.room
        wait_s = 0.0 if at_once else max(0.0, self._next_poll_s - self._clock.steady_s())
        denied = next(iter(self._denied.values()), "")
        if denied:
            raise PartlyFailed(denied, wait_s)
        return wait_s

    async def _learn_numbers(self) -> None:
        """Learn by which road each number dials, before the first dial.

        Else every dial after a start would wait for it between its reservation and its request: an
        engine that is killed there leaves calls of which nobody can say whether they rang.
        """
        with suppress(ReadFailed, TimeoutError):
            async with asyncio.timeout(ROUTE_DEADLINE_S):
                await self._platform.phone_numbers()

    async def _follow_hints(self) -> None:
        """Follow some hints: strangers may give more of them than we can follow."""
        await self._settle(await self._wait_for(self._hinted))
        while self._hints and self._hinted.room:
            conversation_id = self._hints.popleft()
            if conversation_id not in self._hinted:
                self._hinted.ask(conversation_id, partial(self._of_hint, conversation_id))
        await self._settle(await self._wait_for(self._hinted))

    async def _of_hint(self, conversation_id: ConversationId) -> _Facts:
        try:
            talk = await self._platform.talk(conversation_id)
        except ReadFailed:
            return ()
        return () if talk is None else facts_of_end(talk, talk.attempt_id)

    async def _ask_about(self, seen: Seen) -> None:
        listed = None if seen.talks is None else {talk.conversation_id: talk for talk in seen.talks}
        under_way = {one.attempt.id for one in seen.open_calls}
        self._asked = {key: when for key, when in self._asked.items() if key in under_way}
        self._in_vain = {key: n for key, n in self._in_vain.items() if key in under_way}
        self._ages.forget_all_but(under_way)
        expired = [fact for one in seen.open_calls for fact in self._expired(one)]
        if expired:
            await self._ledger.record(*expired, by="engine")
        questioned = [one for one in seen.open_calls if self._questioned(one, listed)]
        in_question = {one.attempt.id for one in questioned}
        self._denied = {key: why for key, why in self._denied.items() if key in in_question}
        due = [one for one in questioned if self._due(one)]
        await self._ask_each(sorted(due, key=self._last_asked_s), unlisted=listed is None)

    async def _ask_each(self, due: list[OpenCall], *, unlisted: bool) -> None:
        """Ask about whom we can in this step; who was asked longest ago comes first.

        The others are due at the next step, so that a question which hangs delays them only once.
        """
        while due and self._asking.room and self._patience_s > 0:
            room = self._asking.room
            for one in due[:room]:
                self._note_asked(one, unlisted=unlisted)
                self._asking.ask(one.attempt.id, partial(self._about, one))
            due = due[room:]
            await self._take_answers()

    async def _take_answers(self) -> None:
        answers = await self._wait_for(self._asking)
        try:
            await self._settle(answers)
        except StoreUnavailable:
            # What was learned is lost: every step asks again, and is seen to fail, until stored.
            for attempt_id in answers:
                self._asked.pop(attempt_id, None)
            raise

    def _expired(self, one: OpenCall) -> _Facts:
        """Say of a call that its wait is over: for an answer, or an idle slot."""
        attempt = one.attempt
        age_s = self._ages.surely(attempt.id, attempt.started_at)
        if one.call.state is CallState.DIALING:
            return (Interrupted(attempt.id),) if age_s > _DIAL_LOST_S else ()
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

    def _questioned(self, one: OpenCall, listed: dict[ConversationId, Talk] | None) -> bool:
        """Tell whether there is something to ask about a call."""
        if one.call.state is CallState.LIVE:
            return self._suspicious(one, listed)
        return one.call.state is not CallState.DIALING

    def _last_asked_s(self, one: OpenCall) -> float:
        return self._asked.get(one.attempt.id, (-math.inf, 0.0))[0]

    def _note_asked(self, one: OpenCall, *, unlisted: bool) -> None:
        """Remember that a call is asked about, and how long until it may be asked about again."""
        _, wait_s = self._asked.get(one.attempt.id, (0.0, 0.0))
        longest = _LOST_SEARCH_S if one.call.state is CallState.UNKNOWN else _ASK_MAX_S
        if unlisted and one.call.state is CallState.LIVE:
            longest = _ASK_FIRST_S
        again_s = min(longest, max(_ASK_FIRST_S, wait_s * 2))
        self._asked[one.attempt.id] = (self._clock.steady_s(), again_s)

    def _suspicious(self, one: OpenCall, listed: dict[ConversationId, Talk] | None) -> bool:
        """Tell whether a live call may be over: not listed as live, ringing or talking too long."""
        age_s = self._ages.of(one.attempt.id, one.attempt.started_at)
        conversation_id = one.attempt.conversation_id
        if listed is None or conversation_id is None:
            return True
        talk = listed.get(conversation_id)
        if talk is None:
            return True
        ringing = talk.state is TalkState.RINGING
        return age_s > (self._ring_overdue_s if ringing else self._overdue_s)

    async def _wait_for(self, asking: Asking[_K, _Facts]) -> dict[_K, _Facts]:
        """Take the answers that are in; wait for new ones as long as the next reading may wait."""
        began_s = self._clock.steady_s()
        answers = await asking.answers(self._patience_s)
        waited_s = self._clock.steady_s() - began_s
        self._patience_s = max(0.0, self._patience_s - waited_s)
        return answers

    async def _settle(self, answers: Mapping[_K, _Facts]) -> None:
        """Settle what was learned in one transaction."""
        facts = [fact for learned in answers.values() for fact in learned]
        if facts:
            await self._ledger.record(*facts, by="platform (poll)")

    async def _about(self, one: OpenCall) -> _Facts:
        """Ask the platform, then the carrier; give up what neither can tell any more."""
        failed: list[ReadFailed] = []
        facts: _Facts = ()
        talk: Talk | None = None
        try:
            facts, talk = await self._of_platform(one)
        except ReadFailed as problem:
            failed.append(problem)
        # A search that could not be completed has told nothing.
        is_told = bool(facts) or (one.attempt.conversation_id is not None and not failed)
        if one.call.state is CallState.LIVE and not facts:
            try:
                facts = await self._of_carrier(one, talk)
            except ReadFailed as problem:
                failed.append(problem)
        self._note_denied(one, failed)
        if one.call.state is CallState.WRAPPING_UP:
            return facts + self._without_outcome(one, facts, is_told=is_told)
        return facts or self._given_up(one)

    def _note_denied(self, one: OpenCall, failed: list[ReadFailed]) -> None:
        """Remember that we may not ask about a call; what failed did not say whether we may."""
        denied = [str(problem) for problem in failed if isinstance(problem, ReadDenied)]
        if denied:
            self._denied[one.attempt.id] = denied[0]
        elif not failed:
            self._denied.pop(one.attempt.id, None)

    def _without_outcome(self, one: OpenCall, facts: _Facts, *, is_told: bool) -> _Facts:
        """Say of an ended call that its outcome did not come in time.

        The time counts in which it was asked for: after an outage, or a suspension, it may be there
        or come soon. A question that fails counts too once the time is up, so that a conversation
        which alone cannot be read is not asked about for ever.
        """
        attempt = one.attempt
        if any(_has_outcome(fact) for fact in facts):
            return ()
        waited_s = self._ages.surely(attempt.id, attempt.over_at or attempt.started_at)
        is_late = waited_s > WRAP_UP_MAX_S
        if is_told or is_late:
            self._in_vain[attempt.id] = self._in_vain.get(attempt.id, 0) + 1
        in_vain_s = self._in_vain.get(attempt.id, 0) * (_ASK_MAX_S + self._poll_interval_s)
        return (WrapUpExpired(one.call.id),) if is_late and in_vain_s > WRAP_UP_MAX_S else ()

    def _given_up(self, one: OpenCall) -> _Facts:
        """Say of a dial in doubt that it can no longer be talking, whenever it was taken.

        Only after one more question in vain: after an outage the next may find it.
        """
        attempt = one.attempt
        holds_s = _DIAL_LOST_S + seconds_between(attempt.started_at, attempt.holds_until)
        age_s = self._ages.surely(attempt.id, attempt.started_at)
        lapsed = one.call.state is CallState.UNCERTAIN and age_s > holds_s
        return (SlotLapsed(attempt.id),) if lapsed else ()

    async def _of_platform(self, one: OpenCall) -> tuple[_Facts, Talk | None]:
        """Ask the platform about a call; give what follows, and its conversation as it stands."""
        if one.attempt.conversation_id is None:
            return await self._search(one), None
        talk = await self._platform.talk(one.attempt.conversation_id)
        facts = () if talk is None else facts_of_end(talk, one.attempt.id)
        return facts, talk

    async def _search(self, one: OpenCall) -> _Facts:
        """Look for the conversation of an attempt that was never answered."""
        since = later(one.attempt.started_at, -LOOKUP_SKEW_S)
        old_enough = self._ages.surely(one.attempt.id, one.attempt.started_at) >= self._lag_s
        search = await self._platform.search(one.order, since)
        if search.found is not None:
            talk = search.found
            named = Accepted(one.attempt.id, talk.conversation_id, talk.call_sid, Source.POLL)
            return (named, *facts_of_end(talk, one.attempt.id))
        return (LookedUp(one.attempt.id),) if search.complete and old_enough else ()

    async def _of_carrier(self, one: OpenCall, talk: Talk | None) -> _Facts:
        """Ask the second witness about a call that rings or talks far too long.

        Also where the platform has no conversation of that name any more, for it may keep none, or
        does not tell of it.
        """
        rings = talk is not None and talk.state is TalkState.RINGING
        limit_s = self._ring_overdue_s if rings else self._overdue_s
        overdue = self._ages.of(one.attempt.id, one.attempt.started_at) > limit_s
        call_sid = one.attempt.call_sid
        if not overdue or self._carrier is None or call_sid is None:
            return ()
        return (CarrierOver(one.attempt.id),) if await self._carrier.is_over(call_sid) else ()


def _has_outcome(fact: Fact) -> bool:
    return isinstance(fact, Over) and fact.outcome is not None


def facts_of_end(talk: Talk, attempt_id: AttemptId | None) -> tuple[Fact, ...]:
    """Give the facts in a conversation that is over, as the platform describes it; else none."""
    if talk.state not in (TalkState.OVER, TalkState.ANALYSED):
        return ()
    over = Over(talk.conversation_id, attempt_id, talk.call_sid, talk.outcome, Source.POLL)
    return (over,)
