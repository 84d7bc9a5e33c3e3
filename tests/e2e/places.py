"""The places at which an engine can be struck, and what strikes it: a kill, a stop, a clock.

`arm` is called in the process that is to be struck, before the engine starts. At the N-th time that
the place is reached, the process says so and does its deed: it sends itself SIGKILL (nothing is
flushed, nothing is told to anybody) or SIGSTOP, or its clock jumps.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from voiceslot_tui.core.calls import Instant, Step
from voiceslot_tui.core.facts import Accepted, NotTaken, Over, Source, Unanswered, Wished
from voiceslot_tui.engine.dispatcher import Dispatcher
from voiceslot_tui.engine.engine import Engine
from voiceslot_tui.engine.ledger import Ledger
from voiceslot_tui.machine import SystemClock
from voiceslot_tui.ports import Added, Reserved
from voiceslot_tui.providers.elevenlabs import ElevenLabs
from voiceslot_tui.providers.http import Http
from voiceslot_tui.store import database, settling

REACHED = "the armed point was reached"


class Deed(StrEnum):
    """What happens at a point."""

    KILL = "kill"
    STOP = "stop"
    AHEAD = "ahead"
    BACK = "back"


JUMPS_MS = {Deed.AHEAD: 2 * 3_600_000, Deed.BACK: -2 * 3_600_000}


# --- doing it

_left: list[None] = []
_deed: list[Deed] = []


def arm(place: Callable[[], None], deed: Deed, nth: int) -> None:
    """Let a deed be done at the N-th time that a place is reached."""
    place()
    _deed.append(deed)
    _left.extend([None] * nth)


def reached() -> None:
    """Count down, and do the deed at zero; afterwards do nothing any more."""
    if not _left:
        return
    _left.pop()
    if _left:
        return
    os.write(2, f"{REACHED}\n".encode())
    match _deed[0]:
        case Deed.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        case Deed.STOP:
            os.kill(os.getpid(), signal.SIGSTOP)
        case jump:
            _jump(JUMPS_MS[jump])


def _jump(by_ms: int) -> None:
    original = SystemClock.now
    SystemClock.now = lambda self: Instant(original(self) + by_ms)  # type: ignore[method-assign]


# --- ways to arm a place


def _before(owner: Any, name: str, applies: Callable[..., bool] = lambda *_: True) -> None:
    original = getattr(owner, name)

    def armed(*args: Any, **kwargs: Any) -> Any:
        if applies(*args):
            reached()
        return original(*args, **kwargs)

    setattr(owner, name, armed)


def _in_a_commit(applies: Callable[[Any], bool]) -> None:
    """Arm the moment in which a transaction has run whole and is not committed yet."""
    original = database._run_one

    def armed(connection: sqlite3.Connection, write: Any, alone: bool) -> Any:
        outcome = original(connection, write, alone)
        if applies(outcome.value):
            reached()
        return outcome

    database._run_one = armed  # type: ignore[assignment]


def after_a_commit(step: Step) -> None:
    """Arm the moment in which a step is committed and nobody has heard of it yet."""
    _before(Ledger, "_announce", lambda _, settlement, *__: step in settlement.steps)


def _took(step: Step) -> Callable[[Any], bool]:
    def applies(value: Any) -> bool:
        settled = value if isinstance(value, tuple) else ()
        return any(step in getattr(one, "steps", ()) for one in settled)

    return applies


def _answer_is(kind: type[object]) -> Callable[..., bool]:
    return lambda *args: isinstance(args[2], kind)


def _before_recording(applies: Callable[[Any], bool]) -> None:
    """Arm the moment before facts of a kind are recorded; each fact counts."""
    original = Ledger.record

    async def armed(self: Ledger, *facts: Any, by: str) -> Any:
        for fact in facts:
            if applies(fact):
                reached()
        return await original(self, *facts, by=by)

    Ledger.record = armed  # type: ignore[method-assign]


def _in_flight(after_s: float) -> None:
    """Arm the moment some time after a start has left."""
    original = Http._exchange

    async def armed(self: Http, request: Any, bytes_max: int) -> Any:
        if request.method == "POST":
            import asyncio

            asyncio.get_running_loop().call_later(after_s, reached)
        return await original(self, request, bytes_max)

    Http._exchange = armed  # type: ignore[method-assign]


# --- the places


def ordered_not_committed() -> None:
    """Strike when an order is in its transaction; its producer has heard nothing."""
    _in_a_commit(lambda value: isinstance(value, Added))


def ordered_not_told() -> None:
    """Strike when an order is committed; its producer has not heard 202."""
    original = Engine.enqueue

    async def armed(self: Engine, *args: Any, **kwargs: Any) -> Added:
        added = await original(self, *args, **kwargs)
        reached()
        return added

    Engine.enqueue = armed  # type: ignore[method-assign]


def picked_not_committed() -> None:
    """Strike when a call was picked and given its slot, in a transaction that is not committed."""
    _in_a_commit(lambda value: isinstance(value, Reserved) and bool(value.orders))


def reserved_not_sent() -> None:
    """Strike when the slot is committed and the request has not left."""
    _before(ElevenLabs, "start_call")


def refilled_not_sent() -> None:
    """Strike there when the slot was freed by the end of another call."""
    ended: list[None] = []
    original = Ledger._announce

    def noted(self: Ledger, settlement: Any, *args: Any) -> None:
        if Step.OVER in settlement.steps:
            ended.append(None)
        original(self, settlement, *args)

    Ledger._announce = noted  # type: ignore[method-assign]
    _before(ElevenLabs, "start_call", lambda *_: bool(ended))


def refused_before_a_byte() -> None:
    """Strike when no connection could be made: nothing was sent, and it is not written down."""
    _before(Dispatcher, "_judge", _answer_is(NotTaken))


def partly_sent() -> None:
    """Strike when half of the request has left."""
    original = Http._exchange

    async def armed(self: Http, request: Any, bytes_max: int) -> Any:
        if request.method == "POST" and len(_left) == 1:
            _send_half(request)
        if request.method == "POST":
            reached()
        return await original(self, request, bytes_max)

    Http._exchange = armed  # type: ignore[method-assign]


def _send_half(request: Any) -> None:
    head = [f"POST {request.url.raw_path.decode()} HTTP/1.1".encode()]
    head += [name + b": " + value for name, value in request.headers.raw]
    whole = b"\r\n".join(head) + b"\r\n\r\n" + request.content
    with socket.create_connection((request.url.host, request.url.port)) as connection:
        connection.sendall(whole[: len(whole) - len(request.content) // 2])


def read_not_answered() -> None:
    """Strike when the platform has read the request and dialled; its answer is on its way."""
    _in_flight(0.15)


def silence_not_committed() -> None:
    """Strike when the platform dialled and its answer was lost: we know that we do not know."""
    _before(Dispatcher, "_judge", _answer_is(Unanswered))


def silence_committed() -> None:
    """Strike when it is written down that we do not know."""
    after_a_commit(Step.UNANSWERED)


def answered_not_committed() -> None:
    """Strike when the platform named the conversation and nobody has written it down."""
    _before(Dispatcher, "_judge", _answer_is(Accepted))


def in_mid_commit_of_an_answer() -> None:
    """Strike when the name of the conversation is in a transaction that is not committed."""
    _in_a_commit(_took(Step.ACCEPTED))


def live_and_committed() -> None:
    """Strike when the name of the conversation is committed; the person rings or talks."""
    after_a_commit(Step.ACCEPTED)


def news_kept_for_its_dial() -> None:
    """Strike when news of an end is kept that names no dial, before the answer of that dial."""
    original = settling._remember
    kept: list[None] = []

    def noted(*args: Any) -> None:
        kept.append(None)
        original(*args)

    settling._remember = noted
    _before(Dispatcher, "_judge", lambda *args: isinstance(args[2], Accepted) and bool(kept))


def told_of_an_end() -> None:
    """Strike when a webhook was verified and read, and nothing of it is stored."""
    _before_recording(lambda fact: isinstance(fact, Over))


def in_mid_commit_of_an_end() -> None:
    """Strike when the news of an end is in a transaction that is not committed."""
    _in_a_commit(_took(Step.OVER))


def polled_of_an_end() -> None:
    """Strike when the end was found by asking, because no webhook came; nothing of it is stored."""
    _before_recording(lambda fact: isinstance(fact, Over) and fact.source is Source.POLL)


def told_of_an_end_again() -> None:
    """Strike when a webhook tells what is known already."""
    known: set[object] = set()

    def again(fact: Any) -> bool:
        if not isinstance(fact, Over):
            return False
        before = fact.conversation_id in known
        known.add(fact.conversation_id)
        return before

    _before_recording(again)


def end_committed_not_told() -> None:
    """Strike when an end is committed: its slot is free, and nobody has heard of it yet."""
    after_a_commit(Step.OVER)


def cancel_not_committed() -> None:
    """Strike when an operator cancels calls whose dials are on their way; nothing is stored."""
    _before_recording(lambda fact: isinstance(fact, Wished))


def cancel_not_told() -> None:
    """Strike when the cancel is committed; the operator has not heard of it."""
    original = Engine.wish

    async def armed(self: Engine, *args: Any, **kwargs: Any) -> Any:
        done = await original(self, *args, **kwargs)
        for _ in args[0]:
            reached()
        return done

    Engine.wish = armed  # type: ignore[method-assign]


def cancelled_then_answered() -> None:
    """Strike when the answer of a dial that was cancelled meanwhile is not written down yet."""
    wished: list[None] = []
    original = Ledger.record

    async def noted(self: Ledger, *facts: Any, by: str) -> Any:
        wished.extend(None for fact in facts if isinstance(fact, Wished))
        return await original(self, *facts, by=by)

    Ledger.record = noted  # type: ignore[method-assign]
    _before(Dispatcher, "_judge", lambda *args: isinstance(args[2], Accepted) and bool(wished))


def about_to_ask() -> None:
    """Strike when the slot is committed, and whether it is still wanted is to be looked at next."""
    _before(Dispatcher, "_answer")
