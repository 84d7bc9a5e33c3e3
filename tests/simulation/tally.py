"""What many stories came to, kept in a file so that a long run goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from tests.simulation.coverage import Coverage
from tests.simulation.telling import Told

_ROOT: Final = Path(__file__).resolve().parents[2]
_SOURCES: Final = ("voiceslot_tui", "tests/simulation")
_NOT_IN_A_STORY: Final = {"console", "cli"}


class Tally:
    """What the stories from seed `first` up to `next_seed` have reached.

    `wrong` are the seeds of those that went wrong.
    """

    def __init__(self, first: int) -> None:
        self.first, self.next_seed = first, first
        self.stories = 0
        self.virtual_s = self.cpu_s = self.longest_cpu_s = self.took_s = 0.0
        self.wrong: list[int] = []
        self.reached = Coverage()

    def add(self, seed: int, one: Told) -> None:
        """Count a story."""
        self.stories, self.next_seed = self.stories + 1, seed + 1
        self.virtual_s += one.virtual_s
        self.cpu_s += one.cpu_s
        self.longest_cpu_s = max(self.longest_cpu_s, one.cpu_s)
        self.reached.take_in(one.coverage)
        if one.violation is not None:
            self.wrong.append(seed)

    def words(self) -> str:
        """Say how far it is, and how fast."""
        hours, took_s = self.virtual_s / 3600, max(self.took_s, 0.001)
        return (
            f"{self.stories} stories, {hours:.0f} simulated hours in {took_s:.0f} s: "
            f"{self.stories / took_s:.1f} seeds/s, {hours / took_s:.2f} hours/s, "
            f"{self.cpu_s / max(1, self.stories):.2f} s of processor a seed (at most "
            f"{self.longest_cpu_s:.1f})"
        )

    def keep(self, file: Path) -> None:
        """Write it down, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        written = file.with_suffix(".new")
        written.write_text(json.dumps({"source": source_digest(), **self._as_json()}))
        written.replace(file)

    def _as_json(self) -> dict[str, Any]:
        plain = {name: value for name, value in vars(self).items() if name != "reached"}
        return {**plain, "reached": self.reached.as_json()}


def kept(file: Path, first: int) -> Tally:
    """Take up the run that a file tells of; a new one where it is of other code or another seed."""
    tally = Tally(first)
    if not file.is_file():
        return tally
    body = json.loads(file.read_text())
    if body.pop("source") != source_digest() or body["first"] != first:
        print(f"{file.name} is of other code, or of another first seed: the run begins anew")
        return tally
    reached = Coverage.from_json(body.pop("reached"))
    vars(tally).update(body, reached=reached)
    return tally


def source_digest() -> str:
    """Give a digest of all that decides how a story goes: our source and the simulation's."""
    found = hashlib.sha256()
    for path in sorted(one for folder in _SOURCES for one in (_ROOT / folder).rglob("*")):
        name = path.relative_to(_ROOT)
        if path.suffix in (".py", ".sql") and not _NOT_IN_A_STORY & set(name.parts):
            found.update(name.as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()
