"""What the platform and the carrier know of one call of ours, and when to ask no more.

A call ends on what the platform says about that very conversation. The carrier is the second
witness: of a call that is long overdue its word alone is believed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from voiceslot_tui.core.calls import AttemptId, CallState, ConversationId, later, seconds_between
from voiceslot_tui.core.errors import ReadDenied, ReadFailed
from voiceslot_tui.core.facts import (
    Accepted,
    CarrierOver,
    Fact,
    LookedUp,
    Over,
    SlotLapsed,
    Source,
    WrapUpExpired,
)
from voiceslot_tui.core.limits import LOOKUP_SKEW_S, WRAP_UP_MAX_S
from voiceslot_tui.core.talks import Talk, TalkState
from voiceslot_tui.engine.ages import Ages
from voiceslot_tui.ports import Carrier, Clock, OpenCall, VoicePlatform

Facts = tuple[Fact, ...]

DIAL_LOST_S: Final = 660.0
"""Longer than the longest time-out of a start: whoever waited for its answer is gone."""
_OVERDUE_MARGIN_S: Final = 60.0
_BETWEEN_MAX_S: Final = 300.0
"""So long it may take until a call is asked about again, where many questions hang."""


class Witnesses:
    """Asks about one call at a time. Raises nothing for what platform, carrier and network do.

    `lag_s` is how late the platform may be in listing a call; an outcome is asked for again after
    `again_s` at the latest.
    """

    def __init__(
        self,
        *,
        platform: VoicePlatform,
        carrier: Carrier | None,
        ages: Ages,
        clock: Clock,
        lag_s: float,
        again_s: float,
        longest_call_s: float,
        ring_timeout_s: float,
    ) -> None:
        self._platform = platform
        self._carrier = carrier
        self._ages = ages
        self._clock = clock
        self._lag_s = lag_s
        self._again_s = again_s
        self._overdue_s = longest_call_s + ring_timeout_s + _OVERDUE_MARGIN_S
        self._ring_overdue_s = ring_timeout_s + _OVERDUE_MARGIN_S
        self._denied: dict[AttemptId, str] = {}
        self._in_vain: dict[AttemptId, tuple[float, float]] = {}

    @property
    def denied(self) -> str:
        """Say why somebody refuses to answer about a call of ours; empty where nobody does."""
        return next(iter(self._denied.values()), "")

    def forget_all_but(self, in_question: Collection[AttemptId]) -> None:
        """Forget calls about which there is nothing to ask any more."""
        self._denied = {key: why for key, why in self._denied.items() if key in in_question}
        self._in_vain = {key: n for key, n in self._in_vain.items() if key in in_question}

    def is_overdue(self, one: OpenCall, *, is_ringing: bool) -> bool:
        """Tell whether a call rings, or talks, for longer than any call does."""
        limit_s = self._ring_overdue_s if is_ringing else self._overdue_s
        return self._ages.of(one.attempt.id, one.attempt.started_at) > limit_s

    async def of_hint(self, conversation_id: ConversationId) -> Facts:
        """Ask about a conversation that somebody has named."""
        try:
            talk = await self._platform.talk(conversation_id)
        except ReadFailed:
            return ()
        return () if talk is None else _facts_of_end(talk, talk.attempt_id)

    async def about(self, one: OpenCall) -> Facts:
        """Ask the platform, then the carrier; give up what neither can tell any more."""
        failed: list[ReadFailed] = []
        facts: Facts = ()
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

    def _without_outcome(self, one: OpenCall, facts: Facts, *, is_told: bool) -> Facts:
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
        in_vain_s = self._asked_in_vain(attempt.id) if is_told or is_late else 0.0
        return (WrapUpExpired(one.call.id),) if is_late and in_vain_s > WRAP_UP_MAX_S else ()

    def _asked_in_vain(self, attempt_id: AttemptId) -> float:
        """Count one more question in vain; give for how many seconds there have been such.

        Longer times between two of them were an outage or a suspension, and do not count whole.
        """
        now_s = self._clock.steady_s()
        last_s, so_far_s = self._in_vain.get(attempt_id, (now_s - self._again_s, 0.0))
        between_s = min(now_s - last_s, max(_BETWEEN_MAX_S, self._again_s))
        self._in_vain[attempt_id] = (now_s, so_far_s + between_s)
        return so_far_s + between_s

    def _given_up(self, one: OpenCall) -> Facts:
        """Say of a dial in doubt that it can no longer be talking, whenever it was taken.

        Only after one more question in vain: after an outage the next may find it.
        """
        attempt = one.attempt
        holds_s = DIAL_LOST_S + seconds_between(attempt.started_at, attempt.holds_until)
        age_s = self._ages.surely(attempt.id, attempt.started_at)
        lapsed = one.call.state is CallState.UNCERTAIN and age_s > holds_s
        return (SlotLapsed(attempt.id),) if lapsed else ()

    async def _of_platform(self, one: OpenCall) -> tuple[Facts, Talk | None]:
        """Ask the platform about a call; give what follows, and its conversation as it stands."""
        if one.attempt.conversation_id is None:
            return await self._search(one), None
        talk = await self._platform.talk(one.attempt.conversation_id)
        facts = () if talk is None else _facts_of_end(talk, one.attempt.id)
        return facts, talk

    async def _search(self, one: OpenCall) -> Facts:
        """Look for the conversation of an attempt that was never answered."""
        since = later(one.attempt.started_at, -LOOKUP_SKEW_S)
        old_enough = self._ages.surely(one.attempt.id, one.attempt.started_at) >= self._lag_s
        search = await self._platform.search(one.order, since)
        if search.found is not None:
            talk = search.found
            named = Accepted(one.attempt.id, talk.conversation_id, talk.call_sid, Source.POLL)
            return (named, *_facts_of_end(talk, one.attempt.id))
        return (LookedUp(one.attempt.id),) if search.complete and old_enough else ()

    async def _of_carrier(self, one: OpenCall, talk: Talk | None) -> Facts:
        """Ask the second witness about a call that rings or talks far too long.

        Also where the platform has no conversation of that name any more, for it may keep none, or
        does not tell of it.
        """
        rings = talk is not None and talk.state is TalkState.RINGING
        call_sid = one.attempt.call_sid
        if self._carrier is None or call_sid is None or not self.is_overdue(one, is_ringing=rings):
            return ()
        return (CarrierOver(one.attempt.id),) if await self._carrier.is_over(call_sid) else ()


def _has_outcome(fact: Fact) -> bool:
    return isinstance(fact, Over) and fact.outcome is not None


def _facts_of_end(talk: Talk, attempt_id: AttemptId | None) -> Facts:
    """Give the facts in a conversation that is over, as the platform describes it; else none."""
    if talk.state not in (TalkState.OVER, TalkState.ANALYSED):
        return ()
    over = Over(talk.conversation_id, attempt_id, talk.call_sid, talk.outcome, Source.POLL)
    return (over,)
