"""An operator's keys through a pty, judged by the simulator: who is rung, when, and who is not.

Every test types as an operator would and then looks into the telephone world, not at the screen.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.consoles import (
    attached,
    confirm,
    escape,
    fill,
    find,
    line_of,
    own_numbers,
    pieces,
    press,
    press_again,
    row_gone_to,
)
from tests.e2e.outside import status, voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import (
    ALL_ANSWER,
    LONG,
    QUICK,
    after_two_more_readings,
    own_dials,
    own_live,
    states,
)
from tests.e2e.terminal_harness import Terminal

ENV = {
    "ELEVENLABS_CONCURRENCY_LIMIT": "1",
    "POLLING_INTERVAL_MS": "200",
    "LIST_LAG_S": "0",
}
PEOPLE = 1000
PAUSED_WITHIN_S = 1.0
"""P6: no dial starts later than so long after a pause was acknowledged."""
PAGE_UP, PAGE_DOWN = "\x1b[5~", "\x1b[6~"


@contextmanager
def paused(
    folder: Path, people: int, world: dict[str, Any], **env: object
) -> Iterator[tuple[Rig, Terminal]]:
    """Run a paused engine with a queue, and a console attached to it."""
    with rig(folder, {**ENV, **{k: str(v) for k, v in env.items()}}, **world) as made:
        made.start()
        assert voiceslot(made, "pause").returncode == 0
        fill(made, range(people))
        with attached(made) as shown:
            shown.wait_for("PAUSED")
            shown.wait_until(lambda: row_gone_to(shown) == 1, "the first row")
            yield made, shown


def resume(shown: Terminal) -> None:
    confirm(shown, "P", "Resume dialling?", "RUNNING")


def rung(made: Rig, *people: int) -> None:
    """Wait until exactly these people were rung, in this order, and see that it stays so."""
    wanted = [number(index) for index in people]
    wait_for(f"{people} are rung", lambda: len(own_numbers(made)) >= len(wanted))
    after_two_more_readings(made)
    assert own_numbers(made) == wanted


def go_to(shown: Terminal, row: int) -> None:
    """Go down to a row by pages, then by single steps."""
    while (at := row_gone_to(shown) or 0) != row:
        far = abs(row - at) > 20
        down, up = (PAGE_DOWN, PAGE_UP) if far else ("j", "k")
        shown.send(down if at < row else up)
        shown.wait_until(lambda at=at: row_gone_to(shown) not in (at, None), "the next row")


def cursor_on(shown: Terminal, row: int, name: str) -> None:
    """Wait until the cursor is on a row and a person stands there: both, as neither comes first."""
    shown.wait_until(
        lambda: row_gone_to(shown) == row and name in line_of(shown, "▌"),
        f"{name} under the cursor in row {row}",
    )


# --- who is next


def test_plus_on_a_row_found_by_its_number_makes_that_person_the_next_one_rung(
    tmp_path: Path,
) -> None:
    with paused(tmp_path, PEOPLE, LONG) as (made, shown):
        find(shown, f"to:{number(899)}", pieces(number(899)))
        press(shown, "+", "call 900 reordered")
        escape(shown, "call 900 reordered")
        escape(shown, "/to:")
        shown.wait_for(pieces(number(0)))
        resume(shown)
        rung(made, 899)


def test_plus_on_row_900_reached_by_paging_makes_that_person_the_next_one_rung(
    tmp_path: Path,
) -> None:
    with paused(tmp_path, PEOPLE, LONG) as (made, shown):
        shown.send("G")
        shown.wait_until(lambda: row_gone_to(shown) == PEOPLE, "the last row")
        go_to(shown, 900)
        cursor_on(shown, 900, pieces(number(899)))
        shown.send("g")
        shown.wait_until(lambda: row_gone_to(shown) == 1, "the first row")
        go_to(shown, 900)
        cursor_on(shown, 900, "Person 899")
        press(shown, "+", "call 900 reordered")
        resume(shown)
        rung(made, 899)


def test_top_bottom_and_minus_say_who_is_next(tmp_path: Path) -> None:
    with paused(tmp_path, 6, {**QUICK, **ALL_ANSWER}) as (made, shown):
        go_to(shown, 6)
        press(shown, "T", "call 6 moved to the top")
        cursor_on(shown, 1, "Person 5")
        shown.send("j")
        cursor_on(shown, 2, "Person 0")
        press(shown, "B", "call 1 moved to the bottom")
        cursor_on(shown, 6, "Person 0")
        shown.send("g")
        cursor_on(shown, 1, "Person 5")
        shown.send("j")
        cursor_on(shown, 2, "Person 1")
        press(shown, "-", "call 2 reordered")
        resume(shown)
        rung(made, 5, 2, 3, 4, 0, 1)


def test_marked_calls_are_acted_on_together(tmp_path: Path) -> None:
    with paused(tmp_path, 8, {**QUICK, **ALL_ANSWER}) as (made, shown):
        go_to(shown, 5)
        for at in (5, 6):
            shown.send(" ")
            shown.wait_until(lambda at=at: row_gone_to(shown) == at + 1, "the row after")
        shown.wait_for("2 marked")
        press(shown, "T", "2 calls moved to the top")
        press(shown, "*", "1 Queue")
        shown.send("G")
        shown.wait_until(lambda: row_gone_to(shown) == 8, "the last row")
        shown.send(" ")
        shown.wait_for("1 marked")
        shown.send("k ")
        shown.wait_for("2 marked")
        press(shown, "x", "Cancel 2 marked calls?")
        press(shown, "n", "cancel: nothing was done")
        press_again(shown, "x", "Cancel 2 marked calls?")
        press(shown, "y", "2 calls cancelled")
        assert states(made, queued=6, cancelled=2)
        resume(shown)
        rung(made, 4, 5, 0, 1, 2, 3)


# --- who is not rung


def test_a_parked_call_is_not_rung_until_it_is_unparked(tmp_path: Path) -> None:
    with paused(tmp_path, 3, {**QUICK, **ALL_ANSWER}) as (made, shown):
        press(shown, "p", "call 1 parked")
        resume(shown)
        rung(made, 1, 2)
        wait_for("the others have ended", lambda: states(made, queued=1, ended=2))
        shown.wait_until(lambda: "parked" in line_of(shown, "▌"), "the parked call")
        press_again(shown, "p", "call 1 unparked")
        rung(made, 1, 2, 0)


def test_a_cancelled_call_is_not_rung_unless_it_is_undone(tmp_path: Path) -> None:
    with paused(tmp_path, 4, {**QUICK, **ALL_ANSWER}) as (made, shown):
        press(shown, "x", "call 1 cancelled; u undoes it within 30 s")
        shown.wait_until(lambda: "Person 1" in line_of(shown, "▌"), "the next call")
        press_again(shown, "x", "call 2 cancelled")
        press(shown, "u", "call 2 taken back")
        resume(shown)
        rung(made, 1, 2, 3)
        wait_for("three have ended", lambda: states(made, cancelled=1, ended=3))


@pytest.mark.slow
def test_what_was_cancelled_longer_ago_stays_cancelled(tmp_path: Path) -> None:
    with paused(tmp_path, 2, {**QUICK, **ALL_ANSWER}) as (made, shown):
        press(shown, "x", "call 1 cancelled")
        shown.bytes_written_during(31)
        press(shown, "u", "cancelled more than 30 seconds ago")
        resume(shown)
        rung(made, 1)
        assert states(made, cancelled=1, ended=1)


# --- live calls and the engine


def test_a_hang_up_ends_a_live_call_at_the_carrier(tmp_path: Path) -> None:
    with paused(tmp_path, 2, LONG) as (made, shown):
        resume(shown)
        wait_for("a person talks", lambda: states(made, live=1))
        shown.wait_until(lambda: "live" in line_of(shown, "▌"), "the live call")
        press(shown, "X", "Hang up this call?")
        press(shown, "n", "hang up: nothing was done")
        assert made.simulator.truth()["hang_ups"] == 0
        shown.bytes_written_during(0.8)
        press(shown, "X", "Hang up this call?")
        press(shown, "y", "the carrier ends the call")
        wait_for("the next is rung", lambda: own_dials(made) == 2)
        first, second = made.simulator.dials()
        assert made.simulator.truth()["hang_ups"] == 1
        assert (first["number"], first["cut_by_carrier"]) == (number(0), True)
        assert first["hung_up_at"] <= second["started_at"]
        assert not second["cut_by_carrier"]
        wait_for("it has ended", lambda: states(made, live=1, ended=1))


def test_without_carrier_credentials_the_key_says_why_it_cannot_hang_up(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **LONG) as made:
        made.start(TWILIO_ACCOUNT_SID="", TWILIO_AUTH_TOKEN="")
        made.enqueue(number(0), name="Ana")
        wait_for("a person talks", lambda: own_live(made) == 1)
        with attached(made) as shown:
            shown.wait_until(lambda: "live" in line_of(shown, "▌"), "the live call")
            press(shown, "X", "the engine has no carrier credentials, so it cannot hang up")
        assert made.simulator.truth()["hang_ups"] == 0


def test_the_limit_typed_is_the_limit_dialled(tmp_path: Path) -> None:
    with paused(tmp_path, 12, LONG) as (made, shown):
        press(shown, ":limit 4\r", "the limit is 4 (was 1)")
        resume(shown)
        wait_for("four talk", lambda: own_live(made) == 4)
        after_two_more_readings(made)
        assert own_dials(made) == 4
        press(shown, ":limit 2\r", "the limit is 2 (was 4)")
        shown.wait_for("over by 2")
        press(shown, ":limit none\r", "the limit is a whole number")
        press(shown, "u", "the limit is 4 (was 2)")
        after_two_more_readings(made)
        assert own_dials(made) == own_live(made) == made.simulator.truth()["max_live"] == 4
        assert made.simulator.truth()["hang_ups"] == 0


def last_dial_after(made: Rig, moment: float) -> float:
    """Give how long after a moment the last person was rung; negative: before it."""
    return float(made.simulator.truth()["last_dial_at"]) - moment


@pytest.mark.parametrize("by", ["key", "command"])
def test_no_dial_later_than_a_second_after_a_pause_which_a_kill_does_not_end(
    tmp_path: Path, by: str
) -> None:
    churn = {**QUICK, **ALL_ANSWER, "talk_s": 0.1}
    with paused(tmp_path, 600, churn, ELEVENLABS_CONCURRENCY_LIMIT=20) as (made, shown):
        resume(shown)
        wait_for("full churn", lambda: own_dials(made) > 60)
        if by == "key":
            shown.bytes_written_during(0.8)
            confirm(shown, "P", "Pause the engine?", "paused: no call starts")
        else:
            assert voiceslot(made, "pause", "a test").returncode == 0
        answered_at = time.time()
        after_two_more_readings(made)
        paused_at = status(made)["paused_at"] / 1000
        rung_before = own_dials(made)
        print(f"last dial {last_dial_after(made, paused_at):+.3f} s from the pause's commit, ")
        print(f"{last_dial_after(made, answered_at):+.3f} s from its answer, after {rung_before}")
        assert last_dial_after(made, answered_at) <= PAUSED_WITHIN_S
        assert made.states()["queued"] > 0
        made.kill(signal.SIGKILL)
        made.start()
        shown.wait_for("PAUSED")
        after_two_more_readings(made)
        after_two_more_readings(made)
        assert own_dials(made) == rung_before
        shown.wait_for("● live")
        shown.bytes_written_during(0.8)
        confirm(shown, "P", "Resume dialling?", "resumed")
        wait_for("it dials again", lambda: own_dials(made) > rung_before)
        assert made.simulator.truth()["people_rung_again"] == {}
