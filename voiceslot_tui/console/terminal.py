"""The terminal itself: whether the console can run on it, writing to it, and putting it back.

Nothing here knows Textual, so that a plain answer ("this is no terminal") costs no start-up time
and a terminal can be put back when everything else hangs.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import termios
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

from rich.cells import cell_len

from voiceslot_tui.core.text import CleanText, clean

FRAMES_PER_SECOND_LOCAL: Final = 60
"""A key waits for up to two frames when the last paint was a moment ago. At 30 a second a held
cursor key lags visibly; at 60 not, for the same work, and more than that changes nothing."""
FRAMES_PER_SECOND_REMOTE: Final = 10
WRITE_BYTES: Final = 1024
"""Bytes handed to the kernel at once, so that giving up on a stalled terminal is quick."""

LEAVE_SCREEN: Final = (
    "\x18"  # end whatever sequence was cut off
    "\x1b[?2026l"  # synchronised output
    "\x1b[?2004l\x1b[?7h\x1b[?2048l"  # bracketed paste, line wrap, resize reports
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # mouse
    "\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h\x1b[?1004l"  # keyboard, style, screen, cursor, focus
)
"""What a terminal is sent so that a shell can use it again."""

ASCII_TWINS: Final[Mapping[str, str]] = {
    **dict.fromkeys("│┃║▐▏▎▍▕▉▊▋▁╎╏┆┇┊┋", "|"),
    **dict.fromkeys("─━═▔▀▄╌╍┄┅┈┉–—", "-"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋", "+"),
    **dict.fromkeys("█▆▇▅▓■", "#"),
    **dict.fromkeys("▒▃", "="),
    **dict.fromkeys("░·•▂", "."),
    **dict.fromkeys("▚▞◇", "o"),
    **dict.fromkeys("●✓", "*"),
    **dict.fromkeys("╳✗×", "x"),
    **dict.fromkeys("…≈", "~"),
    **dict.fromkeys("↑▲↗▴", "^"),
    **dict.fromkeys("↓▼↘▾", "v"),
    **dict.fromkeys("→▶▸›▌", ">"),
    **dict.fromkeys("←◀◂‹", "<"),
    "○": "o",
    "⏎": "<",
    "␣": "_",
}
"""What stands for a sign on a terminal whose encoding does not know it; one cell each."""

_NAME: Final = "voiceslot-twin"


def _twin(problem: UnicodeError) -> tuple[str, int]:
    assert isinstance(problem, UnicodeEncodeError)
    unknown = problem.object[problem.start : problem.end]
    twins = (ASCII_TWINS.get(character, "?" * cell_len(character)) for character in unknown)
    return "".join(twins), problem.end


codecs.register_error(_NAME, _twin)


def terminal_problem(
    environ: Mapping[str, str], *, stdin_isatty: bool, stderr_isatty: bool
) -> CleanText | None:
    """Say why the console cannot run here; None where it can.

    Without a terminal Textual would run all the same, and its input thread spin on one core.
    """
    if not stdin_isatty:
        return clean("The console needs a terminal, and standard input is none.")
    if not stderr_isatty:
        return clean("The console draws on standard error, which is not a terminal here.")
    term = environ.get("TERM", "")
    if term in ("", "dumb", "unknown"):
        return clean(f"The console needs a terminal that can move its cursor; TERM is “{term}”.")
    return None


def prepare_environment(environ: MutableMapping[str, str]) -> None:
    """Choose how Textual paints. It reads these once, so call this before importing it.

    What the operator set stays. Over SSH fewer frames are drawn; nothing is ever animated.
    """
    remote = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "MOSH_CONNECTION"))
    frames = FRAMES_PER_SECOND_REMOTE if remote else FRAMES_PER_SECOND_LOCAL
    environ.setdefault("TEXTUAL_FPS", str(frames))
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")


def knows_only_ascii(encoding: str) -> bool:
    """Tell whether a terminal's encoding lacks the signs the console draws with."""
    try:
        "█▌●│─┌…".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return True
    return False


class TerminalFile:
    """Writes to the terminal as a text file would, but never fails and can be told to stop.

    It is written to by one thread only. When the terminal is gone, `on_gone` is called once and
    everything further is swallowed.
    """

    def __init__(self, descriptor: int, encoding: str, on_gone: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._on_gone = on_gone
        self._waiting: list[str] = []
        self._closed = False

    def fileno(self) -> int:
        """Give the terminal's file descriptor."""
        return self._descriptor

    def write(self, text: str) -> int:
        """Keep text for the next flush."""
        self._waiting.append(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written; return early where the terminal is gone or was given up."""
        text, self._waiting = "".join(self._waiting), []
        left = memoryview(text.encode(self._encoding, _NAME))
        while left and not self._closed:
            left = left[self._send(left[:WRITE_BYTES]) :]

    def give_up(self) -> None:
        """Send nothing more; what is being sent ends after the current piece."""
        self._closed = True

    def _send(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            select.select([], [self._descriptor], [], 0.5)
        except OSError:
            self._closed = True
            self._on_gone()
        return 0


def restore_terminal(descriptor: int, attributes: list[Any] | None) -> None:
    """Put a terminal back for the shell, whatever state it is in; never block, never fail.

    Output that a stalled terminal has not taken is thrown away, as it would keep this waiting.
    """
    with contextlib.suppress(OSError, termios.error):
        termios.tcflush(descriptor, termios.TCOFLUSH)
    if attributes is not None:
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
    with contextlib.suppress(OSError, ValueError):
        if select.select([], [descriptor], [], 0.2)[1]:
            os.write(descriptor, LEAVE_SCREEN.encode("ascii"))
