"""An engine as the console sees it, in memory: it answers from a list of calls, keeps the acts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

from tests.console.fake_batches import FakeBatches
from tests.console.fake_messages import FakeMessages
from tests.console.still_clock import NOW
from voiceslot_tui.core.calls import (
    FINAL_STATES,
    Call,
    CallId,
    CallState,
    Instant,
)
from voiceslot_tui.core.pages import (
    CallDetail,
    Filter,
    JournalEntry,
    Page,
    PageQuery,
    PageRow,
    RowKey,
    Segment,
)
from voiceslot_tui.core.snapshot import EngineState, Slots, Snapshot
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.link.client import InDoubt, Link, LinkLost, Refused
from voiceslot_tui.link.watch import Connected, Lost, State
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages


def make_call(number: int, **fields: object) -> Call:
    """Make a queued call, unlike its neighbours."""
    call = Call(
        id=CallId(number),
        to_number=f"+4477009{number:05}",
        name=f"Person {number}",
        agent_id="agent_demo",
        agent_phone_number_id="phnum_demo",
        priority=0,
        state=CallState.QUEUED,
        created_at=Instant(NOW - 240_000),
        changed_at=NOW,
        position=number,
    )
    return replace(call, **fields)  # type: ignore[arg-type]


def make_snapshot(**fields: object) -> Snapshot:
    """Make a snapshot of an engine that is well."""
    snapshot = Snapshot(
        at=NOW,
        seq=1,
        event_seq=1,
        engine=EngineState.RUNNING,
        version="0.1.0",
        pid=1,
        started_at=Instant(NOW - 3_600_000),
        demo=True,
        slots=Slots(
            limit=10,
            effective=10,
            live=4,
            dialing=2,
            free=4,
            strategy="conversations",
            reading_age_s=1.0,
            reading_bound_s=15.0,
        ),
        calls={CallState.QUEUED: 3, CallState.LIVE: 4, CallState.DIALING: 2},
        consoles=1,
    )
    return replace(snapshot, **fields)  # type: ignore[arg-type]


def key_of(call: Call) -> RowKey:
    if call.state in FINAL_STATES:
        return (2, -(call.ended_at or 0), 0, call.id)
    return (1 if call.state is CallState.QUEUED else 0, -call.priority, call.position, call.id)


class FakeLink:
    """Answers as an engine would; `acts` is what it was asked to do."""

    operator = "ana"
    engine_version = "0.1.0"
    lost = ""

    def __init__(self, calls: list[Call] | None = None) -> None:
        self.calls = {call.id: call for call in calls or []}
        self.messages = FakeMessages()
        self.batches = FakeBatches()
        self.acts: list[control.Body] = []
        self.asked: list[control.Body] = []
        self.snapshot = make_snapshot()
        self.lines: list[JournalEntry] = []
        self.refusal: Refused | InDoubt | None = None
        self.done: Done | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, body: control.Body) -> control.Result:
        self.asked.append(body)
        if self.lost:
            raise LinkLost(self.lost)
        match body:
            case control.GetPage(query):
                return control.ThePage(self.page(query))
            case control.GetDetail(call_id):
                return control.TheDetail(self.detail(call_id))
            case control.GetJournal():
                return control.JournalLines(tuple(reversed(self.lines)))
            case control.Explain():
                return control.Sentences(("it is next in line",))
            case (
                messages.GetMessages()
                | messages.GetMessage()
                | messages.GetPreview()
                | messages.GetSuppressions()
            ):
                return self.messages.answered(body)
            case batches.GetBatches() | batches.GetRecipients():
                return self.batches.answered(body, self.snapshot.batch_watch)
            case messages.Suppress():
                await self.asked_to(body)
                return self.messages.answered(body)
            case _:
                return await self.act(body)

    async def asked_to(self, body: control.Body) -> None:
        self.acts.append(body)
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal

    async def act(self, body: control.Body) -> control.TheDone:
        await self.asked_to(body)
        ids = getattr(body, "call_ids", ())
        if self.done is not None:
            return control.TheDone(self.done)
        undo = () if isinstance(body, control.StopEngine | control.Reconcile) else (Undo(limit=1),)
        return control.TheDone(Done(tuple(ids), message="It is done.", undo=undo))

    def detail(self, call_id: CallId) -> CallDetail:
        if call_id not in self.calls:
            raise Refused("there is no such call", code="missing")
        history = tuple(line for line in self.lines if line.call_id == call_id)
        return CallDetail(self.calls[call_id], b'{"dynamic_variables":{"order":"1"}}', (), history)

    def page(self, query: PageQuery) -> Page:
        finished = query.segment is Segment.DONE
        rows = sorted(
            (
                PageRow(key_of(call), call, Instant(NOW - 7_000), Instant(NOW - 5_000))
                for call in self.calls.values()
                if (call.state in FINAL_STATES) == finished and matches(call, query.where)
            ),
            key=lambda row: row.key,
        )
        return cut_page(rows, query)


def cut_page(rows: list[PageRow], query: PageQuery) -> Page:
    """Cut a page out of all rows, as the store does by keys."""
    key = query.key
    if query.backwards:
        before = [
            r for r in rows if key is None or r.key < key or (query.inclusive and r.key == key)
        ]
        return Page(tuple(before[-query.count :]), len(before) > query.count)
    after = [r for r in rows if key is None or r.key > key or (query.inclusive and r.key == key)]
    return Page(tuple(after[: query.count]), len(after) > query.count)


def matches(call: Call, where: Filter) -> bool:
    text = f"{call.name} {call.to_number} {call.agent_id}".lower()
    return (
        all(word.lower() in text for word in where.words)
        and (not where.states or call.state in where.states)
        and (not where.holds or call.hold in where.holds)
        and (where.priority_min is None or call.priority >= where.priority_min)
        and (where.priority_max is None or call.priority <= where.priority_max)
        and call.to_number.startswith(where.number_prefix)
    )


class ManyLink(FakeLink):
    """A million queued calls that nobody holds in memory."""

    TOTAL = 1_000_000

    def page(self, query: PageQuery) -> Page:
        first = 1 if query.key is None else query.key[3] + (0 if query.inclusive else 1)
        if query.backwards:
            last = self.TOTAL if query.key is None else query.key[3] - 1
            numbers = range(max(1, last - query.count + 1), last + 1)
            return Page(tuple(map(self.row, numbers)), numbers.start > 1)
        numbers = range(first, min(self.TOTAL, first + query.count - 1) + 1)
        return Page(tuple(map(self.row, numbers)), numbers.stop <= self.TOTAL)

    def row(self, number: int) -> PageRow:
        call = make_call(number, to_number=f"+44770{number:07}")
        return PageRow(key_of(call), call)


class FakeWatch:
    """Tells the console what a test wants it to be told."""

    def __init__(self, link: FakeLink | None = None) -> None:
        self.engine = link or FakeLink()
        self.link: Link | None = None
        self.hurried = 0
        self._states: asyncio.Queue[State] = asyncio.Queue()

    def __aiter__(self) -> AsyncIterator[State]:
        return self._all()

    def try_now(self) -> None:
        self.hurried += 1

    def close(self) -> None:
        self.link = None

    def connect(self) -> None:
        self._states.put_nowait(Connected(cast(Link, self.engine)))
        self.push()

    def push(self, *lines: JournalEntry, **fields: object) -> None:
        seq = self.engine.snapshot.seq + 1
        self.engine.snapshot = replace(self.engine.snapshot, seq=seq, **fields)  # type: ignore[arg-type]
        self.engine.lines += lines
        self._states.put_nowait(control.Pushed(self.engine.snapshot, lines))

    def lose(self, tries: int = 1, reason: str = "the engine is gone") -> None:
        self._states.put_nowait(Lost(reason, 0.1, tries, 0.2))

    async def _all(self) -> AsyncIterator[State]:
        while True:
            state = await self._states.get()
            if isinstance(state, Connected):
                self.link = state.link
            elif isinstance(state, Lost):
                self.link = None
            yield state
