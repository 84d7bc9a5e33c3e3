"""The loop that all workers share: fails, backs off, tells its health, and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.engine.fakes import DEADLINE_S, FakeClock, FakeIds
from voiceslot_tui.core.errors import Fenced, StoreUnavailable
from voiceslot_tui.core.snapshot import Health
from voiceslot_tui.engine.service import Service, or_else, persist


class Worker:
    """A worker whose steps are scripted; the last one stays."""

    name = "worker"

    def __init__(self, *steps: Callable[[], float | None]) -> None:
        self.wake = asyncio.Event()
        self.steps = list(steps)
        self.count = 0
        self.stepped = asyncio.Event()

    async def step(self) -> float | None:
        self.count += 1
        self.stepped.set()
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        return step()

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.count < count:
                self.stepped.clear()
                await self.stepped.wait()


def fails(kind: type[Exception] = ZeroDivisionError) -> Callable[[], float | None]:
    def step() -> float | None:
        raise kind("wrong: +12025550123")

    return step


def waits(seconds: float | None = None) -> Callable[[], float | None]:
    return lambda: seconds


def service_of(worker: Worker, changes: list[int] | None = None) -> Service:
    heard = changes if changes is not None else []
    return Service(worker, FakeClock(), FakeIds(), lambda: heard.append(1))


async def test_a_worker_steps_when_woken_and_when_its_time_has_come() -> None:
    worker = Worker(waits(None), waits(0.001), waits(None))
    running = asyncio.ensure_future(service_of(worker).run())
    await worker.reached(1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert worker.count == 1
    worker.wake.set()
    await worker.reached(3)
    running.cancel()


async def test_a_wish_that_comes_during_a_step_is_not_lost() -> None:
    worker = Worker(waits(None))

    def woken_meanwhile() -> float | None:
        worker.wake.set()
        return None

    worker.steps = [woken_meanwhile, waits(None)]
    running = asyncio.ensure_future(service_of(worker).run())
    await worker.reached(2)
    running.cancel()


async def test_a_step_that_fails_is_shown_and_tried_again() -> None:
    changes: list[int] = []
    worker = Worker(fails(), fails(), waits(None))
    service = service_of(worker, changes)
    running = asyncio.ensure_future(service.run())
    await worker.reached(2)
    health = service.health
    assert (health.health, health.failures) == (Health.FAILING, 2)
    assert "ZeroDivisionError" in health.error
    assert "+12025550123" not in health.error
    await worker.reached(3)
    assert service.health.health is Health.WELL
    assert service.health.error == ""
    assert len(changes) == 3
    running.cancel()


async def test_waits_after_failures_grow_and_are_bounded() -> None:
    worker = Worker(fails())
    service = service_of(worker)
    waited = [await service._guarded_step() for _ in range(20)]
    assert all(wait_s is not None and 0 < wait_s <= 15 for wait_s in waited)
    assert waited[:7] == sorted(waited[:7])  # type: ignore[type-var]
    assert waited[-1] == waited[-2] == 15 * 0.75


async def test_being_fenced_off_and_cancelled_ends_the_loop() -> None:
    with pytest.raises(Fenced):
        await service_of(Worker(fails(Fenced))).run()
    worker = Worker(waits(None))
    running = asyncio.ensure_future(service_of(worker).run())
    await worker.reached(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_an_outcome_is_written_down_until_it_is_stored() -> None:
    tries = 0

    async def write() -> str:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StoreUnavailable("the disk is full")
        return "stored"

    assert await persist(write, lambda: False, wait_s=0.001) == "stored"
    assert tries == 3


@pytest.mark.parametrize("kind", [Fenced, StoreUnavailable])
async def test_an_outcome_is_given_up_when_fenced_or_told_to_stop(kind: type[Exception]) -> None:
    tries = 0

    async def write() -> str:
        nonlocal tries
        tries += 1
        raise kind("no")

    assert await persist(write, lambda: True, wait_s=0.001) is None
    assert tries == 1


async def test_a_defect_is_replaced_by_what_stands_instead() -> None:
    async def broken() -> str:
        raise ZeroDivisionError

    async def sound() -> str:
        return "done"

    assert await or_else(broken, "instead") == "instead"
    assert await or_else(sound, "instead") == "done"


async def test_a_database_that_fails_is_told_apart_from_other_failures() -> None:
    worker = Worker(fails(StoreUnavailable), fails(), waits(0.001), fails(StoreUnavailable))
    service = service_of(worker)
    seen: list[bool] = []
    for _ in range(4):
        await service._guarded_step()
        seen.append(service.health.store_failed)
    assert seen == [True, False, False, True]
