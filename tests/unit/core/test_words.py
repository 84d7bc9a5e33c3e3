"""The words of the enums: the contract with files, databases, screens and other programs."""

from __future__ import annotations

import re
from enum import StrEnum

import pytest

from voiceslot_tui.core.calls import AttemptState, CallState, Disposition, Hold, Step
from voiceslot_tui.core.facts import Refusal, Source, Wish
from voiceslot_tui.core.follow_up_facts import Approval, Delivery, Failure, FollowUpWish
from voiceslot_tui.core.follow_ups import (
    BlockReason,
    Channel,
    FollowUpState,
    FollowUpStep,
    Form,
    Kind,
    SkipReason,
    TryState,
    WaitReason,
)
from voiceslot_tui.core.pages import Place, Segment
from voiceslot_tui.core.snapshot import EngineState, Health
from voiceslot_tui.core.talks import TalkState

IN_FILES = (
    CallState, AttemptState, Disposition, Hold, Refusal, Source, Wish, Place, Segment,
    EngineState, Health, TalkState, FollowUpState, TryState, Channel, Form, Kind, SkipReason,
    WaitReason, BlockReason, Failure, Delivery, Approval, FollowUpWish,
)  # fmt: skip

HOLDS = (
    "no_slot, pacing, engine_paused, campaign_paused, parked, window_closed, holiday, "
    "timezone_unknown, retry_wait, daily_cap, rolling_cap, contact_cap, suppressed, "
    "consent_missing, number_busy_elsewhere, campaign_cap, agent_cap, budget, breaker_open, "
    "reading_stale, platform_denied, not_started, recovering"
)
STATES = (
    "queued, dialing, uncertain, live, unknown, wrapping_up, ended, refused, expired, suppressed, "
    "cancelled"
)
DISPOSITIONS = "answered, voicemail, no_answer, busy, declined, failed, invalid_number, unknown"
FOLLOW_UP_STATES = (
    "due, sending, accepted, sent, delivered, read, ambiguous, blocked, failed, skipped"
)
ATTEMPT_STATES = "dialing, uncertain, live, over, not_taken, unknown"


@pytest.mark.parametrize("words", IN_FILES)
def test_a_word_is_its_members_name_in_small_letters(words: type[StrEnum]) -> None:
    for member in words:
        assert member.value == member.name.lower()
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", member.value)


@pytest.mark.parametrize(
    ("words", "promised"),
    [
        (Hold, HOLDS),
        (CallState, STATES),
        (Disposition, DISPOSITIONS),
        (AttemptState, ATTEMPT_STATES),
        (FollowUpState, FOLLOW_UP_STATES),
    ],
)
def test_the_words_are_those_that_were_promised(words: type[StrEnum], promised: str) -> None:
    assert set(words) == set(promised.split(", "))


def test_steps_are_written_for_people() -> None:
    for step in (*Step, *FollowUpStep):
        assert re.fullmatch(r"[a-z]+( [a-z]+)*", step)
