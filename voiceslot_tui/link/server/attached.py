"""One attached console: its lines in, its lines out, and never more memory than its bounds.

A console whose terminal froze does not read. Nothing here waits for it: while an earlier line is
unread, pushes and beats are left out, and once too many answers are unread, its wishes are not
read either. When it reads again it is sent what is true then.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Protocol, cast

from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.limits import (
    LINK_ASKS_AT_ONCE_MAX,
    LINK_HELLO_TIMEOUT_S,
    LINK_LINE_BYTES_MAX,
    LINK_SEND_BUFFER_MAX,
)
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.link.server.peers import operator_name
from voiceslot_tui.wire import control


class Host(Protocol):
    """What a console's link needs of the server that keeps it."""

    version: str
    pid: int

    def came(self, console: Attached) -> str:
        """Take a console in; give why not, or an empty text."""
        ...

    def greeted(self, console: Attached) -> None:
        """Learn that a console has said who it is."""
        ...

    def asked(self, console: Attached, ask: control.Ask) -> None:
        """Work on a wish; `console.answered` is called when it is done."""
        ...

    def reads_again(self, console: Attached) -> None:
        """Learn that a console has read all that it was sent."""
        ...

    def left(self, console: Attached) -> None:
        """Forget a console."""
        ...


class Attached(asyncio.Protocol):
    """The engine's end of one link."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lines = control.LineBuffer()
        self._waiting: deque[control.Ask] = deque()
        self._under_way = 0
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._reads = True
        self.operator = ""
        self.watches = False
        self.shown: Snapshot | None = None
        """The last snapshot written, without its times; None asks for a new one."""
        self.journal_seq: int | None = None
        """The newest journal line this console was sent or told the number of."""

    # --- what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the link, or turn it away; wait only so long for its first words."""
        self._transport = cast(asyncio.Transport, transport)
        # At 0 the transport says of every line whether it was read, not only of many.
        self._transport.set_write_buffer_limits(high=0)
        turned_away = self._host.came(self)
        if turned_away:
            self.dismiss("full", turned_away)
            return
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(
            LINK_HELLO_TIMEOUT_S, self.dismiss, "silent", "nothing was said after attaching"
        )

    def data_received(self, data: bytes) -> None:
        """Read what a console sent; a line that cannot be read ends this link and no other."""
        try:
            for raw in self._lines.feed(data):
                if self.gone:
                    return
                self._heard(control.read_console_line(raw))
        except control.UnreadableLine as problem:
            self.dismiss("unreadable", f"a line could not be read: {problem}")

    def pause_writing(self) -> None:
        """Note that something written is still unread."""
        self._reads = False

    def resume_writing(self) -> None:
        """Note that everything written was read."""
        self._reads = True
        self._take_wishes()
        self._host.reads_again(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the console. What it asked for and is under way goes on."""
        self._stop_waiting()
        self._waiting.clear()
        self._host.left(self)

    # --- what the server does

    @property
    def gone(self) -> bool:
        """Tell whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    @property
    def listens(self) -> bool:
        """Tell whether it wants pushes and has read all that it was sent."""
        return self.watches and self._reads and not self.gone

    @property
    def connection(self) -> socket.socket:
        """Give the socket, to ask the kernel who is at its other end."""
        assert self._transport is not None
        return cast(socket.socket, self._transport.get_extra_info("socket"))

    def push(self, raw: bytes, shown: Snapshot, journal_seq: int) -> None:
        """Write a push, and remember what this console has now seen."""
        if self.listens:
            self.shown = shown
            self.journal_seq = journal_seq
            self._write(raw)

    def beat(self, at: Instant, blind_s: float) -> None:
        """Give a sign of life, unless earlier lines are unread."""
        if self.listens:
            self._write(control.line(control.Beat(at, blind_s)))

    def answered(self, reply: control.Answer | control.Refusal) -> None:
        """Write an answer and go on with the next wish."""
        self._under_way -= 1
        if not self.gone:
            self._write(_answer_line(reply))
        self._take_wishes()

    def dismiss(self, code: str, message: str) -> None:
        """Say why, and close once it is read."""
        self._stop_waiting()
        if not self.gone:
            assert self._transport is not None
            self._write(control.line(control.Goodbye(code, message)))
            self._transport.close()

    def cut(self) -> None:
        """Close at once, whatever is unread."""
        if self._transport is not None:
            self._transport.abort()

    # --- inside

    def _heard(self, message: control.FromConsole) -> None:
        match message:
            case control.Hello() if not self.operator:
                self._greet(message)
            case control.Ask() if self.operator:
                self._waiting.append(message)
                self._take_wishes()
            case _:
                self.dismiss("unreadable", "a console says hello once, before anything else")

    def _greet(self, hello: control.Hello) -> None:
        self._stop_waiting()
        if hello.protocol != control.PROTOCOL:
            self.dismiss("protocol", self._mismatch(hello))
            return
        self.operator = operator_name(self.connection, hello.label)
        self.watches = hello.watch
        self._write(
            control.line(control.Welcome(control.PROTOCOL, self._host.version, self.operator))
        )
        self._host.greeted(self)

    def _mismatch(self, hello: control.Hello) -> str:
        return (
            f"this engine is voiceslot {self._host.version} and speaks protocol "
            f"{control.PROTOCOL}, the console speaks {hello.protocol}; update the older of the "
            f"two, end process {self._host.pid} (the queue is kept, live calls go on) and start "
            "the engine again"
        )

    def _take_wishes(self) -> None:
        while self._waiting and self._has_room():
            self._under_way += 1
            self._host.asked(self, self._waiting.popleft())
        if self._transport is None or self._transport.is_closing():
            return
        if self._waiting:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _has_room(self) -> bool:
        if self._transport is None or self._under_way >= LINK_ASKS_AT_ONCE_MAX:
            return False
        return self._transport.get_write_buffer_size() <= LINK_SEND_BUFFER_MAX

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _write(self, raw: bytes) -> None:
        assert self._transport is not None
        self._transport.write(raw)


def _answer_line(reply: control.Answer | control.Refusal) -> bytes:
    raw = control.line(reply)
    if len(raw) <= LINK_LINE_BYTES_MAX:
        return raw
    return control.line(
        control.Refusal(reply.number, "bad_input", "the answer is too long; ask for fewer rows")
    )
