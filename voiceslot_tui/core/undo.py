"""What an operator's act came to, and the acts that would take it back."""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.core.calls import CallId, Instant
from voiceslot_tui.core.facts import Wish


@dataclass(frozen=True, slots=True)
class Undo:
    """One act that takes another back: exactly one of its acts, with `call_ids`, is set.

    `wish` is wished of `call_ids`; `places` puts calls back: (call, priority, position); `limit` is
    the slots to allow again; `paused` is whether the engine was paused before, and
    `follow_ups_paused` whether the follow-ups were.

    `set_at` is the moment at which the act to be taken back set its switch: it is taken back only
    while that stands. An older console leaves it out, and nothing is compared. `former_at` is the
    moment of what the same operator had set before, and stands again.
    """

    wish: Wish | None = None
    call_ids: tuple[CallId, ...] = ()
    places: tuple[tuple[CallId, int, int], ...] = ()
    limit: int | None = None
    paused: bool | None = None
    follow_ups_paused: bool | None = None
    set_at: Instant | None = None
    former_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What an act changed: the calls changed, those it could not change and why, and a sentence.

    Of an act on messages these are the ids of messages. `unclear` says that nobody can tell yet
    whether it was done.
    """

    changed: tuple[CallId, ...] = ()
    refused: tuple[tuple[CallId, str], ...] = ()
    message: str = ""
    undo: tuple[Undo, ...] = ()
    unclear: bool = False
