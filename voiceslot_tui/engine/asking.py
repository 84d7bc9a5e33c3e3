"""Questions about single conversations, which hold nobody up for long.

One read may hang for half a minute, and a reading of the live calls is good for less: whoever asks
waits a little, goes on, and takes the late answers when they are in. A question is never cut short
for it, so that a slow line gets its answers too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from voiceslot_tui.core.limits import ASK_AT_ONCE_MAX
from voiceslot_tui.engine.service import or_else

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")


class Asking(Generic[K, A]):
    """Some questions at once, each about somebody else. `late` is rung by answers that come late.

    A question raises nothing; one that does, by a defect of ours, has no answer.
    """

    def __init__(self, tasks: asyncio.TaskGroup, late: asyncio.Event) -> None:
        self._tasks = tasks
        self._late = late
        self._under_way: dict[K, asyncio.Task[A | None]] = {}
        self._new: list[asyncio.Task[A | None]] = []

    @property
    def room(self) -> int:
        """Give how many more may be asked now."""
        return ASK_AT_ONCE_MAX - len(self._under_way)

    def __contains__(self, about: K) -> bool:
        """Tell whether an answer about somebody is still to be taken."""
        return about in self._under_way

    def ask(self, about: K, question: Callable[[], Awaitable[A]]) -> None:
        """Ask. Only where there is room, and nothing about the same is under way."""
        assert self.room > 0, "too much is asked at once"
        assert about not in self._under_way, "the answer is under way"
        task = self._tasks.create_task(_answer(question))
        self._under_way[about] = task
        self._new.append(task)

    async def answers(self, within_s: float) -> dict[K, A]:
        """Wait for what was asked since the last time, then give every answer that is in."""
        if self._new:
            _, late = await asyncio.wait(self._new, timeout=within_s)
            for task in late:
                task.add_done_callback(self._came_late)
            self._new = []
        done = {about: task for about, task in self._under_way.items() if task.done()}
        for about in done:
            del self._under_way[about]
        found = {about: task.result() for about, task in done.items() if not task.cancelled()}
        return {about: answer for about, answer in found.items() if answer is not None}

    def leave(self) -> None:
        """Wait for no answer any more: we stop."""
        for task in self._under_way.values():
            task.cancel()

    def _came_late(self, _task: asyncio.Task[A | None]) -> None:
        self._late.set()


async def _answer(question: Callable[[], Awaitable[A]]) -> A | None:
    instead: A | None = None
    return await or_else(question, instead)
