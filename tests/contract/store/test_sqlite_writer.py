"""The writer: transactions that wait are committed together, and none harms another."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from tests.contract.store.stores import NOW, new_call
from voiceslot_tui.core.calls import CallState
from voiceslot_tui.core.errors import Fenced, StoreBusy, StoreUnavailable
from voiceslot_tui.core.limits import WRITE_QUEUE_MAX
from voiceslot_tui.ports import Control
from voiceslot_tui.store import database
from voiceslot_tui.store.sqlite import SqliteStore, open_store

WAIT_S = 20


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_store(tmp_path / "voiceslot.db", NOW)
    yield store
    await store.close()


async def queued(store: SqliteStore) -> int:
    return (await store.counts()).states[CallState.QUEUED]


def note(text: str) -> object:
    def write(db: sqlite3.Connection) -> str:
        db.execute(
            "INSERT INTO journal (at, actor, kind, before, after, detail) "
            "VALUES (1, 'test', 'noted', '', '', ?)",
            (text,),
        )
        if text.startswith("defect"):
            raise ZeroDivisionError(text)
        if text.startswith("constraint"):
            db.execute("INSERT INTO counter (kind, name, n) VALUES ('x', 'x', -1)")
        if text.startswith("nonsense"):
            db.execute("SELECT * FROM no_such_table")
        return text

    return write


def writing(store: SqliteStore, text: str, *, patience_s: float = 0.0) -> asyncio.Future[object]:
    """Begin to write a line."""
    line: object = note(text)
    return asyncio.ensure_future(
        store._database.write(line, patience_s=patience_s)  # type: ignore[arg-type]
    )


class Held:
    """Keeps the writer's thread busy until released, so that what comes meanwhile is grouped."""

    def __init__(self, store: SqliteStore) -> None:
        self._let_go = Event()
        self._work = asyncio.ensure_future(
            store._database.write(lambda _: self._let_go.wait(WAIT_S))
        )

    async def let_go(self) -> None:
        self._let_go.set()
        await self._work


async def on_writer(store: SqliteStore, statement: str) -> None:
    """Execute a statement on the writer's connection, outside every transaction."""
    connection = store._database._writer
    await database._hop(connection, lambda db: db.execute(statement).fetchall())


async def begun(store: SqliteStore) -> list[str]:
    """Listen to the beginnings and ends of transactions."""
    heard: list[str] = []

    def listen(statement: str) -> None:
        if statement.split(maxsplit=1)[0] in ("BEGIN", "COMMIT", "ROLLBACK"):
            heard.append(statement)

    connection = store._database._writer
    await database._hop(connection, lambda db: db.set_trace_callback(listen))
    return heard


async def test_what_waits_is_committed_together(store: SqliteStore) -> None:
    heard = await begun(store)
    held = Held(store)
    await asyncio.sleep(0)
    adding = asyncio.gather(*(store.add([new_call(n)], NOW, "p") for n in range(50)))
    await asyncio.sleep(0)
    await held.let_go()
    await asyncio.wait_for(adding, WAIT_S)
    assert heard == ["BEGIN IMMEDIATE", "COMMIT"] * 2
    assert await queued(store) == 50


async def test_who_has_patience_goes_with_the_next_that_has_none(store: SqliteStore) -> None:
    heard = await begun(store)
    patient = [writing(store, f"{n}", patience_s=WAIT_S * 10) for n in range(5)]
    await asyncio.sleep(0.01)
    await asyncio.wait_for(asyncio.gather(writing(store, "at once"), *patient), WAIT_S)
    assert heard == ["BEGIN IMMEDIATE", "COMMIT"]


async def test_patience_ends_without_company(store: SqliteStore) -> None:
    patient = [writing(store, f"{n}", patience_s=WAIT_S * 10) for n in range(5)]
    less = writing(store, "less", patience_s=0.001)
    await asyncio.wait_for(asyncio.gather(less, *patient), WAIT_S)


async def test_patience_ends_when_much_waits(store: SqliteStore) -> None:
    patient = [writing(store, f"{n}", patience_s=WAIT_S * 10) for n in range(database._MUCH)]
    await asyncio.wait_for(asyncio.gather(*patient), WAIT_S)


async def test_patience_is_not_cut_short_by_that_of_one_who_is_gone(store: SqliteStore) -> None:
    early = writing(store, "early", patience_s=0.05)
    await asyncio.wait_for(asyncio.gather(early, writing(store, "at once")), WAIT_S)
    late = writing(store, "late", patience_s=WAIT_S * 10)
    await asyncio.sleep(0.1)
    assert not late.done()
    await asyncio.wait_for(asyncio.gather(late, writing(store, "again")), WAIT_S)


async def test_closing_ends_all_patience(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "voiceslot.db", NOW)
    patient = writing(store, "patient", patience_s=WAIT_S * 10)
    await asyncio.sleep(0)
    await asyncio.wait_for(store.close(), WAIT_S)
    assert await patient == "patient"


@pytest.mark.parametrize("bad", ["defect", "constraint", "nonsense"])
@pytest.mark.parametrize("company", [True, False], ids=["in a group", "alone"])
async def test_one_that_fails_harms_no_other(store: SqliteStore, bad: str, company: bool) -> None:
    texts = ["first", "second", f"{bad} alone", "last"] if company else [f"{bad} alone"]
    held = Held(store)
    await asyncio.sleep(0)
    writing = asyncio.gather(
        *(store._database.write(note(text)) for text in texts),  # type: ignore[arg-type]
        return_exceptions=True,
    )
    await asyncio.sleep(0)
    await held.let_go()
    answers = await asyncio.wait_for(writing, WAIT_S)
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(failed) == 1
    kinds = {"defect": ZeroDivisionError, "constraint": sqlite3.IntegrityError}
    assert isinstance(failed[0], kinds.get(bad, Exception))
    lines = {line.detail for line in await store.journal(None, 50)}
    assert lines == {text for text in texts if not text.startswith(bad)}
    await store.add([new_call(1)], NOW, "p")


async def test_who_stops_waiting_takes_nothing_back(store: SqliteStore) -> None:
    held = Held(store)
    await asyncio.sleep(0)
    adding = [asyncio.ensure_future(store.add([new_call(n)], NOW, "p")) for n in range(3)]
    await asyncio.sleep(0)
    adding[1].cancel()
    await held.let_go()
    await asyncio.wait_for(asyncio.gather(*adding, return_exceptions=True), WAIT_S)
    assert await queued(store) == 3


async def test_too_much_waiting_is_refused_and_what_waits_is_kept(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WRITE_QUEUE_MAX", 5)
    assert WRITE_QUEUE_MAX > 5
    held = Held(store)
    await asyncio.sleep(0)
    adding = [asyncio.ensure_future(store.add([new_call(n)], NOW, "p")) for n in range(9)]
    await asyncio.sleep(0)
    await held.let_go()
    answers = await asyncio.wait_for(asyncio.gather(*adding, return_exceptions=True), WAIT_S)
    assert sum(isinstance(answer, StoreBusy) for answer in answers) == 4
    assert await queued(store) == 5


async def test_closing_waits_for_what_is_queued(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "voiceslot.db", NOW)
    held = Held(store)
    await asyncio.sleep(0)
    adding = [asyncio.ensure_future(store.add([new_call(n)], NOW, "p")) for n in range(20)]
    reading = asyncio.ensure_future(store.counts())
    await asyncio.sleep(0)
    closing = asyncio.ensure_future(store.close())
    await held.let_go()
    await asyncio.wait_for(closing, WAIT_S)
    assert len(await asyncio.wait_for(asyncio.gather(*adding), WAIT_S)) == 20
    await asyncio.wait_for(reading, WAIT_S)
    again = await open_store(tmp_path / "voiceslot.db", NOW)
    assert await queued(again) == 20
    await again.close()


async def test_a_closed_store_says_so_and_never_hangs(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "voiceslot.db", NOW)
    await store.close()
    await asyncio.wait_for(store.close(), WAIT_S)
    for work in (
        partial(store.add, [new_call(1)], NOW, "p"),
        store.counts,
        store.control,
        partial(store.note, "noted", "", NOW, "p"),
        partial(store.set_control, Control(), "paused", "", NOW, "p"),
    ):
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(work(), WAIT_S)
    await asyncio.wait_for(store.checkpoint(), WAIT_S)


async def test_a_second_epoch_fences_the_first(store: SqliteStore, tmp_path: Path) -> None:
    """As an engine that was suspended finds it when another machine took the folder over."""
    await store.add([new_call(1)], NOW, "p")
    other = sqlite3.connect(tmp_path / "voiceslot.db", isolation_level=None)
    other.execute("UPDATE engine SET epoch = epoch + 1")
    other.close()
    for _ in range(2):
        with pytest.raises(Fenced):
            await store.add([new_call(2)], NOW, "p")
    assert await queued(store) == 1


async def test_a_full_disk_stores_nothing_says_so_and_passes(store: SqliteStore) -> None:
    await store.add([new_call(1)], NOW, "p")
    (pages,) = await store._database.write(lambda db: db.execute("PRAGMA page_count").fetchone())
    await on_writer(store, f"PRAGMA max_page_count = {pages}")
    large = [new_call(n, client_data=b"x" * 4000) for n in range(50)]
    with pytest.raises(StoreUnavailable, match="disk is full"):
        await store.add(large, NOW, "p")
    assert await queued(store) == 1
    await on_writer(store, f"PRAGMA max_page_count = {pages + 1000}")
    await store.add(large, NOW, "p")
    assert await queued(store) == 51


async def test_a_database_held_by_another_program_is_said_to_be_held(
    store: SqliteStore, tmp_path: Path
) -> None:
    await on_writer(store, "PRAGMA busy_timeout = 20")
    other = sqlite3.connect(tmp_path / "voiceslot.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="another program"):
        await store.add([new_call(1)], NOW, "p")
    other.execute("ROLLBACK")
    other.close()
    await store.add([new_call(1)], NOW, "p")
    assert await queued(store) == 1


async def test_a_reading_sees_one_state_only(store: SqliteStore, tmp_path: Path) -> None:
    """What one method reads with several statements belongs to one commit."""
    ids = (await store.add([new_call(1)], NOW, "p")).ids
    seen: list[int] = []

    def twice(db: sqlite3.Connection) -> tuple[int, int]:
        count = "SELECT count(*) FROM call"
        first = db.execute(count).fetchone()[0]
        between = sqlite3.connect(tmp_path / "voiceslot.db", isolation_level=None)
        between.execute("UPDATE engine SET epoch = epoch")
        between.execute(
            "INSERT INTO journal (at, actor, kind, before, after, detail) "
            "VALUES (1, 'other', 'noted', '', '', '')"
        )
        between.close()
        seen.append(db.execute("SELECT max(seq) FROM journal").fetchone()[0])
        return first, db.execute(count).fetchone()[0]

    before = (await store.counts()).event_seq
    await store._database.read(twice)
    assert seen == [before]
    assert (await store.counts()).event_seq == before + 1
    assert ids


async def test_the_log_is_kept_small(store: SqliteStore, tmp_path: Path) -> None:
    log = tmp_path / "voiceslot.db-wal"
    for _ in range(4):
        await store.add([new_call(n, client_data=b"x" * 400) for n in range(4000)], NOW, "p")
    before = log.stat().st_size
    assert before > 4 * 1024 * 1024
    await store.checkpoint()
    await store.add([new_call(1)], NOW, "p")
    assert log.stat().st_size == before, "a checkpointed log is begun anew, not appended to"


async def test_a_program_that_copies_the_database_keeps_nobody_from_writing(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAL_BYTES_MAX", 0)
    await store.add([new_call(n, client_data=b"x" * 4000) for n in range(2000)], NOW, "p")
    other = sqlite3.connect(tmp_path / "voiceslot.db", isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM call").fetchone()
    await store.add([new_call(1)], NOW, "p")
    await on_writer(store, "PRAGMA busy_timeout = 3600000")
    await asyncio.wait_for(store.checkpoint(), WAIT_S)
    await asyncio.wait_for(store.add([new_call(2)], NOW, "p"), WAIT_S)
    other.close()
    waits = await store._database.write(lambda db: db.execute("PRAGMA busy_timeout").fetchone())
    assert waits == (5000,), "for who writes it is waited all the same"
