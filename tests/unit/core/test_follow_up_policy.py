"""Who gets which message, and when: every reason to send, to wait, to skip and to block."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from tests.unit.core.message_standing import CONTENT, TEMPLATE, MessageStanding, due, try_id
from voiceslot_tui.core.calls import Disposition, Instant, later
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_policy import (
    FOLLOW_UP_ON,
    KINDS,
    Block,
    FollowUpPolicy,
    Person,
    Send,
    Skip,
    Standing,
    Verdict,
    Wait,
    claim,
    decide,
    read_follow_up_on,
    window_is_open,
)
from voiceslot_tui.core.follow_up_words import (
    BLOCK_SENTENCES,
    SKIP_SENTENCES,
    STATE_SENTENCES,
    WAIT_SENTENCES,
    why_not_sent,
)
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUp,
    FollowUpState,
    Form,
    Kind,
    SkipReason,
    WaitReason,
)
from voiceslot_tui.core.quiet_hours import QuietHours
from voiceslot_tui.core.setting_values import WrongValue

BOGOTA = ZoneInfo("America/Bogota")


def at(text: str) -> Instant:
    return Instant(round(datetime.fromisoformat(text).replace(tzinfo=BOGOTA).timestamp() * 1000))


NOON = at("2026-03-10T12:00")
PERSON = Person(zones=(BOGOTA,))
QUIET = QuietHours(time(21), time(8))
POLICY = FollowUpPolicy(channels=(Channel.WHATSAPP, Channel.SMS), quiet=QUIET)
STANDING = Standing(template=TEMPLATE)
BY_TEMPLATE = Send(Channel.WHATSAPP, Form.TEMPLATE, Kind.TALKED)
BY_TEXT = Send(Channel.WHATSAPP, Form.FREE_TEXT, Kind.TALKED)


def message(ended_at: Instant = NOON, **changed: object) -> FollowUp:
    row = replace(due(), ended_at=ended_at, created_at=ended_at)
    return replace(row, **changed)  # type: ignore[arg-type]


def verdict(
    row: FollowUp | None = None,
    person: Person = PERSON,
    policy: FollowUpPolicy = POLICY,
    standing: Standing = STANDING,
    now: Instant = NOON,
) -> Verdict:
    return decide(row or message(), person, policy, standing, now)


# --- which message


@pytest.mark.parametrize("disposition", Disposition)
def test_by_default_some_dispositions_get_a_message(disposition: Disposition) -> None:
    expected = {
        Disposition.ANSWERED: Kind.TALKED,
        Disposition.VOICEMAIL: Kind.TRIED,
        Disposition.NO_ANSWER: Kind.TRIED,
    }
    given = verdict(message(disposition=disposition))
    if disposition in expected:
        assert given == replace(BY_TEMPLATE, kind=expected[disposition])
    else:
        assert given == Skip(SkipReason.NOT_WANTED)


@pytest.mark.parametrize("disposition", Disposition)
def test_each_can_be_changed(disposition: Disposition) -> None:
    every = replace(POLICY, on=tuple(Disposition))
    kind = Kind.TALKED if disposition is Disposition.ANSWERED else Kind.TRIED
    assert verdict(message(disposition=disposition), policy=every) == replace(
        BY_TEMPLATE, kind=kind
    )
    nothing = replace(POLICY, on=())
    assert verdict(message(disposition=disposition), policy=nothing) == Skip(SkipReason.NOT_WANTED)
    assert KINDS[disposition] is kind


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("answered,voicemail,no_answer", FOLLOW_UP_ON),
        (" Answered , answered,", (Disposition.ANSWERED,)),
        ("none", ()),
        ("failed", (Disposition.FAILED,)),
    ],
)
def test_the_setting_is_read(text: str, on: tuple[Disposition, ...]) -> None:
    assert read_follow_up_on(text) == on


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", ""),
        (",", ""),
        ("answred", "; did you mean answered?"),
        ("answered,none", "; did you mean no_answer?"),
        ("answered;busy", "; did you mean answered?"),
    ],
)
def test_what_is_no_disposition_is_refused(text: str, meant: str) -> None:
    with pytest.raises(WrongValue) as wrong:
        read_follow_up_on(text)
    known = "answered, voicemail, no_answer, busy, declined, failed, invalid_number, unknown"
    assert str(wrong.value) == f"must be of {known}, separated by commas, or none{meant}"


# --- not at all


@pytest.mark.parametrize(
    ("row", "person", "policy", "reason"),
    [
        (message(), replace(PERSON, suppressed=True), POLICY, SkipReason.SUPPRESSED),
        (message(insisted=True), replace(PERSON, suppressed=True), POLICY, SkipReason.SUPPRESSED),
        (message(), PERSON, replace(POLICY, first_start=later(NOON, 1)), "before_first_start"),
        (message(to_number=""), PERSON, POLICY, SkipReason.NO_ADDRESS),
        (message(later(NOON, -86_401)), PERSON, POLICY, SkipReason.TOO_OLD),
        (
            message(),
            replace(PERSON, messaged_at=(at("2026-03-10T00:01"),)),
            POLICY,
            "already_today",
        ),
        (message(), Person(), POLICY, SkipReason.TIMEZONE_UNKNOWN),
        (message(email="a@example.org", to_number=""), PERSON, POLICY, SkipReason.NO_ADDRESS),
    ],
)
def test_every_skip_has_its_reason(
    row: FollowUp, person: Person, policy: FollowUpPolicy, reason: str
) -> None:
    assert verdict(row, person, policy) == Skip(SkipReason(reason))


@pytest.mark.parametrize(
    ("row", "person", "policy"),
    [
        (message(later(NOON, -86_400)), PERSON, POLICY),
        (message(), replace(PERSON, messaged_at=(at("2026-03-09T23:59"),)), POLICY),
        (message(), replace(PERSON, messaged_at=(NOON,)), replace(POLICY, per_day=2)),
        (message(), replace(PERSON, messaged_at=(NOON,) * 9), replace(POLICY, per_day=0)),
        (message(), PERSON, replace(POLICY, first_start=NOON)),
        (message(), Person(), replace(POLICY, quiet=None)),
        # An operator insists.
        (message(later(NOON, -999_999), insisted=True), PERSON, POLICY),
        (message(insisted=True), PERSON, replace(POLICY, first_start=later(NOON, 1))),
        (message(insisted=True), Person(), POLICY),
    ],
)
def test_these_are_sent(row: FollowUp, person: Person, policy: FollowUpPolicy) -> None:
    assert verdict(row, person, policy) == BY_TEMPLATE


def test_the_daily_count_binds_operators_too() -> None:
    given = verdict(message(insisted=True), replace(PERSON, messaged_at=(NOON,)))
    assert given == Skip(SkipReason.ALREADY_TODAY)


# --- not now


def test_quiet_hours_wait_for_the_persons_morning_even_where_an_operator_insists() -> None:
    night = at("2026-03-10T22:30")
    for row in (message(night), message(night, insisted=True)):
        assert verdict(row, now=night) == Wait(WaitReason.QUIET_HOURS, at("2026-03-11T08:00"))


def test_a_pause_waits_for_no_time() -> None:
    assert verdict(standing=replace(STANDING, paused=True)) == Wait(WaitReason.PAUSED)


def test_a_conversation_is_read_first_but_not_waited_for_for_ever() -> None:
    row = message(outcome_known=False)
    assert verdict(row) == Wait(WaitReason.OUTCOME, later(NOON, 20))
    assert verdict(replace(row, outcome_reads=2_159)) == Wait(WaitReason.OUTCOME, later(NOON, 20))
    assert verdict(replace(row, outcome_reads=2_160)) == BY_TEMPLATE
    assert verdict(replace(row, conversation_id=None)) == BY_TEMPLATE


@pytest.mark.parametrize("created_s", [-36_000, 86_400])
def test_time_in_which_nobody_reads_is_no_time_waited(created_s: int) -> None:
    """As a pause, a night or an outage, and a clock that was set."""
    row = message(outcome_known=False, created_at=later(NOON, created_s))
    assert verdict(row) == Wait(WaitReason.OUTCOME, later(NOON, 20))


def test_an_end_that_was_learned_late_is_read_too() -> None:
    row = replace(message(outcome_known=False), ended_at=later(NOON, -7200))
    assert verdict(row) == Wait(WaitReason.OUTCOME, later(NOON, 20))


def test_what_is_presumed_is_not_taken_for_a_reason_to_send_nothing() -> None:
    row = message(outcome_known=False, disposition=Disposition.FAILED)
    assert verdict(row) == Wait(WaitReason.OUTCOME, later(NOON, 20))
    in_vain = replace(row, outcome_reads=2_160)
    assert verdict(in_vain) == Wait(WaitReason.OUTCOME, later(NOON, 600))
    assert verdict(replace(in_vain, outcome_known=True)) == Skip(SkipReason.NOT_WANTED)
    tomorrow = later(NOON, 24 * 3600 + 1)
    assert verdict(in_vain, now=tomorrow) == Skip(SkipReason.TOO_OLD)


def test_a_channel_that_refuses_our_account_is_left_alone_for_a_while() -> None:
    denied = replace(STANDING, denied_until={Channel.WHATSAPP: later(NOON, 60)})
    assert verdict(standing=denied) == Wait(WaitReason.ACCOUNT, later(NOON, 60))
    assert verdict(standing=denied, now=later(NOON, 60)) == BY_TEMPLATE
    assert verdict(message(channel=Channel.SMS), standing=denied) == Send(
        Channel.SMS, Form.FREE_TEXT, Kind.TALKED
    )


# --- the form


@pytest.mark.parametrize(
    ("hours_ago", "is_open"),
    [
        (None, False),
        (0.0, True),
        (23.9, True),
        (86_100 / 3600, False),
        (23.92, False),
        (24.0, False),
    ],
)
def test_free_text_only_while_the_window_is_open(hours_ago: float | None, is_open: bool) -> None:
    wrote_at = None if hours_ago is None else later(NOON, -hours_ago * 3600)
    assert window_is_open(wrote_at, NOON) is is_open
    given = verdict(person=replace(PERSON, wrote_at=wrote_at))
    assert given == (BY_TEXT if is_open else BY_TEMPLATE)


def test_after_a_refusal_of_free_text_the_template_is_used_whatever_the_window() -> None:
    person = replace(PERSON, wrote_at=NOON)
    assert verdict(message(needs_template=True), person) == BY_TEMPLATE


APPROVALS = {
    Approval.UNREAD: Wait(WaitReason.TEMPLATE_UNREAD),
    Approval.UNREADABLE: BY_TEMPLATE,
    Approval.HIDDEN: Wait(WaitReason.TEMPLATE_UNREAD),
    Approval.APPROVED: BY_TEMPLATE,
    Approval.UNDER_REVIEW: Block(BlockReason.TEMPLATE_NOT_APPROVED),
    Approval.UNSUBMITTED: Block(BlockReason.TEMPLATE_NOT_APPROVED),
    Approval.REJECTED: Block(BlockReason.TEMPLATE_NOT_APPROVED),
    Approval.PAUSED: Block(BlockReason.TEMPLATE_NOT_APPROVED),
    Approval.DISABLED: Block(BlockReason.TEMPLATE_NOT_APPROVED),
    Approval.MISSING: Block(BlockReason.TEMPLATE_NOT_APPROVED),
}


@pytest.mark.parametrize("approval", Approval)
def test_a_template_is_used_only_as_far_as_it_may_be(approval: Approval) -> None:
    standing = Standing(template=replace(TEMPLATE, approval=approval))
    assert verdict(standing=standing) == APPROVALS[approval]
    person = replace(PERSON, wrote_at=NOON)
    assert verdict(person=person, standing=standing) == BY_TEXT


def test_what_else_blocks() -> None:
    assert verdict(standing=Standing()) == Block(BlockReason.NO_TEMPLATE)
    unfit = replace(STANDING, unfit="7")
    assert verdict(standing=unfit) == Block(BlockReason.TEMPLATE_UNFIT)
    assert verdict(policy=replace(POLICY, channels=())) == Block(BlockReason.NO_CHANNEL)


# --- channels


@pytest.mark.parametrize(
    ("row", "channels", "channel"),
    [
        (message(), (Channel.SMS,), Channel.SMS),
        (message(channel=Channel.SMS), (Channel.WHATSAPP, Channel.SMS), Channel.SMS),
        (
            message(to_number="", email="ana@example.org"),
            (Channel.WHATSAPP, Channel.SMS, Channel.EMAIL),
            Channel.EMAIL,
        ),
    ],
)
def test_the_first_channel_with_an_address_is_taken(
    row: FollowUp, channels: tuple[Channel, ...], channel: Channel
) -> None:
    given = verdict(row, policy=replace(POLICY, channels=channels))
    assert given == Send(channel, Form.FREE_TEXT, Kind.TALKED)


def test_only_what_is_due_is_judged() -> None:
    with pytest.raises(AssertionError):
        verdict(message(state=FollowUpState.SENT))


# --- what a judgement changes, and how it is said


def test_a_claim_is_a_try_that_knows_its_template() -> None:
    made = claim(message(), try_id(1), BY_TEMPLATE, CONTENT, NOON)
    assert made.one_try is not None
    assert (made.follow_up.state, made.follow_up.tries) == (FollowUpState.SENDING, 1)
    assert (made.one_try.content_sid, made.follow_up.content_sid) == (CONTENT, CONTENT)
    free = claim(message(), try_id(1), BY_TEXT, CONTENT, NOON)
    assert free.one_try is not None
    assert (free.one_try.content_sid, free.one_try.number) == ("", 1)


@pytest.mark.parametrize(
    ("words", "sentences"),
    [
        (SkipReason, SKIP_SENTENCES),
        (WaitReason, WAIT_SENTENCES),
        (BlockReason, BLOCK_SENTENCES),
        (FollowUpState, STATE_SENTENCES),
    ],
)
def test_every_reason_has_a_sentence(words: type, sentences: dict[object, str]) -> None:
    assert set(sentences) == set(words)
    assert len(set(sentences.values())) == len(sentences)


def test_a_reason_is_said_before_the_state() -> None:
    standing = MessageStanding()
    assert why_not_sent(standing.follow_up) == "it is next in line"
    standing.judged(Wait(WaitReason.QUIET_HOURS, later(standing.now, 60)))
    assert why_not_sent(standing.follow_up) == "it is a quiet hour where the person is"
    other = MessageStanding()
    other.judged(Block(BlockReason.TEMPLATE_UNFIT))
    assert "variable" in why_not_sent(other.follow_up)
    standing.judged(Skip(SkipReason.TOO_OLD))
    assert "too long ago" in why_not_sent(standing.follow_up)
