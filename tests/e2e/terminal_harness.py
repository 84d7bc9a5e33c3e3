"""A terminal for tests: a program runs in a real pty, and its screen is read back with pyte.

The terminal reads only while a test waits for something, so a test that does nothing is a terminal
that has stalled. Every wait has a deadline and none of them measures speed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyte

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0
"""How long anything may take before a test fails; far more than it takes."""

# pyte shows these queries as text instead of ignoring them.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=?][0-9;]*(?:\$p|u)")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<=>?$ ]*)?$")
_QUERY = re.compile(rb"\x1b\[\?(2026)\$p")
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")

LEFT_ON = {"1049", "1000", "1003", "1004", "1006", "1015", "2004", "2026"}
"""Terminal modes that a program must not leave switched on."""
LEFT_OFF = {"7", "25"}
"""Terminal modes that a program must not leave switched off."""


class TerminalTimeout(AssertionError):
    """What a test waited for did not come."""


class Terminal:
    """One program in one pty."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        environ: Mapping[str, str] | None = None,
        ignore_hangup: bool = False,
        controlling: bool = True,
    ) -> None:
        """Start a program; one whose terminal is not `controlling` gets no SIGHUP from it."""
        self.width, self.height = size
        self.screen = pyte.Screen(*size)
        self.received = bytearray()
        """Everything the program wrote, as it came."""
        self.modes: dict[str, bool] = {}
        self._stream = pyte.ByteStream(self.screen)
        self._unfinished = b""
        self._master: int | None
        self._master, slave = os.openpty()
        self._set_size()
        self.attributes_before = termios.tcgetattr(slave)

        def take_terminal() -> None:
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if ignore_hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)

        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env=self._environ(environ or {}),
            start_new_session=True,
            preexec_fn=take_terminal,  # noqa: PLW1509
        )
        os.close(slave)

    @staticmethod
    def _environ(extra: Mapping[str, str]) -> dict[str, str]:
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "COVERAGE_PROCESS_START")
            if name in os.environ
        }
        fixed = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        return kept | fixed | dict(extra)

    # --- what the program shows

    @property
    def lines(self) -> list[str]:
        """Give the screen's lines as text, also in the middle of a frame."""
        return [self._line(y) for y in range(self.height)]

    @property
    def text(self) -> str:
        """Give the whole screen as text."""
        return "\n".join(self.lines)

    def cells(self) -> list[list[Any]]:
        """Give every cell with its character and style."""
        return [[self.screen.buffer[y][x] for x in range(self.width)] for y in range(self.height)]

    # --- waiting

    def wait_until(
        self, reached: Callable[[], object], what: str = "", deadline_s: float = DEADLINE_S
    ) -> None:
        """Read what the program writes until a condition holds."""
        end = time.monotonic() + deadline_s
        while not reached():
            if time.monotonic() > end:
                raise TerminalTimeout(f"waited for {what or reached}; the screen is:\n{self.text}")
            self._read(0.05)

    def wait_for(self, text: str, deadline_s: float = DEADLINE_S) -> None:
        """Read until a text stands on the screen."""
        self.wait_until(lambda: text in self.text, repr(text), deadline_s)

    def wait_for_quiet(self, quiet_s: float = 0.3, deadline_s: float = DEADLINE_S) -> None:
        """Read until the program has written nothing for a while."""
        end = time.monotonic() + deadline_s
        while self._read(quiet_s):
            if time.monotonic() > end:
                raise TerminalTimeout("the program writes all the time")

    def bytes_written_during(self, seconds: float) -> int:
        """Read for so long; give how many bytes the program wrote."""
        before = len(self.received)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)
        return len(self.received) - before

    def wait_for_exit(self, deadline_s: float = DEADLINE_S) -> int:
        """Read until the program has ended; give its exit code, or minus the signal's number."""
        self.wait_until(lambda: self.process.poll() is not None, "the end", deadline_s)
        while self._read(0):
            pass
        assert self.process.returncode is not None
        return self.process.returncode

    # --- what the operator and the world do

    def send(self, keys: str) -> None:
        """Type."""
        assert self._master is not None
        os.write(self._master, keys.encode())

    def click(self, x: int, y: int) -> None:
        """Press and let go of the left button on a cell, counted from 0."""
        self.send(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")

    def resize(self, width: int, height: int) -> None:
        """Change the window's size; the program is told by the kernel."""
        self.width, self.height = width, height
        self.screen.resize(height, width)
        self._set_size()

    def signal(self, number: int) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as when the SSH connection is lost."""
        if self._master is not None:
            os.close(self._master)
            self._master = None

    def close(self) -> None:
        """End the program if it still runs, and the terminal."""
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def cpu_seconds(self) -> float:
        """Give the processor time the program has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    # --- what is left behind

    def modes_left(self) -> set[str]:
        """Name the terminal modes that are not as a shell needs them."""
        on = {mode for mode in LEFT_ON if self.modes.get(mode)}
        return on | {mode for mode in LEFT_OFF if not self.modes.get(mode, True)}

    def attributes(self) -> list[Any]:
        """Give the line discipline's attributes as they are now."""
        assert self._master is not None
        return termios.tcgetattr(self._master)

    def _line(self, y: int) -> str:
        # pyte's own display fails on half a wide character, which a frame that has only partly
        # arrived may leave.
        return "".join(self.screen.buffer[y][x].data for x in range(self.width)).rstrip()

    def _read(self, wait_s: float) -> bool:
        if self._master is None:
            time.sleep(wait_s)
            return False
        if not select.select([self._master], [], [], wait_s)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self._take(data)
        return bool(data)

    def _take(self, data: bytes) -> None:
        self.received += data
        data = self._unfinished + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished else len(data)
        data, self._unfinished = data[:cut], data[cut:]
        for mode in _QUERY.findall(data):
            self.send(f"\x1b[?{mode.decode()};2$y")
        for modes, switch in _MODE.findall(data):
            for mode in modes.decode().split(";"):
                self.modes[mode] = switch == b"h"
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data))

    def _set_size(self) -> None:
        assert self._master is not None
        fcntl.ioctl(
            self._master, termios.TIOCSWINSZ, struct.pack("HHHH", self.height, self.width, 0, 0)
        )


@contextlib.contextmanager
def terminal(command: Sequence[str], **options: Any) -> Iterator[Terminal]:
    """Run a program in a terminal for the length of a block."""
    shown = Terminal(command, **options)
    try:
        yield shown
    finally:
        shown.close()


def python(module: str, *arguments: str) -> list[str]:
    """Give the command that runs a module of the tests with this Python."""
    return [sys.executable, "-m", module, *arguments]
