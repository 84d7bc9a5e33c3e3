"""Answers of a service that go wrong for a while: how that is drawn, and how it is done."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.simulation.happening import Teller, for_a_while, share
from tests.simulation.stories import Args, Frame
from voiceslot_tui.simulator.faults import make_rule
from voiceslot_tui.simulator.words import FaultKind, FaultTarget


def draw_read(kinds: Sequence[FaultKind], chance: Random, frame: Frame) -> dict[str, Any]:
    """Draw how reads go wrong."""
    return {
        "kind": str(chance.choice(kinds)),
        "share": share(chance),
        "delay_s": chance.choice((2.0, 8.0, 15.0)),
        "lasts_s": for_a_while(chance, frame),
    }


def let_fail(teller: Teller, target: FaultTarget, args: Args, *, acts: bool | None) -> None:
    """Let a share of the answers go wrong; `acts` says whether what was asked is done first."""
    faults = teller.town.world.faults
    kind = FaultKind(args["kind"])
    rule = make_rule(
        kind,
        target,
        probability=args["share"],
        acts=True if kind is FaultKind.SLOW else acts,
        delay_s=args["delay_s"],
    )
    faults.add(rule)
    teller.later(args["lasts_s"], lambda: rule in faults.rules and faults.rules.remove(rule))
