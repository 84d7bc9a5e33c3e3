"""Turns: let everything else go first in the middle of long work.

A batch of ten thousand takes milliseconds to decode, and a slot that is freed meanwhile would wait.
A thread does not help, because the decoder holds the interpreter. One turn of the loop does not
either: a call takes two dozen turns to start, and would wait in each of them.
"""

from __future__ import annotations

import asyncio

from voiceslot_tui.core.limits import GIVE_WAY_S


async def let_others_run() -> None:
    """Pause the long work for a few of the moments that a piece of it takes."""
    await asyncio.sleep(GIVE_WAY_S)
