"""Opens the console as `voiceslot` does, with one place armed at which it fails.

Run as a program: `python -m tests.e2e.crashing_console POINT`. What fails has a secret and a phone
number at hand: as local values, and in the message of its exception.
"""

from __future__ import annotations

import os
import sys
from typing import Any, NoReturn

SECRET = "not-a-real-key-000"
NUMBER = "+12025550147"
KEY = "ELEVENLABS_API_KEY"


class Defect(Exception):
    """What a test lets go wrong."""


def fail(*_: Any, **__: Any) -> NoReturn:
    """Fail as code does that has a secret and a person's number at hand."""
    secret, number = os.environ[KEY], NUMBER
    raise Defect(f"api_key={secret} of {number}, once more {secret}")


async def fail_later(*_: Any, **__: Any) -> NoReturn:
    """Fail in the event loop."""
    fail()


def in_a_key() -> None:
    """Fail in the handler of a key."""
    from voiceslot_tui.console.deeds import Deeds

    Deeds.press = fail  # type: ignore[method-assign]


def in_a_paint() -> None:
    """Fail while the header is drawn."""
    from voiceslot_tui.console import header_presenter

    header_presenter.header = fail


def in_a_row() -> None:
    """Fail while a row of the table is drawn."""
    from voiceslot_tui.console import rows

    rows.cells = fail


def in_an_act() -> None:
    """Fail in a worker that asks the engine for something; the screen stays."""
    from voiceslot_tui.console.session import Session

    Session.act = fail_later  # type: ignore[method-assign]


def in_the_link() -> None:
    """Fail in the worker that listens to the engine."""
    from voiceslot_tui.console.main_screen import MainScreen

    MainScreen._hear = fail  # type: ignore[method-assign]


def in_the_start() -> None:
    """Fail before there is a screen."""
    from voiceslot_tui.console import terminal

    terminal.prepare_environment = fail


POINTS = {
    point.__name__: point
    for point in (in_a_key, in_a_paint, in_a_row, in_an_act, in_the_link, in_the_start)
}


if __name__ == "__main__":
    POINTS[sys.argv[1]]()
    sys.argv = ["voiceslot"]
    from voiceslot_tui.cli.main import main

    main()
