"""The table of all that can happen in a story: how it is drawn, what it does, how it is told.

A happening is drawn with its figures by chance, carried out by the teller, and told in words. What
it changes for a while it changes back itself. New trouble is a new row in one of the four
tables that are joined here.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from tests.simulation.happening import Happening
from tests.simulation.happenings_of_engines import ENGINES
from tests.simulation.happenings_of_messages import MESSAGES
from tests.simulation.happenings_of_people import PEOPLE
from tests.simulation.happenings_of_platform import PLATFORM
from tests.simulation.stories import (
    Event,
    Frame,
    Story,
    draw_follow_ups,
    draw_settings,
    draw_world,
)

_OF_CALLS: Final[Mapping[str, Happening]] = MappingProxyType({**PLATFORM, **ENGINES, **PEOPLE})
HAPPENINGS: Final[Mapping[str, Happening]] = MappingProxyType({**_OF_CALLS, **MESSAGES})

SHORT_S: Final = (60.0, 150.0, 400.0)
LONG_S: Final = (3600.0, 7200.0)
_KINDS_MAX: Final = 6
_EVENTS_MAX: Final = 5


def draw_story(seed: int, *, long: bool = False) -> Story:
    """Draw the story of a seed: a town, and a few kinds of trouble that come again and again."""
    chance = Random(f"story {seed}{' long' if long else ''}")
    settings = draw_settings(chance)
    if long:
        settings["POLLING_INTERVAL_MS"] = chance.choice((5000, 15_000))
    world = draw_world(chance, settings)
    frame = Frame(
        lasts_s=chance.choice(LONG_S if long else SHORT_S),
        limit=settings["ELEVENLABS_CONCURRENCY_LIMIT"],
        list_lag_s=float(settings["LIST_LAG_S"]),
        poll_s=settings["POLLING_INTERVAL_MS"] / 1000,
    )
    events = [_event("enqueue", 0.0, chance, frame)]
    for name in _kinds(chance):
        events += [
            _event(name, chance.uniform(0.0, frame.lasts_s), chance, frame)
            for _ in range(chance.randint(1, _EVENTS_MAX))
        ]
    on_messages, on_world = draw_follow_ups(Random(f"follow-ups {seed}"))
    if on_messages:
        events += _about_messages(Random(f"messages {seed}"), frame)
    events.sort(key=lambda event: event.at_s)
    everything = {**settings, **on_messages}, {**world, **on_world}
    return Story(seed, *everything, tuple(events), frame.lasts_s)


def _about_messages(chance: Random, frame: Frame) -> list[Event]:
    """Draw what happens besides in a town that has follow-ups."""
    names = sorted(MESSAGES)
    weights = [MESSAGES[name].weight for name in names]
    kinds = dict.fromkeys(chance.choices(names, weights, k=chance.choice((1, 2, 3, 5))))
    if chance.random() < 0.6:
        kinds["a_batch_is_submitted"] = None
    return [
        _event(name, chance.uniform(0.0, frame.lasts_s), chance, frame)
        for name in kinds
        for _ in range(chance.randint(1, _EVENTS_MAX))
    ]


def _kinds(chance: Random) -> list[str]:
    """Choose which kinds of trouble there are: some alone, some together, producers nearly always.

    Some stories have one kind only: what goes wrong there is not hidden by anything else.
    """
    count = chance.choice((1, 2, 3, 4, _KINDS_MAX))
    names = sorted(_OF_CALLS)
    weights = [_OF_CALLS[name].weight for name in names]
    chosen = dict.fromkeys(chance.choices(names, weights, k=count))
    if chance.random() < 0.8:
        chosen["enqueue"] = None
    return list(chosen)


def _event(name: str, at_s: float, chance: Random, frame: Frame) -> Event:
    return Event(round(at_s, 3), name, HAPPENINGS[name].draw(chance, frame))


def in_words(story: Story) -> str:
    """Tell a story: the town in one line, then one line an event."""
    settings = " ".join(f"{name}={value}" for name, value in story.settings.items())
    world = " ".join(f"{name}={value}" for name, value in story.world.items())
    lines = [
        f"seed {story.seed}, {story.lasts_s:g} s",
        f"  engine: {settings}",
        f"  world: {world}",
    ]
    for event in story.events:
        words = HAPPENINGS[event.name].words(event.args)
        lines.append(f"  {event.at_s:8.3f} s  {words}")
    return "\n".join(lines)
