"""Wishes and answers over a real socket, with a fake engine behind it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import get_args

import pytest

from tests.link.fake_engine import FakeEngine
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.follow_up_pages import RecipientQuery
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX, LINK_ASKS_AT_ONCE_MAX
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.core.pages import PageQuery
from voiceslot_tui.link.client import InDoubt, Link, LinkLost, NoEngine, Refused, TimedOut
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages

pytestmark = pytest.mark.usefixtures("server")

CALL = NewCall("+12025550123", "agent_1", "phone_1", name="Ana", client_data=b'{"a": "\xc3\xa9"}')


async def test_a_wish_is_done_under_the_operators_name(engine: FakeEngine, path: Path) -> None:
    link = await Link.connect(path)
    done = (await link.ask(control.Pause("lunch"))).done
    assert done.message == "paused"
    kind, why, by = engine.asked[-1]
    assert (kind, why) == ("pause", "lunch")
    assert f"(uid {os.getuid()}" in by
    assert by == link.operator
    await link.ask(control.TakeBack(done.undo))
    assert engine.asked[-1] == ("take_back", "1")
    link.close()


async def test_every_reading_is_answered_by_its_own_type(engine: FakeEngine, path: Path) -> None:
    engine.change(3)
    link = await Link.connect(path)
    assert (await link.ask(control.GetSnapshot())).snapshot == engine.shown
    assert [line.seq for line in (await link.ask(control.GetJournal())).lines] == [3, 2, 1]
    assert (await link.ask(control.Explain())).lines == ("every slot is in use",)
    assert (await link.ask(control.Enqueue((CALL, CALL)))).queue_size == 2
    wish = control.Want((CallId(7),), Wish.CANCEL)
    assert (await link.ask(wish)).done.changed == (CallId(7),)
    await link.ask(control.Prioritise((CallId(7),), by=5))
    assert engine.asked[-1] == ("prioritise", "None", "5", "7")
    link.close()


async def test_batches_and_recipients_are_shown(path: Path) -> None:
    link = await Link.connect(path)
    shown = await link.ask(batches.GetBatches())
    assert [row.view.batch.name for row in shown.rows] == ["reminders"]
    assert (shown.rows[0].figures.batch_id, shown.checks.count) == ("b1", 4)
    page = (await link.ask(batches.GetRecipients(RecipientQuery("b1")))).page
    assert ([row.name for row in page.rows][:2], page.total) == (["Ana0", "Ana1"], 5)
    link.close()


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        (batches.CancelBatch("b1"), ("cancel", "b1")),
        (batches.RetryBatch("b1"), ("retry", "b1")),
        (batches.SetBatchInterval(2.5), ("interval", "2.5")),
        (batches.WatchBatches(False), ("watch", "False")),
    ],
    ids=repr,
)
async def test_batches_are_changed_under_the_operators_name(
    engine: FakeEngine, path: Path, wish: batches.BatchAct, asked: tuple[str, str]
) -> None:
    link = await Link.connect(path)
    assert (await link.ask(wish)).done.message
    assert engine.asked == [(*asked, link.operator)]
    assert (await link.ask(batches.CheckBatches())).done.message
    assert engine.asked[1:] == [("check",)]
    link.close()


@pytest.mark.parametrize(
    "question", [*get_args(messages.MessageQuestion), *get_args(batches.BatchQuestion)]
)
def test_every_question_about_messages_and_batches_has_an_answer_of_its_own(question: type) -> None:
    results = (*get_args(messages.MessageResult), *get_args(batches.BatchResult))
    assert control.ANSWERED_BY[question] in results
    assert len(set(control.ANSWERED_BY.values())) == len(control.ANSWERED_BY)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (
            control.Enqueue((NewCall("+12025550123", "a", "p", priority=1001),)),
            "bad_input",
            "priority",
        ),
        (control.Resume(), "store", ""),
        (control.HangUpCall(CallId(1)), "rejected", ""),
        (control.Explain(CallId(4)), "missing", ""),
        (control.GetPage(PageQuery(count=501)), "bad_input", "count"),
        (batches.GetRecipients(RecipientQuery("b1", count=501)), "bad_input", "count"),
        (batches.GetRecipients(RecipientQuery("b1", start=-1)), "bad_input", "start"),
        (batches.GetRecipients(RecipientQuery("elsewhere")), "rejected", ""),
        (
            control.Want(tuple(map(CallId, range(COMMAND_CALLS_MAX + 1))), Wish.CANCEL),
            "bad_input",
            "call_ids",
        ),
    ],
)
async def test_what_goes_wrong_is_a_refusal(
    path: Path, body: control.Body, code: str, field: str
) -> None:
    link = await Link.connect(path)
    with pytest.raises(Refused) as refused:
        await link.ask(body)  # type: ignore[call-overload]
    assert (refused.value.code, refused.value.field) == (code, field)
    assert str(refused.value)
    assert (await link.ask(control.Explain())).lines, "the link lives on"
    link.close()


async def test_a_defect_does_not_say_that_nothing_was_done(path: Path) -> None:
    link = await Link.connect(path)
    with pytest.raises(InDoubt, match="its log has the details"):
        await link.ask(control.GetPage(PageQuery()))
    assert (await link.ask(control.Explain())).lines, "the link lives on"
    link.close()


async def test_a_slow_wish_holds_up_no_other(engine: FakeEngine, path: Path) -> None:
    engine.gate.clear()
    link = await Link.connect(path)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        slow = group.create_task(link.ask(control.Pause()))
        assert (await link.ask(control.Explain())).lines
        assert not slow.done()
        engine.gate.set()
    assert slow.result().done.message == "paused"
    link.close()


async def test_of_many_wishes_at_once_a_few_are_under_way(engine: FakeEngine, path: Path) -> None:
    under_way = 0
    most = 0
    full = asyncio.Event()
    original = engine.pause

    async def counted(*, by: str, why: str = "") -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        if most >= LINK_ASKS_AT_ONCE_MAX:
            full.set()
        try:
            return await original(by=by, why=why)
        finally:
            under_way -= 1

    engine.pause = counted  # type: ignore[method-assign, assignment]
    engine.gate.clear()
    link = await Link.connect(path)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        wishes = [group.create_task(link.ask(control.Pause(str(n)))) for n in range(100)]
        await full.wait()
        engine.gate.set()
    assert all(wish.result().done.message == "paused" for wish in wishes)
    assert most == LINK_ASKS_AT_ONCE_MAX
    assert [why for _, why, _ in engine.asked] == [str(n) for n in range(100)]
    link.close()


async def test_an_answer_that_does_not_come_in_time(engine: FakeEngine, path: Path) -> None:
    engine.gate.clear()
    link = await Link.connect(path, patience_s=0.05)
    with pytest.raises(TimedOut, match="may or may not"):
        await link.ask(control.Pause())
    engine.gate.set()
    assert (await link.ask(control.Explain())).lines, "a late answer disturbs nobody"
    link.close()


async def test_the_engine_gives_a_wish_up_in_time(
    engine: FakeEngine, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.link.server.serving.LINK_ASK_TIMEOUT_S", 0.05)
    engine.gate.clear()
    link = await Link.connect(path)
    with pytest.raises(InDoubt, match="may still happen"):
        await link.ask(control.Pause())
    engine.gate.set()
    assert (await link.ask(control.Explain())).lines
    assert [act for act, *_ in engine.asked] == ["pause"], "it is done to its end all the same"
    link.close()


async def test_a_link_that_ends_leaves_nobody_waiting(engine: FakeEngine, path: Path) -> None:
    engine.gate.clear()
    link = await Link.connect(path)
    asyncio.get_running_loop().call_soon(link.close)
    with pytest.raises(LinkLost, match="may or may not"):
        await link.ask(control.Pause())
    with pytest.raises(LinkLost):
        await link.ask(control.Explain())


async def test_stopping_is_asked_of_the_engine(engine: FakeEngine, path: Path) -> None:
    link = await Link.connect(path)
    await link.ask(control.StopEngine())
    assert engine.stop_requested.is_set()
    link.close()


async def test_nobody_there_says_where(folder: Path) -> None:
    with pytest.raises(NoEngine, match="no engine answers at"):
        await Link.connect(folder / "nothing.sock")
