"""What is said of a batch: its messages, its trouble, and what an act on it would do."""

from __future__ import annotations

import pytest

from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.batch_words import (
    failed_in,
    message_words,
    trouble_words,
    what_cancelling_does,
    what_retrying_does,
)
from voiceslot_tui.core.batches import Batch, Watch
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.talks import BatchCount

NOW = Instant(1_790_000_000_000)
BATCH = Batch(BatchCount("btcal_1", "in_progress", 5, 3, 9, 1_790_000_000))
_S = FollowUpState


def view(statuses: dict[str, int], read_at: Instant | None = NOW, **others: object) -> BatchView:
    return BatchView(BATCH, Watch.ACTIVE, statuses, read_at=read_at, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("follow_ups", "words"),
    [
        ({}, ""),
        ({_S.SKIPPED: 4}, ""),
        ({_S.FAILED: 1200}, "1,200 failed"),
        (
            {_S.ACCEPTED: 1, _S.SENT: 2, _S.DELIVERED: 4, _S.READ: 8, _S.DUE: 1, _S.SENDING: 1},
            "15 sent, 2 due",
        ),
        (dict.fromkeys(_S, 1), "4 sent, 1 failed, 1 blocked, 1 ambiguous, 2 due"),
    ],
)
def test_the_messages_of_a_batch(follow_ups: dict[FollowUpState, int], words: str) -> None:
    assert message_words(BatchFigures("btcal_1", follow_ups=follow_ups)) == words


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (view({}), ""),
        (view({}, error="time-out\x1b[31m", failures=1), "not read: time-out\ufffd[31m"),
        (view({}, error="time-out", failures=2), "not read (2 times in a row): time-out"),
        (view({}, error="time-out", failures=1200), "not read (1,200 times in a row): time-out"),
        (view({}, unreadable=1), "1 recipient not readable"),
        (view({}, unreadable=1200), "1,200 recipients not readable"),
        (view({}, error="time-out", unreadable=3), "not read: time-out"),
    ],
)
def test_the_trouble_of_a_batch(one: BatchView, words: str) -> None:
    assert trouble_words(one) == words


READ = view({"pending": 1200, "failed": 3, "completed": 5}, total=1208)
DONE = view({"completed": 1}, total=1)
UNREAD = view({"pending": 4, "failed": 4}, read_at=None, total=8)


@pytest.mark.parametrize(
    ("one", "failed", "cancelling", "retrying"),
    [
        (
            READ,
            3,
            "1,200 of 1,208 recipients not called yet; it calls none of them",
            "3 of 1,208 recipients failed; each of them is called again",
        ),
        (
            DONE,
            0,
            "0 of 1 recipient not called yet; it calls none of them",
            "0 of 1 recipient failed; each of them is called again",
        ),
        (
            UNREAD,
            None,
            "how many were not called yet is not known: its recipients were not read",
            "how many failed is not known: its recipients were not read",
        ),
    ],
)
def test_what_an_act_would_do_is_said_before_it_is_done(
    one: BatchView, failed: int | None, cancelling: str, retrying: str
) -> None:
    assert failed_in(one) == failed
    assert what_cancelling_does(one) == cancelling
    assert what_retrying_does(one) == retrying
