"""A million queued calls against a thousand or a hundred thousand: claims, pages, memory, starts.

Where two sizes are compared they take turns, so that what else the machine does falls on both.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.benchmarks.test_dispatch import world
from tests.e2e.rig import API_KEY, Rig, call_json, rig, wait_for
from voiceslot_tui.core.calls import AttemptId, CallState, Instant
from voiceslot_tui.core.pages import Filter, PageQuery, Segment
from voiceslot_tui.core.slots import Ceiling, Gate, Reading
from voiceslot_tui.link.client import Link
from voiceslot_tui.paths import paths
from voiceslot_tui.store import paging, queueing, reading
from voiceslot_tui.store.sqlite import SqliteStore, open_store
from voiceslot_tui.wire import control

THOUSAND = 1_000
HUNDRED_THOUSAND = 100_000
MILLION = 1_000_000
MIB = 1024 * 1024
Fill = Callable[[int, Path], Path]


def shown(label: str, waits_ms: list[float]) -> tuple[float, float]:
    """Print the median and the 99th percentile of waits; give both."""
    ordered = sorted(waits_ms)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    print(f"  {label:34} p50 {p50:7.2f} ms  p99 {p99:7.2f} ms  ({len(ordered)} times)")
    return p50, p99


# --- claims


class Claims:
    """Claims calls from one store and keeps what each claim took, in milliseconds."""

    def __init__(self) -> None:
        self.waits_ms: dict[int, list[float]] = {1: [], 10: []}
        self._holding = 0
        self._names = itertools.count()

    async def claim(self, store: SqliteStore, count: int) -> None:
        """Reserve so many calls in one transaction, as the dispatcher does."""
        now = Instant(time.time_ns() // 1_000_000)
        limit = self._holding + count
        gate = Gate(Ceiling(limit, float(limit)), 0, Reading(), 1e9)
        began = time.perf_counter()
        reserved = await store.reserve(gate, frozenset(), self._name, 1860.0, now)
        self.waits_ms[count].append((time.perf_counter() - began) * 1000)
        assert len(reserved.orders) == count
        self._holding = reserved.holding

    def forget_holding(self) -> None:
        """Begin with another store."""
        self._holding = 0

    def _name(self) -> AttemptId:
        return AttemptId(f"att_{os.getpid()}_{next(self._names)}")


async def take_turns(large: SqliteStore, small_folder: Path, claims: tuple[Claims, Claims]) -> None:
    """Claim from a small and a large store in turns; the small one is new each time."""
    large_claims, small_claims = claims
    small = await open_store(small_folder / "voiceslot.db", Instant(time.time_ns() // 1_000_000))
    small_claims.forget_holding()
    try:
        for count in (1,) * 200 + (10,) * 60:
            await small_claims.claim(small, count)
            await large_claims.claim(large, count)
        await small.checkpoint()
        await large.checkpoint()
    finally:
        await small.close()


@pytest.mark.timeout(300)
def test_a_claim_costs_the_same_in_a_million(filled: Fill, tmp_path: Path) -> None:
    """The p99 of a claim grows by at most 5 ms from 1,000 to 1,000,000 queued calls."""
    rounds = 5
    large_claims, small_claims = Claims(), Claims()

    large_folder = filled(MILLION, tmp_path / "large")
    small_folders = [filled(THOUSAND, tmp_path / f"small-{number}") for number in range(rounds)]

    async def measure() -> None:
        now = Instant(time.time_ns() // 1_000_000)
        large = await open_store(large_folder / "voiceslot.db", now)
        try:
            for small_folder in small_folders:
                await take_turns(large, small_folder, (large_claims, small_claims))
        finally:
            await large.close()

    asyncio.run(measure())
    print("\nclaims, each one durable transaction")
    for count in (1, 10):
        _, small_p99 = shown(f"{count} of {THOUSAND:,}", small_claims.waits_ms[count])
        _, large_p99 = shown(f"{count} of {MILLION:,}", large_claims.waits_ms[count])
        assert large_p99 <= small_p99 + 5


# --- what is asked of the store, counted in steps of SQLite's machine


def steps(db: sqlite3.Connection, ask: Callable[[sqlite3.Connection], object]) -> int:
    """Count the instructions that SQLite's virtual machine runs for a question, in hundreds."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    ask(db)  # Statements are prepared now, and pages of the file are in the cache.
    db.set_progress_handler(count, 10)
    try:
        ask(db)
    finally:
        db.set_progress_handler(None, 0)
    return counted * 10


def middle(db: sqlite3.Connection) -> PageQuery:
    """Ask for a page in the middle of the queue, by key."""
    newest = db.execute("SELECT max(id) FROM call").fetchone()[0]
    return PageQuery(key=(1, 0, 0, newest // 2))


QUESTIONS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "counters": reading.counts,
    "calls under way": reading.open_calls,
    "first page": partial(paging.page, query=PageQuery()),
    "page in the middle": lambda db: paging.page(db, middle(db)),
    "last page": partial(paging.page, query=PageQuery(backwards=True)),
    "first finished": partial(paging.page, query=PageQuery(Segment.DONE)),
    "page of one state": partial(
        paging.page, query=PageQuery(where=Filter(states=frozenset({CallState.LIVE})))
    ),
    "word found everywhere": partial(paging.page, query=PageQuery(where=Filter(words=("ana",)))),
    "word found nowhere": partial(paging.page, query=PageQuery(where=Filter(words=("zzz",)))),
    "a whole number": partial(
        paging.page, query=PageQuery(where=Filter(number_prefix="+12015550142"))
    ),
    "the beginning of all numbers": partial(
        paging.page, query=PageQuery(where=Filter(number_prefix="+"))
    ),
    "next due": queueing.next_due,
    "due calls made ready": lambda db: queueing.promote(db, Instant(0)),
    "numbers woken": lambda db: queueing.wake_numbers(db, "", Instant(0)),
    "refused routes": queueing.denied_routes,
    "journal": lambda db: reading.journal(db, None, 10),
}


@pytest.mark.timeout(300)
def test_no_question_grows_with_the_queue(filled: Fill, tmp_path: Path) -> None:
    """Every question runs as many instructions at 1,000,000 calls as at 100,000."""
    sizes = (HUNDRED_THOUSAND, MILLION)
    files = {count: filled(count, tmp_path / str(count)) / "voiceslot.db" for count in sizes}
    found: dict[str, list[int]] = {name: [] for name in QUESTIONS}
    for count in sizes:
        db = sqlite3.connect(files[count], isolation_level=None)
        for name, ask in QUESTIONS.items():
            found[name].append(steps(db, ask))
        db.close()
    print("\ninstructions of SQLite's machine for one question, the second time it is asked")
    print(f"  {'':30} {'100,000':>10} {'1,000,000':>10}")
    for name, (few, many) in found.items():
        print(f"  {name:30} {few:10,} {many:10,}")
    for name, (few, many) in found.items():
        assert many <= few * 1.05 + 100, name


# --- the engine's process


def status(pid: int, name: str) -> float:
    """Read a size of a process, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def start(made: Rig, **settings: object) -> float:
    """Start the engine of a rig; give the seconds until it is healthy."""
    began = time.monotonic()
    made.start(wait=False, **settings)
    wait_for("the engine answers", made.healthy, every_s=0.005)
    return time.monotonic() - began


ASKED: dict[str, Callable[[int], control.Body]] = {
    "snapshot": lambda _: control.GetSnapshot(),
    "first page": lambda _: control.GetPage(PageQuery()),
    "page in the middle": lambda n: control.GetPage(PageQuery(key=(1, 0, 0, n // 2))),
    "last page": lambda _: control.GetPage(PageQuery(backwards=True)),
    "a whole number": lambda _: control.GetPage(
        PageQuery(where=Filter(number_prefix="+12015550142"))
    ),
    "word found everywhere": lambda _: control.GetPage(PageQuery(where=Filter(words=("ana",)))),
    "word found nowhere": lambda _: control.GetPage(PageQuery(where=Filter(words=("zzz",)))),
    "one call": lambda n: control.GetDetail(n // 2),
}


async def ask_in_turns(links: dict[int, Link], rounds: int) -> dict[str, dict[int, list[float]]]:
    """Ask engines of different sizes the same, in turns; give the waits in milliseconds."""
    waits: dict[str, dict[int, list[float]]] = {}
    for name, ask in ASKED.items():
        waits[name] = {count: [] for count in links}
        for _ in range(rounds):
            for count, link in links.items():
                began = time.perf_counter()
                await link.ask(ask(count))
                waits[name][count].append((time.perf_counter() - began) * 1000)
    return waits


@pytest.mark.timeout(300)
def test_the_engine_starts_and_answers_the_same_at_a_million(filled: Fill, tmp_path: Path) -> None:
    """Healthy within 2 s, at most 150 MB, and pages as fast as in a small queue."""
    with rig(tmp_path / "large") as large, rig(tmp_path / "small") as small:
        # The limit is taken by others, so that nothing is dialled and the sizes stay as they are.
        starts: list[float] = []
        for made, count in ((large, MILLION), (small, HUNDRED_THOUSAND)):
            made.simulator.foreign(1, 3600.0)
            filled(count, made.data_dir)
        for _ in range(3):
            starts.append(start(large, ELEVENLABS_CONCURRENCY_LIMIT=1))
            large.kill(15)
        start(large, ELEVENLABS_CONCURRENCY_LIMIT=1)
        start(small, ELEVENLABS_CONCURRENCY_LIMIT=1)
        assert large.engine is not None
        at_start = status(large.engine.pid, "VmRSS")

        async def measure() -> dict[str, dict[int, list[float]]]:
            sockets = {MILLION: large.data_dir, HUNDRED_THOUSAND: small.data_dir}
            links = {
                count: await Link.connect(paths(folder).socket) for count, folder in sockets.items()
            }
            found = await ask_in_turns(links, 150)
            for link in links.values():
                link.close()
            return found

        waits = asyncio.run(measure())
        peak = status(large.engine.pid, "VmHWM")
        assert large.states()["queued"] == MILLION
    print(f"\nthe engine with {MILLION:,} queued calls")
    print(f"  start to healthy, 3 times          {', '.join(f'{s:.2f}' for s in starts)} s")
    print(f"  memory after the start             {at_start:.0f} MiB")
    print(f"  most memory after {150 * len(ASKED)} questions   {peak:.0f} MiB")
    for name, by_count in waits.items():
        small_p50, _ = shown(f"{name}, {HUNDRED_THOUSAND:,}", by_count[HUNDRED_THOUSAND])
        large_p50, _ = shown(f"{name}, {MILLION:,}", by_count[MILLION])
        assert large_p50 <= small_p50 * 1.5 + 2, name
    assert min(starts) <= 2
    assert peak * MIB <= 150_000_000


# --- killed under load


def first_new_dial(made: Rig, limit: int) -> float:
    """Start an engine; give the seconds until the simulator hears of a new dial of its."""
    before = made.simulator.truth()["dials"]["own"]
    began = time.monotonic()
    made.start(wait=False, ELEVENLABS_CONCURRENCY_LIMIT=limit)
    wait_for("a new dial", lambda: made.simulator.truth()["dials"]["own"] > before, every_s=0.005)
    return time.monotonic() - began


def one_list_read(made: Rig) -> float:
    """Give the seconds of one read of the platform's live calls."""
    url = f"{made.simulator.address}/v1/convai/conversations?page_size=100"
    began = time.monotonic()
    call_json(url, headers={"xi-api-key": API_KEY})
    return time.monotonic() - began


@pytest.mark.timeout(300)
def test_after_a_kill_under_load_free_slots_dial_at_once(filled: Fill, tmp_path: Path) -> None:
    """With slots free, the first new dial within 2 s of the start and one read of the list."""
    limit, talk_s = 50, 4.0
    with rig(tmp_path, **{**world(talk_s), "limit": 2 * limit}) as made:
        filled(MILLION, made.data_dir)
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=limit)
        waits: dict[str, list[float]] = {"others still live": [], "all ended meanwhile": []}
        for number in range(3):
            for name, times in waits.items():
                goal = made.simulator.truth()["dials"].get("own", 0) + 2 * limit
                wait_for("load", partial(dialled, made, goal))
                made.kill()
                if name == "all ended meanwhile":
                    wait_for("quiet", lambda: made.simulator.truth()["live"] == 0)
                # The slots of those still live stay taken: 10 more are free.
                times.append(first_new_dial(made, limit + 10 * (number + 1)))
        reads = [one_list_read(made) for _ in range(5)]
        truth = made.simulator.truth()
        assert made.engine is not None
        peak = status(made.engine.pid, "VmHWM")
    print(f"\nkill -9 under load with {MILLION:,} queued calls, limit {limit}: start to first dial")
    for name, times in waits.items():
        print(f"  {name:22} {', '.join(f'{wait:.2f}' for wait in times)} s")
    print(f"  one read of the list   {min(reads):.3f} s")
    print(f"  most memory            {peak:.0f} MiB")
    assert truth["people_rung_again"] == {}
    for times in waits.values():
        assert min(times) <= 2 + max(reads)
    assert peak * MIB <= 150_000_000


def dialled(made: Rig, count: int) -> bool:
    """Tell whether so many calls were dialled."""
    return bool(made.simulator.truth()["dials"].get("own", 0) >= count)
