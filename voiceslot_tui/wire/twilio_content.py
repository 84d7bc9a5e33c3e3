"""Twilio's Content templates, read into our words: what they say, and whether they may be used.

The approval comes with the template (ContentAndApprovals) or alone (ApprovalRequests). A word we do
not know is no verdict: then the first message decides.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any, Final

import msgspec

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.limits import MESSAGE_CHARS_MAX, VARIABLES_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.wire.elevenlabs_calls import text

APPROVALS: Final = MappingProxyType(
    {
        "approved": Approval.APPROVED,
        "received": Approval.UNDER_REVIEW,
        "pending": Approval.UNDER_REVIEW,
        "unsubmitted": Approval.UNSUBMITTED,
        "rejected": Approval.REJECTED,
        "paused": Approval.PAUSED,
        "disabled": Approval.DISABLED,
    }
)
"""Every word for the state of a template at WhatsApp."""

CONTENT_SID: Final = re.compile(r"HX[0-9a-fA-F]{32}")
_GAP: Final = re.compile(r"\{\{\s*([\w.-]{1,16})\s*\}\}")


class _Approval(msgspec.Struct):
    status: Any = None
    name: Any = None
    rejection_reason: Any = None


class _Content(msgspec.Struct):
    sid: Any = None
    friendly_name: Any = None
    language: Any = None
    variables: dict[str, Any] | None = None
    types: dict[str, Any] | None = None
    approval_requests: _Approval | None = None


class _Meta(msgspec.Struct):
    next_page_url: str | None = None


class _ContentPage(msgspec.Struct):
    contents: list[_Content]
    meta: _Meta | None = None


class _ApprovalAnswer(msgspec.Struct):
    sid: Any = None
    whatsapp: _Approval | None = None


_content = msgspec.json.Decoder(_Content)
_content_page = msgspec.json.Decoder(_ContentPage)
_approval_answer = msgspec.json.Decoder(_ApprovalAnswer)
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_template(body: bytes) -> Template:
    """Read one template, with its approval where the answer has it. Raises ReadFailed."""
    try:
        return _template(_content.decode(body))
    except _UNREADABLE:
        raise ReadFailed("Twilio's answer is not a template") from None


def read_templates(body: bytes) -> tuple[tuple[Template, ...], str | None]:
    """Read a page of templates with their approvals, and where the next is. Raises ReadFailed."""
    try:
        page = _content_page.decode(body)
    except _UNREADABLE:
        raise ReadFailed("Twilio's answer is not a list of templates") from None
    return tuple(map(_template, page.contents)), (
        page.meta.next_page_url if page.meta else None
    ) or None


def read_approval(body: bytes) -> tuple[Approval, str]:
    """Read what WhatsApp says of a template, and why where it rejected it. Raises ReadFailed."""
    try:
        return _approval(_approval_answer.decode(body).whatsapp)
    except _UNREADABLE:
        raise ReadFailed("Twilio's answer is not the approval of a template") from None


def _approval(read: _Approval | None) -> tuple[Approval, str]:
    if read is None:
        return Approval.UNREADABLE, ""
    approval = APPROVALS.get(text(read.status).lower(), Approval.UNREADABLE)
    return approval, clean(text(read.rejection_reason))


def _template(read: _Content) -> Template:
    words = _words(read.types or {})
    approval, reason = _approval(read.approval_requests)
    asked = read.approval_requests is not None
    return Template(
        content_sid=text(read.sid),
        approval=approval if asked else Approval.UNREAD,
        variables=_variables(words, read.variables or {}),
        text=words,
        language=clean(text(read.language)),
        name=clean(text(read.friendly_name)),
        reason=reason,
    )


def _words(types: dict[str, Any]) -> str:
    """Give the text of the first of a template's forms that has one."""
    for form in types.values():
        if isinstance(form, dict) and text(form.get("body")):
            return clean(text(form["body"]), MESSAGE_CHARS_MAX)
    return ""


def _variables(words: str, examples: dict[str, Any]) -> tuple[str, ...]:
    """Name the variables: those in the text, and those that have an example."""
    names = dict.fromkeys((*_GAP.findall(words), *(clean(name, 16) for name in examples)))
    return tuple(names)[:VARIABLES_MAX]
