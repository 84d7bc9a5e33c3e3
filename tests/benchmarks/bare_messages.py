"""The yardstick of sending: a bare client that posts messages, and nothing else.

One httpx client (or aiohttp session) with as many connections as the engine makes requests at once,
and one listener that takes the callbacks: no database, no judgement, no record. Run as a program;
it prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import httpx
from aiohttp import web

from voiceslot_tui.core.limits import SENDS_AT_ONCE_MAX

AUTH = ("AC" + "0" * 32, "simulator-token")
Form = dict[str, str]
Post = Callable[[Form], Awaitable[int]]


@asynccontextmanager
async def by_httpx(url: str) -> AsyncIterator[Post]:
    """Post by a bare httpx client."""
    limits = httpx.Limits(max_connections=SENDS_AT_ONCE_MAX)
    async with httpx.AsyncClient(auth=AUTH, limits=limits) as client:

        async def post(form: Form) -> int:
            return (await client.post(url, data=form)).status_code

        yield post


@asynccontextmanager
async def by_aiohttp(url: str) -> AsyncIterator[Post]:
    """Post by a bare aiohttp session."""
    connector = aiohttp.TCPConnector(limit=SENDS_AT_ONCE_MAX)
    headers = {"Authorization": f"Basic {b64encode(':'.join(AUTH).encode()).decode()}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def post(form: Form) -> int:
            async with session.post(url, data=form) as answer:
                await answer.read()
            return answer.status

        yield post


WAYS = {"httpx": by_httpx, "aiohttp": by_aiohttp}


async def send_all(post: Post, forms: list[Form]) -> None:
    """Post all forms, some at a time."""
    left = iter(forms)

    async def some(left: Iterator[Form]) -> None:
        for form in left:
            status = await post(form)
            assert status == 201, status

    async with asyncio.TaskGroup() as tasks:
        for _ in range(SENDS_AT_ONCE_MAX):
            tasks.create_task(some(left))


async def main(options: argparse.Namespace) -> None:
    """Post the messages of a file; print how long that took."""
    told = 0

    async def hear(request: web.Request) -> web.Response:
        nonlocal told
        await request.read()
        told += 1
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/webhook/twilio", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    forms = json.loads(Path(options.forms).read_text())
    url = f"{options.simulator}/2010-04-01/Accounts/{AUTH[0]}/Messages.json"
    async with WAYS[options.by](url) as post:
        began, cpu = time.monotonic(), sum(os.times()[:2])
        await send_all(post, forms)
        seconds, cpu = time.monotonic() - began, sum(os.times()[:2]) - cpu
    found = {"sent": len(forms), "seconds": seconds, "cpu_s": cpu, "told": told}
    sys.stdout.write(json.dumps(found) + "\n")
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--forms", required=True)
    parser.add_argument("--by", choices=sorted(WAYS), default="httpx")
    asyncio.run(main(parser.parse_args()))
