"""The transactions about what people write: heard once, by whichever road it comes.

That a message was heard is written with what it changes, so that no crash comes between them, and
what an operator has taken back since is not done a second time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.follow_up_pages import Suppressed
from voiceslot_tui.core.follow_ups import Channel, MessageSid
from voiceslot_tui.core.inbound import PersonWrote
from voiceslot_tui.core.limits import FOLLOW_UPS_MOVED_MAX, HEARD_KEPT_DAYS
from voiceslot_tui.core.same_line import ways_of_writing
from voiceslot_tui.store.suppressing import put_on_list

_DAY_S: Final = 86_400
_WROTE: Final = (
    "INSERT INTO person (number, wrote_at) VALUES (?, ?) ON CONFLICT (number) DO UPDATE "
    "SET wrote_at = excluded.wrote_at WHERE excluded.wrote_at > person.wrote_at"
)
_READ_UP_TO: Final = (
    "INSERT INTO inbox (channel, read_to) VALUES (?, ?) ON CONFLICT (channel) DO UPDATE "
    "SET read_to = excluded.read_to WHERE excluded.read_to > inbox.read_to"
)
_FORGET: Final = (
    "DELETE FROM heard WHERE message_sid IN (SELECT message_sid FROM heard INDEXED BY heard_at "
    "WHERE channel = ? AND at < ? LIMIT ?)"
)


def hear(
    db: sqlite3.Connection, wrote: PersonWrote, why: str, now: Instant, actor: str
) -> Suppressed | None:
    """Hear one message: who wants out goes on the list, any other opens the window on WhatsApp.

    Either is for their line, however it is written. One that was heard before changes nothing.
    """
    if wrote.sid is not None and not _is_new(db, wrote.sid, wrote):
        return None
    if wrote.wants_out:
        return put_on_list(db, wrote.number, why, now, actor) if wrote.number else None
    if wrote.channel is Channel.WHATSAPP:
        db.executemany(_WROTE, [(way, wrote.at) for way in ways_of_writing(wrote.number)])
    return None


def _is_new(db: sqlite3.Connection, sid: MessageSid, wrote: PersonWrote) -> bool:
    added = db.execute(
        "INSERT INTO heard (message_sid, channel, at) VALUES (?, ?, ?) "
        "ON CONFLICT (message_sid) DO NOTHING",
        (sid, wrote.channel, wrote.at),
    )
    return added.rowcount == 1


def unheard(db: sqlite3.Connection, wrote: Sequence[PersonWrote]) -> tuple[PersonWrote, ...]:
    """Keep the messages that were not heard yet."""
    query = "SELECT 1 FROM heard WHERE message_sid = ?"
    return tuple(one for one in wrote if db.execute(query, (one.sid,)).fetchone() is None)


def read_to(db: sqlite3.Connection, channel: Channel) -> Instant | None:
    """Read up to when a channel's list was read."""
    row = db.execute("SELECT read_to FROM inbox WHERE channel = ?", (channel,)).fetchone()
    return None if row is None else Instant(row[0])


def read_up_to(db: sqlite3.Connection, channel: Channel, moment: Instant) -> None:
    """Remember up to when a channel's list was read; never back."""
    db.execute(_READ_UP_TO, (channel, moment))


def forget(db: sqlite3.Connection, now: Instant) -> bool:
    """Forget messages that no list will show again; tell whether more wait."""
    more = False
    for channel in Channel:
        read = read_to(db, channel)
        before = later(now if read is None else min(now, read), -HEARD_KEPT_DAYS * _DAY_S)
        gone = db.execute(_FORGET, (channel, before, FOLLOW_UPS_MOVED_MAX)).rowcount
        more = more or gone == FOLLOW_UPS_MOVED_MAX
    return more
