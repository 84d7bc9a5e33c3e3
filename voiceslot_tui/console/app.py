"""The console's front door: look at the terminal, then load and run the screen.

Textual reads its environment when it is imported, and a terminal that cannot be used should be
refused without waiting for it; so nothing heavy is imported before that is settled.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from voiceslot_tui.console.terminal import prepare_environment, terminal_problem

MONOCHROME_THEME: Final = "ansi-dark"
NO_TERMINAL: Final = 2
"""Exit code where the console cannot run here."""


def run(
    socket_path: Path,
    *,
    demo: bool = False,
    owns_engine: bool = False,
    secrets: Callable[[], Sequence[str]] = tuple,
) -> int:
    """Attach to the engine at a socket and show it until the operator leaves; give the exit code.

    0 detached, 1 failed, 2 no usable terminal, 128 + n ended by signal n. `owns_engine` says that
    the engine ends with this console, which then asks before it leaves. `secrets` gives what the
    report of a failure must not hold.
    """
    problem = terminal_problem(
        os.environ, stdin_isatty=sys.stdin.isatty(), stderr_isatty=sys.stderr.isatty()
    )
    if problem is not None:
        sys.stderr.write(f"{problem}\n")
        return NO_TERMINAL
    prepare_environment(os.environ)
    if os.environ.get("NO_COLOR"):
        # Only with a theme of the terminal's own colours from the start does Textual use none.
        os.environ["TEXTUAL_THEME"] = MONOCHROME_THEME

    from voiceslot_tui.console.operator_app import OperatorApp
    from voiceslot_tui.link.watch import Watch

    console = OperatorApp(
        Watch(socket_path),
        report_folder=socket_path.parent,
        secrets=secrets,
        demo=demo,
        owns_engine=owns_engine,
    )
    console.run()
    return console.return_code or 0
