"""What happens to the engine's process, its clock, its disk and its data folder."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Any, Final

from tests.simulation.database import Trouble
from tests.simulation.happening import Happening, Teller
from tests.simulation.stories import Args, Frame
from voiceslot_tui.core.errors import StoreLocked

_AWAY_S: Final = (0.0, 0.0, 1.0, 20.0, 400.0)
"""Seconds until a dead engine is started again."""


class Moment(StrEnum):
    """Where death waits for the engine."""

    STEP = "between two steps"
    BEFORE_WRITE = "before a write"
    AFTER_WRITE = "after a write that nobody is told of"


def _draw_death(chance: Random, frame: Frame) -> dict[str, Any]:
    moment = chance.choice(tuple(Moment))
    longest = 400 if moment is Moment.STEP else 12
    return {
        "moment": str(moment),
        "countdown": chance.randint(1, longest),
        "away_s": chance.choice((*_AWAY_S, frame.lasts_s / 2)),
    }


async def _dies(teller: Teller, args: Args) -> None:
    moment = Moment(args["moment"])
    left = args["countdown"]

    def count_down() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            teller.town.doom.clear()
            teller.fired(f"death {moment}")
            teller.town.die()
            teller.meanwhile(teller.revive(args["away_s"]))

    teller.town.doom = {str(moment): count_down}


def _draw_stop(chance: Random, frame: Frame) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if chance.random() < 0.5:
        changes["ELEVENLABS_CONCURRENCY_LIMIT"] = chance.randint(1, frame.limit + 2)
        changes["SLOT_RESERVE"] = 0
    return {"away_s": chance.choice(_AWAY_S), "changes": changes}


async def _is_stopped(teller: Teller, args: Args) -> None:
    """Stop in order, perhaps with other settings afterwards."""
    town = teller.town
    if town.life is None or town.life.frozen:
        return
    teller.fired("stopped in order")
    await town.stop()
    changes = args["changes"]
    town.environment |= {name: str(value) for name, value in changes.items()}
    if changes:
        teller.judge.limit_is(changes["ELEVENLABS_CONCURRENCY_LIMIT"])
    teller.meanwhile(teller.revive(args["away_s"]))


def _draw_freeze(chance: Random, frame: Frame) -> dict[str, Any]:
    return {"lasts_s": chance.choice((0.2, 3.0, 7.0, 60.0, frame.lasts_s / 3))}


async def _is_suspended(teller: Teller, args: Args) -> None:
    town = teller.town
    life = town.life
    if life is None or life.frozen:
        return
    teller.fired("suspended")
    town.freeze()
    teller.later(args["lasts_s"], lambda: town.thaw() if town.life is life else None)


def _draw_nothing(chance: Random, frame: Frame) -> dict[str, Any]:
    return {}


async def _a_second_engine_is_started(teller: Teller, args: Args) -> None:
    """Start a second engine on the same folder: it must refuse, and leave the first alone."""
    town = teller.town
    if town.life is None:
        return
    first, town.life = town.life, None
    try:
        await town.start()
    except StoreLocked:
        teller.fired("a second engine is refused")
    else:
        teller.judge.fail("two engines run on one data folder")
    finally:
        town.life = None if first.dead else first


async def _the_lock_is_lost(teller: Teller, args: Args) -> None:
    """Start a second engine beside the first, whose lock was lost: the first must stop."""
    town = teller.town
    if town.life is None or town.life.frozen:
        return
    teller.fired("the lock is lost")
    town.lose_lock()
    await teller.revive(0.0)


def _draw_jump(chance: Random, frame: Frame) -> dict[str, Any]:
    by_s = chance.choice((1.0, 30.0, 300.0, 3600.0, 86_400.0))
    return {"by_s": chance.choice((-1, 1)) * by_s}


async def _the_clock_jumps(teller: Teller, args: Args) -> None:
    """Somebody sets the wall clock; an hour is what a wrong change of summer time comes to."""
    teller.fired("the clock jumps")
    teller.town.clock.set_by_s += args["by_s"]


def _draw_disk(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "trouble": str(chance.choice(tuple(Trouble))),
        "lasts_s": round(chance.choice((0.01, 0.1, 2.0, 30.0)) * chance.uniform(0.5, 2.0), 3),
    }


async def _the_disk_fails(teller: Teller, args: Args) -> None:
    disk = teller.town.disk
    disk.trouble = Trouble(args["trouble"])

    def healed() -> None:
        disk.trouble = None
        teller.judge.disk_is_well(teller.town.clock.steady_s())

    teller.later(args["lasts_s"], healed)


def _draw_slowness(chance: Random, frame: Frame) -> dict[str, Any]:
    return {
        "times": chance.choice((10, 50, 100)),
        "lasts_s": round(chance.choice((2.0, 30.0)) * chance.uniform(0.5, 2.0), 3),
    }


async def _the_disk_is_slow(teller: Teller, args: Args) -> None:
    """Let the disk take its time, so that much happens between a question and its answer."""
    disk = teller.town.disk
    teller.fired("the disk is slow")
    disk.slowness = float(args["times"])

    def quick_again() -> None:
        disk.slowness = 1.0

    teller.later(args["lasts_s"], quick_again)


def _death_words(args: Args) -> str:
    return (
        f"the engine dies {args['moment']}, the {args['countdown']}. from here, and is started "
        f"again after {args['away_s']:g} s"
    )


ENGINES: Final[Mapping[str, Happening]] = MappingProxyType(
    {
        "dies": Happening(
            _draw_death, _dies, _death_words, 4.0, tuple(f"death {moment}" for moment in Moment)
        ),
        "is_stopped": Happening(
            _draw_stop,
            _is_stopped,
            lambda a: f"the engine is stopped for {a['away_s']:g} s {a}",
            strikes=("stopped in order",),
        ),
        "is_suspended": Happening(
            _draw_freeze,
            _is_suspended,
            lambda a: f"the engine is suspended for {a['lasts_s']:g} s",
            strikes=("suspended",),
        ),
        "a_second_engine_is_started": Happening(
            _draw_nothing,
            _a_second_engine_is_started,
            lambda _: "a second engine is started on the same folder",
            0.4,
            ("a second engine is refused",),
        ),
        "the_lock_is_lost": Happening(
            _draw_nothing,
            _the_lock_is_lost,
            lambda _: "the engine loses its lock, and a second one takes over",
            0.5,
            ("the lock is lost",),
        ),
        "the_clock_jumps": Happening(
            _draw_jump,
            _the_clock_jumps,
            lambda a: f"the wall clock jumps by {a['by_s']:g} s",
            strikes=("the clock jumps",),
        ),
        "the_disk_fails": Happening(
            _draw_disk,
            _the_disk_fails,
            lambda a: f"the disk is {a['trouble']} for {a['lasts_s']:g} s",
            strikes=tuple(f"disk {trouble}" for trouble in Trouble),
        ),
        "the_disk_is_slow": Happening(
            _draw_slowness,
            _the_disk_is_slow,
            lambda a: f"the disk takes {a['times']} times as long for {a['lasts_s']:g} s",
            strikes=("the disk is slow",),
        ),
    }
)
"""By name."""
