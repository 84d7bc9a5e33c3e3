"""Cuts a story that goes wrong down to what it takes to go wrong.

First halves, then quarters, then single events are left out for as long as the story still breaks a
promise. What remains is told in words and kept as a regression.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.stories import Event, Story

_TELLINGS_MAX = 400
"""A long story may take half a second each time that it is told."""


def shrunk(story: Story, goes_wrong: Callable[[Story], bool]) -> Story:
    """Give the shortest story found that still goes wrong; the story given must."""
    left = _TELLINGS_MAX

    def without(some: tuple[Event, ...]) -> Story:
        return story.with_events(some)

    events = story.events
    piece = max(1, len(events) // 2)
    while left > 0:
        start = 0
        before = len(events)
        while start < len(events) and left > 0:
            fewer = events[:start] + events[start + piece :]
            left -= 1
            if goes_wrong(without(fewer)):
                events = fewer
            else:
                start += piece
        if piece == 1 and len(events) == before:
            break
        piece = max(1, piece // 2)
    return without(events)
