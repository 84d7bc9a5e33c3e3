"""What a messenger's list of sent messages tells about one try that may have been sent."""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.core.follow_ups import MessageSid


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages to somebody, as a complete list dates them.

    `found` were made while the request of the try can have been under way. `other_times` were made
    after that, or within a day before it, by all that clocks tell: they are hardly this try's, but
    prove nothing either. Our clock may have been slow or fast when the try began, and set since.
    """

    found: tuple[MessageSid, ...] = ()
    other_times: tuple[MessageSid, ...] = ()
