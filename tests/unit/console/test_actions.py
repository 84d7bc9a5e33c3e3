"""The table of actions: no key twice, none that terminals confuse, a name for every action."""

from __future__ import annotations

import re

import pytest

from tests.console.fake_link import make_call, make_snapshot
from voiceslot_tui.console import command_line
from voiceslot_tui.console.action import Action, ActionId, Danger
from voiceslot_tui.console.actions import ACTIONS, BY_ID, keys_shown, named, on_key_line
from voiceslot_tui.console.bars import key_line, meant
from voiceslot_tui.console.key_repeat import REPEAT_WITHIN_S, RepeatGuard
from voiceslot_tui.console.phrases import width, words
from voiceslot_tui.console.situation import Selection, Situation
from voiceslot_tui.console.view import View
from voiceslot_tui.core.calls import Call, CallId, CallState, Hold, Instant
from voiceslot_tui.core.snapshot import EngineState

NOW = Instant(1_770_000_000_000)
LIVE = View().connected("ana", NOW).told(make_snapshot(), NOW)
CONFUSED = {"ctrl+i", "ctrl+j", "ctrl+m", "ctrl+h", "ctrl+s", "alt+enter"}
NOT_ON_EVERY_KEYBOARD = set("[]{}@\\") | {
    "left_square_bracket",
    "right_square_bracket",
    "left_curly_bracket",
    "right_curly_bracket",
    "at",
    "backslash",
}


def situation(*calls: Call, view: View = LIVE, **fields: str) -> Situation:
    ids = tuple(call.id for call in calls)
    return Situation(view, Selection(ids, calls), **fields)


def each_action(action: Action) -> str:
    return str(action.id)


def test_every_action_stands_in_the_table_once() -> None:
    assert [action.id for action in ACTIONS] == sorted(
        ActionId, key=[action.id for action in ACTIONS].index
    )
    assert len(BY_ID) == len(ACTIONS)


def test_no_key_does_two_things() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("action", ACTIONS, ids=each_action)
def test_an_action_has_a_key_that_every_keyboard_and_terminal_knows(action: Action) -> None:
    assert not CONFUSED & set(action.keys)
    assert set(action.keys) - NOT_ON_EVERY_KEYBOARD
    assert keys_shown(action)


@pytest.mark.parametrize("action", ACTIONS, ids=each_action)
def test_an_action_is_found_by_its_name(action: Action) -> None:
    assert named(action.id.value) is action
    assert named(action.id.value.upper().replace("-", "_")) is action
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", action.id.value)
    assert action.says.endswith(".")


@pytest.mark.parametrize(
    ("text", "action_id", "argument"),
    [
        ("limit 8", ActionId.LIMIT, "8"),
        ("lim 8", ActionId.LIMIT, "8"),
        ("pause too many complaints", ActionId.PAUSE, "too many complaints"),
        ("q", ActionId.DETACH, ""),
        ("filter state:live ana", ActionId.FILTER, "state:live ana"),
        ("settle dialled", ActionId.SETTLE, "dialled"),
        ("  top ", ActionId.TOP, ""),
    ],
)
def test_a_command_line_is_an_action_with_its_argument(
    text: str, action_id: ActionId, argument: str
) -> None:
    command = command_line.parse(text)
    assert isinstance(command, command_line.Command), command
    assert (command.action.id, command.argument) == (action_id, argument)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fly", "no command 'fly'"),
        ("p", "park"),
        ("limit", "limit number"),
        ("top now", "takes nothing"),
    ],
)
def test_a_command_line_that_cannot_be_followed_says_why(text: str, says: str) -> None:
    wrong = command_line.parse(text)
    assert isinstance(wrong, command_line.BadCommand)
    assert says in wrong.message


def test_a_command_line_can_be_completed() -> None:
    assert "limit " in command_line.completions("li")
    assert command_line.completions("settle not") == ("settle not-dialled",)
    assert command_line.completions("filter st") == ("filter state:", "filter status:")
    assert command_line.completions("zoom x") == ()


@pytest.mark.parametrize(
    ("action_id", "state", "runs"),
    [
        (ActionId.CANCEL, CallState.QUEUED, True),
        (ActionId.CANCEL, CallState.DIALING, True),
        (ActionId.CANCEL, CallState.LIVE, False),
        (ActionId.CANCEL, CallState.ENDED, False),
        (ActionId.PARK, CallState.QUEUED, True),
        (ActionId.PARK, CallState.LIVE, False),
        (ActionId.RAISE, CallState.QUEUED, True),
        (ActionId.RAISE, CallState.ENDED, False),
        (ActionId.TOP, CallState.UNKNOWN, False),
        (ActionId.SETTLE, CallState.UNKNOWN, True),
        (ActionId.SETTLE, CallState.LIVE, True),
        (ActionId.SETTLE, CallState.QUEUED, False),
    ],
)
def test_an_act_fits_the_state_of_its_call(
    action_id: ActionId, state: CallState, runs: bool
) -> None:
    reason = BY_ID[action_id].available(situation(make_call(1, state=state)))
    assert (reason is None) is runs, reason


def test_an_act_without_a_call_says_so() -> None:
    assert "no call" in (BY_ID[ActionId.CANCEL].available(situation()) or "")


def test_of_marked_calls_that_are_not_at_hand_the_engine_judges() -> None:
    selection = Selection((CallId(1), CallId(2)), (make_call(1, state=CallState.ENDED),))
    assert BY_ID[ActionId.PARK].available(Situation(LIVE, selection)) is None


def test_hanging_up_needs_a_carrier_and_one_live_call() -> None:
    hang_up = BY_ID[ActionId.HANG_UP]
    talking = make_call(1, state=CallState.LIVE)
    assert "carrier" in (hang_up.available(situation(talking)) or "")
    view = LIVE.told(make_snapshot(carrier=True), NOW)
    assert hang_up.available(situation(talking, view=view)) is None
    assert "one at a time" in (hang_up.available(situation(talking, talking, view=view)) or "")
    assert "live" in (hang_up.available(situation(make_call(1), view=view)) or "")


@pytest.mark.parametrize("action", [one for one in ACTIONS if one.acts], ids=each_action)
def test_nothing_acts_without_an_engine_or_while_an_answer_is_owed(action: Action) -> None:
    call = make_call(1, state=CallState.UNKNOWN)
    gone = situation(call, view=LIVE.lost("x", 1), undo_label="a", redo_label="b")
    assert "gone" in (action.available(gone) or "")
    owed = situation(call, undo_label="a", redo_label="b", waiting_for="cancel 1 call")
    assert "cancel 1 call" in (action.available(owed) or "")


def test_the_pause_key_resumes_a_paused_engine() -> None:
    pause = BY_ID[ActionId.PAUSE]
    assert meant(pause, situation()) is pause
    paused = LIVE.told(make_snapshot(engine=EngineState.PAUSED), NOW)
    assert meant(pause, situation(view=paused)).id is ActionId.RESUME
    assert "P resume" in words(key_line(situation(view=paused), 120).spans)


def test_the_park_key_unparks_where_all_chosen_calls_are_parked() -> None:
    park = BY_ID[ActionId.PARK]
    waits, parked = make_call(1), make_call(2, hold=Hold.PARKED)
    assert meant(park, situation(waits)) is park
    assert meant(park, situation(waits, parked)) is park
    assert meant(park, situation(parked)).id is ActionId.UNPARK
    marked = Selection((CallId(2), CallId(3)), (), (parked,))
    assert meant(park, Situation(LIVE, marked)).id is ActionId.UNPARK


def test_only_parked_calls_are_unparked() -> None:
    unpark = BY_ID[ActionId.UNPARK]
    assert "only parked calls" in (unpark.available(situation(make_call(1))) or "")
    assert unpark.available(situation(make_call(1, hold=Hold.PARKED))) is None


def test_undo_names_nothing_to_undo() -> None:
    assert "nothing" in (BY_ID[ActionId.UNDO].available(situation()) or "")
    assert BY_ID[ActionId.UNDO].available(situation(undo_label="cancel")) is None


@pytest.mark.parametrize("cells", [20, 40, 60, 80, 120, 200])
def test_the_key_line_fits_and_names_help_first(cells: int) -> None:
    shown = key_line(situation(make_call(1, hold=Hold.PARKED)), cells).spans
    assert width(shown) <= cells
    assert words(shown).lstrip().startswith("? help")


def test_the_key_line_names_no_action_twice() -> None:
    assert len({action.label for action in on_key_line()}) == len(on_key_line())


def test_a_held_key_is_told_from_one_pressed_again() -> None:
    guard = RepeatGuard()
    assert not guard.is_repeat(ActionId.CANCEL, 10.0)
    assert guard.is_repeat(ActionId.CANCEL, 10.0 + REPEAT_WITHIN_S / 2)
    assert guard.is_repeat(ActionId.CANCEL, 10.0 + REPEAT_WITHIN_S)
    assert not guard.is_repeat(ActionId.CANCEL, 10.1 + 2 * REPEAT_WITHIN_S)
    assert not guard.is_repeat(ActionId.PARK, 10.2 + 2 * REPEAT_WITHIN_S)


def test_what_cannot_be_undone_asks_first() -> None:
    assert all(
        action.undoable or action.danger is not Danger.UNDONE
        for action in ACTIONS
        if action.id not in (ActionId.UNDO, ActionId.REDO)
    )
