"""The console's side of the socket: one link that asks, and hears what the engine pushes.

A link never waits longer than it says: a wish has a deadline, and an engine that falls silent is
noticed within two seconds. Of snapshots only the newest counts; journal lines are kept in order,
and those that had to be dropped are counted.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, cast, overload

from voiceslot_tui import __version__
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.limits import (
    EVENTS_SHOWN_MAX,
    LINK_ANSWER_TIMEOUT_S,
    LINK_HELLO_TIMEOUT_S,
    LINK_SILENCE_TICK_S,
    LINK_SILENCE_TICKS_MAX,
)
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as messages

# --- what can go wrong


class NoEngine(VoiceslotError):
    """Nobody answers on the socket."""


class NotAllowed(NoEngine):
    """The socket may not be opened by this user."""


class Dismissed(VoiceslotError):
    """The engine answered and turned us away: another version, too many consoles."""


class LinkLost(VoiceslotError):
    """The link ended; what was asked and not answered may or may not have been done."""


class TimedOut(VoiceslotError):
    """The engine did not answer in time; it may still do what was asked."""


class InDoubt(VoiceslotError):
    """The engine cannot say what a wish came to: it may or may not be done, now or later."""


class Refused(VoiceslotError):
    """The engine said no: nothing was done.

    `code` is one of control.Refusal's codes, `field` what it is about.
    """

    def __init__(self, message: str, *, code: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


# --- one link

_MAYBE_DONE: Final = "what was asked last may or may not have been done; look before you repeat it"


class Link:
    """One connection to an engine, for asking and for listening.

    Make one with `connect`. `operator` is the name under which the engine writes down what is done
    here; `engine_version` is the engine's.
    """

    def __init__(self, wire: _Wire, welcome: control.Welcome, patience_s: float) -> None:
        self._wire = wire
        self._patience_s = patience_s
        self.operator = welcome.operator
        self.engine_version = welcome.version

    @classmethod
    async def connect(
        cls, path: Path, *, watch: bool = False, patience_s: float = LINK_ANSWER_TIMEOUT_S
    ) -> Link:
        """Attach to the engine at a socket; `watch` asks for pushes.

        `patience_s` is how long an answer is waited for. Raise NoEngine where nobody answers,
        Dismissed where the engine turns us away.
        """
        wire = await _dial(path)
        label = control.claimed_label(os.environ)
        wire.send(control.Hello(control.PROTOCOL, __version__, label, watch))
        try:
            async with asyncio.timeout(LINK_HELLO_TIMEOUT_S):
                welcome = await wire.welcome
        except TimeoutError:
            raise _silent(path) from None
        finally:
            if not wire.welcome.done() or wire.welcome.cancelled():
                wire.end("the link was given up")
        if watch:
            wire.watch_silence()
        return cls(wire, welcome, patience_s)

    @property
    def lost(self) -> str:
        """Say why the link has ended; empty while it has not."""
        return self._wire.lost

    @overload
    async def ask(self, body: control.GetSnapshot) -> control.TheSnapshot: ...
    @overload
    async def ask(self, body: control.GetPage) -> control.ThePage: ...
    @overload
    async def ask(self, body: control.GetDetail) -> control.TheDetail: ...
    @overload
    async def ask(self, body: control.GetJournal) -> control.JournalLines: ...
    @overload
    async def ask(self, body: control.Explain) -> control.Sentences: ...
    @overload
    async def ask(self, body: control.Enqueue) -> control.Enqueued: ...
    @overload
    async def ask(self, body: messages.GetMessages) -> messages.TheMessages: ...
    @overload
    async def ask(self, body: messages.GetMessage) -> messages.TheMessage: ...
    @overload
    async def ask(self, body: messages.GetPreview) -> messages.ThePreview: ...
    @overload
    async def ask(self, body: messages.GetSuppressions) -> messages.TheSuppressions: ...
    @overload
    async def ask(self, body: messages.Suppress) -> messages.TheSuppressed: ...
    @overload
    async def ask(self, body: batches.GetBatches) -> batches.TheBatches: ...
    @overload
    async def ask(self, body: batches.GetRecipients) -> batches.TheRecipients: ...
    @overload
    async def ask(self, body: control.Act) -> control.TheDone: ...

    async def ask(self, body: control.Body) -> control.Result:
        """Ask the engine for something and wait for its answer; any number may wait at once.

        Raise Refused where it says no, InDoubt where it does not know what came of it, LinkLost
        where the link ends first, TimedOut where it does not answer in time. Only Refused says
        that nothing was done.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                result = await self._wire.ask(body)
        except TimeoutError:
            raise TimedOut(
                f"the engine has not answered within {self._patience_s:g} s; {_MAYBE_DONE}"
            ) from None
        if not isinstance(result, control.ANSWERED_BY.get(type(body), control.TheDone)):
            self._wire.end("the engine answered something else than was asked")
            raise LinkLost(self._wire.lost)
        return result

    async def news(self) -> AsyncIterator[control.Pushed | control.Beat]:
        """Yield what the engine pushes, the newest snapshot with all lines since the one before.

        Of its beats only those that say that it is blind, and the first after them that does not.
        For one reader at a time. Ends by raising LinkLost.
        """
        while True:
            yield await self._wire.next_news()

    def close(self) -> None:
        """Detach. The engine goes on; so does what it was asked and has not answered."""
        self._wire.end("this console has detached")


async def _dial(path: Path) -> _Wire:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LINK_HELLO_TIMEOUT_S):
            _, wire = await loop.create_unix_connection(_Wire, os.fspath(path))
    except PermissionError:
        raise NotAllowed(
            f"{path} may not be opened by this user; the engine's owner can name a group "
            "in VOICESLOT_GROUP"
        ) from None
    except TimeoutError:
        raise _silent(path) from None
    except OSError:
        raise NoEngine(f"no engine answers at {path}") from None
    return wire


def _silent(path: Path) -> NoEngine:
    return NoEngine(f"the engine at {path} does not answer; is it suspended?")


class _Wire(asyncio.Protocol):
    """Lines in, lines out: futures for answers, one place for the newest push."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.welcome: asyncio.Future[control.Welcome] = loop.create_future()
        self.lost = ""
        self._loop = loop
        self._lines = control.LineBuffer()
        self._transport: asyncio.Transport | None = None
        self._numbered = 0
        self._asked: dict[int, asyncio.Future[control.Result]] = {}
        self._pushed: control.Pushed | None = None
        self._beat: control.Beat | None = None
        self._is_blind = False
        self._news = asyncio.Event()
        self._silent_ticks = 0
        self._ticking: asyncio.TimerHandle | None = None

    # --- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._silent_ticks = 0
        try:
            for raw in self._lines.feed(data):
                self._hear(control.read_engine_line(raw))
        except control.UnreadableLine as problem:
            self.end(f"the engine sent a line that could not be read: {problem}")

    def connection_lost(self, exc: Exception | None) -> None:
        self.end("the engine is gone" if exc is None else f"the engine is gone: {exc}")

    # --- what the link does

    def send(self, message: control.FromConsole) -> None:
        if self.lost or self._transport is None:
            raise LinkLost(self.lost)
        self._transport.write(control.line(message))

    async def ask(self, body: control.Body) -> control.Result:
        self._numbered += 1
        number = self._numbered
        answer: asyncio.Future[control.Result] = self._loop.create_future()
        self._asked[number] = answer
        try:
            self.send(control.Ask(number, body))
            return await answer
        finally:
            self._asked.pop(number, None)

    async def next_news(self) -> control.Pushed | control.Beat:
        while True:
            if self._pushed is not None:
                pushed, self._pushed = self._pushed, None
                return pushed
            if self.lost:
                raise LinkLost(self.lost)
            if self._beat is not None:
                beat, self._beat = self._beat, None
                return beat
            self._news.clear()
            await self._news.wait()

    def watch_silence(self) -> None:
        """Count ticks without a word; the engine sends at least a beat a second."""
        self._ticking = self._loop.call_later(LINK_SILENCE_TICK_S, self._tick)

    def end(self, reason: str) -> None:
        """End the link for the first reason given, and tell everybody who waits."""
        if self.lost:
            return
        self.lost = reason
        if self._ticking is not None:
            self._ticking.cancel()
        if self._transport is not None:
            self._transport.close()
        self._fail_waiting()

    # --- inside

    def _hear(self, message: control.FromEngine) -> None:
        match message:
            case control.Answer(number, result):
                self._resolve(number, result)
            case control.Refusal(number):
                self._reject(number, _error_of(message))
            case control.Pushed():
                self._pushed = _together(self._pushed, message)
                self._news.set()
            case control.Welcome() if not self.welcome.done():
                self.welcome.set_result(message)
            case control.Goodbye(_, text):
                if not self.welcome.done():
                    self.welcome.set_exception(Dismissed(text))
                self.end(text)
            case control.Beat() if message.blind_s or self._is_blind:
                self._beat, self._is_blind = message, message.blind_s > 0
                self._news.set()
            case control.Beat() | control.Welcome():
                pass  # That it came is all a beat says.

    def _resolve(self, number: int, result: control.Result) -> None:
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_result(result)

    def _reject(self, number: int, error: VoiceslotError) -> None:
        answer = self._asked.get(number)
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def _tick(self) -> None:
        self._silent_ticks += 1
        if self._silent_ticks >= LINK_SILENCE_TICKS_MAX:
            self.end("the engine has fallen silent")
        else:
            self.watch_silence()

    def _fail_waiting(self) -> None:
        for number in tuple(self._asked):
            self._reject(number, LinkLost(f"{self.lost}; {_MAYBE_DONE}"))
        if not self.welcome.done():
            self.welcome.set_exception(NoEngine(f"the engine did not take us in: {self.lost}"))
            self.welcome.exception()  # Read it here: nobody may be waiting any more.
        self._news.set()


def _error_of(refusal: control.Refusal) -> VoiceslotError:
    if refusal.code == control.UNKNOWN:
        return InDoubt(refusal.message)
    return Refused(refusal.message, code=refusal.code, field=refusal.field)


def _together(earlier: control.Pushed | None, newer: control.Pushed) -> control.Pushed:
    """Put an unread push and a newer one together: one snapshot, all lines, none lost uncounted."""
    if earlier is None:
        return newer
    lines = earlier.lines + newer.lines
    kept = lines[-EVENTS_SHOWN_MAX:]
    skipped = earlier.skipped + newer.skipped + len(lines) - len(kept)
    return control.Pushed(newer.snapshot, kept, skipped)
