"""The actions that change only this screen: moving, panes, marks, masks, leaving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from voiceslot_tui.console import questions
from voiceslot_tui.console.action import ActionId
from voiceslot_tui.console.dialogs.question import QuestionDialog
from voiceslot_tui.console.outcomes import News
from voiceslot_tui.console.screen_layout import PaneId, neighbour
from voiceslot_tui.console.view import LinkState
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.core.text import clean

if TYPE_CHECKING:
    from voiceslot_tui.console.main_screen import MainScreen

LEFT_RUNNING: Final = "Detached. The engine keeps running; `voiceslot` attaches again."
LEFT_SILENT: Final = "Detached. No engine answered; `voiceslot` attaches to it, or starts it again."
"""Whoever leaves while the engine is gone must not go home believing that calls are made."""

INTERRUPT_WITHIN_S: Final = 2.0
"""How soon a second ctrl+c must follow to leave."""

_MOVES: Final[Mapping[ActionId, str]] = {
    ActionId.UP: "cursor_up",
    ActionId.DOWN: "cursor_down",
    ActionId.PAGE_UP: "page_up",
    ActionId.PAGE_DOWN: "page_down",
    ActionId.HALF_UP: "half_page_up",
    ActionId.HALF_DOWN: "half_page_down",
    ActionId.FIRST: "cursor_home",
    ActionId.LAST: "cursor_end",
}
_PANES: Final[Mapping[ActionId, PaneId]] = {
    ActionId.QUEUE: PaneId.QUEUE,
    ActionId.SLOTS: PaneId.SLOTS,
    ActionId.BATCHES: PaneId.BATCHES,
    ActionId.RECIPIENTS: PaneId.RECIPIENTS,
    ActionId.WHATSAPP: PaneId.WHATSAPP,
    ActionId.EVENTS: PaneId.EVENTS,
    ActionId.DETAIL_PANE: PaneId.DETAIL,
}


class ScreenDeeds:
    """Runs the actions that need no engine."""

    def __init__(self, screen: MainScreen, *, owns_engine: bool) -> None:
        self._screen = screen
        self._owns_engine = owns_engine
        self._interrupted_at_s: float | None = None
        self.table: Mapping[ActionId, Callable[[str], None]] = {
            **{action: self._mover(name) for action, name in _MOVES.items()},
            **{action: self._goer(pane) for action, pane in _PANES.items()},
            ActionId.DETAIL: self._open,
            ActionId.NEXT_PANE: lambda _: screen.go_to(neighbour(screen.active, 1)),
            ActionId.PREVIOUS_PANE: lambda _: screen.go_to(neighbour(screen.active, -1)),
            ActionId.MARK: lambda _: screen.listing.toggle_mark(),
            ActionId.UNMARK: lambda _: screen.listing.clear_marks(),
            ActionId.FOLLOW: self._follow,
            ActionId.ZOOM: lambda _: screen.zoom(not screen.zoomed),
            ActionId.MASK: self._mask,
            ActionId.MOUSE: self._mouse,
            ActionId.REPAINT: self._repaint,
            ActionId.DETACH: self._detach,
            ActionId.INTERRUPT: self._interrupt,
        }

    def _mover(self, name: str) -> Callable[[str], None]:
        def move(_argument: str) -> None:
            inner = self._screen.panes[self._screen.active].inner
            getattr(inner, f"action_{name}")()

        return move

    def _goer(self, pane: PaneId) -> Callable[[str], None]:
        return lambda _: self._screen.go_to(pane)

    def _open(self, _argument: str) -> None:
        """Show all about what is under the cursor; all about a batch are its recipients."""
        if self._screen.active is PaneId.BATCHES:
            self._screen.show_recipients()
            self._screen.go_to(PaneId.RECIPIENTS)
        else:
            self._screen.go_to(PaneId.DETAIL)

    def _follow(self, _argument: str) -> None:
        if self._screen.active is not PaneId.WHATSAPP:
            self._screen.events.inner.action_toggle_follow()
            return
        follows = self._screen.whatsapp.toggle_follow()
        self._say(f"the cursor {'stays on the newest' if follows else 'keeps to its'} message")

    def _mask(self, _argument: str) -> None:
        session = self._screen.session
        session.view = replace(session.view, masked=not session.view.masked)
        self._screen.events.show_all()
        self._screen.paint()
        shown = "hidden in part" if session.view.masked else "shown"
        self._say(f"phone numbers are {shown}")

    def _mouse(self, _argument: str) -> None:
        on = self._screen.console.toggle_mouse()
        whose = "the console's" if on else "the terminal's, to select and copy text"
        self._say(f"the mouse is {whose}; m changes it")

    def _repaint(self, _argument: str) -> None:
        self._screen.paint()
        self._screen.console.action_repaint()

    def _detach(self, _argument: str) -> None:
        if not self._owns_engine:
            self._screen.console.farewell(self._left())
            return

        def answered(answer: str | None) -> None:
            if answer:
                self._screen.console.farewell("")

        asked = questions.leaving(self._screen.session.view)
        self._screen.app.push_screen(QuestionDialog(asked), answered)

    def _left(self) -> str:
        is_live = self._screen.session.view.link is LinkState.LIVE
        return LEFT_RUNNING if is_live else LEFT_SILENT

    def _interrupt(self, _argument: str) -> None:
        now_s = self._screen.session.steady_s()
        before_s, self._interrupted_at_s = self._interrupted_at_s, now_s
        if before_s is not None and now_s - before_s < INTERRUPT_WITHIN_S:
            self._screen.console.farewell("" if self._owns_engine else self._left())
        else:
            self._say("ctrl+c once more leaves this screen")

    def _say(self, text: str) -> None:
        self._screen.tell(News(clean(text), Tone.DIM))
