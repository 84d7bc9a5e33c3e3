"""SqliteStore: the durable memory of one engine behind `ports.Store` and `FollowUpStore`.

A method is one hop to the database's thread: one transaction, or one reading of the last
commit. What a transaction does stands in its own file: queueing, settling, dispatching,
reading, paging. The methods for messages stand in `sqlite_follow_ups`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from voiceslot_tui.core.calls import AttemptId, Call, CallId, ConversationId, Instant
from voiceslot_tui.core.facts import Accepted, Fact
from voiceslot_tui.core.moves import Settlement
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.core.pages import CallDetail, JournalEntry, Page, PageQuery, Place
from voiceslot_tui.core.settlement import Rules
from voiceslot_tui.core.slots import Gate
from voiceslot_tui.ports import Added, Control, Counts, OpenCall, Reserved
from voiceslot_tui.store import dispatching, paging, queueing, reading, rows, settling
from voiceslot_tui.store.database import Database, open_database
from voiceslot_tui.store.sqlite_follow_ups import SqliteFollowUps

_ACCEPTED_PATIENCE_S: Final = 0.005
"""How long the news that dials were accepted waits for company."""


class SqliteStore(SqliteFollowUps):
    """The store of one engine in one SQLite file. Made by `open_store`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._woken_up_to = ""

    async def close(self) -> None:
        """Finish what waits, then close the file."""
        await self._database.close()

    async def add(
        self,
        calls: Sequence[NewCall],
        now: Instant,
        actor: str,
        key: IdempotencyKey | None = None,
    ) -> Added:
        """Put calls into the queue; with a key seen before, give the same answer again."""
        return await self._database.write(
            lambda db: queueing.add(db, calls, now, actor, key),
        )

    async def settle(
        self, facts: Sequence[Fact], rules: Rules, now: Instant, actor: str
    ) -> tuple[Settlement | None, ...]:
        """Let each fact change what it changes, all in one transaction, in order.

        That a dial was accepted may wait for company: it frees nothing, and a crash before it is
        written leaves an attempt that is looked up, as any crash in mid-dial does.
        """
        can_wait = all(isinstance(fact, Accepted) for fact in facts)
        return await self._database.write(
            lambda db: tuple(settling.settle_one(db, fact, rules, now, actor) for fact in facts),
            patience_s=_ACCEPTED_PATIENCE_S if can_wait else 0.0,
        )

    async def reserve(
        self,
        gate: Gate,
        denied: frozenset[tuple[str, str]],
        new_attempt_id: Callable[[], AttemptId],
        holds_for_s: float,
        now: Instant,
    ) -> Reserved:
        """Give free slots to the next ready calls; the answer's dials may be made once."""
        return await self._database.write(
            lambda db: dispatching.reserve(db, gate, denied, new_attempt_id, holds_for_s, now),
        )

    async def move(self, call_ids: Sequence[CallId], place: Place, now: Instant, actor: str) -> int:
        """Move queued calls to an end of the queue, keeping their order; give how many moved."""
        return await self._database.write(
            lambda db: queueing.move(db, call_ids, place, now, actor),
        )

    async def control(self) -> Control:
        """Read the operator's switches."""
        return await self._database.read(reading.control)

    async def set_control(
        self, control: Control, kind: str, detail: str, now: Instant, actor: str
    ) -> None:
        """Write the operator's switches and a journal line about it."""
        body = msgspec.json.encode(control)

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO control (one, body) VALUES (1, ?) "
                "ON CONFLICT (one) DO UPDATE SET body = excluded.body",
                (body,),
            )
            rows.write_journal(db, now, actor, kind, detail=detail)

        await self._database.write(write)

    async def note(self, kind: str, detail: str, now: Instant, actor: str) -> None:
        """Write a journal line about the engine itself."""
        await self._database.write(
            lambda db: rows.write_journal(db, now, actor, kind, detail=detail),
        )

    async def counts(self) -> Counts:
        """Read the counters."""
        return await self._database.read(reading.counts)

    async def open_calls(self) -> tuple[OpenCall, ...]:
        """Read all calls under way."""
        return await self._database.read(reading.open_calls)

    async def foreign(self, ids: Iterable[ConversationId]) -> frozenset[ConversationId]:
        """Keep, of live conversations, those neither ours and holding nor known to be over."""
        return await self._database.read(partial(reading.foreign, ids=tuple(ids)))

    async def promote(self, now: Instant) -> int:
        """Make due calls ready, a bounded number at a time; give how many."""
        return await self._database.write(partial(queueing.promote, now=now))

    async def next_due(self) -> Instant | None:
        """Read when the next waiting call is due."""
        return await self._database.read(queueing.next_due)

    async def wake_numbers(self, now: Instant) -> int:
        """Make calls ready that wait for a number which is free; give how many."""
        after = self._woken_up_to
        woken, self._woken_up_to = await self._database.write(
            lambda db: queueing.wake_numbers(db, after, now),
        )
        return woken

    async def lift_denied(
        self,
        agent_id: str,
        agent_phone_number_id: str,
        count: int,
        now: Instant,
        after: CallId | None = None,
    ) -> tuple[CallId, ...]:
        """Make so many calls of a refused agent and phone number ready again; give their ids."""
        return await self._database.write(
            lambda db: queueing.lift_denied(db, agent_id, agent_phone_number_id, count, now, after),
        )

    async def denied_routes(self) -> frozenset[tuple[str, str]]:
        """Read the agent and phone number pairs of calls held as refused by the platform."""
        return await self._database.read(queueing.denied_routes)

    async def page(self, query: PageQuery) -> Page:
        """Read a page of rows."""
        return await self._database.read(partial(paging.page, query=query))

    async def calls(self, call_ids: Sequence[CallId]) -> tuple[Call, ...]:
        """Read calls by id; those that do not exist are left out."""
        return await self._database.read(partial(reading.calls, call_ids=call_ids))

    async def detail(self, call_id: CallId) -> CallDetail | None:
        """Read all about one call."""
        return await self._database.read(partial(reading.detail, call_id=call_id))

    async def journal(self, before: int | None, count: int) -> tuple[JournalEntry, ...]:
        """Read journal lines before a sequence number, newest first."""
        return await self._database.read(lambda db: reading.journal(db, before, count))

    async def journal_since(self, after: int, count: int) -> tuple[JournalEntry, ...]:
        """Read journal lines after a sequence number, oldest first."""
        return await self._database.read(lambda db: reading.journal_since(db, after, count))

    async def tidy(self, now: Instant) -> bool:
        """Forget a bounded number of old idempotency keys and tombstones; True where more wait."""
        return await self._database.write(partial(queueing.tidy, now=now))

    async def checkpoint(self) -> None:
        """Keep the write-ahead log small, between bursts of commits."""
        await self._database.checkpoint()


async def open_store(path: Path, now: Instant) -> SqliteStore:
    """Open (or make) the store in a file; raises the StoreUnusable family."""
    return SqliteStore(await open_database(path, now))
