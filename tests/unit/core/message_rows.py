"""Rows of a table: news told somewhere, and all that it changes of a follow-up and its try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.unit.core.message_standing import (
    ID,
    RULES,
    START,
    MessageStanding,
    due,
    sid,
    try_id,
)
from voiceslot_tui.core.calls import later
from voiceslot_tui.core.follow_up_facts import (
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
)
from voiceslot_tui.core.follow_up_moves import FollowUpSettlement
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import FollowUpStep, Form, MessageSid

ONE, SID = try_id(1), sid(1)
T = later(START, 5)
"""When news is told: five seconds after the last, which all were in one moment."""
T2 = later(START, 30)
"""The same after half a minute of listings."""

TAKEN = MessageTaken(ONE, SID)
LOST = MessageUnanswered(ONE, "time-out")
DELIVERED = MessageNews(Delivery.DELIVERED, ONE, SID)
OTHER_CONTENT = "HX11111111111111111111111111111111"


def wished(wish: FollowUpWish) -> FollowUpWished:
    return FollowUpWished(ID, wish, "olga")


def news(delivery: Delivery, failure: Failure | None = None) -> MessageNews:
    return MessageNews(delivery, ONE, SID, failure, 63016 if failure else None, "so it is")


def row(**others: object) -> MessageStanding:
    """Give a follow-up that stands so, without a try."""
    return MessageStanding(replace(due(), **others))  # type: ignore[arg-type]


def sending(
    *told: FollowUpFact, rules: FollowUpRules = RULES, form: Form | None = None, **others: object
) -> MessageStanding:
    """Give a follow-up whose first try is under way, after some news of one moment."""
    standing = row(**others)
    standing.rules = rules
    standing.claimed(form)
    for fact in told:
        standing.told(fact)
    return standing


def listed(
    *waits_s: float,
    rules: FollowUpRules = RULES,
    found: tuple[MessageSid, ...] = (),
    told: tuple[FollowUpFact, ...] = (),
) -> MessageStanding:
    """Give a message in doubt that was looked for after each of these waits."""
    standing = sending(LOST, *told, rules=rules)
    for wait_s in waits_s:
        standing.told(MessagesListed(ONE, found), wait_s)
    return standing


@dataclass(frozen=True, slots=True)
class Row:
    """News told somewhere; `changes` and `of_try` name what it changes.

    `of_try` is None where the settlement names no try.
    """

    before: MessageStanding
    fact: FollowUpFact
    changes: Mapping[str, object] = field(default_factory=dict)
    of_try: Mapping[str, object] | None = None
    steps: tuple[FollowUpStep, ...] = ()
    detail: str = ""
    opted_out: bool = False


def check(told: Row) -> None:
    standing = told.before.copy()
    named = standing.named(told.fact)
    one_try = None
    if told.of_try is not None:
        assert named is not None
        one_try = replace(named, **told.of_try)  # type: ignore[arg-type]
    changed = replace(standing.follow_up, **told.changes)  # type: ignore[arg-type]
    assert standing.told(told.fact, 5.0) == FollowUpSettlement(
        changed, one_try, told.steps, told.detail, told.opted_out
    )
