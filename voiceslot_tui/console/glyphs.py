"""The signs of the screen, in Unicode and in ASCII for terminals that know no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from voiceslot_tui.core.calls import CallState


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs; each takes one cell."""

    live: str
    gone: str
    mark: str
    bar_live: str
    bar_held: str
    bar_foreign: str
    bar_reserve: str
    bar_free: str
    warning: str
    queued: str
    dialing: str
    in_call: str
    question: str
    wrapping_up: str
    done: str
    failed: str

    def of_state(self, state: CallState) -> str:
        """Give the sign of a call's state."""
        match state:
            case CallState.QUEUED:
                return self.queued
            case CallState.DIALING:
                return self.dialing
            case CallState.LIVE:
                return self.in_call
            case CallState.UNCERTAIN | CallState.UNKNOWN:
                return self.question
            case CallState.WRAPPING_UP:
                return self.wrapping_up
            case CallState.ENDED:
                return self.done
            case _:
                return self.failed


UNICODE: Final = Glyphs(
    live="●",
    gone="○",
    mark="●",
    bar_live="█",
    bar_held="▒",
    bar_foreign="▚",
    bar_reserve="╳",
    bar_free="·",
    warning="!",
    queued="·",
    dialing="↗",
    in_call="●",
    question="?",
    wrapping_up="↘",
    done="✓",
    failed="✗",
)
ASCII: Final = Glyphs(
    live="*",
    gone="o",
    mark="*",
    bar_live="#",
    bar_held="=",
    bar_foreign="f",
    bar_reserve="x",
    bar_free=".",
    warning="!",
    queued=".",
    dialing=">",
    in_call="@",
    question="?",
    wrapping_up="<",
    done="+",
    failed="x",
)
