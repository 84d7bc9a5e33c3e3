"""The virtual town itself: time is free, a seed decides everything, and a kill is a kill."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.town import Town, person, town
from tests.simulation.virtual_time import TURNS_WITHOUT_TIME_MAX, Stalled, simulate
from voiceslot_tui.core.snapshot import EngineState


def test_time_passes_only_when_nothing_else_can_happen() -> None:
    order: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(f"{name} at {asyncio.get_running_loop().time():g}")

    async def main() -> float:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sleeper("a day", 86_400))
            tasks.create_task(sleeper("a second", 1))
            tasks.create_task(sleeper("an hour", 3600))
        return asyncio.get_running_loop().time()

    assert simulate(main) == 86_400
    assert order == ["a second at 1", "an hour at 3600", "a day at 86400"]


def test_a_world_in_which_nothing_can_happen_any_more_is_reported() -> None:
    async def waits_for_nobody() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stalled, match="no timer"):
        simulate(waits_for_nobody)


def test_a_world_that_turns_without_time_passing_is_reported() -> None:
    async def busy() -> None:
        loop = asyncio.get_running_loop()

        def again(turns: int) -> None:
            if turns:
                loop.call_soon(again, turns - 1)

        again(TURNS_WITHOUT_TIME_MAX + 10)
        await asyncio.sleep(1)

    with pytest.raises(Stalled, match="without time"):
        simulate(busy)


async def all_over(made: Town, count: int) -> None:
    """Wait until so many calls have ended."""
    await made.until("all have ended", lambda seen: seen.calls == {"ended": count})


async def one_campaign(folder: Path, seed: int) -> dict[str, Any]:
    settings = {"ELEVENLABS_CONCURRENCY_LIMIT": 5}
    async with town(folder, seed=seed, settings=settings, limit=5) as made:
        await made.start()
        await made.enqueue_people(40)
        await all_over(made, 40)
        await made.stop()
        truth = made.truth()
        dials = [(call.order.to_number, call.started_at) for call in made.world.calls]
        return {"truth": truth, "dials": dials, "took_s": made.clock.steady_s()}


def test_a_campaign_of_many_minutes_runs_and_is_judged(tmp_path: Path) -> None:
    began = time.monotonic()
    run = simulate(lambda: one_campaign(tmp_path, 1))
    print(f"{run['took_s']:.0f} virtual seconds in {time.monotonic() - began:.1f} real ones")
    truth = run["truth"]
    assert run["took_s"] > 300
    assert truth["max_live"] == 5
    assert (truth["people_rung"], truth["people_rung_again"]) == (40, {})
    assert truth["webhooks"]["statuses"] == {"200": 40}


def test_the_same_seed_is_the_same_story_and_another_is_another(tmp_path: Path) -> None:
    first, again, other = (
        simulate(lambda s=seed, n=name: one_campaign(tmp_path / n, s))  # type: ignore[misc]
        for seed, name in ((7, "first"), (7, "again"), (8, "other"))
    )
    assert first == again
    assert first["dials"] != other["dials"]


UNDER_WAY = {"queued", "dialing", "uncertain", "live", "wrapping_up"}


async def killed_often(folder: Path, seed: int) -> dict[str, Any]:
    settings = {"ELEVENLABS_CONCURRENCY_LIMIT": 5, "LIST_LAG_S": 0}
    async with town(folder, seed=seed, settings=settings, limit=5, talk_s=5.0, ring_s=2.0) as made:
        await made.start()
        await made.enqueue_people(30)
        for _ in range(20):
            await asyncio.sleep(made.chance.expovariate(1.0))
            await made.kill()
            await asyncio.sleep(made.chance.expovariate(2.0))
            await made.start()
        seen = await made.until("all are over", lambda seen: not UNDER_WAY & set(seen.calls))
        assert made.starts == 21
        return {**made.truth(), "calls": seen.calls}


@pytest.mark.parametrize("seed", range(3))
def test_kills_in_virtual_time_ring_nobody_twice(seed: int, tmp_path: Path) -> None:
    """A call that was reserved and never sent is never found: it is unknown, and nobody's rung."""
    truth = simulate(lambda: killed_often(tmp_path, seed))
    unknown = truth["calls"].get("unknown", 0)
    print(f"{unknown} were reserved and not sent, {truth['people_rung']} were rung")
    assert truth["max_live"] <= 5
    assert (truth["people_rung"] + unknown, truth["people_rung_again"]) == (30, {})


def test_nothing_stands_between_a_reservation_and_its_request(tmp_path: Path) -> None:
    """What a dial has to know is read before the first: the engine may be killed at any time."""

    async def main() -> None:
        async with town(tmp_path) as made:
            await made.start()
            await made.until("it has read", lambda seen: seen.engine is EngineState.RUNNING)
            read = made.truth()["requests_read"]
            assert read["list_numbers_paged"] == 1
            await made.enqueue(person(0))
            await all_over(made, 1)
            assert made.truth()["requests_read"]["list_numbers_paged"] == 1

    simulate(main)


def test_what_was_accepted_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with town(tmp_path) as made:
            made.network.reachable = False
            await made.start()
            ids = [await made.enqueue(person(index), key=f"key {index}"[4:]) for index in range(3)]
            await made.kill()
            await made.start()
            assert (await made.states()) == {"queued": 3}
            assert [await made.enqueue(person(i), key=f"key {i}"[4:]) for i in range(3)] == ids
            made.network.reachable = True
            await all_over(made, 3)

    simulate(main)
