"""When a message is looked up at the messenger: soon, then ever more seldom, then not any more.

Callbacks tell most of it in a moment. Where they cannot reach us, looking does the same work, only
later; where they can, it finds what was lost.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Instant, later, seconds_between
from voiceslot_tui.core.follow_ups import Try, TryState
from voiceslot_tui.core.limits import LOOK_EVERY_MAX_S, LOOK_FOR_S

_FIRST_WITHOUT_CALLBACKS_S: Final = 5.0
_FIRST_WITH_CALLBACKS_S: Final = 60.0
_FIRST_IN_DOUBT_S: Final = 10.0
_OF_AGE: Final = 0.25
"""The wait is this share of the age of what is known: a day's looks are forty, not thousands."""

_LOOKED_UP: Final = MappingProxyType(
    {
        TryState.ACCEPTED: False,
        TryState.SENT: False,
        TryState.AMBIGUOUS: True,
    }
)
"""The states that looking can move, and whether it is not known that there is a message at all."""


def next_look(one_try: Try, now: Instant, *, has_callbacks: bool) -> Instant | None:
    """Give when a try is looked up next; None where that would tell nothing any more.

    It is looked for many days, an hour apart at last: a wall clock that somebody set ahead by a day
    must not end it. No look is ever further ahead than LOOK_EVERY_MAX_S, so that one which seems to
    be betrays a clock that was set back.
    """
    in_doubt = _LOOKED_UP.get(one_try.state)
    if in_doubt is None or seconds_between(one_try.started_at, now) > LOOK_FOR_S:
        return None
    calm_s = _FIRST_WITH_CALLBACKS_S if has_callbacks else _FIRST_WITHOUT_CALLBACKS_S
    first_s = _FIRST_IN_DOUBT_S if in_doubt else calm_s
    age_s = seconds_between(one_try.changed_at, now)
    return later(now, min(max(first_s, age_s * _OF_AGE), LOOK_EVERY_MAX_S))


def is_time(look_at: Instant, now: Instant) -> bool:
    """Tell whether a look is due, also where the clock was set back since it was planned."""
    return not now < look_at <= later(now, LOOK_EVERY_MAX_S)
