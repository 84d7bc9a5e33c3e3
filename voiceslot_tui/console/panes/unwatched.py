"""The panes whose subject is not watched yet: their place, and what will be seen there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from voiceslot_tui.console.panes.pane import Pane
from voiceslot_tui.console.phrases import wrapped
from voiceslot_tui.console.screen_layout import PaneId
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.line_list import LineList

SENTENCES: Final[Mapping[PaneId, str]] = MappingProxyType(
    {
        PaneId.BATCHES: (
            "Nothing is watched yet. ElevenLabs' batch calls will be listed here, "
            "with how far each has come."
        ),
        PaneId.RECIPIENTS: (
            "Nothing is watched yet. The recipients of the batch under the cursor will be listed "
            "here, with how each call went."
        ),
    }
)


class UnwatchedLines(LineList):
    """One sentence, wrapped to the width."""

    def __init__(self, sentence: str, id: str) -> None:  # noqa: A002
        super().__init__(tail=False, id=id)
        self._sentence = sentence

    def build_lines(self, width: int, height: int) -> list[Line]:
        """Wrap the sentence."""
        return wrapped(self._sentence, width, Tone.DIM)[:height]


class UnwatchedPane(Pane):
    """Says what will be seen here."""

    def make_inner(self) -> UnwatchedLines:
        """Make the sentence's widget."""
        return UnwatchedLines(SENTENCES[self.pane_id], id=str(self.pane_id))


class BatchesPane(UnwatchedPane):
    """The place of ElevenLabs' own campaigns."""

    pane_id = PaneId.BATCHES


class RecipientsPane(UnwatchedPane):
    """The place of a batch's recipients."""

    pane_id = PaneId.RECIPIENTS
