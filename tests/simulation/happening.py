"""One kind of happening, and what it may touch of the town it happens in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from tests.simulation.judge import Judge
from tests.simulation.stories import Args, Frame
from tests.simulation.town import Town
from voiceslot_tui.core.undo import Done


class Teller(Protocol):
    """Tells a story in a town."""

    town: Town
    judge: Judge
    undo_of: dict[str, Done]
    """What each operator did last."""

    def fired(self, what: str) -> None:
        """Note that a fault has struck, for the coverage."""
        ...

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Do something in so many seconds, but not after the trouble is over."""
        ...

    def meanwhile(self, act: Awaitable[object]) -> None:
        """Let something go on while the story is told."""
        ...

    def change_world(self, seconds: float, changes: Mapping[str, Any]) -> None:
        """Change settings of the world for so many seconds."""
        ...

    async def order(self, number: str, priority: int, attempts: int) -> None:
        """Ask for a call until the answer says that it is accepted."""
        ...

    async def revive(self, after_s: float) -> None:
        """Start an engine after a while, as a process manager does, until one lives."""
        ...


@dataclass(frozen=True, slots=True)
class Happening:
    """How a kind of event is drawn, done and told; `weight` is how often it is chosen.

    `strikes` names everything that it can be seen to do: what never strikes is missed.
    """

    draw: Callable[[Random, Frame], dict[str, Any]]
    act: Callable[[Teller, Args], Awaitable[None]]
    words: Callable[[Args], str]
    weight: float = 1.0
    strikes: tuple[str, ...] = ()


def for_a_while(chance: Random, frame: Frame) -> float:
    """Draw how long something lasts: moments, minutes, or most of the story."""
    share = chance.choice((0.02, 0.1, 0.3, 0.8))
    return round(max(1.0, frame.lasts_s * share * chance.uniform(0.5, 1.5)), 1)


def share(chance: Random) -> float:
    """Draw how often something strikes."""
    return chance.choice((0.05, 0.2, 0.5, 1.0))
