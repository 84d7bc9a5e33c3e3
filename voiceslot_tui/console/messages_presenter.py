"""From the standing of the messages to the words of their pane and of the header. Pure.

What keeps messages from being sent comes first, with who or what can change it.
"""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console import formats, glyphs
from voiceslot_tui.console.message_wording import APPROVALS
from voiceslot_tui.console.phrases import Phrase, phrase, say, wrapped
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.follow_ups import Channel, FollowUpState
from voiceslot_tui.core.text import clean

NO_CHANNEL: Final = "no channel set up: set TWILIO_WHATSAPP_NUMBER"
_NO_TEMPLATE: Final = (
    "no template is set: WhatsApp takes nothing else from who was not written to first; "
    "set FOLLOW_UP_CONTENT_SID, or press t"
)

_USABLE: Final = frozenset({Approval.APPROVED, Approval.UNREADABLE})

_S = FollowUpState
_REACHED: Final = (_S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.READ)
"""States of messages that were sent, as far as anybody knows."""


def counts(standing: FollowUpStanding) -> tuple[tuple[str, int], ...]:
    """Count messages as an operator thinks of them."""
    states = standing.states
    return (
        ("due", states.get(_S.DUE, 0) + states.get(_S.SENDING, 0)),
        ("sent", sum(states.get(state, 0) for state in _REACHED)),
        ("failed", states.get(_S.FAILED, 0)),
        ("blocked", states.get(_S.BLOCKED, 0)),
        ("ambiguous", states.get(_S.AMBIGUOUS, 0)),
    )


_ALWAYS_COUNTED: Final = ("due", "sent", "failed")


def note(standing: FollowUpStanding) -> str:
    """Say beside the pane's title what is switched, and how many stand where."""
    badges = [
        word
        for word, is_so in (("PAUSED", standing.paused), ("SANDBOX", standing.sandbox))
        if is_so
    ]
    counted = [
        f"{name} {formats.count(number)}"
        for name, number in counts(standing)
        if number or (name in _ALWAYS_COUNTED and standing.states)
    ]
    return "  ".join([*badges, *counted])


def rows_in(standing: FollowUpStanding, where: FollowUpFilter) -> int | None:
    """Count the rows of a list; None where only reading them would tell."""
    if where == FollowUpFilter():
        return sum(standing.states.values())
    if where == FollowUpFilter(states=where.states):
        return sum(standing.states.get(state, 0) for state in where.states)
    return None


# --- the lines above the rows


def status_lines(standing: FollowUpStanding, cells: int) -> list[Line]:
    """Say what keeps messages from being sent, the most binding reason first; often nothing."""
    lines: list[Line] = []
    for sentence, tone in _sentences(standing):
        lines += wrapped(f"{glyphs.WARNING} {clean(sentence)}", cells, tone, indent="  ")
    return lines


def _sentences(standing: FollowUpStanding) -> list[tuple[str, Tone]]:
    said: list[tuple[str, Tone]] = []
    if not standing.channels:
        said.append((NO_CHANNEL, Tone.WARNING))
    if standing.paused:
        by = f" by {clean(standing.paused_by, 30)}" if standing.paused_by else ""
        said.append((f"follow-ups paused{by}: no message is sent; W resumes", Tone.WARNING))
    if standing.trouble:
        said.append((standing.trouble, Tone.BAD))
    template = template_sentence(standing)
    if template:
        said.append((template, Tone.WARNING))
    if standing.sandbox:
        joined = "only who joined it in the last three days is reached"
        said.append((f"SANDBOX: Twilio's shared number; {joined}", Tone.WARNING))
    return said


def template_sentence(standing: FollowUpStanding) -> str:
    """Say why the template cannot be used; nothing where it can, or where none is needed."""
    template = standing.template
    if template is None:
        wanted = Channel.WHATSAPP in standing.channels and not standing.sandbox
        return _NO_TEMPLATE if wanted else ""
    if template.unfit:
        return (
            f"{_named(template)} asks for {clean(template.unfit, 40)}, and there is nothing for it"
        )
    if template.approval in _USABLE:
        return ""
    reason = f": {clean(template.reason)}" if template.reason else ""
    return f"{_named(template)} {APPROVALS[template.approval]}{reason}"


def _named(template: TemplateStanding) -> str:
    return f"template {clean(template.name or template.content_sid, 40)}"


# --- the header


def alarm(standing: FollowUpStanding) -> Phrase:
    """Say in few words what an operator should know of the messages; nothing where all is well."""
    if standing.paused:
        return phrase(say("messages PAUSED", Tone.WARNING))
    states = standing.states
    blocked, ambiguous = states.get(_S.BLOCKED, 0), states.get(_S.AMBIGUOUS, 0)
    if standing.trouble:
        return phrase(say(f"{glyphs.WARNING} messages held up", Tone.BAD))
    if blocked:
        plural = formats.plural(blocked, "message")
        return phrase(say(f"{glyphs.WARNING} {plural} blocked", Tone.BAD))
    if ambiguous:
        plural = formats.plural(ambiguous, "message")
        return phrase(say(f"{plural} ambiguous", Tone.WARNING))
    return ()
