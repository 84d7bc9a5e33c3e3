"""The messages on the screen: rows, filter, marks, what keeps them back, and acts on them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from unittest.mock import patch

import pytest

from tests.console.fake_link import FakeLink, make_call, make_snapshot
from tests.console.fake_messages import make_message, make_try
from tests.console.stage import Stage, stage
from voiceslot_tui.console.dialogs.question import QuestionDialog
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.subjects import OfMessage
from voiceslot_tui.core.follow_up_facts import Approval, FollowUpWish
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpId,
    FollowUpState,
    SkipReason,
    TryState,
)
from voiceslot_tui.core.limits import MARKED_CALLS_MAX
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.link.client import InDoubt, Refused
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages

S = FollowUpState
SID = "HX" + "0" * 32
NEWEST = 40
SIZES = [(80, 24), (120, 40), (200, 60), (40, 10), (60, 16)]


def some_link(**fields: object) -> FakeLink:
    """Give an engine with forty messages; the newest is as the fields say, else failed."""
    link = FakeLink([make_call(number) for number in range(1, 5)])
    link.messages.add(*(make_message(number) for number in range(1, NEWEST)))
    newest = {"state": S.FAILED, "code": 63016, **fields}
    link.messages.add(make_message(NEWEST, **newest))
    standing = FollowUpStanding(
        channels=(Channel.WHATSAPP,),
        template=TemplateStanding(SID, Approval.APPROVED),
        states={S.FAILED: 1, S.DELIVERED: NEWEST - 1},
        codes={63016: 1},
    )
    link.snapshot = make_snapshot(follow_ups=standing)
    return link


@asynccontextmanager
async def on_messages(
    link: FakeLink | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Stage]:
    async with stage(link or some_link(), size) as seen:
        await seen.press("5")
        await seen.until(lambda: seen.app.main.whatsapp.inner.cursor_row is not None)
        await seen.rest()
        yield seen


def wanted(wish: FollowUpWish, *ids: int) -> messages.WantMessages:
    return messages.WantMessages(tuple(FollowUpId(one) for one in ids), wish)


# --- rows


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_size_shows_sign_name_and_reason(size: tuple[int, int]) -> None:
    async with on_messages(size=size) as seen:
        header, first, second, *_ = seen.lines("whatsapp")
        assert [title for title in ("#", "name", "why") if title not in header.split()] == []
        assert [part for part in ("✗ ", "Person 40", "63016") if part not in first] == []
        assert [part for part in ("✓✓ ", "Person 39", "delivered"[:5]) if part not in second] == []
        assert all(len(line) <= size[0] for line in seen.screen())


async def test_the_title_counts_and_at_80_columns_numbers_are_shown() -> None:
    async with on_messages() as seen:
        assert seen.screen()[2].startswith("╭─ 5 WhatsApp  due 0  sent 39  failed 1 ─")
        assert "+44 770 090 00 40" in seen.lines("whatsapp")[1]
        await seen.press("M")
        assert "+44•••0040" in seen.lines("whatsapp")[1]


async def test_without_borders_the_counts_stand_above_the_rows() -> None:
    async with on_messages(size=(60, 16)) as seen:
        assert seen.lines("whatsapp-status") == ["due 0  sent 39  failed 1"]


async def test_all_pages_can_be_walked_to_the_oldest_and_back() -> None:
    async with on_messages() as seen:
        await seen.press("G")
        assert "Person 1 " in seen.lines("whatsapp")[-1]
        assert seen.lines("whatsapp")[-1].split()[1] == "40"
        await seen.press("pageup", "pageup", "pageup", "g")
        assert "Person 40" in seen.lines("whatsapp")[1]


async def test_rows_read_anew_in_the_middle_stay_where_they_are() -> None:
    async with on_messages() as seen:
        await seen.press("pagedown", "up")
        before = seen.lines("whatsapp")
        assert "Person 40" not in before[1]
        seen.watch.push()
        await seen.until(lambda: seen.app.session.view.snapshot is seen.link.snapshot)
        await seen.rest()
        assert seen.lines("whatsapp") == before


async def test_rows_change_when_the_engine_says_that_messages_have_changed() -> None:
    async with on_messages() as seen:
        seen.link.messages.add(make_message(NEWEST, state=S.READ))
        seen.watch.push()
        await seen.until(lambda: "✓✓" in seen.lines("whatsapp")[1])


async def test_the_cursor_keeps_to_its_message_or_follows_the_newest() -> None:
    async with on_messages() as seen:
        seen.link.messages.add(make_message(41))
        seen.watch.push()
        await seen.until(lambda: "Person 41" in seen.lines("whatsapp")[1])
        assert seen.lines("whatsapp")[2].startswith("▌")
        await seen.press("f")
        assert seen.lines("whatsapp")[1].startswith("▌")
        seen.link.messages.add(make_message(42))
        seen.watch.push()
        await seen.until(lambda: "Person 42" in seen.lines("whatsapp")[1])
        assert seen.lines("whatsapp")[1].startswith("▌")
        await seen.press("down")
        seen.link.messages.add(make_message(43))
        seen.watch.push()
        await seen.until(lambda: "Person 43" in seen.lines("whatsapp")[1])
        assert seen.lines("whatsapp")[3].startswith("▌")


async def test_messages_that_cannot_be_read_say_why() -> None:
    link = some_link()
    async with stage(link) as seen:
        link.lost = "the engine is gone"
        await seen.press("5")
        await seen.until(lambda: "the engine is gone" in seen.shown("whatsapp"))


async def test_no_message_yet_says_when_there_will_be_one() -> None:
    async with stage() as seen:
        await seen.press("5")
        assert "No message yet" in seen.shown("whatsapp")
        assert "set TWILIO_WHATSAPP_NUMBER" in seen.shown("whatsapp-status")


# --- what keeps messages back


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_keeps_messages_back_stands_above_the_rows(size: tuple[int, int]) -> None:
    link = some_link()
    async with on_messages(link, size) as seen:
        seen.watch.push(follow_ups=FollowUpStanding((Channel.SMS,), paused=True, paused_by="ana"))
        await seen.until(lambda: "! follow-ups paused" in seen.shown("whatsapp-status"))


async def test_a_rejected_template_is_said_with_its_reason() -> None:
    async with on_messages() as seen:
        rejected = TemplateStanding(SID, Approval.REJECTED, "hello", "a number in it")
        seen.watch.push(follow_ups=FollowUpStanding((Channel.WHATSAPP,), template=rejected))
        said = "template hello was rejected by WhatsApp: a number in it"
        await seen.until(lambda: said in " ".join(seen.shown("whatsapp-status").split()))


# --- filter and marks


async def test_a_filter_shows_some_messages_and_leaves_the_queue_alone() -> None:
    async with on_messages() as seen:
        await seen.press("slash")
        await seen.type("state:failed code:63016")
        await seen.until(lambda: len(seen.app.main.whatsapp.inner.held_rows) == 1)
        assert "/state:failed code:63016" in seen.screen()[2]
        assert seen.app.main.queue.search.text == ""
        await seen.press("slash")
        await seen.type(" nobody")
        await seen.until(lambda: "No message matches" in seen.shown("whatsapp"))
        await seen.press("escape")
        await seen.until(lambda: "Person 39" in seen.shown("whatsapp"))


async def test_a_wrong_filter_is_said() -> None:
    async with on_messages() as seen:
        await seen.press("slash")
        await seen.type("code:x")
        assert "filter: code: the messenger's number" in seen.flash()


async def test_esc_gives_marks_up_and_then_goes_to_the_queue() -> None:
    async with on_messages() as seen:
        await seen.press("space", "space")
        assert seen.app.main.whatsapp.inner.marked == {40, 39}
        assert not seen.app.main.queue.inner.marked
        assert "2 marked" in seen.text()
        await seen.press("escape")
        assert not seen.app.main.whatsapp.inner.marked
        await seen.press("escape")
        assert seen.app.main.active is PaneId.QUEUE


# --- acts


async def test_keys_for_calls_do_nothing_to_calls_that_are_not_in_view() -> None:
    async with on_messages() as seen:
        for key in ("x", "p", "T", "plus", "X", "L"):
            await seen.press(key)
            assert "there is no call under the cursor" in seen.flash() or "carrier" in seen.flash()
        assert seen.link.acts == []


async def test_keys_for_messages_do_nothing_while_the_queue_is_in_view() -> None:
    async with on_messages() as seen:
        await seen.press("1")
        for key in ("s", "o", "b", "v"):
            await seen.press(key)
            assert "5 goes to the messages" in seen.flash()
        assert seen.link.acts == []


@pytest.mark.parametrize(
    ("key", "state", "wish"),
    [
        ("s", S.FAILED, FollowUpWish.RETRY),
        ("o", S.BLOCKED, FollowUpWish.SKIP),
        ("b", S.BLOCKED, FollowUpWish.RELEASE),
    ],
)
async def test_an_act_asks_first_and_then_is_done(
    key: str, state: FollowUpState, wish: FollowUpWish
) -> None:
    async with on_messages(some_link(state=state)) as seen:
        await seen.press(key, "enter")
        assert seen.link.acts == []
        seen.link.done = Done(message="1 message is taken care of")
        await seen.press(key, "y")
        assert seen.link.acts == [wanted(wish, NEWEST)]
        assert seen.flash() == "1 message is taken care of"


async def test_marked_messages_are_retried_together_and_then_not_marked() -> None:
    async with on_messages() as seen:
        await seen.press("space", "space", "s")
        assert "Send 2 marked messages again?" in seen.text()
        await seen.press("y")
        assert seen.link.acts == [wanted(FollowUpWish.RETRY, 39, NEWEST)]
        assert not seen.app.main.whatsapp.inner.marked


async def test_an_ambiguous_message_is_retried_only_with_a_warning() -> None:
    async with on_messages(some_link(state=S.AMBIGUOUS, code=None)) as seen:
        await seen.press("s")
        assert "it may have been sent; retry only if you know it was not" in seen.words()
        assert "danger" in seen.app.screen.query_one("#box").classes
        await seen.press("enter")
        assert seen.link.acts == []


async def test_what_became_ambiguous_while_the_question_stood_is_not_sent_again() -> None:
    async with on_messages() as seen:
        await seen.press("s")
        seen.link.messages.add(make_message(NEWEST, state=S.AMBIGUOUS))
        await seen.press("y")
        assert seen.link.acts == []
        assert "1 message may have been sent meanwhile; nothing was done" in seen.flash()


async def test_what_became_ambiguous_since_it_was_marked_is_not_sent_again() -> None:
    async with on_messages() as seen:
        await seen.press("space", "space")
        seen.link.messages.add(make_message(NEWEST, state=S.AMBIGUOUS))
        await seen.press("s", "y")
        assert seen.link.acts == []
        assert "may have been sent" in seen.flash()


async def test_all_that_failed_by_a_code_are_retried() -> None:
    async with on_messages() as seen:
        await seen.press("S")
        assert "1 message: 63016 free text outside the 24 hours" in seen.words()
        await seen.press("1")
        failed = FollowUpFilter(states=frozenset({S.FAILED}), code=63016)
        assert seen.link.acts == [messages.RetryMessages(failed)]


async def test_a_code_can_be_typed() -> None:
    async with on_messages() as seen:
        await seen.press("colon")
        await seen.type("retry-code 63016")
        await seen.until(lambda: isinstance(seen.app.screen, QuestionDialog))
        assert "Retry all that failed by 63016?" in seen.text()
        await seen.press("y")
        failed = FollowUpFilter(states=frozenset({S.FAILED}), code=63016)
        assert seen.link.acts == [messages.RetryMessages(failed)]


async def test_only_the_follow_ups_are_paused_and_that_can_be_taken_back() -> None:
    async with on_messages() as seen:
        undo = Undo(follow_ups_paused=False)
        seen.link.done = Done(message="follow-ups paused", undo=(undo,))
        await seen.press("W")
        assert seen.link.acts == [messages.PauseMessages()]
        assert seen.flash() == "follow-ups paused; u undoes it"
        await seen.press("u")
        assert seen.link.acts[-1] == control.TakeBack((undo,))
        seen.watch.push(follow_ups=FollowUpStanding((Channel.SMS,), paused=True))
        await seen.until(lambda: "messages PAUSED" in seen.lines("header")[0])
        await seen.press("W", "y")
        assert seen.link.acts[-1] == messages.ResumeMessages()


async def test_a_template_is_judged_before_anything_is_asked() -> None:
    async with on_messages() as seen:
        await seen.press("t")
        await seen.type("HX12")
        assert "HX and 32" in seen.flash()
        await seen.press("t")
        await seen.type(SID)
        await seen.until(lambda: isinstance(seen.app.screen, QuestionDialog))
        await seen.press("y")
        assert seen.link.acts == [messages.UseTemplate(SID)]


async def test_a_person_is_suppressed_and_what_went_is_said() -> None:
    async with on_messages() as seen:
        await seen.press("n", "y")
        number = seen.link.messages.kept[FollowUpId(NEWEST)].to_number
        assert seen.link.acts == [messages.Suppress(number)]
        assert "2 calls and 1 message that waited are gone" in seen.flash()
        await seen.press("N", "y")
        assert seen.link.acts[-1] == messages.Unsuppress(number)


async def test_the_person_of_a_call_can_be_suppressed_from_the_queue() -> None:
    async with on_messages() as seen:
        await seen.press("1", "n", "y")
        assert seen.link.acts == [messages.Suppress(make_call(1).to_number)]


async def test_a_preview_shows_the_text_as_it_would_be_sent() -> None:
    async with on_messages() as seen:
        await seen.press("v")
        assert "Hello, we just talked." in seen.text()
        assert SID in seen.text()


async def test_why_says_it_in_whole_sentences() -> None:
    link = some_link(state=S.SKIPPED, code=None, skipped_for=SkipReason.ALREADY_TODAY)
    async with on_messages(link) as seen:
        await seen.press("E")
        assert "the person got a message today already" in seen.words()


async def test_a_refusal_is_shown_as_the_engine_said_it() -> None:
    async with on_messages() as seen:
        seen.link.refusal = Refused("not [b]now\x1b[2J", code="rejected")
        await seen.press("s", "y")
        assert "not [b]now" in seen.flash()
        assert "\x1b" not in seen.flash()


async def test_a_large_selection_keeps_what_is_marked() -> None:
    async with on_messages() as seen:
        seen.app.main.whatsapp.inner.mark(range(MARKED_CALLS_MAX))
        assert len(seen.app.main.whatsapp.selection().ids) == MARKED_CALLS_MAX


# --- the detail


async def test_the_detail_shows_the_tries_and_esc_goes_back_to_the_messages() -> None:
    link = some_link()
    message = link.messages.kept[FollowUpId(NEWEST)]
    link.messages.tries = (make_try(message, state=TryState.FAILED, code=63016),)
    async with on_messages(link) as seen:
        await seen.press("enter")
        await seen.until(lambda: "1. 2026-02-02 02:39:00" in seen.shown("detail"))
        assert "63016 free text outside the 24 hours" in seen.shown("detail")
        await seen.press("s", "y")
        assert link.acts == [wanted(FollowUpWish.RETRY, NEWEST)]
        await seen.press("escape", "escape")
        assert seen.app.main.active is PaneId.WHATSAPP


@pytest.mark.parametrize("problem", [Refused("no text", code="rejected"), InDoubt("a defect")])
async def test_a_message_is_shown_where_its_text_cannot_be_written(
    problem: Refused | InDoubt,
) -> None:
    async with on_messages() as seen:
        with patch.object(seen.app.session, "preview", side_effect=problem):
            known = await OfMessage(FollowUpId(NEWEST)).read(seen.app.session)
        assert (known.detail.follow_up.id, known.preview) == (NEWEST, None)


async def test_the_detail_follows_the_rows_that_keys_act_on() -> None:
    async with on_messages(size=(200, 60)) as seen:
        await seen.until(lambda: "Person 40 " in seen.shown("detail"))
        await seen.press("down")
        await seen.until(lambda: "Summary 39" in seen.shown("detail"))
        await seen.press("1", "down")
        await seen.until(lambda: "Person 2 " in seen.shown("detail"))


async def test_a_message_that_is_gone_says_so() -> None:
    link = some_link(state=S.BLOCKED, blocked_for=BlockReason.NO_CHANNEL)
    async with on_messages(link) as seen:
        del link.messages.kept[FollowUpId(NEWEST)]
        await seen.press("enter")
        await seen.until(lambda: "there is no such message" in seen.shown("detail"))
