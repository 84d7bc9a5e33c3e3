"""From an action to what the engine is asked, the question before it and the words after it."""

from __future__ import annotations

import pytest

from tests.console.fake_link import NOW, make_call, make_snapshot
from voiceslot_tui.console import questions, wishes
from voiceslot_tui.console.action import ActionId
from voiceslot_tui.console.actions import BY_ID
from voiceslot_tui.console.outcomes import TakenBack, UndoStack, news_of, together
from voiceslot_tui.console.screen_layout import PANES, Layout, PaneId, layout_of, neighbour, shown
from voiceslot_tui.console.situation import Selection
from voiceslot_tui.console.view import View
from voiceslot_tui.core.calls import CallId, CallState, Hold
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.core.pages import Place
from voiceslot_tui.core.snapshot import Slots
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.wire import control

ONE = Selection((CallId(7),), (make_call(7),))
VIEW = View().connected("ana", NOW).told(make_snapshot(), NOW)


def many(count: int) -> Selection:
    return Selection(tuple(CallId(number) for number in range(1, count + 1)))


def asks(
    action: ActionId, argument: str = "", selection: Selection = ONE
) -> tuple[control.Act, ...]:
    plan = wishes.plan(action, argument, selection)
    assert isinstance(plan, wishes.Plan), plan
    return plan.asks


@pytest.mark.parametrize(
    ("action", "argument", "asked"),
    [
        (ActionId.PAUSE, "complaints", control.Pause("complaints")),
        (ActionId.RESUME, "", control.Resume()),
        (ActionId.LIMIT, "8", control.SetLimit(8)),
        (ActionId.RECONCILE, "", control.Reconcile()),
        (ActionId.STOP, "", control.StopEngine()),
        (ActionId.RAISE, "", control.Prioritise((CallId(7),), by=1)),
        (ActionId.RAISE, "5", control.Prioritise((CallId(7),), by=5)),
        (ActionId.LOWER, "", control.Prioritise((CallId(7),), by=-1)),
        (ActionId.PRIORITY, "-3", control.Prioritise((CallId(7),), by=-3)),
        (ActionId.PRIORITY, "9", control.Prioritise((CallId(7),), to=9)),
        (ActionId.TOP, "", control.Move((CallId(7),), Place.TOP)),
        (ActionId.BOTTOM, "", control.Move((CallId(7),), Place.BOTTOM)),
        (ActionId.PARK, "", control.Want((CallId(7),), Wish.PARK)),
        (ActionId.CANCEL, "", control.Want((CallId(7),), Wish.CANCEL)),
        (ActionId.HANG_UP, "", control.HangUpCall(CallId(7))),
        (ActionId.SETTLE, "release", control.Want((CallId(7),), Wish.RELEASE)),
        (ActionId.SETTLE, "dialled", control.Want((CallId(7),), Wish.CONFIRM_DIALLED)),
        (ActionId.SETTLE, "not-dialled", control.Want((CallId(7),), Wish.CONFIRM_NOT_DIALLED)),
    ],
)
def test_an_action_asks_for_one_thing(action: ActionId, argument: str, asked: control.Act) -> None:
    assert asks(action, argument) == (asked,)


def test_parked_calls_are_unparked() -> None:
    parked = Selection((CallId(7),), (make_call(7, hold=Hold.PARKED),))
    assert asks(ActionId.UNPARK, selection=parked) == (control.Want((CallId(7),), Wish.UNPARK),)
    assert asks(ActionId.PARK, selection=parked) == (control.Want((CallId(7),), Wish.PARK),)


@pytest.mark.parametrize(
    ("action", "argument"),
    [
        (ActionId.LIMIT, "0"),
        (ActionId.LIMIT, "five"),
        (ActionId.LIMIT, "10001"),
        (ActionId.PRIORITY, "1001"),
        (ActionId.PRIORITY, "²"),
        (ActionId.RAISE, "much"),
        (ActionId.SETTLE, "maybe"),
    ],
)
def test_an_argument_that_cannot_be_right_asks_nothing(action: ActionId, argument: str) -> None:
    assert isinstance(wishes.plan(action, argument, ONE), wishes.BadArgument)


@pytest.mark.parametrize("action", [ActionId.CANCEL, ActionId.BOTTOM, ActionId.TOP, ActionId.RAISE])
def test_a_large_selection_is_asked_for_in_pieces(action: ActionId) -> None:
    selection = many(2 * COMMAND_CALLS_MAX + 5)
    pieces = [piece.call_ids for piece in asks(action, selection=selection)]  # type: ignore[union-attr]
    assert max(map(len, pieces)) <= COMMAND_CALLS_MAX
    in_order = pieces[::-1] if action is ActionId.TOP else pieces
    assert tuple(call_id for piece in in_order for call_id in piece) == selection.ids


# --- questions


def test_pausing_names_what_goes_on() -> None:
    asked = questions.question(BY_ID[ActionId.PAUSE], ONE, VIEW)
    assert asked is not None
    assert "6 calls under way go on to the end." in asked.lines
    assert asked.choices[0].value == ""


def test_stopping_names_other_consoles() -> None:
    view = VIEW.told(make_snapshot(consoles=3, slots=Slots(5, 5, live=1)), NOW)
    asked = questions.question(BY_ID[ActionId.STOP], ONE, view)
    assert asked is not None
    assert "1 call under way goes on to the end." in asked.lines
    assert "2 other consoles attached." in asked.lines


@pytest.mark.parametrize(
    ("action", "count", "asked"),
    [
        (ActionId.CANCEL, 1, False),
        (ActionId.CANCEL, 2, True),
        (ActionId.PARK, 24, False),
        (ActionId.PARK, 25, True),
        (ActionId.RAISE, 500, False),
        (ActionId.LIMIT, 500, False),
    ],
)
def test_bulk_acts_ask(action: ActionId, count: int, asked: bool) -> None:
    question = questions.question(BY_ID[action], many(count), VIEW)
    assert (question is not None) is asked
    if question is not None:
        assert f"{count} marked calls?" in question.title


def test_a_question_shows_three_samples_and_how_many_more() -> None:
    samples = tuple(make_call(number) for number in range(1, 6))
    selection = Selection(many(9).ids, (), samples)
    question = questions.question(BY_ID[ActionId.CANCEL], selection, VIEW)
    assert question is not None
    assert sum("Person" in line for line in question.lines) == 3
    assert "  and 6 more" in question.lines


def test_a_live_call_can_only_be_released() -> None:
    live = Selection((CallId(7),), (make_call(7, state=CallState.LIVE),))
    asked = questions.question(BY_ID[ActionId.SETTLE], live, VIEW)
    assert asked is not None
    assert [choice.value for choice in asked.choices] == ["", "release"]


def test_what_was_typed_of_a_call_is_asked_all_the_same_and_nothing_else_is_offered() -> None:
    lost = Selection((CallId(7),), (make_call(7, state=CallState.UNKNOWN),))
    asked = questions.question(BY_ID[ActionId.SETTLE], lost, VIEW, "not-dialled")
    assert asked is not None
    assert [choice.value for choice in asked.choices] == ["", "not-dialled"]
    assert any("Person 7" in line for line in asked.lines)


# --- outcomes and undo


def test_news_says_what_was_refused_and_why() -> None:
    live = tuple((CallId(number), "it is live") for number in range(3))
    refused = (*live, (CallId(9), "it has ended"))
    news = news_of(
        "cancel 5 calls", Done((CallId(8),), refused, "1 cancelled", (Undo(limit=1),)), "u"
    )
    assert news.text == "1 cancelled; 3 not: it is live; 1 not: it has ended; u"


def test_news_of_foreign_words_is_clean() -> None:
    assert "\x1b" not in news_of("x", Done(message="\x1b[2J"), "").text


def test_pieces_are_undone_backwards() -> None:
    parts = [Done((CallId(1),), undo=(Undo(limit=1),)), Done((CallId(2),), undo=(Undo(limit=2),))]
    assert [undo.limit for undo in together(parts).undo] == [2, 1]


def newest(act: TakenBack | None) -> TakenBack:
    assert act is not None
    return act


def test_what_is_taken_back_is_the_act_that_was_asked_for_whatever_was_done_since() -> None:
    acts = UndoStack()
    acts.did("first", Done(undo=(Undo(limit=1),)))
    first = newest(acts.next_undo)
    acts.did("first", Done(undo=(Undo(limit=1),)))
    second = newest(acts.next_undo)
    acts.undid(first, Done(undo=(Undo(limit=3),)))
    assert acts.next_undo is second
    acts.forget_undo(first)
    assert acts.next_undo is second
    redo = newest(acts.next_redo)
    acts.did("third", Done(undo=(Undo(limit=5),)))
    acts.redid(redo, Done(undo=(Undo(limit=6),)))
    assert (acts.undo_label, acts.redo_label) == ("first", "")


def test_undo_and_redo_take_turns() -> None:
    acts = UndoStack()
    acts.did("first", Done(undo=(Undo(limit=1),)))
    acts.did("second", Done(undo=(Undo(limit=2),)))
    acts.did("nothing to take back", Done())
    assert acts.undo_label == "second"
    acts.undid(newest(acts.next_undo), Done(undo=(Undo(limit=3),)))
    assert (acts.undo_label, acts.redo_label) == ("first", "second")
    acts.redid(newest(acts.next_redo), Done(undo=(Undo(limit=4),)))
    assert (acts.undo_label, acts.redo_label) == ("second", "")
    acts.undid(newest(acts.next_undo), Done(undo=(Undo(limit=3),)))
    acts.did("third", Done(undo=(Undo(limit=5),)))
    assert acts.redo_label == ""


# --- layout


@pytest.mark.parametrize(
    ("size", "layout"),
    [
        ((39, 24), Layout.LINE),
        ((80, 9), Layout.LINE),
        ((40, 10), Layout.BARE),
        ((79, 24), Layout.BARE),
        ((80, 15), Layout.BARE),
        ((80, 24), Layout.ONE),
        ((119, 60), Layout.ONE),
        ((120, 40), Layout.GRID),
        ((200, 60), Layout.FULL),
    ],
)
def test_the_layout_follows_the_size(size: tuple[int, int], layout: Layout) -> None:
    assert layout_of(*size) is layout


@pytest.mark.parametrize("active", PANES)
@pytest.mark.parametrize("layout", [one for one in Layout if one is not Layout.LINE])
@pytest.mark.parametrize("zoomed", [True, False])
def test_the_active_pane_is_always_on_the_screen(
    layout: Layout, active: PaneId, zoomed: bool
) -> None:
    visible = shown(layout, active, zoomed=zoomed)
    assert active in visible
    assert not zoomed or visible == {active}


def test_the_panes_go_round() -> None:
    assert neighbour(PANES[-1], 1) is PANES[0]
    assert neighbour(PANES[0], -1) is PANES[-1]
