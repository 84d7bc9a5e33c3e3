"""One console's dealings with its engine: what it was told, what it asks, what it can take back.

It knows no screen. Whatever the engine or the link does comes out as a state or as an error of the
link's own tree; nothing here retries an act.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from datetime import tzinfo

from voiceslot_tui.console.clock import ScreenClock
from voiceslot_tui.console.outcomes import UndoStack, suppression_done
from voiceslot_tui.console.view import LinkState, View
from voiceslot_tui.console.widgets.row_source import RowsUnavailable
from voiceslot_tui.console.wishes import Wanted
from voiceslot_tui.core.calls import FINAL_STATES, CallId, CallState, Instant
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.follow_up_pages import (
    FollowUpDetail,
    FollowUpPage,
    FollowUpQuery,
    RecipientPage,
    RecipientQuery,
)
from voiceslot_tui.core.follow_ups import FollowUpId
from voiceslot_tui.core.limits import EVENTS_SHOWN_MAX, LINK_LINES_MAX
from voiceslot_tui.core.pages import (
    CallDetail,
    JournalEntry,
    Page,
    PageQuery,
    RowKey,
    Segment,
)
from voiceslot_tui.core.snapshot import Snapshot
from voiceslot_tui.core.text import clean
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.client import Link, LinkLost
from voiceslot_tui.link.watch import Connected, Lost, State, Watch
from voiceslot_tui.wire import batch_control, control
from voiceslot_tui.wire import follow_up_control as messages


class Session:
    """What this console knows and may ask; panes read `view` and `journal` and nothing else."""

    def __init__(
        self, watch: Watch, clock: ScreenClock, *, demo: bool = False, zone: tzinfo | None = None
    ) -> None:
        self.view = View(demo=demo)
        self.journal: deque[JournalEntry] = deque(maxlen=EVENTS_SHOWN_MAX)
        self.acts = UndoStack()
        self.zone = zone
        self._watch = watch
        self._clock = clock

    # --- time

    def now(self) -> Instant:
        """Give the wall-clock moment."""
        return self._clock.now()

    def steady_s(self) -> float:
        """Give seconds that never jump."""
        return self._clock.steady_s()

    # --- what the engine tells

    async def states(self) -> AsyncIterator[State]:
        """Yield what happens to the link, after the view has taken it in. Never ends by itself."""
        async for state in self._watch:
            match state:
                case Connected(link):
                    self.view = self.view.connected(clean(link.operator, 40), self.now())
                case control.Pushed():
                    yield self._taken_in(state)
                    continue
                case control.Beat():
                    self.view = self.view.blind(state.blind_s, self.now())
                case Lost(reason, _, tries):
                    self.view = self.view.lost(clean(reason), tries)
            yield state

    def _taken_in(self, pushed: control.Pushed) -> control.Pushed:
        """Take in what was pushed; give it without the journal lines that were known already."""
        # While the journal is read anew, a line may come by both ways.
        known = {entry.seq for entry in self.journal}
        news = tuple(entry for entry in pushed.lines if entry.seq not in known)
        self.view = self.view.told(pushed.snapshot, self.now())
        self.journal.extend(news)
        return control.Pushed(pushed.snapshot, news, pushed.skipped)

    async def catch_up(self) -> None:
        """Read the newest journal lines, as after a time without a link; keep what is known."""
        answer = await self._link().ask(control.GetJournal(count=LINK_LINES_MAX))
        known = {entry.seq: entry for entry in (*answer.lines, *self.journal)}
        self.journal.clear()
        self.journal.extend(known[seq] for seq in sorted(known))

    def try_now(self) -> None:
        """Try to reach the engine at once."""
        self._watch.try_now()

    def close(self) -> None:
        """Detach; the engine goes on."""
        self._watch.close()

    # --- what is asked

    async def act(self, body: Wanted) -> Done:
        """Have the engine do something; raise what the link raises, above all Refused."""
        if isinstance(body, messages.Suppress):
            return suppression_done((await self._link().ask(body)).suppressed)
        answer = await self._link().ask(body)
        return answer.done

    async def detail(self, call_id: CallId) -> CallDetail:
        """Read all about one call."""
        answer = await self._link().ask(control.GetDetail(call_id))
        return answer.detail

    async def explain(self, call_id: CallId | None) -> tuple[str, ...]:
        """Ask why a call, or anything, is not dialled."""
        answer = await self._link().ask(control.Explain(call_id))
        return answer.lines

    async def message(self, follow_up_id: FollowUpId) -> FollowUpDetail:
        """Read all about one message."""
        answer = await self._link().ask(messages.GetMessage(follow_up_id))
        return answer.detail

    async def preview(self, follow_up_id: FollowUpId) -> messages.ThePreview:
        """Read what a message would read like if it were sent now."""
        return await self._link().ask(messages.GetPreview(follow_up_id))

    def _link(self) -> Link:
        link = self._watch.link
        if link is None or self.view.link is not LinkState.LIVE:
            raise LinkLost("the engine is gone; nothing was asked")
        return link

    # --- rows for the table

    async def page(self, query: PageQuery) -> Page:
        """Read one page of rows; raise RowsUnavailable where that is not possible now."""
        try:
            answer = await self._link().ask(control.GetPage(query))
        except VoiceslotError as error:
            raise RowsUnavailable(clean(str(error))) from None
        return answer.page

    async def messages_page(self, query: FollowUpQuery) -> FollowUpPage:
        """Read one page of messages; raise RowsUnavailable where that is not possible now."""
        try:
            answer = await self._link().ask(messages.GetMessages(query))
        except VoiceslotError as error:
            raise RowsUnavailable(clean(str(error))) from None
        return answer.page

    async def batches(self) -> batch_control.TheBatches:
        """Read the watched batches; raise RowsUnavailable where that is not possible now."""
        try:
            return await self._link().ask(batch_control.GetBatches())
        except VoiceslotError as error:
            raise RowsUnavailable(clean(str(error))) from None

    async def recipients(self, query: RecipientQuery) -> RecipientPage:
        """Read one page of a batch's recipients; raise RowsUnavailable where that cannot be."""
        try:
            answer = await self._link().ask(batch_control.GetRecipients(query))
        except VoiceslotError as error:
            raise RowsUnavailable(clean(str(error))) from None
        return answer.page

    async def locate(self, call_id: CallId, segment: Segment) -> RowKey | None:
        """Say where a call stands now in a part of the calls; None where it is not in it."""
        try:
            call = (await self.detail(call_id)).call
        except VoiceslotError as error:
            raise RowsUnavailable(clean(str(error))) from None
        if segment is Segment.DONE:
            return None if call.ended_at is None else (2, -call.ended_at, 0, call.id)
        if call.state in FINAL_STATES:
            return None
        part = 1 if call.state is CallState.QUEUED else 0
        return (part, -call.priority, call.position, call.id)


def rows_in(snapshot: Snapshot, segment: Segment) -> int:
    """Count the rows of a part of the calls, unfiltered."""
    finished = segment is Segment.DONE
    return sum(n for state, n in snapshot.calls.items() if (state in FINAL_STATES) == finished)
