"""What a test looks at: the simulator's truth and the engine's own figures, as numbers."""

from __future__ import annotations

from typing import Any, Final

from tests.e2e.rig import Rig, wait_for

QUICK: Final[dict[str, Any]] = {
    "limit": 100,
    "ring_s": 0.05,
    "talk_s": 0.3,
    "talk_spread": 0.2,
    "no_answer_ring_s": 0.1,
    "analysis_s": 0.05,
}
"""A world of short calls with more slots than any engine of ours may use: going over the limit is
then dialled, not refused."""
ALL_ANSWER: Final[dict[str, Any]] = {
    "answered_weight": 1.0,
    "voicemail_weight": 0.0,
    "no_answer_weight": 0.0,
    "busy_weight": 0.0,
    "failed_weight": 0.0,
}
LONG: Final[dict[str, Any]] = {**QUICK, **ALL_ANSWER, "talk_s": 600.0}
"""The same, but whoever is rung answers and talks longer than any test lasts."""
NEVER_POLLS: Final = {"POLLING_INTERVAL_MS": "600000"}
"""News of an end then comes by webhook or not at all."""


def own_dials(made: Rig) -> int:
    """Count how many people we really rang."""
    return int(made.simulator.truth()["dials"].get("own", 0))


def own_live(made: Rig) -> int:
    """Count how many calls of ours really ring or talk."""
    return int(made.simulator.truth()["live_by_owner"].get("own", 0))


def starts(made: Rig) -> int:
    """Count the starts that the platform has read."""
    return int(made.simulator.truth()["requests_read"].get("start_twilio", 0))


def readings(made: Rig) -> int:
    """Count the polls that the platform has read."""
    return int(made.simulator.truth()["requests_read"].get("list_conversations", 0))


def states(made: Rig, **wanted: int) -> bool:
    """Tell whether so many calls stand in these states, by the engine's own account."""
    found = made.states()
    return all(found.get(state, 0) == count for state, count in wanted.items())


def after_two_more_readings(made: Rig) -> None:
    """Wait until the engine has looked at the platform twice from now on, and acted on it."""
    before = readings(made)
    wait_for("two more readings", lambda: readings(made) >= before + 3)


def first_dial(made: Rig) -> dict[str, Any]:
    """Give the first entry of the dial log."""
    return dict(made.simulator.dials()[0])


def slot_use(dials: list[dict[str, Any]], limit: int) -> float:
    """Give the share of slots in use from the first dial to the last: while there was a queue."""
    first, last = dials[0]["started_at"], dials[-1]["started_at"]
    live_s = sum(min(dial["hung_up_at"] or last, last) - dial["started_at"] for dial in dials)
    return float(live_s / (limit * (last - first)))
