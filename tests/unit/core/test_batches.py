"""Which batches are watched, which are read whole, and who in them has ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voiceslot_tui.core.batches import (
    ENDED_RECIPIENTS,
    Batch,
    BatchMark,
    BatchRecipient,
    Watch,
    ended_call,
    in_round,
    look_from,
    needs_reading,
    recipient_alias,
    recipient_key,
    rounds_of,
    why_watched,
)
from voiceslot_tui.core.calls import ConversationId, Disposition, Instant, later
from voiceslot_tui.core.follow_ups import EndedCall, FollowUpKey
from voiceslot_tui.core.talks import BatchCount

NOW_S = 1_790_000_000
NOW = Instant(NOW_S * 1000)
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def batch(status: str = "in_progress", age_s: int = 0, starts_in_s: int | None = None) -> Batch:
    starts_at = 0 if starts_in_s is None else NOW_S + starts_in_s
    count = BatchCount("btcal_1", status, 5, 3, 9, NOW_S - age_s, starts_at=starts_at)
    return Batch(count, "Spring", "agent_1", "Ana", NOW_S - age_s)


def recipient(status: str, talk: str | None = "conv_1") -> BatchRecipient:
    conversation_id = None if talk is None else ConversationId(talk)
    return BatchRecipient("rcp_1", status, "+12025550123", "Ana", "", conversation_id, NOW_S - 60)


@pytest.mark.parametrize(
    ("one", "last_check_ago_s", "watch"),
    [
        (batch("in_progress", 30 * DAY_S), None, Watch.ACTIVE),
        (batch("a_new_word", 30 * DAY_S), None, Watch.ACTIVE),
        (batch("pending", 9 * DAY_S, starts_in_s=HOUR_S - 1), None, Watch.SOON),
        (batch("pending", 9 * DAY_S, starts_in_s=HOUR_S), None, Watch.SOON),
        (batch("pending", 9 * DAY_S, starts_in_s=HOUR_S + 1), None, None),
        (batch("pending", 9 * DAY_S), None, Watch.SOON),
        (batch("pending", 9 * DAY_S, starts_in_s=DAY_S), None, None),
        (batch("pending", 60, starts_in_s=DAY_S), None, Watch.TOUCHED),
        (batch("completed", DAY_S - 1), None, Watch.TOUCHED),
        (batch("failed", DAY_S - 1), 15, Watch.TOUCHED),
        (batch("cancelled", DAY_S - 1), 15, Watch.TOUCHED),
        (batch("completed", DAY_S), None, Watch.TOUCHED),
        (batch("completed", DAY_S + 1), None, None),
        (batch("completed", DAY_S + 1), 15, None),
        # The engine was down for three days.
        (batch("completed", 2 * DAY_S), 3 * DAY_S, Watch.TOUCHED),
        (batch("completed", 3 * DAY_S + 299), 3 * DAY_S, Watch.TOUCHED),
        (batch("completed", 3 * DAY_S + 300), 3 * DAY_S, Watch.TOUCHED),
        (batch("completed", 3 * DAY_S + 301), 3 * DAY_S, None),
        (batch("completed", 60 * DAY_S), 90 * DAY_S, Watch.TOUCHED),
    ],
)
def test_what_is_watched(one: Batch, last_check_ago_s: int | None, watch: Watch | None) -> None:
    last = None if last_check_ago_s is None else later(NOW, -last_check_ago_s)
    assert why_watched(one, last, NOW) is watch


def test_only_what_moved_is_read() -> None:
    one = batch()
    mark = BatchMark(one, NOW)
    assert needs_reading(one, None, {}, NOW)
    assert not needs_reading(one, mark, {}, later(NOW, 599))
    for field in ("status", "dispatched", "finished", "scheduled", "updated_at"):
        value = "completed" if field == "status" else 77
        moved = replace(one, count=replace(one.count, **{field: value}))
        assert needs_reading(moved, mark, {}, NOW)
    assert needs_reading(replace(one, retries=1), mark, {}, NOW)


def test_one_that_stands_still_with_calls_under_way_is_read_again_at_times() -> None:
    one = batch()
    mark = BatchMark(one, NOW)
    assert needs_reading(one, mark, {}, later(NOW, 600))
    assert needs_reading(one, mark, {}, later(NOW, -1)), "a clock was set back"


@pytest.mark.parametrize(
    ("statuses", "read"),
    [
        ({"completed": 5, "failed": 1, "voicemail": 2, "cancelled": 3}, False),
        ({"completed": 5, "in_progress": 0}, False),
        ({"completed": 5, "in_progress": 1}, True),
        ({"completed": 5, "initiated": 1}, True),
        ({"cancelled": 5, "pending": 4}, False),
        ({"completed": 5, "a new word": 1}, True),
    ],
)
def test_one_that_is_over_is_read_again_while_somebody_in_it_is_not(
    statuses: dict[str, int], read: bool
) -> None:
    one = batch("completed")
    one = replace(one, count=replace(one.count, finished=one.count.dispatched))
    mark = BatchMark(one, NOW)
    assert not needs_reading(one, mark, statuses, later(NOW, 599))
    assert needs_reading(one, mark, statuses, later(NOW, 600)) is read


@pytest.mark.parametrize(
    ("status", "talk", "disposition"),
    [
        ("completed", "conv_1", Disposition.ANSWERED),
        ("completed", None, Disposition.ANSWERED),
        ("voicemail", "conv_1", Disposition.VOICEMAIL),
        ("voicemail", None, Disposition.VOICEMAIL),
        ("failed", "conv_1", Disposition.FAILED),
        ("failed", None, Disposition.FAILED),
        ("cancelled", "conv_1", Disposition.UNKNOWN),
        ("cancelled", None, None),
        ("pending", None, None),
        ("dispatched", None, None),
        ("initiated", "conv_1", None),
        ("in_progress", "conv_1", None),
        ("a_new_word", "conv_1", None),
        ("", None, None),
    ],
)
def test_who_has_ended(status: str, talk: str | None, disposition: Disposition | None) -> None:
    ended = ended_call(batch(), recipient(status, talk), "+12025550123", NOW)
    assert (ended and ended.disposition) == disposition
    if ended is None:
        return
    assert not ended.outcome_known
    assert (ended.name, ended.to_number, ended.batch_id) == ("Ana", "+12025550123", "btcal_1")
    assert ended.ended_at == (NOW_S - 60) * 1000
    assert ended.agent_id == "agent_1"


def test_all_that_is_told_of_a_recipient_is_kept() -> None:
    one = replace(recipient("completed"), email="ana@example.org")
    assert ended_call(batch(), one, "+12025550199", NOW) == EndedCall(
        key=FollowUpKey("conversation/conv_1"),
        to_number="+12025550199",
        ended_at=Instant((NOW_S - 60) * 1000),
        disposition=Disposition.ANSWERED,
        name="Ana",
        email="ana@example.org",
        conversation_id=ConversationId("conv_1"),
        batch_id="btcal_1",
        agent_id="agent_1",
    )


def test_every_status_that_ends_is_one_of_the_platforms() -> None:
    assert set(ENDED_RECIPIENTS) == {"completed", "voicemail", "failed", "cancelled"}


def test_when_a_call_ended_is_known_as_well_as_can_be() -> None:
    undated = replace(recipient("completed"), updated_at=0)
    ended = ended_call(batch(age_s=90), undated, "", NOW)
    assert ended is not None
    assert ended.ended_at == (NOW_S - 90) * 1000
    ahead = replace(recipient("completed"), updated_at=NOW_S + 500)
    ended = ended_call(batch(), ahead, "", NOW)
    assert ended is not None
    assert ended.ended_at == NOW


def test_one_call_has_one_key_and_a_retry_another() -> None:
    one, named, unnamed = batch(), recipient("completed"), recipient("failed", None)
    assert recipient_key(one, named) == "conversation/conv_1"
    assert recipient_key(one, unnamed) == recipient_alias(one, named) == "batch/btcal_1/rcp_1/0"
    assert recipient_key(replace(one, retries=1), unnamed) == "batch/btcal_1/rcp_1/1"


def test_a_recipient_without_an_id_is_named_by_the_number_and_without_both_not_at_all() -> None:
    nameless = replace(recipient("completed", None), recipient_id="")
    assert recipient_key(batch(), nameless) == "batch/btcal_1/+12025550123/0"
    nobody = replace(nameless, number="")
    assert recipient_key(batch(), nobody) is None
    assert ended_call(batch(), nobody, "", NOW) is None


RUNNING = batch()
MARK = BatchMark(RUNNING, NOW, newest=NOW_S - 100)


@pytest.mark.parametrize(
    ("one", "mark", "looked_ago_s", "since"),
    [
        (RUNNING, MARK, 0, NOW_S - 400),
        (RUNNING, MARK, 599, NOW_S - 400),
        (RUNNING, MARK, 600, 0),
        # The clock was set back.
        (RUNNING, MARK, -1, 0),
        (RUNNING, None, 0, 0),
        (RUNNING, MARK, None, 0),
        (batch("completed"), MARK, 0, 0),
        (batch("cancelled"), MARK, 0, 0),
        (batch("a_new_word"), MARK, 0, NOW_S - 400),
        (replace(RUNNING, retries=1), MARK, 0, 0),
        # Nobody has ended yet, or nothing is dated.
        (RUNNING, replace(MARK, newest=0), 0, 0),
        (RUNNING, replace(MARK, newest=NOW_S + 9999), 0, NOW_S - 300),
    ],
)
def test_from_when_on_ends_are_looked_at(
    one: Batch, mark: BatchMark | None, looked_ago_s: int | None, since: int
) -> None:
    looked_at = None if looked_ago_s is None else later(NOW, -looked_ago_s)
    assert look_from(one, mark, looked_at, NOW) == since


@pytest.mark.parametrize(
    ("retries", "known", "newest", "rounds", "expected"),
    [
        (0, 0, NOW_S - 9, (), ()),
        (1, 1, NOW_S - 9, (5,), (5,)),
        (1, 0, NOW_S - 9, (), (NOW_S,)),
        (1, 0, NOW_S + 9, (), (NOW_S + 9,)),
        (3, 1, 0, (5,), (5, NOW_S, NOW_S)),
        # A figure that fell tells nothing.
        (0, 2, 0, (5, 6), (5, 6)),
        (10**10, 0, 0, (), (NOW_S,) * 50),
    ],
)
def test_retries_are_dated(
    retries: int, known: int, newest: int, rounds: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    mark = BatchMark(replace(RUNNING, retries=known), NOW, newest, rounds)
    assert rounds_of(replace(RUNNING, retries=retries), mark) == expected
    assert rounds_of(replace(RUNNING, retries=retries), None) == ()


@pytest.mark.parametrize(
    ("at_s", "retries"), [(50, 1), (100, 1), (101, 2), (200, 2), (201, 3), (0, 1)]
)
def test_an_end_counts_to_the_round_in_which_it_was(at_s: int, retries: int) -> None:
    one = replace(recipient("failed", None), updated_at=at_s)
    tried = in_round(replace(RUNNING, retries=3), (100, 200), one)
    assert tried == replace(RUNNING, retries=retries)
    assert recipient_key(tried, one) == f"batch/btcal_1/rcp_1/{retries}"
    assert in_round(RUNNING, (100, 200), one).retries == 0
