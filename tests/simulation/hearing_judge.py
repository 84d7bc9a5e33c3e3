"""The judge of what people write: each message is heard once, by whichever road, and none is lost.

That a STOP waits for no webhook is seen at the end: when the trouble is over, whatever was written
has been heard, although its webhook was lost or nobody listened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Final

from tests.simulation.coverage import Coverage
from tests.simulation.town import Town
from voiceslot_tui.simulator.message_words import MessageDirection
from voiceslot_tui.simulator.messages import Message

STOP_WORDS: Final = frozenset({"STOP", "Baja, por favor"})
HEARD_FROM_LIST: Final = "a STOP is heard from the list"
_POLL: Final = "messenger (poll)"
_ASKED: Final = "asked to stop by message"


class HearingJudge:
    """Watches what the engine of one town hears. `fail` is told what went wrong."""

    def __init__(self, town: Town, coverage: Coverage, fail: Callable[[str], None]) -> None:
        self._town = town
        self._coverage = coverage
        self._fail = fail
        self._heard_at: dict[str, float] = {}
        self._known: frozenset[str] = frozenset()
        self._listed: frozenset[str] = frozenset()
        self._read_to = 0
        self._let_back_at: dict[str, float] = {}

    def let_back(self, number: str) -> None:
        """Note that an operator takes a number off the list, or has done so."""
        self._let_back_at[number] = self._town.clock.steady_s()

    def was_let_back(self, sid: str, number: str) -> bool:
        """Tell whether an operator took a number off the list after a message was heard."""
        heard_at = self._heard_at.get(sid)
        return heard_at is not None and self._let_back_at.get(number, -1.0) >= heard_at

    def committed(self, db: sqlite3.Connection, being_let_back: set[str]) -> frozenset[str]:
        """Judge what a transaction heard; give whose STOP it was.

        Whom an operator takes off the list this very moment may be on it or not.
        """
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'inbox'").fetchone():
            return frozenset()
        known = frozenset(row[0] for row in db.execute("SELECT message_sid FROM heard"))
        why = {row[0]: row[1:] for row in db.execute("SELECT number, why, actor FROM suppression")}
        stopped = self._hear(known - self._known)
        unheeded = stopped - why.keys() - being_let_back
        if unheeded:
            self._fail(f"P5: {sorted(unheeded)} wrote STOP, and is not on the list")
        for number in why.keys() - self._listed:
            if why[number][0] == _ASKED and number not in stopped:
                self._fail(f"P4: {number} is put on the list once more for what was heard before")
            if why[number] == (_ASKED, _POLL):
                self._coverage.fire(HEARD_FROM_LIST)
        self._known, self._listed = known, frozenset(why)
        self._judge_place(db)
        return stopped

    def _hear(self, new: frozenset[str]) -> frozenset[str]:
        """Note messages that are heard now; give who of their writers wants out."""
        stopped: set[str] = set()
        for sid in new:
            if sid in self._heard_at:
                self._fail(f"P4: the message {sid} is heard twice")
            self._heard_at[sid] = self._town.clock.steady_s()
            message = self._town.world.messenger.by_sid[sid]
            if message.text in STOP_WORDS:
                stopped.add(_writer(message))
        return frozenset(stopped)

    def _judge_place(self, db: sqlite3.Connection) -> None:
        """See that a list never counts as read past a message that was not heard."""
        row = db.execute("SELECT read_to FROM inbox WHERE channel = 'whatsapp'").fetchone()
        if row is None or row[0] == self._read_to:
            return
        self._read_to = row[0]
        for message in self._written():
            if message.created_at < row[0] / 1000 and message.sid not in self._heard_at:
                self._fail(f"P5: the list counts as read past what {_writer(message)} wrote")

    def unheard(self) -> str:
        """Name somebody who wrote and was not heard."""
        for message in self._written():
            if message.sid not in self._heard_at:
                return f"{_writer(message)} wrote {message.text}, and nobody heard it"
        return ""

    def _written(self) -> Iterable[Message]:
        for message in self._town.world.messenger.all:
            if message.direction is MessageDirection.INBOUND:
                yield message


def _writer(message: Message) -> str:
    return message.order.sender.removeprefix("whatsapp:")
