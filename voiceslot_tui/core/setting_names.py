"""Names that are given and are no setting: mistakes of ours to refuse, doubtful ones to warn of.

A misspelt setting is otherwise the default, silently. In `.env`, which is ours, a name near one of
ours or under one of our prefixes is refused, any other is warned about. The environment belongs to
others too: refused is only what nobody else would name so. A name that is not written as settings
are may be a piece of a secret on several lines, and is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def judged_names(
    environ: Iterable[str], of_file: Iterable[str], known: Sequence[str]
) -> tuple[list[SettingProblem], list[str]]:
    """Give the names to be put right before anything starts, and a warning for each doubtful one.

    Doubtful is what may be meant for another program. Both come in the order of the names.
    """
    problems: list[SettingProblem] = []
    warnings: list[str] = []
    in_file = set(of_file)
    for name in sorted({*environ, *in_file}.difference(known)):
        near, is_in_file = _near(name, known), name in in_file
        shown = clean(name, _NAME_CHARS_MAX)
        if _is_mistaken(name, near, is_in_file):
            problems.append(SettingProblem(shown, _no_setting(near)))
        elif near or is_in_file:
            may_be_shown = near or name.isupper()
            warnings.append(f"{shown if may_be_shown else 'a name in .env'} {_no_setting(near)}")
    return problems, warnings


def _near(name: str, known: Sequence[str]) -> str:
    longest, shortest = len(name) * _LENGTHS_NEAR, len(name) / _LENGTHS_NEAR
    alike = [one for one in known if shortest <= len(one) <= longest]
    return nearest(name.upper(), alike, _NEAR)


def _is_mistaken(name: str, near: str, is_in_file: bool) -> bool:
    return name.startswith(_OURS) or (is_in_file and bool(near or name.startswith(_SHARED)))


def _no_setting(near: str) -> str:
    return "is no setting of this program" + (f"; did you mean {near}?" if near else "")
