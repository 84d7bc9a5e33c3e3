"""Why a call, or everything, is not dialled: the one function behind screen, API and command line.

The answer names a reason from the hold vocabulary, its figures, and what would change it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.core.calls import Call, CallState, Hold, Instant, seconds_between
from voiceslot_tui.core.slots import Gate
from voiceslot_tui.core.snapshot import Idle

MEANINGS: Final = MappingProxyType(
    {
        Hold.NO_SLOT: "every slot is in use",
        Hold.PACING: "the pace of starts allows the next call in a moment",
        Hold.ENGINE_PAUSED: "the engine is paused; resume it to dial",
        Hold.CAMPAIGN_PAUSED: "its campaign is paused",
        Hold.PARKED: "an operator set it aside; unpark it to dial",
        Hold.WINDOW_CLOSED: "it is outside the person's calling hours",
        Hold.HOLIDAY: "it is a holiday where the person is",
        Hold.TIMEZONE_UNKNOWN: "the person's time zone is not known",
        Hold.RETRY_WAIT: "it waits for its next attempt",
        Hold.DAILY_CAP: "the person was called often enough today",
        Hold.ROLLING_CAP: "the person was called often enough in the last 24 hours",
        Hold.CONTACT_CAP: "the person was contacted often enough this week",
        Hold.SUPPRESSED: "the number is on the suppression list",
        Hold.CONSENT_MISSING: "there is no consent on record",
        Hold.NUMBER_BUSY_ELSEWHERE: "another call to this number is under way",
        Hold.CAMPAIGN_CAP: "its campaign uses all the slots it may",
        Hold.AGENT_CAP: "its agent uses all the slots it may",
        Hold.BUDGET: "the budget is used up",
        Hold.BREAKER_OPEN: "the platform does not answer starts; one call a minute probes it",
        Hold.READING_STALE: "the platform's live calls could not be read lately",
        Hold.PLATFORM_DENIED: "the platform refuses its agent or phone number; both are probed",
        Hold.NOT_STARTED: "its campaign has not started",
        Hold.RECOVERING: "the engine reads the platform's live calls before it dials",
    }
)
"""Every hold in words."""


def why_idle(
    gate: Gate, holding: int, queued: int, holds: dict[Hold, int], now: Instant
) -> tuple[Idle, ...]:
    """List why no further call starts, the binding reason first; empty where one may start now.

    `holds` counts queued calls by their own hold.
    """
    reasons = [Idle(hold, _engine_sentence(hold, gate, holding, now)) for hold in gate.closed(now)]
    ready = queued - sum(holds.values())
    if not reasons and ready:
        _, hold = gate.room(holding, now)
        if hold is not None:
            reasons.append(Idle(hold, _engine_sentence(hold, gate, holding, now)))
    if not ready:
        reasons.extend(
            Idle(hold, f"{count:,} queued: {MEANINGS[hold]}")
            for hold, count in sorted(holds.items(), key=lambda item: -item[1])
            if count
        )
    return tuple(reasons)


def _engine_sentence(hold: Hold, gate: Gate, holding: int, now: Instant) -> str:
    if hold is Hold.NO_SLOT:
        return _slots_sentence(gate, holding)
    if hold is Hold.READING_STALE:
        return f"{MEANINGS[hold]}: the last reading is {gate.reading_age_s:.0f} s old"
    if hold is Hold.PACING and gate.quiet_until is not None and now < gate.quiet_until:
        wait_s = seconds_between(now, gate.quiet_until)
        return f"the platform is given a rest for {wait_s:.0f} s more"
    return MEANINGS[hold]


def _slots_sentence(gate: Gate, holding: int) -> str:
    foreign = gate.reading.foreign if gate.reading is not None else 0
    used = holding + foreign + gate.reserve
    over = used - gate.ceiling.slots
    parts = [f"{holding} ours"]
    parts += [f"{foreign} foreign"] if foreign else []
    parts += [f"{gate.reserve} in reserve"] if gate.reserve else []
    state = f"over by {over}, draining" if over > 0 else "every slot is in use"
    return f"{state}: {' + '.join(parts)} of {gate.ceiling.slots}"


_STATE_SENTENCES: Final = MappingProxyType(
    {
        CallState.DIALING: "it is being dialled",
        CallState.UNCERTAIN: "its start was not answered; it is being looked up and keeps its slot",
        CallState.LIVE: "it is in call",
        CallState.UNKNOWN: (
            "it may have been dialled and was not found; confirm that it was or was not"
        ),
        CallState.WRAPPING_UP: "the call is over; its outcome is being read",
        CallState.ENDED: "it has ended",
        CallState.REFUSED: "the platform refused it for good",
        CallState.EXPIRED: "its time ran out",
        CallState.SUPPRESSED: "the number is on the suppression list",
        CallState.CANCELLED: "it was cancelled",
    }
)


def why_not_dialled(call: Call, idle: tuple[Idle, ...], now: Instant) -> tuple[str, ...]:
    """Say in sentences why one call is not being dialled, its own reason before the engine's."""
    if call.state is not CallState.QUEUED:
        return (_STATE_SENTENCES[call.state],)
    sentences: list[str] = []
    if call.hold is not None:
        sentences.append(MEANINGS[call.hold])
    if call.due_at is not None and call.due_at > now:
        sentences.append(f"due in {seconds_between(now, call.due_at):.0f} s")
    own = {Hold.RETRY_WAIT, Hold.PARKED, Hold.NUMBER_BUSY_ELSEWHERE, Hold.PLATFORM_DENIED}
    sentences.extend(reason.sentence for reason in idle if reason.hold not in own)
    return tuple(sentences) or ("it is next in line; it starts as soon as its turn comes",)
