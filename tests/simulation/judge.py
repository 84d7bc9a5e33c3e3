"""The judge: what must hold at every dial, every commit and every answer, by the world's own truth.

It shares no rule with the engine. What is legal stands here once more, written down from the
promises; whom we rang and who talks is read from the world, what we believe from the database after
each commit. The first violation ends the story.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any, Final

from tests.simulation.coverage import Coverage
from tests.simulation.message_judge import MessageJudge
from tests.simulation.town import Life, Town
from voiceslot_tui.core.snapshot import Slots
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.simulator.batches import Batch
from voiceslot_tui.simulator.calls import Call
from voiceslot_tui.simulator.correspondents import Correspondent
from voiceslot_tui.simulator.messages import Message
from voiceslot_tui.simulator.webhooks import Delivery
from voiceslot_tui.simulator.words import MESSAGE_NEWS, Outcome, Owner

LEGAL_MOVES: Final = frozenset(
    {
        ("queued", "dialing"),
        ("queued", "cancelled"),
        ("queued", "ended"),
        ("queued", "suppressed"),
        ("dialing", "live"),
        ("dialing", "queued"),
        ("dialing", "cancelled"),
        ("dialing", "refused"),
        ("dialing", "uncertain"),
        ("dialing", "wrapping_up"),
        ("uncertain", "live"),
        ("uncertain", "queued"),
        ("uncertain", "cancelled"),
        ("uncertain", "unknown"),
        ("uncertain", "wrapping_up"),
        ("live", "wrapping_up"),
        ("live", "unknown"),
        ("unknown", "live"),
        ("unknown", "ended"),
        ("unknown", "queued"),
        ("unknown", "cancelled"),
        ("unknown", "wrapping_up"),
        ("wrapping_up", "ended"),
        ("wrapping_up", "queued"),
        ("cancelled", "queued"),
    }
)
_THROUGH_WRAPPING_UP: Final = frozenset(
    product(("dialing", "uncertain", "live", "unknown"), ("ended", "queued"))
)
"""What one piece of news may do at once: the call is over, and its outcome known."""
_HOLDS: Final = frozenset({"dialing", "uncertain", "live"})
_TO_BE_HEARD: Final = _HOLDS | {"wrapping_up", "unknown"}
_IN_DOUBT: Final = frozenset({"release", "confirm_dialled", "confirm_not_dialled"})
"""Wishes by which an operator answers for what happens next."""
_PAUSE_S: Final = 2.0
"""P6: no dial starts later than so long after a pause was acknowledged. A request that had left by
then may be a second on its way, where the network is slow."""
_ON_ITS_WAY_S: Final = 15.0
"""A call that was reserved before a wish was acknowledged may still be dialled for so long."""
_READING_S: Final = 15.0
_POLLS: Final = 5
_MARGIN_S: Final = 12.0
_WATCH: Final = (
    "CREATE TEMP TABLE moved (id INTEGER, old TEXT, new TEXT, attempt TEXT, held INTEGER)",
    """CREATE TEMP TRIGGER watch_state AFTER UPDATE OF state, holding ON call
    WHEN old.state <> new.state OR old.holding <> new.holding BEGIN
    INSERT INTO moved VALUES (old.id, old.state, new.state, old.attempt_id, new.holding); END""",
)
_MOVED: Final = (
    "SELECT moved.id, old, new, attempt, held, attempt.state FROM moved "
    "LEFT JOIN attempt ON attempt.id = moved.attempt ORDER BY moved.rowid"
)
_ROWS: Final = "SELECT id, state, hold, holding, nprio, position, attempt_id, changed_at FROM call"
_COUNTERS: Final = (
    "SELECT kind, name, n FROM counter WHERE kind IN ('state', 'hold', 'holding') AND n <> 0"
)
_RECORD: Final = (
    "SELECT call.id, call.max_attempts FROM attempt JOIN call ON call.id = attempt.call_id "
    "WHERE attempt.id = ?"
)

Row = tuple[int, str, str | None, int, int, int, str | None, int]


def _resumes(args: Mapping[str, Any]) -> bool:
    """Tell whether an act may let the engine dial again."""
    return args["act"] in ("resume", "take_back")


class Violation(AssertionError):
    """A promise was broken; the text says which, when and how."""


class Judge:
    """Watches one town. `first` is the first violation, None while all is well."""

    def __init__(self, town: Town, coverage: Coverage) -> None:
        self.first: str | None = None
        self.coverage = coverage
        self.digest = hashlib.sha256()
        self.lists_lied = False
        self.disk_well_since_s = 0.0
        self._town = town
        self._limits: set[int] = {int(town.environment["ELEVENLABS_CONCURRENCY_LIMIT"])}
        self._former_limits: list[tuple[float, int]] = []
        self._configured = next(iter(self._limits))
        self._requeues = town.environment["UNKNOWN_CALLS"] == "requeue"
        self._dials_of: defaultdict[int, list[Call]] = defaultdict(list)
        self._attempts: set[str] = set()
        self._doubtful: set[int] = set()
        self._kept_back: dict[int, float] = {}
        self._paused_at: float | None = None
        self._resuming = 0
        self._orders: dict[str, str] = {}
        self._rows: dict[int, Row] = {}
        self._heard_of: set[str] = set()
        self._changes = -1
        self.messages: MessageJudge | None = None
        if town.environment.get("TWILIO_WHATSAPP_NUMBER"):
            self.messages = MessageJudge(town, coverage, self.fail)

    # What it is told of the town.

    @property
    def list_lag_s(self) -> float:
        """Give how late the lists may be as the settings have it."""
        return float(self._town.environment["LIST_LAG_S"])

    @property
    def limits(self) -> frozenset[int]:
        """Give the limits that may be in force."""
        return frozenset(self._limits)

    @property
    def orders_told(self) -> int:
        """Count the orders whose producers were told that they are safe."""
        return len(self._orders)

    def not_dialled(self, call_id: int) -> None:
        """Learn that an operator said, truly, that a call was not dialled."""
        self._let_go([call_id])

    def fail(self, words: str) -> None:
        """Say that a promise was broken; only the first time counts."""
        if self.first is None:
            self.first = f"at {self._now():.3f} s: {words}"

    def lists_lie(self) -> None:
        """Learn that the lists are worse than the settings say: not all can be found by them."""
        self.lists_lied = True

    def disk_is_well(self, since_s: float) -> None:
        """Learn that the disk works again."""
        self.disk_well_since_s = since_s

    def limit_is(self, configured: int) -> None:
        """Learn that the engine is started with another limit in its settings."""
        if configured != self._configured:
            self._configured = configured
            self._limit_set(configured)

    # What operators ask for and are told.

    def asked(self, args: Mapping[str, Any]) -> None:
        """Note what an operator asks for: from now on it may happen."""
        if args["act"] == "limit":
            self._limits.add(args["limit"])
        if _resumes(args):
            self._resuming += 1
            self._paused_at = None
        if args.get("wish") in _IN_DOUBT:
            self._doubtful.update(args["calls"])
        if args.get("wish") in ("undo_cancel", "unpark"):
            self._let_go(args["calls"])

    def takes_back(self, undo: Sequence[Undo]) -> None:
        """Note that an operator takes something back."""
        for act in undo:
            if act.limit is not None:
                self._limits.add(act.limit)
            if act.wish is not None:
                self.asked({"act": "wish", "wish": str(act.wish), "calls": act.call_ids})

    def told(self, args: Mapping[str, Any], done: Done) -> None:
        """Note what an operator was told: from now on it must hold."""
        if args["act"] == "pause" and not self._resuming:
            self._paused_at = self._now()
        if args["act"] == "limit":
            self._limit_set(args["limit"])
        if args.get("wish") in ("cancel", "park"):
            self._kept_back.update(dict.fromkeys(done.changed, self._now()))

    def answered(self, args: Mapping[str, Any]) -> None:
        """Note that an operator waits for nothing any more, whatever became of the act."""
        if _resumes(args):
            self._resuming -= 1
            self._paused_at = None

    def accepted(self, key: str, call_id: str) -> None:
        """Note that a producer was told that its order is safe, under a name."""
        if self._orders.setdefault(key, call_id) != call_id:
            self.fail(f"P4: the order {key} is two calls: {self._orders[key]} and {call_id}")

    def started(self, life: Life) -> None:
        """Look at an engine that has just started."""
        if self._paused_at is not None and not life.parts.board.paused:
            self.fail("P4: the pause was acknowledged and is forgotten after a restart")
        if self.messages is not None:
            self.messages.started(life)
        left = [row[0] for row in self._rows.values() if row[1] == "dialing"]
        if left:
            self.fail(f"P9: after a start nobody waits for the answers of the dials of {left}")

    def _let_go(self, call_ids: Sequence[int]) -> None:
        for call_id in call_ids:
            self._kept_back.pop(call_id, None)

    def _limit_set(self, limit: int) -> None:
        until_s = self._now() + _ON_ITS_WAY_S
        self._former_limits += [(until_s, former) for former in self._limits]
        self._limits = {limit}

    def _now(self) -> float:
        return self._town.clock.steady_s()

    # What it sees: a phone that begins to ring.

    def rang(self, call: Call) -> None:
        """Judge a dial at the moment when the phone begins to ring."""
        if call.order.owner is Owner.OWN:
            self._judge_dial(call)

    def _judge_dial(self, call: Call) -> None:
        self.digest.update(f"{self._now():.6f} {call.attempt_id} rings".encode())
        attempt = call.attempt_id or ""
        record = self._record(attempt)
        if record is None:
            self.fail(f"P1: {attempt!r} was dialled without a record of it")
            return
        if attempt in self._attempts:
            self.fail(f"P1: the attempt {attempt} was dialled twice")
        self._attempts.add(attempt)
        call_id, attempts_max = record
        self._judge_person(call, call_id, attempts_max)
        self._dials_of[call_id].append(call)
        self._judge_wishes(call_id)
        self._judge_slots(call_id)

    def _record(self, attempt: str) -> tuple[int, int] | None:
        with suppress(sqlite3.Error):
            reader = sqlite3.connect(f"file:{self._town.folder}/voiceslot.db?mode=ro", uri=True)
            try:
                row = reader.execute(_RECORD, (attempt,)).fetchone()
                return None if row is None else (int(row[0]), int(row[1]))
            finally:
                reader.close()
        return None

    def _judge_person(self, call: Call, call_id: int, attempts_max: int) -> None:
        before = self._dials_of[call_id]
        if self._requeues or call_id in self._doubtful:
            return
        if len(before) >= attempts_max:
            self.fail(f"P1: call {call_id} was rung {len(before) + 1} times, of {attempts_max}")
        if any(one.outcome is Outcome.ANSWERED for one in before):
            self.fail(f"P1: call {call_id} is rung again although it was answered")
        for other in self._own_live():
            if other.order.to_number == call.order.to_number and other is not call:
                self.fail(f"P1: call {call_id} rings somebody who is on the phone with us")

    def _own_live(self) -> list[Call]:
        """Give the calls of ours whose phones are not hung up, without those in doubt."""
        doubtful = {one.sequence for call_id in self._doubtful for one in self._dials_of[call_id]}
        return [
            call
            for call in self._town.world.live.values()
            if call.order.owner is Owner.OWN
            and call.hung_up_at is None
            and call.sequence not in doubtful
        ]

    def _judge_wishes(self, call_id: int) -> None:
        now = self._now()
        if self._paused_at is not None and now > self._paused_at + _PAUSE_S:
            self.fail(f"P6: call {call_id} was dialled {now - self._paused_at:.1f} s after a pause")
        since = self._kept_back.get(call_id)
        if since is not None and now > since + _PAUSE_S:
            self.fail(f"P4: call {call_id} was dialled {now - since:.1f} s after it was kept back")

    def _judge_slots(self, call_id: int) -> None:
        now = self._now()
        former = [limit for until_s, limit in self._former_limits if now <= until_s]
        limit = max((*self._limits, *former))
        reserve = int(self._town.environment["SLOT_RESERVE"])
        ours = len(self._own_live())
        if self._requeues:
            return
        if ours > limit - reserve:
            self.fail(f"P2: call {call_id} makes {ours} of ours live at a limit of {limit}")
        foreign = self._long_foreign()
        if foreign and ours + foreign > limit - reserve:
            self.fail(
                f"P2: call {call_id} makes {ours} of ours live beside {foreign} foreign ones, "
                f"known for long, at a limit of {limit}"
            )

    def _long_foreign(self) -> int:
        """Count the foreign calls that every reading we dial on must have shown."""
        environment = self._town.environment
        if self.lists_lied or environment["ELEVENLABS_ACTIVE_COUNT_STRATEGY"] != "conversations":
            return 0
        poll_s = int(environment["POLLING_INTERVAL_MS"]) / 1000
        known_s = max(_READING_S, _POLLS * poll_s) + self.list_lag_s + _MARGIN_S
        since = self._town.now_s() - known_s
        return sum(
            call.order.owner is not Owner.OWN and call.started_at < since
            for call in self._town.world.live.values()
        )

    # What it sees: a commit.

    def committed(self, db: sqlite3.Connection) -> None:
        """Judge what the database holds after a transaction."""
        if not getattr(db, "is_watched", False):
            if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'idempotency'").fetchone():
                return
            for statement in _WATCH:
                db.execute(statement)
            db.is_watched = True  # type: ignore[attr-defined]
            self._changes = -1
        if db.total_changes == self._changes:
            return
        self._changes = db.total_changes
        moved = db.execute(_MOVED).fetchall()
        if moved:
            db.execute("DELETE FROM moved")
        if self.messages is not None:
            self.messages.committed(db)
        self._changes = db.total_changes
        rows = {row[0]: row for row in db.execute(_ROWS)}
        if rows == self._rows:
            return
        self._judge_rows(rows)
        self._judge_news(rows)
        for move in moved:
            self._judge_move(*move)
        self._judge_order(moved, rows)
        self._judge_counters(db, rows)
        self._rows = rows
        self.coverage.states = Counter(row[1] for row in rows.values())

    def _judge_rows(self, rows: dict[int, Row]) -> None:
        gone = self._rows.keys() - rows.keys()
        if gone:
            self.fail(f"P4: calls {sorted(gone)} have vanished")
        lost = {key for key, call_id in self._orders.items() if int(call_id) not in rows}
        if lost:
            self.fail(f"P4: accepted orders {sorted(lost)} are not there")

    def _judge_news(self, rows: dict[int, Row]) -> None:
        """P4: news of an end that was acknowledged is in force, whatever it was faster than."""
        if not self._heard_of:
            return
        for row in rows.values():
            if row[1] == "live" and row[6] in self._heard_of:
                self.fail(f"P4: call {row[0]} is live, its end was told and acknowledged")

    def heard(self, delivery: Delivery) -> None:
        """Note that the engine has acknowledged news of an end, or of a message."""
        if delivery.kind in MESSAGE_NEWS:
            if self.messages is not None:
                self.messages.heard(delivery)
            return
        call = self._town.world.by_id.get(delivery.conversation_id)
        if call is not None and call.attempt_id is not None and not delivery.is_forged:
            self._heard_of.add(call.attempt_id)

    def bursts_heard(self) -> int:
        """Count the calls above the limit whose end the engine knows: each lowers the ceiling."""
        under_way = {row[6] for row in self._rows.values() if row[1] in _TO_BE_HEARD}
        return sum(
            call.is_burst and call.attempt_id not in under_way for call in self._town.world.ended
        )

    def dares_too_little(self, slots: Slots, ends: int) -> None:
        """Judge the ceiling after so many ends without a refusal: it must have grown back."""
        if ends > slots.limit**2 and slots.effective < slots.limit:
            self.fail(f"P9: {slots.effective} of {slots.limit} slots are dared after {ends} ends")

    def counts_phantoms(self, foreign: int) -> None:
        """Judge, long after the trouble, how many foreign calls the engine still counts."""
        others = [c for c in self._town.world.live.values() if c.order.owner is not Owner.OWN]
        if foreign > len(others):
            self.fail(f"P9: {foreign} foreign calls are counted, there are {len(others)}")

    def _judge_move(
        self, call_id: int, old: str, new: str, attempt: str, held: int, became: str | None
    ) -> None:
        self.digest.update(f"{self._now():.6f} {call_id} {old} {new} {attempt}".encode())
        over = self._is_over(attempt)
        if old != new:
            # An operator's word closes an attempt, too, but not before its call is unknown.
            at_once = became == "over" and old in _HOLDS and (old, new) in _THROUGH_WRAPPING_UP
            self.coverage.move(old, new, through="wrapping_up" if at_once else None)
            if (old, new) not in LEGAL_MOVES | _THROUGH_WRAPPING_UP:
                self.fail(f"call {call_id} went from {old} to {new}: no such transition")
        if call_id in self._doubtful or self._requeues:
            return
        if not held and (old in _HOLDS or old == "unknown") and over is False:
            self.fail(f"P2: call {call_id} gave up its slot ({old} to {new}) while it talks")
        if old in _HOLDS and new in ("queued", "cancelled", "refused") and over is not None:
            outcome = self._town.world.by_attempt[attempt][-1].outcome
            if new != "queued" or outcome is Outcome.ANSWERED:
                self.fail(f"P1: call {call_id} is {new} although it was dialled ({outcome})")
        if new in ("wrapping_up", "ended") and old in _HOLDS and over is None:
            self.fail(f"call {call_id} is {new} although it was never dialled")
        # One that gave up its slot could not be searched for; that it is over was judged above.
        not_found = new == "unknown" and old == "uncertain" and bool(held)
        if not_found and over is not None and not self.lists_lied:
            self.fail(f"call {call_id} is unknown although the lists have it")

    def _is_over(self, attempt: str | None) -> bool | None:
        """Tell whether an attempt's call is over; None where the platform has none."""
        calls = self._town.world.by_attempt.get(attempt or "", [])
        return all(call.hung_up_at is not None for call in calls) if calls else None

    def _judge_order(self, moved: list[Any], rows: dict[int, Row]) -> None:
        """Priority, then first in first out: nobody is passed over who was ready before.

        Whoever has changed as well may have been held, and let go again, in the same commit.
        """
        dialled = [
            self._rows[m[0]]
            for m in moved
            if m[1:3] == ("queued", "dialing") and m[0] in self._rows
        ]
        if not dialled:
            return
        last = max((row[4], row[5], row[0]) for row in dialled)
        for row in rows.values():
            ready = row[1] == "queued" and row[2] is None and self._rows.get(row[0]) == row
            if ready and (row[4], row[5], row[0]) < last:
                self.fail(f"call {row[0]} was passed over by {[d[0] for d in dialled]}")

    def _judge_counters(self, db: sqlite3.Connection, rows: dict[int, Row]) -> None:
        kept = {(kind, name): n for kind, name, n in db.execute(_COUNTERS)}
        counted: Counter[tuple[str, str]] = Counter()
        for _, state, hold, holding, *_ in rows.values():
            counted["state", state] += 1
            if state == "queued" and hold is not None:
                counted["hold", hold] += 1
            counted["holding", ""] += holding
        for kind, name in {*kept, *counted}:
            if kept.get((kind, name), 0) != counted[kind, name]:
                self.fail(
                    f"the counter {kind} {name} says {kept.get((kind, name), 0)}, "
                    f"there are {counted[kind, name]}"
                )

    # What it is asked.

    def never_rang(self, attempt: str) -> bool:
        """Tell whether the platform has never heard of an attempt."""
        return self._is_over(attempt) is None

    def missing(self, orders: int) -> None:
        """Judge at the end whether every order was accepted, once."""
        if len(self._orders) != orders:
            self.fail(f"P9: {orders} orders were repeated until told, {len(self._orders)} were")
        if len(set(self._orders.values())) != len(self._orders):
            self.fail("P4: two orders are one call")
        if len(self._rows) > orders:
            self.fail(f"P4: {orders} orders have become {len(self._rows)} calls")
        if self.messages is not None:
            self.messages.missing()

    def watch(self, fire: Callable[[str], None]) -> None:
        """Begin to see the world's dials and the database's commits."""
        truth, dial_began = self._town.world.truth, self._town.world.truth.dial_began

        def seen(call: Call) -> None:
            dial_began(call)
            self.rang(call)

        truth.dial_began = seen  # type: ignore[method-assign]
        if self.messages is not None:
            self._watch_messages(self.messages)
        self._town.disk.committed = self.committed
        self._town.network.heard = self.heard
        self._town.disk.failed = lambda trouble: fire(f"disk {trouble}")

    def _watch_messages(self, judge: MessageJudge) -> None:
        truth, batches = self._town.world.messenger.truth, self._town.world.batches
        took, fail = truth.took, batches._fail

        def failed(batch: Batch, now: float) -> None:
            fail(batch, now)
            judge.failed_whole(batch)

        def seen(message: Message, person: Correspondent) -> None:
            took(message, person)
            self.digest.update(f"{self._now():.6f} {message.order.to} {message.sid}".encode())
            judge.took(message)

        truth.took = seen  # type: ignore[method-assign]
        batches._fail = failed  # type: ignore[method-assign]
