"""Whatever a mail server does: what we say of a message against what the server has taken.

The one thing that must never happen is to call a message "not taken" that the server has. Each case
also counts: a message is handed over once.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.providers.conftest import SetClock, wanted
from tests.contract.providers.mail_sink import DROP, HANG, HOLD, STEPS, Fault, Sink, Step, a_sink
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Failure,
    MessageRefused,
    MessageTaken,
    MessageUnanswered,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_up_settings import MailSecurity
from voiceslot_tui.core.follow_ups import Channel, MessageSid, TryId
from voiceslot_tui.core.limits import MAILS_AT_ONCE_MAX
from voiceslot_tui.follow_up_ports import MessageOrder
from voiceslot_tui.providers.mail import Mail, Mailer, MailMessenger
from voiceslot_tui.wire.smtp_replies import Stage, failure_of_break, failure_of_reply

SHORT_S = 0.4
PASSWORD = "a password of the tests"
USERS = {"sender": PASSWORD}
PERSON = "ana@example.org"


class FixedClock(SetClock):
    """A clock that stands still."""

    def now(self) -> Instant:
        return Instant(1_700_000_000_000)


def a_mailer(
    port: int,
    *,
    security: MailSecurity = MailSecurity.NONE,
    username: str = "sender",
    password: str = PASSWORD,
    host: str = "127.0.0.1",
    timeout_s: float = 20.0,
    sender: str = "news@example.com",
    sender_name: str = "Clínica Sol",
) -> Mailer:
    return Mailer(
        host=host,
        port=port,
        security=security,
        sender=sender,
        sender_name=sender_name,
        clock=FixedClock(),
        username=username,
        password=lambda: password,
        timeout_s=timeout_s,
    )


def an_order(
    to: str = PERSON, body: str = "Hola", subject: str = "Nuestra llamada"
) -> MessageOrder:
    return MessageOrder(TryId("try-1"), Channel.EMAIL, to, body=body, subject=subject)


async def send(sink: Sink, order: MessageOrder | None = None, **how: object) -> SendAnswer:
    messenger = MailMessenger(a_mailer(sink.port, **how))  # type: ignore[arg-type]
    return await messenger.send(order or an_order())


# --- what is taken


async def test_a_mail_arrives_as_it_was_written() -> None:
    body = "Hola Íñigo:\n\n.una línea con punto\n.\nGracias.\n\nClínica Sol 🌞" + "x" * 1200
    async with a_sink(users=USERS) as sink:
        answer = await send(sink, an_order(body=body))
    assert answer == MessageTaken(TryId("try-1"), MessageSid("mail/try-1"))
    (taken,) = sink.taken
    assert (taken.sender, taken.recipients, taken.user) == ("news@example.com", [PERSON], "sender")
    assert taken.raw.isascii()
    message = taken.message
    assert taken.text == body
    assert message.get_content_type() == "text/plain"
    assert message["Message-ID"] == "<try-1@example.com>"
    assert message["Date"].datetime.timestamp() == 1_700_000_000
    assert message["Subject"] == "Nuestra llamada"
    assert str(message["From"]) == "Clínica Sol <news@example.com>"
    assert str(message["To"]) == PERSON
    assert message["Auto-Submitted"] == "auto-generated"
    assert len(sink.commands) == len(set(sink.commands)), "nothing is asked for twice"


NASTY = "x\r\nBcc: all@example.net\r\n\r\nMAIL FROM:<evil@example.net>\x00\u202e"


async def test_nothing_in_a_subject_name_or_body_becomes_a_header_or_a_command() -> None:
    async with a_sink(users=USERS) as sink:
        answer = await send(
            sink, an_order(subject=NASTY, body=f"{NASTY}\r\n.\r\nQUIT\r\n\ud800"), sender_name=NASTY
        )
    assert isinstance(answer, MessageTaken)
    (taken,) = sink.taken
    assert taken.recipients == [PERSON]
    assert taken.message["Bcc"] is None
    assert set(taken.message.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    }
    assert "QUIT" in taken.text


@pytest.mark.parametrize(
    "to",
    [
        "",
        "nobody",
        "@example.org",
        "a@b@example.org",
        "ana@example.org>\r\nDATA",
        "ana@example.org, all@example.org",
        "Ana <ana@example.org>",
        '"ana boo"@example.org',
        "ana..b@example.org",
        "añá@example.org",
        "ana@[127.0.0.1]",
        "a" * 1000 + "@example.org",
    ],
)
async def test_what_is_no_plain_address_is_refused_before_anybody_is_asked(to: str) -> None:
    async with a_sink(users=USERS) as sink:
        answer = await send(sink, an_order(to=to))
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.NOT_ON_CHANNEL
    assert sink.connections == 0


async def test_a_message_id_cannot_be_broken_out_of() -> None:
    async with a_sink(users=USERS) as sink:
        mail = Mail(TryId("a> b\r\nX: 1"), (PERSON,), "s", "t")
        await a_mailer(sink.port).send(mail)
    assert sink.taken[0].message["Message-ID"] == "<a--b--X--1@example.com>"


async def test_of_several_recipients_the_ones_that_exist_get_it() -> None:
    mail = Mail(TryId("try-1"), ("gone@example.org", PERSON), "s", "t")
    async with a_sink(users=USERS, refuses={"gone@example.org"}) as sink:
        answer = await a_mailer(sink.port).send(mail)
    assert isinstance(answer, MessageTaken)
    assert sink.taken[0].recipients == [PERSON]


# --- every fault at every step, against what the sink really took

FAULTS: dict[str, Fault] = {
    "4xx": Fault("451 4.3.0 not now"),
    "5xx": Fault("554 5.0.0 no"),
    "drop": Fault(DROP),
    "hang": Fault(HANG),
    "nonsense": Fault("hello?"),
}
TOO_LATE: dict[str, Fault] = {
    "4xx": Fault("451 4.3.0 not now"),
    "5xx": Fault("554 5.0.0 no"),
    "421": Fault("421 4.3.2 going down"),
    "421 and taken": Fault("421 4.3.2 going down", takes=True),
    "drop": Fault(DROP),
    "drop and taken": Fault(DROP, takes=True),
    "hang": Fault(HANG),
    "hang and taken": Fault(HANG, takes=True),
    "nonsense": Fault("hello?", takes=True),
    "another yes": Fault("251 taken", takes=True),
}
_SESSION = {
    "4xx": Failure.NOT_SENT,
    "5xx": Failure.ACCOUNT,
    "drop": Failure.NOT_SENT,
    "hang": Failure.NOT_SENT,
    "nonsense": Failure.NOT_SENT,
}
_AFTER_LOGIN = dict.fromkeys(FAULTS, Failure.AGAIN)
EXPECTED: dict[Step, dict[str, Failure | None]] = {
    "greeting": {**_SESSION},
    "ehlo": {**_SESSION},
    "starttls": {**_SESSION},
    "auth": {**_SESSION},
    "mail": {**_AFTER_LOGIN, "5xx": Failure.ACCOUNT},
    "rcpt": {**_AFTER_LOGIN, "5xx": Failure.FINAL},
    "data": {**_AFTER_LOGIN, "5xx": Failure.CONTENT},
    "text": {"drop": None, "hang": None},
}
"""What kind of no each fault is; None where nobody can say."""


def a_certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate of this machine's address, and a context that shows it."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    about = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command = ["openssl", "req", "-x509", *kind, *about, "-out", certificate, "-keyout", key]
    subprocess.run(command, check=True, capture_output=True, timeout=20)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    return a_certificate(folder), folder / "certificate.pem"


@pytest.mark.parametrize(
    ("step", "name"), [(step, name) for step, faults in EXPECTED.items() for name in faults]
)
async def test_before_the_text_nothing_was_taken_and_we_say_so(
    step: Step,
    name: str,
    certificate: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = EXPECTED[step][name]
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    timeout_s = SHORT_S if name == "hang" else 20.0
    async with a_sink(users=USERS, tls=certificate[0], faults={step: FAULTS[name]}) as sink:
        answer = await send(sink, timeout_s=timeout_s, security=MailSecurity.STARTTLS)
        assert sink.taken == []
        assert sink.connections == 1
    if expected is None:
        assert isinstance(answer, MessageUnanswered)
        return
    assert isinstance(answer, MessageRefused)
    assert answer.failure is expected
    assert answer.code == {"4xx": 451, "5xx": 554, "nonsense": -1}.get(name, answer.code)
    assert answer.detail


def test_every_step_is_covered() -> None:
    assert (*EXPECTED, "dot") == STEPS
    for step, faults in EXPECTED.items():
        assert step == "text" or faults.keys() == FAULTS.keys()


@pytest.mark.parametrize("name", TOO_LATE)
async def test_after_the_text_only_a_clear_word_counts(name: str) -> None:
    fault = TOO_LATE[name]
    timeout_s = SHORT_S if fault.does == HANG else 20.0
    async with a_sink(users=USERS, faults={"dot": fault}) as sink:
        answer = await send(sink, timeout_s=timeout_s)
        assert sink.connections == 1
        assert len(sink.taken) == int(fault.takes)
    match name:
        case "4xx":
            assert isinstance(answer, MessageRefused)
            assert (answer.failure, answer.code) == (Failure.AGAIN, 451)
        case "5xx":
            assert isinstance(answer, MessageRefused)
            assert (answer.failure, answer.code) == (Failure.CONTENT, 554)
        case "another yes":
            assert isinstance(answer, MessageTaken)
        case _:
            assert isinstance(answer, MessageUnanswered)
            assert answer.detail


@pytest.mark.parametrize("pause_at", ["mail", "rcpt", "data", "dot"])
async def test_a_refused_login_or_recipient_says_who_has_to_act(pause_at: Step) -> None:
    cases = {
        "mail": ("530 5.7.0 log in first", Failure.ACCOUNT),
        "rcpt": ("550 5.1.1 no such person", Failure.NOT_ON_CHANNEL),
        "data": ("554 5.7.1 spam", Failure.CONTENT),
        "dot": ("550 5.4.5 Daily user sending limit exceeded", Failure.LATER),
    }
    line, failure = cases[pause_at]
    async with a_sink(users=USERS, faults={pause_at: Fault(line)}) as sink:
        answer = await send(sink)
    assert isinstance(answer, MessageRefused)
    assert (answer.failure, answer.code) == (failure, int(line[:3]))
    assert line[4:] in answer.detail


async def test_no_address_stands_in_what_is_told() -> None:
    async with a_sink(users=USERS, refuses={PERSON}) as sink:
        answer = await send(sink)
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.NOT_ON_CHANNEL
    assert "ana@" not in answer.detail
    assert "•••@example.org" in answer.detail


# --- the way there


async def test_a_wrong_password_is_a_trouble_of_the_account() -> None:
    async with a_sink(users=USERS) as sink:
        answer = await send(sink, password="wrong")
    assert isinstance(answer, MessageRefused)
    assert (answer.failure, answer.code) == (Failure.ACCOUNT, 535)
    assert sink.taken == []


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"security": MailSecurity.STARTTLS}, "STARTTLS"),
        ({"security": MailSecurity.NONE}, "AUTH"),
    ],
)
async def test_what_the_server_does_not_offer_needs_a_person(
    how: dict[str, object], words: str
) -> None:
    async with a_sink(users=USERS, offers=()) as sink:
        answer = await send(sink, **how)
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.ACCOUNT
    assert words in answer.detail
    assert "AUTH" not in sink.commands, "no password goes to a server that takes none"


async def test_without_a_user_name_nobody_logs_in() -> None:
    async with a_sink() as sink:
        answer = await send(sink, username="")
    assert isinstance(answer, MessageTaken)
    assert "AUTH" not in sink.commands


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
@pytest.mark.parametrize("trusted", [True, False])
async def test_no_mail_and_no_password_goes_to_a_server_that_cannot_prove_its_name(
    security: MailSecurity,
    trusted: bool,
    certificate: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context, file = certificate
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    at_once = context if security is MailSecurity.TLS else None
    async with a_sink(users=USERS, tls=context, tls_at_once=at_once) as sink:
        answer = await send(sink, security=security)
    if trusted:
        assert isinstance(answer, MessageTaken)
        assert sink.taken[0].encrypted
        return
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.ACCOUNT
    assert "certificate" in answer.detail
    assert not {"AUTH", "MAIL"} & set(sink.commands)


async def test_a_server_that_is_not_there_was_told_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        answer = await MailMessenger(a_mailer(port)).send(an_order())
    assert isinstance(answer, MessageRefused)
    assert (answer.failure, answer.code) == (Failure.NOT_SENT, None)


async def test_a_name_that_nobody_knows_was_told_nothing() -> None:
    answer = await MailMessenger(a_mailer(25, host="mail.invalid")).send(an_order())
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.NOT_SENT


async def test_a_sender_that_is_no_address_needs_a_person() -> None:
    async with a_sink() as sink:
        answer = await send(sink, username="", sender="nobody@exa mple")
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.ACCOUNT
    assert sink.connections == 0


async def test_many_mails_at_once_take_turns_and_each_goes_once() -> None:
    async with a_sink(users=USERS) as sink:
        mailer = a_mailer(sink.port)
        mails = [Mail(TryId(f"try-{n}"), (PERSON,), "s", "t") for n in range(20)]
        answers = await asyncio.gather(*(mailer.send(mail) for mail in mails))
    assert all(isinstance(answer, MessageTaken) for answer in answers)
    assert sorted(taken.message["Message-ID"] for taken in sink.taken) == sorted(
        f"<{mail.id}@example.com>" for mail in mails
    )
    assert sink.most_at_once <= MAILS_AT_ONCE_MAX + 1, "one may still be saying goodbye"


async def test_who_got_no_turn_in_time_has_sent_nothing() -> None:
    async with a_sink(users=USERS, faults={"greeting": Fault(HANG)}) as sink:
        mailer = a_mailer(sink.port)
        mail = Mail(TryId("try-1"), (PERSON,), "s", "t")
        first = [asyncio.ensure_future(mailer.send(mail)) for _ in range(MAILS_AT_ONCE_MAX)]
        await asyncio.wait(first, timeout=SHORT_S)
        mailer._timeout_s = SHORT_S
        answer = await mailer.send(mail)
        assert sink.connections == MAILS_AT_ONCE_MAX
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.NOT_SENT
    assert "within 0.4 s" in answer.detail
    await asyncio.wait(first, timeout=20)


WITHDRAWN = MessageRefused(
    TryId("try-1"), Failure.NOT_SENT, detail="it was withdrawn before it was sent"
)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("greeting", ["EHLO", "AUTH", "QUIT"]),
        ("auth", ["EHLO", "AUTH", "QUIT"]),
        ("rcpt", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"]),
        ("data", ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"]),
    ],
)
async def test_what_is_not_wanted_any_more_before_its_text_leaves_is_not_handed_over(
    step: Step, said: list[str]
) -> None:
    async with a_sink(users=USERS, faults={step: Fault(HOLD)}) as sink:
        with wanted(lambda: not sink.go_on.is_set()):
            sending = asyncio.ensure_future(send(sink))
        await sink.held.wait()
        sink.go_on.set()
        assert await sending == WITHDRAWN
    assert (sink.commands, sink.taken) == (said, [])


async def test_what_is_not_wanted_any_more_once_it_has_its_turn_reaches_no_server() -> None:
    async with a_sink(users=USERS, faults={"greeting": Fault(HOLD)}) as sink:
        messenger = MailMessenger(a_mailer(sink.port))
        first = [asyncio.ensure_future(messenger.send(an_order())) for _ in range(4)]
        await sink.held.wait()
        with wanted(lambda: not sink.go_on.is_set()):
            waiting = asyncio.ensure_future(messenger.send(an_order()))
        await asyncio.sleep(0)
        sink.go_on.set()
        assert await waiting == WITHDRAWN
        assert all(isinstance(answer, MessageTaken) for answer in await asyncio.gather(*first))
    assert (sink.connections, len(sink.taken)) == (MAILS_AT_ONCE_MAX, MAILS_AT_ONCE_MAX)


async def test_a_mail_server_has_no_list_and_no_templates() -> None:
    messenger = MailMessenger(a_mailer(1))
    assert await messenger.sent_to(Channel.EMAIL, PERSON, Instant(0)) is None
    assert await messenger.news(MessageSid("mail/try-1")) is None
    assert await messenger.template("HX0") == Template("HX0", Approval.MISSING)
    assert await messenger.templates() == ()


async def test_certificates_that_cannot_be_read_are_said_before_anybody_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    async with a_sink(users=USERS) as sink:
        answer = await send(sink, security=MailSecurity.STARTTLS)
    assert isinstance(answer, MessageRefused)
    assert answer.failure is Failure.ACCOUNT
    assert "SSL_CERT_FILE" in answer.detail
    assert sink.connections == 0


def test_the_library_is_not_loaded_before_the_first_mail() -> None:
    code = "import sys, voiceslot_tui.providers.mail; print('aiosmtplib' in sys.modules)"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == "False"


# --- the table of replies


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("code", [-1, 199, 250, 354, 421, 450, 499, 500, 550, 599, 600])
def test_only_after_the_text_a_reply_can_leave_a_doubt(stage: Stage, code: int) -> None:
    failure = failure_of_reply(stage, code, "words")
    clear = 500 <= code <= 599 or (400 <= code <= 499 and code != 421)
    assert (failure is None) is (stage is Stage.TEXT and not clear)
    assert (failure_of_break(stage) is None) is (stage is Stage.TEXT)
