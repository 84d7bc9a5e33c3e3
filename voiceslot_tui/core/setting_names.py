"""Names that are given and are no setting: mistakes of ours to refuse, doubtful ones to warn of.

A misspelt setting is otherwise the default, silently. In `.env`, which is ours, a name near one of
ours or under one of our prefixes is refused, any other is warned about. The environment belongs to
others too: refused is only what nobody else would name so.
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
_NAME_CHARS_MAX: Final = 60


def mistaken_names(
    environ: Iterable[str], of_file: Iterable[str], known: Sequence[str]
) -> Iterator[SettingProblem]:
    """Give the names to be put right before anything starts, in order."""
    in_file = set(of_file) - set(known)
    for name in sorted((set(environ) - set(known)) | in_file):
        near = nearest(name.upper(), known, _NEAR)
        if name.startswith(_OURS) or (name in in_file and (near or name.startswith(_SHARED))):
            yield SettingProblem(clean(name, _NAME_CHARS_MAX), _no_setting(near))


def doubtful_names(
    environ: Iterable[str], of_file: Iterable[str], known: Sequence[str]
) -> Iterator[str]:
    """Give a warning for each name that may be meant for another program."""
    in_file = set(of_file) - set(known)
    for name in sorted((set(environ) - set(known)) | in_file):
        near = nearest(name.upper(), known, _NEAR)
        if not name.startswith(_OURS) and (name in in_file or near):
            yield f"{clean(name, _NAME_CHARS_MAX)} {_no_setting(near)}"


def _no_setting(near: str) -> str:
    return "is no setting of this program" + (f"; did you mean {near}?" if near else "")
