"""How the console looks: a default readable on any background of its own, high contrast, ANSI.

Text is at least 4.5:1 against its ground in the default theme and 7:1 in `hc-dark` (WCAG 2.2,
1.4.3 and 1.4.6). The ANSI theme uses the terminal's own colours and, with NO_COLOR set, none. What
a colour says is always said by a word or a sign as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

DEFAULT: Final = "voiceslot"
HIGH_CONTRAST: Final = "hc-dark"
ANSI: Final = "ansi-dark"
NAMES: Final = (DEFAULT, HIGH_CONTRAST, ANSI)

_READABLE: Final = Theme(
    name=DEFAULT,
    dark=True,
    primary="#7cb7ff",
    secondary="#9ecbff",
    accent="#7cd0e8",
    foreground="#e4e6ea",
    background="#14171c",
    surface="#14171c",
    panel="#2a3039",
    success="#7ed491",
    warning="#f0c060",
    error="#ff8f86",
    variables={
        "text-muted": "#a9b0bb",
        "text-accent": "#7cd0e8",
        "text-success": "#7ed491",
        "text-warning": "#f0c060",
        "text-error": "#ff8f86",
        "foreground-muted": "#a9b0bb",
        "foreground-disabled": "#a9b0bb",
        "pane-border": "#6b7686",
        "pane-border-focus": "#7cd0e8",
        "cursor-ground": "#233d55",
        "cursor-style": "bold",
    },
)

_HIGH_CONTRAST: Final = Theme(
    name=HIGH_CONTRAST,
    dark=True,
    primary="#ffffff",
    secondary="#ffffff",
    accent="#66e0ff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    success="#66ff80",
    warning="#ffd24d",
    error="#ff9a94",
    variables={
        "text-muted": "#d6d6d6",
        "text-accent": "#66e0ff",
        "text-success": "#66ff80",
        "text-warning": "#ffd24d",
        "text-error": "#ff9a94",
        "foreground-muted": "#d6d6d6",
        "foreground-disabled": "#d6d6d6",
        "pane-border": "#d6d6d6",
        "pane-border-focus": "#ffffff",
    },
)

THEMES: Final = (_READABLE, _HIGH_CONTRAST)

FALLBACKS: Final[Mapping[str, str]] = {
    "pane-border": "ansi_default",
    "pane-border-focus": "ansi_cyan",
    "cursor-ground": "transparent",
    "cursor-style": "reverse",
}
"""The variables of ours for themes that do not set them."""


def wanted(environ: Mapping[str, str]) -> str:
    """Choose the theme: NO_COLOR means the terminal's own, VOICESLOT_THEME names one."""
    if environ.get("NO_COLOR"):
        return ANSI
    named = environ.get("VOICESLOT_THEME", DEFAULT)
    return ANSI if named == "ansi" else named if named in NAMES else DEFAULT
