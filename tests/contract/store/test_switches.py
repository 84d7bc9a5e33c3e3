"""The operator's switches and the counters that every store keeps."""

from __future__ import annotations

import msgspec

from tests.contract.store.stores import Opened
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.ports import Control


async def test_the_switches_survive_a_restart(opened: Opened) -> None:
    assert await opened.store.control() == Control()
    control = Control(
        paused=True,
        paused_by="olga",
        paused_why="lunch",
        paused_at=opened.now,
        limit=4,
        limit_by="pedro",
        limit_at=opened.now,
        limit_configured=10,
        follow_ups_paused_at=opened.now,
    )
    await opened.store.set_control(control, "paused", "lunch", opened.now, "olga")
    await opened.reopen()
    assert await opened.store.control() == control
    (line,) = await opened.store.journal(None, 1)
    assert (line.kind, line.actor, line.detail) == ("paused", "olga", "lunch")


def test_switches_stored_before_they_had_moments_are_read() -> None:
    older = msgspec.to_builtins(Control(paused=True, limit=4, follow_ups_paused=True))
    del older["limit_at"], older["follow_ups_paused_at"]
    assert msgspec.convert(older, Control).limit == 4


async def test_an_empty_store_counts_nothing(opened: Opened) -> None:
    counts = await opened.store.counts()
    assert counts.states == dict.fromkeys(CallState, 0)
    assert (counts.holds, counts.dispositions, counts.holding, counts.event_seq) == ({}, {}, 0, 0)
    assert await opened.store.open_calls() == ()
    assert await opened.store.next_due() is None


async def test_calls_that_do_not_exist_are_left_out(opened: Opened) -> None:
    ids = await opened.queue(1, 2)
    found = await opened.store.calls((ids[1], ids[1] + 100, ids[0]))  # type: ignore[arg-type]
    assert [call.id for call in found] == [ids[1], ids[0]]
    assert await opened.store.detail(ids[1] + 100) is None  # type: ignore[arg-type]
