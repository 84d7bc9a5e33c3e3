"""A mail server on loopback that goes wrong at any step of its choice, and knows what it took.

What stands in `taken` is the truth that a client's verdict is held against: a message is there from
the moment at which the sink made it its own, whatever it says afterwards.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Literal, cast

Step = Literal["greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "text", "dot"]
STEPS: tuple[Step, ...] = (
    "greeting",
    "ehlo",
    "starttls",
    "auth",
    "mail",
    "rcpt",
    "data",
    "text",
    "dot",
)
"""In order. "text" is in the middle of the text; "dot" is after its final dot."""
DROP, HANG, HOLD = "drop", "hang", "hold"


@dataclass(frozen=True)
class Fault:
    """What the sink does at a step instead of a yes: says a line, drops or hangs.

    One that holds says yes after all, once the sink may go on.
    `takes` says that it makes the message its own all the same, where the whole text is there.
    """

    does: str
    takes: bool = False


@dataclass
class Delivery:
    """A message that the sink made its own."""

    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        """Read the message as a mail program does."""
        return cast(EmailMessage, message_from_bytes(self.raw, policy=default))

    @property
    def text(self) -> str:
        """Give its text as a person reads it."""
        return str(self.message.get_content()).replace("\r\n", "\n").rstrip("\n")


@dataclass
class Sink:
    """The server: its faults, whom it refuses, and what it took."""

    faults: dict[Step, Fault] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    users: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    offers: tuple[str, ...] = ("AUTH PLAIN LOGIN", "8BITMIME")
    taken: list[Delivery] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class _Dropped(Exception):
    """The sink ends the connection."""


class _Session:
    def __init__(
        self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.sink = sink
        self.reader = reader
        self.writer = writer
        self.encrypted = False
        self.user = ""
        self.sender = ""
        self.recipients: list[str] = []

    async def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")
        await self.writer.drain()

    async def answer(self, step: Step, yes: str) -> bool:
        """Say yes, unless this step has a fault; True where it was a yes."""
        fault = self.sink.faults.get(step)
        if fault is not None and fault.does == HOLD:
            self.sink.held.set()
            await self.sink.go_on.wait()
            fault = None
        if fault is None:
            await self.say(yes)
            return True
        if fault.does == DROP:
            raise _Dropped
        if fault.does == HANG:
            await self.sink.over.wait()
            raise _Dropped
        await self.say(fault.does)
        return False

    async def run(self) -> None:
        if not await self.answer("greeting", "220 sink.example.com"):
            return
        while line := await self.reader.readline():
            said = line.decode("utf-8", "replace").strip()
            self.sink.commands.append(said.partition(" ")[0].upper())
            verb, _, rest = said.partition(" ")
            if verb.upper() == "QUIT":
                await self.say("221 bye")
                return
            await getattr(self, f"on_{verb.lower()}", self.on_unknown)(rest)

    async def on_unknown(self, _: str) -> None:
        await self.say("500 what?")

    async def on_ehlo(self, _: str) -> None:
        starttls = ("STARTTLS",) if self.sink.tls is not None and not self.encrypted else ()
        offers = [*self.sink.offers, *starttls, "HELP"]
        lines = ["sink.example.com", *offers]
        marks = ["-"] * (len(lines) - 1) + [" "]
        yes = "\r\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True))
        await self.answer("ehlo", yes)

    async def on_helo(self, _: str) -> None:
        await self.answer("ehlo", "250 sink.example.com")

    async def on_starttls(self, _: str) -> None:
        assert self.sink.tls is not None
        if await self.answer("starttls", "220 go ahead"):
            await self.writer.start_tls(self.sink.tls)
            self.encrypted = True

    async def on_auth(self, rest: str) -> None:
        method, _, first = rest.partition(" ")
        if method.upper() == "PLAIN":
            _, user, password = base64.b64decode(first).decode().split("\0")
        else:
            user = base64.b64decode(first).decode()
            await self.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(await self.reader.readline()).decode()
        if self.sink.users.get(user) != password:
            await self.say("535 5.7.8 wrong user name or password")
        elif await self.answer("auth", "235 welcome"):
            self.user = user

    async def on_mail(self, rest: str) -> None:
        if self.sink.users and not self.user:
            await self.say("530 5.7.0 log in first")
        elif await self.answer("mail", "250 ok"):
            self.sender = _address(rest)

    async def on_rcpt(self, rest: str) -> None:
        address = _address(rest)
        if address in self.sink.refuses:
            await self.say(f"550 5.1.1 <{address}> is unknown here")
        elif await self.answer("rcpt", "250 ok"):
            self.recipients.append(address)

    async def on_data(self, _: str) -> None:
        if not await self.answer("data", "354 go on"):
            return
        if "text" in self.sink.faults:
            await self.reader.readline()
            await self.answer("text", "")
        text = await self._read_text()
        fault = self.sink.faults.get("dot")
        if fault is None or fault.takes:
            taken = Delivery(self.sender, self.recipients, text, self.encrypted, self.user)
            self.sink.taken.append(taken)
        await self.answer("dot", "250 2.0.0 taken")

    async def _read_text(self) -> bytes:
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise _Dropped
            assert line.endswith(b"\r\n"), "every line of a message ends in CRLF"
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


@asynccontextmanager
async def a_sink(
    *, tls_at_once: ssl.SSLContext | None = None, **what: object
) -> AsyncIterator[Sink]:
    """Serve mail until the block ends."""
    sink = Sink(**what)  # type: ignore[arg-type]
    handling: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        task.add_done_callback(handling.discard)
        sink.connections += 1
        sink.at_once += 1
        sink.most_at_once = max(sink.most_at_once, sink.at_once)
        session = _Session(sink, reader, writer)
        session.encrypted = tls_at_once is not None
        with suppress(OSError, _Dropped):
            await session.run()
        sink.at_once -= 1
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls_at_once)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        sink.over.set()
        server.close()
        if handling:
            await asyncio.wait(handling, timeout=5)
