"""The messages of the link: every one survives the wire, and nothing else is taken for one."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.batch_progress import BatchChecks, BatchView, Pace
from voiceslot_tui.core.batches import Batch, Watch
from voiceslot_tui.core.calls import CallId, CallState, Hold, Instant
from voiceslot_tui.core.facts import Wish
from voiceslot_tui.core.follow_up_facts import FollowUpWish
from voiceslot_tui.core.follow_up_pages import (
    BatchFigures,
    BatchRecipientRow,
    FollowUpFilter,
    FollowUpQuery,
    RecipientPage,
    RecipientQuery,
)
from voiceslot_tui.core.follow_ups import FollowUpId, FollowUpState
from voiceslot_tui.core.limits import LABEL_CHARS_MAX, LINK_LINE_BYTES_MAX
from voiceslot_tui.core.orders import NewCall
from voiceslot_tui.core.pages import Filter, JournalEntry, Page, PageQuery, Place
from voiceslot_tui.core.snapshot import EngineState, Idle, Slots, Snapshot
from voiceslot_tui.core.talks import BatchCount
from voiceslot_tui.core.undo import Done, Undo
from voiceslot_tui.wire import batch_control as batches
from voiceslot_tui.wire import control
from voiceslot_tui.wire import follow_up_control as asked

ID = CallId(7)
SNAPSHOT = Snapshot(
    at=Instant(5),
    seq=1,
    event_seq=2,
    engine=EngineState.PAUSED,
    version="0.1.0",
    pid=3,
    started_at=Instant(1),
    demo=True,
    slots=Slots(limit=5, effective=4, reading_age_s=1.5),
    calls={CallState.QUEUED: 3},
    holds={Hold.PARKED: 1},
    idle=(Idle(Hold.ENGINE_PAUSED, "paused"),),
)
ENTRY = JournalEntry(1, Instant(2), "ana (uid 1)", "cancelled", ID, name="José \x1b[31m\u202e")
UNDO = Undo(places=((ID, 5, 9),))
UNDO_OF_A_LIMIT = Undo(limit=5, set_at=Instant(7), former_at=Instant(6))
BATCH = batches.BatchRow(
    BatchView(
        Batch(BatchCount("b1", "of_tomorrow", 3, 2, 9, 5), "José \x1b[31m\u202e", retries=1),
        Watch.ACTIVE,
        {"completed": 2, "of_tomorrow": 7},
        unreadable=1,
        done=2,
        total=10,
        pace=Pace(1.5, None),
        read_at=Instant(7),
        error="gone",
    ),
    BatchFigures("b1", follow_ups={FollowUpState.READ: 2}),
)
CHECKS = BatchChecks(True, 30.0, 4, Instant(8), 0.25, watched=1, read=1, failed=1, error="gone")
RECIPIENT = BatchRecipientRow("r1", "+12025550100", "Ana", "of_tomorrow", updated_at=Instant(5))

BODIES: tuple[control.Body, ...] = (
    control.GetSnapshot(),
    control.GetPage(
        PageQuery(key=(0, -5, 3, 7), where=Filter(("ana",), frozenset({CallState.LIVE})))
    ),
    control.GetDetail(ID),
    control.GetJournal(before=4),
    control.Explain(ID),
    control.Enqueue((NewCall("+12025550123", "a", "p", client_data=b'{"x": "\xc3\xa9"}'),)),
    control.Pause("why"),
    control.Resume(),
    control.SetLimit(3),
    control.Want((ID,), Wish.PARK),
    control.Prioritise((ID,), by=-5),
    control.Move((ID,), Place.TOP),
    control.HangUpCall(ID),
    control.Reconcile(),
    control.TakeBack((UNDO, UNDO_OF_A_LIMIT)),
    control.StopEngine(),
    asked.GetMessages(FollowUpQuery(20, FollowUpId(7), where=FollowUpFilter(code=63016))),
    asked.GetMessage(FollowUpId(7)),
    asked.GetPreview(FollowUpId(7)),
    asked.GetSuppressions("+12025550100", 5),
    asked.Suppress("+12025550100", "asked on the phone"),
    asked.Unsuppress("+12025550100"),
    asked.WantMessages((FollowUpId(7),), FollowUpWish.RETRY),
    asked.RetryMessages(FollowUpFilter(states=frozenset({FollowUpState.FAILED}))),
    asked.PauseMessages(),
    asked.ResumeMessages(),
    asked.UseTemplate("HX" + "0" * 32),
    asked.ReadMessenger(),
    asked.SendSince(Instant(5), confirmed=True),
    batches.GetBatches(),
    batches.GetRecipients(RecipientQuery("b1", 50, 50, "failed", ("ana",))),
    batches.CancelBatch("b1"),
    batches.RetryBatch("b1"),
    batches.SetBatchInterval(2.5),
    batches.WatchBatches(False),
    batches.CheckBatches(),
)
FROM_CONSOLE = (
    control.Hello(control.PROTOCOL, "0.1.0", "ana", True),
    *(control.Ask(number, body) for number, body in enumerate(BODIES)),
)
FROM_ENGINE = (
    control.Welcome(control.PROTOCOL, "0.1.0", "ana (uid 1)"),
    control.Goodbye("protocol", "update"),
    control.Answer(1, control.TheDone(Done((ID,), ((ID, "live"),), "done", (UNDO,)))),
    control.Answer(2, control.Enqueued((ID,), 4)),
    control.Answer(3, control.Sentences(("a", "b"))),
    control.Answer(4, control.JournalLines((ENTRY,))),
    control.Answer(5, control.TheSnapshot(SNAPSHOT)),
    control.Answer(6, control.ThePage(Page((), True, (0, 0, 1, 2)))),
    control.Answer(8, batches.TheBatches((BATCH,), CHECKS)),
    control.Answer(9, batches.TheRecipients(RecipientPage((RECIPIENT,), 3, 1))),
    control.Refusal(7, "bad_input", "no", "priority"),
    control.Pushed(SNAPSHOT, (ENTRY,), 3),
    control.Beat(Instant(9)),
)


def test_every_wish_is_tried() -> None:
    assert {type(body) for body in BODIES} == set(get_args(control.Body))


@pytest.mark.parametrize("message", FROM_CONSOLE, ids=repr)
def test_what_a_console_says_survives_the_wire(message: control.FromConsole) -> None:
    raw = control.line(message)
    assert raw.endswith(b"\n")
    assert raw.count(b"\n") == 1
    assert control.read_console_line(raw[:-1]) == message


@pytest.mark.parametrize("message", FROM_ENGINE, ids=lambda message: type(message).__name__)
def test_what_an_engine_says_survives_the_wire(message: control.FromEngine) -> None:
    raw = control.line(message)
    assert raw.count(b"\n") == 1
    assert control.read_engine_line(raw[:-1]) == message


def test_no_two_messages_of_a_side_look_the_same() -> None:
    for union in (control.FromConsole, control.FromEngine, control.Body, control.Result):
        tags = [kind.__struct_config__.tag for kind in get_args(union)]
        assert len(set(tags)) == len(tags)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'{"type":"welcome"}',
        b'{"type":"hello"}',
        b'{"type":"ask","number":"1","body":{"type":"resume"}}',
        b'{"type":"ask","number":1,"body":{"type":"limit","limit":true}}',
        b'{"type":"ask","number":1,"body":{"type":"want","call_ids":[1],"wish":"explode"}}',
        b"\xff",
        b"[" * 100_000,
        b'{"type":"hello","of_a_later_version":' + b"[" * 100_000,
        b" " * (LINK_LINE_BYTES_MAX + 1),
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_nothing_else_is_taken_for_a_message(raw: bytes) -> None:
    with pytest.raises(control.UnreadableLine):
        control.read_console_line(raw)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(raw: bytes) -> None:
    with suppress(control.UnreadableLine):
        control.read_engine_line(raw)


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.data())
def test_lines_are_cut_wherever_the_pieces_are(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + b"\n" for line in lines) + b"rest"
    buffer, found = control.LineBuffer(), []
    while whole:
        size = data.draw(st.integers(1, len(whole)))
        found += buffer.feed(whole[:size])
        whole = whole[size:]
    assert found == lines


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    buffer = control.LineBuffer()
    piece = b"x" * 2**20
    for _ in range(LINK_LINE_BYTES_MAX // len(piece)):
        assert buffer.feed(piece) == []
    with pytest.raises(control.UnreadableLine, match="longer"):
        buffer.feed(b"x")


@pytest.mark.parametrize(
    ("environment", "label"),
    [
        ({}, ""),
        ({"SUDO_USER": "ana"}, "ana"),
        ({"SSH_CONNECTION": "203.0.113.7 50122 10.0.0.1 22"}, "from 203.0.113.7"),
        ({"SSH_CLIENT": "2001:db8::7 50122 22", "SUDO_USER": "ana"}, "ana from 2001:db8::7"),
        ({"SSH_CONNECTION": " "}, ""),
        ({"SUDO_USER": "x" * 1000}, "x" * LABEL_CHARS_MAX),
    ],
)
def test_the_label_says_where_an_operator_comes_from(
    environment: dict[str, str], label: str
) -> None:
    assert control.claimed_label(environment) == label


def test_an_undo_of_an_older_console_is_read() -> None:
    ask = control.Ask(1, control.TakeBack((Undo(limit=5),)))
    raw = control.line(ask).strip()
    older = raw.replace(b',"set_at":null,"former_at":null', b"")
    assert older != raw
    assert control.read_console_line(older) == ask


def test_a_snapshot_that_gains_a_field_is_still_read() -> None:
    raw = msgspec.json.decode(control.line(control.Pushed(SNAPSHOT)))
    raw["snapshot"]["of_a_later_version"] = 1
    assert control.read_engine_line(msgspec.json.encode(raw)) == control.Pushed(SNAPSHOT)
