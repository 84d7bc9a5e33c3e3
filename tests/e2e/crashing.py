"""Starts the engine as `serve` does, with one place armed at which the process kills itself.

Run as a program: `python -m tests.e2e.crashing POINT N`. At the N-th time that the point is
reached, the process sends itself SIGKILL: nothing is flushed, nothing is told to anybody.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

from voiceslot_tui.core.facts import Accepted, Over
from voiceslot_tui.engine.dispatcher import Dispatcher
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.http import Http
from voiceslot_tui.store import database

_left: list[None] = []


def reached() -> None:
    """Count down, and die at zero."""
    _left.pop()
    if not _left:
        os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: Any, name: str, applies: Callable[..., bool] = lambda *_: True) -> None:
    original = getattr(owner, name)

    def armed(*args: Any, **kwargs: Any) -> Any:
        if applies(*args):
            reached()
        return original(*args, **kwargs)

    setattr(owner, name, armed)


def reserved_not_sent() -> None:
    """Die when the slot is committed and the request has not left."""
    _before(ElevenLabs, "start_call")


def in_flight() -> None:
    """Die when the platform has read the request and its answer is on its way."""
    original = Http._exchange

    async def armed(self: Http, request: Any, bytes_max: int) -> Any:
        if request.method == "POST":
            import asyncio

            asyncio.get_running_loop().call_later(0.15, reached)
        return await original(self, request, bytes_max)

    Http._exchange = armed  # type: ignore[method-assign]


def answered_not_committed() -> None:
    """Die when the platform named the conversation and nobody has written it down."""
    _before(Dispatcher, "_judge", lambda *args: isinstance(args[2], Accepted))


def in_mid_commit_of_an_end() -> None:
    """Die when the news of an end is in the transaction, before the commit."""
    original = database._run_one

    def armed(connection: sqlite3.Connection, write: Any, alone: bool) -> Any:
        outcome = original(connection, write, alone)
        settled = outcome.value if isinstance(outcome.value, tuple) else ()
        if any(getattr(one, "steps", ()) and "over" in one.steps for one in settled):
            reached()
        return outcome

    database._run_one = armed  # type: ignore[assignment]


def committed_not_told() -> None:
    """Die when an end is committed and nobody has heard of it yet."""
    original = Ledger._announce

    def armed(self: Ledger, settlement: Any, *args: Any) -> None:
        if "over" in settlement.steps:
            reached()
        original(self, settlement, *args)

    Ledger._announce = armed  # type: ignore[method-assign]


def told_of_an_end() -> None:
    """Die when a webhook was verified and read, and nothing of it is stored."""
    _before(Ledger, "record", lambda *args: any(isinstance(fact, Over) for fact in args[1:]))


POINTS = {
    point.__name__: point
    for point in (
        reserved_not_sent,
        in_flight,
        answered_not_committed,
        in_mid_commit_of_an_end,
        committed_not_told,
        told_of_an_end,
    )
}


if __name__ == "__main__":
    POINTS[sys.argv[1]]()
    _left += [None] * int(sys.argv[2])
    sys.argv = ["voiceslot", "serve"]
    from voiceslot_tui.cli.main import main

    main()
