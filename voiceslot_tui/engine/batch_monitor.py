"""The batch monitor: learn of every call that ends in the workspace's own batches.

Nobody tells us of those ends reliably, so that all batches are listed at every check, and those
that moved are read whole. Every end is written down before the batch is remembered as read, and a
check counts only where every watched batch was read: after any outage, or a kill at any point, the
next check begins where the last complete one ended. The same end is written down again harmlessly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from voiceslot_tui.core.batch_progress import (
    BatchChecks,
    BatchView,
    Sample,
    counted,
    pace_of,
    sampled,
)
from voiceslot_tui.core.batches import (
    Batch,
    BatchMark,
    BatchRecipient,
    Watch,
    ended_call,
    in_round,
    look_from,
    looks_for_names,
    needs_reading,
    recipient_alias,
    rounds_of,
    why_watched,
)
from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.errors import ReadFailed, StoreUnavailable, VoiceslotError
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.limits import (
    BATCH_ENDS_AT_ONCE,
    BATCH_INTERVAL_MIN_S,
    BATCH_LOOKS_IN_A_ROW,
    BATCHES_AT_ONCE,
)
from voiceslot_tui.core.text import clean
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.service import PartlyFailed, or_else
from voiceslot_tui.follow_up_ports import BatchWhole, Ended, FollowUpStore, Workspace
from voiceslot_tui.ports import Clock
from voiceslot_tui.turns import let_others_run
from voiceslot_tui.wire.phone_numbers import number_or_nothing

_DEFECT = "it could not be taken in, which is a defect of voiceslot; see its log"
_NAMED_MAX = 3
"""Batches named in one sentence about trouble."""


@dataclass(slots=True)
class _Watched:
    """One watched batch: how it was listed last, and what is remembered of its recipients."""

    batch: Batch
    watch: Watch
    mark: BatchMark | None
    figures: BatchFigures
    looked_at: Instant | None = None
    samples: tuple[Sample, ...] = ()
    error: str = ""
    failures: int = 0

    def is_due(self, now: Instant) -> bool:
        """Tell whether to read it whole."""
        return bool(self.error) or needs_reading(self.batch, self.mark, self.figures.statuses, now)


@dataclass(slots=True)
class _Check:
    """One check under way. `broken` is why nothing can be written down, which ends it.

    `listed_at` is when it began in the platform's time, by which batches are dated.
    """

    began_at: Instant
    listed_at: Instant
    read: int = 0
    failed: list[str] = field(default_factory=list)
    broken: StoreUnavailable | None = None


class BatchMonitor:
    """Reads the workspace's batches at every check, and writes down whose call has ended.

    Where no messages are `wanted`, because no channel is set up, batches are watched for the screen
    only: nothing is written down of them.
    """

    name = "batch monitor"

    def __init__(
        self,
        *,
        workspace: Workspace,
        store: FollowUpStore,
        board: Board,
        clock: Clock,
        interval_s: float,
        wanted: bool,
    ) -> None:
        self.wake = board.bells.batches
        self._workspace = workspace
        self._store = store
        self._bells = board.bells
        self._clock = clock
        self._wanted = wanted
        self._checks = BatchChecks(watching=True, interval_s=max(BATCH_INTERVAL_MIN_S, interval_s))
        self._began_s: float | None = None
        self._loaded = False
        self._last_check: Instant | None = None
        self._marks: dict[str, BatchMark] = {}
        self._figures: dict[str, BatchFigures] = {}
        self._watched: dict[str, _Watched] = {}

    # --- what operators ask

    def set_interval(self, seconds: float) -> None:
        """Check so often from now on, counted from the beginning of the last check."""
        self._checks = replace(self._checks, interval_s=max(BATCH_INTERVAL_MIN_S, seconds))
        self._stir()

    def watch(self, on: bool) -> None:
        """Begin to watch, at once, or stop; a batch being read is still read to its end."""
        self._checks = replace(self._checks, watching=on, error="")
        self._began_s = None
        self._stir()

    def check_now(self) -> None:
        """Check at once instead of when the interval is over."""
        self._began_s = None
        self._stir()

    def checks(self) -> BatchChecks:
        """Tell how the watching goes."""
        return self._checks

    def table(self) -> tuple[BatchView, ...]:
        """Show the watched batches: those under way first, then the newest."""
        order = list(Watch)
        shown = sorted(
            self._watched.values(), key=lambda one: (order.index(one.watch), -one.batch.created_at)
        )
        return tuple(map(_view, shown))

    def _stir(self) -> None:
        self.wake.set()
        self._bells.change()

    # --- one check

    async def step(self) -> float | None:
        """Check when it is time; give the seconds until the next check.

        Raises PartlyFailed while batches could not be read at the last check.
        """
        if self._checks.watching and self._wait_s() <= 0:
            await self._check()
        if not self._checks.watching:
            return None
        wait_s = max(0.0, self._wait_s())
        if self._checks.error:
            raise PartlyFailed(self._checks.error, wait_s)
        return wait_s

    def _wait_s(self) -> float:
        if self._began_s is None:
            return 0.0
        return self._began_s + self._checks.interval_s - self._clock.steady_s()

    async def _check(self) -> None:
        now = self._clock.now()
        check = _Check(began_at=now, listed_at=now)
        began_s = self._began_s = self._clock.steady_s()
        error = "the last check was broken off"
        try:
            await self._load()
            await self._list(check)
            await self._read_moved(check)
            self._note_progress()
            if not check.failed and self._checks.watching:
                await self._store.checked(check.listed_at)
                self._last_check = check.listed_at
            error = self._trouble(check)
        except VoiceslotError as problem:
            error = clean(str(problem))
            self._began_s = None
            raise
        finally:
            self._note(check, began_s, error)

    def _note(self, check: _Check, began_s: float, error: str) -> None:
        self._checks = replace(
            self._checks,
            count=self._checks.count + 1,
            last_at=check.began_at,
            took_s=self._clock.steady_s() - began_s,
            watched=len(self._watched),
            read=check.read,
            failed=len(check.failed),
            error=error if self._checks.watching else "",
        )
        self._bells.change()

    async def _load(self) -> None:
        """Take up what the last run left, once."""
        if self._loaded:
            return
        self._last_check = await self._store.last_check()
        self._marks = {mark.batch.count.batch_id: mark for mark in await self._store.batch_marks()}
        figures = await self._store.batch_figures(tuple(self._marks))
        self._figures = {one.batch_id: one for one in figures}
        self._loaded = True

    async def _list(self, check: _Check) -> None:
        """List all batches, and keep those that are watched."""
        asked_s = self._clock.steady_s()
        rows = await self._workspace.batch_rows()
        check.listed_at = later(self._workspace.now(), asked_s - self._clock.steady_s())
        watched: dict[str, _Watched] = {}
        for row in rows:
            watch = why_watched(row, self._last_check, check.listed_at)
            if watch is not None:
                watched[row.count.batch_id] = self._as_listed(row, watch)
        gone = tuple(set(self._marks) - set(watched))
        if gone:
            await self._store.forget_batches(gone)
        for batch_id in gone:
            self._marks.pop(batch_id, None)
            self._figures.pop(batch_id, None)
        self._watched = watched

    def _as_listed(self, row: Batch, watch: Watch) -> _Watched:
        batch_id = row.count.batch_id
        known = self._watched.get(batch_id)
        if known is None:
            figures = self._figures.get(batch_id, BatchFigures(batch_id))
            return _Watched(row, watch, self._marks.get(batch_id), figures)
        known.batch, known.watch = row, watch
        return known

    async def _read_moved(self, check: _Check) -> None:
        """Read every batch of which anything moved; raises StoreUnavailable as soon as it is."""
        moved = iter([one for one in self._watched.values() if one.is_due(check.began_at)])
        async with asyncio.TaskGroup() as reading:
            for _ in range(BATCHES_AT_ONCE):
                reading.create_task(self._read_each(moved, check))
        if check.broken is not None:
            raise check.broken

    async def _read_each(self, moved: Iterator[_Watched], check: _Check) -> None:
        for one in moved:
            if check.broken is not None or not self._checks.watching:
                return
            one.error = await or_else(partial(self._try, one, check), _DEFECT)
            one.failures = one.failures + 1 if one.error else 0
            if one.error:
                check.failed.append(one.batch.count.batch_id)
            check.read += not one.error

    async def _try(self, one: _Watched, check: _Check) -> str:
        """Read one batch; give why it could not be read, or nothing. It stops no other."""
        read_at = self._clock.now()
        try:
            await self._take(one, await self._whole(one.batch.count.batch_id), read_at)
        except ReadFailed as problem:
            return clean(str(problem))
        except StoreUnavailable as problem:
            check.broken = problem
            return clean(str(problem))
        return ""

    async def _whole(self, batch_id: str) -> BatchWhole:
        whole = await self._workspace.batch(batch_id)
        if whole.batch.count.batch_id != batch_id:
            raise ReadFailed("ElevenLabs answers a read of a batch with another batch")
        return whole

    async def _take(self, one: _Watched, whole: BatchWhole, read_at: Instant) -> None:
        """Write down all who ended, and only then that the batch was read."""
        batch = replace(one.batch, retries=max(one.batch.retries, whole.batch.retries))
        rounds = rounds_of(batch, one.mark)
        look_from_s = look_from(batch, one.mark, one.looked_at, read_at)
        mark = BatchMark(batch, read_at, whole.newest, rounds)
        figures = BatchFigures(batch.count.batch_id, dict(whole.statuses), whole.unreadable)
        if self._wanted:
            unnamed = await self._write_down(batch, rounds, whole.ended_since(look_from_s))
            looks = looks_for_names(one.mark, unnamed)
            mark = replace(mark, unnamed=unnamed, names_looks=looks)
            await self._store.mark_batch(mark, figures)
            self._marks[batch.count.batch_id] = mark
        one.mark, one.figures = mark, figures
        if not look_from_s:
            one.looked_at = read_at

    async def _write_down(
        self, batch: Batch, rounds: tuple[int, ...], recipients: Iterator[BatchRecipient]
    ) -> int:
        """Write down who of them ended; count those of whom no conversation is named."""
        ended: list[Ended] = []
        unnamed = 0
        now = self._clock.now()
        for place, recipient in enumerate(recipients, start=1):
            if place % BATCH_LOOKS_IN_A_ROW == 0:
                await let_others_run()
            found = _ended(in_round(batch, rounds, recipient), recipient, now)
            if found is not None:
                ended.append(found)
                unnamed += found.call.conversation_id is None
            if len(ended) == BATCH_ENDS_AT_ONCE:
                await self._add(ended)
                ended = []
        if ended:
            await self._add(ended)
        return unnamed

    async def _add(self, ended: list[Ended]) -> None:
        if await self._store.add_ended(ended, self._clock.now()):
            self._bells.follow_up.set()
            self._bells.change()

    # --- what is told of it

    def _note_progress(self) -> None:
        now_s = self._clock.steady_s()
        for one in self._watched.values():
            done, _, _ = counted(one.batch, one.figures.statuses, one.figures.unreadable)
            one.samples = sampled(one.samples, Sample(now_s, done))

    def _trouble(self, check: _Check) -> str:
        """Say in one sentence which batches could not be read, and why not the first of them."""
        if not check.failed:
            return ""
        named = ", ".join(clean(batch_id, 40) for batch_id in check.failed[:_NAMED_MAX])
        others = len(check.failed) - _NAMED_MAX
        more = f" and {others} more" if others > 0 else ""
        count = f"{len(check.failed)} of {len(self._watched)} watched batches could not be read"
        why = self._watched[check.failed[0]].error
        return f"{count} and are tried again at the next check: {named}{more} ({why})"


def _ended(batch: Batch, recipient: BatchRecipient, now: Instant) -> Ended | None:
    """Name the end of a recipient's call, also as it is named without its conversation."""
    call = ended_call(batch, recipient, number_or_nothing(recipient.number), now)
    if call is None:
        return None
    alias = recipient_alias(batch, recipient)
    return Ended(call, () if alias is None or alias == call.key else (alias,))


def _view(one: _Watched) -> BatchView:
    figures = one.figures
    done, total, failed = counted(one.batch, figures.statuses, figures.unreadable)
    return BatchView(
        batch=one.batch,
        watch=one.watch,
        statuses=figures.statuses,
        unreadable=figures.unreadable,
        done=done,
        total=total,
        failed=failed,
        pace=pace_of(one.samples, total),
        read_at=None if one.mark is None else one.mark.read_at,
        error=one.error,
        failures=one.failures,
    )
