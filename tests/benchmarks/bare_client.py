"""The yardstick: a bare client that keeps a number of calls live, and nothing else.

One aiohttp (or our own transport's) session, one semaphore, one listener for the webhooks that
end a call: no queue on disk, no records, no limits but its own. Run as a program; it prints one
line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp import web

from voiceslot_tui.providers.http import Http, httpx, raw_headers

PATH = "/v1/convai/twilio/outbound-call"
HEADERS = {"xi-api-key": "simulator-key", "Content-Type": "application/json"}
Post = Callable[[bytes], Awaitable[bytes]]


class Bare:
    """Keeps `limit` calls live until `count` were started."""

    def __init__(self, post: Post, limit: int, count: int) -> None:
        self._post = post
        self._free = asyncio.Semaphore(limit)
        self._count = count
        self._ended: set[str] = set()
        self._open: set[str] = set()
        self.started = 0

    async def ended(self, request: web.Request) -> web.Response:
        """Take a webhook: the call it names gives its slot back."""
        body = json.loads(await request.read())
        name = body["data"]["conversation_id"]
        if name in self._open:
            self._open.discard(name)
            self._free.release()
        else:
            self._ended.add(name)
        return web.Response()

    async def run(self) -> None:
        """Start all calls, as fast as the semaphore allows."""
        async with asyncio.TaskGroup() as tasks:
            for index in range(self._count):
                await self._free.acquire()
                tasks.create_task(self._call(index))

    async def _call(self, index: int) -> None:
        body = json.dumps(
            {
                "agent_id": "agent_sim_reminders",
                "agent_phone_number_id": "phnum_sim_twilio",
                "to_number": f"+1{201 + index // 100 % 700}55501{index % 100:02d}",
                "conversation_initiation_client_data": {
                    "user_id": f"bare_{index}",
                    "dynamic_variables": {"voiceslot_attempt_id": f"bare_{index}"},
                },
            }
        ).encode()
        answer = json.loads(await self._post(body))
        self.started += 1
        name = answer["conversation_id"]
        if name in self._ended:
            self._ended.discard(name)
            self._free.release()
        else:
            self._open.add(name)


async def by_aiohttp(address: str, work: Callable[[Post], Awaitable[Any]]) -> None:
    """Work with a bare aiohttp session."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:

        async def post(body: bytes) -> bytes:
            async with session.post(address + PATH, data=body) as answer:
                return await answer.read()

        await work(post)


async def by_our_transport(address: str, work: Callable[[Post], Awaitable[Any]]) -> None:
    """Work with the client that the engine uses."""
    http = Http(base_urls=[address])
    url = httpx.URL(address + PATH)
    headers = raw_headers(url, HEADERS)

    async def post(body: bytes) -> bytes:
        return (await http.send("POST", url, headers, body, timeout_s=60)).body

    try:
        await work(post)
    finally:
        await http.aclose()


async def main(options: argparse.Namespace) -> None:
    """Run the yardstick as the options say."""
    transport = by_our_transport if options.ours else by_aiohttp

    async def work(post: Post) -> None:
        bare = Bare(post, options.limit, options.count)
        app = web.Application()
        app.router.add_post("/webhook/elevenlabs", bare.ended)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", options.port).start()
        began = time.monotonic()
        await bare.run()
        seconds = time.monotonic() - began
        sys.stdout.write(json.dumps({"started": bare.started, "seconds": seconds}) + "\n")
        await runner.cleanup()

    await transport(options.simulator, work)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--ours", action="store_true")
    asyncio.run(main(parser.parse_args()))
