"""The suppression list from the shell: numbers that are never called or written to."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TextIO

import click

from voiceslot_tui.cli.asking import with_engine
from voiceslot_tui.cli.explained import Explained, ExplainedGroup
from voiceslot_tui.cli.failures import DONE, FAILED, say
from voiceslot_tui.cli.messages_text import as_json, suppression_line
from voiceslot_tui.cli.number_lines import NumberLine, number_lines
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.follow_up_pages import Suppressed, Suppression
from voiceslot_tui.core.limits import PAGE_ROWS_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.link.client import InDoubt, Link, Refused
from voiceslot_tui.wire import follow_up_control as asked

_COLUMNS: Final = ("number", "since", "by", "why")
_SHOWN_CHARS_MAX: Final = 40
_WHY: Final = click.option("--why", default="", help="Why, for the record.")


@click.group(
    cls=ExplainedGroup,
    examples=("voiceslot dnc add +12025550123 --why 'asked on the phone'", "voiceslot dnc list"),
)
def dnc() -> None:
    """Keep the list of numbers that are never called or written to."""


@dnc.command(cls=Explained, examples=("voiceslot dnc add +12025550123 --why 'asked on the phone'",))
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@_WHY
def add(numbers: tuple[str, ...], why: str) -> int:
    """Put numbers on the list; their queued calls and due messages go at once."""
    return _add(((number, number, "") for number in numbers), why)


@dnc.command(cls=Explained, examples=("voiceslot dnc remove +12025550123",))
@click.argument("number", metavar="NUMBER")
def remove(number: str) -> int:
    """Take a number off the list; what went with it does not come back."""

    async def ask(link: Link) -> str:
        return (await link.ask(asked.Unsuppress(number))).done.message

    say(with_engine(ask))
    return DONE


@dnc.command(name="list", cls=Explained, examples=("voiceslot dnc list --json",))
@click.option("--json", "wants_json", is_flag=True, help="Print it as JSON.")
def list_(wants_json: bool) -> int:
    """Show the list, by number."""
    found = _all()
    if wants_json:
        click.echo(as_json(found))
        return DONE
    now = Instant(time.time_ns() // 1_000_000)
    for one in found:
        click.echo(suppression_line(one, now))
    return DONE


@dnc.command(
    name="import", cls=Explained, examples=("voiceslot dnc import numbers.csv --why 'register'",)
)
@click.argument("file", type=click.File("r", "utf-8-sig", errors="replace"), default="-")
@_WHY
def import_(file: TextIO, why: str) -> int:
    """Put every number of a file on the list: one a line, or the first column of a CSV.

    A first line without a digit in its first column is taken for the heading. Each line is read by
    itself: a row may not go on in the next line. A line of which no number can be read is named,
    all others go on the list at once, and the exit code is then 1. Import the file again once it is
    put right: who is on the list stays there. Names may be in any encoding but UTF-16; save the
    file as CSV UTF-8 where it is refused.
    """
    return _add(_numbers(file), why)


@dnc.command(cls=Explained, examples=("voiceslot dnc export > numbers.csv",))
def export() -> int:
    """Print the list as CSV: number, since when (UTC), by whom and why. `dnc import` reads it."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in _all():
        since = datetime.fromtimestamp(one.at / 1000, UTC).isoformat(timespec="seconds")
        writer.writerow([one.number, since, _cell(one.by), _cell(one.why)])
    return DONE


def _numbers(file: TextIO) -> Iterator[tuple[str, str, str]]:
    for line in number_lines(file):
        if line.is_heading:
            say(f"{_named(line)} is taken for the heading")
        else:
            yield _named(line), line.number, line.wrong


def _cell(text: str) -> str:
    """Write text so that no spreadsheet takes it for a formula."""
    shown = clean(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _named(line: NumberLine) -> str:
    """Name a line by its place, and by what stands there as a number."""
    shown = clean(line.number, _SHOWN_CHARS_MAX)
    return f"line {line.place:,}" + (f" ({shown})" if shown else "")


@dataclass(slots=True)
class _Tally:
    """What putting numbers on the list has come to so far."""

    new: int = 0
    calls: int = 0
    messages: int = 0
    wrong: int = 0
    answered: int = 0

    def count(self, one: Suppressed) -> None:
        """Count what the engine has done."""
        self.answered += 1
        self.new += not one.known
        self.calls += one.calls
        self.messages += one.messages

    def __str__(self) -> str:
        said = (
            f"{self.new:,} numbers added; {self.calls:,} queued calls and {self.messages:,} "
            "messages go with them"
        )
        return f"{said}; {self.wrong:,} could not be added" if self.wrong else said


def _add(numbers: Iterator[tuple[str, str, str]], why: str) -> int:
    """Put numbers on the list; with each come what it is named by, and what is wrong with it."""
    tally = _Tally()

    async def ask(link: Link) -> None:
        for named, number, wrong in numbers:
            problem = wrong or await _suppress(link, number, why, tally)
            if problem:
                # One that fails keeps nobody after it off the list.
                tally.wrong += 1
                say(f"{named}: {problem}")

    try:
        with_engine(ask)
    except (VoiceslotError, KeyboardInterrupt):
        if tally.answered:
            say(f"{tally}; then it ended, and the same command goes on with the others")
        raise
    if not tally.answered and not tally.wrong:
        say("no number was given, and none was put on the list; is that what you meant to import?")
        return FAILED
    say(str(tally))
    return FAILED if tally.wrong else DONE


async def _suppress(link: Link, number: str, why: str, tally: _Tally) -> str:
    """Put a number on the list; give the reason where it could not be."""
    try:
        tally.count((await link.ask(asked.Suppress(number.strip(), why))).suppressed)
    except (Refused, InDoubt) as problem:
        return str(problem)
    return ""


def _all() -> list[Suppression]:
    async def ask(link: Link) -> list[Suppression]:
        found: list[Suppression] = []
        while True:
            after = found[-1].number if found else ""
            page = (await link.ask(asked.GetSuppressions(after, PAGE_ROWS_MAX))).numbers
            found += page
            if len(page) < PAGE_ROWS_MAX:
                return found

    return with_engine(ask)
