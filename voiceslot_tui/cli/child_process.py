"""Programs that a command starts: detached from its terminal, watched until they are ready.

What a child prints goes to a private file, so that its last words can be shown when it dies early.
Nothing secret stands in its arguments: settings travel in the environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.text import clean

LAST_LINES: Final = 12
STOP_TIMEOUT_S: Final = 15.0
"""A stopping engine waits up to ten seconds for the answers of its last dials."""
LOOK_EVERY_S: Final = 0.1


class DiedEarly(VoiceslotError):
    """A program that was started ended before it was ready; the message holds its last words."""


class ChildProcess:
    """One command of ours, running in a session of its own."""

    def __init__(
        self, arguments: Sequence[str], output: Path, environment: Mapping[str, str]
    ) -> None:
        self._output = output
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            # The child leaves our session: Ctrl-C and a closing terminal reach us, not it.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "voiceslot_tui", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(environment),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        """Give its process id."""
        return self._process.pid

    def ended(self, within_s: float = LOOK_EVERY_S) -> bool:
        """Wait so long for its end; tell whether it came."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)
        return self._process.returncode is not None

    @property
    def exit_code(self) -> int | None:
        """Give its exit code; None while it runs."""
        return self._process.poll()

    def printed(self) -> str:
        """Give what it has printed so far."""
        with suppress(OSError):
            return self._output.read_text(encoding="utf-8", errors="replace")
        return ""

    def last_words(self) -> str:
        """Give the last lines it printed, cleaned."""
        lines = deque(self.printed().splitlines(), LAST_LINES)
        return "\n".join(f"  {clean(line)}" for line in lines)

    def stop(self) -> None:
        """End it: politely, and after a while by force."""
        if self._process.poll() is None:
            self._process.terminate()
            if not self.ended(STOP_TIMEOUT_S):
                self._process.kill()
                self._process.wait()
