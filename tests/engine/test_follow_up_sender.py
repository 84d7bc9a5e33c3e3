"""What is due is sent once; what may have been sent is looked up, never sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.engine.message_rig import (
    BOTH,
    CONTENT_SID,
    TEMPLATE,
    MessageRig,
    message_rig,
    read_summary,
    sid_of,
    silence,
    taken,
)
from voiceslot_tui.core import follow_ups
from voiceslot_tui.core.calls import CallSid, ConversationId, Disposition
from voiceslot_tui.core.errors import (
    ReadDenied,
    ReadFailed,
    ReadUnclear,
    Rejected,
    StoreUnavailable,
)
from voiceslot_tui.core.facts import Outcome
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageUnanswered,
    SendAnswer,
)
from voiceslot_tui.core.follow_up_pages import FollowUpFilter
from voiceslot_tui.core.follow_up_policy import Template
from voiceslot_tui.core.follow_ups import (
    Channel,
    FollowUpId,
    FollowUpState,
    MessageSid,
    SkipReason,
    WaitReason,
)
from voiceslot_tui.core.limits import BREAKER_PROBE_EVERY_S, BREAKER_UNANSWERED
from voiceslot_tui.core.talks import Talk, TalkState
from voiceslot_tui.engine import following_up
from voiceslot_tui.follow_up_ports import MessageOrder, Sending
from voiceslot_tui.ports import STILL_WANTED
from voiceslot_tui.store import message_pages


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[MessageRig]:
    async with message_rig(tmp_path) as made:
        yield made


def refuse(failure: Failure, code: int | None = None) -> object:
    """Make a messenger that refuses."""

    def answer(order: MessageOrder) -> SendAnswer:
        return MessageRefused(order.try_id, failure, code, "no")

    return answer


async def test_what_is_due_is_sent_once_by_the_template(rig: MessageRig) -> None:
    await rig.ended(1, 2)
    await rig.send(3)
    assert [order.to for order in rig.messenger.orders] == ["+12025550101", "+12025550102"]
    assert {order.content_sid for order in rig.messenger.orders} == {CONTENT_SID}
    assert '"1":"Ana 1"' in rig.messenger.orders[0].content_variables
    assert await rig.states() == ["accepted", "accepted"]


async def test_the_claim_is_in_the_file_before_the_request_leaves(rig: MessageRig) -> None:
    rig.messenger.answers.clear()
    await rig.ended(1)
    await rig.sender.step()
    (row,) = await rig.rows()
    assert (row.state, row.tries) == (FollowUpState.SENDING, 1)
    rig.messenger.answers.set()
    await rig.sender.quiet.wait()
    assert await rig.states() == ["accepted"]


async def test_an_unanswered_message_is_looked_up_and_found(rig: MessageRig) -> None:
    rig.messenger.answer = rig.messenger.takes_in_silence
    await rig.ended(1)
    await rig.send(3)
    assert await rig.states() == ["ambiguous"]
    rig.clock.wait(11)
    await rig.reader.step()
    assert await rig.states() == ["accepted"]
    assert len(rig.messenger.orders) == 1


async def test_an_unanswered_message_that_is_never_found_waits_for_the_operator(
    rig: MessageRig,
) -> None:
    rig.messenger.answer = silence
    await rig.ended(1)
    await rig.send()
    for _ in range(8):
        rig.clock.wait(120)
        await rig.reader.step()
        await rig.send()
    assert rig.messenger.listings >= 3
    assert await rig.states() == ["ambiguous"]
    assert len(rig.messenger.orders) == 1
    rig.messenger.answer = taken
    (row,) = await rig.rows()
    await rig.door.wish([row.id], FollowUpWish.RETRY, by="ana")
    rig.clock.wait(120)
    await rig.send(2)
    assert await rig.states() == ["accepted"]
    assert len(rig.messenger.orders) == 2


@pytest.mark.parametrize(
    ("wish", "words", "why"),
    [
        (FollowUpWish.SKIP, "1 message left out", "on its way or over"),
        (FollowUpWish.RETRY, "1 message to be sent again", "sent, on its way or due"),
        (FollowUpWish.RELEASE, "0 messages released", "not blocked"),
    ],
)
async def test_messages_that_a_wish_cannot_change_are_named_with_the_reason(
    rig: MessageRig, wish: FollowUpWish, words: str, why: str
) -> None:
    await rig.ended(1)
    await rig.send()
    await rig.ended(2)
    sent, due = [row.id for row in sorted(await rig.rows(), key=lambda row: row.id)]
    unknown = FollowUpId(9_999)
    done = await rig.door.wish([sent, due, unknown], wish, by="ana")
    assert done.message == words
    assert all(why in reason for _, reason in done.refused)
    left = {sent, unknown} if words.startswith("1 ") else {sent, due, unknown}
    assert {one for one, _ in done.refused} == left
    assert set(done.changed) == {sent, due, unknown} - left


async def test_nothing_is_claimed_while_more_are_under_way_than_may_be(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a messenger turns out to be silent while others of its messages are under way."""
    rig.messenger.answers.clear()
    await rig.ended(*range(1, 6))
    await rig.sender.step()
    await asyncio.sleep(0)
    assert len(rig.messenger.orders) == 5
    for _ in range(BREAKER_UNANSWERED):
        rig.sender._desk.silent(Channel.WHATSAPP, "no answer", rig.clock.now())
    rig.clock.wait(2 * BREAKER_PROBE_EVERY_S)
    asked: list[int] = []
    take_due = rig.store.take_due

    async def counted(*args: Any) -> Any:
        asked.append(args[2])
        return await take_due(*args)

    monkeypatch.setattr(rig.store, "take_due", counted)
    await rig.ended(6)
    assert await rig.sender.step()
    assert asked == []
    rig.messenger.answers.set()
    await rig.sender.quiet.wait()
    await rig.send()
    assert await rig.states() == ["accepted"] * 6


async def test_a_listing_that_fails_proves_nothing(rig: MessageRig) -> None:
    rig.messenger.answer = rig.messenger.takes_in_silence
    rig.messenger.reads_fail = ReadFailed("Twilio does not answer")
    await rig.ended(1)
    await rig.send()
    for _ in range(5):
        rig.clock.wait(60)
        with pytest.raises(ReadFailed):
            await rig.reader.step()
    assert await rig.states() == ["ambiguous"]
    rig.messenger.reads_fail = None
    rig.clock.wait(60)
    await rig.reader.step()
    assert await rig.states() == ["accepted"]


async def test_another_channel_follows_a_certain_failure_only(tmp_path: Path) -> None:
    async with message_rig(tmp_path, channels=BOTH) as rig:
        rig.messenger.answer = lambda order: (
            MessageRefused(order.try_id, Failure.NOT_ON_CHANNEL, 63003, "not on WhatsApp")
            if order.channel is Channel.WHATSAPP
            else taken(order)
        )
        await rig.ended(1)
        await rig.send(3)
        assert [str(order.channel) for order in rig.messenger.orders] == ["whatsapp", "sms"]
        assert rig.messenger.orders[1].body.startswith("Hello Ana 1")
        rig.messenger.answer = silence
        await rig.ended(2)
        for _ in range(6):
            await rig.send()
            rig.clock.wait(120)
            await rig.reader.step()
        assert await rig.states() == ["accepted", "ambiguous"]
        assert len(rig.messenger.orders) == 3


async def test_an_account_that_may_not_send_rests_and_loses_nothing(rig: MessageRig) -> None:
    rig.messenger.answer = refuse(Failure.ACCOUNT, 20003)  # type: ignore[assignment]
    await rig.ended(*range(1, 31))
    await rig.send(5)
    asked = len(rig.messenger.orders)
    assert asked <= 20
    assert "may not send" in rig.desk.trouble
    rig.messenger.answer = taken
    for _ in range(4):
        rig.clock.wait(61)
        await rig.send(3)
    assert await rig.states() == ["accepted"] * 30
    assert rig.desk.trouble == ""


async def test_after_three_silences_one_message_a_minute_probes(rig: MessageRig) -> None:
    rig.messenger.answer = silence
    await rig.ended(1, 2, 3)
    await rig.send(2)
    assert len(rig.messenger.orders) == 3
    await rig.ended(*range(4, 20))
    await rig.send(5)
    assert len(rig.messenger.orders) == 3
    for probes in (1, 2, 3):
        rig.clock.wait(61)
        await rig.send(4)
        assert len(rig.messenger.orders) == 3 + probes
    rig.messenger.answer = taken
    rig.clock.wait(61)
    await rig.send(4)
    assert (await rig.states()).count("accepted") == 13


async def test_the_pace_is_kept(tmp_path: Path) -> None:
    async with message_rig(tmp_path, per_second=2.0) as rig:
        await rig.ended(*range(1, 11))
        wait_s = await rig.send(4)
        assert len(rig.messenger.orders) == 1
        assert wait_s == pytest.approx(0.45, abs=0.06)
        for _ in range(4):
            rig.clock.wait(0.5)
            await rig.send(2)
        assert len(rig.messenger.orders) == 5


async def test_nothing_is_sent_while_paused_or_stopping(rig: MessageRig) -> None:
    await rig.door.pause(by="ana")
    await rig.ended(1)
    assert await rig.send(3) is None
    await rig.door.resume(by="ana")
    rig.board.stopping = True
    await rig.send()
    assert rig.messenger.orders == []
    rig.board.stopping = False
    await rig.send()
    assert len(rig.messenger.orders) == 1


@pytest.mark.parametrize("order", sorted(permutations(("pause", "pause again", "resume"))), ids=str)
async def test_the_last_word_of_two_consoles_counts(
    rig: MessageRig, order: tuple[str, ...]
) -> None:
    acts = {
        "pause": lambda: rig.door.pause(by="ana"),
        "pause again": lambda: rig.door.pause(by="ben"),
        "resume": lambda: rig.door.resume(by="eva"),
    }
    await asyncio.gather(*(acts[name]() for name in order))
    is_paused = order[-1] != "resume"
    assert rig.desk.paused == is_paused
    assert rig.board.control.follow_ups_paused == is_paused
    by = {"pause": "ana", "pause again": "ben", "resume": ""}[order[-1]]
    assert (rig.desk.paused_by, rig.board.control.follow_ups_paused_by) == (by, by)
    await rig.ended(1)
    await rig.send()
    assert len(rig.messenger.orders) == (not is_paused)


@pytest.mark.parametrize("by", ["a STOP", "an operator"])
async def test_whoever_is_suppressed_while_their_message_waits_for_its_connection_gets_none(
    rig: MessageRig, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connecting(order: MessageOrder) -> SendAnswer:
        assert STILL_WANTED.get()()
        if by == "a STOP":
            await rig.door.person_wrote(rig.wrote(1, wants_out=True), by="webhook")
        else:
            await rig.door.suppress(order.to, "asked on the phone", by="ana")
        assert not STILL_WANTED.get()()
        return MessageRefused(order.try_id, Failure.NOT_SENT, detail="withdrawn")

    await rig.ended(1)
    with monkeypatch.context() as network:
        network.setattr(rig.messenger, "send", connecting)
        await rig.send()
    assert rig.desk.trouble == "", "that is no trouble of the network"
    rig.clock.wait(31)
    await rig.send()
    (row,) = await rig.rows()
    assert (row.state, row.skipped_for) == (FollowUpState.SKIPPED, SkipReason.SUPPRESSED)
    assert rig.messenger.orders == []


async def test_a_claimed_message_is_withdrawn_where_the_process_slept(rig: MessageRig) -> None:
    await rig.ended(1)
    await rig.sender.step()
    rig.clock.wait(6)
    await rig.sender.quiet.wait()
    assert rig.messenger.orders == []
    assert await rig.states() == ["due"]
    assert rig.desk.trouble == ""


async def test_a_message_that_cannot_be_written_fails_alone(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = rig.writer.order

    def defective(sending: Sending, template: Template) -> MessageOrder:
        assert sending.follow_up.to_number != "+12025550101", "nothing to say"
        return order(sending, template)

    monkeypatch.setattr(rig.sender, "_write", defective)
    await rig.ended(1, 2)
    await rig.send()
    assert await rig.states() == ["failed", "accepted"]
    assert "defect of voiceslot" in (await rig.rows())[0].detail


async def test_a_summary_is_waited_for(rig: MessageRig) -> None:
    await rig.ended(1, disposition=Disposition.ANSWERED, known=False)
    await rig.send(3)
    assert rig.messenger.orders == []
    rig.talks.summaries["conv_1"] = read_summary("We agreed on Monday.")
    rig.clock.wait(21)
    await rig.send(3)
    assert "We agreed on Monday." in rig.messenger.orders[0].content_variables


async def test_a_platform_that_keeps_silent_costs_the_summary_not_the_message(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_ups, "FOLLOW_UP_OUTCOME_READS_MAX", 180)
    rig.talks.fails = ReadFailed("ElevenLabs does not answer")
    await rig.ended(1, disposition=Disposition.ANSWERED, known=False)
    for _ in range(200):
        rig.clock.wait(21)
        await rig.send()
    (order,) = rig.messenger.orders
    assert "Thank you for taking our call" in order.content_variables


async def test_a_failed_call_is_read_for_how_it_failed(rig: MessageRig) -> None:
    rig.talks.talks["conv_1"] = analysed(1, Disposition.NO_ANSWER)
    await rig.ended(1, disposition=Disposition.FAILED, known=False)
    rig.clock.wait(21)
    await rig.send(3)
    rig.clock.wait(21)
    await rig.send(3)
    (row,) = await rig.rows()
    assert (row.disposition, row.state) == (Disposition.NO_ANSWER, FollowUpState.ACCEPTED)


def analysed(number: int, disposition: Disposition) -> Talk:
    """Give a conversation that came to an end in some way."""
    return Talk(
        ConversationId(f"conv_{number}"),
        TalkState.ANALYSED,
        call_sid=CallSid(f"CA{number}"),
        outcome=Outcome(disposition),
    )


async def test_after_a_pause_of_hours_conversations_are_read_before_anybody_is_left_out(
    rig: MessageRig,
) -> None:
    await rig.door.pause(by="ana")
    for number, presumed in enumerate(
        (Disposition.UNKNOWN, Disposition.ANSWERED, Disposition.FAILED), 1
    ):
        await rig.ended(number, disposition=presumed, known=False)
    rig.talks.talks |= {
        f"conv_{number}": analysed(number, Disposition.NO_ANSWER) for number in (1, 3)
    }
    rig.talks.summaries["conv_2"] = read_summary("We agreed on Monday.")
    rig.clock.wait(5 * 3600)
    await rig.door.resume(by="ana")
    await rig.send(3)
    assert await rig.states() == ["accepted"] * 3
    written = {order.to: order.content_variables for order in rig.messenger.orders}
    assert "We agreed on Monday." in written["+12025550102"]


async def test_what_the_platform_cannot_say_after_an_hour_stays_as_presumed(
    rig: MessageRig,
) -> None:
    await rig.ended(1, disposition=Disposition.FAILED, known=False)
    rig.talks.talks["conv_1"] = Talk(ConversationId("conv_1"), TalkState.TALKING)
    for _ in range(182):
        await rig.send()
        rig.clock.wait(21)
    (row,) = await rig.rows()
    assert (row.state, row.skipped_for) == (FollowUpState.SKIPPED, SkipReason.NOT_WANTED)
    assert row.outcome_known, "the platform knows no more about it"


@pytest.mark.parametrize(
    ("problem", "readable_after"),
    [
        (ReadFailed("ElevenLabs does not answer"), 1_000),
        (ReadDenied("the key may not"), 100),
        (ReadUnclear("it is no JSON"), 100),
    ],
)
async def test_an_outage_of_hours_costs_no_message_its_summary(
    rig: MessageRig, problem: ReadFailed, readable_after: int
) -> None:
    rig.talks.summaries["conv_1"] = read_summary("They want an appointment.")
    rig.talks.fails = problem
    await rig.ended(1, disposition=Disposition.ANSWERED, known=False)
    for _ in range(readable_after):
        await rig.send()
        rig.clock.wait(21)
    assert rig.messenger.orders == []
    rig.talks.fails = None
    await rig.send(3)
    (order,) = rig.messenger.orders
    assert "They want an appointment." in order.content_variables


@pytest.mark.parametrize("problem", [ReadDenied("the key may not"), ReadUnclear("it is no JSON")])
async def test_a_conversation_that_is_answered_for_an_hour_without_words_is_not_waited_for(
    rig: MessageRig, problem: ReadFailed
) -> None:
    rig.talks.fails = problem
    await rig.ended(1, disposition=Disposition.ANSWERED, known=False)
    for _ in range(182):
        await rig.send()
        rig.clock.wait(21)
    assert await rig.states() == ["accepted"]


async def test_while_conversations_cannot_be_read_nobody_is_left_out_for_what_is_presumed(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_ups, "FOLLOW_UP_OUTCOME_READS_MAX", 180)
    rig.talks.fails = ReadFailed("ElevenLabs does not answer")
    await rig.ended(1, disposition=Disposition.FAILED, known=False)
    for _ in range(182):
        await rig.send()
        rig.clock.wait(21)
    (row,) = await rig.rows()
    assert (row.state, row.waits_for) == (FollowUpState.DUE, WaitReason.OUTCOME)
    assert row.due_at is not None
    assert row.due_at - rig.clock.now() > 300_000, "it is asked about seldom now"
    rig.talks.fails = None
    rig.talks.talks["conv_1"] = analysed(1, Disposition.NO_ANSWER)
    await rig.door.wish([row.id], FollowUpWish.RETRY, by="ana")
    await rig.send(3)
    assert await rig.states() == ["accepted"]


@pytest.mark.parametrize("approval", [Approval.REJECTED, Approval.PAUSED, Approval.MISSING])
async def test_a_template_that_may_not_be_used_blocks_and_is_released_once(
    tmp_path: Path, approval: Approval
) -> None:
    async with message_rig(tmp_path) as rig:
        rig.messenger.known_template = replace(TEMPLATE, approval=approval)
        rig.reader.read_now()
        await rig.reader.step()
        await rig.ended(1, 2, 3)
        await rig.send(4)
        assert await rig.states() == ["blocked"] * 3
        assert rig.messenger.orders == []
        rig.messenger.known_template = TEMPLATE
        rig.clock.wait(61)
        await rig.reader.step()
        await rig.send(3)
        assert await rig.states() == ["accepted"] * 3
        assert len(rig.messenger.orders) == 3


async def test_without_a_channel_nobody_is_asked_and_no_template_is_taken(rig: MessageRig) -> None:
    rig.desk.policy = replace(rig.desk.policy, channels=())
    with pytest.raises(Rejected, match="TWILIO_WHATSAPP_NUMBER"):
        rig.door.read_now()
    with pytest.raises(Rejected, match="TWILIO_WHATSAPP_NUMBER"):
        await rig.door.use_template("HX" + "2" * 32, by="ana")
    rig.desk.policy = replace(rig.desk.policy, channels=(Channel.SMS,))
    rig.door.read_now()
    with pytest.raises(Rejected, match="TWILIO_WHATSAPP_NUMBER"):
        await rig.door.use_template("HX" + "2" * 32, by="ana")


async def test_another_template_releases_what_the_first_blocked(rig: MessageRig) -> None:
    rig.messenger.answer = refuse(Failure.TEMPLATE, 63040)  # type: ignore[assignment]
    await rig.ended(1, 2)
    await rig.send(3)
    assert await rig.states() == ["blocked"] * 2
    other = "HX" + "2" * 32
    rig.messenger.answer = taken
    rig.messenger.known_template = Template(other, Approval.APPROVED, ("1",), "Hi {{1}}")
    await rig.door.use_template(other, by="ana")
    await rig.reader.step()
    await rig.send(2)
    assert [order.content_sid for order in rig.messenger.orders[2:]] == [other, other]


async def test_delivery_is_seen_without_callbacks(rig: MessageRig) -> None:
    await rig.ended(1)
    await rig.send()
    sid = sid_of(rig.messenger.orders[0])
    rig.messenger.stands[sid] = MessageNews(Delivery.DELIVERED, message_sid=sid)
    rig.clock.wait(6)
    await rig.reader.step()
    assert await rig.states() == ["delivered"]
    assert await rig.store.next_look() is None


@pytest.mark.parametrize("whose", ["ours", "everybody's", "a stranger's"])
async def test_a_hint_looks_the_message_up_at_once(rig: MessageRig, whose: str) -> None:
    await rig.ended(1)
    await rig.send()
    sid = sid_of(rig.messenger.orders[0])
    rig.messenger.stands[sid] = MessageNews(Delivery.DELIVERED, message_sid=sid)
    match whose:
        case "ours":
            rig.door.hint(sid)
        case "everybody's":
            rig.door.read_now()
        case _:
            rig.door.hint(MessageSid("SM" + "f" * 32))
    await rig.reader.step()
    assert await rig.states() == ["accepted" if whose == "a stranger's" else "delivered"]


async def test_a_callback_ahead_of_the_answer_names_its_try(rig: MessageRig) -> None:
    await rig.ended(1)
    rig.messenger.answer = silence
    await rig.sender.step()
    (row,) = await rig.rows()
    assert row.try_id is not None
    told = MessageNews(Delivery.SENT, row.try_id, sid_of(MessageOrder(row.try_id, row.channel, "")))
    assert await rig.door.tell(told, by="messenger")
    await rig.sender.quiet.wait()
    assert await rig.states() == ["sent"]


async def test_a_stop_takes_what_is_due_at_once(rig: MessageRig) -> None:
    await rig.ended(1, 2)
    gone = await rig.door.person_wrote(rig.wrote(1, wants_out=True), by="webhook")
    assert gone is not None
    assert gone.messages == 1
    await rig.send(3)
    assert [order.to for order in rig.messenger.orders] == ["+12025550102"]


async def test_a_person_who_wrote_gets_free_text(rig: MessageRig) -> None:
    await rig.door.person_wrote(rig.wrote(1), by="webhook")
    await rig.ended(1, 2)
    await rig.send(2)
    forms = [bool(order.content_sid) for order in rig.messenger.orders]
    assert forms == [False, True]


async def test_what_was_cut_off_at_a_start_is_looked_up(rig: MessageRig) -> None:
    rig.messenger.answers.clear()
    await rig.ended(1)
    await rig.sender.step()
    cut_off = await rig.store.tries_cut_off()
    await rig.ledger.record(*(MessageUnanswered(one) for one in cut_off), by="engine (start)")
    assert len(cut_off) == 1
    (row,) = await rig.rows()
    assert row.state is FollowUpState.AMBIGUOUS
    rig.messenger.answers.set()
    await rig.sender.quiet.wait()
    assert await rig.states() == ["accepted"]


async def test_a_claimed_message_does_not_leave_by_a_template_chosen_meanwhile(
    rig: MessageRig,
) -> None:
    """Nobody has read its approval, nor what its variables are."""
    other = "HX" + "2" * 32
    await rig.ended(1)
    await asyncio.gather(rig.sender.step(), rig.door.use_template(other, by="ana"))
    await rig.sender.quiet.wait()
    assert rig.messenger.orders == []
    assert await rig.states() == ["due"]


@pytest.mark.parametrize("chosen", [[CONTENT_SID], ["HX" + "2" * 32, CONTENT_SID]], ids=len)
async def test_a_template_that_is_chosen_again_is_read_at_once(
    rig: MessageRig, chosen: list[str]
) -> None:
    await rig.reader.step()
    for content_sid in chosen:
        await rig.door.use_template(content_sid, by="ana")
    await rig.reader.step()
    assert rig.desk.template.approval is Approval.APPROVED


@pytest.mark.parametrize("name", ["release_blocked", "wake_follow_ups"])
async def test_what_a_full_disk_kept_from_being_released_is_released_at_once_afterwards(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    rig.messenger.known_template = replace(TEMPLATE, approval=Approval.REJECTED)
    rig.reader.read_now()
    await rig.reader.step()
    await rig.ended(1)
    await rig.send(2)
    assert await rig.states() == ["blocked"]
    rig.messenger.known_template = TEMPLATE
    rig.clock.wait(61)

    async def is_full(*_: Any) -> int:
        raise StoreUnavailable("the disk is full: nothing was stored; free some space")

    monkeypatch.setattr(rig.store, name, is_full)
    with pytest.raises(StoreUnavailable):
        await rig.reader.step()
    monkeypatch.undo()
    rig.clock.wait(1)
    await rig.reader.step()
    assert await rig.states() == ["due"]


async def test_it_looks_once_a_minute_although_no_bell_rang(rig: MessageRig) -> None:
    """The answer to a write may be lost, and the write there all the same."""
    assert await rig.send() == 60.0
    await rig.ended(1)
    rig.desk.paused = True
    assert await rig.send() is None, "who resumes rings"


async def test_a_message_on_its_way_is_not_taken_for_an_older_one_in_doubt(
    rig: MessageRig,
) -> None:
    rig.messenger.answer = silence
    await rig.ended(1)
    await rig.send()
    assert await rig.states() == ["ambiguous"]
    rig.messenger.answers.clear()
    rig.messenger.answer = taken
    await rig.ended_again(1)
    await rig.sender.step()
    (older, younger) = [one.try_id for one in await rig.rows()]
    assert older is not None
    assert younger is not None
    listed = MessagesListed(older, (MessageSid("SM" + "9" * 32),))
    assert (await rig.ledger.record(listed, by="poll")) == (None,)
    rig.messenger.answers.set()
    await rig.sender.quiet.wait()
    assert await rig.states() == ["ambiguous", "accepted"]


async def test_who_stops_the_engine_waits_for_what_is_being_claimed(rig: MessageRig) -> None:
    await rig.ended(1)
    step = asyncio.ensure_future(rig.sender.step())
    await asyncio.sleep(0)
    assert not rig.sender.quiet.is_set()
    rig.board.stopping = True
    await rig.sender.quiet.wait()
    assert step.done()
    assert await rig.states() == ["due"]
    assert rig.messenger.orders == []


async def test_a_claim_that_was_stored_although_the_disk_refused_it_is_given_back(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.messenger.answers.clear()
    await rig.ended(1)
    await rig.sender.step()
    await rig.ended(2)
    take_due = rig.store.take_due

    async def stored_all_the_same(*arguments: Any) -> Any:
        monkeypatch.undo()
        await take_due(*arguments)
        raise StoreUnavailable("disk I/O error")

    monkeypatch.setattr(rig.store, "take_due", stored_all_the_same)
    with pytest.raises(StoreUnavailable):
        await rig.sender.step()
    assert await rig.states() == ["sending", "sending"]
    rig.board.stopping = True
    await rig.sender.step()
    assert await rig.states() == ["sending", "sending"], "a stop leaves it to the next start"
    rig.board.stopping = False
    await rig.sender.step()
    assert await rig.states() == ["sending", "due"]
    rig.clock.wait(31)
    rig.messenger.answers.set()
    await rig.send(2)
    assert await rig.states() == ["accepted", "accepted"]
    assert [order.to for order in rig.messenger.orders] == ["+12025550101", "+12025550102"]


async def test_a_message_whose_answer_is_lost_while_claims_are_given_back_is_not_one_of_them(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read of the store is older than what is known when it has been read."""
    rig.messenger.answer = silence
    rig.messenger.answers.clear()
    await rig.ended(1)
    await rig.sender.step()
    cut_off = rig.store.tries_cut_off

    async def is_full(*_: Any) -> Any:
        raise StoreUnavailable("the disk is full: nothing was stored; free some space")

    async def as_it_was() -> Any:
        found = await cut_off()
        rig.messenger.answers.set()
        await rig.sender.quiet.wait()
        return found

    with monkeypatch.context() as trouble:
        trouble.setattr(rig.store, "take_due", is_full)
        with pytest.raises(StoreUnavailable):
            await rig.sender.step()
    monkeypatch.setattr(rig.store, "tries_cut_off", as_it_was)
    await rig.send()
    assert await rig.states() == ["ambiguous"]
    assert len(rig.messenger.orders) == 1


async def test_all_that_failed_by_a_code_are_sent_again_however_many_the_oldest_first(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_up, "COMMAND_CALLS_MAX", 2)
    monkeypatch.setattr(message_pages, "FILTER_SCAN_ROWS_MAX", 2)
    people = [1, 2, 3, 4, 5]
    rig.messenger.answer = refuse(Failure.FINAL, 63003)  # type: ignore[assignment]
    await rig.ended(*people)
    await rig.send()
    failed = FollowUpFilter(("Ana",), frozenset({FollowUpState.FAILED}), code=63003)
    rig.messenger.answer = taken
    rig.messenger.orders.clear()
    done = await rig.door.retry_all(failed, by="ana")
    assert done.message == "5 messages to be sent again"
    await rig.send()
    assert [order.to[-2:] for order in rig.messenger.orders] == [f"{one:02d}" for one in people]
    done = await rig.door.retry_all(failed, by="ana")
    assert done.message == "0 messages to be sent again"


async def test_what_came_into_doubt_since_it_was_found_is_not_sent_again(
    rig: MessageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_up, "COMMAND_CALLS_MAX", 1)
    rig.messenger.answer = refuse(Failure.FINAL, 63003)  # type: ignore[assignment]
    await rig.ended(1, 2)
    await rig.send()
    record, second = rig.ledger.record, (await rig.rows())[1].id

    async def a_colleague_sends_it_meanwhile(*facts: FollowUpFact, by: str) -> object:
        monkeypatch.setattr(rig.ledger, "record", record)
        rig.messenger.answer = rig.messenger.takes_in_silence  # type: ignore[assignment]
        await rig.door.wish([second], FollowUpWish.RETRY, by="bob")
        await rig.send()
        rig.messenger.answer = taken
        return await record(*facts, by=by)

    monkeypatch.setattr(rig.ledger, "record", a_colleague_sends_it_meanwhile)
    failed = FollowUpFilter(states=frozenset({FollowUpState.FAILED}), code=63003)
    done = await rig.door.retry_all(failed, by="ana")
    await rig.send()
    assert "1 could not be" in done.message
    assert {to: len(sids) for to, sids in rig.messenger.really.items()} == dict.fromkeys(
        rig.messenger.really, 1
    )


@pytest.mark.parametrize("resend", [False, True])
async def test_of_two_messages_in_doubt_to_one_person_none_is_given_the_others(
    tmp_path: Path, resend: bool
) -> None:
    async with message_rig(tmp_path) as rig:
        rig.ledger.rules = replace(rig.ledger.rules, resend_ambiguous=resend)
        await rig.ended(1)
        rig.messenger.answer = silence
        await rig.send()
        rig.clock.wait(5)
        await rig.ended_again(1)
        rig.messenger.answer = rig.messenger.takes_in_silence  # type: ignore[assignment]
        await rig.send()
        second = rig.messenger.orders[1]
        rig.messenger.answer = rig.messenger.takes_and_answers  # type: ignore[assignment]
        for _ in range(40):
            rig.clock.wait(6)
            await rig.reader.step()
            await rig.send()
        assert await rig.states() == ["ambiguous", "ambiguous"]
        assert len(rig.messenger.orders) == 2
        assert "or another to them in doubt" in (await rig.rows())[0].detail
        await rig.door.tell(MessageNews(Delivery.SENT, second.try_id, sid_of(second)), by="webhook")
        for _ in range(40):
            rig.clock.wait(40)
            await rig.reader.step()
            await rig.send()
        assert await rig.states() == ["accepted" if resend else "ambiguous", "sent"]
        assert len(rig.messenger.orders) == 2 + resend
