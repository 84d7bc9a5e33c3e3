"""No query of the engine grows with the queue: the plans, and the steps that SQLite takes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from tests.contract.store.messages import (
    CONTENT,
    MESSAGE_RULES,
    STANDING,
    ended,
    key,
    number_of,
    wrote,
)
from tests.contract.store.stores import (
    ANSWERED,
    NOW,
    RULES,
    accepted,
    gate_of,
    new_call,
    over,
    talk_of,
)
from voiceslot_tui.core.calls import AttemptId, CallId, CallState, ConversationId, Hold, later
from voiceslot_tui.core.facts import Fact, NotTaken, Over, Refusal, Unanswered, Wish, Wished
from voiceslot_tui.core.follow_up_facts import (
    Approval,
    Delivery,
    Failure,
    FollowUpFact,
    FollowUpWish,
    FollowUpWished,
    MessageNews,
    MessageRefused,
    MessagesListed,
    MessageTaken,
    MessageUnanswered,
)
from voiceslot_tui.core.follow_up_pages import FollowUpFilter, FollowUpQuery
from voiceslot_tui.core.follow_up_policy import FollowUpPolicy
from voiceslot_tui.core.follow_ups import (
    Channel,
    FollowUpId,
    FollowUpState,
    MessageSid,
    TryId,
    WaitReason,
)
from voiceslot_tui.core.orders import IdempotencyKey, StartOrder
from voiceslot_tui.core.pages import Filter, PageQuery, Place, Segment
from voiceslot_tui.follow_up_ports import Judgement, Taken
from voiceslot_tui.store import (
    claiming,
    dispatching,
    following_up,
    hearing,
    looking_up,
    message_pages,
    message_upkeep,
    paging,
    queueing,
    reading,
    settling,
    suppressing,
    watching,
)
from voiceslot_tui.store.migrate import migrate

Operation = Callable[[sqlite3.Connection], object]
SMALL, LARGE = 300, 6_000
TWO_NUMBERS = "+5523960000001"
"""A line that is also written without its ninth digit."""


@contextmanager
def filled(path: Path, size: int) -> Iterator[sqlite3.Connection]:
    """Give a database with so many queued calls, and some under way, done and held."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path)
        db.execute("BEGIN")
        key = IdempotencyKey("key", b"digest")
        queueing.add(db, [new_call(n) for n in range(size)], NOW, "producer", key)
        orders = reserve(db, 60, first=0)
        facts: list[Fact] = [accepted(one) for one in orders[:40]]
        facts += [over(one) for one in orders[:20]]
        facts += [Unanswered(one.attempt_id) for one in orders[40:50]]
        for fact in facts:
            settling.settle_one(db, fact, RULES, NOW, "platform")
        for hold in (Hold.RETRY_WAIT, Hold.NUMBER_BUSY_ELSEWHERE, Hold.PLATFORM_DENIED):
            db.execute(
                "UPDATE call SET hold = ?, due_at = ? WHERE id IN "
                "(SELECT id FROM call WHERE state = 'queued' AND hold IS NULL LIMIT ?)",
                (hold, NOW if hold is Hold.RETRY_WAIT else None, size // 6),
            )
        write_messages(db, size)
        db.execute("COMMIT")
        yield db


def write_messages(db: sqlite3.Connection, size: int) -> None:
    """Put so many messages beside the calls: a third due, the others in every other standing."""
    following_up.add_ended(db, [ended(n, ended_at=NOW) for n in range(1, size + 1)], NOW)
    for n in range(size):
        hearing.hear(db, wrote(1, NOW, message=1000 + n), "", NOW, "webhook")
    for sending in take(db, 60).sendings:
        number = int(sending.follow_up.id)
        fact: FollowUpFact = MessageTaken(sending.one_try.id, sid_of(number))
        if number > 20:
            fact = MessageUnanswered(sending.one_try.id)
        if number <= 50:
            tell(fact)(db)
    suppressing.put_on_list(db, number_of(70), "", NOW, "olga")
    for change, taken in (
        ("waits_for = 'paused'", "BETWEEN 61 AND 1000000 AND id % 6 = 1"),
        ("waits_for = 'quiet_hours', due_at = 1e15 + id", "> 60 AND id % 6 = 2"),
        ("state = 'blocked', blocked_for = 'no_template'", "> 60 AND id % 6 = 3"),
        ("state = 'failed', code = 63003, name = ''", "> 60 AND id % 6 = 4"),
    ):
        db.execute(f"UPDATE follow_up SET {change} WHERE state = 'due' AND id {taken}")


def take(db: sqlite3.Connection, count: int, first: int = 0) -> Taken:
    names = (TryId(f"try_{n:06d}") for n in range(first, first + 1000))
    judgement = Judgement(FollowUpPolicy(), STANDING, lambda number: (UTC,))
    return claiming.take_due(db, judgement, names.__next__, count, NOW)


def sid_of(number: int) -> MessageSid:
    return MessageSid(f"SM{number:032d}")


def tell(fact: FollowUpFact) -> Operation:
    return lambda db: following_up.settle_one(db, fact, MESSAGE_RULES, NOW, "messenger")


def message_page(**query: object) -> Operation:
    return lambda db: message_pages.page(db, FollowUpQuery(**query))  # type: ignore[arg-type]


def release(db: sqlite3.Connection) -> object:
    """Tell what is blocked of a template that only one message waits for."""
    db.execute("UPDATE follow_up SET content_sid = ? WHERE state = 'blocked'", (CONTENT,))
    db.execute("UPDATE follow_up SET content_sid = 'HX9' WHERE id = 63")
    return message_upkeep.release_blocked(
        db, CONTENT, Approval.APPROVED, MESSAGE_RULES, NOW, "engine"
    )


def forget(db: sqlite3.Connection) -> object:
    """Forget who wrote: on the channel that everybody wrote on, nothing is old enough."""
    hearing.read_up_to(db, Channel.WHATSAPP, NOW)
    return hearing.forget(db, later(NOW, 8 * 86_400))


def reserve(db: sqlite3.Connection, slots: int, first: int = 1000) -> tuple[StartOrder, ...]:
    names = (AttemptId(f"att_{n:06d}") for n in range(first, first + 1000))
    return dispatching.reserve(db, gate_of(slots), frozenset(), names.__next__, 1860.0, NOW).orders


def order(number: int) -> StartOrder:
    """Give the n-th dial that `filled` made: 20 to 39 are live, 50 to 59 not answered yet."""
    return StartOrder(AttemptId(f"att_{number:06d}"), CallId(number + 1), "", "agent_1", "phnum_1")


def settle(fact: Fact) -> Operation:
    return lambda db: settling.settle_one(db, fact, RULES, NOW, "platform")


def page(**query: object) -> Operation:
    return lambda db: paging.page(db, PageQuery(**query))  # type: ignore[arg-type]


def page_in_the_middle(db: sqlite3.Connection, **query: object) -> object:
    (last,) = db.execute("SELECT max(id) FROM call").fetchone()
    return page(count=50, key=(1, 0, 0, last // 2), **query)(db)


HOT: dict[str, Operation] = {
    "add": lambda db: queueing.add(db, [new_call(1)], NOW, "p", None),
    "add again": lambda db: queueing.add(
        db, [new_call(1)], NOW, "p", IdempotencyKey("key", b"digest")
    ),
    "reserve": lambda db: reserve(db, 70),
    "reserve with no room": lambda db: reserve(db, 1),
    "promote": lambda db: queueing.promote(db, later(NOW, -1)),
    "next due": queueing.next_due,
    "lift denied": lambda db: queueing.lift_denied(db, "agent_1", "phnum_1", 1, NOW),
    "lift denied after another": lambda db: queueing.lift_denied(
        db, "agent_1", "phnum_1", 1, NOW, CallId(3)
    ),
    "denied routes": queueing.denied_routes,
    "move": lambda db: queueing.move(db, [CallId(200)], Place.TOP, NOW, "olga"),
    "move to the bottom": lambda db: queueing.move(db, [CallId(200)], Place.BOTTOM, NOW, "olga"),
    "tidy": lambda db: queueing.tidy(db, NOW),
    "counts": reading.counts,
    "open calls": reading.open_calls,
    "foreign": lambda db: reading.foreign(db, [ConversationId(f"c{n}") for n in range(30)]),
    "control": reading.control,
    "detail": lambda db: reading.detail(db, CallId(1)),
    "calls": lambda db: reading.calls(db, [CallId(1), CallId(200)]),
    "journal": lambda db: reading.journal(db, None, 20),
    "journal since": lambda db: reading.journal_since(db, 5, 20),
    "accepted": settle(accepted(order(50))),
    "not taken": settle(NotTaken(order(50).attempt_id, Refusal.CAPACITY)),
    "over": settle(over(order(20))),
    "over by conversation": settle(Over(talk_of(order(20)), None, None, ANSWERED)),
    "over by carrier": settle(Over(None, None, accepted(order(20)).call_sid, ANSWERED)),
    "news of a stranger": settle(Over(ConversationId("stranger"), None, None, None)),
    "cancel": settle(Wished(CallId(200), Wish.CANCEL, "olga")),
    "first page": page(count=50),
    "last page": page(count=50, backwards=True),
    "page in the middle": page_in_the_middle,
    "page before the middle": lambda db: page_in_the_middle(db, backwards=True, inclusive=True),
    "first page done": page(segment=Segment.DONE, count=50),
    "page of one number": page(count=50, where=Filter(number_prefix="+12025550123")),
    "own end": lambda db: settling.settle_one(
        db, over(order(20)), replace(RULES, follow_up=True), NOW, "platform"
    ),
    "ended": lambda db: following_up.add_ended(db, [ended(90_000, ended_at=NOW)], NOW),
    "ended again": lambda db: following_up.add_ended(db, [ended(7, ended_at=NOW)], NOW),
    "take due": lambda db: take(db, 2, first=9000),
    "wake": lambda db: message_upkeep.wake(db, WaitReason.ACCOUNT),
    "tidy messages": lambda db: message_upkeep.tidy(db, NOW),
    "message taken": tell(MessageTaken(TryId("try_000055"), sid_of(55))),
    "message news": tell(MessageNews(Delivery.READ, None, sid_of(5))),
    "message refused": tell(MessageRefused(TryId("try_000055"), Failure.FINAL, 63003)),
    "messages listed": tell(MessagesListed(TryId("try_000030"), (sid_of(30),))),
    "message left out": tell(FollowUpWished(FollowUpId(200), FollowUpWish.SKIP, "olga")),
    "opted out": tell(MessageRefused(TryId("try_000055"), Failure.OPTED_OUT)),
    "cut off": looking_up.tries_cut_off,
    "look up": lambda db: looking_up.to_look_up(db, 30, later(NOW, 3600)),
    "next look": looking_up.next_look,
    "look again": lambda db: looking_up.look_again(db, [(TryId("try_000005"), NOW)]),
    "known messages": lambda db: looking_up.known_messages(db, [sid_of(n) for n in range(30)]),
    "suppress": lambda db: suppressing.put_on_list(db, number_of(200), "", NOW, "olga"),
    "suppress two numbers": lambda db: suppressing.put_on_list(db, TWO_NUMBERS, "", NOW, "olga"),
    "unsuppress two numbers": lambda db: suppressing.take_off_list(db, TWO_NUMBERS, NOW, "olga"),
    "unsuppress": lambda db: suppressing.take_off_list(db, number_of(70), NOW, "olga"),
    "suppressions": lambda db: suppressing.suppressions(db, "", 50),
    "hear": lambda db: hearing.hear(db, wrote(5, NOW, message=1), "", NOW, "webhook"),
    "hear a line of two numbers": lambda db: hearing.hear(
        db, replace(wrote(5, NOW, message=1), number=TWO_NUMBERS), "", NOW, "webhook"
    ),
    "hear a stop": lambda db: hearing.hear(
        db, wrote(200, NOW, wants_out=True, message=1), "", NOW, "webhook"
    ),
    "unheard": lambda db: hearing.unheard(db, [wrote(1, NOW, message=n) for n in range(30)]),
    "read to": lambda db: hearing.read_to(db, Channel.WHATSAPP),
    "read up to": lambda db: hearing.read_up_to(db, Channel.WHATSAPP, NOW),
    "forget": forget,
    "message counts": message_pages.counts,
    "batch figures": lambda db: watching.figures(db, ["batch_1", "batch_2"]),
    "message detail": lambda db: message_pages.detail(db, FollowUpId(5)),
    "messages named": lambda db: message_pages.named(db, [key(5), key(6)]),
    "messages": message_page(),
    "messages before": message_page(than=FollowUpId(250)),
    "messages after": message_page(than=FollowUpId(50), backwards=True),
    "messages failed": message_page(where=FollowUpFilter(code=63003)),
    "messages of a batch": message_page(
        than=FollowUpId(90), where=FollowUpFilter(batch_id="batch_1")
    ),
    "messages due": message_page(where=FollowUpFilter(states=frozenset({FollowUpState.DUE}))),
}


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[sqlite3.Connection, ...]]:
    folder = tmp_path_factory.mktemp("plans")
    with filled(folder / "small.db", SMALL) as small, filled(folder / "large.db", LARGE) as large:
        yield small, large


@contextmanager
def taken_back(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def plans(db: sqlite3.Connection, operation: Operation) -> list[str]:
    """Give the plan of every statement that an operation executes."""
    statements: list[str] = []
    with taken_back(db):
        db.set_trace_callback(statements.append)
        operation(db)
        db.set_trace_callback(None)
    found: list[str] = []
    for statement in statements:
        if re.match(r"(SELECT|UPDATE|DELETE|INSERT|WITH)", statement):
            found += [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert statements
    return found


def steps(db: sqlite3.Connection, operation: Operation) -> int:
    """Count the virtual machine's instructions of an operation, in tens."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    with taken_back(db):
        db.set_progress_handler(tick, 10)
        operation(db)
        db.set_progress_handler(None, 0)
    return count


WALKS = re.compile(
    r"SCAN (call|other|attempt|journal|idempotency|news|follow_up|follow_up_key|message_try|person"
    r"|suppression|batch_counter|batch|heard|inbox)\b"
    r"(?! USING (COVERING )?INDEX (call_|follow_up_due|message_try_(sending|doubt|look)))"
)


IN_THE_ORDER_OF_ROWS = {"journal", "journal since", "messages"}
"""These walk a table along its own order, and stop after a page."""


@pytest.mark.parametrize("name", HOT)
def test_no_plan_reads_a_whole_table_or_sorts_one(
    databases: tuple[sqlite3.Connection, ...], name: str
) -> None:
    for line in plans(databases[1], HOT[name]):
        assert not WALKS.search(line) or name in IN_THE_ORDER_OF_ROWS, line
        assert "TEMP B-TREE" not in line or name == "detail", line


@pytest.mark.parametrize("name", HOT)
def test_the_steps_do_not_grow_with_the_queue(
    databases: tuple[sqlite3.Connection, ...], name: str
) -> None:
    small, large = (steps(db, HOT[name]) for db in databases)
    assert large <= small * 1.5 + 60, f"{small} steps at {SMALL} calls, {large} at {LARGE}"


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("reserve", "call_ready"),
        ("reserve", "call_under_way"),
        ("next due", "call_due"),
        ("promote", "call_due"),
        ("denied routes", "call_denied"),
        ("lift denied", "call_denied"),
        ("lift denied after another", "call_denied"),
        ("open calls", "call_under_way"),
        ("over", "call_number_waiting"),
        ("over by conversation", "attempt_conversation"),
        ("first page", "call_queue_order"),
        ("first page done", "call_done_order"),
        ("take due", "follow_up_due"),
        ("take due", "message_try_sent_to"),
        ("wake", "follow_up_waiting"),
        ("tidy messages", "follow_up_untidy"),
        ("cut off", "message_try_sending"),
        ("look up", "message_try_doubt"),
        ("look up", "message_try_look"),
        ("next look", "message_try_look"),
        ("message news", "message_try_sid"),
        ("forget", "heard_at"),
        ("suppress", "follow_up_open_number"),
        ("suppress", "call_number"),
        ("messages failed", "follow_up_code"),
        ("messages of a batch", "follow_up_batch"),
        ("messages due", "follow_up_state"),
    ],
)
def test_the_partial_index_meant_is_the_one_used(
    databases: tuple[sqlite3.Connection, ...], name: str, index: str
) -> None:
    lines = plans(databases[1], HOT[name])
    assert any(re.search(rf"USING (COVERING )?INDEX {index}\b", line) for line in lines), lines


def test_a_release_seeks_only_what_it_can_release(
    databases: tuple[sqlite3.Connection, ...],
) -> None:
    assert release_of(databases[1]) == 1
    lines = [line for line in plans(databases[1], release) if "follow_up_blocked" in line]
    assert len(lines) == 3
    assert all(line.startswith("SEARCH") for line in lines), lines


def release_of(db: sqlite3.Connection) -> object:
    with taken_back(db):
        return release(db)


@pytest.mark.parametrize(
    "where",
    [
        Filter(number_prefix="+1", states=frozenset({CallState.UNKNOWN})),
        Filter(number_prefix="+1", priority_min=900),
        Filter(number_prefix="+1", words=("nobody",)),
        Filter(words=("nobody",)),
        Filter(number_prefix="+1"),
    ],
    ids=["state", "priority", "word", "only a word", "only a prefix"],
)
@pytest.mark.parametrize("segment", Segment)
def test_no_keystroke_in_a_filter_reads_the_whole_queue(
    databases: tuple[sqlite3.Connection, ...],
    monkeypatch: pytest.MonkeyPatch,
    where: Filter,
    segment: Segment,
) -> None:
    monkeypatch.setattr(paging, "_NUMBER_HITS_MAX", 100)
    monkeypatch.setattr(paging, "FILTER_SCAN_ROWS_MAX", 100)
    small, large = (steps(db, page(segment=segment, count=20, where=where)) for db in databases)
    assert large <= small * 1.5 + 60, f"{small} steps at {SMALL} calls, {large} at {LARGE}"


def test_the_lists_of_words_in_the_file_are_the_enums(
    databases: tuple[sqlite3.Connection, ...],
) -> None:
    sql = "\n".join(
        row[0] for row in databases[0].execute("SELECT sql FROM sqlite_schema") if row[0]
    )
    assert "/*" not in sql
    for column, words in (("state", CallState), ("hold", Hold)):
        assert f"({' OR '.join(f'{column} = {member.value!r}' for member in words)})" in sql
