"""The check of Textual's private parts, and what happens where one is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual._compositor import Compositor, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from voiceslot_tui.console.driver import SafeDriver, missing_hooks, pieces_of
from voiceslot_tui.console.terminal_app import ConsoleApp


def test_this_textual_has_all_that_is_needed(tmp_path: Path) -> None:
    assert missing_hooks() == ()
    assert ConsoleApp(report_folder=tmp_path).driver_class is SafeDriver


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (App, "_background_screens"),
        (Compositor, "render_update"),
        (LinuxDriver, "_get_terminal_size"),
    ],
)
def test_a_missing_part_is_named_and_textuals_own_driver_used(
    owner: type, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(owner, name)
    missing = missing_hooks()
    assert [part for part in missing if part.endswith(name)]
    app = ConsoleApp(report_folder=tmp_path)
    assert app.missing_hooks == missing
    assert app.driver_class is LinuxDriver


def test_an_update_of_another_shape_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_shape(update: LayoutUpdate, strips: object, region: object) -> None:
        update.lines = strips  # type: ignore[attr-defined]

    monkeypatch.setattr(LayoutUpdate, "__init__", other_shape)
    assert missing_hooks() == ("LayoutUpdate",)


def test_what_is_no_update_of_the_compositor_is_left_to_textual() -> None:
    assert pieces_of(None) is None
    assert pieces_of("text") is None
