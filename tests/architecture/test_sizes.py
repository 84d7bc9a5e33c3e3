"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

from statistics import mean

from tests.architecture.tree import ROOT, functions, modules

LONGEST_FILE_LINES = 400
LONGEST_FUNCTION_LINES = 60
LONGEST_MEAN_FUNCTION_LINES = 12


def test_no_file_is_longer_than_its_bound() -> None:
    lengths = {module: len(module.read_text().splitlines()) for module in modules()}
    too_long = [
        f"{module.relative_to(ROOT)}: {lines} lines"
        for module, lines in lengths.items()
        if lines > LONGEST_FILE_LINES
    ]
    assert not too_long


def test_no_function_is_longer_than_its_bound() -> None:
    too_long = [
        str(function) for function in functions() if function.lines > LONGEST_FUNCTION_LINES
    ]
    assert not too_long


def test_functions_are_short_on_the_whole() -> None:
    lengths = [function.lines for function in functions()]
    print(f"{len(lengths)} functions, {mean(lengths):.1f} lines on average")
    assert mean(lengths) <= LONGEST_MEAN_FUNCTION_LINES
