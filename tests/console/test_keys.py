"""Every action by its key, by the palette and by the command line; what acts, asks and undoes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events

from tests.console.fake_batches import make_batch
from tests.console.fake_link import FakeLink, make_call, make_snapshot
from tests.console.fake_messages import make_message
from tests.console.stage import Stage, stage
from voiceslot_tui.console.action import Action, ActionId, Group
from voiceslot_tui.console.actions import ACTIONS, BY_ID
from voiceslot_tui.console.dialogs.action_list import ActionList
from voiceslot_tui.console.dialogs.prompt import Prompt
from voiceslot_tui.console.dialogs.question import QuestionDialog
from voiceslot_tui.console.dialogs.text import TextDialog
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.core.calls import CallId, CallState, Hold
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.core.pages import Place, Segment
from voiceslot_tui.core.snapshot import EngineState
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.link.client import InDoubt, Refused
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages


def some_link(*, state: CallState = CallState.QUEUED, carrier: bool = True) -> FakeLink:
    link = FakeLink([make_call(number) for number in range(1, 40)])
    link.calls[CallId(1)] = make_call(1, state=state)
    link.snapshot = make_snapshot(carrier=carrier)
    return link


# --- what each action does, told by what is seen afterwards

Seen = Callable[[Stage], bool]


def acted(body: control.Body) -> Seen:
    return lambda seen: body in seen.link.acts


def dialog(kind: type) -> Seen:
    return lambda seen: isinstance(seen.app.screen, kind)


def pane(pane_id: PaneId) -> Seen:
    return lambda seen: seen.app.main.active is pane_id


def cursor(number: int) -> Seen:
    def on_row(seen: Stage) -> bool:
        row = seen.app.main.queue.inner.cursor_row
        return row is not None and row.call.id == number

    return on_row


FIRST = (CallId(1),)
UNDO = Undo(limit=1)

EFFECTS: dict[ActionId, Seen] = {
    ActionId.UP: cursor(1),
    ActionId.DOWN: cursor(2),
    ActionId.PAGE_UP: cursor(1),
    ActionId.PAGE_DOWN: cursor(15),
    ActionId.HALF_UP: cursor(1),
    ActionId.HALF_DOWN: cursor(8),
    ActionId.FIRST: cursor(1),
    ActionId.LAST: cursor(39),
    ActionId.DETAIL: pane(PaneId.DETAIL),
    ActionId.BACK: pane(PaneId.QUEUE),
    ActionId.MARK: lambda seen: seen.app.main.queue.inner.marked == {1},
    ActionId.UNMARK: lambda seen: not seen.app.main.queue.inner.marked,
    ActionId.FILTER: dialog(Prompt),
    ActionId.FINISHED: lambda seen: seen.app.main.queue.search.segment is Segment.DONE,
    ActionId.FOLLOW: lambda seen: not seen.app.main.events.inner.follows,
    ActionId.RAISE: acted(control.Prioritise(FIRST, by=1)),
    ActionId.LOWER: acted(control.Prioritise(FIRST, by=-1)),
    ActionId.PRIORITY: dialog(Prompt),
    ActionId.TOP: acted(control.Move(FIRST, Place.TOP)),
    ActionId.BOTTOM: acted(control.Move(FIRST, Place.BOTTOM)),
    ActionId.PARK: acted(control.Want(FIRST, Wish.PARK)),
    ActionId.UNPARK: acted(control.Want(FIRST, Wish.UNPARK)),
    ActionId.CANCEL: acted(control.Want(FIRST, Wish.CANCEL)),
    ActionId.UNDO: acted(control.TakeBack((UNDO,))),
    ActionId.REDO: acted(control.TakeBack((UNDO,))),
    ActionId.HANG_UP: dialog(QuestionDialog),
    ActionId.SETTLE: dialog(QuestionDialog),
    ActionId.EXPLAIN: dialog(TextDialog),
    ActionId.PAUSE: dialog(QuestionDialog),
    ActionId.RESUME: dialog(QuestionDialog),
    ActionId.LIMIT: dialog(Prompt),
    ActionId.RECONCILE: acted(control.Reconcile()),
    ActionId.RETRY: dialog(QuestionDialog),
    ActionId.RETRY_CODE: dialog(QuestionDialog),
    ActionId.LEAVE_OUT: dialog(QuestionDialog),
    ActionId.UNBLOCK: dialog(QuestionDialog),
    ActionId.PREVIEW: dialog(TextDialog),
    ActionId.PAUSE_MESSAGES: acted(messages.PauseMessages()),
    ActionId.RESUME_MESSAGES: dialog(QuestionDialog),
    ActionId.TEMPLATE: dialog(Prompt),
    ActionId.ASK_MESSENGER: acted(messages.ReadMessenger()),
    ActionId.SUPPRESS: dialog(QuestionDialog),
    ActionId.UNSUPPRESS: dialog(QuestionDialog),
    ActionId.CHECK_BATCHES: acted(batches.CheckBatches()),
    ActionId.CANCEL_BATCH: dialog(QuestionDialog),
    ActionId.RETRY_BATCH: dialog(QuestionDialog),
    ActionId.RETRY_BATCH_MESSAGES: dialog(QuestionDialog),
    ActionId.WATCH_BATCHES: dialog(QuestionDialog),
    ActionId.BATCH_INTERVAL: dialog(Prompt),
    ActionId.QUEUE: pane(PaneId.QUEUE),
    ActionId.SLOTS: pane(PaneId.SLOTS),
    ActionId.BATCHES: pane(PaneId.BATCHES),
    ActionId.RECIPIENTS: pane(PaneId.RECIPIENTS),
    ActionId.WHATSAPP: pane(PaneId.WHATSAPP),
    ActionId.EVENTS: pane(PaneId.EVENTS),
    ActionId.DETAIL_PANE: pane(PaneId.DETAIL),
    ActionId.NEXT_PANE: pane(PaneId.SLOTS),
    ActionId.PREVIOUS_PANE: pane(PaneId.DETAIL),
    ActionId.ZOOM: lambda seen: seen.app.main.zoomed,
    ActionId.MASK: lambda seen: "+44•••0001" in seen.lines("queue")[1],
    ActionId.MOUSE: lambda seen: "the terminal's" in seen.flash(),
    ActionId.REPAINT: lambda seen: not seen.flash(),
    ActionId.HELP: dialog(ActionList),
    ActionId.COMMAND: dialog(Prompt),
    ActionId.PALETTE: dialog(ActionList),
    ActionId.DETACH: lambda seen: seen.app._exit,
    ActionId.INTERRUPT: lambda seen: "once more" in seen.flash(),
    ActionId.STOP: dialog(QuestionDialog),
}
STATES = {ActionId.HANG_UP: CallState.LIVE, ActionId.SETTLE: CallState.UNKNOWN}


async def set_the_stage(seen: Stage, action_id: ActionId) -> None:
    """Bring about what an action needs before it can run."""
    if action_id is ActionId.RESUME:
        seen.watch.push(engine=EngineState.PAUSED)
        await seen.until(lambda: "PAUSED" in seen.lines("header")[0])
    if action_id is ActionId.UNPARK:
        seen.link.calls[CallId(1)] = make_call(1, hold=Hold.PARKED)
        seen.watch.push()
        await seen.rest()
    if action_id in (ActionId.UNDO, ActionId.REDO):
        seen.app.session.acts.did("an act", Done(undo=(UNDO,)))
    if action_id is ActionId.REDO:
        acts = seen.app.session.acts
        assert acts.next_undo is not None
        acts.undid(acts.next_undo, Done(undo=(UNDO,)))
    if BY_ID[action_id].group is Group.MESSAGES:
        paused = action_id is ActionId.RESUME_MESSAGES
        seen.link.messages.add(make_message(1, state=FollowUpState.BLOCKED))
        seen.watch.push(follow_ups=FollowUpStanding(paused=paused, codes={63016: 2}))
        await seen.press("5")
    if BY_ID[action_id].group is Group.BATCHES:
        seen.link.batches.rows = [make_batch(1)]
        await seen.press("3")
        await seen.until(lambda: seen.app.main.batches.inner.cursor_row is not None)
    if action_id is ActionId.UNMARK:
        await seen.press("space", "up")


def test_every_action_has_an_effect_to_look_for() -> None:
    assert set(EFFECTS) == set(ActionId)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.id))
async def test_an_action_does_by_its_key_what_it_says(action: Action) -> None:
    async with stage(some_link(state=STATES.get(action.id, CallState.QUEUED))) as seen:
        await set_the_stage(seen, action.id)
        await seen.press(action.keys[0])
        await seen.until(lambda: EFFECTS[action.id](seen))


async def test_every_action_can_be_reached_by_the_command_line() -> None:
    async with stage(some_link()) as seen:
        performed: list[tuple[ActionId, str]] = []
        seen.app.main.deeds._typing._perform = lambda *asked: performed.append(asked[:2])
        for action in ACTIONS:
            await seen.press("colon")
            await seen.paste(f"{action.id} 7" if action.needs_argument else action.id)
        assert performed == [(one.id, "7" if one.needs_argument else "") for one in ACTIONS]


async def test_every_action_can_be_reached_by_the_palette() -> None:
    async with stage(some_link()) as seen:
        performed: list[ActionId] = []
        seen.app.main.deeds._typing._perform = lambda action, *_: performed.append(action)
        for action in ACTIONS:
            await seen.press("ctrl+p")
            await seen.paste(action.says)
        assert performed == [action.id for action in ACTIONS]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.id))
def test_each_further_key_is_bound_to_the_same_action(action: Action) -> None:
    from voiceslot_tui.console.main_screen import MainScreen

    bound = {binding.key: binding.action for binding in MainScreen.BINDINGS}  # type: ignore[union-attr]
    assert {bound[key] for key in action.keys} == {f"run('{action.id}')"}


# --- acts, questions and answers


async def test_an_act_is_answered_in_words_and_can_be_taken_back() -> None:
    async with stage(some_link()) as seen:
        seen.link.done = Done(FIRST, message="call 1 cancelled", undo=(UNDO,))
        await seen.press("x")
        assert seen.flash() == "call 1 cancelled; u undoes it within 30 s"
        await seen.press("u")
        assert seen.link.acts[-1] == control.TakeBack((UNDO,))
        await seen.press("U")
        assert seen.link.acts[-1] == control.TakeBack((UNDO,))


async def test_a_refusal_is_shown_as_the_engine_said_it() -> None:
    async with stage(some_link()) as seen:
        seen.link.refusal = Refused("no [b]such\x1b[2J call", code="missing")
        await seen.press("p")
        assert seen.flash() == "park 1 call: no [b]such\ufffd[2J call"
        assert "no [b]such" in seen.text()


async def test_an_undo_in_doubt_is_kept_and_one_that_is_refused_is_dropped() -> None:
    async with stage(some_link()) as seen:
        acts = seen.app.session.acts
        await seen.press("p")
        assert acts.next_undo is not None
        seen.link.refusal = InDoubt("the engine did not finish this; it may still happen")
        await seen.press("u")
        assert "it may still happen" in seen.flash()
        assert acts.next_undo is not None, "whether it is undone nobody knows"
        since = "ben has set the limit to 2 since; set it yourself if you mean it"
        seen.link.refusal = Refused(since, code="rejected")
        await seen.press("u")
        assert since in seen.flash()
        assert acts.next_undo is None


@pytest.mark.parametrize("keys", [("enter",), ("n",), ("escape",), ("ctrl+c",), ("down", "n")])
async def test_a_question_is_answered_no_unless_somebody_says_yes(keys: tuple[str, ...]) -> None:
    async with stage(some_link()) as seen:
        await seen.press("P", *keys)
        assert seen.link.acts == []
        assert "nothing was done" in seen.flash()
        assert seen.app.screen is seen.app.main


@pytest.mark.parametrize("keys", [("y",), ("down", "enter"), ("tab", "enter")])
async def test_a_question_can_be_answered_yes(keys: tuple[str, ...]) -> None:
    async with stage(some_link()) as seen:
        await seen.press("P")
        assert "6 calls under way go on to the end." in seen.text()
        await seen.press(*keys)
        assert seen.link.acts == [control.Pause()]


async def test_hanging_up_without_a_carrier_says_why_not() -> None:
    async with stage(some_link(state=CallState.LIVE, carrier=False)) as seen:
        await seen.press("X")
        assert "carrier" in seen.flash()
        assert seen.app.screen is seen.app.main


async def test_a_live_call_is_hung_up_after_a_question() -> None:
    async with stage(some_link(state=CallState.LIVE)) as seen:
        await seen.press("X", "y")
        assert seen.link.acts == [control.HangUpCall(CallId(1))]


@pytest.mark.parametrize(
    ("key", "wish"),
    [("r", Wish.RELEASE), ("y", Wish.CONFIRM_DIALLED), ("q", Wish.CONFIRM_NOT_DIALLED)],
)
async def test_an_unknown_call_is_settled_by_an_answer(key: str, wish: Wish) -> None:
    async with stage(some_link(state=CallState.UNKNOWN)) as seen:
        await seen.press("L", key)
        assert seen.link.acts == [control.Want(FIRST, wish)]


@pytest.mark.parametrize(
    ("key", "asked"),
    [("q", [control.Want(FIRST, Wish.CONFIRM_NOT_DIALLED)]), ("enter", []), ("r", [])],
)
async def test_a_typed_settle_asks_and_names_the_call(key: str, asked: list[control.Body]) -> None:
    async with stage(some_link(state=CallState.UNKNOWN)) as seen:
        await seen.press("colon")
        await seen.type("settle not-dialled")
        await seen.until(lambda: isinstance(seen.app.screen, QuestionDialog))
        assert seen.link.acts == []
        assert "Person 1" in seen.text()
        await seen.press(key, "escape")
        assert seen.link.acts == asked


async def test_a_key_held_down_cancels_once() -> None:
    async with stage(some_link()) as seen:
        seen.clock.steady_s = lambda: 5.0  # type: ignore[method-assign]
        await seen.press("x", "x", "x")
        assert seen.link.acts == [control.Want(FIRST, Wish.CANCEL)]
        assert "held down" in seen.flash()


async def test_nothing_is_asked_twice_while_an_answer_is_owed() -> None:
    async with stage(some_link()) as seen:
        seen.link.gate.clear()
        await seen.press("plus", "plus")
        assert len(seen.link.acts) == 1
        assert "still waiting" in seen.flash()
        seen.link.gate.set()
        await seen.until(lambda: "It is done" in seen.flash())
        await seen.press("plus")
        assert len(seen.link.acts) == 2


async def test_no_key_lifts_the_wait_for_an_answer_so_that_an_undo_takes_another_act_back() -> None:
    async with stage(some_link()) as seen:
        seen.link.gate.clear()
        await seen.press("x", "r", "u")
        assert seen.link.acts == [control.Want(FIRST, Wish.CANCEL)]
        assert "still waiting for the engine's answer to: cancel 1 call" in seen.flash()
        seen.link.gate.set()
        await seen.until(lambda: seen.app.session.acts.undo_label == "cancel 1 call")


async def test_marked_calls_are_cancelled_together_after_a_question() -> None:
    async with stage(some_link()) as seen:
        await seen.press("space", "space", "space", "x")
        assert "Cancel 3 marked calls?" in seen.text()
        assert "Person 2" in seen.text()
        await seen.press("y")
        assert seen.link.acts == [control.Want((CallId(1), CallId(2), CallId(3)), Wish.CANCEL)]
        assert not seen.app.main.queue.inner.marked


async def test_a_large_selection_goes_in_pieces_and_can_be_stopped() -> None:
    async with stage(some_link()) as seen:
        table = seen.app.main.queue.inner
        table.mark(CallId(number) for number in range(1, 2 * COMMAND_CALLS_MAX + 2))
        seen.link.gate.clear()
        await seen.press("plus")
        await seen.until(lambda: "piece 1 of 3" in seen.flash())
        await seen.press("escape")
        seen.link.gate.set()
        await seen.until(lambda: "stopped half-way" in seen.flash())
        assert len(seen.link.acts) == 1


async def test_an_answer_that_never_came_is_said() -> None:
    async with stage(some_link()) as seen:
        seen.link.lost = "the engine is gone; it may or may not have been done"
        await seen.press("T")
        assert "may or may not" in seen.flash()
        assert seen.app.session.acts.undo_label == ""


# --- lines to type on


@pytest.mark.parametrize(
    ("command", "asked"),
    [
        ("limit 8", control.SetLimit(8)),
        ("priority 9", control.Prioritise(FIRST, to=9)),
        ("raise 5", control.Prioritise(FIRST, by=5)),
    ],
)
async def test_a_command_with_an_argument(command: str, asked: control.Body) -> None:
    async with stage(some_link()) as seen:
        await seen.press("colon")
        await seen.type(command)
        await seen.until(lambda: seen.link.acts == [asked])


async def test_a_key_that_needs_an_argument_opens_the_command_line() -> None:
    async with stage(some_link()) as seen:
        await seen.press("l")
        await seen.type("8")
        await seen.until(lambda: seen.link.acts == [control.SetLimit(8)])


async def test_tab_completes_a_command_and_up_brings_the_last_one_back() -> None:
    async with stage(some_link()) as seen:
        await seen.press("colon", "l", "i", "tab", "7", "enter")
        assert seen.link.acts == [control.SetLimit(7)]
        await seen.press("colon", "up", "enter")
        assert seen.link.acts == [control.SetLimit(7)] * 2


async def test_a_wrong_command_is_said_and_nothing_happens() -> None:
    async with stage(some_link()) as seen:
        await seen.press("colon")
        await seen.type("fly")
        assert "no command 'fly'" in seen.flash()


async def test_a_filter_works_while_it_is_typed_and_esc_takes_it_back() -> None:
    async with stage(some_link()) as seen:
        await seen.press("slash")
        await seen.type("person 39", enter=False)
        await seen.until(lambda: "Person 39" in seen.lines("queue")[1])
        await seen.press("escape")
        await seen.until(lambda: "Person 1 " in seen.lines("queue")[1])
        await seen.press("slash")
        await seen.type("nobody")
        await seen.until(lambda: "No call matches" in seen.lines("queue")[1])
        assert "/nobody" in seen.screen()[2]
        await seen.press("escape")
        await seen.until(lambda: "Person 1 " in seen.lines("queue")[1])


async def test_a_filter_that_cannot_be_followed_leaves_the_rows_as_they_were() -> None:
    async with stage(some_link()) as seen:
        await seen.press("slash")
        await seen.type("person 39")
        await seen.until(lambda: "Person 39" in seen.lines("queue")[1])
        await seen.press("slash")
        await seen.type(" 1 prio:abc")
        assert "filter: prio: >5" in seen.flash()
        assert seen.app.main.queue.search.text == "person 39"
        await seen.press("slash", "up")
        prompt = seen.app.screen
        assert isinstance(prompt, Prompt)
        assert prompt.line.value == "person 39 1 prio:abc"


async def test_keys_typed_ahead_of_a_line_are_typed_on_it() -> None:
    async with stage(some_link()) as seen:
        for key, character in (("slash", "/"), ("x", "x"), ("P", "P"), ("3", "3")):
            seen.app.post_message(events.Key(key, character))
        await seen.until(lambda: isinstance(seen.app.screen, Prompt))
        await seen.until(lambda: seen.app.main.queue.search.text == "xP3")
        assert seen.link.acts == []


# --- leaving


async def test_leaving_says_that_the_engine_goes_on() -> None:
    async with stage(some_link()) as seen:
        await seen.press("q")
        assert "The engine keeps running" in str(seen.app._exit_renderables[-1])
        assert seen.app.return_code == 0
        assert seen.link.acts == []


async def test_leaving_while_the_engine_is_gone_says_that_nobody_is_called() -> None:
    async with stage(some_link()) as seen:
        seen.link.lost = "the engine is gone"
        seen.watch.lose(tries=1)
        await seen.until(lambda: "reconnecting (1)" in seen.lines("header")[0])
        await seen.press("q")
        said = str(seen.app._exit_renderables[-1])
        assert "No engine answered" in said
        assert "keeps running" not in said


async def test_leaving_a_console_that_owns_its_engine_asks() -> None:
    async with stage(some_link(), owns_engine=True) as seen:
        await seen.press("q")
        assert "This console started the engine" in seen.text()
        await seen.press("n")
        assert not seen.app._exit
        await seen.press("q", "y")
        assert seen.app._exit


async def test_ctrl_c_leaves_only_when_pressed_twice_in_a_row() -> None:
    async with stage(some_link()) as seen:
        await seen.press("ctrl+c")
        assert not seen.app._exit
        seen.clock.steady_s = lambda: 10.5  # type: ignore[method-assign]
        await seen.press("ctrl+c", "ctrl+c")
        assert seen.app._exit


async def test_stopping_the_engine_asks_and_then_leaves() -> None:
    async with stage(some_link()) as seen:
        await seen.press("Q", "y")
        assert seen.link.acts == [control.StopEngine()]
        await seen.until(lambda: seen.app._exit)


async def test_esc_goes_back_and_never_quits() -> None:
    async with stage(some_link()) as seen:
        await seen.press("space", "z", "2", "escape", "escape", "escape", "escape", "escape")
        assert seen.app.main.active is PaneId.QUEUE
        assert not seen.app.main.zoomed
        assert not seen.app.main.queue.inner.marked
        assert not seen.app._exit


async def test_help_lists_what_cannot_run_with_its_reason() -> None:
    async with stage(some_link(carrier=False, state=CallState.LIVE)) as seen:
        await seen.press("question_mark")
        await seen.type("carrier", enter=False)
        assert "Not now: the engine has no carrier credentials" in seen.words()
