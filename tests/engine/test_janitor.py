"""What is forgotten for its age: never on the word of a wall clock that was set."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.engine.fakes import FakeClock
from tests.engine.rig import Rig, new_call, running
from voiceslot_tui.core.calls import Disposition, Instant, later
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.facts import Outcome, Over
from voiceslot_tui.core.follow_ups import Channel
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.orders import IdempotencyKey

DAY_S: Final = 86_400.0
KEPT_S: Final = 7 * DAY_S
KEY: Final = IdempotencyKey("order-1", b"digest")


async def is_repeated(rig: Rig, key: IdempotencyKey = KEY) -> bool:
    return (await rig.engine.enqueue([new_call(1)], by="producer", key=key)).repeated


async def runs(rig: Rig, seconds: float, step_s: float = 600.0) -> None:
    """Let the janitor work for some time."""
    for _ in range(round(seconds / step_s)):
        rig.clock.wait(step_s)
        await rig.janitor.step()


async def test_a_key_is_forgotten_after_its_days(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        assert not await is_repeated(rig)
        await runs(rig, KEPT_S - 3600, 3600)
        assert await is_repeated(rig)
        await runs(rig, 2 * 3600, 3600)
        assert not await is_repeated(rig)


@pytest.mark.parametrize("days", [8.0, 400.0])
async def test_a_clock_set_ahead_forgets_no_key(tmp_path: Path, days: float) -> None:
    async with running(tmp_path) as rig:
        assert not await is_repeated(rig)
        await rig.janitor.step()
        rig.clock.jump(days * DAY_S)
        await runs(rig, 5 * 3600)
        rig.clock.jump(-days * DAY_S)
        assert await is_repeated(rig)
        rig.clock.jump(days * DAY_S)
        await runs(rig, 5 * 3600)
        assert await is_repeated(rig), "set ahead once more"


async def test_a_clock_that_is_ahead_at_the_start_forgets_no_key(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path, clock=clock) as rig:
        assert not await is_repeated(rig)
    clock.jump(8 * DAY_S)
    async with running(tmp_path, clock=clock, run="next") as rig:
        await rig.queue(2)
        await runs(rig, 5 * 3600)
        clock.jump(-8 * DAY_S)
        assert await is_repeated(rig)


async def test_what_the_platform_does_not_call_old_is_kept_through_two_starts(
    tmp_path: Path,
) -> None:
    """The run before wrote by the wrong clock: only others can tell that it is wrong."""
    clock = FakeClock()
    async with running(tmp_path, clock=clock) as rig:
        assert not await is_repeated(rig)
    clock.jump(8 * DAY_S)
    async with running(tmp_path, clock=clock, run="next") as rig:
        await rig.queue(2)

    def platform_now() -> Instant:
        return later(clock.now(), -8 * DAY_S)

    async with running(tmp_path, clock=clock, run="last", platform_now=platform_now) as rig:
        await runs(rig, 5 * 3600)
        assert await is_repeated(rig)


async def test_what_grew_old_while_no_engine_ran_is_forgotten_by_the_next_but_one(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with running(tmp_path, clock=clock) as rig:
        assert not await is_repeated(rig)
    clock.wait(KEPT_S + 60)
    async with running(tmp_path, clock=clock, run="next") as rig:
        await rig.queue(2)
        await runs(rig, 1200)
        assert await is_repeated(rig)
    async with running(tmp_path, clock=clock, run="last") as rig:
        await rig.janitor.step()
        assert await is_repeated(rig), "nothing is forgotten before the platform told the time"
        await runs(rig, 600)
        assert not await is_repeated(rig)


async def test_a_clock_that_was_behind_at_the_start_forgets_nothing_early_and_nothing_never(
    tmp_path: Path,
) -> None:
    """What was written by it is dated too early, and is kept for its days all the same."""
    clock = FakeClock()
    clock.jump(-365 * DAY_S)
    async with running(tmp_path, clock=clock, platform_now=lambda: clock.now()) as rig:
        assert not await is_repeated(rig)
        clock.wait(30)
        clock.jump(365 * DAY_S)
        await runs(rig, KEPT_S - 3600, 3600)
        assert await is_repeated(rig)
        await runs(rig, KEPT_S + 3 * 3600, 3600)
        assert not await is_repeated(rig)


async def test_messages_are_tidied_by_the_same_moment_as_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as rig:
        moments: list[Instant] = []

        async def tidy(now: Instant) -> bool:
            moments.append(now)
            return len(moments) == 2

        monkeypatch.setattr(rig.store, "tidy", tidy)
        monkeypatch.setattr(rig.store, "tidy_follow_ups", tidy)
        began = rig.clock.now()
        rig.clock.jump(30 * DAY_S)
        await runs(rig, 1200)
        assert moments == [later(began, wait_s) for wait_s in (600, 600, 1200, 1200)]
        await runs(rig, 3000)
        assert len(moments) == 4
        await runs(rig, 600)
        assert moments[4:] == [later(began, 4800)] * 2


async def test_what_the_disk_goes_on_refusing_keeps_nothing_else_from_being_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A STOP of one person that cannot be stored: the log is still cut, which may free the disk."""
    async with running(tmp_path) as rig:
        done: list[str] = []

        async def refused(*_args: object) -> None:
            raise StoreUnavailable("the disk is full")

        async def cut() -> None:
            done.append("cut")

        monkeypatch.setattr(rig.store, "hear", refused)
        monkeypatch.setattr(rig.store, "checkpoint", cut)
        stop = PersonWrote(None, Channel.SMS, "+12025550101", rig.clock.now(), wants_out=True)
        with pytest.raises(StoreUnavailable):
            await rig.engine.follow_ups.person_wrote(stop, by="webhook")
        await rig.enqueue(new_call(1, attempts=3))
        await rig.dispatch()
        (order,) = rig.platform.dialled
        await rig.tell(Over(None, order.attempt_id, None, Outcome(Disposition.BUSY)))
        assert await rig.store.next_due() is not None
        rig.clock.wait(3600)
        with pytest.raises(StoreUnavailable):
            await rig.janitor.step()
        assert done == ["cut"]
        assert await rig.store.next_due() is None, "who waited for a retry is ready"
