"""Makes each mistake of the catalogue in a copy of the source, and sees whether a judge refuses it.

    python -m tests.mutants.run                 all of them
    python -m tests.mutants.run --only pause    those whose name holds a word

The judges are the stories of the simulation: first the one that noticed this mistake last time
(`witnesses.json` keeps which), then those that went wrong once, then new ones, for so many seconds
a mistake. Red where a mistake survives, or cannot be made any more.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from signal import SIGKILL
from subprocess import PIPE, STDOUT
from threading import Timer
from typing import Final

from tests.mutants.catalogue import MUTANTS, Mutant
from tests.simulation.run import REGRESSIONS

ROOT: Final = Path(__file__).resolve().parents[2]
WITNESSES: Final = Path(__file__).with_name("witnesses.json")
"""The story that noticed a mistake last: the name of one that went wrong once, or a seed."""
_GOES_WRONG: Final = re.compile(r"(?:seed (\d+) goes wrong|(\w+)): (.*)")
_SECONDS: Final = 150.0
"""Longest time that the judges may take over one mistake."""
_SEEDS: Final = 100_000
_PLAINLY: Final = ("--plain", "--processes", "1")
_HELD: Final = "all promises held"
_STANDS_STILL: Final = "a story does not come to its end"
"""What is said of a run that had to be stopped from outside, as a test run would be."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mistake: killed, survived, or impossible; and by what, or why."""

    mutant: Mutant
    word: str
    why: str
    took_s: float

    @property
    def witness(self) -> str:
        """Name the story that noticed it; an empty word where it had to be stopped from outside."""
        return _witness(self.why) if self.word == "killed" else ""


def main() -> int:
    """Judge the mistakes that were asked for; give the exit code."""
    parser = argparse.ArgumentParser(description="Make mistakes and see whether they are noticed.")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    verdicts, witnesses = [], json.loads(WITNESSES.read_text()) if WITNESSES.exists() else {}
    with ThreadPoolExecutor(options.processes) as pool:
        known = [witnesses.get(mutant.name, "") for mutant in chosen]
        for verdict in pool.map(partial(judged, seconds=options.seconds), chosen, known):
            verdicts.append(verdict)
            _keep(witnesses, verdict)
            print(
                f"{verdict.word:10} {verdict.took_s:5.0f} s  {verdict.mutant.name}"
                f"\n{'':20}{verdict.why}",
                flush=True,
            )
    killed = sum(verdict.word == "killed" for verdict in verdicts)
    print(f"\n{killed} of {len(verdicts)} mistakes were noticed")
    return 0 if killed == len(verdicts) else 1


def _keep(witnesses: dict[str, str], verdict: Verdict) -> None:
    if verdict.witness and witnesses.get(verdict.mutant.name) != verdict.witness:
        witnesses[verdict.mutant.name] = verdict.witness
        WITNESSES.write_text(json.dumps(witnesses, indent=1, sort_keys=True) + "\n")


def judged(mutant: Mutant, witness: str, seconds: float) -> Verdict:
    """Make a mistake in a copy of the source, and let the judges look at it, `witness` first."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "voiceslot_tui", copy / "voiceslot_tui", ignore=ignored)
        shutil.copytree(ROOT / "tests" / "simulation", copy / "tests" / "simulation")
        problem = _make(mutant, copy)
        if problem is not None:
            return Verdict(mutant, "impossible", problem, time.monotonic() - began_s)
        noticed = _ask(copy, witness, seconds) if witness else ""
        word, why = ("killed", noticed) if noticed else _look(copy, seconds)
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


def _ask(copy: Path, witness: str, seconds: float) -> str:
    """Tell the copy one story; give what goes wrong in it, an empty word where nothing does."""
    if witness.isdigit():
        one = ("--seeds", "1", "--from", witness)
        return _wrong(_lines(copy, *_PLAINLY, *one, seconds=seconds))
    stories = copy / "tests" / "simulation" / "regressions"
    others = stories.rename(stories.with_name("others"))
    stories.mkdir()
    try:
        shutil.copy(others / f"{witness}.json", stories)
        return _wrong(_lines(copy, "--regressions", seconds=seconds))
    except FileNotFoundError:
        return ""
    finally:
        shutil.rmtree(stories)
        others.rename(stories)


def _look(copy: Path, seconds: float) -> tuple[str, str]:
    """Tell stories to the copy until one goes wrong or time is up."""
    wrong = _wrong(_lines(copy, "--regressions", seconds=seconds))
    if wrong:
        return "killed", wrong
    many = ("--seeds", str(_SEEDS), "--seconds", str(seconds))
    told = list(_lines(copy, *_PLAINLY, *many, seconds=2 * seconds))
    wrong = _wrong(told)
    if wrong:
        return "killed", wrong
    last = [line for line in told if line.startswith("seeds ")]
    return ("survived", last[0]) if last else ("broken", "\n".join(told)[-400:])


def _wrong(lines: Iterable[str]) -> str:
    """Give the first line that says that a story goes wrong; an empty word where none does."""
    return next((line for line in lines if line == _STANDS_STILL or _witness(line)), "")


def _witness(line: str) -> str:
    """Name the story that a line says goes wrong: a seed, or one that went wrong once."""
    found = _GOES_WRONG.match(line)
    if found is None:
        return ""
    seed, name, what = found.groups()
    is_story = seed is not None or (REGRESSIONS / f"{name}.json").is_file()
    return (seed or name) if is_story and what != _HELD else ""


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
