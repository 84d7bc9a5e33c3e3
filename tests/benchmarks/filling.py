"""Fills an engine's queue through its own store, while no engine runs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.limits import ENQUEUE_BATCH_MAX
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.store.sqlite import open_store


def invented(index: int) -> NewCall:
    """Give one of the invented people, every one with a number of their own."""
    return NewCall(
        to_number=f"+1{201 + index // 100 % 700}55501{index % 100:02d}"
        if index < 70_000
        else f"+44770090{index:07d}",
        agent_id="agent_sim_reminders",
        agent_phone_number_id="phnum_sim_twilio",
        name="Ana Ruiz",
        client_data=b'{"dynamic_variables":{"name":"Ana Ruiz","order":"A-1001"}}',
    )


def fill_queue(data_dir: Path, count: int) -> float:
    """Put so many invented calls into the queue; give the seconds it took."""

    async def fill() -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = Instant(time.time_ns() // 1_000_000)
        store = await open_store(data_dir / "voiceslot.db", now)
        try:
            for start in range(0, count, ENQUEUE_BATCH_MAX):
                some = range(start, min(count, start + ENQUEUE_BATCH_MAX))
                await store.add([invented(index) for index in some], now, "benchmark")
        finally:
            await store.close()

    began = time.monotonic()
    asyncio.run(fill())
    return time.monotonic() - began
