"""How the messages and the watching of batches stand, in sentences. Pure; all is cleaned."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from voiceslot_tui.cli.ages import age
from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.text import clean

_APPROVALS: Final = MappingProxyType(
    {
        Approval.UNREAD: "its approval was not read yet",
        Approval.UNREADABLE: "its approval cannot be read; sending will tell",
        Approval.HIDDEN: "cannot be read, so nobody knows what to fill in",
        Approval.APPROVED: "approved",
        Approval.UNDER_REVIEW: "under review at WhatsApp",
        Approval.UNSUBMITTED: "never submitted to WhatsApp",
        Approval.REJECTED: "rejected by WhatsApp",
        Approval.PAUSED: "paused by WhatsApp",
        Approval.DISABLED: "disabled by WhatsApp",
        Approval.MISSING: "not in the Twilio account",
    }
)


def message_lines(standing: FollowUpStanding) -> Iterator[str]:
    """Say how many messages stand where, and what keeps them from being sent."""
    counted = [f"{count:,} {state}" for state, count in standing.states.items() if count]
    counts = ", ".join(counted) or "none yet"
    if not standing.channels:
        unset = "no channel set up: set TWILIO_WHATSAPP_NUMBER"
        yield f"{counts}; {unset}" if counted else unset
    else:
        yield f"{counts}; sent by {', then '.join(standing.channels)}"
    if standing.paused:
        by = f" by {clean(standing.paused_by)}" if standing.paused_by else ""
        yield f"paused{by}: none is sent until `voiceslot follow-ups resume`"
    if standing.trouble:
        yield clean(standing.trouble)
    if standing.template is not None:
        yield _template(standing.template)
    if standing.sandbox:
        yield "SANDBOX: only who joined Twilio's shared number in the last three days is reached"


def _template(template: TemplateStanding) -> str:
    named = clean(template.name or template.content_sid, 40)
    unfit = f"; it asks for {clean(template.unfit, 40)}, and there is nothing for it"
    reason = f": {clean(template.reason)}" if template.reason else ""
    return f"template {named}: {_APPROVALS[template.approval]}{reason}" + (
        unfit if template.unfit else ""
    )


def checks_words(checks: BatchChecks, now: Instant) -> str:
    """Say whether batches are watched, how often they are checked, and how that went last."""
    if not checks.watching:
        return "not watched: calls that end in batches get no message until they are"
    often = f"{checks.watched:,} watched, checked every {checks.interval_s:g} s"
    if checks.last_at is None:
        return f"{often}; not checked yet"
    last = f"last {age(checks.last_at, now)} ago in {checks.took_s:.1f} s"
    failed = f", {checks.failed:,} not read" if checks.failed else ""
    error = f": {clean(checks.error)}" if checks.error else ""
    return f"{often}, {last}{failed}{error}"
