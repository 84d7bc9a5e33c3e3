"""A question with answers to choose from; the first answer is the harmless one and the default."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from voiceslot_tui.console.dialogs.dialog import Dialog, text_block
from voiceslot_tui.console.phrases import one_line, say, wrapped
from voiceslot_tui.console.questions import Choice, Question
from voiceslot_tui.console.widgets.cells import Line, Tone
from voiceslot_tui.console.widgets.live_text import LiveText


class QuestionDialog(Dialog[str]):
    """Gives the value of the chosen answer; Esc is the first answer.

    An answer's own key chooses it at once. Arrows and Tab move, Enter takes the one moved to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,right,tab,j,l", "step(1)", show=False),
        Binding("up,left,shift+tab,k,h", "step(-1)", show=False),
        Binding("enter", "take", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._at = 0
        self._answers = LiveText(self._answer_lines, id="answers")
        self._answers.styles.height = len(question.choices)

    def compose(self) -> ComposeResult:
        """Show title, explanation and answers."""
        cells, rows = self.text_room(below=len(self._question.choices))
        danger = self._question.danger
        lines = [one_line(say(self._question.title, Tone.BAD if danger else Tone.STRONG)), Line()]
        for text in self._question.lines:
            lines += wrapped(text, cells, indent="  ")
        with Vertical(id="box", classes="danger" if danger else ""):
            yield text_block([*lines, Line()][:rows], id="text")
            yield self._answers

    def on_key(self, event: events.Key) -> None:
        """Take the answer whose key it is."""
        for choice in self._question.choices:
            if event.character == choice.key:
                event.stop()
                self._give(choice)

    def on_click(self, event: events.Click) -> None:
        """Take the answer that was clicked."""
        offset = event.get_content_offset(self._answers)
        if offset is not None and offset.y < len(self._question.choices):
            self._give(self._question.choices[offset.y])

    def action_step(self, by: int) -> None:
        """Go to another answer."""
        self._at = (self._at + by) % len(self._question.choices)
        self._answers.repaint()

    def action_take(self) -> None:
        """Take the answer gone to."""
        self._give(self._question.choices[self._at])

    def action_give_up(self) -> None:
        """Take the harmless answer."""
        self._give(self._question.choices[0])

    def _give(self, choice: Choice) -> None:
        self.answer(choice.value)

    def _answer_lines(self, _width: int, _height: int) -> list[Line]:
        return [
            one_line(
                say("▶ " if index == self._at else "  ", Tone.ACCENT),
                say(f"{choice.key}  ", Tone.STRONG),
                say(choice.words, Tone.STRONG if index == self._at else Tone.PLAIN),
            )
            for index, choice in enumerate(self._question.choices)
        ]
