"""Every mistake of the catalogue can still be made, and is another one."""

from __future__ import annotations

import pytest

from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.run import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_can_be_made(mutant: Mutant) -> None:
    for edit in mutant.edits:
        assert (ROOT / "voiceslot_tui" / edit.file).read_text().count(edit.old) == 1, edit.file
        assert edit.new != edit.old


def test_no_two_mistakes_have_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
