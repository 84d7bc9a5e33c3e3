"""Which call a key or a command is about: the one that the operator meant, or none."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.console.fake_link import FakeLink, make_call
from tests.console.stage import Stage, stage
from voiceslot_tui.core.calls import CallId, CallState, Hold
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.pages import Place
from voiceslot_tui.wire import control


class SlowDetails(FakeLink):
    """Tells nothing about a single call before it may."""

    def __init__(self, count: int) -> None:
        super().__init__([make_call(number) for number in range(1, count + 1)])
        self.may_tell = asyncio.Event()

    async def ask(self, body: control.Body) -> control.Result:
        if isinstance(body, control.GetDetail):
            await self.may_tell.wait()
        return await super().ask(body)


# --- in the detail pane


@pytest.mark.parametrize("key", ["x", "plus", "p", "T", "n"])
async def test_while_a_detail_is_read_keys_do_not_fall_through_to_the_marked_rows(key: str) -> None:
    async with stage(SlowDetails(3)) as seen:
        await seen.press("space", "enter", key)
        assert seen.link.acts == []
        assert "still being read" in seen.flash()
        assert seen.app.screen is seen.app.main


async def test_once_the_detail_is_read_keys_act_on_it_and_not_on_the_marked_rows() -> None:
    link = SlowDetails(3)
    async with stage(link) as seen:
        await seen.press("space", "enter")
        link.may_tell.set()
        await seen.until(lambda: seen.app.main.detail.known is not None)
        await seen.press("x")
        assert link.acts == [control.Want((CallId(2),), Wish.CANCEL)]


async def test_where_the_call_of_the_detail_is_gone_keys_act_on_nothing() -> None:
    link = FakeLink([make_call(1), make_call(2), make_call(3)])
    async with stage(link) as seen:
        await seen.press("space")
        del link.calls[CallId(2)]
        await seen.press("enter", "x")
        assert link.acts == []
        assert "there is no such call" in seen.flash()


# --- rows that are not on the screen


@pytest.mark.parametrize(
    ("size", "way"),
    [((80, 24), "6"), ((80, 24), "2"), ((40, 10), "6"), ((120, 40), "6z"), ((200, 60), "2z")],
    ids=["80x24 events", "80x24 slots", "40x10 events", "zoomed events", "zoomed slots"],
)
async def test_keys_do_nothing_to_rows_that_are_not_on_the_screen(
    size: tuple[int, int], way: str
) -> None:
    async with stage(FakeLink([make_call(number) for number in range(1, 5)]), size) as seen:
        await seen.press(*way)
        for key in ("x", "plus", "p", "T", "B", "n", "space", "enter"):
            await seen.press(key)
            assert "no row is on the screen; 1 goes to the queue" in seen.flash()
        assert not seen.app.main.queue.inner.marked
        assert seen.app.screen is seen.app.main
        assert seen.link.acts == []


async def test_keys_act_on_the_queue_from_a_pane_beside_it() -> None:
    link = FakeLink([make_call(number) for number in range(1, 5)])
    async with stage(link, (120, 40)) as seen:
        await seen.press("6", "x")
        assert link.acts == [control.Want((CallId(1),), Wish.CANCEL)]


async def test_on_a_screen_too_small_for_rows_keys_do_nothing_to_them() -> None:
    link = FakeLink([make_call(number) for number in range(1, 5)])
    async with stage(link) as seen:
        await seen.pilot.resize_terminal(39, 9)
        await seen.rest()
        await seen.press("x", "space", "x")
        assert "too small to show rows" in seen.flash()
        assert link.acts == []


@pytest.mark.parametrize("key", ["x", "p", "T"])
async def test_a_marked_call_that_is_not_on_the_screen_is_named_before_anything_is_done(
    key: str,
) -> None:
    link = FakeLink([make_call(number) for number in range(1, 50)])
    async with stage(link) as seen:
        await seen.press("space", "slash")
        await seen.type('"Person 44"')
        await seen.press(key)
        assert "1 marked call?" in seen.words()
        assert "Person 1 " in seen.words()
        assert link.acts == []


async def test_a_marked_call_that_was_scrolled_away_is_named_before_it_is_cancelled() -> None:
    link = FakeLink([make_call(number) for number in range(1, 50)])
    async with stage(link) as seen:
        await seen.press("space", "x")
        assert link.acts == [control.Want((CallId(1),), Wish.CANCEL)]
        await seen.press("space", "pagedown", "x")
        assert "Cancel 1 marked call?" in seen.words()


# --- words say what they mean, a key is a switch


def three_parked_and_one_that_waits() -> FakeLink:
    parked = [make_call(number, hold=Hold.PARKED) for number in (1, 2, 3)]
    return FakeLink([*parked, make_call(4)])


@pytest.mark.parametrize(
    ("command", "wish"), [("unpark", Wish.UNPARK), ("park", Wish.PARK), ("", Wish.UNPARK)]
)
async def test_marked_calls_are_parked_or_unparked_wherever_the_cursor_is(
    command: str, wish: Wish
) -> None:
    async with stage(three_parked_and_one_that_waits()) as seen:
        await seen.press("space", "space", "space", "colon" if command else "p")
        if command:
            await seen.type(command)
        assert seen.link.acts == [control.Want((CallId(1), CallId(2), CallId(3)), wish)]


async def test_unpark_parks_nothing() -> None:
    async with stage(FakeLink([make_call(1)])) as seen:
        await seen.press("colon")
        await seen.type("unpark")
        assert seen.link.acts == []
        assert "only parked calls can be unparked" in seen.flash()


# --- what was typed is about the row that it was opened on


async def leaves(seen: Stage, number: int, state: CallState = CallState.ENDED) -> None:
    """Let a call leave the list by itself."""
    call = seen.link.calls[CallId(number)]
    seen.link.calls[call.id] = replace(call, state=state, ended_at=call.changed_at)
    seen.watch.push()
    await seen.rest()


def calls(state: CallState) -> FakeLink:
    return FakeLink([make_call(number, state=state) for number in (1, 2, 3)])


@pytest.mark.parametrize(
    ("opens", "typed", "state"),
    [
        (":", "settle not-dialled", CallState.UNKNOWN),
        (":", "cancel", CallState.QUEUED),
        ("=", "9", CallState.QUEUED),
        ("ctrl+p", "cancel calls that wait", CallState.QUEUED),
        ("?", "cancel calls that wait", CallState.QUEUED),
    ],
)
async def test_what_was_typed_does_not_hit_the_neighbour_of_the_row_it_was_opened_on(
    opens: str, typed: str, state: CallState
) -> None:
    async with stage(calls(state)) as seen:
        await seen.press(opens)
        await seen.type(typed, enter=False)
        await leaves(seen, 1)
        await seen.press("enter")
        assert seen.link.acts == []
        assert "has changed meanwhile; nothing was done" in seen.flash()
        assert seen.app.screen is seen.app.main


async def test_what_was_typed_goes_along_with_its_row_and_with_marks() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        await seen.press("colon")
        await seen.type("bottom", enter=False)
        seen.link.calls[CallId(1)] = make_call(1, position=9)
        seen.watch.push()
        await seen.rest()
        await seen.press("enter")
        assert seen.link.acts == [control.Move((CallId(1),), Place.BOTTOM)]
        await seen.press("g", "space", "colon")
        await seen.type("top", enter=False)
        await leaves(seen, 3)
        await seen.press("enter")
        assert seen.link.acts[1:] == [control.Move((CallId(2),), Place.TOP)]


async def test_a_command_about_no_row_is_run_whatever_the_rows_did() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        await seen.press("l")
        await seen.type("8", enter=False)
        await leaves(seen, 1)
        await seen.press("enter")
        assert seen.link.acts == [control.SetLimit(8)]


# --- a key that was meant for a row does not hit its neighbour


def stand_still(seen: Stage, at_s: float) -> None:
    seen.clock.steady_s = lambda: at_s  # type: ignore[method-assign]


@pytest.mark.parametrize("key", ["x", "p", "plus", "T", "equals_sign"])
async def test_just_after_its_row_left_by_itself_a_key_does_nothing_and_says_so(key: str) -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await leaves(seen, 1)
        await seen.press(key)
        assert seen.link.acts == []
        assert "has just left the list" in seen.flash()
        assert seen.app.screen is seen.app.main
        stand_still(seen, 101.1)
        await seen.press("x")
        assert seen.link.acts == [control.Want((CallId(2),), Wish.CANCEL)]


async def test_a_line_opened_just_after_the_row_left_hits_nothing_either() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await leaves(seen, 1)
        await seen.press("colon")
        stand_still(seen, 103.0)
        await seen.type("cancel")
        assert seen.link.acts == []
        assert "has changed meanwhile" in seen.flash()


async def test_once_the_operator_sent_a_row_away_a_key_is_about_the_next_one() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await seen.press("x")
        stand_still(seen, 100.9)
        await leaves(seen, 1, CallState.CANCELLED)
        await seen.press("x")
        assert seen.link.acts == [control.Want((CallId(number),), Wish.CANCEL) for number in (1, 2)]


async def test_a_row_that_was_brought_back_and_leaves_by_itself_is_guarded_again() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await seen.press("x", "u")
        stand_still(seen, 100.9)
        await leaves(seen, 1)
        await seen.press("x")
        assert "has just left the list" in seen.flash()
        assert seen.link.acts[0] == control.Want((CallId(1),), Wish.CANCEL)
        assert control.Want((CallId(2),), Wish.CANCEL) not in seen.link.acts


async def test_where_the_next_row_leaves_by_itself_too_a_key_does_not_hit_the_one_after_it() -> (
    None
):
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await seen.press("x")
        stand_still(seen, 100.4)
        for number, state in ((1, CallState.CANCELLED), (2, CallState.DIALING)):
            call = seen.link.calls[CallId(number)]
            seen.link.calls[call.id] = replace(call, state=state)
        seen.watch.push()
        await seen.rest()
        stand_still(seen, 100.9)
        await seen.press("x")
        assert seen.link.acts == [control.Want((CallId(1),), Wish.CANCEL)]
        assert "has just left the list" in seen.flash()


async def test_where_the_operator_put_the_cursor_themselves_keys_act_at_once() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await leaves(seen, 1)
        await seen.press("j", "x")
        assert seen.link.acts == [control.Want((CallId(3),), Wish.CANCEL)]


async def test_marked_calls_and_a_neighbour_that_left_keep_no_key_from_acting() -> None:
    async with stage(calls(CallState.QUEUED)) as seen:
        stand_still(seen, 100.0)
        await leaves(seen, 2)
        await seen.press("plus")
        await seen.press("space")
        await leaves(seen, 3)
        await seen.press("minus")
        assert seen.link.acts == [
            control.Prioritise((CallId(1),), by=1),
            control.Prioritise((CallId(1),), by=-1),
        ]
