"""A process that was suspended reads what came in the meantime before it calls it missing."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.contract.providers.conftest import an_adapter, an_order
from tests.contract.providers.misbehaving import ACCEPTED
from voiceslot_tui.core.facts import Accepted, StartAnswer, Unanswered
from voiceslot_tui.core.limits import SLEPT_S

TIMEOUT_S = 0.5
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@contextmanager
def another_process(answer: bytes) -> Iterator[tuple[str, Event, Event]]:
    """Serve one request from outside this loop; give its address, "it was read", "answer now"."""
    read, go_on = Event(), Event()

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            read.set()
            go_on.wait(10)
            connection.sendall(answer)
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", read, go_on
    thread.join(10)


async def started_and_slept(answer: bytes) -> StartAnswer:
    """Start a call, sleep past its time-out while the answer comes, and wake up."""
    with another_process(answer) as (url, read, go_on):
        async with an_adapter(url, start_timeout_s=TIMEOUT_S) as adapter:
            adapter._roads._unread_until = float("inf")
            dial = asyncio.create_task(adapter.start_call(an_order()))
            assert await asyncio.to_thread(read.wait, 10)
            go_on.set()
            time.sleep(TIMEOUT_S + SLEPT_S + 0.2)  # noqa: ASYNC251 - so does the loop
            return await dial


async def test_an_answer_that_came_while_we_slept_is_heard() -> None:
    found = await started_and_slept(HEAD % len(ACCEPTED) + ACCEPTED)
    assert isinstance(found, Accepted)


@pytest.mark.parametrize(
    "answer", [b"", HEAD % len(ACCEPTED) + ACCEPTED[:20]], ids=["none", "half"]
)
async def test_no_whole_answer_in_our_sleep_is_none(answer: bytes) -> None:
    """Whoever wakes up waits a moment, not for ever."""
    found = await started_and_slept(answer)
    assert isinstance(found, Unanswered)
    assert "no answer within" in found.detail
