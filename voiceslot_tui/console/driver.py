"""The one place that touches Textual's private parts, and the check that they are as expected.

Textual's own driver blocks the event loop when the terminal stops reading, spins when it is gone,
and starts twice on a stray SIGCONT. This one does none of it. Where a private part is missing (a
newer Textual), `missing_hooks` names it and the console runs on Textual's own driver instead.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import queue
import selectors
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from signal import SIGCONT, SIGHUP
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from rich.color import ColorSystem
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen
from textual.strip import Strip

from voiceslot_tui.console.leaving import Leaving
from voiceslot_tui.console.screen_diff import Piece
from voiceslot_tui.console.terminal import TerminalFile, restore_terminal

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.style import Style

CLOSE_WITHIN_S: Final = 0.5
"""How long the last bytes may take to reach the terminal before it counts as stalled."""
READ_BYTES: Final = 4096
INPUT_WAIT_S: Final = 0.1


class TerminalOwner(Protocol):
    """What the driver tells the app."""

    def terminal_taken(self) -> None:
        """Learn that nothing is known of what the terminal shows."""

    def repaint(self) -> None:
        """Paint the whole screen; called in the event loop."""

    def frame_lost(self) -> None:
        """Learn that something written did not reach the terminal."""

    def leave(self, signal_number: int) -> None:
        """Leave because of a signal or a hang-up; called in the event loop."""


class SafeDriver(LinuxDriver):
    """A driver that never blocks the event loop and always lets go of the terminal."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._owner = cast("TerminalOwner", app)
        self._terminal = self._open_terminal()
        self._leaving: Leaving | None = None
        self._suspended = False
        self._lost = False
        # Textual's own handler would wait for the loop's next turn: what continues a stopped
        # process may arrive in another thread, which wakes nobody.
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread: a test
            self._loop.add_signal_handler(SIGCONT, self._sigcont_application)

    @property
    def frames_waiting(self) -> int:
        """Count what the terminal has not taken yet."""
        return self._writer_thread._queue.qsize() if self._writer_thread is not None else 0

    def write(self, data: str) -> None:
        """Hand data to the writer thread; a terminal that takes nothing loses it."""
        if self._writer_thread is not None:
            try:
                self._writer_thread._queue.put_nowait(data)
            except queue.Full:
                self._lost = True
                self._owner.terminal_taken()
                self._owner.frame_lost()

    def start_application_mode(self) -> None:
        """Take the terminal; from now on signals end the console in order."""
        if self._leaving is None:
            self._leaving = Leaving(self._ask_to_leave, self._restore)
            self._leaving.watch()
        self._owner.terminal_taken()
        self._terminal = self._open_terminal()
        # The writer thread asks no more of its file than TerminalFile does.
        self._file = self._terminal  # type: ignore[assignment]
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Tell the terminal that a shell takes over; `close` sees to what gets lost of that."""
        self._lost = False
        super().stop_application_mode()

    def suspend_application_mode(self) -> None:
        """Give the terminal to the shell until the process is continued."""
        self._suspended = True
        super().suspend_application_mode()

    def resume_application_mode(self) -> None:
        """Take the terminal back."""
        self._suspended = False
        super().resume_application_mode()
        self._loop.call_soon_threadsafe(self._owner.repaint)

    def close(self) -> None:
        """Let the last bytes out; a stalled terminal is put back by force."""
        writer = self._writer_thread
        if writer is not None and writer.is_alive():
            try:
                writer._queue.put(None, timeout=CLOSE_WITHIN_S)
            except queue.Full:
                self._terminal.give_up()
            writer.join(CLOSE_WITHIN_S)
            if writer.is_alive() or self._lost:
                self._terminal.give_up()
                self._restore()
        if self._leaving is not None and not self._suspended:
            self._leaving.stop_watching()

    def run_input_thread(self) -> None:
        """Read keys until told to stop; the end of input means that the terminal is gone."""
        from textual._xterm_parser import XTermParser

        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(INPUT_WAIT_S):
                    data = self._read()
                    if not data:
                        self._hung_up()
                        return
                    for message in parser.feed(decode(data)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _open_terminal(self) -> TerminalFile:
        screen = sys.__stderr__
        assert screen is not None
        return TerminalFile(screen.fileno(), screen.encoding, self._hung_up)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_BYTES)
        except OSError:
            return b""

    def _get_terminal_size(self) -> tuple[int, int]:
        """Ask the terminal that is drawn on, wherever standard output goes."""
        try:
            width, height = os.get_terminal_size(self._terminal.fileno())
        except OSError:
            return super()._get_terminal_size()
        return width or 80, height or 25

    def _sigcont_application(self, *_: object) -> None:
        """Resume only what was suspended; a hang-up brings a SIGCONT of its own."""
        if self._suspended:
            super()._sigcont_application()

    def _hung_up(self) -> None:
        if self._leaving is not None:
            self._leaving.begin(SIGHUP)

    def _ask_to_leave(self, signal_number: int) -> None:
        self._loop.call_soon_threadsafe(self._owner.leave, signal_number)

    def _restore(self) -> None:
        restore_terminal(self._terminal.fileno(), self.attrs_before)


def codes_of(style: Style, color_system: ColorSystem) -> str:
    """Give the SGR parameters of a style as Textual writes them."""
    return Strip.render_ansi(style, color_system)


def sync_is_available(app: App[Any]) -> bool:
    """Tell whether the terminal said that it can show a frame at once."""
    return app._sync_available


def may_paint(app: App[Any]) -> bool:
    """Tell whether a frame would reach the terminal now, as Textual decides it."""
    return app._running and not app._closed and not app._batch_count and not app.is_headless


def whole_screen(app: App[Any], screen: Screen[Any]) -> RenderableType | None:
    """Give an update of the whole screen, with the screens that shine through."""
    return screen._compositor.render_update(full=True, screen_stack=app._background_screens)


def pieces_of(update: object) -> Iterator[Piece] | None:
    """Give the pieces of lines that an update of Textual's compositor paints; None for others."""
    if hasattr(update, "strips") and hasattr(update, "region"):
        return _layout_pieces(update)
    if hasattr(update, "chops") and hasattr(update, "spans") and hasattr(update, "chop_ends"):
        return _chop_pieces(update)
    return None


def _layout_pieces(update: Any) -> Iterator[Piece]:
    for y, strips in enumerate(update.strips, start=update.region.y):
        yield Piece(update.region.x, y, [segment for strip in strips for segment in strip])


def _chop_pieces(update: Any) -> Iterator[Piece]:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
            if strip is None or x > last or end <= first:
                continue
            whole = first <= x < last and end <= last
            yield Piece(x, y, strip if whole else strip.crop(0, min(end, last) - x))


def _fields(kind: type) -> set[str]:
    return set(inspect.signature(kind).parameters)


def missing_hooks() -> tuple[str, ...]:
    """Name the private parts of Textual that are not what this file expects."""
    from textual import _compositor, _xterm_parser, driver
    from textual.drivers import _writer_thread

    needed: Iterable[tuple[object, str]] = (
        (App, "_display"),
        (App, "_handle_exception"),
        (App, "_background_screens"),
        (LinuxDriver, "_run_input_thread"),
        (LinuxDriver, "_sigcont_application"),
        (LinuxDriver, "_get_terminal_size"),
        (driver.Driver, "process_message"),
        (_compositor.Compositor, "render_update"),
        (Strip, "render_ansi"),
        (_xterm_parser.XTermParser, "feed"),
        (_xterm_parser.XTermParser, "tick"),
        (_writer_thread.WriterThread, "stop"),
    )
    missing = [f"{owner!r}.{name}" for owner, name in needed if not hasattr(owner, name)]
    shapes: Iterable[tuple[type, set[str]]] = (
        (_compositor.LayoutUpdate, {"strips", "region"}),
        (_compositor.ChopsUpdate, {"chops", "spans", "chop_ends"}),
        (_writer_thread.WriterThread, {"file"}),
    )
    missing += [f"{kind!r}{fields}" for kind, fields in shapes if not fields <= _fields(kind)]
    return tuple(missing) or _trial()


def _trial() -> tuple[str, ...]:
    """Read one update of each kind, as painting would; name what comes out otherwise."""
    from rich.segment import Segment
    from rich.style import Style
    from textual import _compositor
    from textual.geometry import Region

    strip = Strip([Segment("ab")], 2)
    expected = [Piece(3, 1, [Segment("ab")])]
    layout = _compositor.LayoutUpdate([[strip]], Region(3, 1, 2, 1))
    chops = _compositor.ChopsUpdate([{}, {3: strip}], [(1, 3, 5)], [[], [5]])
    wrong = [
        type(update).__name__
        for update in (layout, chops)
        if [Piece(x, y, list(parts)) for x, y, parts in pieces_of(update) or ()] != expected
    ]
    if codes_of(Style(color="red"), ColorSystem.STANDARD) != "31":
        wrong.append("Strip.render_ansi")
    return tuple(wrong)
