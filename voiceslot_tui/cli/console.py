"""The command without a name: the console, with an engine started for it where none runs.

Without a terminal there is nothing to draw on: what the engine is doing is printed instead, and
the exit code says that this was not the way to ask.
"""

from __future__ import annotations

import os
import sys

import click

from voiceslot_tui.cli.asking import places
from voiceslot_tui.cli.engine_process import ensure_engine, is_answered
from voiceslot_tui.cli.failures import WRONG_USAGE, known_secrets, say


def without_terminal() -> str:
    """Say why no screen can be drawn here; empty where one can."""
    # The rule is the console's; asked here because an engine must not be started for nothing.
    from voiceslot_tui.console.terminal import terminal_problem

    stdin, stderr = sys.stdin.isatty(), sys.stderr.isatty()
    return terminal_problem(os.environ, stdin_isatty=stdin, stderr_isatty=stderr) or ""


def open_console() -> int:
    """Open the console on the engine that the settings mean; give the exit code."""
    where = places()
    problem = without_terminal()
    if problem:
        return _plainly(problem, is_answered(where))
    ensure_engine(where)
    from voiceslot_tui.console.app import run

    return run(where.socket, secrets=known_secrets)


def _plainly(problem: str, engine_runs: bool) -> int:
    if engine_runs:
        from voiceslot_tui.cli.plain import status

        status.main([], standalone_mode=False)
    else:
        click.echo("no engine is running")
    say(problem)
    say("Without one, use `voiceslot serve`, `voiceslot status` and the other commands.")
    return WRONG_USAGE
