"""The errors of the product, as a tree.

    VoiceslotError
    ├── BadInput              somebody sent what cannot be right: names the field and what to do
    │   └── SettingsInvalid   all that is wrong with the settings, in one list
    ├── Rejected              an operator's wish that the state of things does not allow
    ├── Missing               the call, attempt or page asked for is not there
    ├── ReadFailed            the platform or the carrier could not be read now: try again later
    │   ├── ReadDenied        it refuses to answer us: somebody has to act
    │   └── ReadUnclear       it answered, and nobody can read what
    ├── IdempotencyConflict   the same key came with another body
    ├── StoreUnavailable      the database cannot be written now: nothing was stored, try again
    │   ├── StoreBusy         too much waits for the writer
    │   └── Fenced            another engine took over this database; this one must stop
    └── StoreUnusable         the database cannot be opened at all: says why and what to do
        ├── StoreLocked       another engine holds it
        ├── StoreTooNew       it was written by a newer version
        └── StoreDamaged      it is not a sound database; it is never recreated silently

What the platform answers is no error: refusals and silence are values (`core.facts`).
Any other exception is a defect of ours.
"""

from __future__ import annotations

from dataclasses import dataclass


class VoiceslotError(Exception):
    """The root: a sentence that a person can act on."""


class BadInput(VoiceslotError):
    """Input from outside that cannot be right."""

    def __init__(self, message: str, *, field: str = "", code: str = "invalid") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code


@dataclass(frozen=True, slots=True)
class SettingProblem:
    """One wrong setting: its name, what is wrong and what to write instead."""

    name: str
    message: str


class SettingsInvalid(BadInput):
    """All that is wrong with the settings."""

    def __init__(self, problems: tuple[SettingProblem, ...]) -> None:
        super().__init__("; ".join(f"{p.name}: {p.message}" for p in problems), code="settings")
        self.problems = problems


class Rejected(VoiceslotError):
    """A wish that the state of things does not allow; the message says what would be possible."""


class Missing(VoiceslotError):
    """What was asked for does not exist."""


class ReadFailed(VoiceslotError):
    """The platform or the carrier could not be read now; nothing follows from it."""


class ReadDenied(ReadFailed):
    """The platform or the carrier refuses our credentials or our plan."""


class ReadUnclear(ReadFailed):
    """The platform or the carrier answered, and the answer is not what was asked for."""


class IdempotencyConflict(VoiceslotError):
    """The same idempotency key came with another body."""


class StoreUnavailable(VoiceslotError):
    """The database cannot be written now, and nothing of the transaction was stored.

    A disk that fails may have stored it all the same; what must not be done twice checks that.
    """


class StoreBusy(StoreUnavailable):
    """Too many transactions wait for the writer."""


class Fenced(StoreUnavailable):
    """Another engine owns the database now; this one must not act any more."""


class StoreUnusable(VoiceslotError):
    """The database cannot be opened; the message says why and what to do."""


class StoreLocked(StoreUnusable):
    """Another engine holds the data folder."""


class StoreTooNew(StoreUnusable):
    """The database was written by a newer version of the program."""


class StoreDamaged(StoreUnusable):
    """The file is not a sound database."""
