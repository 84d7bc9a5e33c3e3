"""One message to a mail server over aiosmtplib: the only module that imports it, on first use.

`hand_over` makes one exchange and says how far it came, because that alone decides whether a
message that nobody confirmed may have been taken. It repeats nothing and follows no redirection.
Between its turn and the text a server may keep it waiting for a minute: what is not STILL_WANTED by
then is not handed over.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiosmtplib
import httpx

from voiceslot_tui.core.follow_up_facts import Failure
from voiceslot_tui.core.follow_up_settings import MailSecurity
from voiceslot_tui.ports import STILL_WANTED
from voiceslot_tui.wire.smtp_replies import Stage, failure_of_break, failure_of_reply, is_yes

_GO_ON: Final = 354
_LINE_START_DOT: Final = re.compile(rb"(?m)^\.")
_END: Final = b".\r\n"


class NotTaken(Exception):
    """The message was certainly not taken; `code` is the server's, where it gave one."""

    def __init__(self, failure: Failure, code: int | None, words: str) -> None:
        super().__init__(words)
        self.failure = failure
        self.code = code


class Unclear(Exception):
    """The text was on its way, and no clear reply came: the message may have been taken."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over, and as whom. `greets_as` is the name we introduce ourselves by."""

    host: str
    port: int
    security: MailSecurity
    greets_as: str
    username: str = ""
    password: Callable[[], str] = str


class Exchange:
    """One exchange; `stage` says how far it came, also when it is cut off from outside."""

    def __init__(self, server: MailServer, trust: ssl.SSLContext) -> None:
        self.stage = Stage.SESSION
        self._client = _client_of(server, trust)

    async def hand_over(self, sender: str, recipients: tuple[str, ...], text: bytes) -> None:
        """Hand a whole message over; returns once the server has taken it.

        `text` has CRLF line ends. Where one of several recipients is refused, the others still get
        the message. Raises NotTaken or Unclear, and leaves nothing open. Asks whether the message
        is STILL_WANTED before it connects, once it is welcome, and before the text leaves.
        """
        try:
            await self._converse(sender, recipients, text)
        except (NotTaken, Unclear):
            raise
        except aiosmtplib.SMTPResponseException as reply:
            raise self.refused(reply.code, reply.message) from None
        # What we cannot name proves nothing but how far we came.
        except Exception as problem:
            raise self.broken(problem) from problem
        finally:
            self._client.close()

    async def _converse(self, sender: str, recipients: tuple[str, ...], text: bytes) -> None:
        self._go_on_if_wanted()
        await self._client.connect()
        self._go_on_if_wanted()
        self.stage = Stage.SENDER
        await self._client.mail(sender)
        self.stage = Stage.RECIPIENT
        await self._name(recipients)
        self.stage = Stage.DATA
        await self._say_text(text)

    async def _name(self, recipients: tuple[str, ...]) -> None:
        refused: list[aiosmtplib.SMTPRecipientRefused] = []
        for recipient in recipients:
            try:
                await self._client.rcpt(recipient)
            except aiosmtplib.SMTPRecipientRefused as refusal:
                refused.append(refusal)
        if len(refused) == len(recipients):
            raise refused[0]

    async def _say_text(self, text: bytes) -> None:
        """Say the text in two steps: the library's one step hides whether it has left."""
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        may_come = await self._client.execute_command(b"DATA")
        if may_come.code != _GO_ON:
            raise self.refused(may_come.code, may_come.message)
        self._go_on_if_wanted()
        protocol.write(_LINE_START_DOT.sub(b"..", text) + _END)
        self.stage = Stage.TEXT
        said = await protocol.read_response()
        if not is_yes(said.code):
            raise self.refused(said.code, said.message)
        self._take_leave()

    def _go_on_if_wanted(self) -> None:
        """Raise NotTaken where whoever wanted the message to be sent does not any more.

        A server that waits for the text would take a goodbye for a part of it: it is left without.
        """
        if STILL_WANTED.get()():
            return
        if self.stage is Stage.SESSION:
            self._take_leave()
        raise NotTaken(Failure.NOT_SENT, None, "it was withdrawn before it was sent")

    def _take_leave(self) -> None:
        """Say goodbye; nobody waits for theirs."""
        protocol = self._client.protocol
        if protocol is not None and protocol.is_connected:
            protocol.write(b"QUIT\r\n")

    def refused(self, code: int, words: str) -> NotTaken | Unclear:
        """Judge a reply that is not a yes."""
        failure = failure_of_reply(self.stage, code, words)
        said = f"{code}: {words}"
        return Unclear(said) if failure is None else NotTaken(failure, code, said)

    def broken(self, problem: BaseException) -> NotTaken | Unclear:
        """Judge an exchange that broke off."""
        words = str(problem) or type(problem).__name__
        failure = failure_of_break(self.stage)
        if failure is None:
            return Unclear(words)
        return NotTaken(Failure.ACCOUNT if _needs_a_person(problem) else failure, None, words)


def _needs_a_person(problem: BaseException) -> bool:
    """Tell whether a break says that the settings, and not the way, are wrong.

    The library names by its bare exception only what the server does not offer: STARTTLS, or a way
    to log in.
    """
    causes = (problem, problem.__cause__)
    is_untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
    return is_untrusted or type(problem) is aiosmtplib.SMTPException


def new_trust() -> ssl.SSLContext:
    """Trust the same authorities as the HTTP client does, and check the server's name."""
    return httpx.create_ssl_context()


def _client_of(server: MailServer, trust: ssl.SSLContext) -> aiosmtplib.SMTP:
    # No limits of its own: the whole exchange has one, held by whoever asks for it.
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username or None,
        password=server.password() if server.username else None,
        local_hostname=server.greets_as,
        timeout=None,
        use_tls=server.security is MailSecurity.TLS,
        start_tls=server.security is MailSecurity.STARTTLS,
        tls_context=trust,
    )
