"""The yardsticks of the queue: the same work done bare, in one process and with nothing around it.

`serve` answers enqueue bodies over HTTP after one bare commit each. `bulk` reads a file of such
bodies, parses their numbers and inserts the same rows into the same tables. Run as a program; each
prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from pathlib import Path

import msgspec
import phonenumbers

from voiceslot_tui.core.limits import ENQUEUE_BATCH_MAX
from voiceslot_tui.wire.enqueue_call import EnqueueCall

_INSERT = (
    "INSERT INTO call (id, to_number, name, agent_id, agent_phone_number_id, priority, "
    "position, state, holding, cancel_wished, attempts, max_attempts, refusals, created_at, "
    "changed_at, client_data) VALUES (?, ?, ?, ?, ?, ?, 0, 'queued', 0, 0, 0, 1, 0, ?, ?, ?)"
)


def connect(database: Path) -> sqlite3.Connection:
    """Open a database as durable as the product's, and with as large a cache."""
    db = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16000"):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db


def bulk(database: Path, lines: Path) -> dict[str, float]:
    """Put a file into the queue's own table; give the seconds of each part."""
    decode, parse = msgspec.json.Decoder(EnqueueCall).decode, phonenumbers.parse
    encode = msgspec.json.encode
    parse("+12025550123")  # The library's own loading is no part of the work.
    db = connect(database)
    first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM call").fetchone()[0]
    began = time.perf_counter()
    bodies = [decode(line).payload for line in lines.read_bytes().splitlines()]
    decoded = time.perf_counter()
    for body in bodies:
        parse(body.to_number)
    parsed = time.perf_counter()
    now = time.time_ns() // 1_000_000
    rows = [
        (
            first + offset,
            body.to_number,
            body.conversation_initiation_client_data["dynamic_variables"]["name"],
            body.agent_id,
            body.agent_phone_number_id,
            0,
            now,
            now,
            encode(body.conversation_initiation_client_data),
        )
        for offset, body in enumerate(bodies)
    ]
    for start in range(0, len(rows), ENQUEUE_BATCH_MAX):
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_INSERT, rows[start : start + ENQUEUE_BATCH_MAX])
        db.execute("COMMIT")
    ended = time.perf_counter()
    db.close()
    return {
        "decode": decoded - began,
        "parse": parsed - decoded,
        "insert": ended - parsed,
        "whole": ended - began,
    }


def serve(database: Path, port: int) -> None:
    """Answer every body after a commit of its own, until the process is ended."""
    from aiohttp import web

    db = connect(database)
    db.execute("CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, body BLOB)")

    async def enqueue(request: web.Request) -> web.Response:
        raw = await request.read()
        call_id = db.execute("INSERT INTO body (body) VALUES (?)", (raw,)).lastrowid
        return web.json_response({"enqueued": True, "id": str(call_id)}, status=202)

    async def health(_: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/enqueue-call", enqueue)
    app.router.add_get("/health", health)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=("serve", "bulk"))
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--lines", type=Path)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    if options.work == "bulk":
        sys.stdout.write(json.dumps(bulk(options.database, options.lines)) + "\n")
    else:
        serve(options.database, options.port)
