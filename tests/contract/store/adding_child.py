"""A process that adds calls until it is killed, and says which ones it was told are safe.

Run as `python -m tests.contract.store.adding_child FILE`: it prints the number of each call once
its commit was acknowledged.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC
from pathlib import Path

from tests.contract.store.messages import POLICY, STANDING, ended
from tests.contract.store.stores import NOW, Memory, gate_of, new_call
from voiceslot_tui.core.calls import AttemptId
from voiceslot_tui.core.follow_ups import TryId
from voiceslot_tui.follow_up_ports import Judgement
from voiceslot_tui.ports import Store
from voiceslot_tui.store.sqlite import open_store

LANES = 20


async def add_for_ever(store: Store, lane: int) -> None:
    """Add one call after the other, and tell of each."""
    for turn in range(1_000_000):
        number = f"+44{lane:02d}{turn:08d}"
        await store.add([new_call(1, to_number=number)], NOW, "child")
        os.write(1, f"{number}\n".encode())


async def dial_for_ever(store: Store) -> None:
    """Reserve, so that the kill may also fall into the middle of a dispatch."""
    for turn in range(1_000_000):
        name = AttemptId(f"att_{turn:08d}")
        await store.reserve(gate_of(turn + 1), frozenset(), lambda name=name: name, 60.0, NOW)


async def write_for_ever(store: Memory) -> None:
    """Let calls end and claim their messages, so that the kill may fall into that as well."""
    judgement = Judgement(POLICY, STANDING, lambda number: (UTC,))
    for turn in range(1_000_000):
        await store.add_ended([ended(turn, ended_at=NOW)], NOW)
        name = TryId(f"try_{turn:08d}")
        await store.take_due(judgement, lambda name=name: name, 1, NOW)


async def main() -> None:
    """Add in several lanes at once, so that commits are grouped."""
    store = await open_store(Path(sys.argv[1]), NOW)
    async with asyncio.TaskGroup() as lanes:
        for lane in range(LANES):
            lanes.create_task(add_for_ever(store, lane))
        lanes.create_task(dial_for_ever(store))
        lanes.create_task(write_for_ever(store))


if __name__ == "__main__":
    asyncio.run(main())
