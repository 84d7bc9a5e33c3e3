"""Every kind of trouble against the snapshots that show it, and those that do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from voiceslot_tui.core.calls import Hold, Instant
from voiceslot_tui.core.snapshot import EngineState, Health, Idle, ServiceHealth, Slots, Snapshot
from voiceslot_tui.core.troubles import (
    TROUBLES,
    LastWebhook,
    MessageStanding,
    Trouble,
    troubles,
    unseen,
)

NOW = Instant(1_700_000_000_000)
NUMBER = "+12025550123"
KEY = "sk_" + "a1b2c3d4" * 4
WELL = Snapshot(
    at=NOW,
    seq=1,
    event_seq=1,
    engine=EngineState.RUNNING,
    version="1",
    pid=1,
    started_at=NOW,
    demo=False,
    slots=Slots(limit=5, effective=5, reading_age_s=2.0, reading_bound_s=15.0),
    services=(ServiceHealth("dispatcher", Health.WELL, NOW),),
    webhook_at=NOW,
    answered=1,
)


def slots(age_s: float | None) -> Slots:
    return replace(WELL.slots, reading_age_s=age_s)


def failing(error: str, *, store: bool = False, name: str = "janitor") -> ServiceHealth:
    return ServiceHealth(name, Health.FAILING, NOW, 3, error, store_failed=store)


def found(
    messages: MessageStanding | None = None,
    last: LastWebhook | None = None,
    signed: bool = True,
    **changes: Any,
) -> dict[Trouble, str]:
    snapshot = replace(WELL, **changes)
    return troubles(snapshot, messages or MessageStanding(), last or LastWebhook(), signed=signed)


_T = Trouble
UNREAD = "Nothing is dialled, because the platform's live calls are not known"
STALE = Idle(Hold.READING_STALE, "the reading is 80 s old; 401 from the platform")
CASES: list[tuple[dict[str, Any], set[Trouble], str]] = [
    ({}, set(), ""),
    ({"engine": EngineState.PAUSED, "paused_by": "ana"}, set(), ""),
    ({"engine": EngineState.RUNNING, "paused_by": "engine"}, set(), ""),
    (
        {"engine": EngineState.PAUSED, "paused_by": "engine", "paused_why": "quota exceeded."},
        {_T.ENGINE_PAUSED},
        "The engine paused itself: quota exceeded.",
    ),
    (
        {"engine": EngineState.PAUSED, "paused_by": "engine"},
        {_T.ENGINE_PAUSED},
        "The engine paused itself.",
    ),
    (
        {"breaker_open": True},
        {_T.BREAKER_OPEN},
        "The platform left several starts unanswered; one call a minute probes it.",
    ),
    ({"slots": slots(15.0)}, set(), ""),
    ({"slots": slots(15.1)}, {_T.READING_STALE}, f"{UNREAD}."),
    ({"slots": slots(None), "engine": EngineState.RECOVERING}, {_T.READING_STALE}, f"{UNREAD}."),
    (
        {"slots": slots(80.0), "idle": (STALE,)},
        {_T.READING_STALE},
        f"{UNREAD}: the reading is 80 s old; 401 from the platform.",
    ),
    (
        {"slots": slots(None), "idle": (Idle(Hold.PARKED, "x"), Idle(Hold.RECOVERING, "401"))},
        {_T.READING_STALE},
        f"{UNREAD}: 401.",
    ),
    ({"holds": {Hold.PARKED: 9}}, set(), ""),
    (
        {"holds": {Hold.PLATFORM_DENIED: 1200}},
        {_T.PLATFORM_DENIED},
        "The platform refuses a route; calls that wait for it: 1,200.",
    ),
    ({"ends": 2}, set(), ""),
    ({"ends": 3}, {_T.WEBHOOKS_SILENT}, "3 calls ended and no good webhook came."),
    ({"ends": 3, "signed": False}, set(), ""),
    (
        {"ends": 3, "webhook_refused": 4},
        {_T.WEBHOOKS_SILENT},
        "3 calls ended and no good webhook came; 4 were refused since the start.",
    ),
    ({"ends": 12, "last": LastWebhook(NOW, 10)}, set(), ""),
    (
        {"ends": 13, "last": LastWebhook(NOW, 10)},
        {_T.WEBHOOKS_SILENT},
        "3 calls ended and no good webhook came.",
    ),
    (
        {"messages": MessageStanding(messenger_denied="20003: wrong credentials")},
        {_T.MESSENGER_DENIED},
        "The messenger does not let us send: 20003: wrong credentials.",
    ),
    (
        {"messages": MessageStanding(template_trouble="rejected: spam", blocked=7)},
        {_T.MESSAGES_BLOCKED},
        "7 messages are blocked: rejected: spam.",
    ),
    ({"messages": MessageStanding(blocked=1)}, {_T.MESSAGES_BLOCKED}, "1 message is blocked."),
    (
        {"services": (failing("the disk is full", store=True), failing("x", store=True))},
        {_T.STORE_FAILING},
        "The database fails: x.",
    ),
    (
        {"services": (failing("KeyError: 'a'"),)},
        {_T.SERVICE_FAILING},
        "Failing: janitor (KeyError: 'a').",
    ),
    (
        {"services": (failing("the disk is full", store=True), failing("x", name="other"))},
        {_T.STORE_FAILING, _T.SERVICE_FAILING},
        "The database fails: the disk is full. Failing: other (x).",
    ),
    (
        {
            "services": (failing("401 from the platform", name="reconciler"),),
            "slots": slots(80.0),
            "idle": (STALE,),
        },
        {_T.READING_STALE},
        f"{UNREAD}: the reading is 80 s old; 401 from the platform.",
    ),
    (
        {"services": (failing("...X..."), failing("y", name="other"))},
        {_T.SERVICE_FAILING},
        "Failing: janitor, other (...X).",
    ),
    ({"breaker_open": True, "slots": slots(None), "engine": EngineState.STOPPING}, set(), ""),
]


@pytest.mark.parametrize(("changes", "kinds", "words"), CASES)
def test_a_snapshot_shows_its_troubles_and_no_others(
    changes: dict[str, Any], kinds: set[Trouble], words: str
) -> None:
    told = found(**changes)
    assert {kind for kind, sentence in told.items() if sentence} == kinds
    assert " ".join(told.values()).strip() == words


@pytest.mark.parametrize("trouble", Trouble)
def test_every_kind_has_a_case_a_rule_and_words_of_its_own(trouble: Trouble) -> None:
    assert any(trouble in kinds for _, kinds, _ in CASES)
    rule = TROUBLES[trouble]
    assert rule.lasts_s >= 0
    assert rule.title[0].islower()
    assert rule.advice[0].isupper()
    assert rule.advice.endswith(".")
    assert [other.title for other in TROUBLES.values()].count(rule.title) == 1


def test_everything_at_once_is_told_at_once() -> None:
    services = (failing("full", store=True), failing("x", name="other"))
    told = found(
        MessageStanding("no", "rejected", 3),
        engine=EngineState.PAUSED,
        paused_by="engine",
        breaker_open=True,
        slots=slots(None),
        holds={Hold.PLATFORM_DENIED: 1},
        ends=9,
        services=services,
    )
    assert set(told) == set(Trouble)


def test_no_secret_no_number_and_no_escape_leaves_this_machine() -> None:
    words = f"{KEY} {NUMBER}\x1b]0;evil\x07\nBcc: x {'y' * 900}"
    told = found(
        MessageStanding(words, words, 3),
        engine=EngineState.PAUSED,
        paused_by="engine",
        paused_why=words,
        slots=slots(None),
        idle=(Idle(Hold.RECOVERING, words),),
        services=(failing(words, store=True), failing(f"other {words}")),
    )
    assert set(told) >= {_T.ENGINE_PAUSED, _T.STORE_FAILING, _T.SERVICE_FAILING}
    for sentence in told.values():
        assert KEY not in sentence
        assert NUMBER not in sentence
        assert sentence.isprintable()
        assert len(sentence) < 400
    assert "+12•••0123" in told[_T.ENGINE_PAUSED]


def test_a_service_whose_error_is_told_already_fails_without_a_sentence() -> None:
    stale = {"slots": slots(80.0), "idle": (STALE,)}
    told = found(services=(failing("401 from the platform", name="reconciler"),), **stale)
    assert told[_T.SERVICE_FAILING] == ""
    assert "401 from the platform" in told[_T.READING_STALE]
    assert _T.SERVICE_FAILING not in found(**stale)


def test_the_last_webhook_takes_note_of_the_ends_so_far() -> None:
    last = LastWebhook().after(replace(WELL, ends=2, webhook_at=None))
    assert last == LastWebhook(None, 0)
    last = last.after(replace(WELL, ends=5, webhook_at=NOW))
    assert last == LastWebhook(NOW, 5)
    assert last.after(replace(WELL, ends=9, webhook_at=NOW)) is last
    earlier = Instant(NOW - 1)
    assert last.after(replace(WELL, ends=9, webhook_at=earlier)) == LastWebhook(earlier, 9)


@pytest.mark.parametrize(
    ("changes", "untried", "signed", "cannot_be_seen"),
    [
        ({}, False, True, set()),
        ({}, True, True, {_T.MESSENGER_DENIED}),
        ({"answered": 0}, False, True, {_T.BREAKER_OPEN}),
        ({"webhook_at": None}, False, False, set()),
        ({"webhook_at": None}, False, True, {_T.WEBHOOKS_SILENT}),
    ],
)
def test_what_nothing_was_tried_of_cannot_be_seen(
    changes: dict[str, Any], untried: bool, signed: bool, cannot_be_seen: set[Trouble]
) -> None:
    messages = MessageStanding(untried=untried)
    assert unseen(replace(WELL, **changes), messages, signed=signed) == cannot_be_seen
