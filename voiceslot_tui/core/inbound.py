"""What people write to us, and up to when a messenger's list of it has been read.

A list is read from a moment on again and again, and a little further back than it was read before:
it may show a message late. What was heard already is known by its id.
"""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_ups import Channel, MessageSid
from voiceslot_tui.core.limits import INBOUND_LATE_S, WINDOW_S


@dataclass(frozen=True, slots=True)
class PersonWrote:
    """One message of a person's, at a moment of our clock; a number is as E.164.

    It is empty only where somebody wants out and no number can be read of whom.
    """

    sid: MessageSid | None
    channel: Channel
    number: str
    at: Instant
    wants_out: bool


@dataclass(frozen=True, slots=True)
class Received:
    """One page of what people wrote; `more` is where the next one is, empty where none is needed.

    `newest` dates the page's newest row and `read_at` the page itself, both by the messenger's
    clock; None where that is not told.
    """

    messages: tuple[PersonWrote, ...] = ()
    newest: Instant | None = None
    read_at: Instant | None = None
    more: str = ""


def read_from(read_to: Instant | None, now: Instant) -> Instant | None:
    """Give the moment from which a list is read on; None for a list that was never read.

    A moment that lies ahead of our own clock was written by a wrong one: then the last of the list
    is read at least.
    """
    return None if read_to is None else min(read_to, later(now, -INBOUND_LATE_S))


def read_up_to(
    read_to: Instant | None, newest: Instant | None, read_at: Instant | None, now: Instant
) -> Instant | None:
    """Give the moment, by the messenger's clock, up to which a list counts as read; never back.

    That is its newest message: a list that lags behind has not shown what came after. Where nobody
    writes it follows a day behind, so that ids need not be kept for ever.
    """
    known = [] if read_to is None else [read_to]
    if read_at is not None:
        read_at = min(read_at, now)
        known.append(later(read_at, -WINDOW_S))
    if newest is not None:
        known.append(min(newest, later(now if read_at is None else read_at, -INBOUND_LATE_S)))
    return max(known, default=None)
