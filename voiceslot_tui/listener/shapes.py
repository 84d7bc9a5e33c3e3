"""The bodies of good answers; `/stats` keeps the first system's names, which are true here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import msgspec

from voiceslot_tui.core.snapshot import Snapshot

PROMISES: Final = MappingProxyType(
    {
        "P1": "At most one dial per attempt; what may have been dialled is looked up.",
        "P2": "Never over the limit by our doing.",
        "P4": "Nothing accepted is lost: a 202 survives a crash and a power cut.",
        "P6": "Pause is immediate: no dial later than a second after it was acknowledged.",
        "P7": "Nothing foreign acts: what others wrote is text and nothing else.",
        "P8": "No secret and no full phone number in logs and exports.",
        "P9": "The slots are used: what holds a call back has a name.",
    }
)
"""The product's promises that concern calls, by the numbers that tests and documents cite."""


class Ok(msgspec.Struct, frozen=True):
    """All is well, or what was sent is stored."""

    ok: bool = True


class Enqueued(msgspec.Struct, frozen=True, rename="camel"):
    """A call was put into the queue, and is safe there."""

    enqueued: bool
    id: str
    queue_size: int


class Stats(msgspec.Struct, frozen=True, rename="camel"):
    """The state of things.

    `inFlight` are our calls that use a slot, `remoteActive` live calls that are not ours;
    `concurrencyLimit` is the limit set, and `availableSlots` what may start now.
    """

    queue_size: int
    in_flight: int
    remote_active: int
    concurrency_limit: int
    available_slots: int
    promises: dict[str, str]
    snapshot: Snapshot


def stats(snapshot: Snapshot) -> Stats:
    """Put a snapshot into the shape of /stats."""
    slots = snapshot.slots
    return Stats(
        queue_size=snapshot.queued,
        in_flight=slots.holding,
        remote_active=slots.foreign,
        concurrency_limit=slots.limit,
        available_slots=slots.free,
        promises=dict(PROMISES),
        snapshot=snapshot,
    )
