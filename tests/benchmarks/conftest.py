"""What benchmarks share: one queue of a million calls, filled once and copied by who changes it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.filling import fill_queue


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, Path], Path]:
    """Give a function that makes a data folder of so many queued calls; each number filled once."""
    originals: dict[int, Path] = {}

    def copy(count: int, folder: Path) -> Path:
        if count not in originals:
            originals[count] = tmp_path_factory.mktemp(f"filled-{count}")
            seconds = fill_queue(originals[count], count)
            print(f"\nfilled a queue with {count:,} calls in {seconds:.1f} s")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(originals[count] / "voiceslot.db", folder)
        return folder

    return copy
