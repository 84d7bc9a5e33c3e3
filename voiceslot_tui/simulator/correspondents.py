"""The people who get messages: what becomes of theirs, when they last wrote, what they refused.

WhatsApp's rule of 24 hours is between one person and one sender: free text may go out while the
person's own last message to that sender is younger. A phone call does not open that window.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from voiceslot_tui.simulator.message_words import Channel, Fate

WINDOW_S = 86_400.0
SANDBOX_MEMBERSHIP_S = 3 * 86_400.0


@dataclass(frozen=True, slots=True)
class MessageScript:
    """What a test wants of the messages to a number; None leaves it to chance.

    `refusal` and `failure` are codes: told at once, or afterwards. `channel` limits them.
    """

    refusal: int | None = None
    failure: int | None = None
    channel: Channel | None = None
    is_delivered: bool | None = None
    is_read: bool | None = None
    queue_s: float | None = None
    delivery_s: float | None = None
    read_s: float | None = None

    def refusal_on(self, channel: Channel) -> int | None:
        """Give the code that is told at once on a channel."""
        return self.refusal if self.channel in (None, channel) else None

    def failure_on(self, channel: Channel) -> int | None:
        """Give the code that is told afterwards on a channel."""
        return self.failure if self.channel in (None, channel) else None


ON_WHATSAPP, ON_SMS = Channel.WHATSAPP, Channel.SMS
FATES: dict[Fate, MessageScript] = {
    Fate.READS: MessageScript(is_delivered=True, is_read=True),
    Fate.NEVER_READS: MessageScript(is_delivered=True, is_read=False),
    Fate.NEVER_DELIVERED: MessageScript(is_delivered=False),
    Fate.NOT_ON_WHATSAPP: MessageScript(failure=63003, channel=ON_WHATSAPP),
    Fate.UNREACHABLE: MessageScript(failure=63024, channel=ON_WHATSAPP),
    Fate.BLOCKED_US: MessageScript(failure=63014, channel=ON_WHATSAPP),
    Fate.NO_MARKETING: MessageScript(failure=63033, channel=ON_WHATSAPP),
    Fate.IN_EXPERIMENT: MessageScript(failure=63032, channel=ON_WHATSAPP),
    Fate.OPTED_OUT: MessageScript(refusal=21610),
    Fate.INVALID: MessageScript(refusal=21211),
    Fate.REGION_OFF: MessageScript(refusal=21408, channel=ON_SMS),
    Fate.UNVERIFIED: MessageScript(refusal=21608),
    Fate.LANDLINE: MessageScript(refusal=21614, channel=ON_SMS),
    Fate.HANDSET_OFF: MessageScript(failure=30003, channel=ON_SMS),
    Fate.UNKNOWN_HANDSET: MessageScript(failure=30005, channel=ON_SMS),
    Fate.FILTERED: MessageScript(failure=30007, channel=ON_SMS),
    Fate.TOO_OFTEN: MessageScript(failure=63018, channel=ON_WHATSAPP),
    Fate.PROVIDER_ERROR: MessageScript(failure=63012, channel=ON_WHATSAPP),
}
NOTHING_SCRIPTED = MessageScript()


@dataclass(slots=True)
class Correspondent:
    """One person, by number. Senders are addresses, so that WhatsApp and SMS do not mix."""

    number: str
    script: MessageScript = NOTHING_SCRIPTED
    messages_taken: int = 0
    last_written_at: dict[str, float] = field(default_factory=dict)
    last_taken_at: dict[str, float] = field(default_factory=dict)
    sandbox_joined_at: float | None = None
    opted_out_of: set[str] = field(default_factory=set)
    asked_to_stop: set[Channel] = field(default_factory=set)

    def has_window(self, sender: str, now: float) -> bool:
        """Say whether free text may go out."""
        written_at = self.last_written_at.get(sender)
        return written_at is not None and now - written_at < WINDOW_S

    def has_joined(self, now: float) -> bool:
        """Say whether the sandbox still knows this person."""
        joined_at = self.sandbox_joined_at
        return joined_at is not None and now - joined_at < SANDBOX_MEMBERSHIP_S


class Correspondents(defaultdict[str, Correspondent]):
    """Everybody by number; who was never heard of is like anybody."""

    def __missing__(self, number: str) -> Correspondent:
        """Meet somebody."""
        person = self[number] = Correspondent(number)
        return person
