"""Putting calls into the queue: over HTTP by many at once, and from a file, against bare twins.

Both sides of a figure take turns in several rounds, and the best round of each counts: whatever
else the machine does can only make a round slower.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.filling import fill_queue
from tests.benchmarks.producers import body
from tests.e2e.rig import ROOT, Rig, call_json, free_port, rig, wait_for

PRODUCERS = 64
LINES = 100_000


def program(name: str, *arguments: object) -> dict[str, Any]:
    """Run a program of the benchmarks and give what it printed."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *map(str, arguments)]
    out = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=100)
    return json.loads(out.stdout)


def voiceslot(made: Rig, *arguments: str, stdin: Path | None = None) -> float:
    """Run a command of the product on the rig's engine; give the seconds it took."""
    with (stdin or Path("/dev/null")).open("rb") as given:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "voiceslot_tui", *arguments],
            cwd=made.folder,
            env=made.environment(),
            stdin=given,
            check=False,
            capture_output=True,
            timeout=100,
        )
        seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stderr.decode()[-1000:]
    return seconds


@contextmanager
def paused_engine(folder: Path) -> Iterator[Rig]:
    """Run an engine that dials nobody."""
    with rig(folder) as made:
        made.start()
        voiceslot(made, "pause")
        yield made


@contextmanager
def bare_server(database: Path) -> Iterator[str]:
    """Run the bare twin of the listener for as long as the block lasts."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.bare_queue", "serve"]
    command += ["--database", str(database), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("the bare server answers", lambda: call_json(f"{url}/health") == {})
        yield url
    finally:
        process.terminate()
        process.wait(10)


def rows(database: Path) -> int:
    """Count the queued calls in a database file that nobody uses any more."""
    db = sqlite3.connect(database)
    try:
        counted = db.execute("SELECT count(*) FROM call WHERE state = 'queued'").fetchone()[0]
        return int(counted)
    finally:
        db.close()


@pytest.mark.timeout(300)
def test_many_producers_at_once_are_answered_durably(tmp_path: Path) -> None:
    """At least 1,000 calls a second over HTTP, each committed before its 202."""
    rounds, count = 5, 4000
    found: dict[str, list[dict[str, Any]]] = {"engine": [], "bare aiohttp.web": []}
    with paused_engine(tmp_path / "rig") as made, bare_server(tmp_path / "bare.db") as bare_url:
        urls = {"engine": made.url, "bare aiohttp.web": bare_url}
        for _ in range(rounds):
            for name, url in urls.items():
                given = ("--url", f"{url}/enqueue-call", "--connections", PRODUCERS)
                found[name].append(program("producers", *given, "--count", count))
        made.kill()
        kept = rows(made.data_dir / "voiceslot.db")
    print(f"\nenqueue over HTTP, {PRODUCERS} connections, {count} calls, {rounds} rounds")
    rates: dict[str, float] = {}
    for name, runs in found.items():
        each = sorted(run["accepted"] / run["seconds"] for run in runs)
        rates[name] = each[-1]
        p50 = statistics.median(run["p50_ms"] for run in runs)
        p99 = statistics.median(run["p99_ms"] for run in runs)
        print(
            f"  {name:18} {rates[name]:7.0f} calls/s (worst round {each[0]:.0f})  "
            f"p50 {p50:5.1f} ms  p99 {p99:5.1f} ms"
        )
    print(f"  engine / bare {rates['engine'] / rates['bare aiohttp.web']:.2f}")
    assert all(run["accepted"] == count for run in found["engine"])
    assert kept == rounds * count
    assert rates["engine"] >= 1000


@pytest.mark.timeout(300)
def test_a_file_is_taken_in_twice_the_bare_time(tmp_path: Path) -> None:
    """100,000 lines through the command and a running engine, against one bare process."""
    rounds = 3
    lines = tmp_path / "calls.jsonl"
    lines.write_bytes(b"".join(body(index) + b"\n" for index in range(LINES)))
    fill_queue(tmp_path / "bare", 0)
    bare_database = tmp_path / "bare" / "voiceslot.db"
    ours: list[float] = []
    bare: list[dict[str, float]] = []
    with paused_engine(tmp_path / "rig") as made:
        for _ in range(rounds):
            given = ("bulk", "--database", bare_database, "--lines", lines)
            bare.append(program("bare_queue", *given))
            ours.append(voiceslot(made, "enqueue", stdin=lines))
        made.kill()
        kept = rows(made.data_dir / "voiceslot.db")
    print(f"\nenqueue {LINES:,} lines from a file, {rounds} rounds")
    for part in ("decode", "parse", "insert", "whole"):
        each = sorted(run[part] for run in bare)
        print(f"  bare, {part:8} {each[0]:6.2f} s (worst round {each[-1]:.2f})")
    print(f"  voiceslot      {min(ours):6.2f} s (worst round {max(ours):.2f})")
    ratio = min(ours) / min(run["whole"] for run in bare)
    print(f"  voiceslot / bare {ratio:.2f}")
    assert kept == rounds * LINES
    assert ratio <= 2
