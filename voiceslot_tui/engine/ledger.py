"""The one writer of call states: every fact, whoever tells it, goes through `record`.

Load, settle and commit are one transaction of the store; only after the commit is anybody told.
The dispatcher is woken earlier, so that its own transaction stands behind the one that frees a
slot; it sees the slot free in the store or not at all.
"""

from __future__ import annotations

from voiceslot_tui.core.calls import CallState, Hold, Step
from voiceslot_tui.core.facts import Accepted, Fact, NotTaken, Over
from voiceslot_tui.core.moves import Settlement, reached
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.engine.board import Board
from voiceslot_tui.ports import Clock, Store

_ENDS = frozenset({Step.OVER})


class Ledger:
    """Turns facts into states and rings the bells of those whom the change concerns."""

    def __init__(self, store: Store, board: Board, rules: Rules, clock: Clock) -> None:
        self._store = store
        self._board = board
        self._rules = rules
        self._clock = clock

    async def record(self, *facts: Fact, by: str) -> tuple[Settlement | None, ...]:
        """Let facts change what they change, durably, in order, in one transaction.

        Raises StoreUnavailable where nothing was stored; the facts must then be told again.
        """
        asked = self._board.bells.settle_asked() if _may_free(facts) else 0
        settled = await self._store.settle(facts, self._rules, self._clock.now(), by)
        for fact, settlement in zip(facts, settled, strict=True):
            if isinstance(fact, Accepted | Over):
                self._board.not_foreign(fact.conversation_id)
            if settlement is not None:
                self._announce(settlement, asked)
                self._note_burst(fact)
        return settled

    def _announce(self, settlement: Settlement, asked: int) -> None:
        board, call = self._board, settlement.call
        if call.state is CallState.DIALING and reached(call):
            board.taken_back.add((call.id,), self._clock.steady_s())
        if _ENDS & set(settlement.steps):
            board.ends += 1
            if board.ceiling.slots < board.ceiling.configured:
                board.ceiling = board.ceiling.grown()
                board.bells.dispatch.set()
        if not call.holding:
            board.bells.freed(asked or board.bells.asked + 1)
        if call.hold is Hold.RETRY_WAIT:
            board.bells.tend.set()
        if call.state is CallState.ENDED:
            board.bells.follow_up.set()
        board.bells.change()

    def _note_burst(self, fact: Fact) -> None:
        """Dare less where the platform charged a call as one above the limit."""
        if isinstance(fact, Over) and fact.outcome is not None and fact.outcome.burst:
            ceiling = self._board.ceiling
            self._board.ceiling = ceiling.lowered(ceiling.slots, self._clock.now())


def _may_free(facts: tuple[Fact, ...]) -> bool:
    return any(isinstance(fact, Over | NotTaken) for fact in facts)
