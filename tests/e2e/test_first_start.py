"""The first start, and starts that cannot be: each says in plain words what to do next.

Without a key, with a wrong one, with nobody there; on a folder that another engine works with, and
on a database that is damaged, too new or somebody else's. Nothing is ever lost or made anew.
"""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.outside import status, voiceslot
from tests.e2e.rig import Rig, free_port, number, rig, simulator, wait_for
from tests.e2e.seen import ALL_ANSWER, QUICK, after_two_more_readings, own_dials, states

ENV = {"POLLING_INTERVAL_MS": "200", "LIST_LAG_S": "0"}
WORLD = {**QUICK, **ALL_ANSWER, "talk_s": 0.1}
READING_FIRST = "the engine reads the platform's live calls before it dials"


def said(made: Rig, words: str) -> str:
    """Wait until the engine has said something on its terminal; give the line."""

    def found() -> str:
        lines = (made.folder / "engine.out").read_text().splitlines()
        return next((line for line in lines if words in line), "")

    return str(wait_for(f"the engine says {words!r}", found))


def test_without_a_key_all_that_is_wrong_is_listed_before_anything_starts(tmp_path: Path) -> None:
    with rig(tmp_path, ENV) as made:
        wrong = {"ELEVENLABS_API_KEY": "", "ELEVENLABS_CONCURRENCY_LIMIT": "five"}
        wrong |= {"ELEVENLABS_BASE_URL": "http://example.com", "VOICESLOT_DATADIR": "x"}
        refused = voiceslot(made, "serve", **wrong)
        assert (refused.returncode, refused.stdout) == (2, "")
        print(refused.stderr)
        assert "ELEVENLABS_API_KEY: is missing; make one in the ElevenLabs settings" in (
            refused.stderr
        )
        for name in ("ELEVENLABS_CONCURRENCY_LIMIT", "ELEVENLABS_BASE_URL", "VOICESLOT_DATADIR"):
            assert f"  {name}: " in refused.stderr
        assert ".env" in refused.stderr.splitlines()[-1]
        assert not made.data_dir.exists()
        asked = voiceslot(made, "status")
        assert asked.returncode == 1
        assert "start it with `voiceslot serve`" in asked.stderr


def test_with_a_wrong_key_it_says_so_and_the_right_one_is_all_it_takes(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start(ELEVENLABS_API_KEY="a-key-of-somebody-else")
        made.enqueue(number(0))
        line = said(made, "refuses ELEVENLABS_API_KEY")
        print(line)
        assert "set the right one and start again" in line
        assert "HTTP 401" in line
        snapshot = status(made)
        assert (snapshot["engine"], snapshot["calls"]) == ("recovering", {"queued": 1})
        shown, why = voiceslot(made, "status").stdout, voiceslot(made, "explain", "1").stdout
        for text in (shown, why):
            assert f"{READING_FIRST}; ElevenLabs refuses ELEVENLABS_API_KEY" in text
        assert "a-key-of-somebody-else" not in shown + why + made.output()
        made.kill(signal.SIGTERM)
        assert own_dials(made) == 0
        made.start()
        wait_for("the call has ended", lambda: states(made, ended=1))
        assert own_dials(made) == 1


def test_a_key_that_may_not_dial_pauses_the_engine_which_says_why(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.simulator.faults({"kind": "unauthorized", "target": "start"})
        made.start()
        for index in range(3):
            made.enqueue(number(index))
        wait_for("it pauses itself", lambda: made.stats()["snapshot"]["engine"] == "paused")
        wait_for("all are back in the queue", lambda: states(made, queued=3))
        shown = voiceslot(made, "status").stdout
        print(shown)
        assert "by engine: the platform refuses this account; put that right" in shown
        assert own_dials(made) == 0
        made.simulator.faults()
        assert voiceslot(made, "resume").returncode == 0
        wait_for("all have ended", lambda: states(made, ended=3))
        assert own_dials(made) == 3


def test_with_the_platform_out_of_reach_it_waits_and_goes_on_by_itself(tmp_path: Path) -> None:
    port = free_port()
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start(ELEVENLABS_BASE_URL=f"http://127.0.0.1:{port}")
        made.enqueue(number(0))
        line = said(made, "cannot be reached")
        print(line)
        assert "is tried again; see to the network and to ELEVENLABS_BASE_URL" in line
        assert f"{READING_FIRST}; ElevenLabs cannot be reached" in voiceslot(made, "explain").stdout
        assert status(made)["calls"] == {"queued": 1}
        with simulator(port, **WORLD) as there:
            wait_for("the call has ended", lambda: states(made, ended=1))
            assert there.truth()["people_rung"] == 1
            said(made, "reconciler is well again")


def test_a_second_engine_on_the_same_folder_gives_way_to_the_first(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        assert made.engine is not None
        first = made.engine.pid
        second = voiceslot(made, "serve", PORT=free_port())
        print(second.stderr)
        assert second.returncode == 1
        assert f"another engine (process {first}) works with {made.data_dir}" in second.stderr
        assert "VOICESLOT_DATA_DIR" in second.stderr
        made.enqueue(number(0))
        wait_for("the first goes on", lambda: states(made, ended=1))
        assert made.kill(signal.SIGTERM) == 0
        made.start()
        assert states(made, ended=1)


def spoil(database: Path) -> None:
    """Overwrite the middle of a file, where the tables are."""
    raw = bytearray(database.read_bytes())
    raw[4096:12288] = b"\xff" * 8192
    database.write_bytes(bytes(raw))


def from_the_future(database: Path) -> None:
    """Let a newer version have written it."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA user_version = 99")


def somebody_elses(database: Path) -> None:
    """Put another program's database in its place."""
    database.unlink()
    with closing(sqlite3.connect(database)) as db:
        db.execute("CREATE TABLE photos (id INTEGER)")
        db.commit()


def no_database(database: Path) -> None:
    """Put something else in its place."""
    database.write_bytes(b"this is a shopping list, not a database\n" * 100)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil, ("is damaged", "nothing was changed", "Move voiceslot.db, voiceslot.db-wal")),
        (from_the_future, ("a newer version of voiceslot (schema 99", "install that version")),
        (somebody_elses, ("not one of voiceslot", "VOICESLOT_DATA_DIR")),
        (no_database, ("is damaged", "file is not a database", "put a backup")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_database_that_cannot_be_used_is_left_as_it_is(
    change: object, words: tuple[str, ...], tmp_path: Path
) -> None:
    assert callable(change)
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start(ELEVENLABS_BASE_URL=f"http://127.0.0.1:{free_port()}")
        for index in range(3):
            made.enqueue(number(index))
        made.kill(signal.SIGTERM)
        database = made.data_dir / "voiceslot.db"
        whole = database.read_bytes()
        change(database)
        before = {file.name: file.read_bytes() for file in database_files(made)}
        refused = voiceslot(made, "serve")
        print(refused.stderr)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert all(word in refused.stderr for word in words), refused.stderr
        assert "Traceback" not in refused.stderr
        assert {file.name: file.read_bytes() for file in database_files(made)} == before
        database.write_bytes(whole)
        made.start()
        wait_for("what was queued is dialled", lambda: states(made, ended=3))


def test_a_backup_that_was_put_back_rings_nobody_before_an_operator_says_so(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        database = made.data_dir / "voiceslot.db"
        made.start(ELEVENLABS_BASE_URL=f"http://127.0.0.1:{free_port()}")
        for index in range(3):
            made.enqueue(number(index))
        made.kill(signal.SIGTERM)
        copy = database.read_bytes()
        made.start()
        wait_for("all are dialled after the copy was made", lambda: states(made, ended=3))
        made.kill()
        for file in database_files(made):
            file.unlink()
        database.write_bytes(copy)
        made.start(program=("-m", "voiceslot_tui", "serve", "--paused"))
        after_two_more_readings(made)
        assert own_dials(made) == 3
        standing = status(made)
        assert (standing["engine"], standing["calls"]) == ("paused", {"queued": 3})
        shown = voiceslot(made, "status").stdout
        print(shown)
        assert "by serve --paused: started with --paused" in shown
        for verb in (("cancel", "1", "2"), ("resume",)):
            assert voiceslot(made, *verb).returncode == 0
        wait_for("only the last is dialled", lambda: states(made, ended=1, cancelled=2))
        assert own_dials(made) == 4


def test_a_database_that_another_program_holds_is_not_called_damaged(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **WORLD) as made:
        made.start()
        made.kill(signal.SIGTERM)
        with closing(sqlite3.connect(made.data_dir / "voiceslot.db", isolation_level=None)) as db:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("BEGIN EXCLUSIVE")
            refused = voiceslot(made, "serve")
        print(refused.stderr)
        assert refused.returncode == 1
        assert "another program holds" in refused.stderr
        assert "damaged" not in refused.stderr
        made.start()


def database_files(made: Rig) -> list[Path]:
    """Name the database and the files that SQLite keeps beside it, as far as they hold data."""
    files = made.data_dir.glob("voiceslot.db*")
    return [file for file in files if not file.name.endswith(("-shm", ".lock"))]
