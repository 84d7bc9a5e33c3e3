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
    BODY_NAMES,
    CONTENT_VARIABLES,
    LETTER_NAMES,
    Texts,
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


def check_texts(texts: Texts) -> None:
    """Check texts that somebody wrote. Raises BadInput naming the text that is wrong."""
    for field in ("talked_summary", "talked", "tried", "subject"):
        read_text(getattr(texts, field), BODY_NAMES, field)
    read_text(texts.letter, LETTER_NAMES, "letter")


def write_message(
    follow_up: FollowUp, send: Send, texts: Texts, sender: str, template: Template | None
) -> Message:
    """Write the message of a follow-up."""
    values = _values(follow_up, send.kind, texts, sender)
    if send.form is Form.TEMPLATE:
        assert template is not None, "a template is sent that is not there"
        return _with_template(template, values, texts)
    body = clipped(_read(texts.letter, LETTER_NAMES).render(values), MESSAGE_CHARS_MAX)
    subject = ""
    if send.channel is Channel.EMAIL:
        subject = one_line(_read(texts.subject, BODY_NAMES).render(values))
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
    body = _read(_body_source(kind, texts, values["summary"]), BODY_NAMES).render(values)
    return {**values, "body": clipped(one_line(body), VARIABLE_CHARS_MAX)}


def _body_source(kind: Kind, texts: Texts, summary: str) -> str:
    if kind is Kind.TRIED:
        return texts.tried
    return texts.talked_summary if summary else texts.talked


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


@cache
def _read(source: str, names: frozenset[str]) -> TextTemplate:
    return read_text(source, names)
