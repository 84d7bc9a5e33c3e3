"""Dispatch: give free slots to queued calls and dial them, the moment either appears.

A reservation is committed before its request leaves, and the request is made once. Whatever comes
of it is a fact for the ledger; what it teaches about the platform (slow down, give it a rest, this
agent is refused) is left on the board.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from voiceslot_tui.core.calls import AttemptId, CallState, Instant, later
from voiceslot_tui.core.facts import Accepted, NotTaken, Refusal, StartAnswer, Unanswered
from voiceslot_tui.core.limits import (
    DIAL_STALE_S,
    DIALS_AT_ONCE_MAX,
    DISPATCH_LOOK_S,
    RATE_BACKOFF_MAX_S,
    REFUSAL_BACKOFF_S,
    UNREACHABLE_BACKOFF_MAX_S,
    UNREACHABLE_BACKOFF_S,
)
from voiceslot_tui.core.orders import StartOrder
from voiceslot_tui.core.slots import Gate
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.engine.service import or_else, persist
from voiceslot_tui.engine.taken_back import REQUEST_WAITS_S
from voiceslot_tui.ports import STILL_WANTED, Clock, Ids, Reserved, Store, VoicePlatform

_FULL: Final = frozenset({Refusal.CAPACITY, Refusal.NO_SUCCESS})
"""Refusals that say how many calls the platform carries: no more than it does now."""
_HELD_REST_S: Final = 1.0
"""How long nothing is reserved once a call was withdrawn whose person's STOP could not be stored:
by then it is insisted on; until then the call would be reserved and withdrawn over and over."""


class Dispatcher:
    """Reserves slots and dials.

    `pause_self` is called with the reason when the platform refuses the account.
    """

    name = "dispatcher"

    def __init__(
        self,
        *,
        store: Store,
        platform: VoicePlatform,
        ledger: Ledger,
        board: Board,
        clock: Clock,
        ids: Ids,
        dials: asyncio.TaskGroup,
        holds_for_s: float,
        pause_self: Callable[[str], Awaitable[None]],
    ) -> None:
        self.wake = board.bells.dispatch
        self._store = store
        self._platform = platform
        self._ledger = ledger
        self._board = board
        self._clock = clock
        self._ids = ids
        self._dials = dials
        self._holds_for_s = holds_for_s
        self._pause_self = pause_self
        self._unreachable_s = 0.0
        self._turned_away = 0
        self._turning_away = asyncio.Lock()
        self._dialling: set[AttemptId] = set()
        self._reservations_in_doubt = False
        self.quiet = asyncio.Event()
        self.quiet.set()

    async def step(self) -> float | None:
        """Fill the free slots; give the seconds until to look whether time alone freed one."""
        if self._reservations_in_doubt and not self._board.stopping:
            await self._give_back()
        board, now = self._board, self._clock.now()
        reserved_s = self._clock.steady_s()
        left = DIALS_AT_ONCE_MAX - len(self._dialling)
        gate = replace(board.gate(reserved_s), dials_left=left)
        if board.stopping or gate.closed(now):
            return self._until(gate.wake_at(now))
        board.bells.reserve_asked = board.bells.asked
        reserved = await self._fill(gate, now, reserved_s)
        if reserved.more and reserved.hold is None:
            self.wake.set()
        return self._until(board.gate(reserved_s).wake_at(now)) if reserved.more else None

    async def _fill(self, gate: Gate, now: Instant, reserved_s: float) -> Reserved:
        """Reserve slots and send the dials out; not quiet until each has come to something."""
        self.quiet.clear()
        self._reservations_in_doubt = True
        try:
            reserved = await self._store.reserve(
                gate, self._board.closed_routes(), self._ids.attempt_id, self._holds_for_s, now
            )
            self._reservations_in_doubt = False
            self._send_out(reserved.orders, reserved_s)
        finally:
            self._quiet_if_idle()
        return reserved

    async def _give_back(self) -> None:
        """Let go of reservations that were stored although the disk said that they were not.

        We make the requests of all reservations that we know of, so nobody has made one for any
        other. Known is what we know of before the store is read: what a dial came to may be
        written down meanwhile. Not while we stop: it may then be given up on unwritten.
        """
        known = frozenset(self._dialling)
        why = "the disk refused the reservation, and stored it all the same"
        strays = [
            NotTaken(one.attempt.id, Refusal.WITHDRAWN, why)
            for one in await self._store.open_calls()
            if one.call.state is CallState.DIALING and one.attempt.id not in known
        ]
        if strays:
            await self._ledger.record(*strays, by="engine")
        self._reservations_in_doubt = False

    def _quiet_if_idle(self) -> None:
        if not self._dialling:
            self.quiet.set()

    def _until(self, moment: int | None) -> float | None:
        if moment is None:
            return None
        return min(max(0.001, (moment - self._clock.now()) / 1000), DISPATCH_LOOK_S)

    def _send_out(self, orders: tuple[StartOrder, ...], reserved_s: float) -> None:
        if not orders:
            return
        board, now = self._board, self._clock.now()
        board.pacing = board.pacing.after(len(orders), now)
        board.breaker = board.breaker.probing(now)
        board.bells.change()
        for order in orders:
            self._dialling.add(order.attempt_id)
            self.quiet.clear()
            board.dialled((order.agent_id, order.agent_phone_number_id), now)
            self._dials.create_task(self._dial(order, reserved_s))

    async def _dial(self, order: StartOrder, reserved_s: float) -> None:
        try:
            answer = await self._answer(order, reserved_s)
            await self._learn(order, answer)
        finally:
            if len(self._dialling) == DIALS_AT_ONCE_MAX:
                self.wake.set()
            self._dialling.discard(order.attempt_id)
            self._quiet_if_idle()

    async def _answer(self, order: StartOrder, reserved_s: float) -> StartAnswer:
        """Make the one request of an attempt, unless it must not be made any more."""
        await or_else(partial(self._platform.prepare, order), None)
        unwanted = self._unwanted(order, reserved_s, DIAL_STALE_S)
        if unwanted:
            return NotTaken(order.attempt_id, Refusal.WITHDRAWN, unwanted)
        self._board.dials += 1
        silence: StartAnswer = Unanswered(
            order.attempt_id, "the dial broke off by a defect of ours"
        )
        within_s = REQUEST_WAITS_S
        STILL_WANTED.set(lambda: not self._unwanted(order, reserved_s, within_s))
        answer = await or_else(partial(self._platform.start_call, order), silence)
        if isinstance(answer, NotTaken) and answer.refusal is Refusal.NOT_SENT:
            unwanted = self._unwanted(order, reserved_s, within_s)
            return replace(answer, refusal=Refusal.WITHDRAWN) if unwanted else answer
        return answer

    def _unwanted(self, order: StartOrder, reserved_s: float, within_s: float) -> str:
        """Say why a reserved call must not be dialled any more; empty where it may, for so long."""
        board = self._board
        if board.paused or board.stopping:
            return "the engine was paused or stopped before it was dialled"
        if board.taken_back.since(reserved_s, order.call_id, order.to_number):
            return "it was cancelled, suppressed or answered before it was dialled"
        if self._clock.steady_s() - reserved_s > within_s:
            return "the process slept between reserving and dialling"
        return ""

    async def _learn(self, order: StartOrder, answer: StartAnswer) -> None:
        """Heed what an answer says, then write it down.

        In this order, because a call that is not taken stands in line again the moment it is
        written down: by then nobody may dial it into a full platform or a refused account.
        """
        self._judge(order, answer)
        if not isinstance(answer, NotTaken):
            await self._record(answer)
        elif answer.refusal in _FULL:
            self._turned_away += 1
            # One after the other: one that is just being written down would count as gone twice.
            async with self._turning_away:
                await self._heed_and_record(answer)
                self._turned_away -= 1
        else:
            await self._heed_and_record(answer)

    async def _heed_and_record(self, answer: NotTaken) -> None:
        await persist(partial(self._heed, answer), lambda: self._board.stopping)
        await self._record(answer)

    async def _record(self, answer: StartAnswer) -> None:
        record = partial(self._ledger.record, answer, by="platform")
        await persist(record, lambda: self._board.stopping)

    def _judge(self, order: StartOrder, answer: StartAnswer) -> None:
        """Leave on the board what an answer says about the platform as a whole."""
        board, now = self._board, self._clock.now()
        match answer:
            case Unanswered():
                board.breaker = board.breaker.after_silence(now)
            case Accepted():
                self._hear()
                board.allow((order.agent_id, order.agent_phone_number_id))
            case NotTaken():
                self._rest(answer)
                if board.taken_back.holds(order.to_number):
                    self._quiet(_HELD_REST_S)
                if answer.refusal not in (Refusal.NOT_SENT, Refusal.WITHDRAWN):
                    self._hear()
                if answer.refusal is Refusal.ROUTE_DENIED:
                    board.deny((order.agent_id, order.agent_phone_number_id), now)
            case _:
                assert_never(answer)

    def _hear(self) -> None:
        """Note that the platform answers, whatever it said."""
        board = self._board
        self._unreachable_s = 0.0
        board.answered += 1
        if board.breaker.open:
            board.bells.dispatch.set()
        board.breaker = board.breaker.after_answer()

    def _rest(self, answer: NotTaken) -> None:
        """Give the platform the rest it asked for, or that its silence calls for."""
        resting = self._resting()
        if answer.refusal is Refusal.NOT_SENT and not resting:
            doubled = max(UNREACHABLE_BACKOFF_S, self._unreachable_s * 2)
            self._unreachable_s = min(doubled, UNREACHABLE_BACKOFF_MAX_S)
            self._quiet(self._unreachable_s)
        elif answer.refusal is Refusal.RATE:
            self._quiet(min(answer.retry_after_s or REFUSAL_BACKOFF_S, RATE_BACKOFF_MAX_S))

    def _resting(self) -> bool:
        return self._board.gate(self._clock.steady_s()).resting(self._clock.now())

    def _quiet(self, wait_s: float) -> None:
        board, now = self._board, self._clock.now()
        until = later(now, wait_s)
        known = board.quiet_until if self._resting() else None
        board.quiet_until = until if known is None else max(known, until)
        board.bells.change()

    async def _heed(self, answer: NotTaken) -> None:
        """Act on refusals that concern more than this call, while it still holds its slot."""
        board = self._board
        if answer.refusal is Refusal.ACCOUNT_DENIED and not board.paused:
            await self._pause_self(answer.detail)
        if answer.refusal in _FULL:
            ours = (await self._store.counts()).holding - self._turned_away
            foreign = 0 if board.reading is None else board.reading.foreign
            board.ceiling = board.ceiling.lowered(ours + foreign, self._clock.now())
            if ours <= 0:
                self._quiet(answer.retry_after_s or REFUSAL_BACKOFF_S)
            board.bells.change()
