"""The console on an engine with a million queued calls: its first paint, keys, memory and silence.

The console and the engine are real processes, the terminal is a pty read by this one. Where a
figure is a time, the best of several rounds counts: whatever else the machine does can only make a
round slower. How much it did is printed.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.benchmarks.meter import Meter, metered, metered_console
from tests.benchmarks.noise import Noise
from tests.benchmarks.test_dispatch import world
from tests.e2e.rig import Rig, rig

MILLION = 1_000_000
ROW = "Ana Ruiz"
DOWN, UP, PAGE_DOWN, HOME, END = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[H", "\x1b[F"
ROUNDS, KEYS = 4, 100
BARE_MS = 2.0
"""What a cursor key takes in a table of lines and nothing else, on the machine of the goals."""


@pytest.fixture(scope="module")
def resting(
    filled: Callable[[int, Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    """Give an engine with a million queued calls whose only slot is taken by somebody else."""
    with rig(tmp_path_factory.mktemp("resting")) as made:
        made.simulator.foreign(1, 36_000.0)
        filled(MILLION, made.data_dir)
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=1)
        yield made


def cpu_seconds(pid: int) -> float:
    """Give the processor time a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Give the memory of a process, in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024 / 1e6


def ready(shown: Meter) -> None:
    """Wait until the rows stand on the screen and all is quiet."""
    shown.wait_for(ROW)
    shown.wait_for_quiet(1.0, deadline_s=60)


def p50_p99(waits_ms: list[float]) -> tuple[float, float]:
    """Give the median and the 99th percentile."""
    ordered = sorted(waits_ms)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)]


@pytest.mark.timeout(300)
def test_an_idle_engine_and_its_console_cost_nothing(resting: Rig) -> None:
    """At most 1 % of a core for the engine, polls included, and not a byte for the console."""
    assert resting.engine is not None
    engine = resting.engine.pid
    alone_s, watched_s = 25, 62
    noise, before = Noise(), cpu_seconds(engine)
    time.sleep(alone_s)
    alone = (cpu_seconds(engine) - before) / alone_s
    with metered_console(resting) as shown:
        ready(shown)
        engine_before, console_before = cpu_seconds(engine), shown.cpu_seconds()
        written = [shown.bytes_written_during(1.0) for _ in range(watched_s)]
        watched = (cpu_seconds(engine) - engine_before) / watched_s
        console = (shown.cpu_seconds() - console_before) / watched_s
    loud = [size for size in written if size]
    print(f"\nnothing happens, {MILLION:,} calls queued, a poll every 2 s ({noise})")
    print(f"  engine alone           {alone:.2%} of a core")
    print(f"  engine with a console  {watched:.2%} of a core")
    print(f"  console                {console:.2%} of a core")
    print(f"  the console wrote {loud} bytes in {len(loud)} of {watched_s} seconds")
    assert alone <= 0.01
    assert watched <= 0.01
    assert console <= 0.01
    # The clock shows minutes, and so do the ages of rows: once a minute something has changed.
    assert len(loud) <= 3
    assert statistics.median(written) == 0


def press(shown: Meter, key: str) -> tuple[float, float]:
    """Press a key many times; print and give p50 and p99 from the key to the last byte."""
    noise = Noise()
    replies = [shown.reply_to(key) for _ in range(KEYS)]
    p50, p99 = p50_p99([reply.last_byte_ms for reply in replies])
    size = statistics.median(reply.size for reply in replies)
    print(f"p50 {p50:5.1f} ms  p99 {p99:5.1f} ms  {size:5.0f} bytes  ({noise})")
    return p50, p99


@pytest.mark.timeout(300)
def test_a_cursor_key_is_answered_at_once(resting: Rig) -> None:
    """From the key to the last byte p50 <= 5 ms and p99 <= 20 ms; at most 60 MB of memory.

    That goal was set where a bare Textual table took BARE_MS. Where one takes longer in the same
    round, because the machine is slower or busy, as much more is allowed.
    """
    bare_program = [sys.executable, "-m", "tests.benchmarks.bare_table"]
    found: list[tuple[float, float]] = []
    with metered_console(resting) as shown, metered(bare_program, {}) as bare:
        ready(shown)
        ready(bare)
        at_start = resident_mb(shown.process.pid)
        print(f"\ncursor keys with {MILLION:,} rows, 120x40, from the key to the last byte")
        for number in range(ROUNDS):
            key = DOWN if number % 2 == 0 else UP
            print("  bare Textual table  ", end="")
            slower = max(1.0, press(bare, key)[0] / BARE_MS)
            print("  console             ", end="")
            p50, p99 = press(shown, key)
            found.append((p50 / slower, p99 / slower))
            if number and min(found)[0] <= 5 and min(p99 for _, p99 in found) <= 20:
                break
        for name, keys in (("page down", [PAGE_DOWN]), ("end and home", [END, HOME])):
            waits = [shown.reply_to(key).last_byte_ms for _ in range(20) for key in keys]
            print(f"  {name:18}  p50 {p50_p99(waits)[0]:5.1f} ms  p99 {p50_p99(waits)[1]:5.1f} ms")
        used = resident_mb(shown.process.pid)
    p50, p99 = min(p50 for p50, _ in found), min(p99 for _, p99 in found)
    print(f"  best rounds, by what a bare table takes then: p50 {p50:.1f} ms  p99 {p99:.1f} ms")
    print(f"  memory {at_start:.0f} MB after the first paint, {used:.0f} MB at the end")
    assert p50 <= 5
    assert p99 <= 20
    assert used <= 60


@pytest.mark.timeout(300)
def test_the_first_paint_comes_within_half_a_second(resting: Rig) -> None:
    """From the command to the first rows on the screen, with a million of them."""
    waits, sizes = [], []
    noise = Noise()
    for _ in range(8):
        began = time.perf_counter()
        with metered_console(resting) as shown:
            waits.append((shown.raw_until(ROW.encode()) - began) * 1000)
            ready(shown)
            sizes.append(len(shown.received))
    print(f"\nattach to the first rows on the screen, {len(waits)} times ({noise})")
    p50, worst = statistics.median(waits), max(waits)
    print(f"  best {min(waits):.0f} ms  p50 {p50:.0f} ms  worst {worst:.0f} ms")
    print(f"  {statistics.median(sizes):,.0f} bytes until all is painted")
    assert min(waits) <= 500


@pytest.mark.timeout(300)
def test_panes_that_change_every_second_write_little(
    filled: Callable[[int, Path], Path], tmp_path: Path
) -> None:
    """A call ends and the next begins about every second: at most 5 KB/s at 120x40."""
    watched_s = 40
    with rig(tmp_path, **{**world(20.0), "limit": 20}) as made:
        filled(MILLION, made.data_dir)
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=20, CALLS_PER_SECOND=1)
        with metered_console(made) as shown:
            ended = lambda: made.simulator.truth()["dials"].get("own", 0)  # noqa: E731
            shown.wait_until(lambda: ended() >= 30, "the slots are full, calls end", 90)
            noise, dials, before = Noise(), ended(), shown.cpu_seconds()
            written = [shown.bytes_written_during(1.0) for _ in range(watched_s)]
            dials, cpu = ended() - dials, (shown.cpu_seconds() - before) / watched_s
    rate = sum(written) / watched_s
    print(
        f"\na live engine, 20 slots, {dials / watched_s:.2f} calls begin and end a second ({noise})"
    )
    print(f"  {rate:,.0f} bytes/s, {max(written):,} in the loudest second; {cpu:.1%} of a core")
    assert dials >= watched_s * 0.5
    assert rate <= 5_000
