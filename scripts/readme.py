"""Writes what follows from the code: README.md's settings, states and keys, and .env.example.

`make docs` runs it; a test fails when they say anything else. Each table of README.md stands
between two comments with its name, and nothing outside of them is touched; of .env.example only
what follows its last heading is written.
"""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
EXAMPLE = ROOT / ".env.example"
OTHERS = "# --- All other settings, with their defaults "


def settings_table() -> str:
    """Give the settings with their defaults and meanings."""
    from voiceslot_tui.settings import table

    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for row in table():
        default = "*secret*" if row.secret else f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {default} | {row.meaning} |")
    return "\n".join(lines)


def states_diagram() -> str:
    """Draw the table of transitions of a call."""
    from voiceslot_tui.core.calls import FINAL_STATES, TRANSITIONS, CallState

    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> queued"]
    for (state, step), targets in TRANSITIONS.items():
        lines += [f"    {state} --> {target}: {step}" for target in targets]
    lines += [f"    {state} --> [*]" for state in CallState if state in FINAL_STATES]
    return "\n".join([*lines, "```"])


def keys_table() -> str:
    """Give the keys of the console."""
    from voiceslot_tui.console.actions import ACTIONS, key_sign

    lines = ["| key | or `:` | does |", "|---|---|---|"]
    for action in ACTIONS:
        keys = " ".join(f"`{key_sign(key)}`" for key in action.keys)
        argument = action.argument.replace("|", "\\|")
        command = f"`:{action.id.value} {argument}`".replace(" `", "`")
        lines.append(f"| {keys} | {command} | {action.says} |")
    return "\n".join(lines)


TABLES = {"settings": settings_table, "states": states_diagram, "keys": keys_table}


def _filled(table: str, match: re.Match[str]) -> str:
    return f"{match[1]}{table}\n{match[2]}"


def written(text: str) -> str:
    """Give the README's text with every table as the code has it."""
    for name, table in TABLES.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"README.md has no place for the table '{name}'")
        text = pattern.sub(partial(_filled, table()), text)
    return text


def example_written(text: str) -> str:
    """Give .env.example with every setting that its own part does not show, below its last line."""
    from voiceslot_tui.settings import table

    own, heading, _ = text.partition(OTHERS)
    if not heading:
        raise SystemExit(f"{EXAMPLE.name} has no line {OTHERS!r}")
    shown = set(re.findall(r"^#?([A-Z_]+)=", own, re.MULTILINE))
    lines = [heading.ljust(96, "-")]
    for row in table():
        if row.name not in shown:
            lines += [f"# {row.meaning}", f"#{row.name}={row.default}"]
    return own + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    README.write_text(written(README.read_text("utf-8")), "utf-8")
    EXAMPLE.write_text(example_written(EXAMPLE.read_text("utf-8")), "utf-8")
