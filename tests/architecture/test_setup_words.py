"""A machine where something is missing is told what, in words, and what to type."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

# What scripts/setup.sh needs beside Python before it installs anything.
TOOLS = ("sh", "cat", "rm")


@pytest.fixture
def bare_machine(tmp_path: Path) -> Path:
    """Make a folder with the repository's set-up, and beside it a PATH without any Python."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def add_python(machine: Path, script: str) -> None:
    python = machine / "bin" / "python3"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)


def set_up(machine: Path) -> str:
    """Run the set-up, which must refuse, and return what it said."""
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine)}
    command = [str(machine / "scripts" / "setup.sh"), "run"]
    ran = subprocess.run(
        command,
        cwd=machine,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert not (machine / ".venv" / "run.stamp").exists()
    return ran.stderr


def test_no_python_at_all(bare_machine: Path) -> None:
    assert "Python 3.11 or newer, and none was found" in set_up(bare_machine)


def test_an_old_python_only(bare_machine: Path) -> None:
    add_python(bare_machine, "exit 1")
    assert "sudo apt install python3 python3-venv" in set_up(bare_machine)


def test_a_python_without_venv(bare_machine: Path) -> None:
    add_python(
        bare_machine,
        f"""case "$*" in
            *ensurepip*) exit 1 ;;
            *sys.executable*) echo "$0" ;;
            *) exec "{sys.executable}" "$@" ;;
        esac""",
    )
    said = set_up(bare_machine)
    assert "has no venv or no pip" in said
    assert re.search(r"sudo apt install python3\.\d+-venv$", said, re.MULTILINE)


def test_every_target_of_make_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))
    explained = subprocess.run(
        ["make", "help"], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    ).stdout
    assert targets == set(re.findall(r"^make (\S+) ", explained, re.MULTILINE))
