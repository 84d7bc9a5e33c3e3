"""The transactions that tend many messages at once: waking, releasing, and forgetting texts.

Each moves a bounded number; the caller comes back as long as there is something left.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_up_facts import Approval, TemplateNews
from voiceslot_tui.core.follow_up_settlement import FollowUpRules
from voiceslot_tui.core.follow_ups import FollowUpId, WaitReason
from voiceslot_tui.core.limits import (
    FOLLOW_UP_TEXTS_KEPT_DAYS,
    FOLLOW_UPS_MOVED_MAX,
    TEMPLATE_RELEASES_MAX,
)
from voiceslot_tui.store import hearing
from voiceslot_tui.store.following_up import settle_one

_DAY_S: Final = 86_400
_WAKE: Final = (
    "UPDATE follow_up SET waits_for = NULL, due_at = NULL WHERE id IN ("
    "SELECT id FROM follow_up INDEXED BY follow_up_waiting "
    "WHERE state = 'due' AND waits_for IS NOT NULL AND waits_for = ? ORDER BY id LIMIT ?)"
)
_BLOCKED: Final = (
    "SELECT id FROM follow_up INDEXED BY follow_up_blocked "
    "WHERE state = 'blocked' AND blocked_for <> 'no_channel' AND "
)
_BLOCKED_BY_ANOTHER: Final = (
    f"{_BLOCKED}content_sid < ? LIMIT ?",
    f"{_BLOCKED}content_sid > ? LIMIT ?",
)
"""Two ranges, because SQLite seeks no index for what is not equal."""
_BLOCKED_BY_IT: Final = (
    f"{_BLOCKED}content_sid = ? AND blocked_for = 'template_not_approved' AND failures < ? LIMIT ?"
)
_TIDY: Final = (
    "UPDATE follow_up SET name = '', summary = '', email = '' WHERE id IN ("
    "SELECT id FROM follow_up INDEXED BY follow_up_untidy "
    "WHERE state NOT IN ('due', 'sending', 'blocked') "
    "AND (name <> '' OR summary <> '' OR email <> '') "
    "AND changed_at < ? ORDER BY changed_at LIMIT ?)"
)


def wake(db: sqlite3.Connection, reason: WaitReason) -> int:
    """Make messages due that wait for a reason which is no more; give how many."""
    return db.execute(_WAKE, (reason, FOLLOW_UPS_MOVED_MAX)).rowcount


def release_blocked(
    db: sqlite3.Connection,
    content_sid: str,
    approval: Approval,
    rules: FollowUpRules,
    now: Instant,
    actor: str,
) -> int:
    """Release messages that a template lets go; give how many.

    Only those are looked at that the news can release: no others stand in their way.
    """
    if approval not in (Approval.APPROVED, Approval.UNREADABLE):
        return 0
    released = 0
    for follow_up_id in _releasable(db, content_sid, approval):
        news = TemplateNews(follow_up_id, content_sid, approval)
        released += settle_one(db, news, rules, now, actor) is not None
    return released


def _releasable(
    db: sqlite3.Connection, content_sid: str, approval: Approval
) -> tuple[FollowUpId, ...]:
    found: list[FollowUpId] = []
    for query in _BLOCKED_BY_ANOTHER:
        left = FOLLOW_UPS_MOVED_MAX - len(found)
        found += [FollowUpId(row[0]) for row in db.execute(query, (content_sid, left))]
    if approval is Approval.APPROVED:
        left = FOLLOW_UPS_MOVED_MAX - len(found)
        own = db.execute(_BLOCKED_BY_IT, (content_sid, TEMPLATE_RELEASES_MAX, left))
        found += [FollowUpId(row[0]) for row in own]
    return tuple(found)


def tidy(db: sqlite3.Connection, now: Instant) -> bool:
    """Take names and texts from messages that were done long ago, and forget who wrote before that.

    Tells whether more wait.

    The names of their calls stay for good: whoever was written to is never written to twice.
    """
    before = later(now, -FOLLOW_UP_TEXTS_KEPT_DAYS * _DAY_S)
    tidied = db.execute(_TIDY, (before, FOLLOW_UPS_MOVED_MAX)).rowcount
    return hearing.forget(db, now) or tidied == FOLLOW_UPS_MOVED_MAX
