"""Acts on batches: when they can be run, what they ask first, what they ask of the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.console.fake_batches import CHECKS, make_batch
from tests.console.fake_link import make_snapshot
from tests.console.still_clock import NOW
from voiceslot_tui.console import batch_questions, batch_wishes
from voiceslot_tui.console.action import Action, ActionId, Danger, Group
from voiceslot_tui.console.actions import ACTIONS, BY_ID
from voiceslot_tui.console.bars import key_line
from voiceslot_tui.console.phrases import width, words
from voiceslot_tui.console.questions import NO
from voiceslot_tui.console.situation import Situation
from voiceslot_tui.console.view import View
from voiceslot_tui.console.wishes import BadArgument, Plan
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.wire import batch_control as batches

A = ActionId
OF_BATCHES = [action for action in ACTIONS if action.group is Group.BATCHES]
HERE = make_batch(1)


def situation(
    row: batches.BatchRow | None = HERE, *, watching: bool = True, **fields: object
) -> Situation:
    checks = replace(CHECKS, watching=watching)
    view = View().connected("ana", NOW).told(make_snapshot(batch_watch=checks), NOW)
    return Situation(view, about_batches=True, batch=row, **fields)  # type: ignore[arg-type]


def each_action(action: Action) -> str:
    return str(action.id)


@pytest.mark.parametrize(
    ("status", "runs"),
    [
        ("pending", True),
        ("in_progress", True),
        ("of_tomorrow", True),
        ("completed", False),
        ("failed", False),
        ("cancelled", False),
    ],
)
def test_a_batch_can_be_cancelled_until_it_is_over(status: str, runs: bool) -> None:
    reason = BY_ID[A.CANCEL_BATCH].available(situation(make_batch(1, status=status)))
    assert (reason is None) is runs, reason


@pytest.mark.parametrize(
    ("fields", "runs"),
    [
        ({}, True),
        ({"statuses": {"completed": 3}}, False),
        ({"statuses": {}, "read_at": None}, True),
    ],
)
def test_recipients_are_called_again_where_somebody_failed_or_nobody_knows(
    fields: dict[str, object], runs: bool
) -> None:
    row = make_batch(1, **fields)  # type: ignore[arg-type]
    assert (BY_ID[A.RETRY_BATCH].available(situation(row)) is None) is runs


def test_messages_are_sent_again_only_where_some_failed() -> None:
    act = BY_ID[A.RETRY_BATCH_MESSAGES]
    assert act.available(situation()) is None
    none_failed = batches.BatchRow(HERE.view, BatchFigures("btcal_1"))
    assert "no message" in (act.available(situation(none_failed)) or "")


@pytest.mark.parametrize("action_id", [A.CANCEL_BATCH, A.RETRY_BATCH, A.RETRY_BATCH_MESSAGES])
def test_an_act_without_a_batch_says_where_they_are(action_id: ActionId) -> None:
    assert "3 goes to the batches" in (BY_ID[action_id].available(situation(None)) or "")
    assert isinstance(batch_wishes.plan(action_id, "", situation(None)), BadArgument)
    assert batch_questions.question(BY_ID[action_id], "", situation(None)) is None


@pytest.mark.parametrize("action", OF_BATCHES, ids=each_action)
def test_nothing_acts_on_batches_without_an_engine_or_while_an_answer_is_owed(
    action: Action,
) -> None:
    gone = replace(situation(), view=situation().view.lost("x", 1))
    assert "gone" in (action.available(gone) or "")
    assert "retry" in (action.available(situation(waiting_for="retry 1 message")) or "")


@pytest.mark.parametrize("action", OF_BATCHES, ids=each_action)
def test_what_calls_people_or_keeps_messages_from_them_asks_first(action: Action) -> None:
    asked = batch_questions.question(action, "", situation())
    assert (asked is not None) is (action.danger is Danger.CONFIRMED)
    if asked is not None:
        assert asked.choices[0] == NO
        assert asked.danger is (action.id in (A.CANCEL_BATCH, A.RETRY_BATCH))


@pytest.mark.parametrize(
    ("argument", "watching", "wanted"),
    [("", True, False), ("", False, True), ("on", True, True), ("off", False, False)],
)
def test_watching_is_as_typed_or_the_other_way_round(
    argument: str, watching: bool, wanted: bool
) -> None:
    now = situation(watching=watching)
    plan = batch_wishes.plan(A.WATCH_BATCHES, argument, now)
    assert isinstance(plan, Plan)
    assert plan.asks == (batches.WatchBatches(wanted),)
    asked = batch_questions.question(BY_ID[A.WATCH_BATCHES], argument, now)
    assert asked is not None
    assert asked.title.startswith("Watch") is wanted


@pytest.mark.parametrize(
    ("action_id", "argument"),
    [
        (A.WATCH_BATCHES, "perhaps"),
        (A.BATCH_INTERVAL, "often"),
        (A.BATCH_INTERVAL, "0"),
        (A.BATCH_INTERVAL, "3601"),
        (A.BATCH_INTERVAL, "nan"),
        (A.BATCH_INTERVAL, "inf"),
        (A.PAUSE, ""),
    ],
)
def test_what_cannot_be_followed_is_said(action_id: ActionId, argument: str) -> None:
    assert isinstance(batch_wishes.plan(action_id, argument, situation()), BadArgument)
    assert batch_questions.question(BY_ID[action_id], argument, situation()) is None


@pytest.mark.parametrize("cells", [80, 120, 200])
def test_the_key_line_names_the_keys_of_batches_among_them(cells: int) -> None:
    shown = key_line(situation(), cells).spans
    assert width(shown) <= cells
    assert "c check now" in words(shown)
    assert "x cancel " not in words(shown) + " "
    assert "c check now" not in words(
        key_line(replace(situation(), about_batches=False), 200).spans
    )


def test_marks_and_filters_are_for_rows_that_have_them() -> None:
    for action_id in (A.MARK, A.FILTER):
        assert BY_ID[action_id].available(situation()) is not None
        assert BY_ID[action_id].available(Situation(situation().view)) is None
    among_recipients = replace(situation(), about_batches=False, about_messages=True)
    assert BY_ID[A.MARK].available(among_recipients) is not None
    assert BY_ID[A.FILTER].available(among_recipients) is None
