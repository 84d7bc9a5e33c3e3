"""The front door of the engine: enqueue, operate, tell, and show.

Listener and link come in here and nowhere else. The engine itself is small: the ledger writes
states, the workers do the work, this passes wishes on and puts the snapshot together.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from voiceslot_tui import __version__
from voiceslot_tui.core.calls import CallId, CallState, ConversationId, Hold
from voiceslot_tui.core.errors import BadInput, Missing
from voiceslot_tui.core.explain import why_idle, why_not_dialled
from voiceslot_tui.core.facts import Fact, Wish
from voiceslot_tui.core.limits import ENQUEUE_BATCH_MAX
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.core.pages import CallDetail, JournalEntry, Page, PageQuery, Place
from voiceslot_tui.core.snapshot import EngineState, Idle, ServiceHealth, Slots, Snapshot
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.following_up import FollowingUp
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.engine.operating import Operating
from voiceslot_tui.engine.reconciler import Reconciler
from voiceslot_tui.engine.switches import Switches
from voiceslot_tui.engine.watching import Watching
from voiceslot_tui.ports import Added, Clock, Counts, Store


class Engine:
    """What the rest of the program may ask of the engine."""

    def __init__(
        self,
        *,
        store: Store,
        board: Board,
        ledger: Ledger,
        switches: Switches,
        operating: Operating,
        reconciler: Reconciler,
        follow_ups: FollowingUp,
        batches: Watching,
        clock: Clock,
        strategy: str,
        demo: bool = False,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._board = board
        self._ledger = ledger
        self._switches = switches
        self._operating = operating
        self._reconciler = reconciler
        self.follow_ups = follow_ups
        self.batches = batches
        self._clock = clock
        self._strategy = strategy
        self._demo = demo
        self._warnings = warnings
        self._started_at = clock.now()
        self.health: Callable[[], tuple[ServiceHealth, ...]] = lambda: ()
        self.consoles = 0
        self.stop_requested = asyncio.Event()

    # What producers and the platform say.

    async def enqueue(
        self, calls: Sequence[NewCall], *, by: str, key: IdempotencyKey | None = None
    ) -> Added:
        """Put calls into the queue; they are safe when this returns."""
        if len(calls) > ENQUEUE_BATCH_MAX:
            raise BadInput(f"at most {ENQUEUE_BATCH_MAX:,} calls at once", field="calls")
        added = await self._store.add(calls, self._clock.now(), by, key)
        self._board.bells.dispatch.set()
        self._board.bells.change()
        return added

    async def tell(self, fact: Fact, *, by: str) -> bool:
        """Record a fact; True where it changed something. Committed when this returns."""
        return (await self._ledger.record(fact, by=by))[0] is not None

    def hint(self, conversation_id: ConversationId) -> None:
        """Look a conversation up soon: somebody says, without proof, that it has ended."""
        self._reconciler.hint(conversation_id)

    def webhook_seen(self, accepted: bool) -> None:
        """Note that a webhook came, for the snapshot."""
        if accepted:
            self._board.webhook_at = self._clock.now()
        else:
            self._board.webhook_refused += 1
            self._board.bells.change()

    # What operators do.

    async def pause(self, *, by: str, why: str = "") -> Done:
        """Start no more calls."""
        return await self._switches.pause(by=by, why=why)

    async def resume(self, *, by: str) -> Done:
        """Dial again."""
        return await self._switches.resume(by=by)

    async def set_limit(self, limit: int, *, by: str) -> Done:
        """Set how many calls may be live at once."""
        return await self._switches.set_limit(limit, by=by)

    async def wish(self, call_ids: Sequence[CallId], wish: Wish, *, by: str) -> Done:
        """Cancel, park, release or confirm calls."""
        return await self._operating.wish(call_ids, wish, by=by)

    async def prioritise(
        self,
        call_ids: Sequence[CallId],
        *,
        by: str,
        to: int | None = None,
        change: int | None = None,
    ) -> Done:
        """Set or change the priority of queued calls."""
        return await self._operating.prioritise(call_ids, by=by, to=to, change=change)

    async def move(self, call_ids: Sequence[CallId], place: Place, *, by: str) -> Done:
        """Move queued calls to an end of the queue."""
        return await self._operating.move(call_ids, place, by=by)

    async def hang_up(self, call_id: CallId, *, by: str) -> Done:
        """End a live call at the carrier."""
        return await self._operating.hang_up(call_id, by=by)

    async def take_back(self, undo: Sequence[Undo], *, by: str) -> Done:
        """Take an act back, as its `undo` says.

        Raise Rejected where somebody has set the switch since. A pause is never refused.
        """
        done = Done(message="there is nothing to take back")
        for act in undo:
            if act.limit is not None:
                done = await self._switches.set_limit(act.limit, by=by, back=act)
            elif act.paused is not None:
                pausing, door = act.paused, self._switches
                done = await (door.pause(by=by) if pausing else door.resume(by=by, back=act))
            elif act.follow_ups_paused is not None:
                pausing, sends = act.follow_ups_paused, self.follow_ups
                done = await (sends.pause(by=by) if pausing else sends.resume(by=by, back=act))
        on_calls = [act for act in undo if act.call_ids or act.places]
        return await self._operating.take_back(on_calls, by=by) if on_calls else done

    def reconcile_now(self) -> None:
        """Read the platform's live calls at once."""
        self._reconciler.read_now()

    # What is shown.

    async def changed(self, timeout_s: float) -> bool:
        """Wait until something that a snapshot shows may have changed; False on time-out."""
        return await self._board.bells.changed(timeout_s)

    async def page(self, query: PageQuery) -> Page:
        """Read a page of rows."""
        return await self._store.page(query)

    async def detail(self, call_id: CallId) -> CallDetail:
        """Read all about one call; raises Missing."""
        found = await self._store.detail(call_id)
        if found is None:
            raise Missing(f"there is no call {call_id}")
        return found

    async def journal(self, before: int | None, count: int) -> tuple[JournalEntry, ...]:
        """Read journal lines, newest first."""
        return await self._store.journal(before, count)

    async def journal_since(self, after: int, count: int) -> tuple[JournalEntry, ...]:
        """Read journal lines after a sequence number, oldest first."""
        return await self._store.journal_since(after, count)

    async def explain(self, call_id: CallId | None) -> tuple[str, ...]:
        """Say why a call, or (without one) anything, is not dialled; raises Missing."""
        idle = self._idle(await self._store.counts())
        if call_id is not None:
            call = (await self.detail(call_id)).call
            return why_not_dialled(call, idle, self._clock.now())
        return tuple(reason.sentence for reason in idle) or ("calls start as slots come free",)

    def _idle(self, counts: Counts) -> tuple[Idle, ...]:
        queued = counts.states[CallState.QUEUED]
        now = self._clock.now()
        gate = self._board.gate(self._clock.steady_s())
        idle = why_idle(gate, counts.holding, queued, counts.holds, now)
        return tuple(self._with_cause(reason) for reason in idle)

    def _with_cause(self, idle: Idle) -> Idle:
        """Add what stands in the way where the platform cannot be read."""
        if idle.hold not in (Hold.RECOVERING, Hold.READING_STALE):
            return idle
        errors = [one.error for one in self.health() if one.name == Reconciler.name and one.error]
        return replace(idle, sentence="; ".join([idle.sentence, *errors]))

    async def snapshot(self) -> Snapshot:
        """Put together all that an operator sees at a glance."""
        board = self._board
        changes = board.bells.changes
        counts = await self._store.counts()
        control = board.control
        return Snapshot(
            at=self._clock.now(),
            seq=changes,
            event_seq=counts.event_seq,
            engine=self._state(),
            version=__version__,
            pid=os.getpid(),
            started_at=self._started_at,
            demo=self._demo,
            slots=self._slots(counts),
            calls={state: n for state, n in counts.states.items() if n},
            holds=counts.holds,
            dispositions=counts.dispositions,
            idle=self._idle(counts),
            paused_by=control.paused_by,
            paused_why=control.paused_why,
            paused_at=control.paused_at,
            limit_set_by=control.limit_by,
            breaker_open=board.breaker.open,
            webhook_at=board.webhook_at,
            webhook_refused=board.webhook_refused,
            services=self.health(),
            warnings=self._warnings,
            consoles=self.consoles,
            dials=board.dials,
            answered=board.answered,
            ends=board.ends,
            carrier=self._operating.can_hang_up,
            follow_ups=await self.follow_ups.standing(),
            batch_watch=self.batches.checks(),
        )

    def _state(self) -> EngineState:
        if self._board.stopping:
            return EngineState.STOPPING
        if self._board.paused:
            return EngineState.PAUSED
        return EngineState.RECOVERING if self._board.recovering else EngineState.RUNNING

    def _slots(self, counts: Counts) -> Slots:
        board, states = self._board, counts.states
        reading, gate = board.reading, board.gate(self._clock.steady_s())
        under_way = {
            "dialing": states[CallState.DIALING],
            "uncertain": states[CallState.UNCERTAIN],
            "live": states[CallState.LIVE],
        }
        known = Slots(
            limit=board.ceiling.configured,
            effective=board.ceiling.slots,
            reserve=board.reserve,
            **under_way,
            unknown_holding=counts.holding - sum(under_way.values()),
            strategy=self._strategy,
            reading_bound_s=board.reading_bound_s,
            free=max(0, gate.free(counts.holding)),
        )
        if reading is None:
            return known
        return replace(
            known,
            ringing=min(reading.ringing, known.live),
            foreign=reading.foreign,
            reading_age_s=gate.reading_age_s,
        )
