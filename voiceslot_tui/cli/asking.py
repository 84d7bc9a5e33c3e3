"""How a command talks to the engine that runs: one link, one piece of work, then gone.

A command never starts an engine. Without one it says so and names the next command.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.link.client import Link, NoEngine, NotAllowed
from voiceslot_tui.paths import Paths, paths
from voiceslot_tui.settings import load_data_dir

_Result = TypeVar("_Result")

ENV_FILE: Final = Path(".env")


def places() -> Paths:
    """Give the files of the engine that the settings mean."""
    return paths(load_data_dir(os.environ, ENV_FILE))


def with_engine(work: Callable[[Link], Awaitable[_Result]]) -> _Result:
    """Attach to the running engine, do some work over the link, detach.

    Raise NoEngine, naming the next command, where none runs; what the work raises passes.
    """
    return asyncio.run(_attached(places().socket, work))


async def _attached(socket: Path, work: Callable[[Link], Awaitable[_Result]]) -> _Result:
    try:
        link = await Link.connect(socket)
    except NotAllowed:
        raise
    except NoEngine as none:
        raise NoEngine(
            f"{none}; start it with `voiceslot serve`, or open the console with `voiceslot`"
        ) from None
    try:
        return await work(link)
    finally:
        link.close()


def pieces(call_ids: Sequence[int]) -> list[tuple[CallId, ...]]:
    """Cut a long list of calls into pieces that one wish may name."""
    return [
        tuple(CallId(call_id) for call_id in call_ids[start : start + COMMAND_CALLS_MAX])
        for start in range(0, len(call_ids), COMMAND_CALLS_MAX)
    ]
