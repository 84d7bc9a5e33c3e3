"""How the console leaves when it is told to: by a signal, or because its terminal is gone.

Textual handles neither SIGTERM nor SIGHUP. Two roads lead out. The first asks the app to leave,
in its event loop. The second is a thread that waits a few seconds, then puts the terminal back and
ends the process, should the first be blocked. Both end with 128 + the signal's number.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

LEAVE_WITHIN_S: Final = 3.0
"""How long the app has to leave before the process is ended."""
SIGNALS: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)

_LEAVE: Final = b"l"
_STOP: Final = b"s"


class Leaving:
    """Watches for the signals that end a console.

    `ask` is called once, from any thread, with the signal's number; it must hand over to the event
    loop. `restore` puts the terminal back when the app could not.
    """

    def __init__(self, ask: Callable[[int], None], restore: Callable[[], None]) -> None:
        self._ask = ask
        self._restore = restore
        self._signal: int | None = None
        self._before: dict[int, signal.Handlers | Callable[..., object] | int | None] = {}
        self._wake_read, self._wake_write = os.pipe()

    @property
    def has_begun(self) -> bool:
        """Tell whether the console is on its way out."""
        return self._signal is not None

    def watch(self) -> None:
        """Take the signals over. Only the main thread can; elsewhere only hang-ups are seen."""
        threading.Thread(target=self._end_if_stuck, name="leaving", daemon=True).start()
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._on_signal)

    def stop_watching(self) -> None:
        """Give the signals back, unless one has come: then a second one must not cut in."""
        if not self.has_begun:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            self._before.clear()
            os.write(self._wake_write, _STOP)

    def begin(self, number: int) -> None:
        """Leave as if that signal had come; the first reason wins."""
        if self._signal is None:
            self._signal = number
            # A pipe, as it is safe to write to from a signal handler whatever was interrupted.
            os.write(self._wake_write, _LEAVE)
            with contextlib.suppress(RuntimeError):
                # The loop is closed already: the process is about to end by itself.
                self._ask(number)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.begin(number)

    def _end_if_stuck(self) -> None:
        if os.read(self._wake_read, 1) == _STOP:
            os.close(self._wake_read)
            os.close(self._wake_write)
            return
        threading.Event().wait(LEAVE_WITHIN_S)
        self._restore()
        os._exit(128 + (self._signal or 0))
