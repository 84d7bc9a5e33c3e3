"""The README's picture of the states is the table of transitions, and no other."""

from __future__ import annotations

import re

from tests.architecture.states_diagram import diagram
from tests.architecture.tree import ROOT
from voiceslot_tui.core.calls import TRANSITIONS

BLOCK = re.compile(r"<!-- states -->\n(.*?)\n?<!-- /states -->", re.DOTALL)


def test_the_readme_draws_the_table_of_transitions() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = BLOCK.search(readme)
    assert block is not None, "the README has no block between <!-- states --> and <!-- /states -->"
    assert block.group(1).strip() == diagram(), (
        "run `python -m tests.architecture.states_diagram` and put what it prints into the README"
    )


def test_the_picture_shows_every_transition() -> None:
    arrows = re.findall(r"^    (\w+) --> (\w+): (.+)$", diagram(), re.MULTILINE)
    drawn = {
        (start, step, target) for start, target, steps in arrows for step in steps.split(" / ")
    }
    assert drawn == {
        (str(start), str(step), str(target))
        for (start, step), targets in TRANSITIONS.items()
        for target in targets
    }
