"""What actions do: on this screen at once, at the engine after a question and with an answer.

An act that the engine has not answered yet blocks the next one, and a held key acts once. What an
act came to is always said; nothing is ever retried.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from voiceslot_tui.console import (
    batch_questions,
    batch_wishes,
    message_questions,
    message_wishes,
    questions,
    wishes,
)
from voiceslot_tui.console.action import Action, ActionId, Danger, Group
from voiceslot_tui.console.actions import BY_ID
from voiceslot_tui.console.aim import Aim, aim_of
from voiceslot_tui.console.bars import meant
from voiceslot_tui.console.dialogs.question import QuestionDialog
from voiceslot_tui.console.dialogs.text import TextDialog
from voiceslot_tui.console.formats import count, plural
from voiceslot_tui.console.key_repeat import RepeatGuard
from voiceslot_tui.console.message_details import preview_sentences, why_sentences
from voiceslot_tui.console.outcomes import News, TakenBack, news_of, together
from voiceslot_tui.console.screen_deeds import ScreenDeeds
from voiceslot_tui.console.situation import Situation, free_to_act
from voiceslot_tui.console.typing_line import TypingLine
from voiceslot_tui.console.widgets.cells import Tone
from voiceslot_tui.core.errors import VoiceslotError
from voiceslot_tui.core.follow_ups import FollowUpState
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.core.text import clean
from voiceslot_tui.core.undo import Done
from voiceslot_tui.link.client import Refused
from voiceslot_tui.wire import control

if TYPE_CHECKING:
    from voiceslot_tui.console.main_screen import MainScreen
    from voiceslot_tui.console.panes.listing import Listing

_DONE_WITH_AFTER = frozenset(
    {
        ActionId.CANCEL,
        ActionId.SETTLE,
        ActionId.RETRY,
        ActionId.LEAVE_OUT,
        ActionId.UNBLOCK,
    }
)
"""Acts after which rows are no longer what they were chosen for: most leave the list."""
_STRAYED: Final = "its row has just left the list and another is under the cursor; look first"
_CHANGED: Final = "the row under the cursor has changed meanwhile; nothing was done, look again"


class Deeds:
    """Runs the actions of one screen."""

    def __init__(self, screen: MainScreen, *, owns_engine: bool) -> None:
        self._screen = screen
        self._session = screen.session
        self._guard = RepeatGuard()
        self._waiting_for = ""
        self._stop_asked = False
        self._typing = TypingLine(screen, self.perform_on)
        self._at_once: Mapping[ActionId, Callable[[str], None]] = {
            **ScreenDeeds(screen, owns_engine=owns_engine).table,
            **self._typing.table,
            ActionId.BACK: self._back,
            ActionId.EXPLAIN: lambda _: self._work(self._explain(self.situation()), "why"),
            ActionId.PREVIEW: lambda _: self._work(self._preview(self.situation()), "preview"),
            ActionId.UNDO: lambda _: self._work(self._undo(), "undo"),
            ActionId.REDO: lambda _: self._work(self._redo(), "redo"),
        }

    def situation(self) -> Situation:
        """Give what an action would be judged by now."""
        acts = self._session.acts
        screen = self._screen
        listing = screen.listing
        calls, messages = screen.chosen()
        return Situation(
            self._session.view,
            calls,
            messages,
            acts.undo_label,
            acts.redo_label,
            self._waiting_for,
            about_messages=listing in (screen.whatsapp, screen.recipients),
            about_batches=listing is screen.batches,
            absent=screen.absent,
            batch=screen.chosen_batch,
        )

    def aim(self) -> Aim | None:
        """Give what a line or a list is opened on; None just after the cursor strayed."""
        return None if self._screen.strayed else aim_of(self.situation())

    def press(self, action_id: ActionId) -> None:
        """Run the action of a key; a key that is held down does a dangerous thing once.

        A key that was pressed for a row which has just left does not hit its neighbour.
        """
        held = self._guard.is_repeat(action_id, self._session.steady_s())
        if held and BY_ID[action_id].danger > Danger.NONE:
            self._say("the key is held down; let go and press it again", Tone.DIM)
            return
        action = meant(BY_ID[action_id], self.situation())
        if action.acts and action.on_selection and self._screen.strayed:
            self._say(f"{action.label}: {_STRAYED}", Tone.WARNING)
        else:
            self.perform(action.id)

    def perform_on(self, action_id: ActionId, argument: str, aim: Aim | None) -> None:
        """Run what was typed or chosen in a list, unless the rows changed while it was open."""
        action = BY_ID[action_id]
        if action.on_selection and aim != aim_of(self.situation()):
            self._say(f"{action.label}: {_CHANGED}", Tone.WARNING)
        else:
            self.perform(action_id, argument)

    def perform(self, action_id: ActionId, argument: str = "") -> None:
        """Run an action, or say why it cannot be run now."""
        situation = self.situation()
        action = BY_ID[action_id]
        reason = action.available(situation)
        if reason is not None:
            self._say(f"{action.label}: {reason}", Tone.WARNING)
        elif action.needs_argument and not argument:
            self._typing.command(f"{action.id} ")
        elif action.id in self._at_once:
            self._at_once[action.id](argument)
        else:
            self._work(self._act(action, argument, situation), action.label)

    # --- acts at the engine

    async def _act(self, action: Action, argument: str, situation: Situation) -> None:
        listing = self._screen.listing
        asked = _question(action, argument, situation)
        if argument and self._planned(action, argument, situation) is None:
            return
        if asked is not None:
            answer = await self._screen.app.push_screen_wait(QuestionDialog(asked))
            if not answer:
                self._say(f"{action.label}: nothing was done", Tone.DIM)
                return
            argument = argument if answer == questions.YES.value else answer
            if not asked.danger and await self._unclear_meanwhile(action, situation):
                return
        plan = self._planned(action, argument, situation)
        if plan is not None:
            await self._carry_out(action, plan, listing)

    async def _unclear_meanwhile(self, action: Action, situation: Situation) -> bool:
        """Tell, and say, whether what was to be sent again may have been sent since it was shown.

        The engine takes a retry for the word of somebody who knows that it was not.
        """
        if action.id is not ActionId.RETRY:
            return False
        try:
            read = [await self._session.message(one) for one in situation.messages.ids]
        except VoiceslotError as error:
            self._say(f"{action.label}: {error}; nothing was done", Tone.BAD)
            return True
        unclear = [one for one in read if one.follow_up.state is FollowUpState.AMBIGUOUS]
        if unclear:
            what = f"{plural(len(unclear), 'message')} may have been sent meanwhile"
            self._say(f"{action.label}: {what}; nothing was done, look again", Tone.WARNING)
        return bool(unclear)

    def _planned(self, action: Action, argument: str, situation: Situation) -> wishes.Plan | None:
        """Give what to ask of the engine; None, and the reason said, where that is nothing."""
        plan = _plan(action, argument, situation)
        if isinstance(plan, wishes.Plan):
            return plan
        self._say(plan.message, Tone.WARNING)
        return None

    async def _carry_out(self, action: Action, plan: wishes.Plan, listing: Listing) -> None:
        if self._is_owed(action.label):
            return
        parts, problem = await self._ask_all(plan.label, plan.asks)
        done = together(parts)
        if parts:
            self._session.acts.did(plan.label, done)
            if action.id in _DONE_WITH_AFTER:
                listing.done_with(done.changed)
        if problem is not None:
            said = f"; {count(len(done.changed))} done before that" if parts else ""
            self._say(f"{plan.label}: {problem}{said}", Tone.BAD)
            return
        self._screen.tell(news_of(plan.label, done, _undo_hint(action)))
        if action.id is ActionId.STOP:
            self._screen.console.farewell(done.message)

    def _is_owed(self, label: str) -> bool:
        """Tell, and say, whether an act that was begun meanwhile has no answer yet."""
        reason = free_to_act(self.situation()) if self._waiting_for else None
        if reason is not None:
            self._say(f"{label}: {reason}", Tone.WARNING)
        return reason is not None

    async def _ask_all(
        self, label: str, asks: tuple[wishes.Wanted, ...]
    ) -> tuple[list[Done], str | None]:
        """Ask one after another; give what was done and, where it ended early, why."""
        parts: list[Done] = []
        self._waiting_for, self._stop_asked = label, False
        try:
            for number, body in enumerate(asks):
                if self._stop_asked:
                    return parts, "stopped half-way"
                if len(asks) > 1:
                    self._progress(label, number, len(asks))
                parts.append(await self._session.act(body))
        except VoiceslotError as error:
            return parts, str(error)
        finally:
            self._waiting_for = ""
        return parts, None

    def _progress(self, label: str, number: int, pieces: int) -> None:
        so_far = count(number * COMMAND_CALLS_MAX)
        text = f"{label}: {so_far} asked, piece {number + 1} of {pieces}; Esc stops"
        self._screen.flash.say(News(clean(text)), stays=True)

    # --- undo and redo

    async def _undo(self) -> None:
        acts = self._session.acts
        await self._take_back("undone", acts.next_undo, acts.undid, acts.forget_undo)

    async def _redo(self) -> None:
        acts = self._session.acts
        await self._take_back("done again", acts.next_redo, acts.redid, acts.forget_redo)

    async def _take_back(
        self,
        word: str,
        act: TakenBack | None,
        succeeded: Callable[[TakenBack, Done], None],
        forget: Callable[[TakenBack], None],
    ) -> None:
        if act is None or self._is_owed(word):
            return
        label = f"{word}: {act.label}"
        listing, self._waiting_for = self._screen.listing, label
        try:
            parts = [await self._session.act(control.TakeBack((undo,))) for undo in act.undo]
        except Refused as refused:
            forget(act)
            self._say(f"{act.label}: {refused}", Tone.WARNING)
            return
        except VoiceslotError as error:
            self._say(f"{act.label}: {error}", Tone.BAD)
            return
        finally:
            self._waiting_for = ""
        done = together(parts)
        succeeded(act, done)
        listing.inner.let_go(())
        self._screen.tell(news_of(label, done, ""))

    # --- words

    async def _explain(self, situation: Situation) -> None:
        if situation.about_messages and situation.messages.only is not None:
            await self._show("Message", why_sentences(situation.messages.only))
            return
        selection = situation.selection
        call_id = selection.ids[0] if selection.ids else None
        try:
            sentences = await self._session.explain(call_id)
        except VoiceslotError as error:
            self._say(str(error), Tone.BAD)
            return
        await self._show(
            "Why nothing is dialled" if call_id is None else f"Call {call_id}", sentences
        )

    async def _preview(self, situation: Situation) -> None:
        message_id = situation.messages.ids[0]
        try:
            preview = await self._session.preview(message_id)
        except VoiceslotError as error:
            self._say(f"preview: {error}", Tone.BAD)
            return
        await self._show("As it would be sent now", preview_sentences(preview))

    async def _show(self, title: str, sentences: Sequence[str]) -> None:
        await self._screen.app.push_screen_wait(TextDialog(title, sentences))

    def _back(self, _argument: str) -> None:
        self._stop_asked = True
        self._screen.go_back()

    def _say(self, text: str, tone: Tone) -> None:
        self._screen.tell(News(clean(text), tone))

    def _work(self, work: Awaitable[None], name: str) -> None:
        self._screen.run_worker(work, name=name, group="acts", exit_on_error=False)


def _undo_hint(action: Action) -> str:
    return "u undoes it within 30 s" if action.id is ActionId.CANCEL else "u undoes it"


def _question(action: Action, argument: str, situation: Situation) -> questions.Question | None:
    if action.group is Group.MESSAGES:
        return message_questions.question(action, argument, situation)
    if action.group is Group.BATCHES:
        return batch_questions.question(action, argument, situation)
    return questions.question(action, situation.selection, situation.view, argument)


def _plan(action: Action, argument: str, situation: Situation) -> wishes.Plan | wishes.BadArgument:
    if action.group is Group.MESSAGES:
        return message_wishes.plan(action.id, argument, situation)
    if action.group is Group.BATCHES:
        return batch_wishes.plan(action.id, argument, situation)
    return wishes.plan(action.id, argument, situation.selection)
