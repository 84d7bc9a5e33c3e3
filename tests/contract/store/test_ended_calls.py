"""One row per ended call (P3), whichever road reports it, under whatever name, however often."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from tests.contract.store.messages import Messages, alias, key
from tests.contract.store.stores import (
    ANSWERED,
    BUSY,
    RULES,
    Opened,
    accepted,
    new_call,
    over,
    talk_of,
)
from voiceslot_tui.core.calls import (
    AttemptId,
    CallId,
    CallState,
    ConversationId,
    Disposition,
)
from voiceslot_tui.core.facts import (
    Fact,
    LookedUp,
    NotTaken,
    Over,
    Refusal,
    Unanswered,
    Wish,
    Wished,
    WrapUpExpired,
)
from voiceslot_tui.core.follow_up_facts import OutcomeRead
from voiceslot_tui.core.follow_ups import FollowUpState, follow_up_key
from voiceslot_tui.core.orders import StartOrder

FOLLOWING = replace(RULES, follow_up=True)


async def test_a_call_that_ended_gets_one_row_with_all_it_tells(messages: Messages) -> None:
    assert await messages.add(1, summary="They talked.", email="a@example.com", agent_id="a") == 1
    row = await messages.one()
    assert (row.state, row.key, row.name) == (FollowUpState.DUE, key(1), "person 1")
    assert (row.summary, row.email, row.agent_id) == ("They talked.", "a@example.com", "a")
    assert (row.batch_id, row.conversation_id) == ("batch_1", "conv_1")


@pytest.mark.parametrize("order", list(permutations(("both", "place", "talk"))))
async def test_an_end_told_by_any_of_its_names_in_any_order_is_one(
    messages: Messages, order: tuple[str, ...]
) -> None:
    both = messages.ended(1)
    reports = {"both": both, "place": messages.placed(1), "talk": replace(both, aliases=())}
    added = [await messages.told(reports[name]) for name in order]
    if order.index("both") < 2:
        assert added == [1, 0, 0]
        assert len(await messages.all()) == 1
    else:
        # Nothing told that the two are one until both had their rows; no third one is made.
        assert added == [1, 1, 0]


async def test_an_end_told_twice_in_one_breath_is_one(messages: Messages) -> None:
    assert await messages.told(messages.ended(1), messages.placed(1), messages.ended(1)) == 1


async def test_a_conversation_that_appears_later_is_linked_and_filled_in(
    messages: Messages,
) -> None:
    await messages.told(messages.placed(1))
    (before,) = await messages.all()
    assert before.conversation_id is None
    assert await messages.told(messages.ended(1)) == 0
    after = await messages.one(1)
    assert after == replace(before, conversation_id=after.conversation_id)
    assert after.conversation_id == "conv_1"
    assert await messages.told(replace(messages.ended(1), aliases=())) == 0


async def test_a_recipient_dialled_again_is_another_call(messages: Messages) -> None:
    await messages.told(messages.placed(1))
    again = messages.placed(1)
    again = replace(again, call=replace(again.call, key=alias(1, retry=1)))
    assert await messages.told(again) == 1


async def test_names_survive_a_restart_and_the_tidying(messages: Messages) -> None:
    await messages.add(1)
    await messages.opened.reopen()
    messages.opened.wait(30 * 86_400)
    await messages.take()
    messages.opened.wait(30 * 86_400)
    await messages.opened.store.tidy_follow_ups(messages.opened.now)
    assert (await messages.one()).name == ""
    assert await messages.told(messages.placed(1), messages.ended(1)) == 0


async def test_calls_are_found_by_any_of_their_names(messages: Messages) -> None:
    await messages.add(1, 2)
    found = await messages.opened.store.follow_ups_named([alias(1), key(1), key(2), key(9)])
    assert {name: row.id for name, row in found.items()} == {alias(1): 1, key(1): 1, key(2): 2}


# --- our own calls


async def live(opened: Opened, **others: object) -> StartOrder:
    await opened.add(new_call(1, **others))
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(accepted(order), rules=FOLLOWING)
    return order


@pytest.mark.parametrize(
    ("disposition", "known"),
    [
        (Disposition.ANSWERED, False),
        (Disposition.UNKNOWN, False),
        (Disposition.BUSY, True),
        (Disposition.VOICEMAIL, True),
        (Disposition.NO_ANSWER, True),
    ],
)
async def test_the_fact_that_ends_a_call_writes_its_row(
    messages: Messages, disposition: Disposition, known: bool
) -> None:
    opened = messages.opened
    order = await live(opened, client_data=b'{"dynamic_variables":{"email":" a@example.com "}}')
    assert await messages.all() == ()
    await opened.tell(over(order, replace(BUSY, disposition=disposition)), rules=FOLLOWING)
    (row,) = await messages.all()
    assert (row.call_id, row.conversation_id) == (order.call_id, talk_of(order))
    assert (row.disposition, row.outcome_known) == (disposition, known)
    assert (row.name, row.email, row.to_number) == ("person 1", "a@example.com", order.to_number)
    names = [follow_up_key(talk_of(order)), follow_up_key(None, call_id=order.call_id)]
    found = await opened.store.follow_ups_named(names)
    assert [found[name].id for name in names] == [row.id] * 2


async def test_without_follow_ups_no_row_is_written(messages: Messages) -> None:
    order = await live(messages.opened)
    await messages.opened.tell(over(order), rules=RULES)
    assert await messages.all() == ()


async def test_a_call_that_is_dialled_again_has_not_ended(messages: Messages) -> None:
    opened = messages.opened
    order = await live(opened, max_attempts=2)
    await opened.tell(over(order, BUSY), rules=FOLLOWING)
    assert await opened.states(order.call_id) == [CallState.QUEUED]
    assert await messages.all() == ()
    late = over(order, ANSWERED)
    await opened.tell(late, late, rules=FOLLOWING)
    assert [row.conversation_id for row in await messages.all()] == [talk_of(order)]


SECOND = AttemptId("att_00002")
SEARCHES = [LookedUp(SECOND)] * 3
LASTS: dict[str, tuple[Fact, ...]] = {
    "not taken": (NotTaken(SECOND, Refusal.NOT_SENT),),
    "refused for good": (NotTaken(SECOND, Refusal.CALL_DENIED),),
    "cancelled": (
        Wished(CallId(1), Wish.CANCEL, "olga"),
        NotTaken(SECOND, Refusal.WITHDRAWN),
    ),
    "busy": (Over(ConversationId("conv_2"), SECOND, None, BUSY),),
    "no outcome": (Over(ConversationId("conv_2"), SECOND, None, None), WrapUpExpired(CallId(1))),
    "dialled, the operator says": (
        Unanswered(SECOND),
        *SEARCHES,
        Wished(CallId(1), Wish.CONFIRM_DIALLED, "olga"),
    ),
    "not dialled, the operator says": (
        Unanswered(SECOND),
        *SEARCHES,
        Wished(CallId(1), Wish.CONFIRM_NOT_DIALLED, "olga"),
    ),
}


async def dialled_again(messages: Messages) -> StartOrder:
    """Give the first dial of a call, which nobody answered and which is being dialled again."""
    opened = messages.opened
    order = await live(opened, max_attempts=3)
    await opened.tell(over(order, BUSY), rules=FOLLOWING)
    opened.wait(3600)
    await opened.store.promote(opened.now)
    (again,) = (await opened.reserve(10)).orders
    assert again.attempt_id == SECOND
    return order


@pytest.mark.parametrize("last", LASTS.values(), ids=LASTS)
async def test_who_answered_gets_the_message_of_that_talk_whatever_became_of_a_later_dial(
    messages: Messages, last: tuple[Fact, ...]
) -> None:
    opened = messages.opened
    first = await dialled_again(messages)
    await opened.tell(over(first, ANSWERED), rules=FOLLOWING)
    assert await messages.all() == ()
    for fact in last:
        await opened.tell(fact, rules=FOLLOWING)
        opened.wait(60)
    assert await opened.states(first.call_id) == [CallState.ENDED]
    (row,) = await messages.all()
    assert (row.conversation_id, row.disposition) == (talk_of(first), Disposition.ANSWERED)
    assert not row.outcome_known, "its summary is read first"
    again = Over(ConversationId("conv_2"), SECOND, None, BUSY)
    await opened.tell(*last, over(first, ANSWERED), again, rules=FOLLOWING)
    assert await messages.all() == (row,)


UNSAID = replace(BUSY, disposition=Disposition.UNKNOWN)


@pytest.mark.parametrize("skipped", [False, True])
async def test_a_talk_that_is_proven_after_the_end_is_the_one_that_is_told_of(
    messages: Messages, skipped: bool
) -> None:
    opened = messages.opened
    first = await dialled_again(messages)
    unnamed = None if skipped else ConversationId("conv_2")
    await opened.tell(Over(unnamed, SECOND, None, UNSAID), rules=FOLLOWING)
    assert await opened.states(first.call_id) == [CallState.ENDED]
    if skipped:
        await messages.take()
        assert [row.state for row in await messages.all()] == [FollowUpState.SKIPPED]
    proof = over(first, ANSWERED)
    await opened.tell(proof, proof, rules=FOLLOWING)
    (row,) = await messages.all()
    assert (row.conversation_id, row.disposition) == (talk_of(first), Disposition.ANSWERED)
    assert (row.state, row.outcome_known) == (FollowUpState.DUE, False)


async def test_a_talk_that_is_proven_once_the_message_has_left_changes_nothing(
    messages: Messages,
) -> None:
    opened = messages.opened
    first = await dialled_again(messages)
    await opened.tell(Over(None, SECOND, None, ANSWERED), rules=FOLLOWING)
    (sending,) = (await messages.take()).sendings
    (before,) = await messages.all()
    await opened.tell(over(first, ANSWERED), rules=FOLLOWING)
    assert before.try_id == sending.one_try.id
    assert await messages.all() == (replace(before, conversation_id=talk_of(first)),), "linked"


async def test_what_was_read_of_another_talk_says_nothing_about_the_proven_one(
    messages: Messages,
) -> None:
    opened = messages.opened
    first = await dialled_again(messages)
    last = ConversationId("conv_2")
    await opened.tell(Over(last, SECOND, None, UNSAID), rules=FOLLOWING)
    await opened.tell(over(first, ANSWERED), rules=FOLLOWING)
    (row,) = await messages.all()
    await messages.tell(OutcomeRead(row.id, Disposition.NO_ANSWER, "", last))
    assert await messages.all() == (row,)
    await messages.tell(OutcomeRead(row.id, Disposition.ANSWERED, "They agreed.", talk_of(first)))
    assert [one.summary for one in await messages.all()] == ["They agreed."]


async def test_who_is_proven_late_to_have_answered_the_last_dial_is_told_of_that_talk(
    messages: Messages,
) -> None:
    opened = messages.opened
    order = await live(opened)
    await opened.tell(over(order, BUSY), rules=FOLLOWING)
    assert [row.disposition for row in await messages.all()] == [Disposition.BUSY]
    await opened.tell(over(order, ANSWERED), rules=FOLLOWING)
    (row,) = await messages.all()
    assert (row.disposition, row.outcome_known) == (Disposition.ANSWERED, False)


async def test_the_last_talk_is_the_one_that_is_told_of(messages: Messages) -> None:
    opened = messages.opened
    first = await dialled_again(messages)
    again = Over(ConversationId("conv_2"), SECOND, None, ANSWERED)
    await opened.tell(over(first, ANSWERED), again, rules=FOLLOWING)
    assert [row.conversation_id for row in await messages.all()] == ["conv_2"]


async def test_a_talk_that_is_named_after_a_later_dial_is_linked_to_the_row(
    messages: Messages,
) -> None:
    opened = messages.opened
    await opened.add(new_call(1, max_attempts=2))
    (first,) = (await opened.reserve(10)).orders
    unnamed = Over(None, first.attempt_id, None, BUSY)
    await opened.tell(unnamed, rules=FOLLOWING)
    opened.wait(3600)
    await opened.store.promote(opened.now)
    await opened.reserve(10)
    await opened.tell(replace(unnamed, outcome=ANSWERED), *LASTS["not taken"], rules=FOLLOWING)
    assert [row.conversation_id for row in await messages.all()] == [None]
    await opened.tell(over(first, ANSWERED), rules=FOLLOWING)
    assert [row.conversation_id for row in await messages.all()] == [talk_of(first)]


async def test_news_of_the_same_end_again_gives_no_second_row(messages: Messages) -> None:
    opened = messages.opened
    order = await live(opened)
    await opened.tell(over(order, None), rules=FOLLOWING)
    await opened.tell(WrapUpExpired(order.call_id), rules=FOLLOWING)
    for outcome in (ANSWERED, BUSY, None):
        await opened.tell(over(order, outcome), rules=FOLLOWING)
    assert len(await messages.all()) == 1


async def test_an_end_that_overtook_its_own_answer_gets_its_row(messages: Messages) -> None:
    opened = messages.opened
    await opened.add(new_call(1))
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(Over(talk_of(order), None, None, ANSWERED), rules=FOLLOWING)
    assert await messages.all() == ()
    await opened.tell(accepted(order), rules=FOLLOWING)
    assert [row.conversation_id for row in await messages.all()] == [talk_of(order)]


async def confirmed(messages: Messages) -> StartOrder:
    """Give a call of which nobody knows the conversation, and which the operator says rang."""
    opened = messages.opened
    await opened.add(new_call(1))
    (order,) = (await opened.reserve(10)).orders
    await opened.tell(Unanswered(order.attempt_id))
    for _ in range(4):
        await opened.tell(LookedUp(order.attempt_id))
        opened.wait(60)
    wish = Wished(CallId(order.call_id), Wish.CONFIRM_DIALLED, "olga")
    await opened.tell(wish, rules=FOLLOWING)
    assert await opened.states(order.call_id) == [CallState.ENDED]
    return order


async def test_a_call_confirmed_as_dialled_is_known_by_its_own_id(messages: Messages) -> None:
    order = await confirmed(messages)
    (row,) = await messages.all()
    assert row.key == follow_up_key(None, call_id=order.call_id)
    assert row.conversation_id is None


async def test_a_conversation_named_after_the_end_is_linked_to_the_row(messages: Messages) -> None:
    order = await confirmed(messages)
    await messages.opened.tell(over(order), rules=FOLLOWING)
    (row,) = await messages.all()
    assert row.conversation_id == talk_of(order)
    assert await messages.told(replace(messages.ended(1), aliases=())) == 1
    own = messages.ended(1).call
    own = replace(own, key=row.key, conversation_id=None)
    assert await messages.told(replace(messages.ended(1), call=own)) == 0


async def test_a_batch_never_adds_the_conversation_of_our_own_call(messages: Messages) -> None:
    opened = messages.opened
    order = await live(opened)
    report = messages.ended(1)
    own = replace(
        report,
        call=replace(
            report.call, key=follow_up_key(talk_of(order)), conversation_id=talk_of(order)
        ),
    )
    assert await messages.told(own) == 0
    await opened.tell(over(order), rules=FOLLOWING)
    assert await messages.told(own) == 0
    assert len(await messages.all()) == 1


async def test_a_batch_that_told_of_our_call_first_leaves_one_row(messages: Messages) -> None:
    opened = messages.opened
    await opened.add(new_call(1))
    (order,) = (await opened.reserve(10)).orders
    report = messages.ended(1)
    named = replace(report.call, key=follow_up_key(talk_of(order)), conversation_id=talk_of(order))
    assert await messages.told(replace(report, call=named)) == 1
    await opened.tell(accepted(order), over(order), rules=FOLLOWING)
    assert len(await messages.all()) == 1


async def test_late_news_of_a_call_that_ended_without_follow_ups_makes_no_row(
    messages: Messages,
) -> None:
    opened = messages.opened
    order = await live(opened)
    await opened.tell(over(order, replace(BUSY, disposition=Disposition.UNKNOWN)), rules=RULES)
    (settlement,) = await opened.tell(over(order, BUSY), rules=FOLLOWING)
    assert settlement is not None
    assert await messages.all() == ()
