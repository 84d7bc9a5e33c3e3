"""Signals that end a command in an orderly way, whatever it is doing at that moment.

The signal is raised as an exception, so that every block on the way out puts away what it started.
Where something is being started it is held back, until the new thing is known to whoever ends it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

import click

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """A signal asks the command to end; its number is the argument.

    An event loop passes on a KeyboardInterrupt wherever it comes, and may swallow anything else.
    """


class EndingSignals:
    """A block that Ctrl-C, SIGTERM and a closed terminal leave in order, with exit code 128 + n.

    With `keep_ignored` a signal that is ignored stays so, as under nohup.
    """

    def __init__(self, *, keep_ignored: bool = False) -> None:
        self._keep_ignored = keep_ignored
        self._before: dict[signal.Signals, Any] = {}
        self._is_held = False
        self._came = 0

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            if not (self._keep_ignored and signal.getsignal(number) is signal.SIG_IGN):
                self._before[number] = signal.signal(number, self._end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if isinstance(problem, Ended):
            raise click.exceptions.Exit(128 + problem.args[0]) from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a signal back while the block lasts."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._came:
            raise Ended(self._came)

    def _end(self, number: int, _: FrameType | None) -> None:
        # A second signal must not cut the ending short and leave processes behind.
        for ending in _SIGNALS:
            signal.signal(ending, signal.SIG_IGN)
        self._came = number
        if not self._is_held:
            raise Ended(number)
