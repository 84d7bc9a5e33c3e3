"""Many producers at once: so many connections, each posting one call after the other.

Run as a program, in a process of its own; it prints one line of JSON: how many were answered with
202, in how many seconds, and how long one answer took.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import time

import aiohttp


def body(index: int) -> bytes:
    """Give the body of one call to an invented person."""
    return json.dumps(
        {
            "payload": {
                "agentId": "agent_sim_reminders",
                "agentPhoneNumberId": "phnum_sim_twilio",
                "toNumber": f"+1{201 + index // 100 % 600}55501{index % 100:02d}",
                "conversationInitiationClientData": {
                    "dynamic_variables": {"name": "Ana Ruiz", "order": f"A-{index}"}
                },
            }
        }
    ).encode()


async def main(url: str, connections: int, count: int) -> dict[str, float]:
    """Post so many calls over so many connections."""
    numbers = iter(range(count))
    waits: list[float] = []
    statuses: dict[int, int] = {}

    async def produce(session: aiohttp.ClientSession) -> None:
        for index in numbers:
            began = time.perf_counter()
            async with session.post(url, data=bodies[index]) as answer:
                await answer.read()
            waits.append(time.perf_counter() - began)
            statuses[answer.status] = statuses.get(answer.status, 0) + 1

    bodies = [body(index) for index in range(count)]
    headers = {"Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for _ in itertools.repeat(None, connections):
                tasks.create_task(produce(session))
        seconds = time.perf_counter() - began
    waits.sort()
    return {
        "accepted": statuses.get(202, 0),
        "seconds": seconds,
        "p50_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[int(len(waits) * 0.99)] * 1000,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    found = asyncio.run(main(options.url, options.connections, options.count))
    sys.stdout.write(json.dumps(found) + "\n")
