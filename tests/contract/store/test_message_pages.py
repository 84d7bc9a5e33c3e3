"""What is shown of messages and batches: pages by key, filters, counters, figures."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.contract.store.messages import Messages
from tests.contract.store.stores import NOW, Opened
from voiceslot_tui.core.batches import Batch, BatchMark
from voiceslot_tui.core.calls import Disposition, later
from voiceslot_tui.core.follow_up_facts import Failure, MessageRefused
from voiceslot_tui.core.follow_up_pages import BatchFigures, FollowUpFilter, FollowUpQuery
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState, SkipReason
from voiceslot_tui.core.talks import BatchCount
from voiceslot_tui.store import message_pages


async def ids(messages: Messages, **query: object) -> list[int]:
    page = await messages.opened.store.follow_up_page(FollowUpQuery(**query))  # type: ignore[arg-type]
    return [row.id for row in page.rows]


async def story(messages: Messages) -> None:
    """1 and 2 are sending, 3 failed with a code, 4 left out, 5 due and of another batch."""
    await messages.add(1, 2)
    await messages.take()
    failed = await messages.claimed(3)
    await messages.tell(MessageRefused(failed.one_try.id, Failure.FINAL, 63003))
    await messages.add(4, disposition=Disposition.BUSY)
    await messages.take()
    await messages.add(5, batch_id="batch_2")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (FollowUpFilter(), [5, 4, 3, 2, 1]),
        (FollowUpFilter(states=frozenset({FollowUpState.SENDING})), [2, 1]),
        (FollowUpFilter(states=frozenset({FollowUpState.SENDING, FollowUpState.DUE})), [5, 2, 1]),
        (FollowUpFilter(words=("PERSON 4",)), [4]),
        (FollowUpFilter(words=("person", "0002")), [2]),
        (FollowUpFilter(words=("%",)), []),
        (FollowUpFilter(code=63003), [3]),
        (FollowUpFilter(skipped_for=SkipReason.NOT_WANTED), [4]),
        (FollowUpFilter(skipped_for=SkipReason.SUPPRESSED), []),
        (FollowUpFilter(batch_id="batch_2"), [5]),
        (FollowUpFilter(batch_id="batch_1", states=frozenset({FollowUpState.FAILED})), [3]),
        (FollowUpFilter(batch_id="batch_1", code=63003, words=("nobody",)), []),
        (FollowUpFilter(batch_id="batch_2", code=63003), []),
        (FollowUpFilter(batch_id="batch_2", skipped_for=SkipReason.NOT_WANTED), []),
        (FollowUpFilter(code=63003, skipped_for=SkipReason.NOT_WANTED), []),
    ],
)
async def test_a_page_shows_what_its_filter_asks_for(
    messages: Messages, where: FollowUpFilter, found: list[int]
) -> None:
    await story(messages)
    assert await ids(messages, where=where) == found
    backwards = await ids(messages, where=where, backwards=True)
    assert backwards == found


@pytest.mark.parametrize(
    "where", [FollowUpFilter(), FollowUpFilter(batch_id="batch_1"), FollowUpFilter(words=("p",))]
)
async def test_pages_follow_each_other_in_both_directions(
    messages: Messages, where: FollowUpFilter
) -> None:
    await messages.add(*range(1, 8))
    store = messages.opened.store
    first = await store.follow_up_page(FollowUpQuery(3, where=where))
    assert ([row.id for row in first.rows], first.more) == ([7, 6, 5], True)
    last = await store.follow_up_page(FollowUpQuery(4, FollowUpId(5), where=where))
    assert ([row.id for row in last.rows], last.more) == ([4, 3, 2, 1], False)
    back = await store.follow_up_page(FollowUpQuery(2, FollowUpId(4), True, where))
    assert ([row.id for row in back.rows], back.more) == ([6, 5], True)
    assert await ids(messages, count=2, backwards=True, where=where) == [2, 1]


async def test_a_search_stops_at_its_bound_and_goes_on_from_there(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_pages, "FILTER_SCAN_ROWS_MAX", 3)
    await messages.add(*range(1, 10))
    where = FollowUpFilter(words=("person 1",))
    found: list[int] = []
    than: FollowUpId | None = None
    for turn in range(10):
        query = FollowUpQuery(5, than, where=where)
        page = await messages.opened.store.follow_up_page(query)
        found += [row.id for row in page.rows]
        if page.searched_to is None:
            assert turn == 2
            break
        than = page.searched_to
    assert found == [1]


async def test_counters_tell_states_and_reasons(messages: Messages) -> None:
    await story(messages)
    counts = await messages.opened.store.follow_up_counts()
    assert +Counter(counts.states) == {
        FollowUpState.SENDING: 2,
        FollowUpState.FAILED: 1,
        FollowUpState.SKIPPED: 1,
        FollowUpState.DUE: 1,
    }
    assert set(counts.states) == set(FollowUpState)
    assert (counts.skips, counts.codes) == ({SkipReason.NOT_WANTED: 1}, {63003: 1})
    assert (counts.waits, counts.blocks, counts.suppressed) == ({}, {}, 0)


async def test_a_message_that_is_not_there_is_none(opened: Opened) -> None:
    assert await opened.store.follow_up_detail(FollowUpId(7)) is None
    assert await opened.store.follow_ups_named([]) == {}


# --- batches


def mark_of(batch_id: str, finished: int = 3) -> BatchMark:
    count = BatchCount(batch_id, "in_progress", 5, finished, 9, 1_700_000_000, 4)
    return BatchMark(Batch(count, "Spring", "agent_1", "Ana", 1_699_000_000, 1), NOW)


async def test_marks_are_remembered_replaced_and_forgotten(opened: Opened) -> None:
    store = opened.store
    assert await store.batch_marks() == ()
    for mark in (mark_of("batch_2"), mark_of("batch_1"), mark_of("batch_1", 5)):
        await store.mark_batch(mark, BatchFigures(mark.batch.count.batch_id))
    store = await opened.reopen()
    assert await store.batch_marks() == (mark_of("batch_1", 5), mark_of("batch_2"))
    await store.forget_batches(["batch_1", "nobody"])
    assert await store.batch_marks() == (mark_of("batch_2"),)


async def test_the_figures_of_a_batch_count_its_messages_as_they_move(messages: Messages) -> None:
    store = messages.opened.store
    told = BatchFigures("batch_1", {"completed": 3, "pending": 9}, 1, {FollowUpState.READ: 99})
    await store.mark_batch(mark_of("batch_1"), told)
    assert await store.batch_figures(["batch_1"]) == (
        BatchFigures("batch_1", {"completed": 3, "pending": 9}, 1),
    )
    await story(messages)
    one, two = await store.batch_figures(["batch_1", "nobody", "batch_2"])
    assert (one.statuses, one.unreadable) == ({"completed": 3, "pending": 9}, 1)
    assert one.follow_ups == {
        FollowUpState.SENDING: 2,
        FollowUpState.FAILED: 1,
        FollowUpState.SKIPPED: 1,
    }
    assert two == BatchFigures("batch_2", follow_ups={FollowUpState.DUE: 1})
    await store.forget_batches(["batch_1"])
    (kept,) = await store.batch_figures(["batch_1"])
    assert kept.follow_ups == one.follow_ups


async def test_the_last_complete_check_is_remembered(opened: Opened) -> None:
    assert await opened.store.last_check() is None
    for began in (NOW, later(NOW, 15)):
        await opened.store.checked(began)
    store = await opened.reopen()
    assert await store.last_check() == later(NOW, 15)
