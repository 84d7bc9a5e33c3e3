"""The plain commands: what they ask, print and exit with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.link.fake_engine import FakeEngine
from tests.unit.cli.conftest import Shell
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.errors import StoreBusy
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.core.undo import Done

EVIL = "\x1b]52;c;aGk=\x07\x9b31m\u202eANA\r\n\x7f"
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["pause"], ("pause", "")),
        (["pause", "wrong greeting"], ("pause", "wrong greeting")),
        (["limit", "8"], ("limit", "8")),
        (["cancel", "17", "18"], ("cancel", "17", "18")),
        (["prioritise", "17", "--to", "-5"], ("prioritise", "-5", "None", "17")),
        (["prioritise", "17", "--by", "-5"], ("prioritise", "None", "-5", "17")),
        (["prioritise", "17", "18", "--top"], ("move", "top", "17", "18")),
        (["prioritise", "17", "--bottom"], ("move", "bottom", "17")),
    ],
)
def test_a_command_asks_for_one_thing(
    engine: FakeEngine, shell: Shell, arguments: list[str], asked: tuple[str, ...]
) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.strip()
    assert engine.asked[-1][: len(asked)] == asked


def test_many_calls_are_asked_for_in_pieces(engine: FakeEngine, shell: Shell) -> None:
    ids = [str(n) for n in range(1, COMMAND_CALLS_MAX + 3)]
    assert shell("prioritise", *ids, "--top").code == 0
    assert [len(asked) - 2 for asked in engine.asked] == [2, COMMAND_CALLS_MAX]
    assert engine.asked[0][2:] == tuple(ids[-2:]), "the last piece goes first to the top"


def test_what_was_done_before_a_later_piece_failed_is_said(
    engine: FakeEngine, shell: Shell
) -> None:
    pieces: list[int] = []

    async def wish(call_ids: Sequence[CallId], wish: object, *, by: str) -> Done:
        pieces.append(len(call_ids))
        if len(pieces) > 1:
            raise StoreBusy("the disk is full")
        return Done((), ((CallId(7), "it is live"),), "999 calls cancelled")

    engine.wish = wish  # type: ignore[method-assign, assignment]
    ran = shell("cancel", *(str(n) for n in range(1, COMMAND_CALLS_MAX + 3)))
    assert (ran.code, pieces) == (1, [COMMAND_CALLS_MAX, 2])
    said = ["999 calls cancelled", "call 7: it is live", "voiceslot: the disk is full"]
    assert ran.err.splitlines() == said


def test_calls_that_could_not_be_cancelled_are_named(engine: FakeEngine, shell: Shell) -> None:
    async def wish(call_ids: object, wish: object, *, by: str) -> Done:
        return Done((), ((CallId(17), "it is live"),), "none cancelled")

    engine.wish = wish  # type: ignore[method-assign, assignment]
    ran = shell("cancel", "17")
    assert ran.code == 1
    assert "call 17: it is live" in ran.err


def test_a_refusal_is_one_sentence(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("resume")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "voiceslot: too much waits for the writer\n"
    assert shell("explain", "4").err == "voiceslot: there is no call 4\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["limit", "0"],
        ["limit", "five"],
        ["cancel"],
        ["cancel", "x"],
        ["cancel", "-3"],
        ["cancel", "17", str(2**63)],
        ["explain", str(2**63)],
        ["prioritise", "17", "--by", str(2**63)],
        ["prioritise", "17"],
        ["prioritise", "17", "--top", "--bottom"],
        ["prioritise", "17", "--to", "1001"],
        ["nonsense"],
        ["status", "--nonsense"],
    ],
)
def test_wrong_usage_exits_with_two(engine: FakeEngine, shell: Shell, arguments: list[str]) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: voiceslot" in ran.err
    assert not engine.asked


@pytest.mark.parametrize(
    "arguments", [["status"], ["pause"], ["explain"], ["enqueue", "--lines"]], ids=lambda a: a[0]
)
def test_without_an_engine_the_next_command_is_named(shell: Shell, arguments: list[str]) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert "no engine answers" in ran.err
    assert "`voiceslot serve`" in ran.err


def test_status_fits_one_screen_and_explains(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("status")
    assert (ran.code, ran.err) == (0, "")
    assert "0 of 5, 0 free" in ran.out
    assert "3 queued: 3 ready" in ran.out
    assert len(ran.out.splitlines()) <= 24
    assert shell("explain").out == "every slot is in use\n"


def test_status_as_json_is_the_snapshot(engine: FakeEngine, shell: Shell) -> None:
    read = json.loads(shell("status", "--json").out)
    assert read["slots"]["limit"] == 5
    assert read["calls"] == {"queued": 3}


def test_nothing_foreign_reaches_the_terminal(engine: FakeEngine, shell: Shell) -> None:
    service = replace(engine.shown.services[0], health="failing", error=EVIL)
    engine.shown = replace(
        engine.shown, warnings=(EVIL,), paused_by=EVIL, paused_why=EVIL, paused_at=1,
        services=(service,),
    )  # fmt: skip

    async def explain(_: object) -> tuple[str, ...]:
        return (EVIL,)

    engine.explain = explain  # type: ignore[method-assign, assignment]
    for arguments in (["status"], ["status", "--json"], ["explain"]):
        ran = shell(*arguments)
        assert ran.code == 0
        assert "ANA" in ran.out
        assert not UNSAFE.search(ran.out), arguments


def test_the_settings_file_says_which_engine_is_meant(
    engine: FakeEngine, shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VOICESLOT_DATA_DIR")
    (home / ".env").write_text(f"VOICESLOT_DATA_DIR={home}/data\n")
    assert shell("pause").code == 0
