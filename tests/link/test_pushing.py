"""What the engine pushes: on change only, to all who read, never waiting for who does not."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.link.conftest import DEADLINE_S
from tests.link.fake_engine import FakeEngine
from voiceslot_tui.core.errors import StoreUnavailable
from voiceslot_tui.core.limits import LINK_LINES_MAX, LINK_SEND_BUFFER_MAX
from voiceslot_tui.link.client import Link
from voiceslot_tui.link.server.serving import LinkServer
from voiceslot_tui.wire import control


class RawConsole:
    """A console that reads only when told to: every message as it came over the socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = control.LineBuffer()
        self._read: deque[bytes] = deque()

    @classmethod
    async def attach(cls, path: Path) -> RawConsole:
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        connection.connect(str(path))
        console = cls(connection)
        await console.say(control.Hello(control.PROTOCOL, "0", watch=True))
        assert isinstance(await console.hear(), control.Welcome)
        return console

    async def say(self, message: control.FromConsole) -> None:
        await asyncio.get_running_loop().sock_sendall(self._connection, control.line(message))

    async def hear(self) -> control.FromEngine:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DEADLINE_S):
            while not self._read:
                piece = await loop.sock_recv(self._connection, 2**16)
                assert piece, "the engine closed the link"
                self._read.extend(self._lines.feed(piece))
        return control.read_engine_line(self._read.popleft())

    def leave(self) -> None:
        self._connection.close()


@pytest.fixture
async def console(server: LinkServer, path: Path) -> AsyncIterator[RawConsole]:
    console = await RawConsole.attach(path)
    yield console
    console.leave()


@pytest.fixture
async def frozen(server: LinkServer, path: Path) -> AsyncIterator[RawConsole]:
    """Give a second console, which a test leaves unread like one whose terminal is frozen."""
    console = await RawConsole.attach(path)
    yield console
    console.leave()


def unread_bytes(server: LinkServer) -> int:
    """Give what the server holds for the console that has read least."""
    return max(console._transport.get_write_buffer_size() for console in server._consoles)


async def test_the_first_push_comes_by_itself(engine: FakeEngine, console: RawConsole) -> None:
    pushed = await console.hear()
    assert isinstance(pushed, control.Pushed)
    assert pushed.snapshot == replace(engine.shown, consoles=1)
    assert (pushed.lines, pushed.skipped) == ((), 0)


async def test_an_idle_engine_sends_beats_and_nothing_else(
    engine: FakeEngine, console: RawConsole
) -> None:
    assert isinstance(await console.hear(), control.Pushed)
    before = engine.snapshots_built
    heard = []
    while engine.snapshots_built < before + 2 or len(heard) < 2:
        engine.age()
        heard.append(await console.hear())
    assert {type(message) for message in heard} == {control.Beat}


async def test_a_change_is_pushed_with_its_lines(engine: FakeEngine, console: RawConsole) -> None:
    await console.hear()
    engine.change(3)
    pushed = await console.hear()
    assert isinstance(pushed, control.Pushed)
    assert [line.seq for line in pushed.lines] == [1, 2, 3]
    engine.change()
    pushed = await console.hear()
    assert isinstance(pushed, control.Pushed)
    assert ([line.seq for line in pushed.lines], pushed.skipped) == ([4], 0)


async def test_of_too_many_lines_the_older_are_counted(
    engine: FakeEngine, console: RawConsole
) -> None:
    await console.hear()
    engine.change(LINK_LINES_MAX + 50)
    pushed = await console.hear()
    assert isinstance(pushed, control.Pushed)
    assert pushed.skipped == 50
    assert [line.seq for line in pushed.lines] == list(range(51, LINK_LINES_MAX + 51))


async def test_many_changes_are_one_push(engine: FakeEngine, console: RawConsole) -> None:
    await console.hear()
    built = engine.snapshots_built
    for _ in range(200):
        engine.change()
        await asyncio.sleep(0)
    seen = 0
    while seen < 200:
        pushed = await console.hear()
        if isinstance(pushed, control.Pushed):
            seen = pushed.snapshot.event_seq
    assert engine.snapshots_built - built <= 3


@pytest.mark.usefixtures("server")
async def test_two_consoles_see_the_same_and_each_other(engine: FakeEngine, path: Path) -> None:
    first = await Link.connect(path, watch=True)
    second = await Link.connect(path, watch=True)
    async with asyncio.timeout(DEADLINE_S):
        views = [await _until_consoles(link, 2) for link in (first, second)]
        assert views[0] == views[1]
        second.close()
        await _until_consoles(first, 1)
    first.close()


async def _until_consoles(link: Link, count: int) -> object:
    async for news in link.news():
        if isinstance(news, control.Pushed) and news.snapshot.consoles == count:
            return news.snapshot
    return None


@pytest.mark.usefixtures("server")
async def test_an_engine_that_cannot_look_at_its_state_says_so_until_it_can(
    engine: FakeEngine, path: Path
) -> None:
    link = await Link.connect(path, watch=True)
    news = aiter(link.news())
    async with asyncio.timeout(DEADLINE_S):
        assert isinstance(await anext(news), control.Pushed)
        engine.blind = StoreUnavailable("the database cannot be read: disk I/O error")
        beats = [await anext(news), await anext(news)]
        assert all(isinstance(beat, control.Beat) and beat.blind_s >= 2 for beat in beats)
        engine.blind = None
        told: control.Pushed | control.Beat = beats[-1]
        while isinstance(told, control.Beat) and told.blind_s:
            told = await anext(news)
        assert isinstance(told, control.Beat), "nothing has changed meanwhile"
    link.close()


async def test_a_console_that_does_not_read_holds_up_nobody(
    engine: FakeEngine, server: LinkServer, console: RawConsole, frozen: RawConsole
) -> None:
    assert isinstance(await frozen.hear(), control.Pushed)
    # Many warnings make each push large, so that the socket of the frozen one is soon full.
    engine.shown = replace(engine.shown, warnings=tuple("x" * 200 for _ in range(500)))
    for _ in range(8):
        engine.change()
        seen = 0
        while seen < engine.shown.event_seq:
            pushed = await console.hear()
            if isinstance(pushed, control.Pushed):
                seen = pushed.snapshot.event_seq
    one_push = len(control.line(control.Pushed(engine.shown)))
    assert 0 < unread_bytes(server) < 2 * one_push, "no more than the push that it broke off in"
    engine.change(1000)
    numbers: list[int] = []
    skipped = 0
    last = None
    while not numbers or numbers[-1] < 1008:
        pushed = await frozen.hear()
        if isinstance(pushed, control.Pushed):
            numbers += [line.seq for line in pushed.lines]
            skipped += pushed.skipped
            last = pushed.snapshot
    assert last is not None
    assert last.seq == engine.shown.seq, "what it sees then is what is true then"
    assert numbers == sorted(set(numbers))
    assert len(numbers) + skipped == 1008, "every line was sent or counted"


async def test_a_console_that_asks_and_never_reads_is_not_read_either(
    engine: FakeEngine, server: LinkServer, path: Path, frozen: RawConsole
) -> None:
    engine.change(500)
    other = await Link.connect(path)
    for number in range(400):
        await frozen.say(control.Ask(number, control.GetJournal(count=500)))
    async with asyncio.timeout(DEADLINE_S):
        while unread_bytes(server) <= LINK_SEND_BUFFER_MAX:
            assert (await other.ask(control.Explain())).lines
        for _ in range(50):
            assert (await other.ask(control.Explain())).lines
    assert unread_bytes(server) < 3 * LINK_SEND_BUFFER_MAX
    answers = 0
    while answers < 400:
        answers += isinstance(await frozen.hear(), control.Answer)
    other.close()
