"""A small engine for tests of the link: it remembers what it was asked, and changes on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from tests.link.fake_follow_ups import FakeFollowUps
from voiceslot_tui.core.batch_progress import BatchChecks, BatchView
from voiceslot_tui.core.batches import Batch, Watch
from voiceslot_tui.core.calls import CallId, CallState, Instant
from voiceslot_tui.core.errors import BadInput, Missing, ReadFailed, Rejected, StoreBusy
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.follow_up_pages import (
    BatchFigures,
    BatchRecipientRow,
    RecipientPage,
    RecipientQuery,
)
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.core.pages import CallDetail, JournalEntry, Page, PageQuery, Place
from voiceslot_tui.core.snapshot import EngineState, Health, ServiceHealth, Slots, Snapshot
from voiceslot_tui.core.talks import BatchCount
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.follow_up_ports import BatchChange
from voiceslot_tui.ports import Added


class FakeClock:
    """A clock that stands still."""

    def now(self) -> Instant:
        return Instant(1_700_000_000_000)

    def steady_s(self) -> float:
        return 0.0


class FakeWatching:
    """The front door of the batch watch, with one batch behind it."""

    def __init__(self, asked: list[tuple[str, ...]]) -> None:
        batch = Batch(BatchCount("b1", "in_progress", 3, 2, 9, 5), "reminders")
        self.view = BatchView(batch, Watch.ACTIVE, {}, done=2, total=9)
        self.figures = BatchFigures("b1")
        self.shown = BatchChecks(True, 30.0, count=4)
        self.people = [
            BatchRecipientRow(f"r{n}", f"+1202555010{n}", f"Ana{n}", "failed") for n in range(5)
        ]
        self.unreadable = 0
        self.read: list[RecipientQuery] = []
        self._asked = asked

    async def table(self) -> tuple[tuple[BatchView, BatchFigures], ...]:
        return ((self.view, self.figures),)

    def checks(self) -> BatchChecks:
        return self.shown

    async def recipients(self, query: RecipientQuery) -> RecipientPage:
        if query.batch_id != "b1":
            raise ReadFailed("HTTP 404")
        self.read.append(query)
        shown = tuple(self.people[query.start : query.start + query.count])
        return RecipientPage(shown, len(self.people), self.unreadable)

    async def change(self, batch_id: str, change: BatchChange, *, by: str) -> Done:
        self._asked.append((change.value, batch_id, by))
        return Done(message="changed")

    async def set_interval(self, seconds: float, *, by: str) -> Done:
        self._asked.append(("interval", f"{seconds:g}", by))
        return Done(message="set")

    async def watch(self, on: bool, *, by: str) -> Done:
        self._asked.append(("watch", str(on), by))
        return Done(message="watched")

    def check_now(self) -> None:
        self._asked.append(("check",))


class FakeEngine:
    """The front door without a house behind it."""

    def __init__(self) -> None:
        self.consoles = 0
        self.stop_requested = asyncio.Event()
        self.asked: list[tuple[str, ...]] = []
        self.snapshots_built = 0
        self.blind: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.shown = Snapshot(
            at=Instant(1),
            seq=1,
            event_seq=0,
            engine=EngineState.RUNNING,
            version="0.1.0",
            pid=1,
            started_at=Instant(0),
            demo=False,
            slots=Slots(limit=5, effective=5, reading_age_s=0.0),
            calls={CallState.QUEUED: 3},
            services=(ServiceHealth("reconciler", Health.WELL, Instant(0)),),
        )
        self.lines: list[JournalEntry] = []
        self.batches = FakeWatching(self.asked)
        self.follow_ups = FakeFollowUps(self.asked)
        self._change = asyncio.Event()

    # --- what a test does

    def change(self, count: int = 1) -> None:
        """Let calls change: new counts and a journal line for each."""
        for _ in range(count):
            seq = self.shown.event_seq + 1
            self.lines.append(JournalEntry(seq, Instant(seq), "engine", "changed"))
            self.shown = replace(self.shown, seq=self.shown.seq + 1, event_seq=seq)
        self._change.set()

    def age(self) -> None:
        """Let time pass: nothing changes but how old things are."""
        service = replace(self.shown.services[0], last_step_at=Instant(self.shown.at + 1))
        slots = replace(self.shown.slots, reading_age_s=(self.shown.slots.reading_age_s or 0) + 1)
        self.shown = replace(
            self.shown, at=Instant(self.shown.at + 1000), services=(service,), slots=slots
        )
        self._change.set()

    # --- the front door

    async def changed(self, timeout_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._change.wait()
        changed = self._change.is_set()
        self._change.clear()
        return changed

    async def snapshot(self) -> Snapshot:
        self.snapshots_built += 1
        if self.blind is not None:
            raise self.blind
        return replace(self.shown, consoles=self.consoles)

    async def journal_since(self, after: int, count: int) -> tuple[JournalEntry, ...]:
        return tuple(line for line in self.lines if line.seq > after)[:count]

    async def journal(self, before: int | None, count: int) -> tuple[JournalEntry, ...]:
        older = [line for line in self.lines if before is None or line.seq < before]
        return tuple(reversed(older[-count:]))

    async def enqueue(
        self, calls: Sequence[NewCall], *, by: str, key: object | None = None
    ) -> Added:
        self.asked.append(("enqueue", str(len(calls)), by))
        if any(call.priority > 1000 for call in calls):
            raise BadInput("priority is too high", field="priority")
        return Added(tuple(CallId(n + 1) for n in range(len(calls))), len(calls))

    async def pause(self, *, by: str, why: str = "") -> Done:
        await self.gate.wait()
        self.asked.append(("pause", why, by))
        return Done(message="paused", undo=(Undo(paused=False),))

    async def resume(self, *, by: str) -> Done:
        raise StoreBusy("too much waits for the writer")

    async def set_limit(self, limit: int, *, by: str) -> Done:
        self.asked.append(("limit", str(limit), by))
        return Done(message=f"limit {limit}")

    async def wish(self, call_ids: Sequence[CallId], wish: Wish, *, by: str) -> Done:
        self.asked.append((wish.value, *map(str, call_ids)))
        return Done(changed=tuple(call_ids), message=f"{wish.value}: {len(call_ids)}")

    async def prioritise(
        self,
        call_ids: Sequence[CallId],
        *,
        by: str,
        to: int | None = None,
        change: int | None = None,
    ) -> Done:
        self.asked.append(("prioritise", str(to), str(change), *map(str, call_ids)))
        return Done(changed=tuple(call_ids), message="prioritised")

    async def move(self, call_ids: Sequence[CallId], place: Place, *, by: str) -> Done:
        self.asked.append(("move", place.value, *map(str, call_ids)))
        return Done(changed=tuple(call_ids), message="moved")

    async def hang_up(self, call_id: CallId, *, by: str) -> Done:
        raise Rejected("no carrier")

    async def take_back(self, undo: tuple[Undo, ...], *, by: str) -> Done:
        self.asked.append(("take_back", str(len(undo))))
        return Done(message="taken back")

    def reconcile_now(self) -> None:
        self.asked.append(("reconcile",))

    async def explain(self, call_id: CallId | None) -> tuple[str, ...]:
        if call_id is not None:
            raise Missing(f"there is no call {call_id}")
        return ("every slot is in use",)

    async def page(self, query: PageQuery) -> Page:
        raise ZeroDivisionError("a defect")

    async def detail(self, call_id: CallId) -> CallDetail:
        raise Missing(f"there is no call {call_id}")
