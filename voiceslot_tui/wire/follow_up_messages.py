"""A follow-up as the messenger is told it: free text, or an approved template with its variables.

The variables are JSON in a text, because anything else is garbled on the way (measured with the
official SDK). None is empty and none has a line break, which WhatsApp refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import msgspec

from voiceslot_tui.core.follow_up_policy import Send, Template
from voiceslot_tui.core.follow_up_texts import (
    CONTENT_VARIABLES,
    GAPS,
    Texts,
    gaps_of,
)
from voiceslot_tui.core.follow_ups import Channel, FollowUp, Form, Kind
from voiceslot_tui.core.limits import MESSAGE_CHARS_MAX, VARIABLE_CHARS_MAX
from voiceslot_tui.core.message_text import clean_name, clean_summary, clipped, one_line
from voiceslot_tui.wire.text_templates import TextTemplate, read_text


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `body` as free text, or `content_sid` with `content_variables` as JSON.

    `preview` is what the person will read, as far as we can know it. `subject` is for e-mail.
    """

    body: str = ""
    content_sid: str = ""
    content_variables: str = ""
    subject: str = ""
    preview: str = ""


def check_texts(texts: Texts, sender: str = "") -> None:
    """Check texts that somebody wrote. Raises BadInput naming the text that is wrong."""
    for field in GAPS:
        _read(texts, field, clean_name(sender))


def write_message(
    follow_up: FollowUp, send: Send, texts: Texts, sender: str, template: Template | None
) -> Message:
    """Write the message of a follow-up."""
    values = _values(follow_up, send.kind, texts, sender)
    if send.form is Form.TEMPLATE:
        assert template is not None, "a template is sent that is not there"
        return _with_template(template, values, texts)
    body = clipped(_read(texts, "letter", values["sender"]).render(values), MESSAGE_CHARS_MAX)
    subject = ""
    if send.channel is Channel.EMAIL:
        subject = one_line(_read(texts, "subject", values["sender"]).render(values))
    return Message(body=body, subject=subject, preview=body)


def unfit_variable(template: Template) -> str:
    """Give the first variable of a template that we have nothing for, or nothing."""
    return next((key for key in template.variables if key not in CONTENT_VARIABLES), "")


def _values(follow_up: FollowUp, kind: Kind, texts: Texts, sender: str) -> dict[str, str]:
    values = {
        "name": clean_name(follow_up.name),
        "summary": clean_summary(follow_up.summary),
        "sender": clean_name(sender),
    }
    field = _body_field(kind, values["summary"])
    body = _read(texts, field, values["sender"]).render(values)
    return {**values, "body": clipped(one_line(body), VARIABLE_CHARS_MAX)}


def _body_field(kind: Kind, summary: str) -> str:
    if kind is Kind.TRIED:
        return "tried"
    return "talked_summary" if summary else "talked"


def _with_template(template: Template, values: Mapping[str, str], texts: Texts) -> Message:
    """Fill in a template; where a value is missing, words stand in that say no less."""
    full = {
        **values,
        "name": values["name"] or texts.no_name,
        "sender": values["sender"] or texts.no_sender,
        "summary": values["summary"] or values["body"],
    }
    filled = {key: full[CONTENT_VARIABLES[key]] for key in template.variables}
    assert all(filled.values()), "a variable of a template may not be empty"
    variables = msgspec.json.encode(filled).decode() if filled else ""
    return Message(
        content_sid=template.content_sid,
        content_variables=variables,
        preview=_preview(template.text, filled) or full["body"],
    )


def _preview(text: str, filled: Mapping[str, str]) -> str:
    """Put the values into a template's text, each gap once, whatever the values look like."""
    shown = ""
    while "{{" in text:
        before, _, rest = text.partition("{{")
        key, closing, text = rest.partition("}}")
        gap = f"{{{{{key}{closing}"
        shown += before + (filled.get(key.strip(), gap) if closing else gap)
    return shown + text


def _read(texts: Texts, field: str, sender: str) -> TextTemplate:
    return _checked(getattr(texts, field), field, signed=bool(sender))


@cache
def _checked(source: str, field: str, *, signed: bool) -> TextTemplate:
    return read_text(source, gaps_of(field, signed=signed), field)
