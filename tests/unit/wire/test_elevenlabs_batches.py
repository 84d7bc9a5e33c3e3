"""ElevenLabs' batches in our words."""

from __future__ import annotations

import json

import pytest

from voiceslot_tui.core.errors import ReadFailed
from voiceslot_tui.wire.elevenlabs_batches import (
    BatchReading,
    read_batch_calls,
    read_batch_detail,
    read_batch_rows,
    read_batches,
)


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


@pytest.mark.parametrize("odd", [None, 5, {"status": 7}, {"conversation_id": []}])
def test_something_odd_in_a_batch_changes_nothing_about_its_calls(odd: object) -> None:
    people = [
        recipient("dispatched", conversation_id=None),
        recipient("initiated", conversation_id="conv_2"),
        recipient("completed", conversation_id="conv_3"),
        {"status": "in_progress"},
        {"conversation_id": "conv_4"},
    ]
    assert read_batch_calls(detail(*people, odd)) == read_batch_calls(detail(*people))
    assert read_batch_calls(detail(*people)) == read_batch_detail(detail(*people)).calls


@pytest.mark.parametrize("body", [b"{}", b"<html>", b"[]", b'{"recipients": 1, "batch_calls": 1}'])
def test_what_is_no_batch_is_not_read(body: bytes) -> None:
    for read in (read_batches, read_batch_calls):
        with pytest.raises(ReadFailed):
            read(body)  # type: ignore[operator]


def recipient(status: str = "completed", **changed: object) -> dict[str, object]:
    return {
        "id": "rcp_1",
        "phone_number": "+12025550123",
        "status": status,
        "created_at_unix": 1_790_000_000,
        "updated_at_unix": 1_790_000_060,
        "conversation_id": "conv_1",
        "conversation_initiation_client_data": {
            "dynamic_variables": {"nombre": " Ana\x1b[2J ", "email": "ana@example.org", "age": 5}
        },
        **changed,
    }


def detail(*recipients: object, **changed: object) -> bytes:
    batch = {"id": "btcal_1", "name": "Spring", "agent_id": "agent_1", "agent_name": "Ana"}
    whole = {**batch, "status": "in_progress", "retry_count": 2, "recipients": list(recipients)}
    return json.dumps({**whole, **changed}).encode()


def test_a_batch_is_read_with_its_name_and_agent() -> None:
    body = {"batch_calls": [{"id": "b", "name": "Spring", "agent_name": "A", "retry_count": 1}]}
    (row,) = read_batch_rows(json.dumps(body).encode()).items
    assert (row.count.batch_id, row.name, row.agent_name, row.retries) == ("b", "Spring", "A", 1)


def test_a_batch_is_read_with_its_recipients() -> None:
    read = read_batch_detail(detail(recipient(), recipient("pending", conversation_id=None)))
    assert (read.batch.name, read.batch.retries, read.unreadable) == ("Spring", 2, 0)
    assert read.statuses == {"completed": 1, "pending": 1}
    first, second = read.recipients()
    assert (first.recipient_id, first.conversation_id, first.number) == (
        "rcp_1",
        "conv_1",
        "+12025550123",
    )
    assert (first.name, first.email, first.updated_at) == (
        "Ana\ufffd[2J",
        "ana@example.org",
        1_790_000_060,
    )
    assert second.conversation_id is None
    assert [one.status for one in read.in_status(frozenset({"pending"}))] == ["pending"]


def test_a_recipient_that_tells_nothing_is_one_all_the_same() -> None:
    read = read_batch_detail(
        detail(
            {},
            recipient(phone_number=5, conversation_id="", conversation_initiation_client_data=None),
            recipient(["odd"], id=7),
            recipient(conversation_initiation_client_data={"dynamic_variables": [1]}),
        )
    )
    assert read.unreadable == 0
    assert read.statuses == {"": 2, "completed": 2}
    assert [one.name for one in read.recipients()] == ["", "", "Ana\ufffd[2J", ""]
    assert [one.number for one in read.recipients()][:2] == ["", ""]
    assert list(read.in_status(frozenset({"odd"}))) == []


def test_one_recipient_that_cannot_be_read_does_not_hide_the_others() -> None:
    body = detail(None, recipient(), 5, recipient(conversation_initiation_client_data=[]))
    read = read_batch_detail(body)
    assert (read.unreadable, [one.name for one in read.recipients()]) == (2, ["Ana\ufffd[2J", ""])
    spoilt = detail(recipient(), recipient("voicemail")).replace(b"voicemail", b"voice\xff")
    assert (read_batch_detail(spoilt).unreadable, read_batch_detail(spoilt).statuses) == (
        1,
        {"completed": 1},
    )
    assert read_batch_calls(detail(None, recipient("initiated"))).ids == {"conv_1"}


ALL_WORDS = (
    *("pending", "dispatched", "initiated", "in_progress"),
    *("completed", "voicemail", "failed", "cancelled", "new"),
)


@pytest.mark.parametrize(
    ("dates", "since", "given"),
    [
        ((100, 200, 300), 0, [100, 200, 300]),
        ((100, 200, 300), 200, [200, 300]),
        ((100, 200, 300), 301, []),
        # Whoever is not dated may have ended just now.
        ((None, 200, "soon"), 300, [0, 0]),
        ((-5, 1e300, True), 300, [0, 0, 0]),
    ],
)
def test_only_who_ended_lately_is_given(
    dates: tuple[object, ...], since: int, given: list[int]
) -> None:
    read = read_batch_detail(detail(*(recipient(updated_at_unix=date) for date in dates)))
    assert [one.updated_at for one in read.ended_since(since)] == given


def test_only_who_ended_is_given_and_dates_the_batch() -> None:
    people = [recipient(word, updated_at_unix=n) for n, word in enumerate(ALL_WORDS, start=1)]
    read = read_batch_detail(detail(*people))
    ended = [one.status for one in read.ended_since(0)]
    assert ended == ["completed", "voicemail", "failed", "cancelled"]
    assert read.newest == 8
    assert read_batch_detail(detail(recipient("pending"))).newest == 0


@pytest.mark.parametrize("size", [1, 3, 4, 7, 100])
def test_a_batch_read_in_slices_is_the_same(size: int) -> None:
    people = [recipient(word, conversation_id=f"conv_{word}") for word in ALL_WORDS]
    body = detail(None, *people, 5, recipient("initiated", conversation_id=None), [])
    reading = BatchReading(body)
    while not reading.whole:
        reading.read_some(size)
    sliced, whole = reading.detail(), read_batch_detail(body)
    assert (sliced.statuses, sliced.calls, sliced.unreadable, sliced.newest) == (
        whole.statuses,
        whole.calls,
        whole.unreadable,
        whole.newest,
    )
    assert sliced.unreadable == 3
    assert list(sliced.recipients()) == list(whole.recipients())
    assert list(sliced.ended_since(0)) == list(whole.ended_since(0))


def test_new_words_are_kept() -> None:
    read = read_batch_detail(detail(recipient("on_hold\x1b"), status="sleeping"))
    assert read.statuses == {"on_hold\ufffd": 1}
    assert read.batch.count.status == "sleeping"


def test_a_batch_of_ten_thousand_is_read() -> None:
    many = [recipient(conversation_id=f"conv_{number}") for number in range(10_000)]
    read = read_batch_detail(detail(*many))
    assert read.statuses == {"completed": 10_000}
    assert len({one.conversation_id for one in read.recipients()}) == 10_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"<html>",
        b'{"id": "b"}',
        b'{"recipients": []}',
        b'{"id": "b", "recipients": {}}',
        b'{"id": "b", "recipients": [',
        b"[" * 99_999,
    ],
)
def test_what_is_no_batch_with_recipients_is_not_read(body: bytes) -> None:
    with pytest.raises(ReadFailed):
        read_batch_detail(body)
