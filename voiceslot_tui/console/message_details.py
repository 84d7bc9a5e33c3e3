"""From one message with its tries and history to the lines of the detail pane. Pure."""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console import formats, glyphs
from voiceslot_tui.console.details import DetailLook, headed
from voiceslot_tui.console.message_rows import code_words
from voiceslot_tui.console.message_wording import CHANNELS, FORMS, MESSAGE_STATES, TRY_STATES
from voiceslot_tui.console.phrases import cut, phrase, say, wrapped
from voiceslot_tui.console.stories import history_line
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.wording import DISPOSITIONS
from voiceslot_tui.core.calls import seconds_between
from voiceslot_tui.core.follow_up_pages import FollowUpDetail
from voiceslot_tui.core.follow_up_words import why_not_sent
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpState, Try, TryState
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.follow_up_control import ThePreview
from voiceslot_tui.wire.twilio_errors import explained

_STILL_TO_SEND: Final = frozenset(
    {FollowUpState.DUE, FollowUpState.BLOCKED, FollowUpState.FAILED, FollowUpState.SKIPPED}
)
_TEXT_LINES_MAX: Final = 60
"""Lines of a summary or a preview that are shown."""


def message_lines(
    detail: FollowUpDetail, preview: ThePreview | None, look: DetailLook
) -> tuple[Line, ...]:
    """Say all about one message: where it stands and why, its tries, texts and history."""
    message = detail.follow_up
    number = formats.phone_number(message.to_number, look.masked)
    name = f"{clean(message.name, 40)} " if message.name else ""
    lines = [Line(phrase(say(f"{name}{number}", Tone.STRONG)))]
    lines += _fields(message, look)
    why = [row for one in why_sentences(message) for row in _paragraph(f"- {one}", look)]
    lines += headed("why", why)
    lines += headed("tries", [row for one in detail.tries for row in _try_lines(one, look)])
    lines += headed(_preview_heading(message), _preview_lines(preview, look))
    lines += headed("summary", _text_lines(message.summary, look))
    lines += headed("history", [history_line(one, look.zone) for one in detail.history])
    return tuple(Line(cut(line.spans, look.cells), line.tone) for line in lines)


def why_sentences(message: FollowUp) -> tuple[str, ...]:
    """Say in whole sentences where a message stands, what went wrong and what can be done."""
    sentences = [why_not_sent(message)]
    if message.code is not None:
        sentences.append(str(code_words(message.code, message.detail)))
        remedy = explained(message.code).remedy
        sentences += [remedy] if remedy else []
    elif message.detail:
        sentences.append(clean(message.detail))
    return tuple(sentences)


def preview_sentences(preview: ThePreview) -> tuple[str, ...]:
    """Say what a message would read like, and by which template."""
    by = (f"by the template {clean(preview.content_sid, 40)}",) if preview.content_sid else ()
    variables = (f"variables: {clean(preview.variables, 400)}",) if preview.variables else ()
    return (preview.text, *by, *variables)


def _fields(message: FollowUp, look: DetailLook) -> list[Line]:
    state = MESSAGE_STATES[message.state]
    ended = formats.day_and_time(message.ended_at, look.zone)
    ago = formats.age(seconds_between(message.ended_at, look.now))
    sign = say(f"{glyphs.OF_MESSAGE[message.state]} ", state.tone)
    lines = [
        phrase(sign, state, f"   message {message.id}   by {CHANNELS[message.channel]}"),
        phrase(f"call ended {ended}, {ago} ago: ", DISPOSITIONS[message.disposition]),
    ]
    if message.due_at is not None:
        lines.append(phrase(f"due {formats.day_and_time(message.due_at, look.zone)}"))
    for name, value in (
        ("template", message.content_sid),
        ("conversation", message.conversation_id or ""),
        ("batch", message.batch_id),
        ("agent", message.agent_id),
        ("e-mail", "" if look.masked else message.email),
    ):
        if value:
            lines.append(phrase(f"{name} {clean(value, 80)}"))
    return [Line(line) for line in lines]


def _try_lines(one: Try, look: DetailLook) -> list[Line]:
    """Say one request: when, how, what became of it; then the code with its meaning."""
    changed = formats.time_of_day(one.changed_at, look.zone)
    head = phrase(
        f"{one.number}. {formats.day_and_time(one.started_at, look.zone)}  ",
        f"{CHANNELS[one.channel]}, {FORMS[one.form]}  ",
        TRY_STATES[one.state],
        f" {changed}" if one.changed_at != one.started_at else "",
    )
    lines = [Line(head)]
    if one.message_sid:
        lines.append(Line(phrase(say(f"   {clean(one.message_sid, 40)}", Tone.DIM))))
    if one.lookups:
        looked = formats.plural(one.lookups, "look-up")
        lines.append(Line(phrase(f"   {looked} did not show it")))
    words = code_words(one.code, one.detail)
    if words:
        tone = Tone.BAD if one.state is TryState.FAILED else Tone.WARNING
        lines += wrapped(f"   {words}", look.cells, tone, indent="   ")
    return lines


def _preview_heading(message: FollowUp) -> str:
    """Say what a preview is: of what has left us it is written anew, maybe by another template."""
    return "would be sent as" if message.state in _STILL_TO_SEND else "sent as, written anew"


def _preview_lines(preview: ThePreview | None, look: DetailLook) -> list[Line]:
    if preview is None:
        return []
    text, *others = preview_sentences(preview)
    lines = _text_lines(text, look)
    return lines + [Line(phrase(say(one, Tone.DIM))) for one in others]


def _text_lines(text: str, look: DetailLook) -> list[Line]:
    """Lay a text of others out for reading, paragraph by paragraph."""
    lines = [row for part in text.splitlines() for row in wrapped(part, look.cells)]
    return lines[:_TEXT_LINES_MAX]


def _paragraph(text: str, look: DetailLook) -> list[Line]:
    return wrapped(text, look.cells, Tone.WARNING, indent="  ")
