"""The summary of a conversation, from its own answer and from the whole conversation."""

from __future__ import annotations

import json

import pytest

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.core.talks import TalkState
from voiceslot_tui.wire.elevenlabs_summaries import read_summary


def test_the_summary_has_an_answer_of_its_own() -> None:
    answer = {"status": "done", "transcript_summary": "They\nagreed.", "call_summary_title": "Pay"}
    read = read_summary(json.dumps(answer).encode())
    assert (read.state, read.summary, read.title) == (TalkState.ANALYSED, "They\nagreed.", "Pay")
    assert read.is_final


def test_the_whole_conversation_has_it_too() -> None:
    answer = {"status": "done", "analysis": {"transcript_summary": "They agreed."}}
    assert read_summary(json.dumps(answer).encode()).summary == "They agreed."


@pytest.mark.parametrize("status", ["initiated", "in-progress", "processing", "a-new-word"])
def test_before_the_analysis_there_is_none_yet(status: str) -> None:
    read = read_summary(json.dumps({"status": status, "analysis": None}).encode())
    assert (read.summary, read.is_final) == ("", False)


def test_a_summary_that_is_too_long_is_cut_and_one_of_another_kind_is_none() -> None:
    long = {"status": "done", "transcript_summary": "x" * 30_000}
    assert len(read_summary(json.dumps(long).encode()).summary) == 20_000
    assert read_summary(b'{"status": "failed", "transcript_summary": 5}').summary == ""


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]", b"<html>", b'{"status": 1}'])
def test_what_is_no_summary_is_not_read(answer: bytes) -> None:
    with pytest.raises(ReadFailed):
        read_summary(answer)
