"""Content templates and what WhatsApp says of them."""

from __future__ import annotations

import json

import pytest

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.wire.twilio_content import (
    APPROVALS,
    CONTENT_SID,
    read_approval,
    read_template,
    read_templates,
)

SID = "HX" + "0" * 32


def content(**changed: object) -> dict[str, object]:
    return {
        "sid": SID,
        "friendly_name": "follow_up",
        "language": "es",
        "variables": {"1": "Ana", "2": "…", "3": "Casa Azul"},
        "types": {"twilio/text": {"body": "Hola {{1}}: {{ 2 }} De {{3}}."}},
        "approval_requests": {"status": "approved", "rejection_reason": ""},
        **changed,
    }


def test_a_template_is_read() -> None:
    template = read_template(json.dumps(content()).encode())
    assert (template.content_sid, template.approval) == (SID, Approval.APPROVED)
    assert (template.variables, template.language) == (("1", "2", "3"), "es")
    assert template.text == "Hola {{1}}: {{ 2 }} De {{3}}."
    assert CONTENT_SID.fullmatch(template.content_sid)


def test_variables_are_those_of_the_text_and_those_with_an_example() -> None:
    template = read_template(json.dumps(content(variables={"4": "x"})).encode())
    assert template.variables == ("1", "2", "3", "4")
    bare = read_template(json.dumps(content(variables=None, types=None)).encode())
    assert (bare.variables, bare.text) == ((), "")


def test_without_its_approval_a_template_is_not_judged() -> None:
    template = read_template(json.dumps(content(approval_requests=None)).encode())
    assert template.approval is Approval.UNREAD


@pytest.mark.parametrize("word", sorted(APPROVALS))
def test_every_word_is_known(word: str) -> None:
    answer = {"sid": SID, "whatsapp": {"status": word, "rejection_reason": "too \x1b[1mpushy"}}
    approval, reason = read_approval(json.dumps(answer).encode())
    assert approval is APPROVALS[word]
    assert reason == "too \ufffd[1mpushy"


@pytest.mark.parametrize("answer", [b"{}", b'{"whatsapp": {"status": "new_word"}}'])
def test_a_new_word_is_no_verdict(answer: bytes) -> None:
    assert read_approval(answer)[0] is Approval.UNREADABLE


def test_a_page_of_templates_is_read() -> None:
    page = {"contents": [content(), {"sid": None}], "meta": {"next_page_url": "https://next"}}
    (first, second), following = read_templates(json.dumps(page).encode())
    assert first.content_sid == SID
    assert second.content_sid == ""
    assert following == "https://next"


@pytest.mark.parametrize("meta", [{}, {"meta": {}}, {"meta": {"next_page_url": None}}])
def test_the_last_page_names_no_next(meta: dict[str, object]) -> None:
    assert read_templates(json.dumps({"contents": [], **meta}).encode()) == ((), None)


@pytest.mark.parametrize("answer", [b"", b"[]", b"<html>", b"\xff", b"[" * 99_999])
def test_what_is_none_is_not_read(answer: bytes) -> None:
    for read in (read_template, read_templates, read_approval):
        with pytest.raises(ReadFailed):
            read(answer)  # type: ignore[operator]
