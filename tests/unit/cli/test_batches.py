"""The commands about batches: what they ask, print and exit with."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.engine.test_batch_actions import Desk
from tests.link.fake_engine import FakeEngine
from tests.unit.cli.conftest import Shell
from tests.unit.cli.test_plain import EVIL, UNSAFE
from voiceslot_tui.core.batch_progress import BatchChecks, Pace
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.undo import Done
from voiceslot_tui.follow_up_ports import BatchAnswer, BatchChange


def read_whole(engine: FakeEngine) -> None:
    """Let the fake engine's batch have been read, with its pace and its messages."""
    engine.batches.view = replace(
        engine.batches.view,
        statuses={"completed": 1, "failed": 1, "pending": 7},
        failed=1,
        pace=Pace(12.0, 90.0),
        read_at=Instant(5),
    )
    engine.batches.figures = BatchFigures("b1", follow_ups={FollowUpState.READ: 1})


def test_batches_are_listed_with_their_figures(engine: FakeEngine, shell: Shell) -> None:
    read_whole(engine)
    ran = shell("batches")
    assert ran.code == 0
    assert ran.out.split()[:3] == ["b1", "in_progress", "reminders"]
    assert "2 of 9 done, 1 failed  12.0 a minute, 1 min 30 s left  1 sent\n" in ran.out
    assert ran.err == "0 watched, checked every 30 s; not checked yet\n"
    read = json.loads(shell("batches", "--json").out)
    assert read["rows"][0]["view"]["total"] == 9
    assert read["checks"]["interval_s"] == 30.0


def test_a_batch_that_cannot_be_read_says_why(engine: FakeEngine, shell: Shell) -> None:
    engine.batches.view = replace(engine.batches.view, error="HTTP 503", failures=2)
    assert "not read (2 times in a row): HTTP 503" in shell("batches").out


def test_recipients_are_read_in_pages(
    engine: FakeEngine, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.cli.batches.PAGE_ROWS_MAX", 2)
    engine.batches.unreadable = 3
    ran = shell("batches", "show", "b1")
    assert ran.code == 0
    assert [line.split()[1] for line in ran.out.splitlines()] == [f"Ana{n}" for n in range(5)]
    assert ran.err == "3 recipients could not be read and are not shown\n"
    assert [query.start for query in engine.batches.read] == [0, 2, 4]
    assert len(json.loads(shell("batches", "show", "b1", "--json").out)) == 5


def test_recipients_are_asked_for_as_the_options_say(engine: FakeEngine, shell: Shell) -> None:
    assert shell("batches", "show", "b1", "--status", "failed", "--words", "ANA 3").code == 0
    query = engine.batches.read[-1]
    assert (query.status, query.words) == ("failed", ("ana", "3"))


def test_a_batch_that_is_not_there_is_a_refusal(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("batches", "show", "elsewhere")
    assert (ran.code, ran.out, ran.err) == (1, "", "voiceslot: HTTP 404\n")


@pytest.mark.parametrize(
    ("command", "counted"),
    [("cancel", "7 of 9 recipients not called yet"), ("retry", "1 of 9 recipients failed")],
)
def test_without_yes_people_are_only_counted(
    engine: FakeEngine, shell: Shell, command: str, counted: str
) -> None:
    read_whole(engine)
    ran = shell("batches", command, "b1")
    assert (ran.code, ran.out) == (0, "")
    assert counted in ran.err
    assert "nothing was changed; --yes does it" in ran.err
    unwatched = shell("batches", command, "elsewhere")
    assert unwatched.code == 1
    assert "not among the watched" in unwatched.err
    assert engine.asked == []
    assert shell("batches", command, "b1", "--yes").code == 0
    assert [asked[:2] for asked in engine.asked] == [(command, "b1")]


@pytest.mark.parametrize("command", ["cancel", "retry"])
@pytest.mark.parametrize(("answer", "code"), [(BatchAnswer.DONE, 0), (BatchAnswer.UNCLEAR, 1)])
def test_an_act_without_a_clear_answer_exits_with_one(
    engine: FakeEngine, shell: Shell, command: str, answer: BatchAnswer, code: int
) -> None:
    """The words are the engine's own: by them the command knows what was answered."""
    actions = Desk(answer).actions

    async def change(batch_id: str, change: BatchChange, *, by: str) -> Done:
        return await actions.change(batch_id, change, by)

    engine.batches.change = change  # type: ignore[method-assign]
    ran = shell("batches", command, "b1", "--yes")
    assert (ran.code, ran.out) == (code, "")
    assert ("before trying again" in ran.err) is (answer is BatchAnswer.UNCLEAR)


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["check"], ("check",)),
        (["every", "2.5"], ("interval", "2.5")),
        (["watch", "on"], ("watch", "True")),
        (["watch", "off"], ("watch", "False")),
    ],
)
def test_the_watching_is_changed(
    engine: FakeEngine, shell: Shell, arguments: list[str], asked: tuple[str, ...]
) -> None:
    ran = shell("batches", *arguments)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.strip()
    assert engine.asked[-1][: len(asked)] == asked


@pytest.mark.parametrize(
    "arguments",
    [
        ["every", "0"],
        ["every", "3601"],
        ["every", "nan"],
        ["watch"],
        ["watch", "maybe"],
        ["show"],
        ["cancel"],
        ["--json", "show", "b1"],
        ["--json", "cancel", "b1", "--yes"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two(engine: FakeEngine, shell: Shell, arguments: list[str]) -> None:
    ran = shell("batches", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert not engine.asked


def test_nothing_foreign_reaches_the_terminal(engine: FakeEngine, shell: Shell) -> None:
    watching = engine.batches
    count = replace(watching.view.batch.count, batch_id=EVIL, status=EVIL)
    watching.view = replace(
        watching.view, batch=replace(watching.view.batch, count=count, name=EVIL), error=EVIL
    )
    watching.shown = BatchChecks(True, 30.0, last_at=Instant(1), error=EVIL)
    watching.people = [
        replace(one, number=EVIL, name=EVIL, status=EVIL, conversation_id=EVIL)
        for one in watching.people
    ]
    for arguments in ([], ["--json"], ["show", "b1"], ["show", "b1", "--json"]):
        ran = shell("batches", *arguments)
        assert ran.code == 0
        assert "ANA" in ran.out
        assert not UNSAFE.search(ran.out + ran.err), arguments
