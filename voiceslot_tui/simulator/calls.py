"""One call of the simulated world, and the story drawn for it.

A call has two biographies: the carrier's (`picked_up_at`, `hung_up_at`), which is what really
happened, and the platform's (`answered_at`, `ended_at`, `settled_at`), which is what it says.
They differ where a fault makes the platform forget a call.

The story depends on the seed, the number and how often that number was rung - not on the order
in which requests arrive - so that two runs with the same seed tell the same story to the same
people even when they are dialled in another order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from voiceslot_tui.simulator.directory import AgentPhoneNumber
from voiceslot_tui.simulator.settings import WorldSettings
from voiceslot_tui.simulator.words import CallStatus, Direction, Outcome, Owner, Stuck

if TYPE_CHECKING:
    from voiceslot_tui.simulator.batches import BatchRecipient

OUTCOMES = tuple(Outcome)
PICKED_UP = frozenset({Outcome.ANSWERED, Outcome.VOICEMAIL})
VOICEMAIL_SHARE = 0.3
"""A machine is talked to for this part of what a person would have been."""
QUICK_END_SHARE = 0.25
"""Busy lines and carrier failures show after this part of a normal ring."""
ATTEMPT_VARIABLE = "voiceslot_attempt_id"
SCRIPT_VARIABLES = frozenset({"sim_outcome", "sim_ring_s", "sim_talk_s", "sim_analysis_s"})
LIVE_STATUSES = frozenset({CallStatus.INITIATED, CallStatus.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class Script:
    """What a test wants of a call; None leaves it to chance."""

    outcome: Outcome | None = None
    ring_s: float | None = None
    talk_s: float | None = None
    analysis_s: float | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """How a call will go if nobody interferes."""

    outcome: Outcome
    ring_s: float
    talk_s: float
    analysis_s: float
    hide_draw: float


@dataclass(frozen=True, slots=True)
class CallOrder:
    """What a start request asked for."""

    agent_id: str
    to_number: str
    number: AgentPhoneNumber | None
    client_data: Mapping[str, Any] | None = None
    ring_timeout_s: float = 60.0
    owner: Owner = Owner.OWN
    direction: Direction = Direction.OUTBOUND
    script: Script = field(default_factory=Script)

    @property
    def variables(self) -> Mapping[str, Any]:
        """Give the dynamic variables, empty where there are none."""
        variables = (self.client_data or {}).get("dynamic_variables")
        return variables if isinstance(variables, dict) else {}

    @property
    def attempt_id(self) -> str | None:
        """Give the product's own name of this dial, where it sent one."""
        attempt = self.variables.get(ATTEMPT_VARIABLE)
        return None if attempt is None else str(attempt)

    @property
    def user_id(self) -> str | None:
        """Give the `user_id` of the client data."""
        user_id = (self.client_data or {}).get("user_id")
        return None if user_id is None else str(user_id)


@dataclass(slots=True, eq=False)
class Call:
    """A call that was really placed."""

    sequence: int
    conversation_id: str
    carrier_sid: str
    order: CallOrder
    story: Story
    started_at: float
    attempt_id: str | None
    user_id: str | None
    is_burst: bool = False
    fails_later: bool = False
    stuck: Stuck = Stuck.NOWHERE
    picked_up_at: float | None = None
    hung_up_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    settled_at: float | None = None
    outcome: Outcome | None = None
    failed: bool = False
    cut_by_carrier: bool = False
    recipient: BatchRecipient | None = None

    def status_at(self, moment: float) -> CallStatus | None:
        """Give the platform's status as of a moment; None before the call existed."""
        if moment < self.started_at:
            return None
        if self.settled_at is not None and moment >= self.settled_at:
            return CallStatus.FAILED if self.failed else CallStatus.DONE
        if self.ended_at is not None and moment >= self.ended_at:
            return CallStatus.PROCESSING
        if self.answered_at is not None and moment >= self.answered_at:
            return CallStatus.IN_PROGRESS
        return CallStatus.INITIATED

    def talked_s(self, moment: float) -> float:
        """Give how long the talk lasts by a moment, by the platform's account."""
        if self.answered_at is None:
            return 0.0
        end = moment if self.ended_at is None else min(moment, self.ended_at)
        return max(0.0, end - self.answered_at)


def draw_story(settings: WorldSettings, order: CallOrder, times_rung: int, script: Script) -> Story:
    """Draw how a call will go, from the seed, the number and how often it was rung."""
    chance = Random(f"{settings.seed} {order.to_number} {times_rung}")
    drawn = chance.choices(OUTCOMES, settings.outcome_weights())[0]
    outcome = drawn if script.outcome is None else script.outcome
    ring_s = _draw(chance, settings.ring_s, settings.ring_spread)
    talk_s = _draw(chance, settings.talk_s, settings.talk_spread)
    analysis_s = _draw(chance, settings.analysis_s, settings.analysis_spread)
    if outcome is Outcome.NO_ANSWER:
        ring_s = _draw(chance, settings.no_answer_ring_s, settings.ring_spread)
    elif outcome in (Outcome.BUSY, Outcome.FAILED):
        ring_s *= QUICK_END_SHARE
    elif outcome is Outcome.VOICEMAIL:
        talk_s *= VOICEMAIL_SHARE
    speed = settings.speed
    return Story(
        outcome=outcome,
        ring_s=(ring_s if script.ring_s is None else script.ring_s) / speed,
        talk_s=(talk_s if script.talk_s is None else script.talk_s) / speed,
        analysis_s=(analysis_s if script.analysis_s is None else script.analysis_s) / speed,
        hide_draw=chance.random(),
    )


def read_script(variables: Mapping[str, Any], fallback: Script) -> Script:
    """Read `sim_outcome`, `sim_ring_s`, `sim_talk_s`, `sim_analysis_s`; ignore what is no value."""
    if SCRIPT_VARIABLES.isdisjoint(variables):
        return fallback
    outcome = variables.get("sim_outcome")
    return Script(
        outcome=Outcome(outcome) if outcome in OUTCOMES else fallback.outcome,
        ring_s=_seconds(variables.get("sim_ring_s"), fallback.ring_s),
        talk_s=_seconds(variables.get("sim_talk_s"), fallback.talk_s),
        analysis_s=_seconds(variables.get("sim_analysis_s"), fallback.analysis_s),
    )


def _seconds(value: object, fallback: float | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return fallback
    try:
        seconds = float(value)
    except ValueError:
        return fallback
    return seconds if 0 <= seconds < float("inf") else fallback


def _draw(chance: Random, mean: float, spread: float) -> float:
    return mean * (1 + spread * (2 * chance.random() - 1))
