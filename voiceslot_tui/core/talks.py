"""What the platform tells us of its conversations, batches, agents and numbers, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voiceslot_tui.core.calls import AttemptId, CallSid, ConversationId, Instant
from voiceslot_tui.core.facts import Outcome


class TalkState(StrEnum):
    """Where a conversation stands at the platform, as far as slots are concerned."""

    RINGING = "ringing"
    TALKING = "talking"
    OVER = "over"
    ANALYSED = "analysed"
    UNHEARD_OF = "unheard_of"
    """A status word we do not know: shown, never taken for an end."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as the platform describes it. `outcome` is set once it is analysed."""

    conversation_id: ConversationId
    state: TalkState
    agent_id: str = ""
    started_at: Instant | None = None
    attempt_id: AttemptId | None = None
    call_sid: CallSid | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class TalkSummary:
    """A conversation in a few sentences, as they came; empty where there are none (yet)."""

    state: TalkState
    summary: str = ""
    title: str = ""

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more is to come."""
        return self.state is TalkState.ANALYSED


@dataclass(frozen=True, slots=True)
class Search:
    """The search for an attempt: what was found, and whether everything was looked at."""

    found: Talk | None
    complete: bool


@dataclass(frozen=True, slots=True)
class BatchCount:
    """One batch call of the workspace in figures.

    `dispatched` and `finished` are running totals of `scheduled` recipients. `updated_at` and
    `starts_at` (0 for at once) are seconds since 1970.
    """

    batch_id: str
    status: str
    dispatched: int
    finished: int
    scheduled: int
    updated_at: int
    target_concurrency: int | None = None
    starts_at: int = 0


@dataclass(frozen=True, slots=True)
class BatchCalls:
    """The calls of one batch that hold a slot.

    `ids` names those that are conversations by now, `unnamed` counts those that are not yet.
    """

    ids: frozenset[ConversationId] = frozenset()
    unnamed: int = 0

    @property
    def count(self) -> int:
        """Count them all."""
        return len(self.ids) + self.unnamed


@dataclass(frozen=True, slots=True)
class AgentSummary:
    """An agent of the workspace."""

    agent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class PhoneNumberSummary:
    """A phone number of the workspace; `provider` chooses the road of a start."""

    phone_number_id: str
    phone_number: str
    label: str
    provider: str
