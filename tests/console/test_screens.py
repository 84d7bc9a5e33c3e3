"""What the console shows: at every size, and in every state of the link and the queue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.console.fake_link import NOW, FakeLink, ManyLink, make_call, make_snapshot
from tests.console.stage import stage
from voiceslot_tui.core.calls import Call, CallId, CallState, Hold, Instant
from voiceslot_tui.core.pages import JournalEntry
from voiceslot_tui.core.snapshot import Idle

SIZES = [(80, 24), (120, 40), (200, 60), (40, 10), (60, 16)]


def some_calls() -> list[Call]:
    return [
        make_call(1, state=CallState.LIVE, attempts=1),
        make_call(2, state=CallState.DIALING, attempts=1),
        make_call(3, hold=Hold.PARKED),
        *(make_call(number) for number in range(4, 40)),
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_size_shows_header_and_queue(size: tuple[int, int]) -> None:
    async with stage(FakeLink(some_calls()), size) as seen:
        (header,) = seen.lines("header")
        assert header.startswith(" demo   ● live  RUNNING")
        queue = seen.lines("queue")
        assert [title for title in ("#", "state", "to") if title not in queue[0].split()] == []
        assert "● live" in queue[1]
        assert "+44 770 090 00 01" in queue[1]
        assert all(len(line) <= size[0] for line in seen.screen())
        assert len(seen.screen()) == size[1]


async def test_80x24_has_one_pane_and_a_strip_of_events() -> None:
    link = FakeLink(some_calls())
    link.lines = [JournalEntry(1, NOW, "engine", "dispatched", CallId(1), name="Ana")]
    async with stage(link) as seen:
        assert seen.lines("tabs")[0].startswith(" 1 Queue  2 Slots  3 Batches")
        assert len(seen.lines("queue")) == 15
        assert seen.lines("events") == ["02:40:00 Ana  dialled", ""]
        assert seen.lines("slots") == []
        assert seen.lines("keys")[0].startswith(" ? help : cmd / find")


async def test_120x40_has_all_panes_but_the_detail() -> None:
    async with stage(FakeLink(some_calls()), (120, 40)) as seen:
        assert "4+2 of 10" in seen.lines("slots")[0]
        assert "No batch call" in seen.shown("batches")
        assert "No batch is chosen" in seen.shown("recipients")
        assert "No message yet" in seen.shown("whatsapp")
        assert seen.lines("tabs") == []
        assert seen.lines("detail") == []
        assert seen.lines("queue")[0].endswith("call")


async def test_200x60_has_the_detail_beside_the_queue_and_it_follows_the_cursor() -> None:
    async with stage(FakeLink(some_calls()), (200, 60)) as seen:
        await seen.until(lambda: "Person 1 " in seen.shown("detail"))
        await seen.press("down", "down")
        await seen.until(lambda: "Person 3 " in seen.shown("detail"))
        assert '"order": "1"' in seen.shown("detail")


async def test_less_than_40x10_is_one_line() -> None:
    async with stage(FakeLink(some_calls()), (39, 9)) as seen:
        assert seen.screen()[0] == "6/10 queue 3 RUNNING - enlarge"
        assert not any(seen.screen()[1:])


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "5", "6", "7"])
async def test_a_number_goes_to_its_pane(key: str) -> None:
    async with stage(FakeLink(some_calls())) as seen:
        await seen.press(key)
        number = int(key)
        titles = ["Queue", "Slots", "Batches", "Recipients", "WhatsApp", "Events", "Detail"]
        assert seen.screen()[2].startswith(f"╭─ {key} {titles[number - 1]} ")
        strips = [line for line in seen.screen() if "─ 6 Events " in line]
        assert len(strips) == 1


# --- states of the link


async def test_before_the_first_answer_the_screen_says_what_it_waits_for() -> None:
    async with stage(connected=False) as seen:
        assert "waiting for the engine" in seen.lines("header")[0]
        seen.watch.lose(tries=2, reason="no engine answers")
        await seen.until(lambda: "(2)" in seen.lines("header")[0])
        await seen.press("2")
        assert "no engine answers" in seen.shown("slots")


async def test_a_lost_engine_leaves_the_last_picture_marked_as_old() -> None:
    async with stage(FakeLink(some_calls()), (120, 40)) as seen:
        seen.link.lost = "the engine is gone"
        seen.watch.lose(tries=1)
        await seen.until(lambda: "reconnecting (1)" in seen.lines("header")[0])
        seen.watch.lose(tries=2)
        await seen.until(lambda: "reconnecting (2)" in seen.lines("header")[0])
        assert "was RUNNING" in seen.lines("header")[0]
        assert "● live" in seen.lines("queue")[1]
        assert "The engine is gone." in seen.shown("slots")
        await seen.press("x")
        assert "the engine is gone" in seen.flash()
        assert seen.link.acts == []


@pytest.mark.parametrize(("size", "pane"), [((80, 24), "notice"), ((120, 40), "slots")])
async def test_an_engine_that_turns_the_console_away_is_told_with_its_reason(
    size: tuple[int, int], pane: str
) -> None:
    async with stage(FakeLink(some_calls()), size) as seen:
        seen.watch.lose()
        await seen.until(lambda: "reconnecting (1)" in seen.lines("header")[0])
        assert "speaks protocol" not in seen.shown(pane)
        why = "this engine is voiceslot 9.9 and speaks protocol 99; update the older of the two"
        seen.watch.lose(tries=2, reason=why)
        await seen.until(lambda: "reconnecting (2)" in seen.lines("header")[0])
        await seen.rest()
        assert why in " ".join(seen.shown(pane).split())
        seen.watch.connect()
        await seen.until(lambda: "● live" in seen.lines("header")[0])
        assert "speaks protocol" not in seen.text()


async def test_an_engine_that_comes_back_is_shown_as_it_is_now() -> None:
    async with stage(FakeLink(some_calls())) as seen:
        seen.watch.lose()
        await seen.until(lambda: "gone" in seen.lines("header")[0])
        seen.link.lines.append(JournalEntry(9, NOW, "engine", "started"))
        del seen.link.calls[CallId(1)]
        seen.watch.connect()
        await seen.until(lambda: "● live  RUNNING" in seen.lines("header")[0])
        await seen.until(lambda: "engine started" in seen.shown("events"))
        await seen.until(lambda: "dialling" in seen.lines("queue")[1])


async def test_journal_lines_come_once_whichever_way_they_came() -> None:
    async with stage() as seen:
        entry = JournalEntry(5, NOW, "engine", "dispatched", CallId(1), name="Ana")
        seen.watch.push(entry)
        await seen.until(lambda: "Ana" in seen.shown("events"))
        seen.watch.lose()
        seen.watch.connect()
        await seen.until(lambda: seen.app.session.view.current)
        await seen.rest()
        assert seen.shown("events").count("Ana") == 1


async def test_a_journal_line_that_is_read_and_then_pushed_is_shown_once() -> None:
    async with stage(size=(120, 40)) as seen:
        entry = JournalEntry(5, NOW, "engine", "dispatched", CallId(1), name="Ana")
        seen.link.lines.append(entry)
        seen.watch.lose()
        seen.watch.connect()
        await seen.until(lambda: "Ana" in seen.shown("events"))
        seen.watch.push(entry, replace(entry, seq=6, name="Luis"))
        await seen.until(lambda: "Luis" in seen.shown("events"))
        assert seen.shown("events").count("Ana") == 1


async def test_a_link_that_ends_while_the_journal_is_read_is_no_failure_of_the_console() -> None:
    async with stage() as seen:
        seen.watch.lose()
        await seen.until(lambda: not seen.app.session.view.current)
        seen.link.lost = "the engine is gone"
        seen.watch.connect()
        await seen.until(lambda: seen.app.session.view.current)
        await seen.rest()
        assert seen.flash() == ""


# --- states of the queue


async def test_an_empty_queue_says_so() -> None:
    async with stage(FakeLink([])) as seen:
        assert seen.lines("queue")[1].startswith("Nothing is queued")


async def test_a_million_calls_are_walked_without_holding_them() -> None:
    async with stage(ManyLink()) as seen:
        seen.watch.push(calls={CallState.QUEUED: ManyLink.TOTAL})
        await seen.until(lambda: "queue 1,000,000" in seen.lines("header")[0])
        await seen.press("end")
        await seen.until(lambda: "1000000" in seen.lines("queue")[-1])
        await seen.press("pageup", "home")
        await seen.until(lambda: seen.lines("queue")[1].split()[1] == "1")
        assert len(seen.app.main.queue.inner.held_rows) < 100


async def test_why_nothing_starts_is_prominent() -> None:
    link = FakeLink(some_calls())
    link.snapshot = make_snapshot(idle=(Idle(Hold.READING_STALE, "the last reading is old"),))
    async with stage(link, (120, 40)) as seen:
        assert seen.lines("slots")[1] == "Not dialling: the last reading is"


async def test_rows_change_when_the_engine_says_that_calls_have_changed() -> None:
    async with stage(FakeLink(some_calls())) as seen:
        seen.link.calls[CallId(3)] = make_call(3, state=CallState.LIVE, priority=9)
        seen.watch.push()
        await seen.until(lambda: "Person 3" in seen.lines("queue")[1])


async def test_times_pass_on_the_screen() -> None:
    async with stage(FakeLink(some_calls())) as seen:
        assert "0:05" in seen.lines("queue")[1]
        seen.clock.at = Instant(NOW + 60_000)
        seen.app.main.paint()
        assert "1:05" in seen.lines("queue")[1]
        assert seen.lines("header")[0].endswith("02:41")


async def test_a_resize_changes_the_layout_and_keeps_the_cursor() -> None:
    async with stage(FakeLink(some_calls())) as seen:
        await seen.press("down", "down")
        await seen.pilot.resize_terminal(120, 40)
        await seen.rest()
        assert "4+2 of 10" in seen.lines("slots")[0]
        assert seen.lines("queue")[3].startswith("▌")
        await seen.pilot.resize_terminal(40, 10)
        await seen.rest()
        assert seen.lines("slots") == []
        assert any(line.startswith("▌") for line in seen.lines("queue"))
