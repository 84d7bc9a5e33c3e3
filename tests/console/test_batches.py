"""The batches on the screen: rows, recipients, filter, detail, and acts on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.console.fake_batches import CHECKS, make_batch, make_recipient
from tests.console.fake_link import FakeLink, make_call, make_snapshot
from tests.console.fake_messages import make_message
from tests.console.stage import Stage, stage
from voiceslot_tui.console.dialogs.question import QuestionDialog
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.client import Refused
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages

SIZES = [(80, 24), (120, 40), (200, 60), (40, 10), (60, 16)]
PEOPLE = 60


def some_link() -> FakeLink:
    """Give an engine with two batches; the newer has sixty recipients."""
    link = FakeLink([make_call(number) for number in range(1, 5)])
    link.snapshot = make_snapshot(batch_watch=CHECKS)
    link.batches.rows = [make_batch(1), make_batch(2)]
    people = [make_recipient(number) for number in range(1, PEOPLE + 1)]
    failed = make_message(7, state=FollowUpState.FAILED, code=63016, name="Person 1")
    link.messages.add(failed)
    people[0] = replace(people[0], follow_up=failed)
    people[1] = replace(people[1], status="failed", conversation_id="")
    link.batches.people = {"btcal_2": people, "btcal_1": [make_recipient(99)]}
    return link


@asynccontextmanager
async def on_batches(
    link: FakeLink | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Stage]:
    async with stage(link or some_link(), size) as seen:
        await seen.press("3")
        await seen.until(lambda: seen.app.main.batches.inner.cursor_row is not None)
        await seen.rest()
        yield seen


@asynccontextmanager
async def on_recipients(
    link: FakeLink | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Stage]:
    async with on_batches(link, size) as seen:
        await seen.press("enter")
        await seen.until(lambda: seen.app.main.recipients.inner.cursor_row is not None)
        await seen.rest()
        yield seen


def checked(number: int) -> BatchChecks:
    return replace(CHECKS, count=number)


# --- batches


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_size_shows_state_name_and_progress(size: tuple[int, int]) -> None:
    async with on_batches(size=size) as seen:
        first = seen.lines("batches")[1]
        assert [part for part in ("running", "Batch 2", "120/300") if part not in first] == []
        assert all(len(line) <= size[0] for line in seen.screen())


async def test_at_80_columns_a_batch_is_told_with_its_figures() -> None:
    async with on_batches() as seen:
        header, first, *_ = seen.lines("batches")
        assert header.split() == [
            "#",
            "state",
            "name",
            "done",
            "failed",
            "/min",
            "left",
            "messages",
        ]
        assert first.split()[2:9] == ["running", "Batch", "2", "120/300", "7", "12", "15m"]
        assert "100 sent, 2" in first
        assert seen.screen()[2].startswith("╭─ 3 Batches  every 15 s  checked <1m ago in 0.3 s ─")


async def test_a_wide_screen_draws_how_far_a_batch_is() -> None:
    async with on_batches(size=(200, 60)) as seen:
        await seen.press("z")
        assert "███·····" in seen.lines("batches")[1]


async def test_batches_are_read_anew_when_they_were_checked() -> None:
    async with on_batches() as seen:
        seen.link.batches.rows = [make_batch(1), make_batch(2, done=299)]
        seen.watch.push()
        await seen.until(lambda: seen.app.session.view.snapshot is seen.link.snapshot)
        await seen.rest()
        assert "120/300" in seen.lines("batches")[1], "nothing was checked since"
        seen.watch.push(batch_watch=checked(4))
        await seen.until(lambda: "299/300" in seen.lines("batches")[1])


async def test_the_cursor_stays_on_its_batch_when_a_newer_one_comes() -> None:
    async with on_batches() as seen:
        seen.link.batches.rows.append(make_batch(3))
        seen.watch.push(batch_watch=checked(4))
        await seen.until(lambda: "Batch 3" in seen.lines("batches")[1])
        assert seen.lines("batches")[2].startswith("▌")


async def test_what_cannot_be_read_stands_above_the_rows() -> None:
    link = some_link()
    link.batches.rows = [make_batch(1, error="HTTP 503", failures=3), make_batch(2)]
    async with on_batches(link) as seen:
        said = "! Batch 1 not read (3 times in a row): HTTP 503"
        await seen.until(lambda: said in seen.shown("batches-status"))
        assert "! not read" in seen.lines("batches")[2]


async def test_batches_that_are_not_watched_say_what_follows_from_it() -> None:
    link = some_link()
    link.snapshot = make_snapshot(batch_watch=replace(CHECKS, watching=False))
    async with on_batches(link) as seen:
        assert "NOT WATCHED" in seen.screen()[2]
        assert "get no message until they are; O watches" in " ".join(
            seen.shown("batches-status").split()
        )


async def test_no_batch_says_so_and_keys_for_batches_say_it_too() -> None:
    async with stage() as seen:
        await seen.press("3")
        assert "No batch call of the workspace" in seen.shown("batches")
        for key in ("C", "A", "y", "enter"):
            await seen.press(key)
            assert "there is no batch under the cursor" in seen.flash()


async def test_batches_that_cannot_be_read_say_why() -> None:
    async with stage(some_link()) as seen:
        seen.link.lost = "the engine is gone"
        await seen.press("3")
        await seen.until(lambda: "the engine is gone" in seen.shown("batches"))


async def test_keys_for_calls_and_messages_do_nothing_among_batches() -> None:
    async with on_batches() as seen:
        for key in ("x", "p", "s", "v", "space", "slash"):
            await seen.press(key)
            assert not isinstance(seen.app.screen, QuestionDialog)
            assert seen.flash()
        assert seen.link.acts == []


async def test_keys_for_batches_do_nothing_while_the_queue_is_in_view() -> None:
    async with on_batches() as seen:
        await seen.press("1")
        for key in ("C", "A", "y"):
            await seen.press(key)
            assert "3 goes to the batches" in seen.flash()
        assert seen.link.acts == []


# --- acts


@pytest.mark.parametrize(
    ("key", "said", "wish"),
    [
        ("C", "170 of 300 recipients not called yet", batches.CancelBatch("btcal_2")),
        ("A", "7 of 300 recipients failed", batches.RetryBatch("btcal_2")),
        (
            "y",
            "2 messages failed",
            messages.RetryMessages(
                FollowUpFilter(states=frozenset({FollowUpState.FAILED}), batch_id="btcal_2")
            ),
        ),
        ("O", "Stop watching the batches?", batches.WatchBatches(False)),
    ],
)
async def test_an_act_asks_with_counts_first_and_then_is_done(
    key: str, said: str, wish: control.Body
) -> None:
    async with on_batches() as seen:
        await seen.press(key)
        assert said in seen.words()
        await seen.press("enter")
        assert seen.link.acts == []
        seen.link.done = Done(message="batch btcal_2 is cared for")
        await seen.press(key, "s" if key == "y" else "y")
        assert seen.link.acts == [wish]
        assert seen.flash() == "batch btcal_2 is cared for"


@pytest.mark.parametrize("key", ["C", "A", "y", "O"])
async def test_a_key_held_down_does_not_answer_what_it_asks(key: str) -> None:
    async with on_batches() as seen:
        await seen.press(*key * 5)
        assert isinstance(seen.app.screen, QuestionDialog)
        assert seen.link.acts == []


@pytest.mark.parametrize("key", ["C", "A"])
async def test_what_nobody_can_take_back_is_asked_as_a_danger(key: str) -> None:
    async with on_batches() as seen:
        await seen.press(key)
        assert "danger" in seen.app.screen.query_one("#box").classes
        assert "Batch 2" in seen.words()


async def test_batches_are_checked_at_once_and_as_often_as_typed() -> None:
    async with on_batches() as seen:
        await seen.press("c")
        assert seen.link.acts == [batches.CheckBatches()]
        await seen.press("i")
        await seen.type("0.1")
        assert "a number of seconds, 1 to 3,600" in seen.flash()
        await seen.press("i")
        await seen.type("2.5")
        assert seen.link.acts[1:] == [batches.SetBatchInterval(2.5)]


async def test_a_refusal_is_shown_as_the_engine_said_it() -> None:
    async with on_batches() as seen:
        seen.link.refusal = Refused("not [b]now\x1b[2J", code="rejected")
        await seen.press("C", "y")
        assert "not [b]now" in seen.flash()
        assert "\x1b" not in seen.flash()


async def test_an_act_is_about_the_batch_that_was_asked_about() -> None:
    async with on_batches() as seen:
        await seen.press("C")
        seen.link.batches.rows = [make_batch(1)]
        seen.watch.push(batch_watch=checked(4))
        await seen.until(lambda: seen.app.session.view.snapshot is seen.link.snapshot)
        await seen.press("y")
        assert seen.link.acts == [batches.CancelBatch("btcal_2")]


# --- recipients


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_enter_on_a_batch_shows_its_recipients(size: tuple[int, int]) -> None:
    async with on_recipients(size=size) as seen:
        assert seen.app.main.active is PaneId.RECIPIENTS
        _, first, second, *_ = seen.lines("recipients")
        assert [part for part in ("Person 1", "completed", "✗") if part not in first] == []
        assert [part for part in ("Person 2", "failed") if part not in second] == []


async def test_at_80_columns_a_recipient_has_a_number_and_their_message_says_why() -> None:
    async with on_recipients() as seen:
        _, first, second, *_ = seen.lines("recipients")
        assert "+44 770 090 00 01" in first
        assert "✗  63016 free" in first
        assert "no message" in second
        assert seen.screen()[2].startswith("╭─ 4 Recipients  Batch 2  running ─")
        await seen.press("M")
        assert "+44•••0001" in seen.lines("recipients")[1]


async def test_without_borders_it_stands_above_the_rows_whose_recipients_these_are() -> None:
    async with on_recipients(size=(60, 16)) as seen:
        assert seen.lines("recipients-status") == ["Batch 2  running"]
        await seen.press("3")
        assert seen.lines("batches-status") == ["every 15 s  checked <1m ago in 0.3 s"]


async def test_all_recipients_can_be_walked_to_the_last_and_back() -> None:
    async with on_recipients() as seen:
        await seen.press("G")
        assert f"Person {PEOPLE}" in seen.lines("recipients")[-1]
        assert seen.lines("recipients")[-1].split()[1] == str(PEOPLE)
        await seen.press("pageup", "pageup", "pageup", "pageup", "pageup")
        assert "Person 1 " in seen.lines("recipients")[1]


async def test_recipients_are_asked_for_again_only_when_their_batch_has_moved() -> None:
    async with on_recipients() as seen:
        asked = len(seen.link.batches.read)
        seen.watch.push(batch_watch=checked(4))
        await seen.until(lambda: seen.app.session.view.snapshot is seen.link.snapshot)
        await seen.rest()
        assert len(seen.link.batches.read) == asked
        seen.link.batches.people["btcal_2"][1] = make_recipient(2, status="voicemail")
        seen.link.batches.rows[1] = make_batch(2, statuses={"completed": 114})
        seen.watch.push(batch_watch=checked(5))
        await seen.until(lambda: "voicemail" in seen.lines("recipients")[2])


async def test_on_a_large_screen_the_recipients_follow_the_batch_under_the_cursor() -> None:
    async with on_batches(size=(120, 40)) as seen:
        await seen.until(lambda: "Person 1 " in seen.shown("recipients"))
        await seen.press("down")
        await seen.until(lambda: "Person 99" in seen.shown("recipients"))


async def test_a_batch_that_goes_does_not_take_its_recipients_away() -> None:
    async with on_recipients(size=(120, 40)) as seen:
        seen.link.batches.rows = [make_batch(1)]
        seen.watch.push(batch_watch=checked(4))
        await seen.until(lambda: "Batch 2" not in seen.shown("batches"))
        await seen.pilot.pause(0.3)
        assert "Person 1 " in seen.shown("recipients")


async def test_a_filter_shows_some_recipients() -> None:
    async with on_recipients() as seen:
        await seen.press("slash")
        await seen.type("status:failed person")
        await seen.until(lambda: len(seen.app.main.recipients.inner.held_rows) == 1)
        assert "/status:failed person" in seen.screen()[2]
        await seen.press("slash")
        await seen.type(" nobody")
        await seen.until(lambda: "No recipient matches" in seen.shown("recipients"))
        await seen.press("escape")
        await seen.until(lambda: "Person 1 " in seen.shown("recipients"))
        await seen.press("slash")
        await seen.type("status:")
        assert "one word of the platform's" in seen.flash()


async def test_recipients_that_cannot_be_read_say_why_and_unreadable_ones_are_counted() -> None:
    link = some_link()
    link.batches.unreadable = 3
    async with on_recipients(link) as seen:
        await seen.until(lambda: "3 not readable" in seen.screen()[2])
        link.batches.refusal = Refused("HTTP 503", code="rejected")
        await seen.press("3", "down", "enter")
        await seen.until(lambda: "HTTP 503" in seen.shown("recipients"))


async def test_enter_on_a_recipient_shows_their_message_and_esc_goes_back_all_the_way() -> None:
    async with on_recipients() as seen:
        await seen.press("enter")
        await seen.until(lambda: "message 7" in seen.shown("detail"))
        assert seen.app.main.active is PaneId.DETAIL
        for pane in (PaneId.RECIPIENTS, PaneId.BATCHES, PaneId.QUEUE):
            await seen.press("escape")
            assert seen.app.main.active is pane


async def test_a_recipient_without_a_message_says_so() -> None:
    async with on_recipients() as seen:
        await seen.press("down", "enter")
        assert "there is no message under the cursor" in seen.flash()
        assert seen.app.main.active is PaneId.RECIPIENTS


async def test_a_recipients_message_can_be_acted_on_and_so_can_the_batch() -> None:
    async with on_recipients() as seen:
        await seen.press("s", "y")
        wish = messages.WantMessages((FollowUpId(7),), FollowUpWish.RETRY)
        assert seen.link.acts == [wish]
        await seen.press("C", "y")
        assert seen.link.acts[1:] == [batches.CancelBatch("btcal_2")]


async def test_without_a_batch_the_recipients_say_where_they_are() -> None:
    async with stage(some_link()) as seen:
        await seen.press("4")
        assert "3 goes to the batches" in seen.shown("recipients")
