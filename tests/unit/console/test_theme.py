"""Colours can be read: contrast in every theme, none with NO_COLOR."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from voiceslot_tui.console import theme

TEXTS = ("text-muted", "text-accent", "text-success", "text-warning", "text-error")
LEAST = {theme.DEFAULT: 4.5, theme.HIGH_CONTRAST: 7.0}


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in Color.parse(colour).rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("look", theme.THEMES, ids=lambda look: look.name)
def test_every_text_can_be_read_on_every_ground(look: Theme) -> None:
    assert look.foreground is not None
    for ground in (look.background, look.panel):
        assert ground is not None
        for text in (look.foreground, *(look.variables[name] for name in TEXTS)):
            assert contrast(text, ground) >= LEAST[look.name], (text, ground)


def test_borders_can_be_seen() -> None:
    for look in theme.THEMES:
        for border in ("pane-border", "pane-border-focus"):
            assert look.background is not None
            assert contrast(look.variables[border], look.background) >= 3.0


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({}, theme.DEFAULT),
        ({"NO_COLOR": "1"}, theme.ANSI),
        ({"NO_COLOR": ""}, theme.DEFAULT),
        ({"VOICESLOT_THEME": "hc-dark"}, theme.HIGH_CONTRAST),
        ({"VOICESLOT_THEME": "ansi"}, theme.ANSI),
        ({"VOICESLOT_THEME": "nonsense"}, theme.DEFAULT),
    ],
)
def test_the_theme_follows_the_environment(environ: dict[str, str], name: str) -> None:
    assert theme.wanted(environ) == name
