"""The `.env` file: its values by name, and which of its lines cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from voiceslot_tui.core.errors import SettingProblem

_UNREADABLE: Final = "cannot be read as NAME=value; is a quotation mark missing?"


def read_env_file(path: Path | None, problems: list[SettingProblem]) -> dict[str, str]:
    """Give what the file sets, exactly as it is written there; a missing file sets nothing.

    Appends to `problems` each line that is no NAME=value, by its number and without quoting it.
    """
    if path is None or not path.is_file():
        return {}
    from io import StringIO

    from dotenv.parser import parse_stream

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.append(SettingProblem(str(path), "cannot be read as UTF-8 text"))
        return {}
    values: dict[str, str] = {}
    for line in parse_stream(StringIO(text)):
        if line.key is not None and line.value is not None:
            values[line.key] = line.value
        elif line.error or line.key is not None:
            where = f"{path.name}, line {line.original.line}"
            problems.append(SettingProblem(where, _UNREADABLE))
    return values
