"""What people write to us, as far as Twilio itself acts on it.

On SMS Twilio takes the words of opting out by itself; on WhatsApp only where the account has
Advanced Opt-Out. Everywhere else a STOP is for the product to understand, and the judge counts
what is sent after one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voiceslot_tui.simulator.correspondents import Correspondent
from voiceslot_tui.simulator.message_forms import Written
from voiceslot_tui.simulator.message_words import Channel, OptOutKind
from voiceslot_tui.simulator.messages import address

if TYPE_CHECKING:
    from voiceslot_tui.simulator.settings import WorldSettings

STOP_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
START_WORDS = ("START", "UNSTOP", "YES")
KEYWORDS: dict[str, OptOutKind] = {
    **dict.fromkeys(STOP_WORDS, OptOutKind.STOP),
    **dict.fromkeys(START_WORDS, OptOutKind.START),
    "HELP": OptOutKind.HELP,
}
SPANISH_STOP_WORDS = frozenset({"BAJA", "CANCELAR", "NO"})
"""Understood by people, not by Twilio: only the judge's count of what came after a STOP."""
JOIN = "JOIN "


def heed(
    settings: WorldSettings, person: Correspondent, written: Written, now: float
) -> OptOutKind | None:
    """Do what the words ask for; give the kind where Twilio tells it along with the message."""
    word = written.text.strip().upper()
    sandbox = settings.sandbox_sender
    if word.startswith(JOIN) and (written.channel, written.sender) == (Channel.WHATSAPP, sandbox):
        person.sandbox_joined_at = now
    kind = KEYWORDS.get(word)
    if kind is OptOutKind.STOP or word in SPANISH_STOP_WORDS:
        person.asked_to_stop.add(written.channel)
    elif kind is OptOutKind.START:
        person.asked_to_stop.discard(written.channel)
    if kind is None or not (written.channel is Channel.SMS or settings.advanced_opt_out):
        return None
    sender = address(written.channel, written.sender)
    if kind is OptOutKind.STOP:
        person.opted_out_of.add(sender)
    elif kind is OptOutKind.START:
        person.opted_out_of.discard(sender)
    return kind if settings.advanced_opt_out else None
