"""The screen of panes: which are shown where, what they show, and which key does what.

It paints from the session and passes every action on to the deeds; it decides nothing about calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Final, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from voiceslot_tui.console import bars, header_presenter, slots_presenter
from voiceslot_tui.console.action import ActionId
from voiceslot_tui.console.actions import ACTIONS
from voiceslot_tui.console.deeds import Deeds
from voiceslot_tui.console.flash import Flash
from voiceslot_tui.console.outcomes import News
from voiceslot_tui.console.panes.batches import BatchesPane
from voiceslot_tui.console.panes.detail import DetailPane
from voiceslot_tui.console.panes.events import EventsPane
from voiceslot_tui.console.panes.listing import Listing
from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.panes.queue import QueuePane
from voiceslot_tui.console.panes.recipients import RecipientsPane
from voiceslot_tui.console.panes.slots import SlotsPane
from voiceslot_tui.console.panes.whatsapp import WhatsAppPane
from voiceslot_tui.console.screen_layout import Layout, PaneId, layout_of, shown
from voiceslot_tui.console.session import Session
from voiceslot_tui.console.situation import MessageSelection, Selection
from voiceslot_tui.console.subjects import Subject
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.live_text import LiveText
from voiceslot_tui.console.widgets.virtual_table import VirtualTable
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.text import CleanText
from voiceslot_tui.link.watch import Connected, State
from voiceslot_tui.wire import control
from voiceslot_tui.wire.batch_control import BatchRow

_FOLLOW_CURSOR_AFTER_S: Final = 0.15
"""How long the cursor rests on a row before its detail is read."""
_TICK_S: Final = 1.0
_NOTICE_SHARE: Final = 3
"""The notice takes at most a third of the screen."""
_NOT_SHOWN: Final = "no row is on the screen; 1 goes to the queue, 5 to the messages"
_TOO_SMALL: Final = "the screen is too small to show rows; enlarge it"


class Console(Protocol):
    """What the screen asks of its app."""

    def farewell(self, message: str) -> None:
        """Leave; print a message for the shell."""
        ...

    def toggle_mouse(self) -> bool:
        """Take the mouse or leave it to the terminal; tell whether it is taken now."""
        ...

    def action_repaint(self) -> None:
        """Paint the whole terminal anew."""
        ...

    def written_down(self, error: BaseException, what: str) -> CleanText:
        """Write down what failed; give the sentence that says so."""
        ...


class MainScreen(Screen[None], inherit_bindings=False):
    """All panes, the header above and the key line below."""

    AUTO_FOCUS: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"run('{action.id}')", action.label, show=False)
        for action in ACTIONS
        for key in action.keys
    ]

    def __init__(self, session: Session, *, owns_engine: bool) -> None:
        super().__init__()
        self.session = session
        self.queue = QueuePane(session)
        self.slots = SlotsPane(session)
        self.batches = BatchesPane(session)
        self.recipients = RecipientsPane(session)
        self.whatsapp = WhatsAppPane(session)
        self.events = EventsPane(session)
        self.detail = DetailPane(session)
        panes: tuple[Pane, ...] = (
            self.queue,
            self.slots,
            self.batches,
            self.recipients,
            self.whatsapp,
            self.events,
            self.detail,
        )
        self.panes = {pane.pane_id: pane for pane in panes}
        self.active = PaneId.QUEUE
        self.listing: Listing = self.queue
        self.zoomed = False
        self.flash = Flash()
        self.deeds = Deeds(self, owns_engine=owns_engine)
        self._seq_shown = -1
        self._header = LiveText(self._header_lines, id="header")
        self._tabs = LiveText(self._tab_lines, id="tabs")
        self._notice = LiveText(self._notice_lines, id="notice")
        self._keys = LiveText(self._key_lines, id="keys")
        self._summary = LiveText(self._summary_lines, id="summary")

    def compose(self) -> ComposeResult:
        """Put the panes into three rows; a small screen shows one row, or two."""
        panes = self.panes
        yield self._header
        yield self._summary
        yield self._tabs
        yield self._notice
        with Vertical(id="body"):
            with Horizontal(id="top", classes="row"):
                yield panes[PaneId.SLOTS]
                yield panes[PaneId.BATCHES]
                yield panes[PaneId.WHATSAPP]
            with Horizontal(id="middle", classes="row"):
                yield panes[PaneId.QUEUE]
                yield panes[PaneId.DETAIL]
            with Container(id="bottom", classes="row"):
                yield panes[PaneId.RECIPIENTS]
                yield panes[PaneId.EVENTS]
        yield self._keys
        yield self.flash

    def on_mount(self) -> None:
        """Start to listen to the engine, and to let time pass."""
        self._arrange()
        self.go_to(self.active)
        # A screen that hears nothing any more must not stay and look as if it did.
        self.run_worker(self._listen(), name="link", exit_on_error=True)
        self.set_interval(_TICK_S, self.paint)

    def on_screen_resume(self) -> None:
        """Give the keys back to the active pane after a dialog."""
        if self.is_mounted:
            self.panes[self.active].inner.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout anew."""
        self._arrange()

    # --- keys

    def action_run(self, name: str) -> None:
        """Run the action of a key."""
        self.deeds.press(ActionId(name))

    # --- what the engine tells

    async def _listen(self) -> None:
        async for state in self.session.states():
            self._hear(state)

    def _hear(self, state: State) -> None:
        match state:
            case Connected():
                self._seq_shown = -1
                self.run_worker(self._catch_up(), name="journal", exit_on_error=False)
            case control.Pushed():
                self.events.add(state.lines, state.skipped)
                self._read_again(state.snapshot.seq)
            case _:
                pass
        self.paint()

    async def _catch_up(self) -> None:
        # A link that ends meanwhile is told as Lost; the next one catches up again.
        with suppress(VoiceslotError):
            await self.session.catch_up()
            self.events.show_all()

    def _read_again(self, seq: int) -> None:
        """Read the rows shown anew where a call has changed since they were read."""
        if seq != self._seq_shown:
            self._seq_shown = seq
            self.queue.read_again()
            if self.detail.display:
                self.detail.read_again()
        for pane in (self.whatsapp, self.batches, self.recipients):
            if pane.display:
                pane.read_again()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say that something of ours failed; the screen stays."""
        worker, error = event.worker, event.worker.error
        if event.state is WorkerState.ERROR and error is not None and not worker.exit_on_error:
            what = worker.name or "a task"
            self.tell(News(self.console.written_down(error, what), Tone.BAD))

    # --- what is shown

    def paint(self) -> None:
        """Show what the session knows now; what is the same is not painted again."""
        snapshot = self.session.view.snapshot
        demo = self.session.view.demo or (snapshot is not None and snapshot.demo)
        self.set_class(not demo, "-prod")
        for line in (self._header, self._tabs, self._keys, self._summary):
            line.repaint()
        self._paint_notice()
        for pane in self.panes.values():
            if pane.display:
                pane.paint()

    def _paint_notice(self) -> None:
        """Say why nothing starts where no slots pane does."""
        width, height = self.size
        lines = [] if self.panes[PaneId.SLOTS].display else self._notice_lines(width, height)
        rows = min(len(lines), height // _NOTICE_SHARE)
        self._notice.display = rows > 0 and self.layout_now() is not Layout.LINE
        self._notice.styles.height = max(1, rows)
        self._notice.repaint()

    def tell(self, news: News) -> None:
        """Say something to the operator about their own act."""
        self.flash.say(news)

    def go_to(self, pane_id: PaneId) -> None:
        """Give a pane the operator's attention, and the keys."""
        self._activate(pane_id)
        if pane_id is PaneId.DETAIL:
            self.follow_cursor()
        self._arrange()
        self.panes[pane_id].inner.focus()
        self.paint()

    def zoom(self, zoomed: bool) -> None:
        """Give the active pane the whole screen, or share it again."""
        self.zoomed = zoomed
        self._arrange()
        self.paint()

    def follow_cursor(self) -> None:
        """Show the call or message under the cursor in the detail pane."""
        self.detail.show(self.listing.subject() or self.detail.subject)

    def on_virtual_table_cursor_moved(self, message: VirtualTable.CursorMoved) -> None:
        """Let the detail or the recipients follow once the cursor rests; the key line at once."""
        self._keys.repaint()
        if message.table is self.batches.inner:
            self.set_timer(
                _FOLLOW_CURSOR_AFTER_S, self._recipients_if_resting(self.batches.chosen_batch)
            )
            return
        subject = self.listing.subject() if message.table is self.listing.inner else None
        if subject is None or not self.detail.display or self.active is PaneId.DETAIL:
            return
        if subject != self.detail.subject:
            self.set_timer(_FOLLOW_CURSOR_AFTER_S, self._follow_if_resting(subject))

    def on_virtual_table_opened(self) -> None:
        """Open the detail of a row that was double-clicked."""
        self.deeds.perform(ActionId.DETAIL)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Learn which pane the operator clicked into; they may have gone on since."""
        for pane_id, pane in self.panes.items():
            if pane.inner is event.widget is self.focused and pane_id is not self.active:
                self._activate(pane_id)
                self._arrange()
                self.paint()

    def go_back(self) -> None:
        """Go back one level: message, zoom, filter, marks, then the queue. Never quits."""
        listing = self.listing
        if self.flash.display:
            self.flash.hide()
        elif self.zoomed:
            self.zoom(False)
        elif self.active is not listing.pane_id:
            self.go_to(listing.pane_id)
        elif listing.filter_text:
            listing.show_all()
        elif listing.inner.marked:
            listing.clear_marks()
        elif listing is not self.queue:
            self.go_to(listing.before)

    @property
    def console(self) -> Console:
        """Give the app, as what it is to this screen."""
        return cast("Console", self.app)

    def layout_now(self) -> Layout:
        """Give the layout for the size there is."""
        return layout_of(*self.size)

    def chosen(self) -> tuple[Selection, MessageSelection]:
        """Give the calls and the messages that keys act on: never both, and none unseen."""
        if self._unseen:
            return Selection(), MessageSelection()
        return self.detail.chosen() if self.active is PaneId.DETAIL else self.listing.chosen()

    @property
    def chosen_batch(self) -> BatchRow | None:
        """Give the batch that keys act on; none that is not on the screen."""
        return None if self._unseen else self.listing.chosen_batch

    @property
    def absent(self) -> str:
        """Say why keys act on nothing although there are rows; empty where that is not so."""
        return self._unseen or (self.detail.absent if self.active is PaneId.DETAIL else "")

    @property
    def _unseen(self) -> str:
        """Say why what keys would act on is not on the screen; empty where it is."""
        acting = self.detail if self.active is PaneId.DETAIL else self.listing
        if acting.display:
            return ""
        return _TOO_SMALL if self.layout_now() is Layout.LINE else _NOT_SHOWN

    @property
    def strayed(self) -> bool:
        """Tell whether keys act on a row that came under the cursor by itself, just now."""
        table = self.listing.inner
        return self.active is not PaneId.DETAIL and not table.marked and table.strayed

    def show_recipients(self) -> None:
        """Show the recipients of the batch under the cursor."""
        if self.batches.chosen_batch is not None:
            self.recipients.show(self.batches.chosen_batch)

    def _activate(self, pane_id: PaneId) -> None:
        """Note where keys go now; the detail belongs to the rows that it was opened from."""
        self.active = pane_id
        pane = self.panes[pane_id]
        if isinstance(pane, Listing):
            self.listing = pane
            pane.entered()
        elif pane_id is not PaneId.DETAIL:
            self.listing = self.queue

    def _follow_if_resting(self, subject: Subject) -> Callable[[], None]:
        def follow() -> None:
            if self.listing.subject() == subject and self.active is not PaneId.DETAIL:
                self.follow_cursor()

        return follow

    def _recipients_if_resting(self, row: BatchRow | None) -> Callable[[], None]:
        def follow() -> None:
            # While the operator is among recipients, no batch that moves takes them away.
            reading = self.listing is self.recipients and self.recipients.shown is not None
            if self.recipients.display and not reading and self.batches.chosen_batch is row:
                self.show_recipients()

        return follow

    def _arrange(self) -> None:
        """Show the panes of the layout, and let the style sheet place them."""
        layout = self.layout_now()
        visible = shown(layout, self.active, zoomed=self.zoomed)
        for pane_id, pane in self.panes.items():
            pane.display = pane_id in visible
        for row in self.query(".row"):
            row.display = any(pane.display for pane in row.query(".pane"))
        for one in Layout:
            self.set_class(one is layout, f"-{one}")
        self.set_class(len(visible) == 1, "-alone")
        main = self.active in (PaneId.RECIPIENTS, PaneId.EVENTS)
        self.query_one("#bottom", Widget).set_class(main, "-main")
        self._paint_notice()

    def _header_lines(self, width: int, _height: int) -> list[Line]:
        session = self.session
        return [header_presenter.header(session.view, session.now(), width, session.zone)]

    def _summary_lines(self, width: int, _height: int) -> list[Line]:
        return [header_presenter.summary(self.session.view, width)]

    def _notice_lines(self, width: int, _height: int) -> list[Line]:
        return slots_presenter.notice(self.session.view, width, self.session.zone)

    def _tab_lines(self, width: int, _height: int) -> list[Line]:
        return [bars.tab_line(self.active, self.session.view, self.session.now(), width)]

    def _key_lines(self, width: int, _height: int) -> list[Line]:
        # Where there are no borders, no border says how many calls are marked.
        bare = self.layout_now() is Layout.BARE
        marked = len(self.listing.inner.marked) if bare else 0
        return [bars.key_line(self.deeds.situation(), width, marked)]
