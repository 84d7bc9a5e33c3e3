"""The batch monitor: every end is written down once, whatever fails, restarts or is repeated."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from tests.engine.fake_workspace import FakeFollowUps, FakeWorkspace
from tests.engine.fakes import DEADLINE_S, NOW, FakeClock, FakeIds
from voiceslot_tui.core.batch_progress import BatchView
from voiceslot_tui.core.batches import Watch
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.errors import Fenced, ReadDenied, ReadFailed, StoreUnavailable
from voiceslot_tui.core.limits import (
    BATCH_DETAIL_MAX_AGE_S,
    BATCH_ENDS_AT_ONCE,
    BATCH_LOOKS_IN_A_ROW,
    BATCH_NAMES_EVERY_S,
    BATCH_NAMES_LOOKS_MAX,
)
from voiceslot_tui.core.slots import Ceiling
from voiceslot_tui.core.snapshot import Health
from voiceslot_tui.engine import batch_monitor
from voiceslot_tui.engine.batch_monitor import BatchMonitor
from voiceslot_tui.engine.board import Board
from voiceslot_tui.engine.service import PartlyFailed, Service

NOW_S = NOW // 1000
INTERVAL_S = 15.0
DAY_S = 86_400


class Rig:
    """One monitor on a scripted workspace; `restart` is a kill and a start."""

    def __init__(self, *, wanted: bool = True) -> None:
        self.clock = FakeClock()
        self.wrong_by_s = 0.0
        self.workspace = FakeWorkspace(lambda: later(self.clock.now(), -self.wrong_by_s))
        self.store = FakeFollowUps()
        self.restart(wanted=wanted)

    def restart(self, *, wanted: bool = True) -> None:
        self.board = Board(Ceiling(1, 1.0), reserve=0, reading_bound_s=75.0, calls_per_second=0.0)
        self.monitor = BatchMonitor(
            workspace=self.workspace,
            store=self.store,
            board=self.board,
            clock=self.clock,
            interval_s=INTERVAL_S,
            wanted=wanted,
        )

    @property
    def now_s(self) -> int:
        return self.clock.now() // 1000

    @property
    def platform_s(self) -> int:
        return self.workspace.now() // 1000

    async def check(self, wait_s: float = INTERVAL_S) -> float | None:
        """Let time pass and step; the workspace is asked for what moved."""
        self.clock.wait(wait_s)
        self.workspace.asked.clear()
        return await self.monitor.step()

    async def check_badly(self) -> str:
        with pytest.raises(PartlyFailed) as failed:
            await self.check()
        return str(failed.value)

    def end(self, batch: str, name: str, status: str = "completed", talk: str | None = "") -> None:
        named = f"conv_{name}" if talk == "" else talk
        self.workspace.person(batch, name, status, self.platform_s, named)

    def view(self, batch: str) -> BatchView:
        return next(one for one in self.monitor.table() if one.batch.count.batch_id == batch)


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    made.workspace.put("b1", NOW_S)
    return made


# --- ends


@pytest.mark.parametrize(
    ("status", "talk", "key"),
    [
        ("completed", "conv_1", "conversation/conv_1"),
        ("voicemail", "conv_1", "conversation/conv_1"),
        ("failed", "conv_1", "conversation/conv_1"),
        ("failed", None, "batch/b1/r1/0"),
        ("cancelled", "conv_1", "conversation/conv_1"),
        ("cancelled", None, None),
        ("pending", None, None),
        ("dispatched", None, None),
        ("in_progress", "conv_1", None),
        ("escalated", "conv_1", None),
        ("", "conv_1", None),
    ],
)
async def test_who_has_ended_is_written_down(
    rig: Rig, status: str, talk: str | None, key: str | None
) -> None:
    rig.end("b1", "r1", status, talk)
    await rig.check()
    assert rig.store.keys == ([key] if key else [])
    assert rig.view("b1").statuses == {status: 1}
    assert rig.board.bells.follow_up.is_set() is (key is not None)
    for _ in range(3):
        rig.workspace.put("b1", rig.now_s)
        await rig.check()
    assert rig.store.keys == ([key] if key else [])


@pytest.mark.parametrize(
    ("told", "number", "name"),
    [
        ({}, "+12025550000", "person r1"),
        ({"phone_number": "+1 (202) 555-0142"}, "+12025550142", "person r1"),
        ({"phone_number": None}, "", "person r1"),
        ({"phone_number": "call me"}, "", "person r1"),
        ({"conversation_initiation_client_data": None}, "+12025550000", ""),
        ({"conversation_initiation_client_data": []}, "+12025550000", ""),
    ],
)
async def test_a_recipient_without_number_or_name_is_one(
    rig: Rig, told: dict[str, object], number: str, name: str
) -> None:
    rig.workspace.person("b1", "r1", "completed", NOW_S, "conv_1", **told)
    await rig.check()
    (row,) = rig.store.rows
    assert (row.to_number, row.name, row.batch_id, row.agent_id) == (number, name, "b1", "agent_1")


async def test_a_conversation_that_appears_later_is_the_same_end(rig: Rig) -> None:
    rig.end("b1", "r1", "failed", None)
    await rig.check()
    rig.end("b1", "r1", "failed", "conv_1")
    await rig.check()
    assert rig.store.keys == ["batch/b1/r1/0"]
    assert set(rig.store.names) == {"batch/b1/r1/0", "conversation/conv_1"}


async def test_a_conversation_is_looked_for_where_nothing_moves_any_more(rig: Rig) -> None:
    rig.workspace.put("b1", NOW_S, "completed")
    rig.workspace.person("b1", "r1", "failed", NOW_S, None)
    await rig.check()
    for _ in range(BATCH_NAMES_LOOKS_MAX):
        await rig.check(BATCH_NAMES_EVERY_S - INTERVAL_S)
        assert rig.workspace.asked == []
        await rig.check()
        assert rig.workspace.asked == ["b1"]
    await rig.check(BATCH_NAMES_EVERY_S)
    assert rig.workspace.asked == [], "it has none"


async def test_a_retry_is_another_call(rig: Rig) -> None:
    rig.end("b1", "again", "failed", None)
    rig.end("b1", "reached", "completed", None)
    await rig.check()
    rig.workspace.put("b1", rig.now_s, retry_count=1)
    rig.end("b1", "again", "pending", None)
    await rig.check()
    assert len(rig.store.rows) == 2
    rig.end("b1", "again", "failed", None)
    await rig.check()
    expected = ["batch/b1/again/0", "batch/b1/reached/0", "batch/b1/again/1"]
    assert rig.store.keys == expected
    # Whoever was reached before the retry is not reached again by it, also after a restart.
    for batch_status in ("in_progress", "completed"):
        rig.restart()
        rig.workspace.put("b1", rig.now_s, batch_status)
        await rig.check()
        assert rig.store.keys == expected


async def test_each_of_many_retries_is_told_apart(rig: Rig) -> None:
    for retry in range(4):
        rig.workspace.put("b1", rig.now_s, retry_count=retry)
        rig.end("b1", "again", "failed", None)
        rig.end("b1", f"reached {retry}", "voicemail", None)
        await rig.check()
        rig.restart()
    rig.workspace.put("b1", rig.now_s, "completed")
    await rig.check()
    again = [f"batch/b1/again/{retry}" for retry in range(4)]
    reached = [f"batch/b1/reached {retry}/{retry}" for retry in range(4)]
    assert sorted(rig.store.keys) == sorted(again + reached)


async def test_ten_thousand_are_written_down_in_pieces_and_others_go_on(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = 0

    async def counted() -> None:
        nonlocal turns
        turns += 1

    monkeypatch.setattr(batch_monitor, "let_others_run", counted)
    for number in range(10_000):
        told = {"status": "completed", "updated_at_unix": NOW_S, "id": f"r{number}"}
        rig.workspace.people["b1"].append({**told, "phone_number": f"+1202555{number:04d}"})
    await rig.check()
    assert rig.store.asked_to_add == [BATCH_ENDS_AT_ONCE] * (10_000 // BATCH_ENDS_AT_ONCE)
    assert len(set(rig.store.keys)) == 10_000
    assert turns == 10_000 // BATCH_LOOKS_IN_A_ROW


# --- what is read, and how closely


@pytest.fixture
def in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write down all of a check at once, so that a figure is a check."""
    monkeypatch.setattr(batch_monitor, "BATCH_ENDS_AT_ONCE", 500)


async def test_only_what_moved_is_read(rig: Rig) -> None:
    rig.workspace.put("b2", NOW_S)
    await rig.check()
    assert sorted(rig.workspace.asked) == ["b1", "b2"]
    await rig.check()
    assert rig.workspace.asked == []
    rig.end("b2", "r1")
    await rig.check()
    assert rig.workspace.asked == ["b2"]
    assert rig.monitor.checks().read == 1


@pytest.mark.usefixtures("in_one_piece")
async def test_who_ended_long_before_is_not_written_down_again(rig: Rig) -> None:
    for number in range(40):
        rig.end("b1", f"r{number}")
    await rig.check()
    rig.clock.wait(400)
    rig.end("b1", "late")
    await rig.check()
    rig.end("b1", "later")
    await rig.check()
    assert rig.store.asked_to_add == [40, 41, 2]


@pytest.mark.parametrize(
    "moves",
    [
        lambda rig: rig.workspace.put("b1", rig.now_s, "completed"),
        lambda rig: rig.clock.wait(BATCH_DETAIL_MAX_AGE_S),
        lambda rig: rig.workspace.put("b1", rig.now_s, retry_count=1),
        lambda rig: rig.restart(),
    ],
    ids=["over", "long ago", "retried", "restarted"],
)
async def test_an_end_that_is_told_late_is_found_in_time(rig: Rig, moves: object) -> None:
    assert callable(moves)
    rig.end("b1", "r1")
    await rig.check()
    rig.clock.wait(350)
    rig.end("b1", "r2")
    await rig.check()
    # Told only now, and dated long before the ends that we know.
    rig.workspace.person("b1", "hidden", "completed", NOW_S - 5000, "conv_hidden")
    await rig.check()
    moves(rig)
    rig.end("b1", "r3")
    await rig.check()
    assert "conversation/conv_hidden" in rig.store.keys
    assert len(rig.store.keys) == 4


async def test_who_still_talks_in_a_batch_that_is_over_is_found_in_time(rig: Rig) -> None:
    rig.workspace.put("b1", NOW_S)
    for name in ("r1", "r2"):
        rig.workspace.person("b1", name, "in_progress", rig.platform_s, f"conv_{name}")
    await rig.check()
    rig.end("b1", "r1")
    over = {"total_calls_dispatched": 2, "total_calls_finished": 2}
    rig.workspace.put("b1", rig.platform_s, "completed", **over)
    await rig.check()
    rig.restart()
    rig.workspace.people["b1"][1].update(status="completed", updated_at_unix=rig.platform_s)
    await rig.check(BATCH_DETAIL_MAX_AGE_S)
    assert set(rig.store.keys) == {"conversation/conv_r1", "conversation/conv_r2"}
    await rig.check(BATCH_DETAIL_MAX_AGE_S)
    assert rig.workspace.asked == [], "all of it is over"


@pytest.mark.usefixtures("in_one_piece")
async def test_everybody_is_looked_at_again_although_it_moves_at_every_check(rig: Rig) -> None:
    for number in range(10):
        rig.end("b1", f"r{number}")
    await rig.check()
    for _ in range(9):
        rig.end("b1", "last")
        await rig.check(100)
    # At first because the ends are recent, once because ten minutes have passed.
    assert rig.store.asked_to_add == [10, *(11,) * 4, 1, 11, *(1,) * 3]


async def test_a_date_in_the_future_hides_nobody(rig: Rig) -> None:
    rig.workspace.person("b1", "odd", "completed", NOW_S, "conv_odd")
    rig.workspace.people["b1"][0]["updated_at_unix"] = NOW_S + 10 * DAY_S
    await rig.check()
    rig.end("b1", "r2")
    await rig.check()
    assert rig.store.keys == ["conversation/conv_odd", "conversation/conv_r2"]


async def test_an_end_without_a_date_is_never_overlooked(rig: Rig) -> None:
    rig.end("b1", "r1")
    await rig.check()
    rig.workspace.person("b1", "r2", "completed", None, "conv_r2")
    await rig.check()
    assert rig.store.keys == ["conversation/conv_r1", "conversation/conv_r2"]


# --- outages, starts, kills


async def test_a_weekend_outage_loses_nothing(rig: Rig) -> None:
    await rig.check()
    (last,) = rig.store.checks
    rig.clock.wait(DAY_S)
    rig.workspace.put("finished", rig.now_s, "completed")
    rig.end("finished", "r1")
    rig.clock.wait(2 * DAY_S)
    rig.restart()
    await rig.check()
    assert rig.store.keys == ["conversation/conv_r1"]
    assert rig.view("finished").watch is Watch.TOUCHED
    assert rig.store.checks[-1] > last
    # Now that it was read, it is watched no longer, and forgotten.
    await rig.check()
    assert [view.batch.count.batch_id for view in rig.monitor.table()] == ["b1"]
    assert rig.store.forgotten == ["finished"]
    assert set(rig.store.marks) == {"b1"}


@pytest.mark.parametrize("wrong_by_s", [DAY_S, 9 * DAY_S, -DAY_S, -9 * DAY_S])
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clock_that_is_set_hides_no_batch(
    rig: Rig, wrong_by_s: float, restarts: bool
) -> None:
    await rig.check()
    rig.clock.jump(wrong_by_s)
    rig.wrong_by_s = wrong_by_s
    if restarts:
        rig.restart()
    await rig.check()
    rig.workspace.put("b2", rig.platform_s)
    for batch in ("b1", "b2"):
        rig.end(batch, "r1", talk=f"conv_{batch}")
        rig.workspace.put(batch, rig.platform_s, "completed")
    await rig.check()
    assert rig.store.keys == ["conversation/conv_b1", "conversation/conv_b2"]


async def test_a_first_start_reads_what_is_under_way_and_what_is_of_today() -> None:
    rig = Rig()
    for name, status, age_s in (
        ("running", "in_progress", 9 * DAY_S),
        ("today", "completed", 3600),
        ("old", "completed", 2 * DAY_S),
    ):
        rig.workspace.put(name, NOW_S - age_s, status)
        rig.workspace.person(name, name, "completed", NOW_S - age_s, f"conv_{name}")
    await rig.check()
    assert sorted(rig.store.keys) == ["conversation/conv_running", "conversation/conv_today"]


async def test_a_restart_reads_only_what_moved_and_shows_the_rest(rig: Rig) -> None:
    rig.workspace.put("b2", NOW_S)
    rig.end("b1", "r1")
    rig.end("b2", "r2", "initiated")
    await rig.check()
    rig.restart()
    rig.end("b2", "r2", "voicemail")
    await rig.check()
    assert rig.workspace.asked == ["b2"]
    assert rig.view("b1").statuses == {"completed": 1}
    assert rig.store.keys == ["conversation/conv_r1", "conversation/conv_r2"]
    await rig.check()
    assert rig.store.loads == 2


@pytest.mark.parametrize("method", ["add_ended", "mark_batch", "checked"])
@pytest.mark.parametrize("killed", [False, True])
async def test_what_could_not_be_written_down_is_at_the_next_check(
    rig: Rig, method: str, killed: bool
) -> None:
    rig.end("b1", "r1")
    rig.store.fails[method] = StoreUnavailable("the disk is full")
    with pytest.raises(StoreUnavailable, match="full"):
        await rig.check()
    assert rig.store.checks == []
    if killed:
        rig.restart()
    await rig.check(0.3)
    assert rig.store.keys == ["conversation/conv_r1"]
    assert set(rig.store.marks) == {"b1"}
    assert len(rig.store.checks) == 1


async def test_a_batch_is_marked_only_after_its_last_end(rig: Rig) -> None:
    for number in range(BATCH_ENDS_AT_ONCE + 1):
        rig.end("b1", f"r{number}")
    add = rig.store.add_ended

    async def once(*args: object) -> int:
        found = await add(*args)  # type: ignore[arg-type]
        rig.store.add_ended = add  # type: ignore[method-assign]
        rig.store.fails["add_ended"] = StoreUnavailable("full")
        return found

    rig.store.add_ended = once  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreUnavailable):
        await rig.check()
    assert len(rig.store.rows) == BATCH_ENDS_AT_ONCE
    assert rig.store.marks == {}
    await rig.check(0.3)
    assert len(rig.store.rows) == BATCH_ENDS_AT_ONCE + 1


async def test_an_engine_that_was_fenced_off_stops(rig: Rig) -> None:
    rig.end("b1", "r1")
    rig.store.fails["add_ended"] = Fenced("another engine")
    with pytest.raises(Fenced):
        await rig.check()


# --- what cannot be read

SPOILT = {
    "html": b"<html>busy</html>",
    "list": b"[]",
    "nothing": b"",
    "null": b"null",
    "no list": b'{"id": "bad"}',
    "another": b'{"id": "b1", "recipients": []}',
    "huge": b'{"id": "bad", "recipients": "' + b"x" * 2_000_000 + b'"}',
}


@pytest.mark.parametrize("body", [*SPOILT.values(), None], ids=[*SPOILT, "absent"])
async def test_one_batch_that_cannot_be_read_stops_no_other(rig: Rig, body: bytes | None) -> None:
    rig.workspace.batches = {}
    for name in ("b0", "bad", "b2", "b3"):
        rig.workspace.put(name, NOW_S)
        rig.end(name, f"r_{name}")
    if body is None:
        body = rig.workspace.body("bad")[:-40]
    rig.workspace.spoilt["bad"] = body
    said = await rig.check_badly()
    assert said.startswith("1 of 4 watched batches could not be read")
    assert "bad" in said
    assert sorted(rig.store.keys) == [f"conversation/conv_r_{name}" for name in ("b0", "b2", "b3")]
    assert rig.store.checks == []
    assert (rig.view("bad").failures, rig.view("b0").failures) == (1, 0)
    assert rig.view("bad").error
    assert rig.monitor.checks().failed == 1
    # Only that one is asked for again, for as long as it takes.
    await rig.check_badly()
    assert rig.workspace.asked == ["bad"]
    assert rig.view("bad").failures == 2
    rig.workspace.spoilt.clear()
    assert await rig.check() == INTERVAL_S
    assert "conversation/conv_r_bad" in rig.store.keys
    assert len(rig.store.checks) == 1
    assert (rig.view("bad").error, rig.monitor.checks().error) == ("", "")


async def test_a_batch_that_was_not_read_stays_watched_until_it_is(rig: Rig) -> None:
    await rig.check()
    rig.workspace.put("bad", rig.now_s, "completed")
    rig.end("bad", "r1")
    rig.workspace.spoilt["bad"] = b"<html>"
    for _ in range(5):
        rig.clock.wait(DAY_S)
        await rig.check_badly()
    rig.restart()
    rig.workspace.spoilt.clear()
    await rig.check()
    assert rig.store.keys == ["conversation/conv_r1"]


async def test_a_batch_that_is_deleted_while_it_is_read_is_gone(rig: Rig) -> None:
    rig.workspace.put("bad", NOW_S)
    rig.workspace.on_read = lambda _: rig.workspace.batches.pop("bad", None)
    await rig.check_badly()
    assert await rig.check() == INTERVAL_S


async def test_a_defect_of_ours_in_one_batch_stops_no_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.workspace.put("b2", NOW_S)
    rig.end("b1", "r1")
    rig.end("b2", "r2")

    def broken(number: str) -> str:
        if number == rig.workspace.people["b1"][0]["phone_number"] and not rig.store.rows:
            raise ZeroDivisionError
        return number

    rig.workspace.people["b1"][0]["phone_number"] = "+12025550199"
    monkeypatch.setattr(batch_monitor, "number_or_nothing", broken)
    assert "defect" in await rig.check_badly()
    assert rig.store.keys == ["conversation/conv_r2"]
    await rig.check()
    assert len(rig.store.keys) == 2


@pytest.mark.parametrize("problem", [ReadFailed("no list"), ReadDenied("no key")])
async def test_without_the_list_nothing_is_forgotten(rig: Rig, problem: ReadFailed) -> None:
    rig.end("b1", "r1")
    await rig.check()
    rig.workspace.listing_fails = problem
    with pytest.raises(ReadFailed, match="no "):
        await rig.check()
    assert rig.monitor.checks().error == str(problem)
    assert len(rig.store.checks) == 1
    assert rig.store.forgotten == []
    assert rig.view("b1").done == 1
    rig.workspace.listing_fails = None
    # The service steps again after its own, shorter wait.
    assert await rig.check(0.3) == INTERVAL_S
    assert len(rig.store.checks) == 2


async def test_the_health_names_the_batch_until_it_is_read(rig: Rig) -> None:
    rig.workspace.spoilt["b1"] = b"<html>"
    service = Service(rig.monitor, rig.clock, FakeIds(), lambda: None)

    async def stepped() -> float | None:
        rig.clock.wait(INTERVAL_S)
        return await service._guarded_step()

    assert await stepped() == INTERVAL_S
    assert service.health.health is Health.FAILING
    assert "b1" in service.health.error
    # A step before the next check reads nothing, and is no better.
    rig.workspace.asked.clear()
    assert await service._guarded_step() == INTERVAL_S
    assert (rig.workspace.asked, service.health.health) == ([], Health.FAILING)
    rig.workspace.spoilt.clear()
    assert await stepped() == INTERVAL_S
    assert service.health.health is Health.WELL


async def test_recipients_that_cannot_be_read_are_counted(rig: Rig) -> None:
    rig.end("b1", "r1")
    rig.workspace.people["b1"] += [None, 5]  # type: ignore[list-item]
    await rig.check()
    assert (rig.view("b1").unreadable, rig.view("b1").total) == (2, 3)
    assert rig.store.keys == ["conversation/conv_r1"]
    assert rig.store.figures["b1"].unreadable == 2


# --- without a channel


async def test_without_a_channel_batches_are_only_watched() -> None:
    rig = Rig(wanted=False)
    rig.workspace.put("b1", NOW_S)
    rig.end("b1", "r1")
    await rig.check()
    assert (rig.store.rows, rig.store.marks) == ([], {})
    assert rig.view("b1").statuses == {"completed": 1}
    await rig.check()
    assert rig.workspace.asked == []
    # Once there is one, whoever ended is written down; the first start judges what is too old.
    rig.restart(wanted=True)
    await rig.check()
    assert rig.store.keys == ["conversation/conv_r1"]


# --- when it is checked


async def test_it_is_checked_at_every_interval(rig: Rig) -> None:
    assert await rig.check(0) == INTERVAL_S
    assert await rig.check(5) == 10.0
    assert await rig.check(9.5) == 0.5
    assert rig.workspace.listed == 1
    assert await rig.check(0.5) == INTERVAL_S
    assert rig.workspace.listed == 2


async def test_the_interval_is_changed_while_it_waits(rig: Rig) -> None:
    await rig.check()
    rig.monitor.wake.clear()
    rig.monitor.set_interval(60)
    assert rig.monitor.wake.is_set()
    assert await rig.check(15) == 45.0
    rig.monitor.set_interval(20)
    assert await rig.check(0) == 5.0
    rig.monitor.set_interval(10)
    assert await rig.check(0) == 10.0
    assert rig.workspace.listed == 2
    rig.monitor.set_interval(0)
    assert rig.monitor.checks().interval_s == 1.0


async def test_it_is_checked_at_once_where_somebody_asks(rig: Rig) -> None:
    await rig.check()
    rig.monitor.wake.clear()
    rig.monitor.check_now()
    assert rig.monitor.wake.is_set()
    await rig.check(0)
    assert rig.workspace.listed == 2


async def test_a_wish_during_a_check_is_the_next_check(rig: Rig) -> None:
    rig.workspace.on_read = lambda _: rig.monitor.check_now()
    assert await rig.check() == 0.0


async def test_stop_and_start(rig: Rig) -> None:
    rig.workspace.put("b2", NOW_S)
    rig.workspace.put("b3", NOW_S)
    rig.workspace.on_read = lambda _: rig.monitor.watch(False)
    assert await rig.check() is None
    assert "b3" not in rig.workspace.asked
    assert rig.store.checks == [], "a check that was stopped is not complete"
    assert not rig.monitor.checks().watching
    rig.workspace.on_read = lambda _: None
    rig.end("b1", "r1")
    assert await rig.check(1000) is None
    assert rig.workspace.asked == []
    rig.monitor.wake.clear()
    rig.monitor.watch(True)
    assert rig.monitor.wake.is_set()
    assert await rig.check(0) == INTERVAL_S
    assert rig.store.keys == ["conversation/conv_r1"]
    assert len(rig.store.checks) == 1


async def test_a_stop_ends_the_bad_health(rig: Rig) -> None:
    rig.workspace.spoilt["b1"] = b""
    await rig.check_badly()
    rig.monitor.watch(False)
    assert await rig.check() is None


async def test_two_are_read_at_once_and_no_more(rig: Rig) -> None:
    under_way, most = 0, 0
    read = rig.workspace.batch

    async def counting(batch_id: str) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.sleep(0)
            return await read(batch_id)
        finally:
            under_way -= 1

    rig.workspace.batch = counting  # type: ignore[method-assign, assignment]
    for number in range(9):
        rig.workspace.put(f"more{number}", NOW_S)
    await rig.check()
    assert most == 2
    assert len(rig.workspace.asked) == 10


async def test_it_runs_as_a_service(rig: Rig) -> None:
    """Woken by a wish, it checks; the task group ends it."""
    seen = asyncio.Event()
    rig.workspace.on_read = lambda _: seen.set()
    service = Service(rig.monitor, rig.clock, FakeIds(), lambda: None)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as running:
        task = running.create_task(service.run())
        await seen.wait()
        seen.clear()
        rig.workspace.put("b1", NOW_S + 1)
        rig.monitor.check_now()
        await seen.wait()
        task.cancel()


# --- what is shown


async def test_the_table_shows_pace_and_progress(rig: Rig) -> None:
    for number in range(10):
        rig.end("b1", f"r{number}", "pending", None)
    await rig.check()
    assert (rig.view("b1").done, rig.view("b1").total) == (0, 10)
    assert rig.view("b1").pace.per_minute is None
    for number in range(4):
        rig.end("b1", f"r{number}", "failed" if number == 0 else "completed")
        await rig.check(30)
    view = rig.view("b1")
    assert (view.done, view.total, view.failed) == (4, 10, 1)
    assert (view.pace.per_minute, view.pace.eta_s) == (2.0, 180.0)
    assert view.read_at == rig.clock.now()
    checks = rig.monitor.checks()
    assert (checks.count, checks.watched, checks.last_at) == (5, 1, rig.clock.now())


async def test_the_table_shows_what_runs_first_and_unknown_words_as_they_are(rig: Rig) -> None:
    rig.workspace.batches = {}
    rig.workspace.put("done", NOW_S, "completed")
    rig.workspace.put("soon", NOW_S, "pending", scheduled_time_unix=NOW_S + 60)
    rig.workspace.put("older", NOW_S - 50, "in_progress")
    rig.workspace.put("odd", NOW_S, "hibernating")
    rig.end("odd", "r1", "snoozed")
    await rig.check()
    table = rig.monitor.table()
    assert [one.batch.count.batch_id for one in table] == ["odd", "older", "soon", "done"]
    assert table[0].batch.count.status == "hibernating"
    assert (table[0].statuses, table[0].done) == ({"snoozed": 1}, 0)
    assert table == tuple(replace(one) for one in table), "views are values"


async def test_before_it_is_read_the_platforms_counters_stand_in(rig: Rig) -> None:
    told = {"total_calls_scheduled": 50, "total_calls_finished": 20}
    rig.workspace.put("bad", NOW_S, **told)
    rig.workspace.spoilt["bad"] = json.dumps([]).encode()
    await rig.check_badly()
    view = rig.view("bad")
    assert (view.done, view.total, view.read_at) == (20, 50, None)
