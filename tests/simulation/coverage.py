"""What the stories have reached: which fault struck in which state, and every transition taken."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Coverage:
    """Counters of one story or of many. `states` are the states that have a call right now."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.fired: Counter[str] = Counter()
        self.cells: Counter[tuple[str, str]] = Counter()
        self.moves: Counter[tuple[str, str]] = Counter()

    def fire(self, fault: str) -> None:
        """Note that a fault struck, and which states calls were in."""
        self.fired[fault] += 1
        for state in self.states:
            self.cells[fault, state] += 1

    def move(self, old: str, new: str, *, through: str | None = None) -> None:
        """Note a transition taken; the two that it is made of, besides, where it went `through`."""
        self.moves[old, new] += 1
        if through is not None:
            self.moves[old, through] += 1
            self.moves[through, new] += 1

    def take_in(self, other: Coverage) -> None:
        """Add what another has counted."""
        self.fired.update(other.fired)
        self.cells.update(other.cells)
        self.moves.update(other.moves)

    def as_json(self) -> dict[str, Any]:
        """Give all counters as a JSON object."""
        return {
            "fired": dict(self.fired),
            "cells": [[*cell, n] for cell, n in self.cells.items()],
            "moves": [[*move, n] for move, n in self.moves.items()],
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Coverage:
        """Read what `as_json` has written."""
        made = cls()
        made.fired.update(body["fired"])
        made.cells.update({(fault, state): n for fault, state, n in body["cells"]})
        made.moves.update({(old, new): n for old, new, n in body["moves"]})
        return made
