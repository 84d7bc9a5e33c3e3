"""The short words of the screen for states, holds and dispositions, and the tone of each."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from voiceslot_tui.console.phrases import say
from voiceslot_tui.console.widgets.cells import Span, Tone
from voiceslot_tui.core.calls import Call, CallState, Disposition, Hold

STATES: Final = MappingProxyType(
    {
        CallState.QUEUED: say("queued"),
        CallState.DIALING: say("dialling", Tone.ACCENT),
        CallState.UNCERTAIN: say("uncertain", Tone.WARNING),
        CallState.LIVE: say("live", Tone.GOOD),
        CallState.UNKNOWN: say("unknown", Tone.BAD),
        CallState.WRAPPING_UP: say("wrap-up", Tone.DIM),
        CallState.ENDED: say("ended", Tone.DIM),
        CallState.REFUSED: say("refused", Tone.BAD),
        CallState.EXPIRED: say("expired", Tone.WARNING),
        CallState.SUPPRESSED: say("suppr.", Tone.WARNING),
        CallState.CANCELLED: say("cancelled", Tone.DIM),
    }
)

HOLDS: Final = MappingProxyType(
    {
        Hold.NO_SLOT: "no slot",
        Hold.PACING: "pacing",
        Hold.ENGINE_PAUSED: "paused",
        Hold.CAMPAIGN_PAUSED: "c. paused",
        Hold.PARKED: "parked",
        Hold.WINDOW_CLOSED: "hours",
        Hold.HOLIDAY: "holiday",
        Hold.TIMEZONE_UNKNOWN: "no zone",
        Hold.RETRY_WAIT: "retry",
        Hold.DAILY_CAP: "day cap",
        Hold.ROLLING_CAP: "24 h cap",
        Hold.CONTACT_CAP: "week cap",
        Hold.SUPPRESSED: "suppr.",
        Hold.CONSENT_MISSING: "consent?",
        Hold.NUMBER_BUSY_ELSEWHERE: "nr busy",
        Hold.CAMPAIGN_CAP: "camp. cap",
        Hold.AGENT_CAP: "agent cap",
        Hold.BUDGET: "budget",
        Hold.BREAKER_OPEN: "breaker",
        Hold.READING_STALE: "old list",
        Hold.PLATFORM_DENIED: "denied",
        Hold.NOT_STARTED: "not yet",
        Hold.RECOVERING: "recovery",
    }
)
"""Every hold in at most nine characters, for a column; elsewhere its own word stands."""

DISPOSITIONS: Final = MappingProxyType(
    {
        Disposition.ANSWERED: say("answered", Tone.GOOD),
        Disposition.VOICEMAIL: say("voicemail"),
        Disposition.NO_ANSWER: say("no answer"),
        Disposition.BUSY: say("busy"),
        Disposition.DECLINED: say("declined"),
        Disposition.FAILED: say("failed", Tone.BAD),
        Disposition.INVALID_NUMBER: say("bad nr", Tone.BAD),
        Disposition.UNKNOWN: say("not known", Tone.WARNING),
    }
)


def state_of(call: Call) -> Span:
    """Say where a call stands in one word."""
    if call.cancel_wished:
        return say("to cancel", Tone.WARNING)
    if call.state is not CallState.QUEUED or call.hold is None:
        return STATES[call.state]
    if call.hold is Hold.PARKED:
        return say("parked", Tone.WARNING)
    if call.hold is Hold.RETRY_WAIT:
        return say("retry", Tone.ACCENT)
    return say("held", Tone.WARNING)


def hold_words(hold: Hold) -> str:
    """Give a hold in the vocabulary's own words, as API, logs and exports say it."""
    return hold.value.replace("_", " ")
