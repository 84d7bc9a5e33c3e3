"""Every mistake of the catalogue can still be made, and is another one."""

from __future__ import annotations

import pytest

from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.run import ROOT, _witness, _wrong


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_can_be_made(mutant: Mutant) -> None:
    for edit in mutant.edits:
        assert (ROOT / "voiceslot_tui" / edit.file).read_text().count(edit.old) == 1, edit.file
        assert edit.new != edit.old


def test_no_two_mistakes_have_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize(
    ("line", "witness"),
    [
        ("Traceback (most recent call last):", ""),
        ("ImportError: cannot import name 'Slots'", ""),
        ("clock_set_ahead_hides_the_calls_of_others: P1: a person is rung twice", "name"),
        ("clock_set_ahead_hides_the_calls_of_others: all promises held", ""),
        ("seed 17 goes wrong: P1: a person is rung twice", "17"),
        ("seeds 1 to 17: 17 stories", ""),
    ],
)
def test_only_a_story_that_goes_wrong_notices_a_mistake(line: str, witness: str) -> None:
    """A copy that cannot even be imported proves nothing about the judges."""
    witness = line.partition(":")[0] if witness == "name" else witness
    assert _witness(line) == witness
    assert _wrong(["something else", line]) == (line if witness else "")
