"""The database file: private, alone, never recreated, and what is the matter in plain words."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.store.messages import ended, wrote
from tests.contract.store.stores import NOW, new_call
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.errors import (
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
    StoreUnusable,
    VoiceslotError,
)
from voiceslot_tui.core.follow_ups import Channel, FollowUpState
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.store import database
from voiceslot_tui.store.migrate import migrate, scripts
from voiceslot_tui.store.sqlite import open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "voiceslot.db"


async def made(path: Path, calls: int = 3) -> None:
    store = await open_store(path, NOW)
    await store.add([new_call(n) for n in range(calls)], NOW, "producer")
    await store.close()


async def refused(path: Path, kind: type[VoiceslotError], *words: str) -> None:
    """Expect that the file cannot be opened, is said to be so, and is left as it is."""
    before = held(path)
    with pytest.raises(kind) as caught:
        await open_store(path, NOW)
    assert type(caught.value) is kind
    for word in words:
        assert word in str(caught.value)
    assert held(path) == before
    assert not path.with_name(f"{path.name}-journal").exists()


def held(path: Path) -> list[bytes]:
    """Give what a database and its log hold; a log that is not there holds nothing."""
    files = [path, path.with_name(f"{path.name}-wal")]
    return [file.read_bytes() if file.is_file() else b"" for file in files]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_everything_is_for_the_owner_only(path: Path) -> None:
    before = os.umask(0)
    try:
        store = await open_store(path, NOW)
        await store.add([new_call(1)], NOW, "producer")
        assert mode(path.parent) == 0o700
        files = sorted(path.parent.iterdir())
        assert {file.name for file in files} == {
            "voiceslot.db",
            "voiceslot.db-shm",
            "voiceslot.db-wal",
            "voiceslot.db.lock",
        }
        assert {file.name: mode(file) for file in files} == {file.name: 0o600 for file in files}
        await store.close()
    finally:
        os.umask(before)


async def test_a_copy_put_back_is_made_private_again_with_its_companions(path: Path) -> None:
    """As after `cp` from a backup, or after a crash of an engine that ran on such a copy."""
    store = await open_store(path, NOW)
    await store.add([new_call(1)], NOW, "producer")
    kept = {end: path.with_name(path.name + end).read_bytes() for end in ("", "-wal", "-shm")}
    await store.close()
    for end, content in kept.items():
        file = path.with_name(path.name + end)
        file.write_bytes(content)
        file.chmod(0o644)
    store = await open_store(path, NOW)
    try:
        found = {end: mode(path.with_name(path.name + end)) for end in kept}
        assert found == dict.fromkeys(kept, 0o600)
        assert (await store.counts()).states[CallState.QUEUED] == 1
    finally:
        await store.close()


async def test_a_second_engine_is_refused_and_the_first_one_named(path: Path) -> None:
    store = await open_store(path, NOW)
    await refused(path, StoreLocked, str(os.getpid()), "VOICESLOT_DATA_DIR")
    await store.close()
    await made(path)


async def test_a_lock_left_by_a_dead_engine_locks_nobody_out(path: Path) -> None:
    await made(path)
    assert path.with_name("voiceslot.db.lock").exists()
    await made(path)


async def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    await made(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    await refused(path, StoreTooNew, "newer", "99")


async def test_somebody_elses_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    await refused(path, StoreDamaged, "not one of voiceslot")


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0 a picture" * 100, b"name,number\nAna,1\n" * 100]
)
async def test_a_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    await refused(path, StoreDamaged, "damaged", "nothing was changed")


async def test_a_damaged_file_is_refused_and_kept(path: Path) -> None:
    await made(path, 2000)
    content = bytearray(path.read_bytes())
    for page in range(5, len(content) // 4096 - 1):
        content[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(bytes(content))
    await refused(path, StoreDamaged, "damaged")


async def test_a_copy_beside_the_log_of_another_database_is_refused_and_both_are_kept(
    path: Path,
) -> None:
    """A backup was put in the place of a database whose engine had died, its log left behind."""
    await made(path)
    wrecked = path.with_name("wrecked.db")
    await made(wrecked, 2000)
    store = await open_store(wrecked, NOW)
    await store.add([new_call(n) for n in range(2000, 2100)], NOW, "producer")
    log = wrecked.with_name(f"{wrecked.name}-wal").read_bytes()
    await store.close()
    path.with_name(f"{path.name}-wal").write_bytes(log)
    await refused(path, StoreDamaged, "nothing was changed", "-wal and voiceslot.db-shm")
    assert path.with_name(f"{path.name}-wal").is_file()


async def test_a_first_start_that_was_cut_off_is_undone_and_made_again(path: Path) -> None:
    """What the first write left is a journal of a file that is no database of ours yet."""
    path.parent.mkdir()
    making = path.with_name("making.db")
    with closing(sqlite3.connect(making, isolation_level=None)) as db:
        db.execute("CREATE TABLE half (text)")
        db.execute("DROP TABLE half")
        db.execute("PRAGMA cache_size = 1")
        db.execute("BEGIN")
        db.execute("CREATE TABLE half (text)")
        db.executemany("INSERT INTO half VALUES (?)", [("x" * 3000,)] * 50)
        journal = path.with_name(f"{path.name}-journal")
        journal.write_bytes(making.with_name(f"{making.name}-journal").read_bytes())
        db.execute("COMMIT")
        path.write_bytes(making.read_bytes())
    assert journal.stat().st_size
    await made(path)
    assert not journal.exists()


async def test_a_truncated_file_is_refused(path: Path) -> None:
    await made(path, 2000)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    await refused(path, StoreDamaged, "damaged")


async def test_a_file_that_another_program_holds_is_said_to_be_held(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(path)
    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await refused(path, StoreLocked, "another program")
        other.execute("ROLLBACK")
    await made(path)


async def test_a_place_that_is_no_file_is_said_to_be_none(path: Path) -> None:
    path.mkdir(parents=True)
    await refused(path, StoreUnusable, str(path))


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    await refused(tmp_path / "data" / "voiceslot.db", StoreUnusable, str(tmp_path / "data"))


async def test_a_refused_file_leaves_no_lock_behind(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 1000)
    await refused(path, StoreDamaged)
    with path.with_name("voiceslot.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


# --- migrations

LATER = "ALTER TABLE engine ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';"


def test_a_migration_keeps_everything_and_a_copy_of_before(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path)
        db.execute("INSERT INTO engine (one, epoch, first_started_at) VALUES (1, 7, 8)")
        migrate(db, path, (*scripts(), LATER))
        assert db.execute("SELECT epoch, colour FROM engine").fetchone() == (7, "blue")
        assert db.execute("PRAGMA user_version").fetchone() == (len(scripts()) + 1,)
    copy = path.with_name(f"voiceslot.db.before-schema-{len(scripts()) + 1}")
    assert mode(copy) == 0o600
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT * FROM engine").fetchone() == (1, 7, 8)


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path)
        before = list(db.execute("SELECT sql FROM sqlite_schema"))
        with pytest.raises(sqlite3.Error):
            migrate(db, path, (*scripts(), LATER + "CREATE TABLE call (id);"))
        assert list(db.execute("SELECT sql FROM sqlite_schema")) == before
        assert db.execute("PRAGMA user_version").fetchone() == (len(scripts()),)


async def test_a_file_of_before_the_follow_ups_keeps_its_calls_and_takes_messages(
    path: Path,
) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path, scripts()[:1])
        db.execute("INSERT INTO engine (one, epoch, first_started_at) VALUES (1, 7, 8)")
        db.execute("DELETE FROM counter WHERE kind LIKE 'message%' OR kind = 'suppressed'")
        db.execute("UPDATE counter SET n = 2 WHERE kind = 'state' AND name = 'queued'")
        for number in (1, 2):
            db.execute(
                "INSERT INTO call (id, to_number, name, agent_id, agent_phone_number_id, priority, "
                "position, state, holding, cancel_wished, attempts, max_attempts, refusals, "
                "created_at, changed_at) VALUES (?, ?, 'Ana', 'agent_1', 'phnum_1', 0, 0, "
                "'queued', 0, 0, 0, 1, 0, 5, 5)",
                (number, f"+1202555010{number}"),
            )
        db.execute(
            "INSERT INTO journal (at, actor, kind, call_id, before, after, detail) "
            "VALUES (5, 'producer', 'enqueued', 1, '', 'queued', '')"
        )
    store = await open_store(path, NOW)
    assert (await store.counts()).states[CallState.QUEUED] == 2
    (line,) = await store.journal(None, 5)
    assert (line.kind, line.to_number, line.follow_up_id) == ("enqueued", "+12025550101", None)
    assert await store.add_ended([ended(1, ended_at=NOW)], NOW) == 1
    assert (await store.follow_up_counts()).states[FollowUpState.DUE] == 1
    assert (await store.suppress("+12025550102", "", NOW, "olga")).calls == 1
    await store.close()
    with closing(sqlite3.connect(path.with_name("voiceslot.db.before-schema-2"))) as db:
        assert db.execute("SELECT count(*) FROM call").fetchone() == (2,)


async def test_a_database_from_before_lists_of_people_were_read_is_brought_up(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path, scripts()[:2])
        db.execute("INSERT INTO engine (one, epoch, first_started_at) VALUES (1, 7, 8)")
        db.execute("INSERT INTO suppression VALUES ('+12025550101', 5, 'olga', '')")
        db.execute("INSERT INTO person VALUES ('+12025550102', 5)")
    store = await open_store(path, NOW)
    assert [one.number for one in await store.suppressions("", 5)] == ["+12025550101"]
    assert await store.read_to(Channel.WHATSAPP) is None
    stop = wrote(3, NOW, wants_out=True)
    assert await store.hear(stop, "", NOW, "webhook") is not None
    assert await store.unheard((stop,)) == ()
    await store.close()
    with closing(sqlite3.connect(path.with_name("voiceslot.db.before-schema-3"))) as db:
        assert db.execute("SELECT count(*) FROM suppression").fetchone() == (1,)
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(("+552360000001",), id="Brazil, without its ninth digit"),
        pytest.param(("+5523960000001",), id="Brazil, with it"),
        pytest.param(("+5523960000001", "+552360000001"), id="Brazil, both"),
        pytest.param(("+541100000001", "+5493880000001"), id="two of Argentina"),
        pytest.param(
            (
                "+12025550101",
                "+525500000001",
                "+552350000001",
                "+5523950000001",
                "+548000000001",
            ),
            id="lines of one number",
        ),
    ],
)
async def test_who_was_on_the_list_before_is_on_it_by_all_numbers_of_their_line(
    path: Path, listed: tuple[str, ...]
) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path, scripts()[:3])
        db.execute("INSERT INTO engine (one, epoch, first_started_at) VALUES (1, 7, 8)")
        rows = [(number, 5, "webhook", "asked") for number in listed]
        db.executemany("INSERT INTO suppression VALUES (?, ?, ?, ?)", rows)
    store = await open_store(path, NOW)
    found = await store.suppressions("", 10)
    assert {one.number for one in found} == {
        way for number in listed for way in ways_of_writing(number)
    }
    assert {(one.at, one.by, one.why) for one in found} == {(5, "webhook", "asked")}
    assert (await store.follow_up_counts()).suppressed == len(found)
    await store.close()


async def test_the_names_of_ended_calls_are_not_forgotten(path: Path) -> None:
    store = await open_store(path, NOW)
    await store.add_ended([ended(1, ended_at=NOW)], NOW)
    await store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("DELETE FROM follow_up_key")
        for change in (
            "state = 'posted'",
            "state = 'skipped'",
            "state = 'blocked'",
            "state = 'sending', due_at = 5",
            "state = 'sent', waits_for = 'paused'",
            "waits_for = 'weather'",
            "channel = 'pigeon'",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(f"UPDATE follow_up SET {change}")


async def test_the_file_is_written_as_promised(path: Path) -> None:
    store = await open_store(path, NOW)
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0}
    found = await store._database.write(
        lambda db: {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas}
    )
    assert found == pragmas
    tables = await store._database.read(
        lambda db: db.execute(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
        ).fetchall()
    )
    assert all(strict for name, strict in tables if not name.startswith("sqlite_"))
    await store.close()


async def test_the_journal_is_neither_changed_nor_deleted_from(path: Path) -> None:
    await made(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in ("UPDATE journal SET actor = 'x'", "DELETE FROM journal"):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(statement)
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (1,)


async def test_a_state_that_cannot_be_is_refused_by_the_file_itself(path: Path) -> None:
    await made(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for change in (
            "state = 'ringing'",
            "hold = 'tired'",
            "holding = 1",
            "state = 'live'",
            "state = 'ended', hold = 'parked'",
            "due_at = 5",
            "priority = 1001",
            "state = 'live', holding = 2",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                db.execute(f"UPDATE call SET {change} WHERE id = 1")
        states = db.execute("SELECT DISTINCT state FROM call").fetchall()
        assert states == [(CallState.QUEUED,)]
