"""Tells many stories and says what they reached. Run as a program: see `make simulate`.

    python -m tests.simulation.run --seeds 1000 --from 0    stories of so many seeds
    python -m tests.simulation.run --tally F ...            the same; stopped, it goes on from F
    python -m tests.simulation.run --replay 17              one story, in words, and how it goes
    python -m tests.simulation.run --shrink 17              its shortest version that goes wrong

The stories are shared out among the processors. The first that goes wrong ends the run with exit
code 1 and the words of its shortest version. With `--nightly` the run goes on to its end and names
all that went wrong; it is also red where a kind of trouble struck too seldom, or a transition was
never taken.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from tests.simulation.coverage import Coverage
from tests.simulation.happenings import HAPPENINGS, draw_story, in_words
from tests.simulation.judge import LEGAL_MOVES
from tests.simulation.message_judge import MESSAGE_MOVES, SELDOM
from tests.simulation.shrinking import shrunk
from tests.simulation.stories import Story, story_from
from tests.simulation.tally import Tally, kept
from tests.simulation.telling import Told, tell
from tests.simulation.watchdog import StandsStill, watched

REGRESSIONS: Final = Path(__file__).parent / "regressions"
_LONG_EVERY: Final = 50
"""Every so many seeds one tells a long story, of hours."""
_FIRED_MIN: Final = 100
_CHUNK: Final = 20
_SAID_EVERY: Final = 500
_STORY_CPU_S: Final = 60.0
"""Processor time that no story needs; one that does goes round in a circle."""
_SHARED_MEMORY: Final = Path("/dev/shm")
_SEED_OF_HASHES: Final = "0"


def main() -> int:
    """Do what the command line says; give the exit code."""
    options = _options()
    # The order of sets of text must be the same each time that a story is told.
    if os.environ.get("PYTHONHASHSEED") != _SEED_OF_HASHES:
        os.environ["PYTHONHASHSEED"] = _SEED_OF_HASHES
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation.run", *sys.argv[1:]])
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    if options.replay is not None:
        return _show(story_of(options.replay))
    if options.shrink is not None:
        return _explain(story_of(options.shrink), told(story_of(options.shrink)))
    if options.regressions:
        return _tell_regressions()
    return _tell_many(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tell stories of trouble to the engine.")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--nightly", action="store_true", help="go on after what goes wrong")
    parser.add_argument("--tally", type=Path, help="keep the count here, and go on from it")
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=int)
    parser.add_argument("--shrink", type=int)
    parser.add_argument("--regressions", action="store_true")
    parser.add_argument("--plain", action="store_true", help="do not shrink what goes wrong")
    return parser.parse_args()


def story_of(seed: int) -> Story:
    """Give the story of a seed."""
    return draw_story(seed, long=seed % _LONG_EVERY == _LONG_EVERY - 1)


def told(story: Story) -> Told:
    """Tell a story in a folder of its own, in memory where there is room for it."""
    place = _SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="story-", dir=place))
    try:
        with _nothing_collected(), watched(_STORY_CPU_S):
            return tell(story, folder)
    except StandsStill as standing:
        return Told(f"P9: it stands still: {standing}", "", Coverage(), 0.0, _STORY_CPU_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Leave all garbage lying while a story is told.

    A process that was killed cleans up nothing; and when a collection comes depends on what was
    told before.
    """
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


# --- many


def _tell_some(first: int, count: int, *, to_the_end: bool) -> list[tuple[int, Told]]:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    found = []
    for seed in range(first, first + count):
        found.append((seed, told(story_of(seed))))
        if found[-1][1].violation is not None and not to_the_end:
            break
    return found


def _tell_many(options: argparse.Namespace) -> int:
    tally = Tally(options.first) if options.tally is None else kept(options.tally, options.first)
    if tally.stories:
        print(f"going on after {tally.words()}", flush=True)
    began_s, took_before_s = time.monotonic(), tally.took_s
    left = options.first + options.seeds - tally.next_seed
    for seed, one in _each(tally.next_seed, left, options):
        if one.violation is not None:
            print(f"\nseed {seed} goes wrong: {one.violation}\n", flush=True)
            if not options.nightly:
                return 1 if options.plain else _explain(story_of(seed), one)
        tally.add(seed, one)
        tally.took_s = took_before_s + time.monotonic() - began_s
        if tally.stories % _SAID_EVERY == 0:
            print(tally.words(), flush=True)
            if options.tally is not None:
                tally.keep(options.tally)
        if options.seconds is not None and tally.took_s > options.seconds:
            break
    return _sum_up(tally, options)


def _sum_up(tally: Tally, options: argparse.Namespace) -> int:
    if options.tally is not None:
        tally.keep(options.tally)
    _show_coverage(tally.reached)
    print(f"seeds {tally.first} to {tally.next_seed - 1}: {tally.words()}")
    for seed in tally.wrong:
        print(f"went wrong: seed {seed}; --shrink {seed} cuts it short")
    missing = _missing(tally.reached) if options.nightly else []
    for line in missing:
        print(f"not reached: {line}")
    return 1 if missing or tally.wrong else 0


def _each(first: int, count: int, options: argparse.Namespace) -> Iterator[tuple[int, Told]]:
    """Tell the stories of consecutive seeds, in order, by several processes."""
    chunks = [
        (start, min(_CHUNK, first + count - start)) for start in range(first, first + count, _CHUNK)
    ]
    processes, tell_some = options.processes, partial(_tell_some, to_the_end=options.nightly)
    if processes <= 1:
        for chunk in chunks:
            yield from tell_some(*chunk)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        ahead = processes * 3
        waiting = [pool.submit(tell_some, *chunk) for chunk in chunks[:ahead]]
        try:
            for index in range(len(chunks)):
                yield from waiting[index].result()
                if index + ahead < len(chunks):
                    waiting.append(pool.submit(tell_some, *chunks[index + ahead]))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _show_coverage(reached: Coverage) -> None:
    states = sorted({state for _, state in reached.cells})
    width = max((len(fault) for fault in reached.fired), default=0)
    print("\nhow often each kind of trouble struck, and while how many stories' calls were in")
    print(f"  {'':{width}} {'struck':>8} " + " ".join(f"{state[:9]:>9}" for state in states))
    for fault, count in sorted(reached.fired.items()):
        cells = " ".join(f"{reached.cells[fault, state]:>9}" for state in states)
        print(f"  {fault:{width}} {count:>8} {cells}")
    print("\ntransitions taken")
    for (old, new), count in sorted(reached.moves.items()):
        print(f"  {old:>17} to {new:17} {count:>9}")


def _missing(reached: Coverage) -> list[str]:
    wanted = {fault for happening in HAPPENINGS.values() for fault in happening.strikes}
    seldom = [
        f"{fault}: struck {reached.fired[fault]} times, {_FIRED_MIN} are wanted"
        for fault in sorted(wanted | set(reached.fired))
        if reached.fired[fault] < _FIRED_MIN
    ]
    messages = {(f"message {old}", f"message {new}") for old, new in MESSAGE_MOVES - SELDOM}
    never = sorted((LEGAL_MOVES | messages) - set(reached.moves))
    return [*seldom, *(f"the transition from {old} to {new}" for old, new in never)]


# --- one


def _show(story: Story) -> int:
    one = told(story)
    print(in_words(story))
    print(f"\n{one.violation or 'all promises held'}")
    print(f"{one.virtual_s:.0f} simulated seconds, digest {one.digest[:16]}")
    return 1 if one.violation else 0


def _explain(story: Story, one: Told) -> int:
    """Cut a story that goes wrong short, tell it in words, and write it where it can be kept."""
    if one.violation is None:
        print("all promises held: there is nothing to cut short")
        return 0
    kind = _kind(one)
    short = shrunk(story, lambda other: _kind(told(other)) == kind)
    last = told(short)
    print(in_words(short))
    print(f"\n{last.violation}")
    kept = Path(tempfile.gettempdir()) / f"story-{story.seed}.json"
    kept.write_text(json.dumps(short.as_json(), indent=1) + "\n")
    print(f"\nkeep it: cp {kept} {REGRESSIONS.relative_to(Path.cwd())}/NAME.json")
    return 1


def _kind(one: Told) -> str:
    """Name the kind of a violation: its words without figures and names."""
    words = (one.violation or "").partition(": ")[2] or (one.violation or "")
    return " ".join(word for word in words.split() if not any(c.isdigit() for c in word))[:60]


# --- the ones that went wrong once


def regressions() -> dict[str, Any]:
    """Read the stories that went wrong once, by name."""
    files = sorted(REGRESSIONS.glob("*.json"))
    return {file.stem: json.loads(file.read_text()) for file in files}


def _tell_regressions() -> int:
    wrong = 0
    for name, body in regressions().items():
        one = told(story_from(body))
        print(f"{name}: {one.violation or 'all promises held'}")
        wrong += one.violation is not None
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
