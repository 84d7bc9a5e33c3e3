"""One row a wish, a template, an outcome or a judgement: all that it changes of a follow-up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.core.message_rows import (
    DELIVERED,
    LOST,
    ONE,
    OTHER_CONTENT,
    T2,
    TAKEN,
    Row,
    T,
    check,
    row,
    sending,
    wished,
)
from tests.unit.core.message_standing import (
    CONTENT,
    ID,
    START,
    TEMPLATE,
    MessageStanding,
    due,
    sid,
    try_id,
)
from voiceslot_tui.core.calls import Disposition
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    MessageNews,
    MessageRefused,
    OutcomeRead,
    PersonOptedOut,
    TemplateNews,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement, step_to
from voiceslot_tui.core.follow_up_policy import Block, Send, Skip, Standing, Wait, claim, judged
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    FollowUpStep,
    Form,
    Kind,
    SkipReason,
    Try,
    TryState,
    WaitReason,
)

_S, _T, _P = FollowUpState, TryState, FollowUpStep
_B = BlockReason


def blocked(reason: BlockReason, content_sid: str = CONTENT, **others: object) -> MessageStanding:
    return row(state=_S.BLOCKED, blocked_for=reason, content_sid=content_sid, **others)


def wait(reason: WaitReason, **others: object) -> MessageStanding:
    return row(due_at=T2, waits_for=reason, **others)


def mended(content_sid: str = CONTENT, approval: Approval = Approval.APPROVED) -> TemplateNews:
    return TemplateNews(ID, content_sid, approval)


OUTCOME = OutcomeRead(ID, Disposition.VOICEMAIL, "they did not talk")
READ = {
    "disposition": Disposition.VOICEMAIL,
    "summary": "they did not talk",
    "outcome_known": True,
    "changed_at": T,
}
GO = {"state": _S.DUE, "blocked_for": None, "changed_at": T, "code": None, "detail": ""}
USABLE = "the template can be used"
LEARNED = {
    "how the call went": Row(row(outcome_known=False), OUTCOME, READ),
    "how the call went, which was waited for": Row(
        wait(WaitReason.OUTCOME, outcome_known=False),
        OUTCOME,
        READ | {"due_at": None, "waits_for": None},
    ),
    "how the call went, while something else is waited for": Row(
        wait(WaitReason.QUIET_HOURS, outcome_known=False), OUTCOME, READ
    ),
    "the template is approved again": Row(
        blocked(_B.TEMPLATE_NOT_APPROVED, code=63016, detail="paused", failures=2),
        mended(),
        GO,
        steps=(_P.RELEASED,),
        detail=USABLE,
    ),
    "there is a template now": Row(
        blocked(_B.NO_TEMPLATE, ""), mended(), GO, steps=(_P.RELEASED,), detail=USABLE
    ),
    "another template, of which nothing can be read": Row(
        blocked(_B.TEMPLATE_UNFIT),
        mended(OTHER_CONTENT, Approval.UNREADABLE),
        GO,
        steps=(_P.RELEASED,),
        detail=USABLE,
    ),
    "another template, after many failures": Row(
        blocked(_B.TEMPLATE_NOT_APPROVED, failures=9),
        mended(OTHER_CONTENT),
        GO,
        steps=(_P.RELEASED,),
        detail=USABLE,
    ),
    "the person opted out": Row(
        wait(WaitReason.RETRY),
        PersonOptedOut(ID),
        {
            "state": _S.SKIPPED,
            "changed_at": T,
            "skipped_for": SkipReason.SUPPRESSED,
            "due_at": None,
            "waits_for": None,
        },
        steps=(_P.SKIPPED,),
        detail="suppressed",
    ),
}

INSISTED = {"insisted": True, "failures": 0, "changed_at": T}
DUE = {"state": _S.DUE, "code": None, "detail": "", **INSISTED}
RETRY, RELEASE = wished(FollowUpWish.RETRY), wished(FollowUpWish.RELEASE)
SKIP = wished(FollowUpWish.SKIP)
LEFT_OUT = {"state": _S.SKIPPED, "changed_at": T, "skipped_for": SkipReason.BY_OPERATOR}
WISHES = {
    "leave out what is due": Row(row(), SKIP, LEFT_OUT, steps=(_P.SKIPPED,), detail="by_operator"),
    "leave out what may have been sent": Row(
        sending(LOST), SKIP, LEFT_OUT, steps=(_P.SKIPPED,), detail="by_operator"
    ),
    "release what is blocked": Row(
        blocked(_B.TEMPLATE_UNFIT, failures=2, code=1, detail="no"),
        RELEASE,
        DUE | {"blocked_for": None},
        steps=(_P.RELEASED,),
    ),
    "send what waits at once": Row(
        wait(WaitReason.RETRY, failures=2, code=1, detail="no"),
        RETRY,
        INSISTED | {"due_at": None, "waits_for": None},
    ),
    "send what is due whatever its age": Row(row(), RETRY, INSISTED),
    "begin the count of failures anew": Row(row(insisted=True, failures=1), RETRY, INSISTED),
    "send what failed once more": Row(
        sending(MessageRefused(ONE, Failure.FINAL, 7, "no")),
        RETRY,
        DUE,
        steps=(_P.RETRIED,),
    ),
    "send what was left out": Row(
        row(state=_S.SKIPPED, skipped_for=SkipReason.TOO_OLD),
        RETRY,
        DUE | {"skipped_for": None},
        steps=(_P.RETRIED,),
    ),
    "it was not sent": Row(
        sending(LOST),
        RETRY,
        DUE,
        {"state": _T.NOT_SENT, "changed_at": T},
        (_P.RETRIED,),
        "the operator says that it was not sent",
    ),
}

ROWS = LEARNED | WISHES


@pytest.mark.parametrize("told", ROWS.values(), ids=ROWS)
def test_it_changes_this_and_nothing_else(told: Row) -> None:
    check(told)


NOTHING = {
    "an outcome that is known": (row(outcome_known=True), OUTCOME),
    "a template for what is due": (row(), mended(OTHER_CONTENT)),
    "a template for what was left out": (
        row(state=_S.SKIPPED, blocked_for=_B.NO_TEMPLATE),
        mended(OTHER_CONTENT),
    ),
    "another template that is not approved": (
        blocked(_B.NO_TEMPLATE),
        mended(OTHER_CONTENT, Approval.REJECTED),
    ),
    "another template where there is no channel": (
        blocked(_B.NO_CHANNEL),
        mended(OTHER_CONTENT),
    ),
    "the template that was never unfit otherwise": (blocked(_B.TEMPLATE_UNFIT), mended()),
    "the template that failed three times": (
        blocked(_B.TEMPLATE_NOT_APPROVED, failures=3),
        mended(),
    ),
    "release what is due": (row(), RELEASE),
    "release what was left out": (row(state=_S.SKIPPED), RELEASE),
    "send at once what goes at once": (row(insisted=True), RETRY),
    "send again what is under way": (sending(), RETRY),
    "send again what has arrived": (sending(DELIVERED), RETRY),
    "leave out what was sent": (sending(TAKEN), SKIP),
    "an opt-out of what may have been sent": (sending(LOST), PersonOptedOut(ID)),
}


@pytest.mark.parametrize(("before", "fact"), NOTHING.values(), ids=NOTHING)
def test_this_changes_nothing(before: MessageStanding, fact: FollowUpFact) -> None:
    assert before.copy().told(fact, 5.0) is None


@pytest.mark.parametrize("state", [TryState.ACCEPTED, TryState.SENT])
def test_what_may_still_arrive_is_not_sent_again(state: TryState) -> None:
    standing = sending(LOST, SKIP)
    standing.tries[ONE] = replace(standing.tries[ONE], state=state)
    assert standing.told(RETRY) is None


APPROVED = TemplateNews(ID, CONTENT, Approval.APPROVED)


def test_a_template_that_is_mended_releases_what_it_blocked() -> None:
    standing = MessageStanding()
    standing.judged(Block(BlockReason.TEMPLATE_NOT_APPROVED))
    for approval in set(Approval) - {Approval.APPROVED}:
        assert standing.told(TemplateNews(ID, CONTENT, approval)) is None
    standing.told(APPROVED)
    assert (standing.follow_up.state, standing.follow_up.insisted) == (_S.DUE, False)


def test_another_template_releases_what_had_none_or_an_unfit_one() -> None:
    for reason in (BlockReason.NO_TEMPLATE, BlockReason.TEMPLATE_UNFIT):
        standing = MessageStanding()
        standing.judged(Block(reason))
        assert standing.told(APPROVED) is None
        standing.told(TemplateNews(ID, "HX" + "1" * 32, Approval.APPROVED))
        assert standing.follow_up.state is _S.DUE


def test_a_template_that_refuses_although_it_is_approved_is_not_tried_for_ever() -> None:
    standing = MessageStanding()
    for number in range(1, 10):
        standing.claimed(Form.TEMPLATE)
        bad = MessageNews(Delivery.FAILED, try_id(number), sid(number), Failure.TEMPLATE, 63016)
        standing.told(bad)
        assert standing.follow_up.state is _S.BLOCKED
        if standing.told(APPROVED) is None:
            break
    assert number == 3
    standing.told(RELEASE)
    assert (standing.follow_up.state, standing.follow_up.insisted) == (_S.DUE, True)


# --- judgements and claims

JUDGEMENTS = {
    "wait": (
        Wait(WaitReason.QUIET_HOURS, T2),
        {"due_at": T2, "waits_for": WaitReason.QUIET_HOURS},
        (),
        "",
    ),
    "skip": (
        Skip(SkipReason.TOO_OLD),
        {"state": _S.SKIPPED, "skipped_for": SkipReason.TOO_OLD, "changed_at": T},
        (_P.SKIPPED,),
        "too_old",
    ),
    "block": (
        Block(_B.TEMPLATE_UNFIT),
        {
            "state": _S.BLOCKED,
            "blocked_for": _B.TEMPLATE_UNFIT,
            "content_sid": CONTENT,
            "changed_at": T,
        },
        (_P.BLOCKED,),
        "template_unfit",
    ),
}


@pytest.mark.parametrize(
    ("verdict", "changes", "steps", "detail"), JUDGEMENTS.values(), ids=JUDGEMENTS
)
def test_a_judgement_is_written_down(
    verdict: Wait | Skip | Block,
    changes: dict[str, object],
    steps: tuple[FollowUpStep, ...],
    detail: str,
) -> None:
    before = due()
    changed = replace(before, **changes)  # type: ignore[arg-type]
    made = judged(before, verdict, Standing(template=TEMPLATE), T)
    assert made == FollowUpSettlement(changed, None, steps, detail)


def test_what_a_judgement_blocks_may_be_released_however_often_it_had_failed_before() -> None:
    """A passing failure of another kind says nothing about the template."""
    before = replace(due(), failures=3)
    made = judged(before, Block(_B.TEMPLATE_NOT_APPROVED), Standing(template=TEMPLATE), T)
    assert made is not None
    assert made.follow_up.failures == 0


def test_what_no_template_blocks_waits_for_none_of_its_own() -> None:
    made = judged(due(), Block(_B.NO_TEMPLATE), Standing(), T)
    assert made is not None
    assert made.follow_up.content_sid == ""


@pytest.mark.parametrize(
    ("form", "channel", "content_sid"),
    [(Form.TEMPLATE, Channel.WHATSAPP, CONTENT), (Form.FREE_TEXT, Channel.SMS, "")],
)
def test_a_claim_is_written_down_before_the_request_leaves(
    form: Form, channel: Channel, content_sid: str
) -> None:
    before = replace(due(), tries=1, code=7, detail="no", due_at=START, waits_for=WaitReason.RETRY)
    after = replace(
        before,
        state=_S.SENDING,
        channel=channel,
        tries=2,
        try_id=ONE,
        content_sid=content_sid,
        changed_at=T,
        due_at=None,
        waits_for=None,
        code=None,
        detail="",
    )
    one = Try(ONE, ID, 2, channel, form, _T.SENDING, T, T, content_sid=content_sid)
    made = claim(before, ONE, Send(channel, form, Kind.TALKED), CONTENT, T)
    assert made == FollowUpSettlement(after, one, (_P.CLAIMED,))


@pytest.mark.parametrize(
    ("start", "step", "target"),
    [
        (_S.SENT, _P.CLAIMED, _S.SENDING),
        (_S.READ, _P.DELIVERED, _S.DELIVERED),
        (_S.DUE, _P.CLAIMED, _S.SENT),
    ],
)
def test_no_state_is_reached_by_a_way_that_is_not_listed(
    start: FollowUpState, step: FollowUpStep, target: FollowUpState
) -> None:
    with pytest.raises(AssertionError, match=f"no way from {start} by '{step}' to {target}"):
        step_to(replace(due(), state=start), step, target, T)
