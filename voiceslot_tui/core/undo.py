"""What an operator's act came to, and the acts that would take it back."""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.facts import Wish


@dataclass(frozen=True, slots=True)
class Undo:
    """One act that takes another back: exactly one of its fields, with `call_ids`, is set.

    `wish` is wished of `call_ids`; `places` puts calls back: (call, priority, position); `limit` is
    the slots to allow again; `paused` is whether the engine was paused before, and
    `follow_ups_paused` whether the follow-ups were.
    """

    wish: Wish | None = None
    call_ids: tuple[CallId, ...] = ()
    places: tuple[tuple[CallId, int, int], ...] = ()
    limit: int | None = None
    paused: bool | None = None
    follow_ups_paused: bool | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What an act changed: the calls changed, those it could not change and why, and a sentence."""

    changed: tuple[CallId, ...] = ()
    refused: tuple[tuple[CallId, str], ...] = ()
    message: str = ""
    undo: tuple[Undo, ...] = ()
