"""The judge of campaigns with a disaster in them: what the engine believes, what really happened.

The simulator knows who was really rung; the closed database is read as it lies there.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tests.e2e.rig import Rig

LIMIT: Final = 10
FINAL: Final = frozenset({"ended", "refused", "expired", "suppressed", "cancelled"})
WORLD: Final[dict[str, object]] = {
    "limit": LIMIT,
    "ring_s": 0.1,
    "talk_s": 0.6,
    "analysis_s": 0.1,
    "no_answer_ring_s": 0.3,
}
ENV: Final = {
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIMIT),
    "POLLING_INTERVAL_MS": "250",
    "UNKNOWN_AFTER_S": "3",
    "LIST_LAG_S": "1",
    "START_TIMEOUT_S": "3",
    # What was reserved, never sent and so never found keeps its slot for as long as a call can
    # last: many kills must not use up all slots for half an hour.
    "MAX_CALL_MINUTES": "1",
    "RING_TIMEOUT_S": "5",
}


def all_over(made: Rig) -> bool:
    """Tell whether no call is queued or under way (unknown ones wait for the operator)."""
    return set(made.states()) <= FINAL | {"unknown"}


def all_over_but_what_was_never_dialled(made: Rig) -> bool:
    """Tell whether all is over but for calls that still are looked for and never rang."""
    states = made.states()
    rung = made.simulator.truth()["dials"].get("own", 0)
    return set(states) <= FINAL | {"uncertain", "unknown"} and rung == states.get("ended", 0)


def judge(made: Rig, accepted: int, *, patient: bool = True) -> dict[str, Any]:
    """Compare a campaign that is over, its engine stopped, with the truth; give the figures.

    Unless `patient`, calls may still be looked for.
    """
    truth = made.simulator.truth()
    assert truth["people_rung_again"] == {}
    assert truth["attempts_dialled_again"] == {}
    assert truth["max_live"] <= int(made.environment()["ELEVENLABS_CONCURRENCY_LIMIT"]), truth
    path = made.data_dir / "voiceslot.db"
    states = sound(path)
    assert sum(states.values()) == accepted
    assert set(states) <= FINAL | {"unknown"} | (set() if patient else {"uncertain"})
    assert slots_astray(path) == []
    attempts = attempt_states(path)
    rung = {dial["attempt_id"] for dial in made.simulator.dials() if dial["owner"] == "own"}
    assert rung <= set(attempts), "a dial without a record of ours"
    unsure = ("unknown", "uncertain")
    lost = [name for name, state in attempts.items() if state in unsure and name in rung]
    return {
        "rung": truth["dials"].get("own", 0),
        "states": dict(states),
        "unknown_although_rung": len(lost),
        "max_live": truth["max_live"],
    }


def sound(path: Path) -> Counter[str]:
    """Look a database over; give its calls by state, as counted in the rows."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        counted = dict(db.execute("SELECT state, count(*) FROM call GROUP BY state"))
        kept = dict(db.execute("SELECT name, n FROM counter WHERE kind = 'state' AND n > 0"))
        assert kept == counted, "the counters are not the rows"
        holds = "SELECT hold, count(*) FROM call WHERE state = 'queued' AND hold IS NOT NULL "
        counted_holds = dict(db.execute(holds + "GROUP BY hold"))
        kept_holds = dict(db.execute("SELECT name, n FROM counter WHERE kind = 'hold' AND n > 0"))
        assert kept_holds == counted_holds
        held = db.execute("SELECT n FROM counter WHERE kind = 'holding'").fetchone()[0]
        assert held == db.execute("SELECT count(*) FROM call WHERE holding").fetchone()[0]
        assert db.execute(_TWO_OPEN).fetchall() == []
    return Counter(counted)


_TWO_OPEN: Final = (
    "SELECT call_id FROM attempt WHERE state IN ('dialing', 'uncertain', 'live') "
    "GROUP BY call_id HAVING count(*) > 1"
)


def slots_astray(path: Path) -> list[tuple[object, ...]]:
    """Give the calls of a campaign that is over which hold a slot, or hold none, wrongly.

    An unknown call holds its slot until it can no longer be talking.
    """
    with closing(sqlite3.connect(path)) as db:
        return db.execute(_ASTRAY).fetchall()


_ASTRAY: Final = (
    "SELECT call.id, call.state, holding, call.changed_at, holds_until FROM call "
    "LEFT JOIN attempt ON attempt.id = call.attempt_id "
    "WHERE holding != (call.state IN ('unknown', 'uncertain')) "
    "AND NOT (call.state = 'unknown' AND call.changed_at >= holds_until)"
)


def attempt_states(path: Path) -> dict[str, str]:
    """Read every attempt's state."""
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT id, state FROM attempt"))
