"""The messages between an engine and its consoles: one JSON object a line, over a Unix socket.

A console says `Hello`, is told `Welcome` or `Goodbye`, then sends `Ask`s; each is answered by
one `Answer` or `Refusal` with the same number. Between answers the engine pushes `Pushed` snapshots
with the journal lines that are new. The values are core's own, so that nothing is translated twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from voiceslot_tui.core.calls import CallId, Instant
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.limits import LABEL_CHARS_MAX, LINK_LINE_BYTES_MAX
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.core.pages import CallDetail, JournalEntry, Page, PageQuery, Place
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.wire.batch_control import BATCH_ANSWERS, BatchAct, BatchQuestion, BatchResult
from voiceslot_tui.wire.follow_up_control import (
    MESSAGE_ANSWERS,
    MessageAct,
    MessageQuestion,
    MessageResult,
)

PROTOCOL: Final = 1
"""Raised whenever a message changes its meaning; both sides must agree."""

UNKNOWN: Final = "unknown"
"""The one code of a Refusal that is no refusal: nobody knows what the wish has come to."""


# --- what a console says first, and what it is told


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Who attaches. `label` is what the operator calls themselves; `watch` asks for pushes."""

    protocol: int
    version: str
    label: str = ""
    watch: bool = False


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """The engine's side of the handshake. `operator` is the name acts are written down under."""

    protocol: int
    version: str
    operator: str


class Goodbye(msgspec.Struct, frozen=True, tag="goodbye"):
    """The engine closes the link and says why; `code` is for programs."""

    code: str
    message: str


# --- wishes


class GetSnapshot(msgspec.Struct, frozen=True, tag="snapshot"):
    """Ask for the snapshot as it is now. Answered by a Snapshot."""


class GetPage(msgspec.Struct, frozen=True, tag="page"):
    """Ask for rows. Answered by a Page."""

    query: PageQuery


class GetDetail(msgspec.Struct, frozen=True, tag="detail"):
    """Ask for all about one call. Answered by a CallDetail, or refused as `missing`."""

    call_id: CallId


class GetJournal(msgspec.Struct, frozen=True, tag="journal"):
    """Ask for journal lines before a sequence number, newest first. Answered by JournalLines."""

    before: int | None = None
    count: int = 100


class Explain(msgspec.Struct, frozen=True, tag="explain"):
    """Ask why a call, or (without one) anything, is not dialled. Answered by Sentences."""

    call_id: CallId | None = None


class Enqueue(msgspec.Struct, frozen=True, tag="enqueue"):
    """Put calls into the queue. Answered by Enqueued.

    The same key and calls give the same answer, and the calls are queued once.
    """

    calls: tuple[NewCall, ...]
    key: str = ""


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Start no more calls. Answered by TheDone once it is in force and durable."""

    why: str = ""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Dial again. Answered by TheDone."""


class SetLimit(msgspec.Struct, frozen=True, tag="limit"):
    """Set how many calls may be live at once. Answered by TheDone."""

    limit: int


class Want(msgspec.Struct, frozen=True, tag="want"):
    """Cancel, undo, park, unpark, release or confirm calls. Answered by TheDone."""

    call_ids: tuple[CallId, ...]
    wish: Wish


class Prioritise(msgspec.Struct, frozen=True, tag="prioritise"):
    """Set the priority of queued calls, or change it by so much. Answered by TheDone."""

    call_ids: tuple[CallId, ...]
    to: int | None = None
    by: int | None = None


class Move(msgspec.Struct, frozen=True, tag="move"):
    """Move queued calls to an end of the queue. Answered by TheDone."""

    call_ids: tuple[CallId, ...]
    place: Place


class HangUpCall(msgspec.Struct, frozen=True, tag="hang_up"):
    """End a live call at the carrier. Answered by TheDone, or refused with the reason."""

    call_id: CallId


class Reconcile(msgspec.Struct, frozen=True, tag="reconcile"):
    """Read the platform's live calls now. Answered by TheDone."""


class TakeBack(msgspec.Struct, frozen=True, tag="take_back"):
    """Take an act back, as its Done said how. Answered by TheDone."""

    undo: tuple[Undo, ...]


class StopEngine(msgspec.Struct, frozen=True, tag="stop"):
    """Stop the engine cleanly; live calls are left to the next start. Answered by TheDone."""


Act = (
    Pause
    | Resume
    | SetLimit
    | Want
    | Prioritise
    | Move
    | HangUpCall
    | Reconcile
    | TakeBack
    | StopEngine
    | MessageAct
    | BatchAct
)
"""Wishes that change something; each is answered by TheDone."""

Body = (
    GetSnapshot
    | GetPage
    | GetDetail
    | GetJournal
    | Explain
    | Enqueue
    | MessageQuestion
    | BatchQuestion
    | Act
)


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """One wish with the number that its answer will carry."""

    number: int
    body: Body


# --- answers


class TheDone(msgspec.Struct, frozen=True, tag="the_done"):
    """What an act came to, as an answer; its `undo` is sent back whole with TakeBack."""

    done: Done


class Enqueued(msgspec.Struct, frozen=True, tag="enqueued"):
    """The ids of new calls, in the order asked, and the queue's size after.

    `repeated` says that they came before, by the same key.
    """

    call_ids: tuple[CallId, ...]
    queue_size: int
    repeated: bool = False


class Sentences(msgspec.Struct, frozen=True, tag="sentences"):
    """Plain sentences for a person."""

    lines: tuple[str, ...]


class JournalLines(msgspec.Struct, frozen=True, tag="journal_lines"):
    """Journal lines, newest first."""

    lines: tuple[JournalEntry, ...]


class TheSnapshot(msgspec.Struct, frozen=True, tag="the_snapshot"):
    """A snapshot as an answer."""

    snapshot: Snapshot


class ThePage(msgspec.Struct, frozen=True, tag="the_page"):
    """A page as an answer."""

    page: Page


class TheDetail(msgspec.Struct, frozen=True, tag="the_detail"):
    """One call as an answer."""

    detail: CallDetail


Result = (
    TheDone
    | Enqueued
    | Sentences
    | JournalLines
    | TheSnapshot
    | ThePage
    | TheDetail
    | MessageResult
    | BatchResult
)


ANSWERED_BY: Final[Mapping[type[msgspec.Struct], type[msgspec.Struct]]] = MappingProxyType(
    {
        GetSnapshot: TheSnapshot,
        GetPage: ThePage,
        GetDetail: TheDetail,
        GetJournal: JournalLines,
        Explain: Sentences,
        Enqueue: Enqueued,
        **MESSAGE_ANSWERS,
        **BATCH_ANSWERS,
    }
)
"""What each question is answered by; whatever is not here is answered by TheDone."""


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What a wish came to."""

    number: int
    result: Result


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """Why a wish came to nothing. Codes: bad_input, rejected, missing, store.

    With the code `unknown` it may or may not be done, now or later.
    """

    number: int
    code: str
    message: str
    field: str = ""


class Pushed(msgspec.Struct, frozen=True, tag="pushed"):
    """A newer snapshot with the journal lines since the last push, oldest first.

    `skipped` counts lines left out because the console was slow or they were too many.
    """

    snapshot: Snapshot
    lines: tuple[JournalEntry, ...] = ()
    skipped: int = 0


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """A sign of life while nothing changes, so that a dead link is noticed within two seconds.

    `blind_s` is for how many seconds the engine could not look at its own state, 0 while it can:
    what it pushed last may be old.
    """

    at: Instant
    blind_s: float = 0.0


def claimed_label(environment: Mapping[str, str]) -> str:
    """Say who the operator is beyond their user id: who ran sudo, from which address SSH came.

    The engine shows it as a claim; it proves nothing.
    """
    user = environment.get("SUDO_USER", "").strip()
    connection = (environment.get("SSH_CONNECTION") or environment.get("SSH_CLIENT") or "").split()
    origin = f"from {connection[0]}" if connection else ""
    return " ".join(part for part in (user, origin) if part)[:LABEL_CHARS_MAX]


FromConsole = Hello | Ask
FromEngine = Welcome | Goodbye | Answer | Refusal | Pushed | Beat

_Message = TypeVar("_Message")

_encoder = msgspec.json.Encoder()
_console_decoder: msgspec.json.Decoder[FromConsole] = msgspec.json.Decoder(FromConsole)
_engine_decoder: msgspec.json.Decoder[FromEngine] = msgspec.json.Decoder(FromEngine)


class UnreadableLine(ValueError):
    """A line on the link that is not one of the messages; the link is closed."""


def line(message: FromConsole | FromEngine) -> bytes:
    """Write a message as one line, its end included."""
    return _encoder.encode(message) + b"\n"


def read_console_line(raw: bytes) -> FromConsole:
    """Read what a console sent; raise UnreadableLine where it is none of the messages."""
    return _read(_console_decoder, raw)


def read_engine_line(raw: bytes) -> FromEngine:
    """Read what an engine sent; raise UnreadableLine where it is none of the messages."""
    return _read(_engine_decoder, raw)


def _read(decoder: msgspec.json.Decoder[_Message], raw: bytes) -> _Message:
    if len(raw) > LINK_LINE_BYTES_MAX:
        raise UnreadableLine("the line is longer than any message")
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise UnreadableLine(str(problem)) from None


class LineBuffer:
    """Cut what arrives in pieces of any size into lines; a line beyond the bound is unreadable."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._searched = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Give the lines that a piece completes, without their ends.

        Raise UnreadableLine once an unfinished line is longer than any message; the caller closes.
        """
        self._held += piece
        if self._held.find(b"\n", self._searched) < 0:
            self._searched = len(self._held)
            lines = []
        else:
            *lines, rest = bytes(self._held).split(b"\n")
            self._held = bytearray(rest)
            self._searched = len(rest)
        if len(self._held) > LINK_LINE_BYTES_MAX:
            raise UnreadableLine("the line is longer than any message")
        return lines
