"""A scripted platform, carrier, clock and ids: the world as the workers under test meet it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from voiceslot_tui.core.calls import (
    AttemptId,
    AttemptState,
    CallSid,
    CallState,
    ConversationId,
    Instant,
    later,
)
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.facts import (
    Accepted,
    NotTaken,
    Outcome,
    Refusal,
    StartAnswer,
    Unanswered,
)
from voiceslot_tui.core.follow_ups import TryId
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.talks import (
    AgentSummary,
    BatchCalls,
    BatchCount,
    PhoneNumberSummary,
    Search,
    Talk,
    TalkState,
)
from voiceslot_tui.ports import HangUp, Store

NOW = Instant(1_700_000_000_000)
DEADLINE_S = 20.0
Reply = Callable[[StartOrder], StartAnswer]


class FakeClock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.wall = NOW
        self.steady = 1000.0

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        return self.wall

    def steady_s(self) -> float:
        """Give seconds that never jump."""
        return self.steady

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.jump(seconds)
        self.steady += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as an administrator or a time server does."""
        self.wall = later(self.wall, seconds)


class FakeIds:
    """Names in order, and no chance at all."""

    def __init__(self, prefix: str = "att") -> None:
        self._prefix = prefix
        self._count = 0

    def attempt_id(self) -> AttemptId:
        """Give the next name."""
        self._count += 1
        return AttemptId(f"{self._prefix}_{self._count:05d}")

    def try_id(self) -> TryId:
        """Give the next name of a try."""
        self._count += 1
        return TryId(f"try_{self._count:05d}")

    def jitter(self) -> float:
        """Give no jitter."""
        return 0.5


def conversation_of(order: StartOrder) -> ConversationId:
    """Name the conversation that the platform makes of a dial."""
    return ConversationId(f"conv_{order.attempt_id}")


def take(order: StartOrder) -> StartAnswer:
    """Accept a dial."""
    return Accepted(order.attempt_id, conversation_of(order), CallSid(f"sid_{order.attempt_id}"))


def refuse(refusal: Refusal, retry_after_s: float | None = None) -> Reply:
    """Refuse a dial for a reason."""
    return lambda order: NotTaken(order.attempt_id, refusal, "said so", retry_after_s)


def silent(order: StartOrder) -> StartAnswer:
    """Leave a dial without an answer; the phone may ring all the same."""
    return Unanswered(order.attempt_id, "no answer")


class FakePlatform:
    """ElevenLabs as a script.

    Dials are answered by `replies` in order, then by `reply`. While `holding_back`, dials stay
    without an answer until `let_go`. Every dial that arrives is checked to stand committed in the
    store before its request was made.
    """

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self._store = store
        self._clock = clock
        self.reply: Reply = take
        self.replies: deque[Reply] = deque()
        self.holding_back = False
        self.dialled: list[StartOrder] = []
        self.talks: dict[ConversationId, Talk] = {}
        self.unlisted: set[ConversationId] = set()
        self.live: int | None = None
        self.batch_counts: tuple[BatchCount, ...] = ()
        self.calls_of_batch: dict[str, BatchCalls] = {}
        self.failing = False
        self.complete = True
        self.asked: list[ConversationId] = []
        self.searched: list[AttemptId] = []
        self.lists = 0
        self.preparing: Callable[[StartOrder], None] = lambda _: None
        self._arrived = asyncio.Event()
        self._may_answer = asyncio.Event()

    # --- dialling

    async def prepare(self, order: StartOrder) -> None:
        """Learn what a dial needs: nothing, or what the test says."""
        self.preparing(order)

    async def start_call(self, order: StartOrder) -> StartAnswer:
        """Dial once."""
        await self._check_committed(order)
        self.dialled.append(order)
        answer = (self.replies.popleft() if self.replies else self.reply)(order)
        if isinstance(answer, Accepted):
            self.rings(order)
        self._arrived.set()
        if self.holding_back:
            async with asyncio.timeout(DEADLINE_S):
                await self._may_answer.wait()
        return answer

    async def _check_committed(self, order: StartOrder) -> None:
        detail = await self._store.detail(order.call_id)
        assert detail is not None
        attempt = next(one for one in detail.attempts if one.id == order.attempt_id)
        assert attempt.state is AttemptState.DIALING, "dialled before it was committed"
        assert (detail.call.state, detail.call.holding) == (CallState.DIALING, True)
        assert order.attempt_id not in [one.attempt_id for one in self.dialled], "dialled twice"

    async def arrived(self, count: int) -> None:
        """Wait until so many dials have reached the platform."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.dialled) < count:
                self._arrived.clear()
                await self._arrived.wait()

    def let_go(self) -> None:
        """Answer the dials that were held back, and all further ones at once."""
        self.holding_back = False
        self._may_answer.set()

    # --- what the platform knows

    def rings(self, order: StartOrder, state: TalkState = TalkState.TALKING) -> Talk:
        """Make the conversation of a dial live."""
        talk = Talk(
            conversation_of(order),
            state,
            order.agent_id,
            self._clock.now(),
            order.attempt_id,
            CallSid(f"sid_{order.attempt_id}"),
        )
        self.talks[talk.conversation_id] = talk
        return talk

    def foreign(self, name: str, state: TalkState = TalkState.TALKING) -> ConversationId:
        """Make a live conversation that is not ours."""
        conversation_id = ConversationId(name)
        self.talks[conversation_id] = Talk(conversation_id, state, started_at=self._clock.now())
        return conversation_id

    def ends(self, conversation_id: ConversationId, outcome: Outcome | None = None) -> None:
        """End a conversation; with an outcome it is analysed already."""
        state = TalkState.OVER if outcome is None else TalkState.ANALYSED
        self.talks[conversation_id] = replace(
            self.talks[conversation_id], state=state, outcome=outcome
        )

    def _listed(self) -> tuple[Talk, ...]:
        over = (TalkState.OVER, TalkState.ANALYSED)
        return tuple(
            talk
            for name, talk in self.talks.items()
            if name not in self.unlisted and talk.state not in over
        )

    def _read(self) -> None:
        if self.failing:
            raise ReadFailed("the platform cannot be read")

    async def live_talks(self, longest_s: float) -> tuple[Talk, ...]:
        """Give the list of live conversations, as short of truth as the test wants it."""
        self._read()
        self.lists += 1
        since = later(self._clock.now(), -longest_s)
        return tuple(
            talk for talk in self._listed() if talk.started_at is None or talk.started_at >= since
        )

    async def live_count(self) -> int:
        """Give the count of live conversations, right unless the test says another."""
        self._read()
        return len(self._listed()) if self.live is None else self.live

    async def talk(self, conversation_id: ConversationId) -> Talk | None:
        """Give one conversation."""
        self._read()
        self.asked.append(conversation_id)
        return self.talks.get(conversation_id)

    async def search(self, order: StartOrder, since: Instant) -> Search:
        """Look for the conversation of a dial among those that are listed or over."""
        if self.failing:
            return Search(None, complete=False)
        self.searched.append(order.attempt_id)
        for name, talk in self.talks.items():
            if talk.attempt_id == order.attempt_id and name not in self.unlisted:
                return Search(talk, complete=True)
        return Search(None, complete=self.complete)

    async def batches(self) -> tuple[BatchCount, ...]:
        """Give the batch calls."""
        self._read()
        return self.batch_counts

    async def batch_calls(self, batch_id: str) -> BatchCalls:
        """Give the calls of one batch that hold a slot."""
        self._read()
        return self.calls_of_batch.get(batch_id, BatchCalls())

    async def agents(self) -> tuple[AgentSummary, ...]:
        """Give no agents."""
        return ()

    async def phone_numbers(self) -> tuple[PhoneNumberSummary, ...]:
        """Give no phone numbers."""
        return ()


class FakeCarrier:
    """Twilio as a script: what it says of calls, and what became of hang-ups."""

    def __init__(self) -> None:
        self.answer = HangUp.DONE
        self.hung_up: list[CallSid] = []
        self.over: dict[CallSid, bool | None] = {}
        self.asked: list[CallSid] = []

    async def hang_up(self, call_sid: CallSid) -> HangUp:
        """Note the wish and answer as scripted."""
        self.hung_up.append(call_sid)
        return self.answer

    async def is_over(self, call_sid: CallSid) -> bool | None:
        """Say whether a call is over; unknown unless scripted."""
        self.asked.append(call_sid)
        return self.over.get(call_sid)
