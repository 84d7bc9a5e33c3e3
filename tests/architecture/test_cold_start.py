"""What starts fast stays fast: heavy libraries are loaded only by what uses them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT

NETWORK_AND_DATABASE = {"httpx", "aiohttp", "twilio", "aiosqlite"}
HEAVY = NETWORK_AND_DATABASE | {"textual", "phonenumbers", "jinja2"}

REPORT = """
import sys
{statements}
print("loaded:", *sorted(name for name in sys.modules if "." not in name))
"""
HELP = """
from voiceslot_tui.cli.main import main
sys.argv = ["voiceslot", {arguments}]
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
"""


def loaded_by(statements: str) -> set[str]:
    """Run statements in a new interpreter and name the top-level modules it has then loaded."""
    command = [sys.executable, "-c", REPORT.format(statements=statements)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.splitlines()[-1].split()[1:])


def test_the_package_itself_imports_nothing() -> None:
    bare = loaded_by("")
    assert loaded_by("import voiceslot_tui") - bare == {"voiceslot_tui"}


@pytest.mark.parametrize("arguments", ["'--help'", "'--version'"])
def test_help_loads_nothing_heavy(arguments: str) -> None:
    assert not loaded_by(HELP.format(arguments=arguments)) & HEAVY


def test_plain_commands_load_no_network_and_no_database() -> None:
    loaded = loaded_by("import voiceslot_tui.cli.plain")
    assert not loaded & (NETWORK_AND_DATABASE | {"textual"})


def test_the_console_loads_no_network_and_no_database() -> None:
    loaded = loaded_by("import voiceslot_tui.console.operator_app, voiceslot_tui.link.client")
    assert "textual" in loaded
    assert not loaded & (NETWORK_AND_DATABASE | {"jinja2"})
