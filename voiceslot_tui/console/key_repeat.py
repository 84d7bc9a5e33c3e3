"""A key that is held down does a dangerous thing once."""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console.action import ActionId

REPEAT_WITHIN_S: Final = 0.7
"""Terminals repeat a held key ten or more times a second, after a first pause of up to so long."""


class RepeatGuard:
    """Tells a held key from one that is pressed again."""

    def __init__(self) -> None:
        self._last: ActionId | None = None
        self._at_s = 0.0

    def is_repeat(self, action: ActionId, at_s: float) -> bool:
        """Take note of a press; tell whether it is the same key still being held."""
        repeated = action is self._last and at_s - self._at_s < REPEAT_WITHIN_S
        self._last, self._at_s = action, at_s
        return repeated
