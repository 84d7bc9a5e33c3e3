"""Rows of a table: a fact told somewhere, and all that it changes of a call and its attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.unit.core.standing import (
    CALL,
    RULES,
    START,
    Standing,
    attempt_id,
    conversation,
    queued,
    told,
)
from voiceslot_tui.core.calls import (
    AttemptState,
    CallSid,
    CallState,
    Disposition,
    Step,
    later,
)
from voiceslot_tui.core.facts import (
    Accepted,
    Fact,
    LookedUp,
    Outcome,
    Over,
    Unanswered,
    Wish,
    Wished,
)
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.settlement import Rules

_S, _A = CallState, AttemptState
DIAL, TALK, SID = attempt_id(1), conversation(1), CallSid("CA1")
T = later(START, 5)
"""When a fact is told: five seconds after the last one, which all were in one moment."""
T2 = later(START, 125)
"""The same after two minutes of look-ups."""

REQUEUE = Rules(120.0, requeue_unknown=True)
ANSWERED = Outcome(Disposition.ANSWERED, 42, "they talked")
BUSY = Outcome(Disposition.BUSY, 0, "engaged")
ACCEPTED = Accepted(DIAL, TALK, SID)
LOST = Unanswered(DIAL, "time-out")
OVER = Over(TALK, DIAL, None, None)
DONE = Over(TALK, DIAL, None, ANSWERED)
WAS_BUSY = Over(TALK, DIAL, None, BUSY)


def wished(wish: Wish) -> Wished:
    return Wished(CALL, wish, "olga")


def waiting(**others: object) -> Standing:
    return Standing(replace(queued(), **others))  # type: ignore[arg-type]


def searched(*waits_s: float, rules: Rules = RULES) -> Standing:
    """Give a call in doubt that was looked up after each of these waits."""
    standing = told(LOST)
    standing.rules = rules
    for wait_s in waits_s:
        standing.told(LookedUp(DIAL), wait_s)
    return standing


def refused_before(times: int) -> Standing:
    standing = waiting(refusals=times)
    standing.dialled()
    return standing


def dialled_again(*facts: Fact) -> Standing:
    """Give a call whose first dial met a busy line and whose second is live, and what followed."""
    standing = told(ACCEPTED, WAS_BUSY, max_attempts=3)
    standing.dialled()
    for fact in (Accepted(attempt_id(2), conversation(2)), *facts):
        standing.told(fact)
    return standing


def moved(standing: Standing, wait_s: float = 0.0, **others: object) -> Standing:
    """Give a standing some seconds later (or, where the clock was set back, earlier)."""
    changed = replace(standing.call, **others)  # type: ignore[arg-type]
    return replace(standing.copy(), call=changed, now=later(standing.now, wait_s))


@dataclass(frozen=True, slots=True)
class Row:
    """A fact told somewhere; `call` and `attempt` name what it changes.

    `attempt` is None where the settlement names none.
    """

    before: Standing
    fact: Fact
    call: Mapping[str, object] = field(default_factory=dict)
    attempt: Mapping[str, object] | None = None
    steps: tuple[Step, ...] = ()
    detail: str = ""


def check(row: Row) -> None:
    standing = row.before.copy()
    named = standing.named(row.fact)
    attempt = None
    if row.attempt is not None:
        assert named is not None
        attempt = replace(named, **row.attempt)  # type: ignore[arg-type]
    call = replace(standing.call, **row.call)  # type: ignore[arg-type]
    assert standing.told(row.fact, 5.0) == Settlement(call, attempt, row.steps, row.detail)
