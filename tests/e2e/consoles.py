"""Operators' consoles on a rig: each the real program in a terminal of its own, typed on and read.

What a screen says is looked for in words, as an operator would; what really happened is asked of
the simulator and of the engine.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.e2e.outside import enqueue_body, status
from tests.e2e.rig import Rig, number, wait_for
from tests.e2e.terminal_harness import Terminal, terminal

LIVE = "● live"
GONE = "engine gone"
HELD_KEY_S = 0.8
"""After so long the same key is a new press and no held key."""
_QUEUE = re.compile(r"queue ([\d,]+)")
_GONE_TO = re.compile(r"▌ *([\d,]+) ")


@contextmanager
def console(
    made: Rig, *arguments: str, size: tuple[int, int] = (120, 40), stdin: str = "", **more: object
) -> Iterator[Terminal]:
    """Run `voiceslot` in a terminal, in the rig's folder; more settings may be given by name.

    `stdin` names a file there that is read instead of the keys.
    """
    program = [sys.executable, "-m", "voiceslot_tui", *arguments]
    run = 'cd "$0" && exec "$@"' + (f" < {stdin}" if stdin else "")
    command = ["/bin/sh", "-c", run, str(made.folder), *program]
    with terminal(command, environ=made.environment(**more), size=size) as shown:
        yield shown


@contextmanager
def attached(made: Rig, **options: Any) -> Iterator[Terminal]:
    """Run a console and wait until it shows the engine's state."""
    with console(made, **options) as shown:
        shown.wait_for(LIVE)
        yield shown


def press(shown: Terminal, keys: str, then: str) -> None:
    """Type, and wait until a text stands on the screen."""
    shown.send(keys)
    shown.wait_for(then)


def press_again(shown: Terminal, keys: str, then: str) -> None:
    """Press a key that was just pressed, late enough not to be taken for a held one."""
    shown.bytes_written_during(HELD_KEY_S)
    press(shown, keys, then)


def confirm(shown: Terminal, key: str, question: str, then: str) -> None:
    """Press a key that asks, and say yes."""
    press(shown, key, question)
    press(shown, "y", then)


def escape(shown: Terminal, until_gone: str) -> None:
    """Press Esc, and wait until a text is gone: a key that follows too soon would make it Alt."""
    shown.send("\x1b")
    shown.wait_until(lambda: until_gone not in shown.text, f"{until_gone!r} to go")


def queue_shown(shown: Terminal) -> int | None:
    """Read from the header how many calls are queued."""
    found = _QUEUE.search(shown.lines[0])
    return int(found[1].replace(",", "")) if found else None


def row_gone_to(shown: Terminal) -> int | None:
    """Read the number of the row under the cursor."""
    found = next(filter(None, map(_GONE_TO.search, shown.lines)), None)
    return int(found[1].replace(",", "")) if found else None


def line_of(shown: Terminal, words: str) -> str:
    """Give the first line that holds some words; empty where there is none."""
    return next((line for line in shown.lines if words in line), "")


def words(shown: Terminal) -> str:
    """Give the screen as running text: pane by pane where there are boxes beside each other."""
    lines = shown.lines
    boxes = [
        (found.start(), found.end(), y)
        for y, line in enumerate(lines)
        for found in re.finditer("╭─[^╮]*╮", line)
    ]
    text = [] if boxes else list(lines)
    for left, right, top in boxes:
        for line in lines[top:]:
            text.append(line[left + 1 : right - 1].strip("│─╭╮╰╯ "))
            if line[left : left + 1] == "╰":
                break
    first = min((top for _, _, top in boxes), default=0)
    return " ".join(" ".join([*lines[:first], *text, lines[-1]]).split())


def find(shown: Terminal, wanted: str, row: str) -> None:
    """Filter the queue, and wait until the cursor is on the row that was looked for."""
    press(shown, f"/{wanted}\r", f"1 Queue  /{wanted}")
    shown.wait_until(lambda: row in line_of(shown, "▌"), f"the row of {row!r}")


def pieces(telephone: str) -> str:
    """Write a number of the rig's people as the screen does."""
    return f"{telephone[:2]} {telephone[2:5]} {telephone[5:8]} {telephone[8:]}"


def fill(made: Rig, people: Iterable[int], **variables: object) -> None:
    """Queue a call to each of these people, in this order, by `voiceslot enqueue`."""
    bodies = made.folder / "calls.jsonl"
    with bodies.open("w") as file:
        for index in people:
            named = {"name": f"Person {index}", **variables}
            data = {"conversationInitiationClientData": {"dynamic_variables": named}}
            file.write(json.dumps(enqueue_body(number(index), **data)) + "\n")
    with bodies.open() as file:
        subprocess.run(
            [sys.executable, "-m", "voiceslot_tui", "enqueue"],
            cwd=made.folder,
            env=made.environment(),
            stdin=file,
            capture_output=True,
            timeout=60,
            check=True,
        )


def own_numbers(made: Rig) -> list[str]:
    """Give whom we rang, in the order of the dials."""
    dials = made.simulator.dials()
    return [str(dial["number"]) for dial in dials if dial["owner"] == "own"]


def session_of(shown: Terminal) -> list[int]:
    """Name the processes that still belong to a terminal's session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == shown.process.pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


@contextmanager
def background_engine(made: Rig) -> Iterator[None]:
    """End an engine that a console started for itself, if it still runs after the block."""
    try:
        yield
    finally:
        with suppress(AssertionError, OSError):
            pid = int(status(made)["pid"])
            os.kill(pid, signal.SIGTERM)
            wait_for("the engine ends", lambda: not _is_running(pid))


def _is_running(pid: int) -> bool:
    with suppress(OSError):
        return (Path(f"/proc/{pid}") / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
