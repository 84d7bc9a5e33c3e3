"""The way in: the table of commands, completion, and a sentence for every failure."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.architecture.tree import ROOT
from tests.link.fake_engine import FakeEngine
from tests.unit.cli.conftest import Shell
from tests.unit.cli.test_enqueue import ONE
from voiceslot_tui.cli import main
from voiceslot_tui.cli.explained import WithExamples
from voiceslot_tui.cli.failures import exit_code_of
from voiceslot_tui.core.errors import Rejected, SettingProblem, SettingsInvalid
from voiceslot_tui.link.client import Link

HEAVY = {"textual", "httpx", "aiohttp", "twilio", "aiosqlite"}


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    command = main.voiceslot.get_command(click.Context(main.voiceslot), name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").splitlines()[0] == main.COMMANDS[name][1]
    assert isinstance(command, WithExamples)
    assert any(f"voiceslot {name}" in example for example in command.examples)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_help_ends_with_examples(shell: Shell, name: str) -> None:
    ran = shell(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "\nExamples:\n" in ran.out


def test_completion_names_commands(home: Path) -> None:
    environment = {
        **os.environ,
        "_VOICESLOT_COMPLETE": "bash_complete",
        "COMP_WORDS": "voiceslot p",
        "COMP_CWORD": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "voiceslot_tui"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.stdout.split() == ["plain,pause", "plain,prioritise"]


def loaded_by(*arguments: str) -> set[str]:
    """Run a command in a new interpreter and name the modules that it has then loaded."""
    program = (
        "import sys\n"
        "from voiceslot_tui.cli.main import run\n"
        f"code = run({list(arguments)!r})\n"
        "print(code, *sys.modules, file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    code, *modules = ran.stderr.splitlines()[-1].split()
    assert code == "0", ran.stderr
    return {module.split(".")[0] for module in modules}


@pytest.mark.usefixtures("engine")
def test_status_loads_nothing_heavy() -> None:
    loaded = loaded_by("status")
    assert "msgspec" in loaded
    assert not loaded & (HEAVY | {"phonenumbers", "structlog"})


@pytest.mark.usefixtures("engine")
def test_enqueue_loads_numbers_and_nothing_else_heavy() -> None:
    one = ("--to", "+12025550123", "--agent", "a", "--phone-number-id", "p")
    loaded = loaded_by("enqueue", *one)
    assert "phonenumbers" in loaded
    assert not loaded & HEAVY


# --- failures


def test_all_wrong_settings_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    problems = (SettingProblem("PORT", "must be a number"), SettingProblem("HOST", "is odd"))
    assert exit_code_of(SettingsInvalid(problems)) == 2
    err = capsys.readouterr().err
    assert "  PORT: must be a number\n" in err
    assert "  HOST: is odd\n" in err


def test_wrong_settings_say_where_they_were_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = SettingsInvalid((SettingProblem("PORT", "must be a number"),))
    exit_code_of(wrong)
    assert f"a .env, which {tmp_path} has not" in capsys.readouterr().err
    (tmp_path / ".env").touch()
    exit_code_of(wrong)
    assert f"from {tmp_path / '.env'};" in capsys.readouterr().err


def test_errors_of_a_task_group_are_said_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    group = ExceptionGroup("unhandled", [Rejected("the port is taken")])
    assert exit_code_of(ExceptionGroup("outer", [group])) == 1
    assert capsys.readouterr().err == "voiceslot: the port is taken\n"


def test_a_defect_is_reported_without_values(
    engine: FakeEngine, shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "an-invented-token-for-tests")

    async def defective(self: Link, _: object) -> None:
        in_a_local = "only-a-local-would-show-this"
        raise ZeroDivisionError(f"an-invented-token-for-tests +12025550123 {len(in_a_local)}")

    monkeypatch.setattr(Link, "ask", defective)
    ran = shell("status")
    assert (ran.code, ran.out) == (1, "")
    assert "ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err
    report = Path(re.search(r"in (\S+);", ran.err)[1])  # type: ignore[index]
    written = report.read_text()
    assert "ZeroDivisionError" in written
    assert "defective" in written, "the traceback is there"
    for hidden in ("an-invented-token-for-tests", "+12025550123", "only-a-local-would-show"):
        assert hidden not in written.replace('in_a_local = "only-a-local-would-show-this"', "")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_an_interrupted_command_exits_with_130(
    engine: FakeEngine, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(self: Link, _: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Link, "ask", interrupted)
    ran = shell("status")
    assert ran.code == 130
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("engine")
def test_a_reader_that_left_is_no_news() -> None:
    command = [sys.executable, "-m", "voiceslot_tui", "status"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""


@pytest.mark.parametrize(
    "arguments",
    [
        ["pause", "a\udcf1o"],
        ["dnc", "add", "+12025550123", "--why", "\udcf1"],
        ["messages", "--words", "\udcf1"],
        ["enqueue", *ONE, "--name", "\udcf1"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_an_argument_in_another_encoding_is_named_as_wrong(
    engine: FakeEngine, shell: Shell, arguments: list[str]
) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("voiceslot: an argument is not text in UTF-8")
    assert not engine.asked


def test_letters_that_the_encoding_of_the_terminal_lacks_end_no_output(engine: FakeEngine) -> None:
    async def explain(call_id: object) -> tuple[str, ...]:
        return ("\u674e is next, \xf1 too", "the end")

    engine.explain = explain  # type: ignore[method-assign]
    ran = subprocess.run(
        [sys.executable, "-m", "voiceslot_tui", "explain"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout == b"? is next, \xf1 too\nthe end\n"


# --- the console without a terminal


def test_without_a_terminal_the_state_is_printed(engine: FakeEngine, shell: Shell) -> None:
    ran = shell()
    assert ran.code == 2
    assert "3 queued" in ran.out
    assert "needs a terminal" in ran.err


def test_without_a_terminal_no_engine_is_started(shell: Shell, home: Path) -> None:
    ran = shell()
    assert (ran.code, ran.out) == (2, "no engine is running\n")
    assert not (home / "data").exists()
