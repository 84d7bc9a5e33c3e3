"""The operator's console: one screen of panes on top of the app that is safe on bad terminals."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.binding import BindingType

from voiceslot_tui.console import theme
from voiceslot_tui.console.clock import ScreenClock, SystemClock
from voiceslot_tui.console.dialogs.dialog import TypingDialog
from voiceslot_tui.console.main_screen import MainScreen
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.terminal_app import ConsoleApp
from voiceslot_tui.core.text import clean
from voiceslot_tui.link.watch import Watch

_MOUSE_MODES: Final = ("1000", "1003", "1015", "1006")


class OperatorApp(ConsoleApp, inherit_bindings=False):
    """Attaches to one engine and shows it until the operator leaves."""

    CSS_PATH = "app.tcss"
    TITLE = "voiceslot"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        watch: Watch,
        *,
        report_folder: Path,
        secrets: Callable[[], Sequence[str]] = tuple,
        demo: bool = False,
        owns_engine: bool = False,
        clock: ScreenClock | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        # Textual takes NO_COLOR out of the environment when an app is made.
        look = theme.wanted(os.environ)
        super().__init__(report_folder=report_folder, secrets=secrets)
        self.session = Session(watch, clock or SystemClock(), demo=demo, zone=zone)
        self.main = MainScreen(self.session, owns_engine=owns_engine)
        self._mouse_is_ours = True
        for known in theme.THEMES:
            self.register_theme(known)
        self.theme = look

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give our own variables to themes that do not know them."""
        return dict(theme.FALLBACKS)

    def get_default_screen(self) -> MainScreen:
        """Show the panes from the first frame on."""
        return self.main

    async def on_key(self, event: events.Key) -> None:
        """Hand a key that nobody took to the line that was being opened when it was pressed."""
        if isinstance(self.screen, TypingDialog) and await self.screen.type_ahead(event):
            event.prevent_default()

    def on_unmount(self) -> None:
        """Detach from the engine."""
        self.session.close()

    def farewell(self, message: str) -> None:
        """Leave; print a message for the shell."""
        self.exit(message=Text(clean(message)) if message else None)

    def toggle_mouse(self) -> bool:
        """Take the mouse or leave it to the terminal; tell whether it is taken now."""
        self._mouse_is_ours = not self._mouse_is_ours
        end = "h" if self._mouse_is_ours else "l"
        if self._driver is not None:
            self._driver.write("".join(f"\x1b[?{mode}{end}" for mode in _MOUSE_MODES))
        return self._mouse_is_ours
