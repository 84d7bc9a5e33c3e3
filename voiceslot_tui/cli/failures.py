"""What a failed command says: one sentence a person can act on, and never a traceback.

A failure that nobody foresaw is written, masked and without local variables, to a report file,
and the message names the file.
"""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import Final

import click

from voiceslot_tui.core.errors import BadInput, SettingsInvalid, VoiceslotError
from voiceslot_tui.core.text import clean

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
SENTENCE_CHARS_MAX: Final = 1000
_ENV_FILE: Final = Path(".env")


def say(text: str) -> None:
    """Write a line for the person, not for the next program: to stderr, cleaned."""
    click.echo(clean(text, SENTENCE_CHARS_MAX), err=True)


def exit_code_of(problem: BaseException) -> int:
    """Say what went wrong and give the exit code for it."""
    match problem:
        case click.Abort():
            return INTERRUPTED
        case click.ClickException():
            return _wrong_usage(problem)
        case SettingsInvalid():
            return _wrong_settings(problem)
        case BadInput():
            say(f"voiceslot: {problem}")
            return WRONG_USAGE
        case VoiceslotError():
            say(f"voiceslot: {problem}")
            return FAILED
        case UnicodeEncodeError(reason="surrogates not allowed"):
            # Python keeps so in an argument what it cannot read.
            say("voiceslot: an argument is not text in UTF-8; set the terminal or script to UTF-8")
            return WRONG_USAGE
        case BaseExceptionGroup():
            return _several(problem)
        case _:
            return _defect(problem)


def _wrong_usage(problem: click.ClickException) -> int:
    """Say what click says, cleaned: a script may have put somebody's name into an argument."""
    told = StringIO()
    problem.show(told)
    for line in told.getvalue().split("\n")[:-1]:
        say(line)
    return problem.exit_code


def _wrong_settings(problem: SettingsInvalid) -> int:
    say("voiceslot: these settings have to be put right first:")
    for one in problem.problems:
        say(f"  {one.name}: {one.message}")
    file = _ENV_FILE.absolute()
    there = f"from {file}" if file.is_file() else f"from a .env, which {file.parent} has not"
    say(f"They come from the environment and {there}; .env.example shows them all.")
    return WRONG_USAGE


def _several(problem: BaseExceptionGroup[BaseException]) -> int:
    ours, others = problem.split(VoiceslotError)
    if ours is None or others is not None:
        return _defect(problem)
    return max(exit_code_of(one) for one in ours.exceptions)


def _defect(problem: BaseException) -> int:
    say(f"voiceslot: this should not have happened ({type(problem).__name__}).")
    try:
        say(f"The details are in {_write_report(problem)}; please report them.")
    except (OSError, VoiceslotError):
        say("The details could not be written down: the data folder cannot be used.")
    return FAILED


def known_secrets() -> tuple[str, ...]:
    """Give the secrets that the settings hold, or those that can be read, for a report to hide."""
    from voiceslot_tui import settings

    try:
        return settings.load(os.environ, _ENV_FILE).secrets()
    except SettingsInvalid:
        return tuple(os.environ.get(row.name, "") for row in settings.table() if row.secret)


def _write_report(problem: BaseException) -> Path:
    from voiceslot_tui import logs, paths, settings

    places = paths.paths(settings.load_data_dir(os.environ, _ENV_FILE))
    paths.make_folders(places)
    report = places.log.with_name("voiceslot-report.log")
    log = logs.open_log(report, secrets=known_secrets())
    logs.error(logs.Event.PROGRAM_FAILED, problem=problem)
    log.close()
    return report
