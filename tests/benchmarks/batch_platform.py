"""A platform with 200 batches of 10,000 recipients, of which 1 % move from one check to the next.

It answers for the batches itself and passes everything else on to the simulator, which would be
too busy with bodies of four megabytes to tell exactly when a phone rang. A batch moves on when it
is listed after it was read: every check finds that 1 % of everybody has moved. Run as a program;
it prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import aiohttp
from aiohttp import web

from tests.benchmarks.batch_check import BATCHES, MOVED, RECIPIENTS, person
from tests.e2e.rig import ROOT, call_json

ENDED = 500
"""Recipients of each batch whose calls are over at first: to the first check all are new."""
STEPS_MAX = (RECIPIENTS - ENDED) // MOVED - 1
STEP_S = 400
"""Between the dates of two moves: longer than a check looks back, so that each finds its 1 %."""
LARGEST_PAGE = 100
BEGAN_S = int(time.time()) - STEP_S * (STEPS_MAX + 10)
_NUMBER = b"@@@@@@"
"""Stands for the number of a batch in what all of them share."""


def moved_at(step: int) -> int:
    """Give the date of a move, in seconds since 1970; it is over."""
    return BEGAN_S + 5 * ENDED + STEP_S * step


def _written(number: int, status: str, moved_s: int) -> bytes:
    named = None if status == "pending" else f"conv_{_NUMBER.decode()}{number:020d}"
    one = {**person(number), "status": status, "updated_at_unix": moved_s, "conversation_id": named}
    return json.dumps(one).encode()


def _ended_at(number: int) -> int:
    return BEGAN_S + 5 * number if number < ENDED else moved_at((number - ENDED) // MOVED + 1)


class Batches:
    """All batches, each so many steps on. One call of each is under way at any time."""

    def __init__(self) -> None:
        self._pending = [_written(one, "pending", BEGAN_S) for one in range(RECIPIENTS)]
        self._ended = [_written(one, "completed", _ended_at(one)) for one in range(RECIPIENTS)]
        self._steps = [0] * BATCHES
        self._was_read = [False] * BATCHES
        self.moving = 0
        self.read = 0

    def page(self, after: str | None, size: int) -> dict[str, Any]:
        """List some batches, which moved if they were read since they were listed last."""
        first = 0 if after is None else int(after.rpartition("_")[2]) + 1
        numbers = range(first, min(BATCHES, first + size))
        for number in numbers:
            may_move = number < self.moving and self._steps[number] < STEPS_MAX
            if may_move and self._was_read[number]:
                self._steps[number] += 1
                self._was_read[number] = False
        has_more = numbers.stop < BATCHES
        rows = [self._row(number) for number in numbers]
        next_doc = rows[-1]["id"] if has_more else None
        return {"batch_calls": rows, "has_more": has_more, "next_doc": next_doc}

    def body(self, number: int) -> tuple[int, Iterator[bytes]]:
        """Give one batch with everybody in it: how long it is, and its pieces.

        They are made one by one: what else this program does must not wait for 4 MB.
        """
        self.read += 1
        self._was_read[number] = True
        head = json.dumps(self._row(number))[:-1].encode()
        people = self._people(self._steps[number])
        return len(head) + len(people), chain([head], _pieces(people, b"%06d" % number))

    @functools.lru_cache(maxsize=4)  # noqa: B019 - there is one, for as long as the program runs
    def _people(self, step: int) -> bytes:
        ended = ENDED + MOVED * step
        talking = _written(ended, "in_progress", moved_at(step))
        rows = [*self._ended[:ended], talking, *self._pending[ended + 1 :]]
        return b', "recipients": [' + b", ".join(rows) + b"]}"

    def _row(self, number: int) -> dict[str, Any]:
        step = self._steps[number]
        finished = ENDED + MOVED * step
        return {
            "id": f"btcal_{number:06d}",
            "name": f"Campaign {number}",
            "agent_id": "agent_1",
            "agent_name": "Reminders",
            "status": "in_progress",
            "created_at_unix": BEGAN_S,
            "last_updated_at_unix": moved_at(step),
            "total_calls_scheduled": RECIPIENTS,
            "total_calls_dispatched": finished + 1,
            "total_calls_finished": finished,
            "target_concurrency_limit": 1,
            "retry_count": 0,
        }


_PIECE = 128 * 1024
_PIECE_S = 0.005


def _pieces(people: bytes, number: bytes) -> Iterator[bytes]:
    """Cut people between two of them, and put a batch's number in."""
    begin = 0
    while begin < len(people):
        end = people.find(b"{", begin + _PIECE)
        end = len(people) if end < 0 else end
        yield people[begin:end].replace(_NUMBER, number)
        begin = end


class Server:
    """The batches on a socket, before a simulator."""

    def __init__(self, simulator: str) -> None:
        self._simulator = simulator
        self._batches = Batches()
        self._session = aiohttp.ClientSession()

    async def serve(self) -> None:
        """Serve until the program is ended."""
        app = web.Application()
        app.router.add_get("/v1/convai/batch-calling/workspace", self._list)
        app.router.add_get("/v1/convai/batch-calling/{name}", self._one)
        app.router.add_post("/moving", self._move)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    async def _list(self, request: web.Request) -> web.Response:
        size = min(LARGEST_PAGE, int(request.query.get("limit", LARGEST_PAGE)))
        return web.json_response(self._batches.page(request.query.get("last_doc"), size))

    async def _one(self, request: web.Request) -> web.StreamResponse:
        """Give a batch as it comes over a line of 200 Mbit/s: 4 MB take a sixth of a second."""
        number = int(request.match_info["name"].rpartition("_")[2])
        length, pieces = self._batches.body(number)
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        answer.content_length = length
        await answer.prepare(request)
        for piece in pieces:
            await asyncio.sleep(_PIECE_S)
            await answer.write(piece)
        await answer.write_eof()
        return answer

    async def _move(self, request: web.Request) -> web.Response:
        self._batches.moving = int((await request.json()).get("moving", self._batches.moving))
        return web.json_response({"read": self._batches.read})

    async def _pass_on(self, request: web.Request) -> web.Response:
        headers = {"xi-api-key": request.headers.get("xi-api-key", "")}
        url = self._simulator + request.path_qs
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read()
        ) as answer:
            body = await answer.read()
            kind = answer.content_type
        return web.Response(status=answer.status, body=body, content_type=kind)


class BatchPlatform:
    """A platform that runs in a process of its own."""

    def __init__(self, address: str) -> None:
        self.address = address

    def move(self, moving: int) -> None:
        """Let 1 % of everybody in so many batches move from one reading to the next."""
        call_json(f"{self.address}/moving", {"moving": moving})

    @property
    def read(self) -> int:
        """Count how many batches were read whole."""
        return int(call_json(f"{self.address}/moving", {})["read"])


@contextmanager
def batch_platform(simulator: str) -> Iterator[BatchPlatform]:
    """Run such a platform for as long as the block lasts."""
    command = [sys.executable, "-m", "tests.benchmarks.batch_platform", "--simulator", simulator]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield BatchPlatform(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


async def main(simulator: str) -> None:
    """Run as a program."""
    await Server(simulator).serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulator", required=True)
    asyncio.run(main(parser.parse_args().simulator))
