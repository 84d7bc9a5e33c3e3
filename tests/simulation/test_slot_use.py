"""How well slots are used, and that they are never used twice: figures over virtual hours."""

from __future__ import annotations

from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from tests.simulation.town import Town, town
from tests.simulation.virtual_time import simulate
from voiceslot_tui.simulator.batches import Invited
from voiceslot_tui.simulator.words import Owner

ALL_ANSWER: dict[str, Any] = {
    "answered_weight": 1.0,
    "voicemail_weight": 0.0,
    "no_answer_weight": 0.0,
    "busy_weight": 0.0,
    "failed_weight": 0.0,
}


def slot_use(made: Town, limit: int) -> tuple[float, float]:
    """Give the share of slots in use while there was a queue, and the mean length of a call."""
    calls = [call for call in made.world.calls if call.order.owner is Owner.OWN]
    first, last = calls[0].started_at, calls[-1].started_at
    ends = [call.hung_up_at or last for call in calls]
    live_s = sum(min(end, last) - call.started_at for call, end in zip(calls, ends, strict=True))
    lengths = [end - call.started_at for call, end in zip(calls, ends, strict=True)]
    return live_s / (limit * (last - first)), mean(lengths)


async def by_polling(folder: Path, interval_s: float) -> tuple[float, float]:
    limit, people = 20, 240
    world = {**ALL_ANSWER, "limit": limit, "ring_s": 5.0, "talk_s": 25.0, "webhook_enabled": False}
    settings = {
        "ELEVENLABS_CONCURRENCY_LIMIT": limit,
        "POLLING_INTERVAL_MS": round(interval_s * 1000),
    }
    async with town(folder, settings=settings, **world) as made:
        await made.start()
        await made.enqueue_people(people)
        await made.until("all have ended", lambda s: s.calls == {"ended": people}, 7200.0, 5.0)
        truth = made.truth()
        assert truth["max_live"] == limit
        assert truth["people_rung_again"] == {}
        return slot_use(made, limit)


@pytest.mark.parametrize("interval_s", [1.0, 2.0, 5.0, 15.0])
def test_polling_alone_uses_the_slots_as_the_law_says(interval_s: float, tmp_path: Path) -> None:
    """Slot use is D / (D + P/2 + round trips); measured before: 0.962, 0.948, 0.905, 0.790."""
    used, call_s = simulate(lambda: by_polling(tmp_path, interval_s))
    predicted = call_s / (call_s + interval_s / 2)
    print(
        f"\ncalls of {call_s:.1f} s, polled every {interval_s:g} s: {used:.3f}, law {predicted:.3f}"
    )
    assert predicted - 0.02 <= used <= predicted + 0.02


async def beside_a_batch(folder: Path, seed: int) -> tuple[Town, dict[str, Any], float]:
    limit = 20
    world = {**ALL_ANSWER, "limit": limit, "over_limit": "burst", "ring_s": 5.0, "talk_s": 25.0}
    settings = {"ELEVENLABS_CONCURRENCY_LIMIT": limit}
    others = [Invited(f"+4477009{index:05d}") for index in range(150)]
    async with town(folder, seed=seed, settings=settings, **world) as made:
        await made.start()
        await made.enqueue_people(500)
        await made.until("ours fill the limit", lambda s: s.slots.live == limit)
        made.world.start_foreign(3, 1200.0, made.now_s())
        made.world.batches.submit(
            name="a batch of somebody else",
            agent_id="agent_sim_surveys",
            number=next(iter(made.world.numbers.values())),
            people=others,
            now=made.now_s(),
            target=6,
        )
        made.network.stir()
        await made.until("they are seen", lambda s: s.slots.foreign >= 9)
        await made.until("ours have drained", lambda s: s.slots.over_by == 0)
        before = made.truth()
        (batch,) = made.world.batches.all.values()
        await made.until("the batch is over", lambda _: not batch.waiting, 7200.0, 1.0)
        after = made.truth()
        passed_s = after["now"] - before["now"]
        used = (after["live_slot_s"] - before["live_slot_s"]) / (limit * passed_s)
        over = {
            "starts": after["starts_over_limit"].get("own", 0)
            - before["starts_over_limit"].get("own", 0),
            "slot_s": after["over_limit_slot_s"] - before["over_limit_slot_s"],
            "again": after["people_rung_again"],
        }
        return made, over, used


@pytest.mark.parametrize("seed", range(1))
def test_a_batch_and_inbound_calls_beside_ours_never_break_the_limit(
    seed: int, tmp_path: Path
) -> None:
    """No start of ours while every slot is taken; measured before: 0.956 of the slots in use."""
    _, over, used = simulate(lambda: beside_a_batch(tmp_path, seed))
    print(f"\nall slots together: {used:.3f} in use, {over}")
    assert over == {"starts": 0, "slot_s": 0.0, "again": {}}
    assert used > 0.9
