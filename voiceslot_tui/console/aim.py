"""What a line or a list was opened on, so that what is typed there hits nothing else. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from voiceslot_tui.console.situation import Situation
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.follow_ups import FollowUpId


@dataclass(frozen=True, slots=True)
class Aim:
    """The calls, the messages and the batch that are chosen, by their ids."""

    calls: tuple[CallId, ...] = ()
    messages: tuple[FollowUpId, ...] = ()
    batch_id: str = ""


def aim_of(situation: Situation) -> Aim:
    """Say what is chosen."""
    batch = situation.batch
    return Aim(
        situation.selection.ids,
        situation.messages.ids,
        "" if batch is None else batch.view.batch.count.batch_id,
    )
