"""What an act came to, in words, and the acts that can be taken back. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from voiceslot_tui.console import formats
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.core.follow_up_pages import Suppressed
from voiceslot_tui.core.text import CleanText, clean
from voiceslot_tui.core.undo import Done, Undo

_UNDOS_MAX: Final = 50
_REASONS_SHOWN: Final = 2


@dataclass(frozen=True, slots=True)
class News:
    """A short message for the operator about their own act."""

    text: CleanText
    tone: Tone = Tone.PLAIN


def together(parts: Sequence[Done]) -> Done:
    """Put the outcomes of the pieces of one act together; undoing goes backwards."""
    if len(parts) == 1:
        return parts[0]
    counted = any(part.changed or part.refused for part in parts)
    return Done(
        message="" if counted else "; ".join(part.message for part in parts if part.message),
        changed=tuple(call_id for part in parts for call_id in part.changed),
        refused=tuple(refusal for part in parts for refusal in part.refused),
        undo=tuple(undo for part in reversed(parts) for undo in part.undo),
    )


def news_of(label: str, done: Done, undo_hint: str) -> News:
    """Say what changed, and what was refused and why, the commonest reasons first."""
    said = done.message.rstrip(".") or f"{label}: {formats.count(len(done.changed))} done"
    hint = f"; {undo_hint}" if done.undo and undo_hint else ""
    if not done.refused:
        return News(clean(said + hint), Tone.GOOD)
    reasons = Counter(reason for _, reason in done.refused).most_common(_REASONS_SHOWN)
    refused = "; ".join(f"{formats.count(n)} not: {clean(reason)}" for reason, n in reasons)
    return News(clean(f"{said}; {refused}{hint}"), Tone.WARNING)


def suppression_done(suppressed: Suppressed) -> Done:
    """Say what putting a number on the suppression list came to."""
    gone = (
        formats.plural(suppressed.calls, "call"),
        formats.plural(suppressed.messages, "message"),
    )
    was = "was on the suppression list already" if suppressed.known else "is suppressed"
    return Done(message=f"the number {was}; {gone[0]} and {gone[1]} that waited are gone")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An act that can be taken back, and how."""

    label: str
    undo: tuple[Undo, ...]


class UndoStack:
    """The acts of this console that can be taken back, newest last, at most fifty."""

    def __init__(self) -> None:
        self._undo: list[TakenBack] = []
        self._redo: list[TakenBack] = []

    @property
    def undo_label(self) -> str:
        """Name the act that undo takes back; empty where there is none."""
        return self._undo[-1].label if self._undo else ""

    @property
    def redo_label(self) -> str:
        """Name the act that redo does again; empty where there is none."""
        return self._redo[-1].label if self._redo else ""

    @property
    def next_undo(self) -> TakenBack | None:
        """Give what undo would take back."""
        return self._undo[-1] if self._undo else None

    @property
    def next_redo(self) -> TakenBack | None:
        """Give what redo would do again."""
        return self._redo[-1] if self._redo else None

    def did(self, label: str, done: Done) -> None:
        """Remember a new act; what was undone before it can no longer be redone."""
        if done.undo:
            self._undo = [*self._undo, TakenBack(label, done.undo)][-_UNDOS_MAX:]
            self._redo.clear()

    def undid(self, act: TakenBack, done: Done) -> None:
        """Move this act to what can be redone, as its own undoing says how."""
        self.forget_undo(act)
        if done.undo:
            self._redo.append(TakenBack(act.label, done.undo))

    def redid(self, act: TakenBack, done: Done) -> None:
        """Move this act back to what can be undone."""
        self.forget_redo(act)
        if done.undo:
            self._undo.append(TakenBack(act.label, done.undo))

    def forget_undo(self, act: TakenBack) -> None:
        """Drop this very act, whatever was done since: it cannot be taken back any more."""
        self._undo = [one for one in self._undo if one is not act]

    def forget_redo(self, act: TakenBack) -> None:
        """Drop this very undone act."""
        self._redo = [one for one in self._redo if one is not act]
