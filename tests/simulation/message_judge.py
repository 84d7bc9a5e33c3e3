"""The judge of the follow-ups: one message per ended call, never two, none forgotten (P3).

Like the judge of the calls it shares no rule with the engine. What was really taken, and what
became of it, is read from the simulated messenger; what we believe, from the database after each
commit.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from tests.simulation.coverage import Coverage
from tests.simulation.hearing_judge import STOP_WORDS, HearingJudge
from tests.simulation.town import Life, Town
from voiceslot_tui.core.follow_up_policy import FOLLOW_UP_ON
from voiceslot_tui.simulator.batches import Batch, BatchRecipient
from voiceslot_tui.simulator.message_words import MessageStatus
from voiceslot_tui.simulator.messages import Message
from voiceslot_tui.simulator.webhooks import Delivery
from voiceslot_tui.simulator.words import RecipientStatus, WebhookKind

_PROVEN: Final = ("accepted", "sent", "delivered", "read")
_NOT_NOW: Final = ("failed", "due", "blocked")
MESSAGE_MOVES: Final = frozenset(
    {
        *product(("due",), ("sending", "skipped", "blocked", *_PROVEN)),
        *product(("sending",), ("ambiguous", *_PROVEN, *_NOT_NOW)),
        *product(("ambiguous",), ("skipped", *_PROVEN, *_NOT_NOW)),
        *product(("accepted",), ("sent", "delivered", "read", *_NOT_NOW)),
        *product(("sent",), ("delivered", "read", *_NOT_NOW)),
        ("delivered", "read"),
        *product(("blocked",), ("due", "skipped", *_PROVEN)),
        *product(("failed", "skipped"), ("due", "delivered", "read")),
    }
)
"""What may follow on what."""
SELDOM: Final = frozenset(
    {
        # News of a message that an operator had given up, or let go out once more.
        *product(("due",), _PROVEN),
        *product(("blocked",), _PROVEN),
        *product(("failed", "skipped"), ("delivered", "read")),
        # A callback that tells of the end at once, while the answer is out or was lost.
        *product(("ambiguous",), ("read", "due", "blocked", "failed")),
        *product(("sending",), ("read", "blocked")),
    }
)
"""Moves that need more coincidence than a night of stories has for certain."""
_RANKS: Final = {
    "sending": 0,
    "ambiguous": 0,
    "not_sent": 0,
    "accepted": 1,
    "sent": 2,
    "failed": 3,
    "delivered": 4,
    "read": 5,
}
_LOST: Final = frozenset({MessageStatus.FAILED, MessageStatus.UNDELIVERED})
_STANDING: Final = {
    "accepted": frozenset({MessageStatus.ACCEPTED, MessageStatus.QUEUED}),
    "sent": frozenset({MessageStatus.SENT}),
}
"""What the messenger says of a message that we believe to be on its way."""
_ENDED: Final = frozenset(
    {RecipientStatus.COMPLETED, RecipientStatus.FAILED, RecipientStatus.VOICEMAIL}
)
_STOPPED_TEMPLATES: Final = frozenset({63040, 63041, 63042})
_PAUSE_S: Final = 2.0
_FOUND_WITHIN_S: Final = 900.0
"""How long a message in doubt may be looked for once all is well: the looks grow seldom."""
_SOON_S: Final = 400.0
"""A look-up or a retry that is due within so long is waited for; a later one is an explanation."""
_RELEASES_MAX: Final = 3
_AT_HOME: Final = "+1"
_ZONE: Final = ZoneInfo("America/New_York")
"""Where the people live whose numbers tell where they live; of all others nobody knows the hour."""
_WATCH: Final = (
    "CREATE TEMP TABLE message_moved (id INTEGER, old TEXT, new TEXT)",
    """CREATE TEMP TRIGGER watch_messages AFTER UPDATE OF state ON follow_up
    WHEN old.state <> new.state
    BEGIN INSERT INTO message_moved VALUES (old.id, old.state, new.state); END""",
)
_RECORD: Final = (
    "SELECT follow_up.id, follow_up.to_number, message_try.state, message_try.channel "
    "FROM message_try JOIN follow_up ON follow_up.id = message_try.follow_up_id "
    "WHERE message_try.id = ?"
)
_UNFOLLOWED: Final = (
    "SELECT call.id FROM call LEFT JOIN follow_up ON follow_up.call_id = call.id "
    "WHERE call.state = 'ended' AND follow_up.id IS NULL"
)


class Row(NamedTuple):
    """A follow-up as the database has it."""

    id: int
    state: str
    to_number: str
    call_id: int | None
    batch_id: str
    conversation_id: str | None
    skipped_for: str | None
    waits_for: str | None
    blocked_for: str | None
    due_at: int | None
    try_id: str | None
    failures: int
    code: int | None
    disposition: str
    detail: str


class OneTry(NamedTuple):
    """A try as the database has it."""

    id: str
    follow_up_id: int
    to_number: str
    channel: str
    state: str
    message_sid: str | None
    look_at: int | None


_ROWS: Final = f"SELECT {', '.join(Row._fields)} FROM follow_up"
_TRIES: Final = f"SELECT {', '.join(OneTry._fields)} FROM message_try"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A message that the messenger really took, and of which follow-up it is."""

    message: Message
    follow_up_id: int
    local_day: str


class MessageJudge:
    """Watches the follow-ups of one town. `fail` is told what went wrong."""

    def __init__(self, town: Town, coverage: Coverage, fail: Callable[[str], None]) -> None:
        self._town = town
        self._coverage = coverage
        self._fail = fail
        self._resends = town.environment["FOLLOW_UP_AMBIGUOUS"] == "resend"
        self._per_day = int(town.environment["FOLLOW_UP_PER_DAY"])
        self._quiet = town.environment["FOLLOW_UP_QUIET_HOURS"]
        wanted = town.environment.get("FOLLOW_UP_ON", "").split(",")
        self._wanted = FOLLOW_UP_ON if wanted == [""] else wanted
        self._rows: dict[int, Row] = {}
        self._tries: dict[str, OneTry] = {}
        self._listed: frozenset[str] = frozenset()
        self._dialing: frozenset[int] = frozenset()
        self._taken: dict[str, _Taken] = {}
        self._taken_of: defaultdict[int, list[_Taken]] = defaultdict(list)
        self._of_sid: dict[str, str] = {}
        self._in_doubt: set[int] = set()
        self._left_out: set[int] = set()
        self._stopped: dict[str, float] = {}
        self._let_back: set[str] = set()
        self._ears = HearingJudge(town, coverage, fail)
        self._paused_at: float | None = None
        self._resuming = 0
        self._wrong_by_s = 0.0
        self._failed_whole: list[Batch] = []

    @property
    def _jumped(self) -> bool:
        """Tell whether the engine's wall clock was ever set wrong."""
        return self._wrong_by_s > 0

    # What operators ask for and are told.

    def asked(self, args: Mapping[str, Any]) -> None:
        """Note what an operator asks for: from now on it may happen."""
        match args["act"]:
            case "resume":
                self._resuming += 1
                self._paused_at = None
            case "wish" if args["wish"] == "retry":
                self._in_doubt.update(args["messages"])
            case "wish" if args["wish"] == "skip":
                self._left_out.update(args["messages"])
            case "unsuppress":
                self._stopped.pop(args["number"], None)
                self._let_back.add(args["number"])
                self._ears.let_back(args["number"])

    def answered(self, args: Mapping[str, Any], *, done: bool) -> None:
        """Note what became of it: what was done holds from now on."""
        match args["act"]:
            case "resume":
                self._resuming -= 1
                self._paused_at = None
            case "pause" if done and not self._resuming:
                self._paused_at = self._now()
            case "suppress" if done:
                self._stops(args["number"])
            case "unsuppress":
                self._let_back.discard(args["number"])
                self._ears.let_back(args["number"])

    def _stops(self, number: str) -> None:
        """Hold that a number is never called or written to from now on."""
        if number in self._let_back:
            return
        if number not in self._listed:
            self._fail(f"P4: {number} asked to be left alone, and is not on the list")
        self._stopped.setdefault(number, self._now())

    def heard(self, delivery: Delivery) -> None:
        """Note that the engine has acknowledged what a person wrote."""
        if delivery.kind is not WebhookKind.INBOUND_MESSAGE:
            return
        if delivery.is_forged:
            self._fail("P7: a message that nobody signed was acknowledged")
        form = {name: given[0] for name, given in parse_qs(delivery.body.decode()).items()}
        number = form["From"].removeprefix("whatsapp:")
        if number not in self._listed and self._ears.was_let_back(form["MessageSid"], number):
            return
        if form["Body"] in STOP_WORDS:
            self._stops(number)

    def started(self, life: Life) -> None:
        """Look at an engine that has just started."""
        if self._paused_at is not None and not life.parts.follow_ups.desk.paused:
            self._fail("P4: the pause of the follow-ups is forgotten after a restart")
        left = [row.id for row in self._rows.values() if row.state == "sending"]
        if left:
            self._fail(f"P3: after a start nobody waits for the answers about messages {left}")

    def _now(self) -> float:
        return self._town.clock.steady_s()

    # What it sees: a message that is really taken, a batch that fails before anybody is rung.

    def failed_whole(self, batch: Batch) -> None:
        """Note that all calls of a batch have ended, although no phone has rung."""
        self._failed_whole.append(batch)

    def took(self, message: Message) -> None:
        """Judge a message at the moment when the messenger takes it."""
        name = str(self._town.network.asked_by)
        record = self._record(name)
        if record is None:
            self._fail(f"P3: a message of the try {name!r} was taken without a record of it")
            return
        follow_up_id, number, state, channel = record
        if message.order.reference not in (None, name):
            self._fail(f"P3: a message of {name} is named {message.order.reference}")
        if message.order.number != number or str(message.order.channel) != channel:
            self._fail(f"P3: the message {follow_up_id} went to somebody else, or elsewhere")
        template = message.order.template
        if template is not None and template.placeholders - set(message.order.variables):
            self._fail(f"the message {follow_up_id} left with gaps: the person reads its samples")
        if name in self._taken:
            self._fail(f"P3: the try {name} was taken twice")
        if state == "not_sent" and follow_up_id not in self._in_doubt:
            self._fail(f"P3: the try {name} was taken although it was given up")
        taken = _Taken(message, follow_up_id, self._local_day(number))
        self._judge_once(taken)
        self._judge_pause(follow_up_id)
        self._judge_stop(number)
        self._judge_person(taken)
        self._taken[name] = taken
        self._taken_of[follow_up_id].append(taken)
        self._of_sid[message.sid] = name

    def _record(self, name: str) -> tuple[int, str, str, str] | None:
        with suppress(sqlite3.Error):
            path = f"file:{self._town.folder}/voiceslot.db?mode=ro"
            reader = sqlite3.connect(path, uri=True)
            try:
                row = reader.execute(_RECORD, (name,)).fetchone()
                return None if row is None else (int(row[0]), *map(str, row[1:]))  # type: ignore[return-value]
            finally:
                reader.close()
        return None

    def _judge_once(self, taken: _Taken) -> None:
        """P3: a person gets another message after a call only where the earlier one was lost."""
        before = [one for one in self._taken_of[taken.follow_up_id] if not _is_lost(one.message)]
        if not before or taken.follow_up_id in self._in_doubt:
            return
        if self._resends and len(before) == 1:
            return
        status = before[-1].message.status
        self._fail(f"P3: a second message {taken.follow_up_id}, and the first one is {status}")

    def _judge_stop(self, number: str) -> None:
        """P5: whoever wants no messages gets none that has not left by then."""
        since_s = self._stopped.get(number)
        if since_s is not None and self._now() > since_s + _PAUSE_S:
            late_s = self._now() - since_s
            self._fail(f"P5: {number} gets a message {late_s:.1f} s after it wanted none")

    def _judge_pause(self, follow_up_id: int) -> None:
        now = self._now()
        if self._paused_at is not None and now > self._paused_at + _PAUSE_S:
            since_s = now - self._paused_at
            self._fail(f"P6: the message {follow_up_id} was sent {since_s:.1f} s after a pause")

    def _judge_person(self, taken: _Taken) -> None:
        number = taken.message.order.number
        if self._jumped:
            return
        if self._is_quiet(number):
            self._fail(f"P5: the message {taken.follow_up_id} was sent in {number}'s quiet hours")
        others = {
            one.follow_up_id
            for one in self._taken.values()
            if one.message.order.number == number
            and one.local_day == taken.local_day
            and one.follow_up_id not in (taken.follow_up_id, *self._in_doubt)
            and not _is_lost(one.message)
        }
        if 0 < self._per_day <= len(others) and not self._resends:
            self._fail(f"P5: {number} has {len(others)} messages today, and gets another")

    def _local(self, number: str) -> datetime:
        zone = _ZONE if number.startswith(_AT_HOME) else UTC
        return datetime.fromtimestamp(self._town.now_s(), UTC).astimezone(zone)

    def _local_day(self, number: str) -> str:
        return self._local(number).date().isoformat()

    def _is_quiet(self, number: str) -> bool:
        if self._quiet == "none" or not number.startswith(_AT_HOME):
            return False
        begins, ends = self._quiet.split("-")
        moment = self._local(number).strftime("%H:%M")
        return begins <= moment < ends if begins < ends else moment >= begins or moment < ends

    # What it sees: a commit.

    def committed(self, db: sqlite3.Connection) -> None:
        """Judge what the database holds after a transaction."""
        if not getattr(db, "has_messages", False):
            if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'batch_check'").fetchone():
                return
            for statement in _WATCH:
                db.execute(statement)
            db.has_messages = True  # type: ignore[attr-defined]
        self._wrong_by_s = max(self._wrong_by_s, abs(self._town.clock.set_by_s))
        moved = db.execute("SELECT id, old, new FROM message_moved").fetchall()
        if moved:
            db.execute("DELETE FROM message_moved")
        rows = {row[0]: Row(*row) for row in db.execute(_ROWS)}
        tries = {row[0]: OneTry(*row) for row in db.execute(_TRIES)}
        listed = frozenset(row[0] for row in db.execute("SELECT number FROM suppression"))
        self._judge_rows(db, rows, listed)
        for follow_up_id, old, new in moved:
            self._coverage.move(f"message {old}", f"message {new}")
            if (old, new) not in MESSAGE_MOVES:
                self._fail(f"message {follow_up_id} went from {old} to {new}: no such transition")
        self._judge_tries(tries)
        self._judge_listed(db, rows, listed)
        self._judge_counters(db, rows, listed)
        self._rows, self._tries, self._listed = rows, tries, listed
        for number in self._ears.committed(db, self._let_back):
            self._stops(number)

    def _judge_rows(
        self, db: sqlite3.Connection, rows: dict[int, Row], listed: frozenset[str]
    ) -> None:
        """Every ended call of ours has its row at once; no call has two; no stranger has one."""
        if rows.keys() < self._rows.keys():
            self._fail("P3: a message has vanished")
        forgotten = [row[0] for row in db.execute(_UNFOLLOWED)]
        if forgotten:
            self._fail(f"P3: the calls {forgotten} have ended, and there are no messages for them")
        named = Counter(row.conversation_id for row in rows.values() if row.conversation_id)
        doubled = [name for name, count in named.items() if count > 1]
        if doubled:
            self._fail(f"P3: the conversations {doubled} have two messages each")
        for row in rows.values():
            if row.call_id is None and row.batch_id not in self._town.world.batches.all:
                self._fail(f"P3: the message {row.id} is after no call of ours and of no batch")
            if self._rows.get(row.id) == row:
                continue
            if row.state == "skipped":
                self._judge_skip(row, listed)
            if row.state == "failed":
                self._judge_failure(row)

    def _judge_failure(self, row: Row) -> None:
        """Nobody's message is lost to a template that somebody may mend."""
        if row.code in _STOPPED_TEMPLATES:
            self._fail(f"P3: the message {row.id} is lost to a template that is stopped")

    def _judge_skip(self, row: Row, listed: frozenset[str]) -> None:
        """Nobody is left out for a reason that does not hold."""
        if self._jumped:
            return
        holds = {
            "not_wanted": self._is_not_wanted(row),
            "suppressed": row.to_number in listed,
            "already_today": self._per_day > 0,
            "timezone_unknown": not row.to_number.startswith(_AT_HOME),
            "by_operator": row.id in self._left_out,
        }
        if not holds.get(row.skipped_for or "", False):
            self._fail(f"P3: the message {row.id} is left out for {row.skipped_for}, and why?")

    def _is_not_wanted(self, row: Row) -> bool:
        """Tell whether a call went so that nobody wants a message after it.

        What is said of it while the platform has no conversation, nobody can check.
        """
        call = self._town.world.by_id.get(row.conversation_id or "")
        truth = row.disposition if call is None or call.outcome is None else str(call.outcome)
        return row.disposition not in self._wanted and truth not in self._wanted

    def _judge_tries(self, tries: dict[str, OneTry]) -> None:
        for one in tries.values():
            known = self._tries.get(one.id)
            if known == one:
                continue
            if known is None and (one.to_number in self._listed or one.to_number in self._stopped):
                self._fail(f"P5: {one.to_number} wants no messages, and one is being sent")
            if known is not None and _RANKS[one.state] < _RANKS[known.state]:
                self._fail(f"the try {one.id} went back from {known.state} to {one.state}")
            self._judge_belief(one)

    def _judge_belief(self, one: OneTry) -> None:
        """See that what is believed of a try is true, as far as it can be known."""
        taken = self._taken.get(one.id)
        waived = self._resends or one.follow_up_id in self._in_doubt
        if one.state == "not_sent" and taken is not None and not waived:
            self._fail(f"P3: the try {one.id} is held not to be sent, but it was taken")
        if one.message_sid is None:
            return
        message = self._town.world.messenger.by_sid.get(one.message_sid)
        if message is None:
            self._fail(f"the try {one.id} is a message that there is not")
            return
        if message.order.number != one.to_number or str(message.order.channel) != one.channel:
            self._fail(f"P3: the try {one.id} is taken for a message to somebody else")
        seen = {status for status, _ in message.history}
        believed = {
            "delivered": {MessageStatus.DELIVERED, MessageStatus.READ},
            "read": {MessageStatus.READ},
            "failed": _LOST,
        }.get(one.state, seen)
        if not seen & believed:
            self._fail(f"the try {one.id} is held to be {one.state}, but is {message.status}")

    def _judge_listed(
        self, db: sqlite3.Connection, rows: dict[int, Row], listed: frozenset[str]
    ) -> None:
        """P5: with a number all that waits for it goes, and nobody on the list is dialled.

        A call that is asked for later, maybe in the same commit, goes when its turn comes.
        """
        for number in listed - self._listed:
            open_rows = [
                row.id
                for row in rows.values()
                if row.to_number == number and row.state in ("due", "blocked")
            ]
            queued = db.execute(
                "SELECT call.id FROM call JOIN suppression ON suppression.number = to_number "
                "WHERE to_number = ? AND state = 'queued' AND call.created_at < suppression.at",
                (number,),
            ).fetchall()
            if open_rows or queued:
                self._fail(f"P5: {number} is on the list; {open_rows} and {queued} still wait")
        dialing = db.execute("SELECT id, to_number FROM call WHERE state = 'dialing'").fetchall()
        for call_id, number in dialing:
            if call_id not in self._dialing and number in listed & self._listed:
                self._fail(f"P5: call {call_id} is dialled, {number} wants no calls")
        self._dialing = frozenset(row[0] for row in dialing)
        forgotten = {number for number in self._stopped if number not in listed}
        if forgotten:
            self._fail(f"P4: {sorted(forgotten)} asked to be left alone, which is forgotten")

    def _judge_counters(
        self, db: sqlite3.Connection, rows: dict[int, Row], listed: frozenset[str]
    ) -> None:
        counted: Counter[tuple[str, str]] = Counter()
        batches: Counter[tuple[str, str]] = Counter()
        for row in rows.values():
            counted["message_state", row.state] += 1
            if row.batch_id:
                batches[row.batch_id, row.state] += 1
            for kind, name in (
                ("message_wait", row.waits_for),
                ("message_skip", row.skipped_for),
                ("message_block", row.blocked_for),
                ("message_code", row.code if row.state == "failed" else None),
            ):
                if name is not None:
                    counted[kind, str(name)] += 1
        counted["suppressed", ""] = len(listed)
        kinds = "kind LIKE 'message_%' OR kind = 'suppressed'"
        kept = {
            (kind, name): n
            for kind, name, n in db.execute(f"SELECT kind, name, n FROM counter WHERE {kinds}")
        }
        of_batches = {
            (batch_id, state): n
            for batch_id, state, n in db.execute("SELECT batch_id, state, n FROM batch_counter")
        }
        for words, have, want in (("counter", kept, counted), ("batch", of_batches, batches)):
            for key in {*have, *want}:
                if have.get(key, 0) != want[key]:
                    self._fail(f"the {words} {key} says {have.get(key, 0)}, there are {want[key]}")

    # What it is asked at the end.

    def unsettled(self, healed_for_s: float) -> str:
        """Say what about the messages must still come to something by itself, or nothing."""
        for row in self._rows.values():
            why = self._open(row, healed_for_s)
            if why:
                return f"message {row.id} is {row.state}, waits for {row.waits_for}: {why}"
        return self._forgotten() or self._ears.unheard()

    def _open(self, row: Row, healed_for_s: float) -> str:
        one = self._tries.get(row.try_id or "")
        match row.state:
            case "due":
                due = row.due_at is not None and row.waits_for is not None
                return "" if due and self._is_later(row.due_at) else "it is due"
            case "sending":
                return "nobody knows what became of it"
            case "blocked":
                released = row.failures >= _RELEASES_MAX
                return "" if released else "the template is approved"
            case "ambiguous":
                return self._findable(one, healed_for_s)
            case "accepted" | "sent":
                return self._behind(one)
            case _:
                return ""

    def _is_later(self, at: int | None) -> bool:
        return at is not None and at / 1000 > self._town.clock.now() / 1000 + _SOON_S

    def _findable(self, one: OneTry | None, healed_for_s: float) -> str:
        """Say that a message in doubt must be found; its twin to the same person may hide it."""
        assert one is not None
        if one.id not in self._taken:
            return "it is to be sent again" if self._resends and healed_for_s < 300 else ""
        twins = [
            other.id
            for other in self._tries.values()
            if (other.to_number, other.channel) == (one.to_number, one.channel)
            and other.id != one.id
            and self._of_sid.get(other.message_sid or "") != other.id
            and (other.state in ("ambiguous", "not_sent") or other.message_sid is not None)
        ]
        if twins or (healed_for_s > _FOUND_WITHIN_S and self._jumped):
            return ""
        return "the messenger has it"

    def _behind(self, one: OneTry | None) -> str:
        """Say that we have not heard what became of a message, and will hear soon."""
        assert one is not None
        message = self._town.world.messenger.by_sid[one.message_sid or ""]
        if message.status in _STANDING[one.state] or self._is_later(one.look_at):
            return ""
        return f"the messenger says {message.status}"

    def _forgotten(self) -> str:
        """Name somebody whose call in a batch has ended and who has no row."""
        by_conversation = {row.conversation_id for row in self._rows.values()}
        by_place = {
            (row.batch_id, row.to_number)
            for row in self._rows.values()
            if row.conversation_id is None
        }
        for recipient in self._recipients():
            named = recipient.conversation_id
            if recipient.status is RecipientStatus.CANCELLED and named is None:
                continue
            place = recipient.batch_id, recipient.phone_number
            if place not in by_place and (named is None or named not in by_conversation):
                return f"{recipient.phone_number} of {recipient.batch_id} has no message"
        return ""

    def _recipients(self) -> Iterable[BatchRecipient]:
        for batch in self._town.world.batches.all.values():
            for one in batch.recipients:
                if one.status in _ENDED or one.status is RecipientStatus.CANCELLED:
                    yield one

    def missing(self) -> None:
        """Judge at the end whether a call in a batch has more messages than it had ends."""
        ends: Counter[tuple[str, str]] = Counter()
        for call in self._town.world.calls:
            if call.recipient is not None:
                ends[call.recipient.batch_id, call.recipient.phone_number] += 1
        for batch in self._failed_whole:
            ends.update((one.batch_id, one.phone_number) for one in batch.recipients)
        counted = Counter((row.batch_id, row.to_number) for row in self._rows.values())
        for place, count in counted.items():
            if place[0] and count > ends[place]:
                self._fail(f"P3: {place} has {count} messages after {ends[place]} calls")


def _is_lost(message: Message) -> bool:
    """Tell whether a message was taken, and will certainly never arrive."""
    return message.status in _LOST
