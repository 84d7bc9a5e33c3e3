"""Time that has surely passed: never ahead of the truth, and not behind it for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from tests.engine.fakes import FakeClock
from voiceslot_tui.core.calls import Instant, later, seconds_between
from voiceslot_tui.engine.sure_time import SureTime

DAY_S: Final = 86_400.0
KEPT_DAYS: Final = 7


class World:
    """The truth, a wall clock that may be set, and a platform that tells the truth where it can."""

    def __init__(self, ahead_days: float = 0.0, *, is_heard: bool = True) -> None:
        self.clock = FakeClock()
        self.began = self.clock.now()
        self.began_s = self.clock.steady_s()
        self.is_heard = is_heard
        self.set(ahead_days)
        self.sure = SureTime(self.clock, self.told)

    def truth(self) -> Instant:
        return later(self.began, self.clock.steady_s() - self.began_s)

    def told(self) -> Instant | None:
        return self.truth() if self.is_heard else None

    def set(self, ahead_days: float) -> None:
        """Set the wall clock so many days ahead of the truth, or behind it."""
        self.clock.wall = later(self.truth(), ahead_days * DAY_S)

    def behind_days(self) -> float:
        return seconds_between(self.sure.now(), self.truth()) / DAY_S

    def passes(self, days: int) -> list[float]:
        """Let days pass; give by how many sure time was behind on each."""
        behind = []
        for _ in range(days):
            self.clock.wait(DAY_S)
            behind.append(self.behind_days())
        return behind


def behind_at_the_start() -> World:
    """Begin on a machine that learns the time only after its start."""
    world = World(-365)
    world.sure.begin(world.clock.now())
    world.clock.wait(30)
    world.set(0)
    return world


def set_back_for_a_minute() -> World:
    world = World()
    world.clock.wait(DAY_S)
    world.set(-365)
    world.sure.now()
    world.clock.wait(60)
    world.set(0)
    return world


@pytest.mark.parametrize("begin", [behind_at_the_start, set_back_for_a_minute])
def test_a_clock_that_was_behind_holds_time_back_for_as_long_as_anything_is_kept(
    begin: Callable[[], World],
) -> None:
    behind = begin().passes(60)
    assert min(behind[:KEPT_DAYS]) > 364
    assert behind[2 * KEPT_DAYS + 2 :] == [0] * (60 - 2 * KEPT_DAYS - 2)


def test_without_the_platforms_time_it_does_so_until_a_later_start() -> None:
    """Nobody knows then whether the clock was put right or set ahead."""
    world = World(-365, is_heard=False)
    world.set(0)
    assert min(world.passes(60)) == 365


@pytest.mark.parametrize("written_days", [0, 8, -8])
@pytest.mark.parametrize("is_heard", [True, False])
def test_a_clock_set_ahead_makes_nothing_old(is_heard: bool, written_days: int) -> None:
    world = World(is_heard=is_heard)
    world.sure.begin(later(world.truth(), written_days * DAY_S))
    behind = [world.behind_days()]
    for ahead_days in (8, 400, 0, 8):
        world.set(ahead_days)
        behind += world.passes(20)
    assert min(behind) >= 0


def test_nor_does_one_that_is_ahead_before_the_start_while_the_platform_is_out_of_reach() -> None:
    world = World(8, is_heard=False)
    world.sure.begin(world.truth())
    behind = world.passes(30)
    world.is_heard = True
    behind += world.passes(30)
    assert min(behind) >= 0
