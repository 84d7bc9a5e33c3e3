"""Makes each mistake of the catalogue in a copy of the source, and sees whether a judge refuses it.

    python -m tests.mutants.run                 all of them
    python -m tests.mutants.run --only pause    those whose name holds a word

The judges are the stories of the simulation: first those that went wrong once, then new ones, for
so many seconds a mistake. Red where a mistake survives, or cannot be made any more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE, STDOUT
from threading import Timer
from typing import Final

from tests.mutants.catalogue import MUTANTS, Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
_SECONDS: Final = 150.0
"""Longest time that the judges may take over one mistake."""
_SEEDS: Final = 100_000
_STANDS_STILL: Final = "a story does not come to its end"
"""What is said of a run that had to be stopped from outside, as a test run would be."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mistake: killed, survived, or impossible; and by what, or why."""

    mutant: Mutant
    word: str
    why: str
    took_s: float


def main() -> int:
    """Judge the mistakes that were asked for; give the exit code."""
    parser = argparse.ArgumentParser(description="Make mistakes and see whether they are noticed.")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    verdicts = []
    with ThreadPoolExecutor(options.processes) as pool:
        for verdict in pool.map(lambda mutant: judged(mutant, options.seconds), chosen):
            verdicts.append(verdict)
            print(
                f"{verdict.word:10} {verdict.took_s:5.0f} s  {verdict.mutant.name}"
                f"\n{'':20}{verdict.why}",
                flush=True,
            )
    killed = sum(verdict.word == "killed" for verdict in verdicts)
    print(f"\n{killed} of {len(verdicts)} mistakes were noticed")
    return 0 if killed == len(verdicts) else 1


def judged(mutant: Mutant, seconds: float) -> Verdict:
    """Make a mistake in a copy of the source, and let the judges look at it."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "voiceslot_tui", copy / "voiceslot_tui", ignore=ignored)
        shutil.copytree(ROOT / "tests" / "simulation", copy / "tests" / "simulation")
        problem = _make(mutant, copy)
        if problem is not None:
            return Verdict(mutant, "impossible", problem, time.monotonic() - began_s)
        word, why = _look(copy, seconds)
        return Verdict(mutant, word, why, time.monotonic() - began_s)


def _make(mutant: Mutant, copy: Path) -> str | None:
    for edit in mutant.edits:
        file = copy / "voiceslot_tui" / edit.file
        text = file.read_text()
        if text.count(edit.old) != 1:
            return f"{edit.file} has {text.count(edit.old)} places that read {edit.old[:60]!r}"
        file.write_text(text.replace(edit.old, edit.new))
        if file.suffix == ".py":
            compile(file.read_text(), str(file), "exec")
    return None


def _look(copy: Path, seconds: float) -> tuple[str, str]:
    """Tell stories to the copy until one goes wrong or time is up."""
    for line in _lines(copy, "--regressions", seconds=seconds):
        if not line.endswith("all promises held"):
            return "killed", line
    plainly = ("--plain", "--processes", "1", "--seeds", str(_SEEDS), "--seconds", str(seconds))
    told = list(_lines(copy, *plainly, seconds=2 * seconds))
    for line in told:
        if " goes wrong: " in line or line == _STANDS_STILL:
            return "killed", line
    last = [line for line in told if line.startswith("seeds ")]
    return ("survived", last[0]) if last else ("broken", "\n".join(told)[-400:])


def _lines(copy: Path, *arguments: str, seconds: float) -> Iterator[str]:
    """Give what a run says, line by line; it ends where nobody listens any more, or time is up."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "tests.simulation.run", *arguments]
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=PIPE, stderr=STDOUT, text=True
    ) as run:
        assert run.stdout is not None
        late = Timer(seconds + 60, run.kill)
        late.start()
        try:
            yield from (line.rstrip("\n") for line in run.stdout)
            if run.wait() == -SIGKILL:
                yield _STANDS_STILL
        finally:
            late.cancel()
            run.kill()


if __name__ == "__main__":
    sys.exit(main())
