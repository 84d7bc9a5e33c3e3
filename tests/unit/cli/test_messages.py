"""The commands about messages and the suppression list: what they ask, print and exit with."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.link.fake_engine import FakeEngine
from tests.unit.cli.conftest import Shell
from tests.unit.cli.test_plain import EVIL, UNSAFE
from voiceslot_tui.core import limits
from voiceslot_tui.core.calls import CallId, Instant
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import (
    FollowUpFilter,
    FollowUpPage,
    FollowUpQuery,
    Suppressed,
    Suppression,
)
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.client import Link, LinkLost
from voiceslot_tui.wire import follow_up_control as messages

SID = "HX" + "0" * 32


def test_messages_are_listed_with_why_they_failed(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("messages")
    assert ran.code == 0
    assert ran.out.split()[:4] == ["17", "failed", "whatsapp", "+12025550117"]
    assert "63016: free text outside the 24 hours" in ran.out
    assert ran.err == "the newest 1; --count shows more\n"
    assert json.loads(shell("messages", "--json").out)[0]["code"] == 63016


def test_messages_are_asked_for_as_the_options_say(engine: FakeEngine, shell: Shell) -> None:
    options = ("--state", "failed", "--code", "63016", "--batch", "b1", "--words", "ANA 313")
    assert shell("messages", *options, "--count", "7").code == 0
    query = engine.follow_ups.queries[-1]
    where = FollowUpFilter(("ana", "313"), frozenset({FollowUpState.FAILED}), None, 63016, "b1")
    assert (query.count, query.where) == (7, where)


@pytest.mark.parametrize(
    ("count", "found", "asked_for"),
    [
        (5, [17, 9], [(5, None), (4, 12), (4, 8), (3, 4)]),
        (2, [17, 9], [(2, None), (1, 12), (1, 8), (1, 4)]),
        (1, [17], [(1, None), (1, 12), (1, 8)]),
    ],
)
def test_a_search_that_stops_at_its_bound_is_gone_on_with(
    engine: FakeEngine,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    found: list[int],
    asked_for: list[tuple[int, int | None]],
) -> None:
    queries: list[tuple[int, int | None]] = []
    one = engine.follow_ups.message
    pages = {
        None: FollowUpPage((one,), False, FollowUpId(12)),
        12: FollowUpPage((), False, FollowUpId(8)),
        8: FollowUpPage((replace(one, id=FollowUpId(9)),), False, FollowUpId(4)),
        4: FollowUpPage((), False),
    }

    async def page(query: FollowUpQuery) -> FollowUpPage:
        queries.append((query.count, query.than))
        assert query.where.words == ("5550117",)
        return pages[query.than]

    monkeypatch.setattr(engine.follow_ups, "page", page)
    options = ("messages", "--words", "5550117", "--count", str(count))
    ran = shell(*options)
    assert [int(line.split()[0]) for line in ran.out.splitlines()] == found
    assert ("--count shows more" in ran.err) is (count == 1)
    assert queries == asked_for
    assert [row["id"] for row in json.loads(shell(*options, "--json").out)] == found


def test_one_message_is_told_whole(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("message", "17")
    assert (ran.code, ran.err) == (0, "")
    for part in (
        "message 17: failed (63016",
        "batch b1",
        "try 1     whatsapp, free text",
        "Hello,",
    ):
        assert part in ran.out
    read = json.loads(shell("message", "17", "--json").out)
    assert (read["preview"], read["detail"]["follow_up"]["id"]) == ("Hello, we just talked.", 17)
    assert shell("message", "4").err == "voiceslot: there is no message 4\n"


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["pause"], ("messages paused",)),
        (["resume"], ("messages resumed",)),
        (["retry", "17", "18"], ("retry", "17", "18")),
        (["retry", "--code", "63016"], ("retry_all", "failed", "63016")),
        (["skip", "17"], ("skip", "17")),
        (["release", "17"], ("release", "17")),
        (["template", SID], ("template", SID)),
        (["check"], ("messages read",)),
        (["since", "2026-11-20"], ("since", "1795132800000", "False")),
        (["since", "2026-11-20 18:00", "--yes"], ("since", "1795197600000", "True")),
    ],
)
def test_a_command_of_the_follow_ups_asks_for_one_thing(
    engine: FakeEngine, shell: Shell, arguments: list[str], asked: tuple[str, ...]
) -> None:
    ran = shell("follow-ups", *arguments)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.strip()
    assert engine.asked == [asked]


def test_many_messages_are_asked_for_in_pieces(engine: FakeEngine, shell: Shell) -> None:
    ids = [str(number) for number in range(1, COMMAND_CALLS_MAX + 3)]
    assert shell("follow-ups", "skip", *ids).code == 0
    assert [len(asked) - 1 for asked in engine.asked] == [COMMAND_CALLS_MAX, 2]


@pytest.mark.parametrize("command", ["skip", "retry", "release"])
def test_messages_that_could_not_be_changed_are_named(
    engine: FakeEngine, shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    async def wish(ids: Sequence[FollowUpId], wish: FollowUpWish, *, by: str) -> Done:
        return Done((CallId(18),), ((CallId(17), "it is sent"),), "1 message changed")

    monkeypatch.setattr(engine.follow_ups, "wish", wish)
    ran = shell("follow-ups", command, "17", "18")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "1 message changed\nmessage 17: it is sent\n"


def test_a_message_named_twice_is_asked_for_once(engine: FakeEngine, shell: Shell) -> None:
    assert shell("follow-ups", "skip", "17", "17").code == 0
    assert engine.asked == [("skip", "17")]


@pytest.mark.parametrize("number", ["1.5", "abc"])
def test_what_is_no_number_is_told_in_words(engine: FakeEngine, shell: Shell, number: str) -> None:
    ran = shell("message", number)
    assert (ran.code, ran.out) == (2, "")
    assert f"'{number}' is no whole number" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["follow-ups", "retry"],
        ["follow-ups", "retry", "17", "--code", "63016"],
        ["follow-ups", "skip"],
        ["follow-ups", "template", "HX12"],
        ["follow-ups", "since", "yesterday"],
        ["follow-ups", "nonsense"],
        ["messages", "--state", "nonsense"],
        ["messages", "--count", "0"],
        ["message", "x"],
        ["message", str(2**63)],
        ["messages", "--code", str(2**63)],
        ["follow-ups", "skip", "17", str(2**63)],
        ["follow-ups", "retry", "--code", str(2**63)],
        ["dnc", "add"],
    ],
    ids=" ".join,
)
def test_wrong_usage_asks_nothing(engine: FakeEngine, shell: Shell, arguments: list[str]) -> None:
    ran = shell(*arguments)
    assert ran.code in (1, 2)
    assert ran.out == ""
    assert ran.err.strip()
    assert not engine.asked


# --- the suppression list


def test_numbers_are_added_listed_exported_and_removed(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("dnc", "add", "+12025550123", "+12025550124", "--why", "asked")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "2 numbers added; 4 queued calls and 2 messages go with them\n"
    assert "+12025550123" in shell("dnc", "list").out
    assert json.loads(shell("dnc", "list", "--json").out)[0]["why"] == "asked"
    exported = shell("dnc", "export").out
    heading, *rows = csv.reader(exported.splitlines())
    assert heading == ["number", "since", "by", "why"]
    assert [(row[0], row[3]) for row in rows] == [
        ("+12025550123", "asked"),
        ("+12025550124", "asked"),
    ]
    assert all(row[1].endswith("+00:00") and row[2] for row in rows)
    again = shell("dnc", "import", stdin=exported.encode())
    assert (again.code, again.err.splitlines()[0]) == (
        0,
        "line 1 (number) is taken for the heading",
    )
    assert shell("dnc", "remove", "+12025550123").code == 0
    ran = shell("dnc", "remove", "+12025550123")
    assert (ran.code, ran.err) == (1, "voiceslot: that number is not on the suppression list\n")


def test_a_wrong_number_is_named_and_the_others_are_added(engine: FakeEngine, shell: Shell) -> None:
    ran = shell("dnc", "add", "12", "+12025550123")
    assert ran.code == 1
    assert "12: that is no phone number" in ran.err
    assert list(engine.follow_ups.numbers) == ["+12025550123"]


def test_a_number_that_the_engine_fails_at_keeps_no_other_off_the_list(
    engine: FakeEngine, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = engine.follow_ups.suppress

    async def failing(number: str, why: str, *, by: str) -> Suppressed:
        if number == "+12025550123":
            raise RuntimeError("a defect")
        return await listed(number, why, by=by)

    monkeypatch.setattr(engine.follow_ups, "suppress", failing)
    ran = shell("dnc", "add", "+12025550123", "+12025550124")
    assert ran.code == 1
    assert "+12025550123: the engine failed at this" in ran.err
    assert list(engine.follow_ups.numbers) == ["+12025550124"]


@pytest.mark.parametrize("nothing", [b"", b"\n\n"], ids=["empty", "empty lines"])
def test_an_import_of_nothing_has_failed(engine: FakeEngine, shell: Shell, nothing: bytes) -> None:
    """What was to write the numbers into the pipe has failed: nobody may take that for done."""
    ran = shell("dnc", "import", stdin=nothing)
    assert ran.code == 1
    assert "no number was given" in ran.err
    assert not engine.follow_ups.numbers


@pytest.mark.parametrize(
    ("ending", "code"), [(LinkLost("the engine is gone"), 1), (KeyboardInterrupt(), 130)]
)
def test_where_adding_numbers_ended_early_is_said(
    engine: FakeEngine,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    ending: BaseException,
    code: int,
) -> None:
    ask = Link.ask

    async def ends(self: Link, body: messages.Suppress) -> object:
        if body.number == "+12025550125":
            raise ending
        return await ask(self, body)

    monkeypatch.setattr(Link, "ask", ends)
    ran = shell("dnc", "import", stdin=b"+12025550123\n+12025550124\n+12025550125\n+12025550126\n")
    assert ran.code == code
    assert ran.err.startswith("2 numbers added; 4 queued calls and 2 messages go with them; then ")
    assert list(engine.follow_ups.numbers) == ["+12025550123", "+12025550124"]


def test_a_file_of_numbers_is_read_by_its_first_column(
    engine: FakeEngine, shell: Shell, home: Path
) -> None:
    (home / "numbers.csv").write_text("\ufeff+12025550123,Ana\n\n+12025550124\n", "utf-8")
    assert shell("dnc", "import", "numbers.csv").code == 0
    assert list(engine.follow_ups.numbers) == ["+12025550123", "+12025550124"]
    assert shell("dnc", "import", stdin=b"+12025550125\n").code == 0
    assert "+12025550125" in engine.follow_ups.numbers


def test_a_line_that_cannot_be_read_is_named_and_keeps_nobody_off_the_list(
    engine: FakeEngine, shell: Shell, home: Path
) -> None:
    (home / "numbers.csv").write_bytes(
        b'+12025550107,"Ana\n+12025550108,Luis\n,+12025550109\n12;Eva\n,,\n+12025550110,Jos\xe9\n'
    )
    ran = shell("dnc", "import", "numbers.csv")
    assert (ran.code, ran.out) == (1, "")
    assert list(engine.follow_ups.numbers) == ["+12025550108", "+12025550110"]
    told = ran.err.splitlines()
    assert told[0].startswith("line 1: a quotation mark is not closed")
    assert told[1].startswith("line 3: its first column is empty")
    assert told[2].startswith("line 4 (12;Eva): that is no phone number")
    assert told[3].startswith("2 numbers added;")
    assert told[3].endswith("; 3 could not be added")


def test_no_word_on_the_list_is_a_formula_to_a_spreadsheet(
    engine: FakeEngine, shell: Shell
) -> None:
    assert shell("dnc", "add", "+12025550123", "--why", "=HYPERLINK(1)").code == 0
    assert shell("dnc", "export").out.splitlines()[1].endswith(",'=HYPERLINK(1)")


def test_a_file_that_holds_a_heading_alone_is_an_import_of_nothing(
    engine: FakeEngine, shell: Shell
) -> None:
    ran = shell("dnc", "import", stdin=b"telefono,nombre\n")
    assert ran.code == 1
    assert "line 1 (telefono) is taken for the heading" in ran.err


def test_a_file_that_is_no_text_is_refused_in_words(
    engine: FakeEngine, shell: Shell, home: Path
) -> None:
    (home / "numbers.csv").write_text("+12025550123\n", "utf-16")
    ran = shell("dnc", "import", "numbers.csv")
    assert (ran.code, ran.out) == (1, "")
    assert "save it as CSV UTF-8" in ran.err
    assert not engine.follow_ups.numbers


def test_a_long_list_is_read_in_pages(
    engine: FakeEngine, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voiceslot_tui.cli.dnc.PAGE_ROWS_MAX", 2)
    for number in range(5):
        one = f"+1202555010{number}"
        engine.follow_ups.numbers[one] = Suppression(one, Instant(1), "ana")
    assert len(shell("dnc", "export").out.splitlines()) == 1 + 5
    assert limits.PAGE_ROWS_MAX > 2


def test_nothing_foreign_reaches_the_terminal(engine: FakeEngine, shell: Shell) -> None:
    follow_ups = engine.follow_ups
    follow_ups.message = replace(
        follow_ups.message, name=EVIL, email=EVIL, to_number=EVIL, batch_id=EVIL, detail=EVIL
    )
    follow_ups.preview_text.preview = EVIL
    follow_ups.numbers["x"] = Suppression(EVIL, Instant(1), EVIL, EVIL)
    for arguments in (
        ["messages"],
        ["messages", "--json"],
        ["message", "17"],
        ["message", "17", "--json"],
        ["dnc", "list"],
        ["dnc", "list", "--json"],
    ):
        ran = shell(*arguments)
        assert ran.code == 0, ran.err
        assert "ANA" in ran.out
        assert not UNSAFE.search(ran.out), arguments
