"""Starting the engine as a background process of its own, and knowing when it is there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final

from voiceslot_tui.cli.asking import ENV_FILE
from voiceslot_tui.cli.child_process import ChildProcess, DiedEarly
from voiceslot_tui.cli.failures import say
from voiceslot_tui.link.client import Link, NoEngine, NotAllowed
from voiceslot_tui.paths import Paths, make_folders
from voiceslot_tui.settings import load

START_TIMEOUT_S: Final = 10.0


def is_answered(places: Paths) -> bool:
    """Tell whether an engine answers. Raise Dismissed or NotAllowed where it will not have us."""

    async def attach() -> None:
        (await Link.connect(places.socket)).close()

    try:
        asyncio.run(attach())
    except NotAllowed:
        raise
    except NoEngine:
        return False
    return True


def ensure_engine(places: Paths) -> None:
    """Start an engine unless one answers; return once it does.

    Raise SettingsInvalid with all that is wrong before anything starts, DiedEarly with the
    engine's last words where it ends at once.
    """
    if is_answered(places):
        return
    load(os.environ, ENV_FILE)
    make_folders(places)
    say("starting the engine; it goes on when this console is closed")
    await_engine(start_engine(places, ["serve"], os.environ), places)


def start_engine(
    places: Paths, arguments: Sequence[str], environment: Mapping[str, str]
) -> ChildProcess:
    """Start an engine; what it prints goes to a file in its data folder."""
    output = places.log.with_name("voiceslot-output.log")
    return ChildProcess(arguments, output, environment)


def await_engine(engine: ChildProcess, places: Paths) -> None:
    """Wait until a started engine answers. Raise DiedEarly where it does not in time."""
    deadline = monotonic() + START_TIMEOUT_S
    while not engine.ended():
        if is_answered(places):
            return
        if monotonic() > deadline:
            raise DiedEarly(
                f"the engine (process {engine.pid}) does not answer yet after "
                f"{START_TIMEOUT_S:.0f} s; its log is {places.log}"
            )
    # Another console may have started one at the same moment; then ours has given way to it.
    if is_answered(places):
        return
    for line in engine.last_words().splitlines():
        say(line)
    raise DiedEarly(f"the engine ended at once (exit code {engine.exit_code}); see above")
