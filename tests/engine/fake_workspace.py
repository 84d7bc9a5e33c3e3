"""A workspace of batches as a script, and a memory of follow-ups that keeps what it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from voiceslot_tui.core.batches import Batch, BatchMark
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.follow_ups import EndedCall
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange, BatchWhole, Ended
from voiceslot_tui.wire.elevenlabs_batches import read_batch_detail, read_batch_rows


class FakeWorkspace:
    """Batches in the platform's own words, read by our own translators.

    `spoilt` gives, by id, the body that comes instead of a batch, `now` the platform's time.
    """

    def __init__(self, now: Callable[[], Instant]) -> None:
        self.now = now
        self.batches: dict[str, dict[str, Any]] = {}
        self.people: dict[str, list[dict[str, Any]]] = {}
        self.spoilt: dict[str, bytes] = {}
        self.listing_fails: Exception | None = None
        self.asked: list[str] = []
        self.listed = 0
        self.changes: list[tuple[str, BatchChange]] = []
        self.answer = BatchAnswer.DONE
        self.on_read: Callable[[str], None] = lambda _: None

    def put(self, batch_id: str, at_s: int, status: str = "in_progress", **told: Any) -> None:
        """Add a batch, or change what is told of one."""
        known = self.batches.setdefault(
            batch_id,
            {
                "id": batch_id,
                "name": f"Campaign {batch_id}",
                "agent_id": "agent_1",
                "created_at_unix": at_s,
                "total_calls_scheduled": 0,
                "total_calls_dispatched": 0,
                "total_calls_finished": 0,
                "retry_count": 0,
            },
        )
        known.update({"status": status, "last_updated_at_unix": at_s, **told})
        self.people.setdefault(batch_id, [])

    def person(
        self,
        batch_id: str,
        name: str,
        status: str,
        at_s: int | None,
        talk: str | None = None,
        **told: Any,
    ) -> None:
        """Add a recipient, or move one; the batch moves with it."""
        people = self.people[batch_id]
        known = next((one for one in people if one["id"] == name), None)
        if known is None:
            variables = {"dynamic_variables": {"name": f"person {name}"}}
            known = {
                "id": name,
                "phone_number": f"+1202555{len(people) % 10_000:04d}",
                "conversation_initiation_client_data": variables,
            }
            people.append(known)
        known.update({"status": status, "updated_at_unix": at_s, "conversation_id": talk, **told})
        batch = self.batches[batch_id]
        ended = sum(one["status"] in ("completed", "failed", "voicemail") for one in people)
        batch["total_calls_scheduled"] = len(people)
        batch["total_calls_finished"] = ended
        batch["last_updated_at_unix"] = max(batch["last_updated_at_unix"], at_s or 0)

    async def batch_rows(self) -> tuple[Batch, ...]:
        """List the batches."""
        self.listed += 1
        if self.listing_fails is not None:
            raise self.listing_fails
        body = {"batch_calls": list(self.batches.values()), "has_more": False}
        return read_batch_rows(json.dumps(body).encode()).items

    async def batch(self, batch_id: str) -> BatchWhole:
        """Give one batch."""
        self.asked.append(batch_id)
        await asyncio.sleep(0)
        self.on_read(batch_id)
        if batch_id in self.spoilt:
            return read_batch_detail(self.spoilt[batch_id])
        if batch_id not in self.batches:
            raise ReadFailed("there is no such batch (HTTP 404)")
        return read_batch_detail(self.body(batch_id))

    def body(self, batch_id: str) -> bytes:
        """Give a batch in the platform's words."""
        return json.dumps({**self.batches[batch_id], "recipients": self.people[batch_id]}).encode()

    async def change_batch(self, batch_id: str, change: BatchChange) -> BatchAnswer:
        """Answer as the test says."""
        self.changes.append((batch_id, change))
        return self.answer


class FakeFollowUps:
    """What the monitor asks of the memory of follow-ups, kept in dictionaries.

    One end is one row whatever it is named: every name it comes with is kept with it. `fails`
    gives, by method, what is raised instead of writing.
    """

    def __init__(self) -> None:
        self.rows: list[EndedCall] = []
        self.names: dict[str, int] = {}
        self.marks: dict[str, BatchMark] = {}
        self.figures: dict[str, BatchFigures] = {}
        self.checks: list[Instant] = []
        self.asked_to_add: list[int] = []
        self.forgotten: list[str] = []
        self.fails: dict[str, Exception] = {}
        self.loads = 0

    def _fail(self, method: str) -> None:
        if method in self.fails:
            raise self.fails.pop(method)

    @property
    def keys(self) -> list[str]:
        """Give the keys of the rows, in order."""
        return [str(row.key) for row in self.rows]

    async def add_ended(self, ended: Sequence[Ended], now: Instant) -> int:
        """Keep ended calls, once each."""
        self._fail("add_ended")
        self.asked_to_add.append(len(ended))
        before = len(self.rows)
        for one in ended:
            names = (one.call.key, *one.aliases)
            known = next((self.names[name] for name in names if name in self.names), None)
            if known is None:
                known = len(self.rows)
                self.rows.append(one.call)
            for name in names:
                self.names.setdefault(name, known)
        return len(self.rows) - before

    async def batch_marks(self) -> tuple[BatchMark, ...]:
        """Give the marks."""
        self.loads += 1
        return tuple(self.marks.values())

    async def batch_figures(self, batch_ids: Sequence[str]) -> tuple[BatchFigures, ...]:
        """Give the figures."""
        return tuple(self.figures[one] for one in batch_ids if one in self.figures)

    async def mark_batch(self, mark: BatchMark, figures: BatchFigures) -> None:
        """Keep a mark."""
        self._fail("mark_batch")
        self.marks[mark.batch.count.batch_id] = mark
        self.figures[mark.batch.count.batch_id] = figures

    async def forget_batches(self, batch_ids: Sequence[str]) -> None:
        """Forget batches."""
        self.forgotten += batch_ids
        for one in batch_ids:
            self.marks.pop(one, None)
            self.figures.pop(one, None)

    async def last_check(self) -> Instant | None:
        """Give when the last complete check began."""
        return self.checks[-1] if self.checks else None

    async def checked(self, began_at: Instant) -> None:
        """Keep when a complete check began."""
        self._fail("checked")
        self.checks.append(began_at)
