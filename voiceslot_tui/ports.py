"""What the engine asks of the world: Store, VoicePlatform, Carrier, Clock and Ids.

Protocols only. The engine knows these and nothing behind them, so that the same engine runs on the
real platform and in a simulated world, on a real clock and on a virtual one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
    Call,
    CallId,
    CallSid,
    CallState,
    ConversationId,
    Disposition,
    Hold,
    Instant,
)
from voiceslot_tui.core.facts import Fact, StartAnswer
from voiceslot_tui.core.follow_ups import TryId
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.orders import IdempotencyKey, NewCall, StartOrder
from voiceslot_tui.core.pages import CallDetail, JournalEntry, Page, PageQuery, Place
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Gate
from voiceslot_tui.core.talks import (
    AgentSummary,
    BatchCalls,
    BatchCount,
    PhoneNumberSummary,
    Search,
    Talk,
)

# --- time and chance


class Clock(Protocol):
    """The only source of time. Waiting is the event loop's, which a simulation replaces whole."""

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        ...

    def steady_s(self) -> float:
        """Give seconds that never jump and go on while the machine sleeps."""
        ...


STILL_WANTED: Final[ContextVar[Callable[[], bool]]] = ContextVar(
    "STILL_WANTED", default=lambda: True
)
"""What a task asks before the first byte of its request leaves: connecting may have taken long."""


class Ids(Protocol):
    """The only source of names and of chance; seeded in a simulation."""

    def attempt_id(self) -> AttemptId:
        """Give a new attempt id, never given before by any engine anywhere."""
        ...

    def try_id(self) -> TryId:
        """Give a new id for a try to send a message, never given before either."""
        ...

    def jitter(self) -> float:
        """Give a number from 0 (included) to 1 (excluded)."""
        ...


# --- the platform


class VoicePlatform(Protocol):
    """ElevenLabs, as far as the engine needs it. Reads raise ReadFailed or ReadDenied."""

    async def prepare(self, order: StartOrder) -> None:
        """Learn what a dial needs; called before the last check whether it may still be made.

        Never raises for what the platform or the network does.
        """
        ...

    async def start_call(self, order: StartOrder) -> StartAnswer:
        """Dial once, at once. Raises nothing for what platform or network do; never repeats."""
        ...

    async def live_talks(self, longest_s: float) -> tuple[Talk, ...]:
        """Read the complete list of live conversations that started at most so long ago."""
        ...

    async def live_count(self) -> int:
        """Read how many conversations are live in the workspace."""
        ...

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        """Read one conversation; None where the platform does not know it."""
        ...

    async def search(self, order: StartOrder, since: Instant) -> Search:
        """Look for the conversation that carries an attempt's id."""
        ...

    async def batches(self) -> tuple[BatchCount, ...]:
        """Read all batch calls of the workspace."""
        ...

    async def batch_calls(self, batch_id: str) -> BatchCalls:
        """Read which calls of a batch hold a slot."""
        ...

    async def agents(self) -> tuple[AgentSummary, ...]:
        """Read the workspace's agents."""
        ...

    async def phone_numbers(self) -> tuple[PhoneNumberSummary, ...]:
        """Read the workspace's phone numbers."""
        ...


class HangUp(StrEnum):
    """What became of a request to end a live call at the carrier."""

    DONE = "done"
    ALREADY_OVER = "already_over"
    UNCLEAR = "unclear"
    REFUSED = "refused"


class Carrier(Protocol):
    """Twilio's calls: the second witness, and the only one who can hang up."""

    async def hang_up(self, call_sid: CallSid) -> HangUp:
        """End a call that is queued, ringing or in progress."""
        ...

    async def is_over(self, call_sid: CallSid) -> bool | None:
        """Tell whether the carrier says that a call is over; None where it cannot tell."""
        ...


# --- the store


@dataclass(frozen=True, slots=True)
class Added:
    """What adding calls came to: their ids in order, the queue's size, whether it is a repeat."""

    ids: tuple[CallId, ...]
    queue_size: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Reserved:
    """What one dispatch came to: the dials to make, and what was seen on the way.

    `holding` counts after the reservation. `more` says that ready calls are left. `hold` is why no
    more were started.
    """

    orders: tuple[StartOrder, ...]
    holding: int
    more: bool
    hold: Hold | None


@dataclass(frozen=True, slots=True)
class Control:
    """The operator's switches: they survive a restart.

    `limit` is None while nobody set one; `limit_configured` is what the settings said at that time,
    so that a changed setting wins over an older wish. `batch_poll_s` is None while nobody set one.
    `paused_at`, `limit_at` and `follow_ups_paused_at` tell one setting of a switch from the next.
    `follow_ups_since` is when a channel was first set up: calls that ended before get no message
    by themselves. `alerts_told` are the troubles whose end people have not been told yet: which,
    since when, and when that was told last.
    """

    paused: bool = False
    paused_by: str = ""
    paused_why: str = ""
    paused_at: Instant | None = None
    limit: int | None = None
    limit_by: str = ""
    limit_at: Instant | None = None
    limit_configured: int | None = None
    follow_ups_paused: bool = False
    follow_ups_paused_by: str = ""
    follow_ups_paused_at: Instant | None = None
    batches_watched: bool = True
    batch_poll_s: float | None = None
    follow_ups_since: Instant | None = None
    content_sid: str | None = None
    content_sid_configured: str = ""
    alerts_told: tuple[tuple[str, Instant, Instant], ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Counters as of the last commit. `holds` counts queued calls by their own hold."""

    states: dict[CallState, int]
    holds: dict[Hold, int]
    dispositions: dict[Disposition, int]
    holding: int
    event_seq: int


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call under way (dialing to wrapping up) with its attempt, and the order that dialled it."""

    call: Call
    attempt: Attempt
    order: StartOrder


class Store(Protocol):
    """The durable memory of one engine: every method is one whole transaction, or reads one state.

    A method that writes has committed when it returns. It raises StoreUnavailable when nothing was
    stored, Fenced when another engine took over.
    """

    async def close(self) -> None:
        """Finish what waits, then close the file."""
        ...

    async def add(
        self,
        calls: Sequence[NewCall],
        now: Instant,
        actor: str,
        key: IdempotencyKey | None = None,
    ) -> Added:
        """Put calls into the queue; with a key seen before, give the same answer again."""
        ...

    async def settle(
        self, facts: Sequence[Fact], rules: Rules, now: Instant, actor: str
    ) -> tuple[Settlement | None, ...]:
        """Let each fact change what it changes, all in one transaction, in order.

        News of an end that matches no attempt yet is kept until its attempt names itself.
        """
        ...

    async def reserve(
        self,
        gate: Gate,
        denied: frozenset[tuple[str, str]],
        new_attempt_id: Callable[[], AttemptId],
        holds_for_s: float,
        now: Instant,
    ) -> Reserved:
        """Give free slots to the next ready calls; the answer's dials may be made once.

        `denied` names (agent id, phone number id) pairs that the platform refuses for now.
        """
        ...

    async def move(self, call_ids: Sequence[CallId], place: Place, now: Instant, actor: str) -> int:
        """Move queued calls to an end of the queue, keeping their order; give how many moved."""
        ...

    async def control(self) -> Control:
        """Read the operator's switches."""
        ...

    async def set_control(
        self, control: Control, kind: str, detail: str, now: Instant, actor: str
    ) -> None:
        """Write the operator's switches and a journal line about it."""
        ...

    async def note(self, kind: str, detail: str, now: Instant, actor: str) -> None:
        """Write a journal line about the engine itself."""
        ...

    async def counts(self) -> Counts:
        """Read the counters."""
        ...

    async def open_calls(self) -> tuple[OpenCall, ...]:
        """Read all calls under way; their number is bounded by the slots, not by the queue."""
        ...

    async def foreign(self, ids: Iterable[ConversationId]) -> frozenset[ConversationId]:
        """Keep, of live conversations, those neither ours and holding nor known to be over."""
        ...

    async def promote(self, now: Instant) -> int:
        """Make due calls ready, a bounded number at a time; give how many."""
        ...

    async def next_due(self) -> Instant | None:
        """Read when the next waiting call is due."""
        ...

    async def wake_numbers(self, now: Instant) -> int:
        """Make calls ready that wait for a number which is free; give how many."""
        ...

    async def lift_denied(
        self,
        agent_id: str,
        agent_phone_number_id: str,
        count: int,
        now: Instant,
        after: CallId | None = None,
    ) -> tuple[CallId, ...]:
        """Make so many calls of a refused agent and phone number ready again, and give them.

        They are the next in line `after` a call, or the first where there are none.
        """
        ...

    async def denied_routes(self) -> frozenset[tuple[str, str]]:
        """Read the agent and phone number pairs of calls held as refused by the platform."""
        ...

    async def page(self, query: PageQuery) -> Page:
        """Read a page of rows."""
        ...

    async def calls(self, call_ids: Sequence[CallId]) -> tuple[Call, ...]:
        """Read calls by id; those that do not exist are left out."""
        ...

    async def detail(self, call_id: CallId) -> CallDetail | None:
        """Read all about one call."""
        ...

    async def journal(self, before: int | None, count: int) -> tuple[JournalEntry, ...]:
        """Read journal lines before a sequence number (None for the newest), newest first."""
        ...

    async def journal_since(self, after: int, count: int) -> tuple[JournalEntry, ...]:
        """Read journal lines after a sequence number, oldest first."""
        ...

    async def tidy(self, now: Instant) -> bool:
        """Forget a bounded number of old idempotency keys and tombstones; True where more wait.

        `now` is a moment that has surely been reached: a key that is forgotten may dial twice.
        """
        ...

    async def checkpoint(self) -> None:
        """Keep the write-ahead log small, between bursts of commits."""
        ...
