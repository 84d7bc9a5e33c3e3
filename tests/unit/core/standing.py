"""One call with its attempts, moved by facts as the store would move it, only in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from voiceslot_tui.core.calls import (
    Attempt,
    AttemptId,
    AttemptState,
    Call,
    CallId,
    CallSid,
    CallState,
    ConversationId,
    Disposition,
    Instant,
    later,
)
from voiceslot_tui.core.facts import (
    Accepted,
    CarrierOver,
    Fact,
    Interrupted,
    LookedUp,
    NotTaken,
    Outcome,
    Over,
    Refusal,
    Reordered,
    SlotLapsed,
    Unanswered,
    Wish,
    Wished,
    WrapUpExpired,
    subject_of,
)
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.settlement import Rules, dispatch, settle

START = Instant(1_700_000_000_000)
CALL = CallId(7)
RULES = Rules(unknown_after_s=120.0)
OPEN = frozenset(
    {AttemptState.DIALING, AttemptState.UNCERTAIN, AttemptState.LIVE, AttemptState.UNKNOWN}
)


def queued(max_attempts: int = 3, priority: int = 0) -> Call:
    """Make a call that nobody has dialled."""
    return Call(
        id=CALL,
        to_number="+12025550123",
        name="Ana",
        agent_id="agent_1",
        agent_phone_number_id="phnum_1",
        priority=priority,
        state=CallState.QUEUED,
        created_at=START,
        changed_at=START,
        max_attempts=max_attempts,
    )


def attempt_id(number: int) -> AttemptId:
    """Name the n-th dial of the call, from 1."""
    return AttemptId(f"att_{number}")


def conversation(number: int) -> ConversationId:
    """Name the conversation of the n-th dial."""
    return ConversationId(f"conv_{number}")


@dataclass(slots=True)
class Standing:
    """Where the call stands; `told` applies a fact, `dialled` the dispatcher's step."""

    call: Call = field(default_factory=queued)
    attempts: dict[AttemptId, Attempt] = field(default_factory=dict)
    now: Instant = START
    rules: Rules = RULES
    ended: list[CallState] = field(default_factory=list)

    def copy(self) -> Standing:
        """Give a standing that can go another way."""
        return replace(self, attempts=dict(self.attempts), ended=list(self.ended))

    @property
    def attempt(self) -> Attempt | None:
        """Give the current attempt."""
        return None if self.call.attempt_id is None else self.attempts[self.call.attempt_id]

    def dialled(self) -> Settlement:
        """Dispatch the call, whatever holds it: the tests have no clock to wait for."""
        ready = replace(self.call, hold=None, due_at=None)
        made = dispatch(ready, attempt_id(len(self.attempts) + 1), 1860.0, self.now)
        assert made.attempt is not None
        self.call = made.call
        self.attempts[made.attempt.id] = made.attempt
        return made

    def told(self, fact: Fact, wait_s: float = 0.0) -> Settlement | None:
        """Settle a fact some seconds after the last one."""
        self.now = later(self.now, wait_s)
        named = self.named(fact)
        settlement = settle(self.call, named, fact, self.rules, self.now)
        if settlement is None:
            return None
        self.call = settlement.call
        if settlement.attempt is not None:
            self.attempts[settlement.attempt.id] = settlement.attempt
        return settlement

    def named(self, fact: Fact) -> Attempt | None:
        """Give the attempt that a fact names, or the current one where it names only the call."""
        subject = subject_of(fact)
        if subject.call_id is not None:
            return self.attempt
        if subject.conversation_id is not None:
            for attempt in self.attempts.values():
                if attempt.conversation_id == subject.conversation_id:
                    return attempt
        named = None if subject.attempt_id is None else self.attempts.get(subject.attempt_id)
        if named is None or None in (named.conversation_id, subject.conversation_id):
            return named
        return None


def dialled(max_attempts: int = 1) -> Standing:
    """Make a call that is being dialled."""
    standing = Standing(queued(max_attempts))
    standing.dialled()
    return standing


def told(*facts: Fact, max_attempts: int = 1) -> Standing:
    """Make a call that was dialled and of which facts were told, all in one moment."""
    standing = dialled(max_attempts)
    for fact in facts:
        standing.told(fact)
    return standing


EVERY_OUTCOME = (None, *(Outcome(disposition, 12) for disposition in Disposition))
"""Every way in which a talk can have gone, and that it is not known yet."""


def facts_about(
    number: int,
    outcomes: tuple[Outcome | None, ...] = EVERY_OUTCOME,
    refusals: tuple[Refusal, ...] = tuple(Refusal),
) -> tuple[Fact, ...]:
    """Give every fact there can be about the call, where it names a dial about the n-th one."""
    dial, talk = attempt_id(number), conversation(number)
    return (
        Accepted(dial, talk, CallSid(f"CA{number}")),
        Accepted(dial, talk),
        *(NotTaken(dial, refusal, "said so") for refusal in refusals),
        Unanswered(dial, "no answer"),
        Interrupted(dial),
        LookedUp(dial),
        CarrierOver(dial),
        *(Over(talk, dial, None, outcome) for outcome in outcomes),
        *(Over(None, dial, CallSid(f"CA{number}"), outcome) for outcome in outcomes),
        SlotLapsed(dial),
        WrapUpExpired(CALL),
        *(Wished(CALL, wish, "olga") for wish in Wish),
        Reordered(CALL, 5, -3, "olga"),
    )
