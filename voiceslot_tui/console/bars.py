"""The line of panes and the line of keys. Pure."""

from __future__ import annotations

from typing import Final

from voiceslot_tui.console.action import Action, ActionId, Group
from voiceslot_tui.console.actions import BY_ID, key_sign, on_key_line
from voiceslot_tui.console.header_presenter import stale_phrase
from voiceslot_tui.console.phrases import Phrase, Segment, fitted, phrase, say
from voiceslot_tui.console.screen_layout import PANES, PaneId, title
from voiceslot_tui.console.situation import Situation
from voiceslot_tui.console.view import View
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.core.calls import Instant
from voiceslot_tui.core.snapshot import EngineState

_SUBJECTS: Final = frozenset({Group.CALLS, Group.MESSAGES, Group.BATCHES})
"""Groups of which the key line names the one whose rows are in view."""
_ROOMY: Final = 100
"""Cells from which keys stand two apart."""


def tab_line(active: PaneId, view: View, now: Instant, cells: int) -> Line:
    """Name the panes with their numbers, the active one set off."""
    stale = Segment(stale_phrase(view, now))
    tabs = [Segment(_tab(pane, pane is active), 1 + PANES.index(pane)) for pane in PANES]
    kept = [Segment(tab.phrase, 0) if tab.surrender == 1 else tab for tab in tabs]
    return Line(fitted([stale, *kept], cells, gap=" "))


def _tab(pane: PaneId, active: bool) -> Phrase:
    return phrase(say(f" {title(pane)}", Tone.HEADING if active else Tone.DIM))


def key_line(situation: Situation, cells: int, marked: int = 0) -> Line:
    """Name the keys that matter most; those that cannot be used now are said quietly.

    `marked` calls are named first: keys act on them, wherever the cursor is.
    """
    segments = [
        Segment(_key(action, situation), index) for index, action in enumerate(_shown(situation))
    ]
    if marked:
        segments.insert(0, Segment(phrase(say(f"{marked:,} marked", Tone.ACCENT))))
    gap = "  " if cells >= _ROOMY else " "
    return Line((say(" "), *fitted(segments, cells - 1, gap)))


def _subject(situation: Situation) -> Group:
    if situation.about_batches:
        return Group.BATCHES
    return Group.MESSAGES if situation.about_messages else Group.CALLS


def _shown(situation: Situation) -> tuple[Action, ...]:
    others = _SUBJECTS - {_subject(situation)}
    return tuple(
        meant(action, situation)
        for action in on_key_line()
        if action.group not in others or action.id is ActionId.UNDO
    )


def meant(action: Action, situation: Situation) -> Action:
    """Give the action that a key stands for now: P pauses, or resumes where it is paused.

    Only keys are such switches; what is named in words is done as it is named.
    """
    snapshot = situation.view.snapshot
    is_paused = snapshot is not None and snapshot.engine is EngineState.PAUSED
    if action.id is ActionId.PAUSE and is_paused:
        return BY_ID[ActionId.RESUME]
    if action.id is ActionId.PAUSE_MESSAGES and situation.standing.paused:
        return BY_ID[ActionId.RESUME_MESSAGES]
    if action.id is ActionId.PARK and situation.selection.all_parked:
        return BY_ID[ActionId.UNPARK]
    return action


def _key(action: Action, situation: Situation) -> Phrase:
    key = action.footer_keys or key_sign(action.keys[0])
    blocked = action.available(situation) is not None
    tone = Tone.DIM if blocked else Tone.STRONG
    return phrase(say(key, tone), say(f" {action.label}", Tone.DIM if blocked else Tone.PLAIN))
