"""What an operator's key would act on, and why it cannot. Pure.

Every reason is a sentence for the flash line: a key that does nothing says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console.view import LinkState, View
from voiceslot_tui.console.wording import state_of
from voiceslot_tui.core.calls import FINAL_STATES, Call, CallId, CallState, Hold
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpId
from voiceslot_tui.core.snapshot import EngineState
from voiceslot_tui.wire.batch_control import BatchRow


@dataclass(frozen=True, slots=True)
class Selection:
    """The calls that an act is about: the marked ones, else the one under the cursor.

    `calls` are those of them whose row is at hand; of a large selection most are not. `samples` are
    some of them as they were when they were marked, or as they were read since. `in_view` says
    whether the row of any of them is on the screen.
    """

    ids: tuple[CallId, ...] = ()
    calls: tuple[Call, ...] = ()
    samples: tuple[Call, ...] = ()
    in_view: bool = True

    @property
    def only(self) -> Call | None:
        """Give the call where it is exactly one and its row is at hand."""
        return self.calls[0] if len(self.ids) == 1 and self.calls else None

    @property
    def all_parked(self) -> bool:
        """Tell whether all chosen calls are parked, as far as they are known."""
        known = self.samples or self.calls
        return bool(known) and all(call.hold is Hold.PARKED for call in known)


@dataclass(frozen=True, slots=True)
class MessageSelection:
    """The messages that an act is about: the marked ones, else the one under the cursor.

    `messages` and `samples` are as for calls.
    """

    ids: tuple[FollowUpId, ...] = ()
    messages: tuple[FollowUp, ...] = ()
    samples: tuple[FollowUp, ...] = ()

    @property
    def only(self) -> FollowUp | None:
        """Give the message where it is exactly one and its row is at hand."""
        return self.messages[0] if len(self.ids) == 1 and self.messages else None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that decides whether an action can be run now."""

    view: View
    selection: Selection = Selection()
    messages: MessageSelection = MessageSelection()
    undo_label: str = ""
    redo_label: str = ""
    waiting_for: str = ""
    """The act whose answer the engine still owes."""
    about_messages: bool = False
    """Whether keys act on messages: the pane that has them shows messages."""
    about_batches: bool = False
    """Whether keys act on batches before all: the pane that has them lists batches."""
    absent: str = ""
    """Why nothing is chosen: the detail pane has yet to show it, or no row is on the screen."""
    batch: BatchRow | None = None
    """The batch that keys act on, where its pane or that of its recipients has the keys."""

    @property
    def person(self) -> str:
        """Give the number of the one person whose message or call is selected; else nothing."""
        message, call = self.messages.only, self.selection.only
        return message.to_number if message else call.to_number if call else ""

    @property
    def standing(self) -> FollowUpStanding:
        """Give how the messages stand, as the engine said last."""
        snapshot = self.view.snapshot
        return FollowUpStanding() if snapshot is None else snapshot.follow_ups


Reason = str
Available = Callable[[Situation], Reason | None]
"""Says why an action cannot be run now; None where it can."""

_GONE: Final = "the engine is gone; this works again once it is back"
_NO_ROW: Final = "there is no call under the cursor"
_NO_MESSAGE: Final = "there is no message under the cursor"
_NO_BATCH: Final = "there is no batch under the cursor"
_NOT_MARKED: Final = "batches and their recipients are acted on one at a time"


def always(_situation: Situation) -> Reason | None:
    """Let the action run at any time."""
    return None


def reachable(situation: Situation) -> Reason | None:
    """Require an engine that answers."""
    return None if situation.view.link is LinkState.LIVE else _GONE


def free_to_act(situation: Situation) -> Reason | None:
    """Require an engine that answers and owes no answer: a repeated key acts once."""
    if situation.waiting_for:
        return f"still waiting for the engine's answer to: {situation.waiting_for}"
    return reachable(situation)


def running(situation: Situation) -> Reason | None:
    """Require an engine that can be paused."""
    return free_to_act(situation) or _unless_engine(situation, EngineState.PAUSED, "paused already")


def paused(situation: Situation) -> Reason | None:
    """Require an engine that is paused."""
    blocked = free_to_act(situation)
    snapshot = situation.view.snapshot
    if blocked or snapshot is None or snapshot.engine is EngineState.PAUSED:
        return blocked
    return "the engine is not paused"


def _unless_engine(situation: Situation, state: EngineState, words: str) -> Reason | None:
    snapshot = situation.view.snapshot
    return f"the engine is {words}" if snapshot and snapshot.engine is state else None


def one_row(situation: Situation) -> Reason | None:
    """Require a call, a message or a batch under the cursor."""
    there = situation.selection.ids or situation.messages.ids
    if there or (situation.about_batches and situation.batch is not None):
        return reachable(situation)
    absent = _NO_BATCH if situation.about_batches else _NO_ROW
    none = _NO_MESSAGE if situation.about_messages else absent
    return reachable(situation) or situation.absent or none


def markable(situation: Situation) -> Reason | None:
    """Require rows that can be marked: calls or messages."""
    if situation.batch is not None or situation.about_batches:
        return _NOT_MARKED
    return situation.absent or None


def filterable(situation: Situation) -> Reason | None:
    """Require rows that can be filtered."""
    return "the batches are all shown" if situation.about_batches else None


def _about(situation: Situation, fits: Callable[[Call], bool], otherwise: str) -> Reason | None:
    """Require that at least one selected call at hand fits, or that none is at hand."""
    blocked = free_to_act(situation)
    if blocked:
        return blocked
    selection = situation.selection
    if not selection.ids:
        return situation.absent or _NO_ROW
    if len(selection.calls) < len(selection.ids) or any(map(fits, selection.calls)):
        return None
    call = selection.calls[0]
    what = "none of them is" if len(selection.calls) > 1 else f"this one is {_now(call)}"
    return f"{otherwise}; {what}" + (" so" if len(selection.calls) > 1 else "")


def _now(call: Call) -> str:
    return state_of(call).text


def queued(situation: Situation) -> Reason | None:
    """Require a queued call."""
    return _about(
        situation,
        lambda call: call.state is CallState.QUEUED,
        "only queued calls have a place in the queue",
    )


def parked(situation: Situation) -> Reason | None:
    """Require a parked call."""
    return _about(
        situation, lambda call: call.hold is Hold.PARKED, "only parked calls can be unparked"
    )


_CANCELLABLE: Final = frozenset(
    {CallState.QUEUED, CallState.DIALING, CallState.UNCERTAIN, CallState.UNKNOWN}
)


def cancellable(situation: Situation) -> Reason | None:
    """Require a call that is not talking and not over."""
    only = situation.selection.only
    if only is not None and only.state is CallState.LIVE:
        return reachable(situation) or "it is live: X hangs it up"
    return _about(
        situation,
        lambda call: call.state in _CANCELLABLE and not call.cancel_wished,
        "only calls that wait can be cancelled",
    )


def can_hang_up(situation: Situation) -> Reason | None:
    """Require one live call and a carrier that can be asked."""
    blocked = free_to_act(situation)
    if blocked:
        return blocked
    snapshot = situation.view.snapshot
    if snapshot is not None and not snapshot.carrier:
        return "the engine has no carrier credentials, so it cannot hang up"
    if len(situation.selection.ids) > 1:
        return "calls are hung up one at a time"
    return _about(
        situation, lambda call: call.state is CallState.LIVE, "only a live call can be hung up"
    )


def can_settle(situation: Situation) -> Reason | None:
    """Require calls whose fate an operator may state."""
    return _about(
        situation,
        lambda call: call.state is CallState.UNKNOWN or call.state is CallState.LIVE,
        "this settles unknown calls and releases the slots of lost live ones",
    )


def undoable(situation: Situation) -> Reason | None:
    """Require an act of this console that can be taken back."""
    return free_to_act(situation) or (None if situation.undo_label else "nothing to undo")


def redoable(situation: Situation) -> Reason | None:
    """Require an act that was taken back."""
    return free_to_act(situation) or (None if situation.redo_label else "nothing to redo")


def is_over(call: Call) -> bool:
    """Tell whether nothing more will happen to a call."""
    return call.state in FINAL_STATES
