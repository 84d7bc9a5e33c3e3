"""The log of the engine: one JSON object a line, in a bounded file, without secrets or numbers.

Nothing is written before `open_log`, and a log that cannot be written never stops a call. Every
text on its way to the file is masked: what was registered as a secret, what looks like one, and
phone numbers, in tracebacks too. Tracebacks carry no local variables.
"""

from __future__ import annotations

import logging
import os
import re
import traceback
from collections.abc import Iterable, Mapping
from enum import StrEnum
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TextIO

from voiceslot_tui.core.text import mask

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_FILE_BYTES_MAX: Final = 8 * 1024 * 1024
_OLD_FILES_MAX: Final = 3
_SECRET_CHARS_MIN: Final = 6
"""Shorter values are no secrets, and hiding them would hide half the log."""
_DEPTH_MAX: Final = 6
_QUIET: Final = ("aiohttp", "asyncio", "httpcore", "httpx", "twilio")
"""Libraries whose chatter holds addresses and parameters: only their warnings are kept."""
_ROOT: Final = "voiceslot"


class Event(StrEnum):
    """What a line tells. The word is for programs: it never changes its meaning."""

    ALERT_NOT_TOLD = "alert_not_told"
    ENGINE_STARTED = "engine_started"
    ENGINE_STOPPED = "engine_stopped"
    SERVICE_FAILED = "service_failed"
    SERVICE_WELL = "service_well"
    STOP_UNREADABLE = "stop_unreadable"
    LINK_FAILED = "link_failed"
    LISTENER_STARTED = "listener_started"
    LISTENER_STOPPED = "listener_stopped"
    OUTCOME_NOT_STORED = "outcome_not_stored"
    PERSON_OPTED_OUT = "person_opted_out"
    PROGRAM_FAILED = "program_failed"
    REQUEST_FAILED = "request_failed"
    REQUEST_REFUSED = "request_refused"
    WEBHOOK_IGNORED = "webhook_ignored"
    WEBHOOK_REFUSED = "webhook_refused"


class Field(StrEnum):
    """What a line says about its event."""

    ADDRESS = "address"
    ATTEMPT_ID = "attempt_id"
    CALL_ID = "call_id"
    CALL_SID = "call_sid"
    CODE = "code"
    CONVERSATION_ID = "conversation_id"
    COUNT = "count"
    DETAIL = "detail"
    KIND = "kind"
    MESSAGE_SID = "message_sid"
    PATH = "path"
    PORT = "port"
    SERVICE = "service"
    VERSION = "version"


_IDS: Final = frozenset(
    {Field.ATTEMPT_ID, Field.CALL_SID, Field.CONVERSATION_ID, Field.MESSAGE_SID, "timestamp"}
)
_ID_SHAPE: Final = re.compile(r"(?:[A-Za-z][0-9A-Za-z_-]*|\d{4}-\d\d-\d\dT[\d:.]+Z)")
"""An id in these fields is no phone number, however many digits it has."""


def info(event: Event, fields: Mapping[Field, object] | None = None) -> None:
    """Write a line about something usual."""
    _write(logging.INFO, event, fields, None)


def warning(event: Event, fields: Mapping[Field, object] | None = None) -> None:
    """Write a line about something an operator may want to look at."""
    _write(logging.WARNING, event, fields, None)


def error(
    event: Event,
    fields: Mapping[Field, object] | None = None,
    problem: BaseException | None = None,
) -> None:
    """Write a line about something that went wrong, with the traceback of the problem."""
    _write(logging.ERROR, event, fields, problem)


def _write(
    level: int,
    event: Event,
    fields: Mapping[Field, object] | None,
    problem: BaseException | None,
) -> None:
    log = logging.getLogger(_ROOT)
    if log.isEnabledFor(level) and log.hasHandlers():
        extra = {"told": {str(name): value for name, value in (fields or {}).items()}}
        log.log(level, str(event), extra=extra, exc_info=problem)


def masked(text: str) -> str:
    """Hide in a text that is shown elsewhere what the open log hides in its lines."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _PrivateFile):
            return handler.masking.text(text)
    return mask(text)


class OpenLog:
    """An open log; closing it leaves the process as it was found."""

    def __init__(self, handlers: tuple[logging.Handler, ...]) -> None:
        self._handlers = handlers

    def close(self) -> None:
        """Write nothing more and close the file."""
        root = logging.getLogger()
        for handler in self._handlers:
            root.removeHandler(handler)
            handler.close()


def open_log(path: Path, *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> OpenLog:
    """Send the log of this process to a file and, where given, to a stream as well.

    `secrets` are hidden wherever they occur. Raises OSError where the file cannot be opened.
    """
    masking = _Masking(secrets)
    formatter = _formatter(masking)
    handlers: tuple[logging.Handler, ...] = (_PrivateFile(path, masking),)
    if stream is not None:
        handlers = (*handlers, _Stream(stream))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    return OpenLog(handlers)


class _PrivateFile(RotatingFileHandler):
    """A file that only its owner reads, of bounded size, whose trouble stops nobody."""

    def __init__(self, path: Path, masking: _Masking) -> None:
        super().__init__(
            path, maxBytes=_FILE_BYTES_MAX, backupCount=_OLD_FILES_MAX, encoding="utf-8"
        )
        self.masking = masking

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding="utf-8", errors="replace")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop a line that cannot be written: a full disk is told on the screen, not here."""


class _Stream(logging.StreamHandler[TextIO]):
    """A stream whose trouble (a closed terminal) stops nobody."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Drop a line that cannot be written."""


def _formatter(masking: _Masking) -> logging.Formatter:
    import msgspec
    import structlog

    encoder = msgspec.json.Encoder(enc_hook=repr)

    def to_line(event: EventDict, **_: Any) -> str:
        return encoder.encode(event).decode()

    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            _add_told,
            stamp,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(_traceback),
            masking,
            structlog.processors.JSONRenderer(serializer=to_line),
        ],
    )


def _add_told(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    told = getattr(event["_record"], "told", None)
    return {**told, **event} if told else event


def _traceback(
    exc_info: tuple[type[BaseException], BaseException, TracebackType | None],
) -> str:
    return "".join(traceback.format_exception(*exc_info))


class _Masking:
    """Hides secrets and phone numbers in all that a line holds."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({text for text in secrets if len(text) >= _SECRET_CHARS_MIN}, key=len)
        self._secrets = re.compile("|".join(re.escape(text) for text in reversed(known)) or r"(?!)")

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {name: self._masked(value, name) for name, value in event.items()}

    def _masked(self, value: object, name: str = "", depth: int = 0) -> object:
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, int):
            return value if abs(value) < 10**7 else self._masked(str(value))
        if isinstance(value, Mapping) and depth < _DEPTH_MAX:
            return {
                str(self._masked(str(key))): self._masked(inner, str(key), depth + 1)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset) and depth < _DEPTH_MAX:
            return [self._masked(inner, name, depth + 1) for inner in value]
        return self.text(value if isinstance(value, str) else repr(value), name)

    def text(self, text: str, name: str = "") -> str:
        """Hide what is secret in a text; in a field for ids, an id is no phone number."""
        text = self._secrets.sub("•••secret•••", text).encode("utf-8", "replace").decode()
        return text if name in _IDS and _ID_SHAPE.fullmatch(text) else mask(text)
