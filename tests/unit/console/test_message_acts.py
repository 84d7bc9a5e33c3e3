"""Acts on messages: when they can be run, what they ask first, what they ask of the engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.console.fake_link import make_call, make_snapshot
from tests.console.fake_messages import make_message
from tests.console.still_clock import NOW
from voiceslot_tui.console import message_questions, message_wishes
from voiceslot_tui.console.action import Action, ActionId, Group
from voiceslot_tui.console.actions import ACTIONS, BY_ID
from voiceslot_tui.console.bars import key_line, meant
from voiceslot_tui.console.outcomes import suppression_done, together
from voiceslot_tui.console.phrases import width, words
from voiceslot_tui.console.questions import NO, Question
from voiceslot_tui.console.situation import MessageSelection, Selection, Situation
from voiceslot_tui.console.view import View
from voiceslot_tui.console.wishes import BadArgument, Plan
from voiceslot_tui.core.follow_up_facts import Approval, FollowUpWish
from voiceslot_tui.core.follow_up_pages import FollowUpFilter, Suppressed
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.follow_ups import FollowUp, FollowUpId, FollowUpState
from voiceslot_tui.core.limits import COMMAND_CALLS_MAX
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.wire import follow_up_control as messages

S = FollowUpState
A = ActionId
SID = "HX" + "0" * 32
OF_MESSAGES = [action for action in ACTIONS if action.group is Group.MESSAGES]
STANDING = FollowUpStanding(codes={63016: 7, 63003: 9})


def situation(*chosen: FollowUp, standing: FollowUpStanding = STANDING, **fields: str) -> Situation:
    view = View().connected("ana", NOW).told(make_snapshot(follow_ups=standing), NOW)
    ids = tuple(one.id for one in chosen)
    selection = MessageSelection(ids, chosen[:1], chosen)
    return Situation(view, messages=selection, about_messages=True, **fields)  # type: ignore[arg-type]


def asked(action_id: ActionId, now: Situation, argument: str = "") -> Question:
    question = message_questions.question(BY_ID[action_id], argument, now)
    assert question is not None
    assert question.choices[0] == NO
    return question


def text_of(question: Question) -> str:
    return "\n".join([question.title, *question.lines, *(one.words for one in question.choices)])


# --- when


@pytest.mark.parametrize(
    ("action_id", "runs"),
    [
        (A.RETRY, {S.DUE, S.AMBIGUOUS, S.BLOCKED, S.FAILED, S.SKIPPED}),
        (A.LEAVE_OUT, {S.DUE, S.AMBIGUOUS, S.BLOCKED}),
        (A.UNBLOCK, {S.BLOCKED}),
        (A.PREVIEW, set(S)),
    ],
)
def test_an_act_fits_the_state_of_its_message(action_id: ActionId, runs: set[S]) -> None:
    available = BY_ID[action_id].available
    found = {state for state in S if available(situation(make_message(1, state=state))) is None}
    assert found == runs


@pytest.mark.parametrize("action_id", [A.RETRY, A.LEAVE_OUT, A.UNBLOCK, A.PREVIEW])
def test_an_act_without_a_message_says_where_they_are(action_id: ActionId) -> None:
    assert "5 goes to the messages" in (BY_ID[action_id].available(situation()) or "")


def test_of_marked_messages_that_are_not_at_hand_the_engine_judges() -> None:
    chosen = (make_message(1), make_message(2))
    assert BY_ID[A.RETRY].available(situation(*chosen)) is None
    assert "one message" in (BY_ID[A.PREVIEW].available(situation(*chosen)) or "")


@pytest.mark.parametrize("action", OF_MESSAGES, ids=lambda action: str(action.id))
def test_nothing_acts_on_messages_without_an_engine(action: Action) -> None:
    here = situation(make_message(1, state=S.BLOCKED))
    gone = replace(here, view=here.view.lost("x", 1))
    assert "gone" in (action.available(gone) or "")


def test_the_key_that_pauses_the_follow_ups_resumes_paused_ones() -> None:
    pause = BY_ID[A.PAUSE_MESSAGES]
    paused = situation(standing=FollowUpStanding(paused=True))
    assert meant(pause, situation()) is pause
    assert meant(pause, paused).id is A.RESUME_MESSAGES
    assert "paused already" in (pause.available(paused) or "")
    assert "not paused" in (BY_ID[A.RESUME_MESSAGES].available(situation()) or "")


def test_a_code_can_be_retried_only_where_one_is_known() -> None:
    assert BY_ID[A.RETRY_CODE].available(situation()) is None
    assert BY_ID[A.RETRY_CODE].available(situation(standing=FollowUpStanding())) is not None


def test_a_person_is_that_of_a_message_or_of_a_call() -> None:
    suppress = BY_ID[A.SUPPRESS]
    of_call = Situation(situation().view, Selection((make_call(1).id,), (make_call(1),)))
    assert of_call.person == make_call(1).to_number
    assert suppress.available(of_call) is None
    assert suppress.available(situation(make_message(1))) is None
    assert "phone number" in (suppress.available(situation(make_message(1, to_number=""))) or "")
    assert suppress.available(situation(make_message(1), make_message(2))) is not None


@pytest.mark.parametrize("cells", [40, 80, 120, 200])
def test_the_key_line_names_the_keys_of_what_is_in_view(cells: int) -> None:
    here = situation(make_message(1, state=S.BLOCKED))
    of_messages = words(key_line(here, cells).spans)
    of_calls = words(key_line(replace(here, about_messages=False), cells).spans)
    assert "s send again" in of_messages
    assert "prio" not in of_messages
    assert "send again" not in of_calls
    assert width(key_line(here, cells).spans) <= cells


# --- questions


def test_an_ambiguous_message_is_sent_again_only_by_who_knows() -> None:
    question = asked(A.RETRY, situation(make_message(1, state=S.AMBIGUOUS)))
    assert question.danger
    assert "it may have been sent; retry only if you know it was not" in text_of(question)
    assert not asked(A.RETRY, situation(make_message(1, state=S.FAILED))).danger


def test_marked_messages_of_which_one_is_ambiguous_are_dangerous_too() -> None:
    failed, ambiguous = make_message(1, state=S.FAILED), make_message(2, state=S.AMBIGUOUS)
    assert not asked(A.RETRY, situation(failed, make_message(3, state=S.FAILED))).danger
    question = asked(A.RETRY, situation(failed, ambiguous))
    assert question.danger
    assert "may have been sent" in text_of(question)
    unseen = situation(failed, ambiguous)
    ids = (*unseen.messages.ids, FollowUpId(9))
    unseen = replace(unseen, messages=MessageSelection(ids, (), (failed,)))
    assert asked(A.RETRY, unseen).danger


def test_a_code_is_chosen_with_its_count_and_meaning() -> None:
    question = asked(A.RETRY_CODE, situation(make_message(1, state=S.FAILED, code=63016)))
    assert [(one.key, one.value) for one in question.choices[1:]] == [
        ("1", "63016"),
        ("2", "63003"),
    ]
    assert "7 messages: 63016 free text outside the 24 hours" in text_of(question)
    assert "9 messages: 63003 the person is not on WhatsApp" in text_of(question)


def test_a_code_that_is_given_is_named_with_its_count_and_meaning() -> None:
    question = asked(A.RETRY_CODE, situation(), "63003")
    assert question.title == "Retry all that failed by 63003?"
    assert "9 messages: 63003 the person is not on WhatsApp" in text_of(question)


def test_more_codes_than_keys_are_cut_at_the_rarest() -> None:
    many = FollowUpStanding(codes={63000 + n: n for n in range(1, 30)})
    choices = asked(A.RETRY_CODE, situation(standing=many)).choices
    assert len(choices) == 10
    assert choices[1].value == "63029"


@pytest.mark.parametrize(
    ("action_id", "argument", "said"),
    [
        (A.LEAVE_OUT, "", "Leave this message out?"),
        (A.UNBLOCK, "", "Release this message?"),
        (A.RESUME_MESSAGES, "", "4 messages due."),
        (A.TEMPLATE, SID, "2 blocked messages go once it may be used."),
        (A.SUPPRESS, "", "Suppress +44 7"),
        (A.UNSUPPRESS, "", "Allow +44 7"),
        (A.UNSUPPRESS, "+12025550100", "Allow +1 202 555 0100 again?"),
    ],
)
def test_what_is_asked_names_object_and_consequence(
    action_id: ActionId, argument: str, said: str
) -> None:
    standing = FollowUpStanding(
        paused=True,
        template=TemplateStanding(SID, Approval.REJECTED),
        states={S.DUE: 4, S.BLOCKED: 2},
    )
    here = situation(make_message(1, state=S.BLOCKED), standing=standing)
    assert said in text_of(asked(action_id, here, argument))


def test_questions_mask_numbers() -> None:
    here = situation(make_message(1, to_number="+447700900001"))
    here = replace(here, view=replace(here.view, masked=True))
    for action_id in (A.RETRY, A.SUPPRESS, A.UNSUPPRESS):
        assert "7700900" not in text_of(asked(action_id, here)).replace(" ", "")


# --- what is asked of the engine


@pytest.mark.parametrize(
    ("action_id", "argument", "body"),
    [
        (A.RETRY, "", messages.WantMessages((FollowUpId(1),), FollowUpWish.RETRY)),
        (A.LEAVE_OUT, "", messages.WantMessages((FollowUpId(1),), FollowUpWish.SKIP)),
        (A.UNBLOCK, "", messages.WantMessages((FollowUpId(1),), FollowUpWish.RELEASE)),
        (
            A.RETRY_CODE,
            "63016",
            messages.RetryMessages(FollowUpFilter(states=frozenset({S.FAILED}), code=63016)),
        ),
        (A.TEMPLATE, SID, messages.UseTemplate(SID)),
        (A.SUPPRESS, "asked us to", messages.Suppress("+44770090000001"[:14], "asked us to")),
        (A.UNSUPPRESS, "", messages.Unsuppress("+44770090000001"[:14])),
        (A.UNSUPPRESS, "+12025550100", messages.Unsuppress("+12025550100")),
        (A.PAUSE_MESSAGES, "", messages.PauseMessages()),
        (A.RESUME_MESSAGES, "", messages.ResumeMessages()),
        (A.ASK_MESSENGER, "", messages.ReadMessenger()),
    ],
)
def test_an_act_asks(
    action_id: ActionId, argument: str, body: messages.MessageAct | messages.Suppress
) -> None:
    here = situation(make_message(1, to_number="+44770090000001"[:14]))
    plan = message_wishes.plan(action_id, argument, here)
    assert isinstance(plan, Plan)
    assert plan.asks == (body,)


@pytest.mark.parametrize(
    ("action_id", "argument", "says"),
    [
        (A.TEMPLATE, "HX123", "HX and 32"),
        (A.TEMPLATE, SID + "0", "HX and 32"),
        (A.TEMPLATE, SID.replace("0", "g"), "HX and 32"),
        (A.RETRY_CODE, "", "which code"),
        (A.RETRY_CODE, "soon", "which code"),
        (A.UNSUPPRESS, "", "whose number"),
    ],
)
def test_an_argument_that_cannot_be_followed_says_why(
    action_id: ActionId, argument: str, says: str
) -> None:
    wrong = message_wishes.plan(action_id, argument, situation())
    assert isinstance(wrong, BadArgument)
    assert says in wrong.message


def test_many_messages_go_in_pieces_and_are_answered_together() -> None:
    count = 2 * COMMAND_CALLS_MAX + 1
    ids = tuple(FollowUpId(n) for n in range(1, count + 1))
    here = replace(situation(), messages=MessageSelection(ids))
    plan = message_wishes.plan(A.RETRY, "", here)
    assert isinstance(plan, Plan)
    pieces = [one.follow_up_ids for one in plan.asks if isinstance(one, messages.WantMessages)]
    assert [len(piece) for piece in pieces] == [COMMAND_CALLS_MAX, COMMAND_CALLS_MAX, 1]
    assert tuple(one for piece in pieces for one in piece) == ids
    done = together([Done(message="1,000 messages to be sent again"), Done(message="1 message")])
    assert done.message == "1,000 messages to be sent again; 1 message"


def test_what_suppressing_came_to_is_said() -> None:
    said = suppression_done(Suppressed("+12025550100", 2, 1)).message
    assert said == "the number is suppressed; 2 calls and 1 message that waited are gone"
    known = suppression_done(Suppressed("+12025550100", known=True)).message
    assert "already" in known
    assert suppression_done(Suppressed("+12025550100")).undo == ()


def test_pausing_can_be_taken_back() -> None:
    assert together([Done(undo=(Undo(follow_ups_paused=False),))]).undo
    assert BY_ID[A.PAUSE_MESSAGES].undoable
