"""The table of follow-ups, exhaustively: every state, every step, every fact, every standing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from tests.unit.core.message_standing import (
    RESEND,
    RULES,
    MessageStanding,
    due,
    row_facts,
    try_facts,
)
from voiceslot_tui.core.follow_up_facts import (
    FAILURES,
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_policy import Block, Skip, Wait
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import (
    FOLLOW_UP_TRANSITIONS,
    OPEN_FOLLOW_UPS,
    REACHED_FOLLOW_UPS,
    BlockReason,
    Channel,
    FollowUpState,
    FollowUpStep,
    Form,
    SkipReason,
    Try,
    TryState,
    WaitReason,
)

_S = FollowUpState
PROOFS = {FollowUpStep.TAKEN, FollowUpStep.SENT, FollowUpStep.DELIVERED, FollowUpStep.READ}


# --- the table itself


@pytest.mark.parametrize("state", FollowUpState)
@pytest.mark.parametrize("step", FollowUpStep)
def test_every_pair_is_listed_or_has_no_exit(state: FollowUpState, step: FollowUpStep) -> None:
    for target in FOLLOW_UP_TRANSITIONS.get((state, step), ()):
        assert target in FollowUpState
        assert target is not state


def test_every_state_but_the_first_can_be_reached_and_every_step_leads_somewhere() -> None:
    reached = {target for targets in FOLLOW_UP_TRANSITIONS.values() for target in targets}
    assert reached == set(FollowUpState)
    assert {step for _, step in FOLLOW_UP_TRANSITIONS} == set(FollowUpStep)


def test_only_a_due_message_is_claimed() -> None:
    claiming = [state for state, step in FOLLOW_UP_TRANSITIONS if step is FollowUpStep.CLAIMED]
    assert claiming == [_S.DUE]


def test_delivery_never_goes_back() -> None:
    order = [_S.ACCEPTED, _S.SENT, _S.DELIVERED, _S.READ]
    for (state, _), targets in FOLLOW_UP_TRANSITIONS.items():
        for target in targets:
            if state in order and target in order:
                assert order.index(target) > order.index(state)
    for state in REACHED_FOLLOW_UPS:
        exits = [targets for (start, _), targets in FOLLOW_UP_TRANSITIONS.items() if start is state]
        assert exits == ([(_S.READ,)] if state is _S.DELIVERED else [])


def test_the_sets_of_states_fit_each_other() -> None:
    over = {_S.FAILED, _S.SKIPPED}
    assert set(FollowUpState) == OPEN_FOLLOW_UPS | REACHED_FOLLOW_UPS | over


# --- every standing that can be reached, and every fact told there


@dataclass(frozen=True, slots=True)
class Told:
    """A fact told in one standing, and what came of it."""

    before: MessageStanding
    fact: FollowUpFact | None
    after: MessageStanding
    settlement: FollowUpSettlement | None


def shape(standing: MessageStanding) -> tuple[object, ...]:
    """Say what of a standing decides what a fact changes; two of one shape go the same ways."""
    row = standing.follow_up
    return (
        row.state,
        row.channel,
        row.waits_for,
        row.blocked_for,
        row.skipped_for is SkipReason.BY_OPERATOR,
        row.needs_template,
        min(row.failures, 3),
        row.resends,
        row.outcome_known,
        tuple((one.state, one.form, _lookups(one)) for one in standing.tries.values()),
    )


def _lookups(one: Try) -> int:
    return min(one.lookups, 3) if one.state is TryState.AMBIGUOUS else 0


ONE_OF_A_KIND = (
    Failure.LATER,
    Failure.NOT_ON_CHANNEL,
    Failure.OPTED_OUT,
    Failure.TEMPLATE,
)
"""Failures that lead to different states; the others go the way of one of these."""

VERDICTS = (
    Wait(WaitReason.OUTCOME),
    Skip(SkipReason.TOO_OLD),
    Block(BlockReason.NO_TEMPLATE),
    Block(BlockReason.TEMPLATE_UNFIT),
)


def facts_in(standing: MessageStanding, tries: int) -> Iterator[FollowUpFact]:
    """Give every fact that can be told; where several tries are made, one of each kind."""
    every = tries == 1
    for number in range(1, len(standing.tries) + 1):
        yield from try_facts(number) if every else try_facts(number, ONE_OF_A_KIND)
    yield from row_facts() if every else row_facts((Approval.APPROVED,))


def forms_in(standing: MessageStanding, tries: int) -> tuple[Form, ...]:
    """Give the forms in which the next try can be made."""
    if standing.follow_up.state is not _S.DUE or len(standing.tries) >= tries:
        return ()
    on_whatsapp = standing.follow_up.channel is Channel.WHATSAPP
    return tuple(Form) if on_whatsapp and tries == 1 else (Form.FREE_TEXT,)


def nexts(standing: MessageStanding, tries: int) -> Iterator[Told]:
    for fact in facts_in(standing, tries):
        after = standing.copy()
        wait_s = 40.0 if isinstance(fact, MessagesListed) else 0.0
        yield Told(standing, fact, after, after.told(fact, wait_s))
    for form in forms_in(standing, tries):
        after = standing.copy()
        yield Told(standing, None, after, after.claimed(form))
    if standing.follow_up.state is _S.DUE:
        for verdict in VERDICTS if tries == 1 else VERDICTS[1:3]:
            after = standing.copy()
            yield Told(standing, None, after, after.judged(verdict))


@cache
def explored(rules: FollowUpRules, tries: int) -> tuple[Told, ...]:
    """Tell every fact in every standing that some tries of one message can come to."""
    first = MessageStanding(due(known=tries > 1), rules=rules)
    found, waiting = {shape(first)}, [first]
    everything: list[Told] = []
    while waiting:
        for told in nexts(waiting.pop(), tries):
            everything.append(told)
            if told.settlement is not None and shape(told.after) not in found:
                found.add(shape(told.after))
                waiting.append(told.after)
    return tuple(everything)


@pytest.fixture(
    scope="module", params=[(RULES, 1), (RULES, 2), (RESEND, 2)], ids=["one", "two", "resend"]
)
def all_told(request: pytest.FixtureRequest) -> tuple[Told, ...]:
    rules, tries = request.param
    return explored(rules, tries)


def test_every_move_is_one_of_the_table(all_told: tuple[Told, ...]) -> None:
    for told in all_told:
        if told.settlement is None:
            assert told.after.follow_up == told.before.follow_up
            assert told.after.tries == told.before.tries
            continue
        start, target = told.before.follow_up.state, told.after.follow_up.state
        if not told.settlement.steps:
            assert target is start
            continue
        (step,) = told.settlement.steps
        assert target in FOLLOW_UP_TRANSITIONS[start, step]


def test_every_way_of_the_table_is_gone() -> None:
    gone = {
        (told.before.follow_up.state, told.settlement.steps[0], told.after.follow_up.state)
        for rules, tries in ((RULES, 2), (RESEND, 2))
        for told in explored(rules, tries)
        if told.settlement is not None and told.settlement.steps
    }
    listed = {
        (state, step, target)
        for (state, step), targets in FOLLOW_UP_TRANSITIONS.items()
        for target in targets
    }
    assert gone == listed


def test_a_try_only_goes_forward(all_told: tuple[Told, ...]) -> None:
    order = ("sending", "ambiguous", "not_sent", "accepted", "sent", "failed", "delivered", "read")
    for told in all_told:
        for name, before in told.before.tries.items():
            after = told.after.tries[name]
            assert order.index(after.state) >= order.index(before.state)
            assert before.message_sid in (None, after.message_sid)


def test_nothing_is_sent_while_an_earlier_try_may_be_on_its_way(
    all_told: tuple[Told, ...],
) -> None:
    """Only an operator's word, or the setting that gives the promise up, makes it due again."""
    for told in all_told:
        before, after = told.before.follow_up.state, told.after.follow_up.state
        if after is not _S.DUE or before is _S.DUE:
            continue
        latest = told.after.one_try
        states = {TryState.NOT_SENT, TryState.FAILED}
        if latest is not None and latest.state not in states:
            assert latest.state is TryState.AMBIGUOUS
            assert before in (_S.BLOCKED, _S.SKIPPED)
            assert told.fact is not None


def test_an_ambiguous_message_is_not_sent_again_by_itself(all_told: tuple[Told, ...]) -> None:
    for told in all_told:
        if told.before.follow_up.state is not _S.AMBIGUOUS or told.settlement is None:
            continue
        if told.after.follow_up.state is not _S.DUE:
            continue
        proven_failed = isinstance(told.fact, MessageNews) and told.fact.delivery is Delivery.FAILED
        by_operator = told.fact == FollowUpWished(
            told.before.follow_up.id, FollowUpWish.RETRY, "olga"
        )
        allowed = told.before.rules.resend_ambiguous and isinstance(told.fact, MessagesListed)
        assert proven_failed or by_operator or allowed
        assert told.after.follow_up.resends <= 1


def test_a_further_channel_follows_only_a_certain_and_final_failure(
    all_told: tuple[Told, ...],
) -> None:
    for told in all_told:
        if told.after.follow_up.channel is told.before.follow_up.channel:
            continue
        assert told.settlement is not None
        if told.settlement.steps[0] in PROOFS:
            # An earlier channel turned out to have worked.
            continue
        assert isinstance(told.fact, MessageNews | MessageRefused)
        assert told.fact.failure is not None
        assert FAILURES[told.fact.failure].next_channel
        assert told.before.follow_up.state is not _S.DUE
        one = told.after.one_try
        assert one is not None
        assert one.state in (TryState.FAILED, TryState.NOT_SENT)


def test_who_opted_out_is_named_and_gets_nothing_on_other_channels(
    all_told: tuple[Told, ...],
) -> None:
    for told in all_told:
        failure = getattr(told.fact, "failure", None)
        if told.settlement is None:
            continue
        if failure is Failure.OPTED_OUT and told.settlement.steps:
            assert told.settlement.opted_out
            assert told.after.follow_up.state is _S.FAILED
        if failure is not Failure.OPTED_OUT:
            assert not told.settlement.opted_out


def test_the_same_news_twice_changes_nothing_the_second_time(all_told: tuple[Told, ...]) -> None:
    for told in all_told:
        if isinstance(told.fact, MessageNews) and told.settlement is not None:
            again = told.after.copy()
            assert again.told(told.fact) is None


def test_reasons_stand_only_where_they_belong(all_told: tuple[Told, ...]) -> None:
    for told in all_told:
        row = told.after.follow_up
        assert (row.skipped_for is not None) == (row.state is _S.SKIPPED)
        assert (row.blocked_for is not None) == (row.state is _S.BLOCKED)
        assert row.waits_for is None or row.state is _S.DUE
        assert row.due_at is None or row.state is _S.DUE
