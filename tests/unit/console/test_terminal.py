"""Where the console refuses to run, how it paints, and how it writes to a bad terminal."""

from __future__ import annotations

import os

import pytest
from rich.cells import cell_len

from voiceslot_tui.console.terminal import (
    ASCII_TWINS,
    TerminalFile,
    knows_only_ascii,
    prepare_environment,
    terminal_problem,
)


@pytest.mark.parametrize(
    ("environ", "stdin", "stderr", "problem"),
    [
        ({"TERM": "xterm-256color"}, True, True, None),
        ({"TERM": "linux"}, True, True, None),
        ({"TERM": "xterm"}, False, True, "standard input"),
        ({"TERM": "xterm"}, True, False, "standard error"),
        ({"TERM": "dumb"}, True, True, "TERM is “dumb”"),
        ({}, True, True, "TERM is “”"),
    ],
)
def test_the_console_says_why_it_cannot_run(
    environ: dict[str, str], stdin: bool, stderr: bool, problem: str | None
) -> None:
    said = terminal_problem(environ, stdin_isatty=stdin, stderr_isatty=stderr)
    assert (said is None) if problem is None else (said is not None and problem in said)


def test_fewer_frames_are_drawn_over_ssh_and_the_operator_has_the_last_word() -> None:
    here: dict[str, str] = {}
    prepare_environment(here)
    there = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    prepare_environment(there)
    chosen = {"SSH_TTY": "x", "TEXTUAL_FPS": "3", "TEXTUAL_ANIMATIONS": "full"}
    prepare_environment(chosen)
    assert int(there["TEXTUAL_FPS"]) < int(here["TEXTUAL_FPS"])
    assert there["TEXTUAL_ANIMATIONS"] == here["TEXTUAL_ANIMATIONS"] == "none"
    assert (chosen["TEXTUAL_FPS"], chosen["TEXTUAL_ANIMATIONS"]) == ("3", "full")


@pytest.mark.parametrize(
    ("encoding", "only_ascii"),
    [("utf-8", False), ("ascii", True), ("iso8859-1", True), ("no such encoding", True)],
)
def test_an_encoding_without_our_signs_is_recognised(encoding: str, only_ascii: bool) -> None:
    assert knows_only_ascii(encoding) is only_ascii


@pytest.mark.parametrize("sign", ASCII_TWINS)
def test_a_twin_takes_the_same_cells_in_ascii(sign: str) -> None:
    twin = ASCII_TWINS[sign]
    assert twin.isascii()
    assert twin.isprintable()
    assert cell_len(twin) == cell_len(sign) == 1


def written(encoding: str, text: str) -> bytes:
    read, write = os.pipe()
    file = TerminalFile(write, encoding, on_gone=lambda: None)
    file.write(text)
    file.flush()
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return pipe.read()


def test_signs_an_encoding_does_not_know_get_their_twins() -> None:
    assert written("iso8859-1", "┌─█▌●…┐ Lucía 日本 ✓") == b"+-#>*~+ Luc\xeda ???? *"
    assert written("utf-8", "█ 日本") == "█ 日本".encode()


def test_a_terminal_that_is_gone_is_told_once_and_swallows_the_rest() -> None:
    read, write = os.pipe()
    told: list[bool] = []
    file = TerminalFile(write, "utf-8", on_gone=lambda: told.append(True))
    os.close(read)
    for _ in range(3):
        file.write("text")
        file.flush()
    os.close(write)
    assert told == [True]


def test_a_terminal_that_was_given_up_gets_nothing_more() -> None:
    read, write = os.pipe()
    file = TerminalFile(write, "utf-8", on_gone=lambda: None)
    file.give_up()
    file.write("text")
    file.flush()
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b""
