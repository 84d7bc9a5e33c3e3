"""From a line of the journal to a sentence: who did what to which call, when. Pure.

The engine's words for what happened are mapped here; a word that is not in the table is shown as
it is, so that nothing is lost when the engine learns a new one.
"""

from __future__ import annotations

from datetime import tzinfo
from types import MappingProxyType
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.phrases import Phrase, phrase, say
from voiceslot_tui.console.widgets.cells import Line, Span, Tone
from voiceslot_tui.console.wording import DISPOSITIONS
from voiceslot_tui.core.follow_ups import SkipReason
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.core.text import clean

KINDS: Final = MappingProxyType(
    {
        "enqueued": ("queued", Tone.PLAIN),
        "dispatched": ("dialled", Tone.ACCENT),
        "accepted": ("live", Tone.GOOD),
        "not_taken": ("not taken, queued again", Tone.WARNING),
        "refused_for_good": ("refused by the platform", Tone.BAD),
        "no_answer_to_the_request": ("the start was not answered", Tone.WARNING),
        "over": ("call over", Tone.PLAIN),
        "not_found": ("not found: unknown", Tone.BAD),
        "released": ("slot released", Tone.WARNING),
        "release": ("slot released", Tone.WARNING),
        "confirmed_dialled": ("confirmed as dialled", Tone.PLAIN),
        "confirm_dialled": ("confirmed as dialled", Tone.PLAIN),
        "confirmed_not_dialled": ("confirmed as not dialled", Tone.PLAIN),
        "confirm_not_dialled": ("confirmed as not dialled", Tone.PLAIN),
        "outcome_known": ("ended", Tone.PLAIN),
        "proven_answered": ("answered after all", Tone.GOOD),
        "cancel": ("cancelled", Tone.WARNING),
        "cancelled": ("cancelled", Tone.WARNING),
        "undo_cancel": ("cancel undone", Tone.PLAIN),
        "undone": ("cancel undone", Tone.PLAIN),
        "park": ("parked", Tone.WARNING),
        "unpark": ("unparked", Tone.PLAIN),
        "suppressed": ("suppressed", Tone.WARNING),
        "expired": ("expired", Tone.WARNING),
        "reordered": ("moved", Tone.PLAIN),
        "moved_to_top": ("moved to the top", Tone.PLAIN),
        "moved_to_bottom": ("moved to the bottom", Tone.PLAIN),
        "noted": ("noted", Tone.DIM),
        "paused": ("engine paused", Tone.WARNING),
        "pause": ("engine paused", Tone.WARNING),
        "resumed": ("engine resumed", Tone.GOOD),
        "resume": ("engine resumed", Tone.GOOD),
        "follow_ups_paused": ("follow-ups paused", Tone.WARNING),
        "follow_ups_resumed": ("follow-ups resumed", Tone.GOOD),
        "template": ("template changed", Tone.STRONG),
        "limit": ("limit set", Tone.STRONG),
        "hang_up": ("hung up", Tone.WARNING),
        "started": ("engine started", Tone.STRONG),
        "stopped": ("engine stopped", Tone.STRONG),
        "engine_started": ("engine started", Tone.STRONG),
        "engine_stopped": ("engine stopped", Tone.STRONG),
        "message_claimed": ("message under way", Tone.ACCENT),
        "message_taken_by_the_messenger": ("message accepted", Tone.PLAIN),
        "message_not_taken": ("message refused", Tone.WARNING),
        "message_no_answer_to_the_request": ("message in doubt", Tone.WARNING),
        "message_sent": ("message sent", Tone.PLAIN),
        "message_delivered": ("message delivered", Tone.GOOD),
        "message_read": ("message read", Tone.GOOD),
        "message_not_delivered": ("message not delivered", Tone.BAD),
        "message_not_found": ("message not found, sent again", Tone.WARNING),
        "message_skipped": ("message left out", Tone.DIM),
        "message_skip": ("message left out", Tone.WARNING),
        "message_blocked": ("message blocked", Tone.WARNING),
        "message_released": ("message released", Tone.PLAIN),
        "message_release": ("message released", Tone.PLAIN),
        "message_retried": ("message to be sent again", Tone.PLAIN),
        "message_retry": ("message to be sent again", Tone.PLAIN),
        "number_suppressed": ("put on the suppression list", Tone.WARNING),
        "number_unsuppressed": ("taken off the suppression list", Tone.PLAIN),
        "batch_cancel": ("batch cancelled", Tone.WARNING),
        "batch_retry": ("batch retried", Tone.WARNING),
        "batch_interval": ("check interval set", Tone.STRONG),
        "batches_watched": ("batches watched", Tone.GOOD),
        "batches_not_watched": ("batches not watched", Tone.WARNING),
        "alert": ("people told", Tone.STRONG),
        "follow_ups_begin": ("messages begin", Tone.STRONG),
    }
)

_REASONS: Final = MappingProxyType(
    {str(kind): shown for kind, shown in DISPOSITIONS.items()}
    | {str(reason): say(str(reason).replace("_", " ")) for reason in SkipReason}
)
"""Details that are words of ours, as people read them."""

_AGAIN: Final = ("over, to be tried again", Tone.ACCENT)
_SHOW_THE_CHANGE: Final = frozenset({"reordered", "noted"})
"""Kinds whose word does not say by itself where the call stands now."""

_MACHINES: Final = frozenset({"engine", "platform", "messenger", "webhook", "poll", "answer", ""})
"""First words of actors that are no person, as `platform (poll)`: the line leaves them out."""


def event_line(entry: JournalEntry, masked: bool, zone: tzinfo | None) -> Line:
    """Say one journal line: local time, who was called, what happened, who did it."""
    at = say(f"{formats.time_of_day(entry.at, zone)} ", Tone.DIM)
    return Line((at, *_whom(entry, masked), *what(entry), *_by(entry)))


def history_line(entry: JournalEntry, zone: tzinfo | None) -> Line:
    """Say one journal line where the call is known already."""
    at = say(f"{formats.day_and_time(entry.at, zone)}  ", Tone.DIM)
    return Line((at, *what(entry), *_by(entry)))


def skipped_line(count: int) -> Line:
    """Say that lines were left out."""
    return Line(phrase(say(f"... {formats.plural(count, 'line')} left out", Tone.DIM)))


def what(entry: JournalEntry) -> Phrase:
    """Say what happened, with its reason and the change of state where that adds something."""
    known = _AGAIN if _is_retry(entry) else KINDS.get(entry.kind)
    head = say(known[0], known[1]) if known else say(entry.kind.replace("_", " "))
    parts: list[Span] = [head]
    if entry.detail:
        parts += [say(": "), _REASONS.get(entry.detail, say(entry.detail))]
    moved = entry.before and entry.after and entry.before != entry.after
    if moved and (known is None or entry.kind in _SHOW_THE_CHANGE):
        change = f" ({_plain(entry.before)} -> {_plain(entry.after)})"
        parts.append(say(change, Tone.DIM))
    return tuple(parts)


def _is_retry(entry: JournalEntry) -> bool:
    return entry.kind == "outcome_known" and entry.after.startswith("queued")


def _plain(standing: str) -> str:
    return clean(standing.replace("dialing", "dialling").replace("_", " "), 40)


def _whom(entry: JournalEntry, masked: bool) -> Phrase:
    if entry.call_id is None and entry.follow_up_id is None:
        return ()
    name = clean(entry.name, 24)
    number = formats.phone_number(entry.to_number, masked) if entry.to_number else ""
    nameless = f"message {entry.follow_up_id}" if entry.call_id is None else f"call {entry.call_id}"
    whom = " ".join(part for part in (name, number) if part) or nameless
    return phrase(say(f"{whom}  "))


def _by(entry: JournalEntry) -> Phrase:
    if entry.actor.partition(" ")[0] in _MACHINES:
        return ()
    return phrase(say(f"  by {clean(entry.actor, 40)}", Tone.DIM))
