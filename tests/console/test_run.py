"""The front door: where there is no terminal it says so and loads nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import sys
from pathlib import Path
from voiceslot_tui.console.app import run
code = run(Path("nobody.sock"))
print("textual" in sys.modules)
sys.exit(code)
"""


@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_without_a_terminal_the_console_says_so_at_once(term: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        env={**os.environ, "TERM": term},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert "needs a terminal" in ran.stderr
    assert ran.stdout == "False\n"
