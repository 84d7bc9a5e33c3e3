"""One check of 200 batches of 10,000 recipients, in a process of its own: what it costs, as JSON.

Bodies are put together when they are asked for, from one list of recipients before and one after
1 % of them moved, because all of them together would not fit into the memory that is allowed.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec

from voiceslot_tui.core.batches import BatchMark
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_pages import BatchFigures
from voiceslot_tui.core.slots import Ceiling
from voiceslot_tui.engine import batch_monitor
from voiceslot_tui.engine.batch_monitor import BatchMonitor
from voiceslot_tui.engine.board import Board
from voiceslot_tui.follow_up_ports import Ended
from voiceslot_tui.providers.elevenlabs_workspace import ElevenLabsWorkspace
from voiceslot_tui.providers.http import Http

BATCHES = 200
RECIPIENTS = 10_000
ENDED = 2_000
MOVED = RECIPIENTS // 100
SAMPLE = 40
"""Batches that stand for all where decoding into typed structs and waiting are measured."""
BEGAN_S = 1_790_000_000
BASE = "https://platform.example"
MIB = 1024 * 1024


class _Told(msgspec.Struct):
    id: str
    status: str
    updated_at_unix: int
    phone_number: str | None = None
    conversation_id: str | None = None
    conversation_initiation_client_data: dict[str, Any] | None = None


class _Whole(msgspec.Struct):
    id: str
    status: str
    recipients: list[_Told]


class Clock:
    """A wall clock that the check sets, and the machine's steady one."""

    ahead_s = 0

    def now(self) -> Instant:
        return Instant((BEGAN_S + self.ahead_s) * 1000)

    def steady_s(self) -> float:
        return time.monotonic()


class Memory:
    """Takes everything and keeps only how much it was."""

    def __init__(self) -> None:
        self.added = self.marked = self.complete = 0

    async def last_check(self) -> None:
        return None

    async def batch_marks(self) -> tuple[BatchMark, ...]:
        return ()

    async def batch_figures(self, batch_ids: Sequence[str]) -> tuple[BatchFigures, ...]:
        return ()

    async def add_ended(self, ended: Sequence[Ended], now: Instant) -> int:
        self.added += len(ended)
        return len(ended)

    async def mark_batch(self, mark: BatchMark, figures: BatchFigures) -> None:
        self.marked += 1

    async def forget_batches(self, batch_ids: Sequence[str]) -> None:
        self.marked -= len(batch_ids)

    async def checked(self, began_at: Instant) -> None:
        self.complete += 1


class Platform(httpx.AsyncBaseTransport):
    """Answers with the batches as they are at the moment."""

    def __init__(self) -> None:
        people = [person(number) for number in range(RECIPIENTS)]
        self._before = json.dumps(people)[1:].encode()
        for number in range(ENDED, ENDED + MOVED):
            people[number].update(status="completed", updated_at_unix=BEGAN_S + 15)
        self._after = json.dumps(people)[1:].encode()
        self.moved = False
        self.listed = BATCHES

    def body(self, number: int) -> bytes:
        """Give one batch with its recipients."""
        head = json.dumps({**self._row(number), "recipients": []}).encode()
        return head[:-2] + (self._after if self.moved else self._before) + b"}"

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        last = request.url.path.rpartition("/")[2]
        if last != "workspace":
            return httpx.Response(200, content=self.body(int(last.rpartition("_")[2])))
        rows = [self._row(number) for number in range(self.listed)]
        return httpx.Response(200, json={"batch_calls": rows, "has_more": False})

    def _row(self, number: int) -> dict[str, Any]:
        finished = ENDED + (MOVED if self.moved else 0)
        return {
            "id": f"btcal_{number:06d}",
            "name": f"Campaign {number}",
            "agent_id": "agent_1",
            "agent_name": "Reminders",
            "status": "in_progress",
            "created_at_unix": BEGAN_S - 20_000,
            "last_updated_at_unix": BEGAN_S + (15 if self.moved else 0),
            "total_calls_scheduled": RECIPIENTS,
            "total_calls_dispatched": ENDED + 2 * MOVED,
            "total_calls_finished": finished,
            "retry_count": 0,
        }


def person(number: int) -> dict[str, Any]:
    """Give a recipient; the first ones have ended in the last three hours."""
    ended = number < ENDED
    rings = ended or number < ENDED + 2 * MOVED
    return {
        "id": f"rcpt_{number:012d}",
        "phone_number": f"+1202555{number:04d}",
        "whatsapp_user_id": None,
        "status": "completed" if ended else "initiated" if rings else "pending",
        "created_at_unix": BEGAN_S - 20_000,
        "updated_at_unix": BEGAN_S - 5 * number if ended else BEGAN_S - 20_000,
        "conversation_id": f"conv_{number:026d}" if rings else None,
        "conversation_initiation_client_data": {
            "dynamic_variables": {
                "name": f"Ana María {number}",
                "email": f"person{number}@example.org",
                "order": f"A-{number}",
                "city": "Bogotá",
                "amount": 12.5,
            }
        },
    }


def cpu_s(act: Callable[[], object]) -> float:
    """Give the processor seconds of an act."""
    began = time.process_time()
    act()
    return time.process_time() - began


async def longest_wait_s(stop: asyncio.Event) -> float:
    """Tell for how much processor time the loop kept somebody waiting who wants to go on."""
    longest, last = 0.0, time.process_time()
    while not stop.is_set():
        await asyncio.sleep(0)
        now = time.process_time()
        longest, last = max(longest, now - last), now
    return longest


async def waits_during(act: Callable[[], Any]) -> float:
    """Give the longest wait of anybody else during a step."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(longest_wait_s(stop))
        await act()
        stop.set()
    return watching.result()


def main() -> None:
    """Check twice, the second time with 1 % moved; print what that cost."""
    platform, clock, memory = Platform(), Clock(), Memory()
    http = Http(base_urls=[BASE], transport=platform)
    monitor = BatchMonitor(
        workspace=ElevenLabsWorkspace(http, api_key=lambda: "k", base_url=BASE, clock=clock),
        store=memory,  # type: ignore[arg-type]
        board=Board(Ceiling(1, 1.0), reserve=0, reading_bound_s=75.0, calls_per_second=0.0),
        clock=clock,
        interval_s=15.0,
        wanted=True,
    )
    # Nobody measures the first check, in which everybody is new: it need not read their numbers.
    read_number, batch_monitor.number_or_nothing = batch_monitor.number_or_nothing, str
    with asyncio.Runner() as runner:
        runner.run(monitor.step())
        first, memory.added = memory.added, 0
        batch_monitor.number_or_nothing = read_number
        read_number("+12025550100")
        platform.moved, clock.ahead_s = True, 15
        monitor.check_now()
        check_s = cpu_s(lambda: runner.run(monitor.step()))
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = {
            "first": first,
            "added": memory.added,
            "marked": memory.marked,
            "complete": memory.complete,
            "check_s": check_s,
            "peak_mib": peak_mib,
            "body_mib": len(platform.body(0)) / MIB,
        }
        bodies = range(BATCHES)
        typed = msgspec.json.Decoder(_Whole)
        found["made_s"] = cpu_s(lambda: [len(platform.body(one)) for one in bodies])
        found["bare_s"] = cpu_s(
            lambda: [bool(msgspec.json.decode(platform.body(n))) for n in bodies]
        )
        some = bodies[:SAMPLE]
        typed_s = cpu_s(lambda: [bool(typed.decode(platform.body(n))) for n in some])
        found["typed_s"] = typed_s * BATCHES / SAMPLE
        # So late, all who have ended are looked at again, which takes longest.
        clock.ahead_s, platform.listed, memory.added = 1000, SAMPLE, 0
        monitor.check_now()
        found["longest_wait_ms"] = runner.run(waits_during(monitor.step)) * 1000
        found["looked"] = memory.added
        runner.run(http.aclose())
    print(json.dumps(found))


if __name__ == "__main__":
    main()
