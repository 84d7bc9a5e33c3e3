"""Mail behind the Messenger port, and the Mailer that alerts use too.

A mail is handed over once; not at all where it is not STILL_WANTED when it has got its turn and its
server. What that came to is a value: only a server's clear no, or a break before the text was on
its way, means that it was not taken. A mail server keeps no list of what we sent, so what is in
doubt afterwards only a person can settle.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from voiceslot_tui import logs
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Failure,
    MessageNews,
    MessageRefused,
    MessageTaken,
    MessageUnanswered,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_up_settings import MailSecurity
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.core.inbound import Received
from voiceslot_tui.core.limits import (
    MAIL_TIMEOUT_S,
    MAILS_AT_ONCE_MAX,
    TEXT_CHARS_MAX,
)
from voiceslot_tui.core.listings import Listing
from voiceslot_tui.core.text import clean
from voiceslot_tui.follow_up_ports import MessageOrder
from voiceslot_tui.ports import Clock
from voiceslot_tui.providers.http import awake
from voiceslot_tui.providers.mail_writing import written

_SMTP: Final = "voiceslot_tui.providers.smtp"
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}){0,8}"
    r"@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}"
)
"""An address as it can be written in a command and a header: nothing in it means anything else."""
_ANY_ADDRESS: Final = re.compile(r"[^\s<>@:;,]+@(?=[^\s<>@]+)")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. The same `id` gives the same Message-ID, by which mail programs know a double."""

    id: TryId
    to: tuple[str, ...]
    subject: str
    text: str


class Mailer:
    """Hands mails over to one mail server, each once."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: MailSecurity,
        sender: str,
        clock: Clock,
        sender_name: str = "",
        username: str = "",
        password: Callable[[], str] = str,
        timeout_s: float = MAIL_TIMEOUT_S,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._sender = sender
        self._sender_name = sender_name
        self._clock = clock
        self._username = username
        self._password = password
        self._timeout_s = timeout_s
        self._domain = sender.rpartition("@")[2]
        self._loading = asyncio.Lock()
        self._turns = asyncio.Semaphore(MAILS_AT_ONCE_MAX)
        self._trust: Any = None

    async def send(self, mail: Mail) -> SendAnswer:
        """Hand a mail over, once. Raises nothing for what the server or the network does."""
        if not mail.to or not all(_ADDRESS.fullmatch(address) for address in mail.to):
            why = "this is no address that mail can be sent to"
            return MessageRefused(mail.id, Failure.NOT_ON_CHANNEL, detail=why)
        if not _ADDRESS.fullmatch(self._sender):
            why = "SMTP_FROM is no address that mail can come from"
            return MessageRefused(mail.id, Failure.ACCOUNT, detail=why)
        try:
            smtp = await self._loaded()
        except OSError:
            why = "the certificates that we trust cannot be read; see SSL_CERT_FILE"
            return MessageRefused(mail.id, Failure.ACCOUNT, detail=why)
        text = self._written(mail)
        try:
            await self._exchanged(smtp, mail, text)
        except smtp.NotTaken as no:
            return MessageRefused(mail.id, no.failure, no.code, _shown(no))
        except smtp.Unclear as silence:
            return MessageUnanswered(mail.id, _shown(silence))
        return MessageTaken(mail.id, MessageSid(f"mail/{mail.id}"))

    async def _exchanged(self, smtp: Any, mail: Mail, text: bytes) -> None:
        """Make the exchange within one time limit, the wait for its turn included."""
        exchange = smtp.Exchange(self._server(smtp), self._trust)
        try:
            async with awake(self._timeout_s), self._turns:
                await exchange.hand_over(self._sender, mail.to, text)
        except TimeoutError:
            late = TimeoutError(f"the mail server did not answer within {self._timeout_s:g} s")
            raise exchange.broken(late) from None

    def _server(self, smtp: Any) -> Any:
        return smtp.MailServer(
            host=self._host,
            port=self._port,
            security=self._security,
            greets_as=self._domain,
            username=self._username,
            password=self._password,
        )

    def _written(self, mail: Mail) -> bytes:
        return written(
            mail_id=mail.id,
            sender=self._sender,
            sender_name=self._sender_name,
            to=mail.to,
            subject=mail.subject,
            text=mail.text,
            now=self._clock.now(),
        )

    async def _loaded(self) -> Any:
        """Load the library and what we trust on first use, in a thread: the disk is slow."""
        async with self._loading:
            if _SMTP not in sys.modules:
                await asyncio.to_thread(import_module, _SMTP)
            smtp: Any = sys.modules[_SMTP]
            if self._trust is None:
                self._trust = await asyncio.to_thread(smtp.new_trust)
            return smtp


class MailMessenger:
    """The messenger of the channel e-mail. It has no templates and keeps no list."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    async def send(self, order: MessageOrder) -> SendAnswer:
        """Send once. Raises nothing for what the server or the network does; never repeats."""
        mail = Mail(order.try_id, (order.to,), order.subject, order.body)
        return await self._mailer.send(mail)

    async def news(self, message_sid: MessageSid) -> MessageNews | None:
        """Know nothing more of a mail that was handed over."""
        return None

    async def sent_to(self, channel: Channel, to: str, since: Instant) -> Listing | None:
        """Keep no list: whether a mail in doubt was sent, only a person can say."""
        return None

    async def received(self, channel: Channel, since: Instant | None, more: str = "") -> Received:
        """Hear nobody: answers go to whoever reads the mailbox."""
        return Received()

    async def template(self, content_sid: str) -> Template:
        """Know no template."""
        return Template(content_sid, Approval.MISSING)

    async def templates(self) -> tuple[Template, ...]:
        """Have no templates."""
        return ()


def _shown(problem: Exception) -> str:
    """Give a server's words without anybody's address, for screens and the journal."""
    return clean(logs.masked(_ANY_ADDRESS.sub("•••@", str(problem))), TEXT_CHARS_MAX)
