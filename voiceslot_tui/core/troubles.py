"""What needs a person now: every kind of trouble, in one sentence each, and what to do about it.

A trouble is read from a snapshot and from how messages stand. The words hold no secret and no full
phone number, because they leave this machine by mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Hold, Instant
from voiceslot_tui.core.limits import TEXT_CHARS_MAX, WEBHOOKS_MISSED_MIN
from voiceslot_tui.core.snapshot import EngineState, Health, Snapshot
from voiceslot_tui.core.text import clean, mask


class Trouble(StrEnum):
    """What can be wrong, the worst first."""

    STORE_FAILING = "store_failing"
    ENGINE_PAUSED = "engine_paused"
    """By the engine itself, because the platform refuses our account."""
    BREAKER_OPEN = "breaker_open"
    READING_STALE = "reading_stale"
    PLATFORM_DENIED = "platform_denied"
    WEBHOOKS_SILENT = "webhooks_silent"
    MESSENGER_DENIED = "messenger_denied"
    MESSAGES_BLOCKED = "messages_blocked"
    SERVICE_FAILING = "service_failing"


@dataclass(frozen=True, slots=True)
class TroubleRule:
    """How a trouble is told: after how long, under which title, and with which advice."""

    lasts_s: float
    title: str
    advice: str


TROUBLES: Final = MappingProxyType(
    {
        Trouble.STORE_FAILING: TroubleRule(
            30.0,
            "the database cannot be used",
            "Free some space on its disk, or see who else holds the file; nothing is dialled or "
            "sent that cannot be written down.",
        ),
        Trouble.ENGINE_PAUSED: TroubleRule(
            0.0,
            "the engine paused itself",
            "See to the ElevenLabs key, plan and balance, then resume the engine.",
        ),
        Trouble.BREAKER_OPEN: TroubleRule(
            120.0,
            "the platform does not answer starts",
            "See the status page of ElevenLabs and the way out of this machine; dialling goes on "
            "by itself, and calls that may have been dialled are looked up.",
        ),
        Trouble.READING_STALE: TroubleRule(
            180.0,
            "the live calls cannot be read",
            "See the status page of ElevenLabs, the key and the way out of this machine; dialling "
            "goes on by itself once they can be read.",
        ),
        Trouble.PLATFORM_DENIED: TroubleRule(
            60.0,
            "the platform refuses an agent or a phone number",
            "See in the console which calls are denied, and mend the agent or phone number in "
            "ElevenLabs; both are probed by themselves.",
        ),
        Trouble.WEBHOOKS_SILENT: TroubleRule(
            600.0,
            "no webhooks come",
            "See the webhook in the ElevenLabs settings, WEBHOOK_SECRET and the proxy before the "
            "listener; until then ends of calls are noticed late.",
        ),
        Trouble.MESSENGER_DENIED: TroubleRule(
            120.0,
            "messages cannot be sent",
            "See to the account of the messenger or mail server and to its credentials; messages "
            "wait and go by themselves.",
        ),
        Trouble.MESSAGES_BLOCKED: TroubleRule(
            300.0,
            "messages are blocked",
            "Mend the template in the Twilio console, or set up a channel, then release what is "
            "blocked.",
        ),
        Trouble.SERVICE_FAILING: TroubleRule(
            120.0,
            "a part of the engine keeps failing",
            "See the log of the engine; it is tried again by itself.",
        ),
    }
)
"""Every kind of trouble: how many seconds it must last before it is told, and its fixed words."""


@dataclass(frozen=True, slots=True)
class MessageStanding:
    """How messages stand, as far as it needs a person: what is wrong in words, or nothing."""

    messenger_denied: str = ""
    template_trouble: str = ""
    blocked: int = 0
    untried: bool = False
    """Messages wait, and none was taken since the engine started."""


@dataclass(frozen=True, slots=True)
class LastWebhook:
    """When the last good webhook came, and how many calls had ended by then."""

    at: Instant | None = None
    ends: int = 0

    def after(self, snapshot: Snapshot) -> LastWebhook:
        """Take note of a later snapshot."""
        if snapshot.webhook_at == self.at:
            return self
        return LastWebhook(snapshot.webhook_at, snapshot.ends)


_ENGINE: Final = "engine"
"""Who has paused, where the engine did it by itself."""
_UNREAD: Final = frozenset({Hold.READING_STALE, Hold.RECOVERING})


def troubles(
    snapshot: Snapshot, messages: MessageStanding, last_webhook: LastWebhook, *, signed: bool
) -> dict[Trouble, str]:
    """Name what is wrong now, each with one sentence.

    `last_webhook` has taken note of this snapshot; `signed` says that webhooks are expected,
    because WEBHOOK_SECRET is set. An engine that stops has no trouble any more.
    """
    if snapshot.engine is EngineState.STOPPING:
        return {}
    found = dict(_of_the_platform(snapshot))
    found.update(_of_webhooks(snapshot, last_webhook) if signed else ())
    found.update(_of_messages(messages))
    found.update(_of_services(snapshot, found.get(Trouble.READING_STALE, "")))
    return found


def unseen(snapshot: Snapshot, messages: MessageStanding, *, signed: bool) -> frozenset[Trouble]:
    """Name the troubles that show only once something was tried, which this run has not yet.

    What an earlier run told of them still stands: nothing says that they are over.
    """
    untried = {
        Trouble.BREAKER_OPEN: not snapshot.answered,
        Trouble.WEBHOOKS_SILENT: signed and snapshot.webhook_at is None,
        Trouble.MESSENGER_DENIED: messages.untried,
    }
    return frozenset(trouble for trouble, is_unseen in untried.items() if is_unseen)


def _of_the_platform(snapshot: Snapshot) -> Iterator[tuple[Trouble, str]]:
    if snapshot.engine is EngineState.PAUSED and snapshot.paused_by == _ENGINE:
        why = f": {_foreign(snapshot.paused_why)}" if snapshot.paused_why else ""
        yield Trouble.ENGINE_PAUSED, f"The engine paused itself{why}."
    if snapshot.breaker_open:
        yield (
            Trouble.BREAKER_OPEN,
            "The platform left several starts unanswered; one call a minute probes it.",
        )
    age_s = snapshot.slots.reading_age_s
    if age_s is None or age_s > snapshot.slots.reading_bound_s:
        yield Trouble.READING_STALE, _unread(snapshot)
    denied = snapshot.holds.get(Hold.PLATFORM_DENIED, 0)
    if denied:
        yield (
            Trouble.PLATFORM_DENIED,
            f"The platform refuses a route; calls that wait for it: {denied:,}.",
        )


def _unread(snapshot: Snapshot) -> str:
    words = [idle.sentence for idle in snapshot.idle if idle.hold in _UNREAD]
    why = f": {_foreign(words[0])}" if words else ""
    return f"Nothing is dialled, because the platform's live calls are not known{why}."


def _of_webhooks(snapshot: Snapshot, last: LastWebhook) -> Iterator[tuple[Trouble, str]]:
    missed = snapshot.ends - last.ends
    if missed < WEBHOOKS_MISSED_MIN:
        return
    refused = snapshot.webhook_refused
    also = f"; {refused:,} were refused since the start" if refused else ""
    yield Trouble.WEBHOOKS_SILENT, f"{missed:,} calls ended and no good webhook came{also}."


def _of_messages(messages: MessageStanding) -> Iterator[tuple[Trouble, str]]:
    if messages.messenger_denied:
        why = _foreign(messages.messenger_denied)
        yield Trouble.MESSENGER_DENIED, f"The messenger does not let us send: {why}."
    if messages.template_trouble or messages.blocked:
        why = f": {_foreign(messages.template_trouble)}" if messages.template_trouble else ""
        yield Trouble.MESSAGES_BLOCKED, f"{_counted(messages.blocked)} blocked{why}."


def _counted(messages: int) -> str:
    return "1 message is" if messages == 1 else f"{messages:,} messages are"


def _of_services(snapshot: Snapshot, told: str) -> Iterator[tuple[Trouble, str]]:
    """Tell failing services; without a sentence where another trouble tells their error already."""
    failing = [one for one in snapshot.services if one.health is Health.FAILING]
    for one in failing:
        if one.store_failed:
            yield Trouble.STORE_FAILING, store_sentence(one.error)
    others = [one for one in failing if not one.store_failed]
    untold = [one for one in others if not one.error or _foreign(one.error) not in told]
    if untold:
        names = ", ".join(one.name for one in untold)
        yield Trouble.SERVICE_FAILING, f"Failing: {names} ({_foreign(untold[0].error)})."
    elif others:
        yield Trouble.SERVICE_FAILING, ""


def store_sentence(error: str) -> str:
    """Say that the database fails, and how."""
    return f"The database fails: {_foreign(error)}."


def _foreign(words: str) -> str:
    return clean(mask(words), TEXT_CHARS_MAX).rstrip(".")
