"""What a messenger's list of sent messages tells about one try that may have been sent."""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.core.follow_ups import MessageSid


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages to somebody, as a complete list dates them.

    `found` were made while the request of the try can have been under way. `later` were made after
    that by all that clocks tell: they are hardly this try's, but prove nothing either. Our clock
    may have been set since the try began.
    """

    found: tuple[MessageSid, ...] = ()
    later: tuple[MessageSid, ...] = ()
