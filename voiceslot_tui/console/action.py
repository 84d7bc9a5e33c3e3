"""What an action is: its name, its keys, its danger and when it can be run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from voiceslot_tui.console import situation as when
from voiceslot_tui.console.situation import Available


class ActionId(StrEnum):
    """Every action; the value is also its name on the command line."""

    UP = "up"
    DOWN = "down"
    PAGE_UP = "page-up"
    PAGE_DOWN = "page-down"
    HALF_UP = "half-up"
    HALF_DOWN = "half-down"
    FIRST = "first"
    LAST = "last"
    DETAIL = "detail"
    BACK = "back"
    MARK = "mark"
    UNMARK = "unmark"
    FILTER = "filter"
    FINISHED = "finished"
    FOLLOW = "follow"
    RAISE = "raise"
    LOWER = "lower"
    PRIORITY = "priority"
    TOP = "top"
    BOTTOM = "bottom"
    PARK = "park"
    UNPARK = "unpark"
    CANCEL = "cancel"
    UNDO = "undo"
    REDO = "redo"
    HANG_UP = "hang-up"
    SETTLE = "settle"
    EXPLAIN = "explain"
    PAUSE = "pause"
    RESUME = "resume"
    LIMIT = "limit"
    RECONCILE = "reconcile"
    RETRY = "retry"
    RETRY_CODE = "retry-code"
    LEAVE_OUT = "leave-out"
    UNBLOCK = "unblock"
    PREVIEW = "preview"
    PAUSE_MESSAGES = "pause-messages"
    RESUME_MESSAGES = "resume-messages"
    TEMPLATE = "template"
    ASK_MESSENGER = "ask-messenger"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    CHECK_BATCHES = "check-batches"
    CANCEL_BATCH = "cancel-batch"
    RETRY_BATCH = "retry-batch"
    RETRY_BATCH_MESSAGES = "retry-batch-messages"
    WATCH_BATCHES = "watch-batches"
    BATCH_INTERVAL = "batch-interval"
    QUEUE = "queue"
    SLOTS = "slots"
    BATCHES = "batches"
    RECIPIENTS = "recipients"
    WHATSAPP = "whatsapp"
    EVENTS = "events"
    DETAIL_PANE = "detail-pane"
    NEXT_PANE = "next-pane"
    PREVIOUS_PANE = "previous-pane"
    ZOOM = "zoom"
    MASK = "mask"
    MOUSE = "mouse"
    REPAINT = "repaint"
    HELP = "help"
    COMMAND = "command"
    PALETTE = "palette"
    DETACH = "detach"
    INTERRUPT = "interrupt"
    STOP = "stop"


class Danger(IntEnum):
    """What an action can cost."""

    NONE = 0
    UNDONE = 1
    """Acts at once; what it did can be undone, and a held key does it once."""
    CONFIRMED = 2
    """Asks first, with No as the answer that an accidental Enter gives."""
    TYPED = 3
    """Asks for a word to be typed."""


class Group(StrEnum):
    """Under which heading the help lists an action."""

    MOVE = "Move"
    FIND = "Find"
    CALLS = "Calls"
    MESSAGES = "Messages"
    BATCHES = "Batches"
    ENGINE = "Engine"
    SCREEN = "Screen"
    LEAVE = "Leave"


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table.

    `argument` shows what may follow the name on the command line; `needs_argument` says that the
    action means nothing without it, so its key opens the command line. `footer` ranks the action
    on the key line, smallest first; 0 keeps it off. `footer_keys` stands there for its keys.
    """

    id: ActionId
    keys: tuple[str, ...]
    label: str
    says: str
    group: Group
    danger: Danger = Danger.NONE
    undoable: bool = False
    on_selection: bool = False
    argument: str = ""
    needs_argument: bool = False
    footer: int = 0
    footer_keys: str = ""
    available: Available = when.always

    @property
    def acts(self) -> bool:
        """Tell whether it changes anything outside this screen."""
        return self.danger > Danger.NONE or self.undoable
