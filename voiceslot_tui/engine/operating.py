"""What operators do to calls: cancel, park, reorder, hang up, and take it back.

Every act names who did it, says what it changed and what it could not, and how to undo it. Acts
are facts for the ledger like all others: an act that the state of a call does not allow changes
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Call, CallId, CallState
from voiceslot_tui.core.errors import BadInput, Missing, Rejected, StoreUnavailable
from voiceslot_tui.core.facts import Fact, Reordered, Wish, Wished
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX, PRIORITY_MAX, PRIORITY_MIN, UNDO_S
from voiceslot_tui.core.pages import Place
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.ports import Carrier, Clock, HangUp, Store

_UNDONE_BY: Final = MappingProxyType(
    {
        Wish.CANCEL: Wish.UNDO_CANCEL,
        Wish.UNDO_CANCEL: Wish.CANCEL,
        Wish.PARK: Wish.UNPARK,
        Wish.UNPARK: Wish.PARK,
    }
)
_DONE_WORDS: Final = MappingProxyType(
    {
        Wish.CANCEL: "cancelled",
        Wish.UNDO_CANCEL: "brought back",
        Wish.PARK: "parked",
        Wish.UNPARK: "unparked",
        Wish.RELEASE: "released",
        Wish.CONFIRM_DIALLED: "confirmed as dialled",
        Wish.CONFIRM_NOT_DIALLED: "confirmed as not dialled, queued again",
    }
)
_HANG_UP_WORDS: Final = MappingProxyType(
    {
        HangUp.DONE: "the carrier ends the call",
        HangUp.ALREADY_OVER: "the call was over already",
        HangUp.UNCLEAR: "the carrier did not answer clearly; the call may still be talking",
        HangUp.REFUSED: "the carrier refused; check the Twilio credentials",
    }
)


class Operating:
    """Carries out what operators want of calls."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        board: Board,
        clock: Clock,
        carrier: Carrier | None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._board = board
        self._clock = clock
        self._carrier = carrier

    @property
    def can_hang_up(self) -> bool:
        """Tell whether there is a carrier to ask."""
        return self._carrier is not None

    async def wish(self, call_ids: Sequence[CallId], wish: Wish, *, by: str) -> Done:
        """Wish something of calls; name those whose state does not allow it, with the reason."""
        _bounded(call_ids)
        if wish is Wish.CANCEL:
            self._board.taken_back.add(call_ids, self._clock.steady_s())
        facts = [Wished(call_id, wish, by) for call_id in call_ids]
        calls, refused = await self._record(facts, call_ids, _DONE_WORDS[wish], by)
        changed = tuple(call.id for call in calls)
        back = _UNDONE_BY.get(wish)
        undo = (Undo(wish=back, call_ids=changed),) if back is not None and changed else ()
        said = _sentence(changed, _DONE_WORDS[wish])
        if wish is Wish.CANCEL:
            said = _cancelled_sentence(said, calls)
        return Done(changed, refused, said, undo)

    async def prioritise(
        self,
        call_ids: Sequence[CallId],
        *,
        by: str,
        to: int | None = None,
        change: int | None = None,
    ) -> Done:
        """Set the priority of queued calls, or change it by so much, within the bounds."""
        _bounded(call_ids)
        if (to is None) == (change is None):
            raise BadInput("say either the priority or by how much to change it", field="priority")
        if to is not None and not PRIORITY_MIN <= to <= PRIORITY_MAX:
            raise BadInput(f"a priority is from {PRIORITY_MIN} to {PRIORITY_MAX}", field="priority")
        calls = await self._store.calls(call_ids)
        facts: list[Fact] = []
        for call in calls:
            wanted = to if to is not None else call.priority + (change or 0)
            priority = max(PRIORITY_MIN, min(PRIORITY_MAX, wanted))
            facts.append(Reordered(call.id, priority, call.position, by))
        return await self._reorder(calls, call_ids, facts, by)

    async def move(self, call_ids: Sequence[CallId], place: Place, *, by: str) -> Done:
        """Move queued calls to an end of the queue."""
        _bounded(call_ids)
        calls = await self._store.calls(call_ids)
        queued = [call for call in calls if call.state is CallState.QUEUED]
        ids = tuple(call.id for call in queued)
        if ids:
            await self._store.move(ids, place, self._clock.now(), by)
            self._stir()
        undo = (Undo(places=_places(queued)),) if ids else ()
        refused = await self._why_not(set(call_ids) - set(ids), f"moved to the {place}")
        return Done(ids, refused, _sentence(ids, f"moved to the {place}"), undo)

    async def take_back(self, undo: Sequence[Undo], *, by: str) -> Done:
        """Take back acts on calls; switches are taken back by the engine.

        What was taken back before the store failed is told, and the others are refused.
        """
        for act in undo:
            _bounded(_named_by(act))
        changed: list[CallId] = []
        refused: list[tuple[CallId, str]] = []
        for act in undo:
            try:
                done = await self._take_one_back(act, by)
            except StoreUnavailable as problem:
                if not changed:
                    raise
                done = Done(refused=tuple((one, str(problem)) for one in _named_by(act)))
            changed += done.changed
            refused += done.refused
        return Done(tuple(changed), tuple(refused), _sentence(changed, "taken back"))

    async def _take_one_back(self, act: Undo, by: str) -> Done:
        ids = _named_by(act)
        if act.wish is not None:
            return await self.wish(ids, act.wish, by=by)
        facts = [Reordered(call_id, p, q, by) for call_id, p, q in act.places]
        return await self._reorder(await self._store.calls(ids), ids, facts, by)

    async def hang_up(self, call_id: CallId, *, by: str) -> Done:
        """End a live call at the carrier; the news of its end comes by the usual roads."""
        detail = await self._store.detail(call_id)
        if detail is None:
            raise Missing(f"there is no call {call_id}")
        if self._carrier is None:
            raise Rejected(
                "live calls are ended at the carrier: set TWILIO_ACCOUNT_SID and its credentials"
            )
        attempt = next((a for a in detail.attempts if a.id == detail.call.attempt_id), None)
        if detail.call.state is not CallState.LIVE or attempt is None:
            raise Rejected(f"call {call_id} is {_in_words(detail.call)}: only a live call hangs up")
        if attempt.call_sid is None:
            raise Rejected(f"the platform gave no carrier id for call {call_id}")
        now = self._clock.now()
        await self._store.note("hang_up", f"call {call_id}", now, by)
        answer = await self._carrier.hang_up(attempt.call_sid)
        self._board.bells.change()
        if answer is HangUp.REFUSED:
            raise Rejected(_HANG_UP_WORDS[answer])
        return Done((call_id,), message=_HANG_UP_WORDS[answer])

    async def _reorder(
        self, calls: Sequence[Call], asked: Sequence[CallId], facts: Sequence[Fact], by: str
    ) -> Done:
        reordered, refused = await self._record(facts, asked, "reordered", by)
        changed = tuple(call.id for call in reordered)
        before = [call for call in calls if call.id in set(changed)]
        undo = (Undo(places=_places(before)),) if before else ()
        return Done(changed, refused, _sentence(changed, "reordered"), undo)

    async def _record(
        self, facts: Sequence[Fact], asked: Sequence[CallId], done: str, by: str
    ) -> tuple[tuple[Call, ...], tuple[tuple[CallId, str], ...]]:
        """Record facts; give the calls that they changed, as they are now, and the others."""
        settled = await self._ledger.record(*facts, by=by) if facts else ()
        self._stir()
        changed = tuple(settlement.call for settlement in settled if settlement is not None)
        refused = await self._why_not(set(asked) - {call.id for call in changed}, done)
        return changed, refused

    async def _why_not(self, call_ids: set[CallId], done: str) -> tuple[tuple[CallId, str], ...]:
        """Say of each call why it was not changed. What was changed is stored: this never fails."""
        if not call_ids:
            return ()
        asked = sorted(call_ids)
        try:
            known = {call.id: call for call in await self._store.calls(asked)}
        except StoreUnavailable:
            return tuple((call_id, f"its state cannot be read: not {done}") for call_id in asked)
        return tuple((call_id, _refusal(known.get(call_id), done)) for call_id in asked)

    def _stir(self) -> None:
        self._board.bells.dispatch.set()
        self._board.bells.change()


def _bounded(call_ids: Sequence[CallId]) -> None:
    if not call_ids:
        raise BadInput("no call was named", field="call_ids")
    if len(call_ids) > COMMAND_CALLS_MAX:
        raise BadInput(f"at most {COMMAND_CALLS_MAX:,} calls at once", field="call_ids")


def _named_by(act: Undo) -> tuple[CallId, ...]:
    places = tuple(call_id for call_id, _, _ in act.places)
    return places if act.wish is None else act.call_ids


def _places(calls: Sequence[Call]) -> tuple[tuple[CallId, int, int], ...]:
    return tuple((call.id, call.priority, call.position) for call in calls)


def _in_words(call: Call) -> str:
    return str(call.state).replace("_", " ")


def _refusal(call: Call | None, done: str) -> str:
    if call is None:
        return "there is no such call"
    if call.state is CallState.CANCELLED and done == _DONE_WORDS[Wish.UNDO_CANCEL]:
        return f"cancelled more than {UNDO_S:.0f} seconds ago: not {done}"
    return f"it is {_in_words(call)}: not {done}"


def _cancelled_sentence(said: str, calls: Sequence[Call]) -> str:
    """Say of a cancel what it cannot promise: a call that was under way may ring."""
    late = sum(call.cancel_wished for call in calls)
    if not late:
        return said
    if len(calls) == 1:
        return f"call {calls[0].id} may have been dialled already; cancelled if not"
    return f"{said}; {late:,} may have been dialled already, and are only if not"


def _sentence(changed: Sequence[CallId], done: str) -> str:
    if len(changed) == 1:
        return f"call {changed[0]} {done}"
    return f"{len(changed):,} calls {done}"
