"""README and docs say what the code does: tables are made from it, what is named exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from voiceslot_tui.settings import table

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page.relative_to(ROOT)
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("campaigns/*.md")]
)
DEFECTS = ROOT / "docs" / "defects.md"
SHORT_FOR = {"engine": "voiceslot_tui", "regressions": "tests/simulation"}
"""Where the folders lie whose names are shortened in docs/defects.md."""


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


def test_the_example_of_settings_shows_every_setting() -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    assert text == load_maker().example_written(text), "make docs writes it anew"
    shown = re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)
    assert sorted(shown) == sorted(row.name for row in table())


def test_every_command_is_named() -> None:
    """The commands of the program stand in README, and no others."""
    from voiceslot_tui.cli.main import COMMANDS

    text = (ROOT / "README.md").read_text("utf-8")
    assert COMMANDS
    for command in COMMANDS:
        assert re.search(rf"`(voiceslot )?{command}\b", text), command


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_that_is_linked_exists(page: Path) -> None:
    """No link leads nowhere."""
    text = (ROOT / page).read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert links or page != Path("README.md")
    for link in links:
        assert (ROOT / page.parent / link.split("#")[0]).exists(), link


def test_every_defect_is_kept_somewhere() -> None:
    """Each row names what fails where the defect comes back, and that exists."""
    rows = re.findall(r"^\| (?!found by|---)(.*) \|$", DEFECTS.read_text("utf-8"), re.MULTILINE)
    assert rows
    for row in rows:
        *_, kept = row.rsplit(" | ", 1)
        names = re.findall(r"`([^`]+)`", kept)
        assert names, row
        for name in names:
            short = SHORT_FOR.get(name.split("/")[0], "")
            assert (ROOT / short / name).is_file(), row
