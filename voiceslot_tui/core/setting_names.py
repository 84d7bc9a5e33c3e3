"""Names that are given and are no setting: mistakes of ours to refuse, doubtful ones to warn of.

A misspelt setting is otherwise the default, silently. In `.env`, which is ours, a name near one of
ours or under one of our prefixes is refused, any other is warned about. The environment belongs to
others too: refused is only what nobody else would name so. A name that is not written as settings
are may be a piece of a secret on several lines, and is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from voiceslot_tui.core.errors import SettingProblem
from voiceslot_tui.core.setting_values import nearest
from voiceslot_tui.core.text import clean

_OURS: Final = ("VOICESLOT_", "FOLLOW_UP_")
_SHARED: Final = ("ELEVENLABS_", "TWILIO_", "SMTP_", "BATCH_", "ALERT_")
_NEAR: Final = 0.85
_LENGTHS_NEAR: Final = 1.4
"""How many times as long one of two names may be that are so near."""
_NAME_CHARS_MAX: Final = 60


def mistaken_names(
    environ: Iterable[str], of_file: Iterable[str], known: Sequence[str]
) -> Iterator[SettingProblem]:
    """Give the names to be put right before anything starts, in order."""
    for name, near, is_in_file in _unknown(environ, of_file, known):
        if _is_mistaken(name, near, is_in_file):
            yield SettingProblem(clean(name, _NAME_CHARS_MAX), _no_setting(near))


def doubtful_names(
    environ: Iterable[str], of_file: Iterable[str], known: Sequence[str]
) -> Iterator[str]:
    """Give a warning for each name that may be meant for another program."""
    for name, near, is_in_file in _unknown(environ, of_file, known):
        if (near or is_in_file) and not _is_mistaken(name, near, is_in_file):
            shown = clean(name, _NAME_CHARS_MAX) if near or name.isupper() else "a name in .env"
            yield f"{shown} {_no_setting(near)}"


def _unknown(
    environ: Iterable[str], of_file: Iterable[str], known: Sequence[str]
) -> Iterator[tuple[str, str, bool]]:
    """Give each name that is no setting, the setting that is near it, and whether .env has it."""
    in_file = set(of_file)
    for name in sorted({*environ, *in_file}.difference(known)):
        yield name, _near(name, known), name in in_file


def _near(name: str, known: Sequence[str]) -> str:
    longest, shortest = len(name) * _LENGTHS_NEAR, len(name) / _LENGTHS_NEAR
    alike = [one for one in known if shortest <= len(one) <= longest]
    return nearest(name.upper(), alike, _NEAR)


def _is_mistaken(name: str, near: str, is_in_file: bool) -> bool:
    return name.startswith(_OURS) or (is_in_file and bool(near or name.startswith(_SHARED)))


def _no_setting(near: str) -> str:
    return "is no setting of this program" + (f"; did you mean {near}?" if near else "")
