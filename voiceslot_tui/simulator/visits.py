"""One request on its way through an endpoint: the world, the request and what strikes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voiceslot_tui.simulator.exchange import Reply, Request
from voiceslot_tui.simulator.faults import FaultRule
from voiceslot_tui.simulator.words import FaultKind, FaultTarget

if TYPE_CHECKING:
    from voiceslot_tui.simulator.world import World


@dataclass(slots=True)
class Visit:
    """What an endpoint needs to answer. `key` is the id in the path, empty where there is none."""

    world: World
    now: float
    request: Request
    key: str = ""
    fault: FaultRule | None = None

    def is_struck_by(self, kind: FaultKind) -> bool:
        """Say whether this fault strikes the request."""
        return self.fault is not None and self.fault.kind is kind


Answer = Callable[[Visit], Reply]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint under the name that the truth counts it by; no target: no fault reaches it."""

    name: str
    answer: Answer
    target: FaultTarget | None = FaultTarget.READ
