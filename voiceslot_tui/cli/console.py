"""The command without a name: the console, with an engine started for it where none runs.

Without a terminal there is nothing to draw on: what the engine is doing is printed instead, and
the exit code says that this was not the way to ask.
"""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from voiceslot_tui.cli.asking import places
from voiceslot_tui.cli.engine_process import ensure_engine, is_answered
from voiceslot_tui.cli.failures import WRONG_USAGE, say

DUMB: Final = "dumb"


def has_terminal() -> bool:
    """Tell whether a screen can be drawn: Textual reads stdin and draws on stderr."""
    return sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "") != DUMB


def open_console() -> int:
    """Open the console on the engine that the settings mean; give the exit code."""
    where = places()
    if not has_terminal():
        return _without_terminal(is_answered(where))
    ensure_engine(where)
    from voiceslot_tui.console.app import run

    return run(where.socket)


def _without_terminal(engine_runs: bool) -> int:
    if engine_runs:
        from voiceslot_tui.cli.plain import status

        status.main([], standalone_mode=False)
    else:
        click.echo("no engine is running")
    say("the console needs a terminal on stdin and stderr, and a TERM other than dumb;")
    say("without one use `voiceslot serve` and `voiceslot status`")
    return WRONG_USAGE
