"""`voiceslot enqueue`: one call from options, many from lines; the bad ones named and counted."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.architecture.tree import ROOT
from tests.link.fake_engine import FakeEngine
from tests.unit.cli.conftest import DEADLINE_S, Shell
from voiceslot_tui.core.calls import CallId
from voiceslot_tui.core.errors import StoreBusy
from voiceslot_tui.core.limits import ENQUEUE_BATCH_MAX, ENQUEUE_BODY_BYTES_MAX
from voiceslot_tui.core.orders import IdempotencyKey, NewCall
from voiceslot_tui.ports import Added

ONE = ("--to", "+12025550123", "--agent", "agent_1", "--phone-number-id", "phnum_1")


def line(number: int = 0, **changes: object) -> bytes:
    payload = {
        "toNumber": f"+1202555{100 + number % 100:04}",
        "agentId": "agent_1",
        "agentPhoneNumberId": "phnum_1",
    }
    return json.dumps({"payload": payload, **changes}).encode() + b"\n"


class Taken:
    """What the engine was given, batch by batch; refuses from a batch on where told to."""

    def __init__(self, engine: FakeEngine) -> None:
        self.batches: list[tuple[NewCall, ...]] = []
        self.known: dict[IdempotencyKey | None, Added] = {}
        self.refuse_from = 10**9
        self.stalls_s = 0.0
        self.fails_after = False
        engine.enqueue = self.enqueue  # type: ignore[method-assign, assignment]

    async def enqueue(
        self, calls: Sequence[NewCall], *, by: str, key: IdempotencyKey | None = None
    ) -> Added:
        if key in self.known:
            return replace(self.known[key], repeated=True)
        if len(self.batches) >= self.refuse_from:
            raise StoreBusy("the disk is full")
        first = sum(map(len, self.batches)) + 1
        self.batches.append(tuple(calls))
        ids = tuple(CallId(first + place) for place in range(len(calls)))
        added = Added(ids, ids[-1])
        if key is not None:
            self.known[key] = added
        await asyncio.sleep(self.stalls_s)
        if self.fails_after:
            raise RuntimeError("a defect")
        return added


@pytest.fixture
def taken(engine: FakeEngine) -> Taken:
    return Taken(engine)


def test_one_call_from_options(taken: Taken, shell: Shell) -> None:
    options = ("--name", "Ana", "--var", "order=1=2", "--priority", "7", "--max-attempts", "3")
    ran = shell("enqueue", *ONE, *options)
    assert (ran.code, ran.out, ran.err) == (0, "1\n", "")
    ((call,),) = taken.batches
    assert (call.to_number, call.agent_id, call.agent_phone_number_id) == (
        "+12025550123",
        "agent_1",
        "phnum_1",
    )
    assert (call.name, call.priority, call.max_attempts) == ("Ana", 7, 3)
    assert json.loads(call.client_data or b"") == {
        "dynamic_variables": {"order": "1=2", "name": "Ana"}
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--to", "+12025550123"), "--agent, --phone-number-id"),
        ((*ONE, "--to", "12345"), "payload.toNumber"),
        ((*ONE, "--var", "order"), "KEY=VALUE"),
        ((*ONE, "--var", "a=1", "--var", "a=2"), "twice"),
        ((*ONE, "--lines"), "not both"),
        ((*ONE, "--priority", "1001"), "priority"),
    ],
)
def test_wrong_options_exit_with_two(
    taken: Taken, shell: Shell, arguments: tuple[str, ...], complaint: str
) -> None:
    ran = shell("enqueue", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert not taken.batches


def test_many_lines_go_in_batches(taken: Taken, shell: Shell) -> None:
    count = ENQUEUE_BATCH_MAX + 10
    ran = shell("enqueue", stdin=b"".join(line(n) for n in range(count)))
    assert ran.code == 0, ran.err
    assert sum(map(len, taken.batches)) == count
    assert max(map(len, taken.batches)) <= ENQUEUE_BATCH_MAX
    assert f"{count:,} enqueued" in ran.err


def test_bad_lines_are_named_and_good_ones_kept(taken: Taken, shell: Shell) -> None:
    stdin = b"\n".join(
        [
            line(1).strip(),
            b"",
            b"nonsense",
            line(2, priority=5000).strip(),
            b'{"payload": "' + b"x" * ENQUEUE_BODY_BYTES_MAX * 2 + b'"}',
            line(3, priority=5).strip(),
        ]
    )
    ran = shell("enqueue", "--json", stdin=stdin)
    assert ran.code == 1
    assert json.loads(ran.out) == {"ids": [1, 2], "queueSize": 2, "bad": 3}
    assert [call.priority for batch in taken.batches for call in batch] == [0, 5]
    complaints = {row.split(":")[0]: row for row in ran.err.splitlines()}
    assert "JSON" in complaints["line 3"]
    assert "priority" in complaints["line 4"]
    assert "longer" in complaints["line 5"]
    assert "3 lines were bad" in ran.err


def test_the_size_of_the_queue_is_left_out_where_the_engine_did_not_tell_it(
    taken: Taken, shell: Shell
) -> None:
    ran = shell("enqueue", "--json", stdin=b"nonsense\n")
    assert ran.code == 1
    assert json.loads(ran.out) == {"ids": [], "bad": 1}
    assert ran.err.splitlines()[-1] == "0 enqueued; 1 lines were bad"


@pytest.mark.parametrize("stdin", [b"", b"\n", b"  \n\n"])
@pytest.mark.parametrize("options", [(), ("--lines",), ("--json",)])
def test_input_without_any_call_is_an_error_in_words(
    taken: Taken, shell: Shell, options: tuple[str, ...], stdin: bytes
) -> None:
    ran = shell("enqueue", *options, stdin=stdin)
    assert (ran.code, ran.out) == (1, "")
    assert "nothing was enqueued: standard input held no call" in ran.err
    assert "the queue holds" not in ran.err


def test_where_it_ended_is_said(taken: Taken, shell: Shell) -> None:
    taken.refuse_from = 1
    count = ENQUEUE_BATCH_MAX + 10
    ran = shell("enqueue", "--lines", stdin=b"".join(line(n) for n in range(count)))
    assert (ran.code, ran.out) == (1, "")
    (first,) = taken.batches
    last = len(first)
    assert "the disk is full" in ran.err
    assert f"{last:,} calls up to line {last:,} are in the queue, none of lines" in ran.err


def late(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk stall for longer than the engine works on a wish."""
    monkeypatch.setattr("voiceslot_tui.link.server.serving.LINK_ASK_TIMEOUT_S", 0.05)
    taken.stalls_s = 0.3


def broken(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine fail once the calls are stored."""
    taken.fails_after = True


@pytest.mark.parametrize("trouble", [late, broken])
def test_of_calls_that_may_be_stored_it_is_not_said_that_they_are_not(
    taken: Taken,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Taken, pytest.MonkeyPatch], None],
) -> None:
    trouble(taken, monkeypatch)
    ran = shell("enqueue", stdin=line(1) + line(2))
    assert (ran.code, ran.out) == (1, "")
    assert "none of" not in ran.err
    assert "lines 1 to 2 may or may not be" in ran.err
    assert sum(map(len, taken.batches)) == 2, "they are in the queue"


@contextmanager
def given_two_calls(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that was given two calls, and no end of its input."""
    command = [sys.executable, "-m", "voiceslot_tui", "enqueue", "--lines", *options]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as running:
        give(running, line(1) + line(2))
        yield running


def give(running: subprocess.Popen[bytes], data: bytes) -> None:
    assert running.stdin is not None
    running.stdin.write(data)


def has_read_all(running: subprocess.Popen[bytes]) -> bool:
    assert running.stdin is not None
    return not any(fcntl.ioctl(running.stdin, termios.FIONREAD, bytes(4)))


def ended_by(running: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, str]:
    """End a command by a signal; give its exit code and what it said."""
    assert running.stderr is not None
    running.send_signal(number)
    return running.wait(DEADLINE_S), running.stderr.read().decode()


def wait_until(holds: Callable[[], bool]) -> None:
    pause, end = threading.Event(), time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < end
        pause.wait(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_interrupted_while_it_waits_for_lines_it_says_what_is_in_the_queue(
    taken: Taken, number: signal.Signals
) -> None:
    with given_two_calls() as running:
        wait_until(lambda: bool(taken.batches))
        give(running, b"{")
        wait_until(lambda: has_read_all(running))
        said = "interrupted; 2 calls up to line 2 are in the queue, none of what follows\n"
        assert ended_by(running, number) == (128 + number, said)


def test_interrupted_while_the_engine_stores_it_says_what_may_be_in_the_queue(
    taken: Taken,
) -> None:
    taken.stalls_s = 1.0
    with given_two_calls("--key", "march") as running:
        give(running, b"\n" * ENQUEUE_BATCH_MAX)
        give(running, b"".join(line(n) for n in range(ENQUEUE_BATCH_MAX)))
        wait_until(lambda: bool(taken.batches))
        code, said = ended_by(running, signal.SIGINT)
    assert code == 130
    assert said.startswith("interrupted; 0 calls up to line 0 are in the queue; lines 1 to ")
    assert said.endswith(" may or may not be; run it again with the same --key and lines\n")


def test_a_file_with_a_byte_order_mark_is_read(taken: Taken, shell: Shell) -> None:
    assert shell("enqueue", stdin=b"\xef\xbb\xbf" + line()).code == 0
    assert len(taken.batches[0]) == 1


# --- sent again


def test_what_broke_off_is_sent_again_by_its_key_and_queued_once(
    taken: Taken, shell: Shell
) -> None:
    count = ENQUEUE_BATCH_MAX + 10
    lines = b"".join(line(n) for n in range(count))
    taken.fails_after = True
    ran = shell("enqueue", "--key", "march", stdin=lines)
    assert ran.code == 1
    assert "run it again with the same --key and lines" in ran.err
    taken.fails_after = False
    shell("enqueue", "--key", "march", stdin=lines)
    again = shell("enqueue", "--key", "march", "--json", stdin=lines)
    assert again.code == 0
    assert f"0 enqueued; {count:,} by the same --key were there before" in again.err
    assert len(json.loads(again.out)["ids"]) == count
    assert [len(batch) for batch in taken.batches] == [ENQUEUE_BATCH_MAX, 10]


def test_the_calls_of_a_file_are_cut_in_the_same_way_however_slowly_they_come(
    taken: Taken, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"".join(line(n) for n in range(9))
    assert shell("enqueue", "--key", "march", stdin=lines).code == 0
    monkeypatch.setattr("voiceslot_tui.cli.json_lines.PIECE_BYTES", 100)
    monkeypatch.setattr("voiceslot_tui.cli.json_lines._has_more", lambda _: False)
    assert (
        "9 by the same --key were there before"
        in shell("enqueue", "--key", "march", stdin=lines).err
    )


def test_one_call_is_known_by_its_key(taken: Taken, shell: Shell) -> None:
    first = shell("enqueue", *ONE, "--key", "order-1")
    assert shell("enqueue", *ONE, "--key", "order-1").out == first.out
    assert len(taken.batches) == 1


@pytest.mark.parametrize("key", ["", "two words", "x" * 101, "clé"])
def test_a_key_is_one_plain_word(taken: Taken, shell: Shell, key: str) -> None:
    ran = shell("enqueue", *ONE, "--key", key)
    assert ran.code == 2
    assert "one word" in ran.err
    assert taken.batches == []
