"""A seeded telephone world with its own clock.

The world holds calls, moves them through their lives and counts the truth. Time is an argument:
`advance(now)` runs everything that is due, `next_event_at()` says when to come back. It never
sleeps, opens nothing and knows no asyncio, so that a test can live through a week in a second.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from typing import Any

from voiceslot_tui.simulator.batches import Batches
from voiceslot_tui.simulator.bodies import conversation_detail
from voiceslot_tui.simulator.calls import (
    PICKED_UP,
    Call,
    CallOrder,
    Script,
    draw_story,
    read_script,
)
from voiceslot_tui.simulator.directory import Agent, AgentPhoneNumber
from voiceslot_tui.simulator.envelopes import failure_envelope, lie_envelope, transcription_envelope
from voiceslot_tui.simulator.faults import Faults
from voiceslot_tui.simulator.messenger import Messenger
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.truth import Truth
from voiceslot_tui.simulator.webhooks import Delivery, Webhooks
from voiceslot_tui.simulator.words import (
    MESSAGE_NEWS,
    Direction,
    Outcome,
    Owner,
    Stuck,
    WebhookKind,
)

FAILS_LATER_AFTER_S = 1.0
FOREIGN_CALLER = "+12025550199"


class World:
    """The world: place calls, advance time, read what is and what the platform would say."""

    def __init__(self, settings: WorldSettings, now: float) -> None:
        """Begin an empty world at a moment, in unix seconds."""
        self.settings = settings
        self.now = now
        self.truth = Truth(now, settings.limit)
        self.faults = Faults(settings.seed)
        self.webhooks = Webhooks(settings, self.schedule)
        self.batches = Batches(self)
        self.agents: dict[str, Agent] = {agent.agent_id: agent for agent in settings.agents}
        self.numbers: dict[str, AgentPhoneNumber] = {
            number.phone_number_id: number for number in settings.phone_numbers
        }
        self.scripts: dict[str, Script] = {}
        self.hidden_ids: set[str] = set()
        # Every call in order of its start; `live` and `ended` split them as the platform sees it.
        self.calls: list[Call] = []
        self.live: dict[str, Call] = {}
        self.live_of_agent: Counter[str] = Counter()
        self.ended: list[Call] = []
        self.by_id: dict[str, Call] = {}
        self.by_carrier_sid: dict[str, Call] = {}
        self.by_attempt: defaultdict[str, list[Call]] = defaultdict(list)
        self.by_user: defaultdict[str, list[Call]] = defaultdict(list)
        self._times_rung: Counter[str] = Counter()
        self._due: list[tuple[float, int, Callable[[Any, float], None], Any]] = []
        self._scheduled = 0
        # Ids carry the moment of birth, so that a restarted world never repeats one.
        self._birth = int(now * 1000)
        self.messenger = Messenger(self)

    def advance(self, now: float) -> None:
        """Run every event that is due by now, in order; an earlier now changes nothing."""
        due = self._due
        while due and due[0][0] <= now:
            at, _, action, subject = heappop(due)
            self.now = max(self.now, at)
            action(subject, self.now)
        self.now = max(self.now, now)

    def next_event_at(self) -> float | None:
        """Say when something happens next by itself; None when nothing is to come.

        Webhooks that are due are not waited for: take them after every `advance`.
        """
        return self._due[0][0] if self._due else None

    def schedule(self, at: float, action: Callable[[Any, float], None], subject: Any) -> None:
        """Have `action(subject, at)` called by `advance` when its time has come."""
        self._scheduled += 1
        heappush(self._due, (at, self._scheduled, action, subject))

    def configure(self, changes: Mapping[str, object]) -> None:
        """Change settings at run time. Raises SettingsError and then changes nothing."""
        self.settings = self.settings.changed(changes)
        self.truth.limit_changed(self.now, self.settings.limit)
        self.webhooks.configure(self.settings)
        self.batches.pump(self.now)

    def take_deliveries(self, now: float) -> list[Delivery]:
        """Hand out the webhooks and callbacks to be sent now; report each by `report`."""
        self.advance(now)
        return [*self.webhooks.take(now), *self.messenger.callbacks.take()]

    @property
    def has_outbox(self) -> bool:
        """Say whether something waits to be taken."""
        return self.webhooks.has_outbox or self.messenger.callbacks.has_outbox

    def report(self, delivery: Delivery, status: int | None, now: float) -> None:
        """Take note of how a delivery went; None is no answer."""
        of_messages = delivery.kind in MESSAGE_NEWS
        sender = self.messenger.callbacks if of_messages else self.webhooks
        sender.report(delivery.delivery_id, status, now)

    def is_full(self, agent_id: str) -> bool:
        """Say whether the platform has no slot left, overall or for the agent."""
        if len(self.live) + self.batches.dispatched_without_call >= self.settings.limit:
            return True
        agent = self.agents.get(agent_id)
        return agent is not None and 0 <= agent.concurrency_limit <= self.live_of_agent[agent_id]

    def place(
        self,
        order: CallOrder,
        now: float,
        *,
        is_burst: bool = False,
        fails_later: bool = False,
        stuck: Stuck = Stuck.NOWHERE,
    ) -> Call:
        """Place a call: it exists at the platform from now on and, unless it fails later, rings."""
        number = order.to_number
        script = read_script(order.variables, self.scripts.get(number, order.script))
        story = draw_story(self.settings, order, self._times_rung[number], script)
        self._times_rung[number] += 1
        sequence = len(self.calls)
        call = Call(
            sequence=sequence,
            conversation_id=f"conv_{self._birth:012x}{sequence:08d}",
            carrier_sid=f"CA{self._birth:016x}{sequence:016x}",
            order=order,
            story=story,
            started_at=now,
            attempt_id=order.attempt_id,
            user_id=order.user_id,
            is_burst=is_burst,
            fails_later=fails_later,
            stuck=stuck,
        )
        self._index(call)
        self._begin(call, now)
        return call

    def start_foreign(self, count: int, talk_s: float, now: float) -> list[Call]:
        """Let callers ring in: they talk at once and hold slots that are nobody's of ours."""
        number = next(iter(self.numbers.values()), None)
        agent_id = next(iter(self.agents))
        order = CallOrder(
            agent_id=agent_id,
            to_number=FOREIGN_CALLER,
            number=number,
            owner=Owner.FOREIGN,
            direction=Direction.INBOUND,
            script=Script(Outcome.ANSWERED, ring_s=0.0, talk_s=talk_s),
        )
        calls = [self.place(order, now) for _ in range(count)]
        for call in calls:
            self._picked_up(call, now)
        return calls

    def hang_up(self, call: Call, now: float) -> bool:
        """End a call at the carrier; False where the carrier says it is over already."""
        if call.hung_up_at is not None:
            return False
        self.truth.hang_ups += 1
        call.cut_by_carrier = True
        if call.picked_up_at is None:
            self._never_answered(call, Outcome.FAILED, now)
        else:
            self._talk_over(call, now)
        return True

    def notice_hang_ups(self, now: float) -> None:
        """Let the platform notice that the calls it is stuck on were hung up long ago."""
        for call in [call for call in self.live.values() if call.stuck is not Stuck.NOWHERE]:
            call.stuck = Stuck.NOWHERE
            if call.hung_up_at is None:
                continue
            if call.picked_up_at is None:
                self._settle_as_failed(call, now)
            else:
                self._left_platform(call, now)
                self.schedule(now + call.story.analysis_s, self._analysed, call)

    def _index(self, call: Call) -> None:
        self.calls.append(call)
        self.by_id[call.conversation_id] = call
        self.by_carrier_sid[call.carrier_sid] = call
        self.live[call.conversation_id] = call
        self.live_of_agent[call.order.agent_id] += 1
        if call.attempt_id is not None:
            self.by_attempt[call.attempt_id].append(call)
        if call.user_id is not None:
            self.by_user[call.user_id].append(call)

    def _begin(self, call: Call, now: float) -> None:
        if call.fails_later:
            call.hung_up_at = now
            self.schedule(now + FAILS_LATER_AFTER_S / self.settings.speed, self._refused, call)
            return
        self.truth.dial_began(call)
        ring_s = min(call.story.ring_s, call.order.ring_timeout_s / self.settings.speed)
        self.schedule(now + ring_s, self._ring_over, call)
        if self.webhooks.is_on and self.webhooks.draws_a_lie():
            body = lie_envelope(conversation_detail(self, call, now), now)
            self.webhooks.tell_a_lie(WebhookKind.TRANSCRIPTION, call.conversation_id, body, now)

    def _ring_over(self, call: Call, at: float) -> None:
        if call.hung_up_at is not None or call.picked_up_at is not None:
            return
        story = call.story
        timed_out = story.ring_s > call.order.ring_timeout_s / self.settings.speed
        if timed_out or call.stuck is Stuck.INITIATED:
            self._never_answered(call, Outcome.NO_ANSWER, at)
        elif story.outcome in PICKED_UP or call.stuck is Stuck.IN_PROGRESS:
            self._picked_up(call, at)
        else:
            self._never_answered(call, story.outcome, at)

    def _picked_up(self, call: Call, at: float) -> None:
        call.picked_up_at = call.answered_at = at
        outcome = call.story.outcome
        call.outcome = outcome if outcome in PICKED_UP else Outcome.ANSWERED
        self.schedule(at + call.story.talk_s, self._talk_over, call)
        self.batches.call_moved(call, at)

    def _talk_over(self, call: Call, at: float) -> None:
        if call.hung_up_at is not None:
            return
        self._hung_up(call, at)
        if call.stuck is Stuck.NOWHERE:
            self._left_platform(call, at)
            self.schedule(at + call.story.analysis_s, self._analysed, call)

    def _never_answered(self, call: Call, outcome: Outcome, at: float) -> None:
        call.outcome = outcome
        self._hung_up(call, at)
        if call.stuck is Stuck.NOWHERE:
            self._settle_as_failed(call, at)

    def _refused(self, call: Call, at: float) -> None:
        call.outcome = Outcome.FAILED
        self._settle_as_failed(call, at)

    def _hung_up(self, call: Call, at: float) -> None:
        call.hung_up_at = at
        self.truth.dial_ended(call, at)

    def _left_platform(self, call: Call, at: float) -> None:
        call.ended_at = at
        del self.live[call.conversation_id]
        self.live_of_agent[call.order.agent_id] -= 1
        self.ended.append(call)
        self.batches.slot_freed(call, at)

    def _settle_as_failed(self, call: Call, at: float) -> None:
        call.failed = True
        call.settled_at = at
        self._left_platform(call, at)
        self.batches.call_moved(call, at)
        if self.webhooks.is_on and call.order.direction is Direction.OUTBOUND:
            body = failure_envelope(self, call, at)
            self.webhooks.tell(WebhookKind.INITIATION_FAILURE, call.conversation_id, body, at)

    def _analysed(self, call: Call, at: float) -> None:
        call.settled_at = at
        self.batches.call_moved(call, at)
        if self.webhooks.is_on:
            body = transcription_envelope(conversation_detail(self, call, at), at)
            self.webhooks.tell(WebhookKind.TRANSCRIPTION, call.conversation_id, body, at)
