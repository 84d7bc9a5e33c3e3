"""The status text: what each part of a snapshot becomes in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voiceslot_tui.cli.ages import age
from voiceslot_tui.cli.status_text import status_lines
from voiceslot_tui.core.batch_progress import BatchChecks
from voiceslot_tui.core.calls import CallState, Disposition, Hold, Instant
from voiceslot_tui.core.follow_up_facts import Approval
from voiceslot_tui.core.follow_up_snapshot import FollowUpStanding, TemplateStanding
from voiceslot_tui.core.follow_ups import Channel, FollowUpState
from voiceslot_tui.core.snapshot import EngineState, Health, Idle, ServiceHealth, Slots, Snapshot

PLAIN = Snapshot(
    at=Instant(10_000_000),
    seq=1,
    event_seq=1,
    engine=EngineState.RUNNING,
    version="0.1.0",
    pid=42,
    started_at=Instant(2_800_000),
    demo=False,
    slots=Slots(limit=10, effective=10),
)


def text(**changes: object) -> str:
    return "\n".join(status_lines(replace(PLAIN, **changes)))  # type: ignore[arg-type]


def test_a_quiet_engine() -> None:
    assert text().splitlines() == [
        "voiceslot 0.1.0 · running · process 42, up 2 h · 0 consoles",
        "Slots     [..........] 0 of 10, 0 free",
        "          0 live, the platform has not been read yet",
        "Queue     0 queued",
        "Done      nothing yet",
        "Webhooks  none received yet; ends are found by polling",
        "Messages  no channel set up: set TWILIO_WHATSAPP_NUMBER",
        "Batches   not watched: calls that end in batches get no message until they are",
    ]


def test_slots_are_drawn_to_scale() -> None:
    slots = Slots(
        limit=10,
        effective=8,
        reserve=1,
        dialing=1,
        live=4,
        ringing=2,
        uncertain=1,
        foreign=2,
        free=0,
        strategy="conversations",
        reading_age_s=1.4,
    )
    shown = text(slots=slots)
    assert "[######xxr.] 9 of 10 (the platform takes 8 now), over by 1, draining" in shown
    assert (
        "4 live (2 ringing), 1 dialling, 1 uncertain, 2 foreign, 1 in reserve, "
        "platform read 1 s ago (conversations)" in shown
    )


def test_what_waits_and_what_is_over() -> None:
    shown = text(
        calls={
            CallState.QUEUED: 1200,
            CallState.WRAPPING_UP: 2,
            CallState.UNKNOWN: 1,
            CallState.ENDED: 40,
            CallState.CANCELLED: 3,
        },
        holds={Hold.RETRY_WAIT: 200},
        dispositions={Disposition.ANSWERED: 30, Disposition.NO_ANSWER: 10},
        idle=(Idle(Hold.NO_SLOT, "every slot is in use"), Idle(Hold.RETRY_WAIT, "200 wait")),
    )
    assert "1,200 queued: 1,000 ready, 200 retry wait; 2 wrapping up, 1 unknown" in shown
    assert "40 ended, 3 cancelled (30 answered, 10 no answer)" in shown
    assert "Waits     every slot is in use\n          200 wait\n" in shown


def test_what_is_wrong_is_said() -> None:
    shown = text(
        demo=True,
        engine=EngineState.PAUSED,
        paused_at=Instant(9_995_000),
        paused_by="ana (uid 1)",
        paused_why="lunch",
        breaker_open=True,
        webhook_at=Instant(9_930_000),
        webhook_refused=3,
        services=(
            ServiceHealth("dispatcher", Health.WELL, Instant(0)),
            ServiceHealth("reconciler", Health.FAILING, Instant(9_400_000), 5, "401 invalid key"),
        ),
        warnings=("the key is short",),
    )
    for part in (
        "DEMO · paused",
        "paused 5 s ago by ana (uid 1): lunch",
        "the platform does not answer starts",
        "last one 1 min 10 s ago, 3 refused",
        "Service   well: dispatcher",
        "reconciler has been failing for 10 min (5 times): 401 invalid key",
        "Warning   the key is short",
    ):
        assert part in shown


def test_messages_are_counted_by_state() -> None:
    states = {FollowUpState.DUE: 2, FollowUpState.READ: 1_200, FollowUpState.SKIPPED: 0}
    channels = (Channel.WHATSAPP, Channel.SMS)
    shown = text(follow_ups=FollowUpStanding(channels, states=states))
    assert "Messages  2 due, 1,200 read; sent by whatsapp, then sms\nBatches" in shown
    assert "Messages  none yet; sent by sms" in text(follow_ups=FollowUpStanding((Channel.SMS,)))
    assert "Messages  2 due, 1,200 read; no channel set up" in text(
        follow_ups=FollowUpStanding(states=states)
    )


def test_what_keeps_messages_from_being_sent_is_said() -> None:
    shown = text(
        follow_ups=FollowUpStanding(
            (Channel.WHATSAPP,),
            paused=True,
            paused_by="ana (uid 1)",
            trouble="the account is suspended",
            sandbox=True,
            template=TemplateStanding(
                "HX" + "0" * 32, Approval.REJECTED, "hello", "a number in it", "{{4}}"
            ),
        )
    )
    for part in (
        "paused by ana (uid 1): none is sent until `voiceslot follow-ups resume`",
        "          the account is suspended\n",
        "template hello: rejected by WhatsApp: a number in it; it asks for {{4}}",
        "SANDBOX",
    ):
        assert part in shown


@pytest.mark.parametrize("approval", list(Approval))
def test_every_approval_of_a_template_has_words(approval: Approval) -> None:
    template = TemplateStanding("HX" + "0" * 32, approval)
    assert "template HX" in text(follow_ups=FollowUpStanding((), template=template))


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        (BatchChecks(False, 15.0), "not watched: calls that end in batches get no message"),
        (BatchChecks(True, 2.5), "0 watched, checked every 2.5 s; not checked yet"),
        (
            BatchChecks(True, 15.0, 3, Instant(9_980_000), 0.31, watched=3, read=2),
            "3 watched, checked every 15 s, last 20 s ago in 0.3 s\n",
        ),
        (
            BatchChecks(True, 15.0, 3, Instant(9_980_000), 0.31, 3, failed=1, error="HTTP 503"),
            "in 0.3 s, 1 not read: HTTP 503",
        ),
    ],
)
def test_the_watching_of_batches_is_said(checks: BatchChecks, said: str) -> None:
    assert said in text(batch_watch=checks) + "\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_725, "1 h 2 min"), (187_200, "2 d 4 h")],
)
def test_ages_have_two_units(seconds: int, words: str) -> None:
    assert age(Instant(0), Instant(seconds * 1000)) == words
