"""`kill -9` amid many commits: all that was acknowledged is there, and nothing is torn."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.store.stores import NOW
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.pages import PageQuery
from voiceslot_tui.store.sqlite import open_store

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("acknowledged", [1, 150, 700])
async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "voiceslot.db"
    told = killed_after(path, acknowledged)
    assert len(told) >= acknowledged
    store = await open_store(path, NOW)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        kept = {row[0] for row in db.execute("SELECT to_number FROM call")}
        assert set(told) <= kept
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert list(db.execute("PRAGMA foreign_key_check")) == []
        states = dict(db.execute("SELECT state, count(*) FROM call GROUP BY state"))
        dials = db.execute("SELECT count(*) FROM attempt WHERE state = 'dialing'").fetchone()[0]
        messages = dict(db.execute("SELECT state, count(*) FROM follow_up GROUP BY state"))
        claims = {row[0] for row in db.execute("SELECT id FROM message_try")}
        current = {row[0] for row in db.execute("SELECT try_id FROM follow_up") if row[0]}
        names = db.execute("SELECT count(*) FROM follow_up_key").fetchone()[0]
    assert claims == current == set(await store.tries_cut_off())
    assert len(claims) == messages.get(FollowUpState.SENDING, 0)
    assert names == 2 * sum(messages.values())
    told_of = (await store.follow_up_counts()).states
    assert {state: n for state, n in told_of.items() if n} == messages
    counts = await store.counts()
    assert {state: n for state, n in counts.states.items() if n} == states
    assert counts.holding == states.get(CallState.DIALING, 0) == dials
    assert len(await store.open_calls()) == dials
    assert (await store.page(PageQuery(count=10))).rows
    await store.close()


def killed_after(path: Path, acknowledged: int) -> list[str]:
    """Run the child until it has told so much, kill it, and give all that it ever told."""
    command = [sys.executable, "-m", "tests.contract.store.adding_child", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline().strip() for _ in range(acknowledged)]
        child.send_signal(signal.SIGKILL)
        told += [line.strip() for line in child.stdout if line.endswith("\n")]
        assert child.wait(20) == -signal.SIGKILL
    return told
