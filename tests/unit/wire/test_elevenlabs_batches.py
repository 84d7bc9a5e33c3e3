"""ElevenLabs' batches in our words."""

from __future__ import annotations

import json

import pytest

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.wire.elevenlabs_batches import read_batch_calls, read_batches


def test_a_batch_is_read_in_figures() -> None:
    batch = {
        "id": "btcal_1",
        "status": "in_progress",
        "total_calls_dispatched": 9,
        "total_calls_finished": 4,
        "total_calls_scheduled": 30,
        "last_updated_at_unix": 1_790_000_000,
        "scheduled_time_unix": 1_790_000_600,
        "target_concurrency_limit": 3,
        "something_new": {},
    }
    page = read_batches(json.dumps({"batch_calls": [batch], "next_doc": "d"}).encode())
    (read,) = page.items
    assert page.next_cursor == "d"
    assert (read.batch_id, read.status) == ("btcal_1", "in_progress")
    assert (read.dispatched, read.finished, read.scheduled) == (9, 4, 30)
    assert (read.updated_at, read.starts_at) == (1_790_000_000, 1_790_000_600)
    assert read.target_concurrency == 3


def test_what_a_batch_does_not_tell_is_nothing() -> None:
    (read,) = read_batches(b'{"batch_calls": [{"id": "b", "status": "paused_by_vendor"}]}').items
    assert (read.status, read.dispatched, read.target_concurrency) == ("paused_by_vendor", 0, None)


def test_only_recipients_that_are_handed_over_ring_or_talk_hold_a_slot() -> None:
    statuses = [
        "pending",
        "dispatched",
        "initiated",
        "in_progress",
        "completed",
        "voicemail",
        "new",
    ]
    without = [{"status": status, "conversation_id": None} for status in statuses]
    named = [{"status": status, "conversation_id": f"conv_{status}"} for status in statuses]
    read = read_batch_calls(json.dumps({"recipients": without + named}).encode())
    assert read.ids == {"conv_dispatched", "conv_initiated", "conv_in_progress"}
    assert (read.unnamed, read.count) == (3, 6)
    assert read_batch_calls(b'{"recipients": []}').count == 0


@pytest.mark.parametrize("body", [b"{}", b"<html>", b"[]", b'{"recipients": 1, "batch_calls": 1}'])
def test_what_is_no_batch_is_not_read(body: bytes) -> None:
    for read in (read_batches, read_batch_calls):
        with pytest.raises(ReadFailed):
            read(body)  # type: ignore[operator]
