"""Turns: let the event loop go on in the middle of long work, without waiting for anything.

A batch of ten thousand takes milliseconds to decode, and a slot that is freed meanwhile would wait.
A thread does not help, because the decoder holds the interpreter.
"""

from __future__ import annotations

from collections.abc import Generator
from types import coroutine


@coroutine
def let_others_run() -> Generator[None, None, None]:
    """Give every task that is ready one turn, then go on."""
    yield
