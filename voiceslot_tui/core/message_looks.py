"""When a message is looked up at the messenger: soon, then ever more seldom, then not any more.

Callbacks tell most of it in a moment. Where they cannot reach us, looking does the same work, only
later; where they can, it finds what was lost.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Instant, later, seconds_between
from voiceslot_tui.core.follow_ups import Try, TryState
from voiceslot_tui.core.limits import LOOK_FOR_S

_WITHOUT_CALLBACKS: Final = (5.0, 15.0, 60.0, 300.0)
_WITH_CALLBACKS: Final = (60.0, 300.0, 1800.0)
_IN_DOUBT: Final = (10.0, 15.0, 30.0, 60.0, 300.0)

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

    The wait grows with the age of what is known: after a moment there is news every few seconds,
    after an hour hardly any.
    """
    in_doubt = _LOOKED_UP.get(one_try.state)
    if in_doubt is None or seconds_between(one_try.started_at, now) > LOOK_FOR_S:
        return None
    waits = _IN_DOUBT if in_doubt else (_WITH_CALLBACKS if has_callbacks else _WITHOUT_CALLBACKS)
    age_s = max(0.0, seconds_between(one_try.changed_at, now))
    wait_s = next((wait for wait in waits if age_s < 4 * wait), waits[-1])
    return later(now, wait_s)
