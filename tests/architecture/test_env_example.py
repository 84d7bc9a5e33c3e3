"""The example file names settings that exist, and the defaults they really have."""

from __future__ import annotations

import re

import pytest

from tests.architecture.tree import ROOT
from voiceslot_tui import settings

LINES = re.findall(
    r"^(#?)([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE
)


def test_the_example_has_settings() -> None:
    assert {"ELEVENLABS_API_KEY", "HOST"} <= {name for _, name, _ in LINES}


@pytest.mark.parametrize(("commented", "name", "value"), LINES)
def test_an_example_line_shows_the_default(commented: str, name: str, value: str) -> None:
    defaults = {row.name: row.default for row in settings.table()}
    assert name in defaults
    assert value == defaults[name], f"{commented}{name} shows another default than the program has"
