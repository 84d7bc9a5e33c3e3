"""README says what the code does: its tables are made from the code, and its words exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load_maker() -> ModuleType:
    """Load the script that writes the tables."""
    spec = importlib.util.spec_from_file_location("readme", ROOT / "scripts" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings", "states", "keys"])
def test_each_table_is_what_the_code_says(name: str) -> None:
    """A table that was not made anew after a change is found here; `make docs` makes it."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(f"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    assert found is not None
    assert found[1] == load_maker().TABLES[name]()


def test_every_command_is_named() -> None:
    """The commands of the program stand in README, and no others."""
    from voiceslot_tui.cli.main import COMMANDS

    text = (ROOT / "README.md").read_text("utf-8")
    assert COMMANDS
    for command in COMMANDS:
        assert re.search(rf"`(voiceslot )?{command}\b", text), command


def test_every_file_that_is_linked_exists() -> None:
    """No link leads nowhere."""
    text = (ROOT / "README.md").read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links
    for link in links:
        assert (ROOT / link.split("#")[0]).exists(), link
