"""Trouble from outside: repeated orders, forged news, refusals, errors, a disk that is full.

What the platform really read and whom it really rang is counted at its own side.
"""

from __future__ import annotations

import json
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tests.e2e.outside import Answer, enqueue, enqueue_body, post, sign, tell, told_over, voiceslot
from tests.e2e.rig import Rig, call_json, number, rig, wait_for
from tests.e2e.seen import (
    ALL_ANSWER,
    LONG,
    NEVER_POLLS,
    QUICK,
    after_two_more_readings,
    first_dial,
    own_dials,
    own_live,
    starts,
    states,
)

LIMIT = 4
ENV = {
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIMIT),
    "POLLING_INTERVAL_MS": "250",
    "LIST_LAG_S": "0",
}
ANSWERED = {**QUICK, **ALL_ANSWER}


# --- the same order again


def test_a_file_is_queued_once_however_often_it_is_sent_by_its_key(tmp_path: Path) -> None:
    """Its engine is killed while the file is on its way, and the command is repeated."""
    calls, lines = 6_000, tmp_path / "calls.jsonl"
    lines.write_text("".join(json.dumps(enqueue_body(number(n))) + "\n" for n in range(calls)))
    with rig(tmp_path, {**ENV, **NEVER_POLLS}, **ANSWERED) as made:
        made.start()
        assert voiceslot(made, "pause").returncode == 0

        def send() -> subprocess.Popen[str]:
            with lines.open() as source:
                return subprocess.Popen(
                    [sys.executable, "-m", "voiceslot_tui", "enqueue", "--key", "march"],
                    cwd=made.folder,
                    env=made.environment(),
                    stdin=source,
                    stderr=subprocess.PIPE,
                    text=True,
                )

        with send() as broken_off:
            wait_for("some are queued", lambda: made.states().get("queued", 0) > 0, every_s=0.01)
            made.kill()
            said = broken_off.communicate(timeout=30)[1]
        made.start()
        if broken_off.returncode:
            assert "run it again with the same --key and lines" in said
        for _ in range(2):
            with send() as again:
                said = again.communicate(timeout=60)[1]
            assert again.returncode == 0, said
            assert "by the same --key were there before" in said
            assert made.states() == {"queued": calls}


def test_one_key_is_one_call_across_crashes(tmp_path: Path) -> None:
    """A producer that repeats what was not answered, while the engine is killed under it.

    A call killed between its reservation and its request is never found: it is unknown, not rung,
    and keeps its slot for half an hour. So there are more slots than kills can use up.
    """
    people = 30
    env = {**ENV, "UNKNOWN_AFTER_S": "1", "ELEVENLABS_CONCURRENCY_LIMIT": "16"}
    with rig(tmp_path, env, **ANSWERED) as made:
        made.start()
        answers: dict[str, set[str]] = {number(index): set() for index in range(people)}
        done = Event()
        producer = Thread(target=repeat_until_told, args=(made, answers, done))
        producer.start()
        try:
            for share in (1, 2, 3):
                reached = share * people // 4
                wait_for("some are accepted", lambda n=reached: told(answers) >= n)  # type: ignore[misc]
                made.kill()
                made.start()
        finally:
            done.set()
            producer.join(30)
        for person, given in answers.items():
            given.add(made.enqueue(person, key=person))
        assert all(len(given) == 1 for given in answers.values()), answers
        wait_for("all are over", lambda: set(made.states()) <= {"ended", "unknown"}, 60)
        truth, found = made.simulator.truth(), made.states()
        assert sum(found.values()) == people
        assert (truth["people_rung"], truth["people_rung_again"]) == (found["ended"], {})
        another = enqueue(made, enqueue_body(number(90)), {"Idempotency-Key": number(0)})
        assert (another.status, another.error["code"]) == (409, "idempotency_conflict")


def repeat_until_told(made: Rig, answers: dict[str, set[str]], done: Event) -> None:
    """Send every order twice, again and again until it is answered."""
    for person, given in [*answers.items(), *answers.items()]:
        while not done.is_set():
            try:
                given.add(made.enqueue(person, key=person))
                break
            except (OSError, ValueError):
                done.wait(0.02)


def told(answers: dict[str, set[str]]) -> int:
    """Count the orders that were answered at least once."""
    return sum(1 for given in answers.values() if given)


# --- news that is not to be believed


def test_forged_old_future_and_repeated_news_change_nothing(tmp_path: Path) -> None:
    with rig(tmp_path, {**ENV, **NEVER_POLLS}, **LONG) as made:
        over = number(0)
        made.simulator.script(**{over: {"talk_s": 0.1}})
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=1)
        made.enqueue(over)
        wait_for("the first has ended", lambda: states(made, ended=1))
        ended = first_dial(made)["conversation_id"]
        made.enqueue(number(1))
        made.enqueue(number(2))
        wait_for("the second is live", lambda: states(made, live=1, queued=1))
        live = made.simulator.dials()[1]["conversation_id"]
        before = standing(made)
        for name, body, headers, status in untrue(live, ended):
            answer = tell(made, body, headers)
            assert answer.status == status, (name, answer)
            assert standing(made) == before, name
        assert own_dials(made) == 2
        body = told_over(live)
        assert tell(made, body, sign(body, age_s=29 * 60)).status == 200
        wait_for("the true news frees the slot", lambda: own_dials(made) == 3)


def untrue(live: str, ended: str) -> Iterator[tuple[str, bytes, dict[str, str], int]]:
    """Give deliveries that must change nothing, and how each is answered."""
    body = told_over(live)
    good = sign(body)["ElevenLabs-Signature"]
    yield "unsigned", body, {}, 401
    yield "signed with another secret", body, sign(body, secret="a-guess"), 401
    yield "signed for another body", body, sign(told_over(ended)), 401
    yield "a signature that is none", body, {"ElevenLabs-Signature": "t=now,v0=?"}, 401
    yield "two times", body, {"ElevenLabs-Signature": f"{good},t=1"}, 401
    yield "31 minutes old", body, sign(body, age_s=31 * 60), 401
    yield "six minutes ahead", body, sign(body, age_s=-6 * 60), 401
    yield "a day ahead", body, sign(body, age_s=-86_400), 401
    again = told_over(ended)
    yield "told before", again, sign(again), 200
    yield "told before, half an hour ago", again, sign(again, age_s=29 * 60), 200
    flat = json.dumps({"conversation_id": ended, "status": "completed"}).encode()
    yield "told before, in the first system's words", flat, sign(flat), 200
    goes_on = json.dumps({"conversation_id": live, "status": "in-progress"}).encode()
    yield "no end", goes_on, sign(goes_on), 200
    audio = json.dumps({"type": "post_call_audio", "data": {"conversation_id": live}}).encode()
    yield "of a kind without facts", audio, sign(audio), 200


def standing(made: Rig) -> tuple[object, ...]:
    """Give all by which one would see that something has changed."""
    snapshot = made.stats()["snapshot"]
    slots = {name: snapshot["slots"][name] for name in ("dialing", "uncertain", "live", "free")}
    return snapshot["calls"], snapshot["dispositions"], snapshot["event_seq"], slots


def test_a_day_of_forged_stale_and_doubled_webhooks_does_no_harm(tmp_path: Path) -> None:
    """The world lies about every call that begins, and tells half of its ends too late or twice."""
    bad = {"webhook_forged_share": 1.0, "webhook_stale_share": 0.3, "webhook_future_share": 0.2}
    bad |= {"webhook_duplicate_share": 0.5, "webhook_delay_max_s": 0.3}
    with rig(tmp_path, ENV, **{**ANSWERED, "talk_s": 0.6}, **bad) as made:
        made.start()
        for index in range(24):
            made.enqueue(number(index))
        wait_for("all have ended", lambda: states(made, ended=24))
        wait_for("every lie was told", lambda: answered_webhooks(made).get("forged 401") == 24)
        wait_for("some came too late", lambda: answered_webhooks(made).get("401"))
        print(answered_webhooks(made))
        truth = made.simulator.truth()
        assert truth["max_live"] == LIMIT
        assert (truth["people_rung"], truth["people_rung_again"]) == (24, {})


def answered_webhooks(made: Rig) -> dict[str, int]:
    """Count the webhooks that the platform has sent, by how they were answered."""
    return dict(made.simulator.truth()["webhooks"]["statuses"])


def test_schemathesis_finds_nothing_in_the_real_engine(tmp_path: Path) -> None:
    key = "an-api-key-that-is-not-real"
    with rig(tmp_path, {**ENV, "VOICESLOT_API_KEY": key}, **ANSWERED) as made:
        made.start()
        assert voiceslot(made, "pause").returncode == 0
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", "--no-color"]
        command += [f"{made.url}/openapi.json", "--header", f"Authorization: Bearer {key}"]
        command += ["--seed", "11", "--max-examples", "5", "--generation-database", "none"]
        command += ["--phases", "fuzzing"]
        ran = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
        )
        assert ran.returncode == 0, ran.stdout[-4000:]
        bearer = {"Authorization": f"Bearer {key}"}
        stats = call_json(f"{made.url}/stats", None, bearer)
        assert stats["queueSize"] > 0
        assert all(one["health"] == "well" for one in stats["snapshot"]["services"])


# --- starts that are refused, and starts that only seem to be


def test_a_platform_with_fewer_slots_than_we_were_told_is_not_pestered(tmp_path: Path) -> None:
    """429 for capacity: nobody is rung twice, nobody is lost, and we ask seldom."""
    people, really = 40, 4
    with rig(tmp_path, ENV, **{**ANSWERED, "limit": really}) as made:
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=12)
        for index in range(people):
            made.enqueue(number(index))
        wait_for("it dares less", lambda: made.stats()["snapshot"]["slots"]["effective"] <= really)
        wait_for("all have ended", lambda: states(made, ended=people))
        truth = made.simulator.truth()
        print(f"{truth['starts_while_full']} starts were refused for {people} calls")
        assert truth["max_live"] == really
        assert (truth["people_rung"], truth["people_rung_again"]) == (people, {})
        assert starts(made) == people + truth["starts_while_full"]
        assert truth["starts_while_full"] <= people
        assert all(detail_of(made, index)["attempts"] == 1 for index in range(1, people + 1))


def detail_of(made: Rig, call_id: int) -> dict[str, Any]:
    """Read one call from the database, by the names of its columns."""
    database = f"file:{made.data_dir}/voiceslot.db?mode=ro"
    with closing(sqlite3.connect(database, uri=True)) as db:
        db.row_factory = sqlite3.Row
        return dict(db.execute("SELECT * FROM call WHERE id = ?", (call_id,)).fetchone())


def test_a_rate_refusal_is_given_the_rest_it_asks_for(tmp_path: Path) -> None:
    """429 for pace, with Retry-After: 1: the next start leaves a second later, not before."""
    with rig(tmp_path, ENV, **ANSWERED) as made:
        made.simulator.faults({"kind": "rate_limited", "target": "start", "requests": 1})
        made.start()
        before = made.simulator.truth()["now"]
        made.enqueue(number(0))
        wait_for("it was refused", lambda: starts(made) == 1)
        made.enqueue(number(1))
        wait_for("both have ended", lambda: states(made, ended=2))
        dials = made.simulator.dials()
        assert dials[0]["started_at"] - before >= 1.0
        assert [dial["number"] for dial in dials] == [number(0), number(1)]
        assert starts(made) == 3


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error_503", "acts": True},
        {"kind": "error_500", "acts": True},
        {"kind": "too_many_plain", "acts": True},
        {"kind": "redirect_307", "acts": True},
        {"kind": "html_200"},
        {"kind": "truncated_json"},
        {"kind": "no_conversation_id"},
        {"kind": "reset_after_reading"},
        {"kind": "no_answer"},
    ],
    ids=lambda fault: fault["kind"],
)
def test_a_start_that_seems_to_fail_and_was_dialled_is_found_again(
    fault: dict[str, object], tmp_path: Path
) -> None:
    """It is looked up by the id that went along, keeps its slot, and is not dialled again."""
    world = {**ANSWERED, "talk_s": 600.0}
    with rig(tmp_path, {**ENV, "START_TIMEOUT_S": "1"}, **world) as made:
        made.simulator.faults({"target": "start", **fault})
        made.start(ELEVENLABS_CONCURRENCY_LIMIT=2)
        for index in range(3):
            made.enqueue(number(index))
        wait_for("both are found", lambda: states(made, live=2, queued=1))
        after_two_more_readings(made)
        truth = made.simulator.truth()
        assert (starts(made), truth["dials"]["own"], truth["live"]) == (2, 2, 2)
        assert truth["people_rung_again"] == {}


# --- a store that cannot write


@contextmanager
def full_disk(made: Rig) -> Iterator[None]:
    """Let the engine write to no file any more, as on a disk that is full."""
    assert made.engine is not None
    pid = made.engine.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_a_stop_waits_ten_seconds_for_an_answer_and_not_for_as_long_as_a_start_may_take(
    tmp_path: Path,
) -> None:
    """An engine that lingers is deaf, and keeps the next one out; what it leaves is looked up."""
    with rig(tmp_path, {**ENV, "START_TIMEOUT_S": "600"}, **LONG) as made:
        made.simulator.faults({"kind": "slow", "target": "start", "requests": 1, "delay_s": 600})
        made.start()
        made.enqueue(number(1))
        wait_for("the person is rung", lambda: own_dials(made) == 1)
        assert made.kill(signal.SIGTERM) == 0
        made.start()
        wait_for("the call is found on the line", lambda: states(made, live=1))
        assert own_dials(made) == 1


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit (Linux)")
def test_what_a_full_disk_cannot_take_is_refused_and_what_was_taken_is_safe(tmp_path: Path) -> None:
    """503 with Retry-After, nobody is dialled, and afterwards everything goes on by itself."""
    with rig(tmp_path, ENV, **{**ANSWERED, "talk_s": 0.4}) as made:
        made.start()
        accepted = {made.enqueue(number(index), key=number(index)) for index in range(12)}
        wait_for("some are live", lambda: own_live(made) == LIMIT)
        with full_disk(made):
            refused = [ask(made, index) for index in range(12, 18)]
            wait_for("nobody talks any more", lambda: own_live(made) == 0)
            dialled = starts(made)
            after_two_more_readings(made)
            refused += [ask(made, index) for index in range(12, 18)]
            assert {answer.status for answer in refused} == {503}
            assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
            assert {answer.error["code"] for answer in refused} == {"store_unavailable"}
            assert starts(made) == dialled < 12
            assert post(f"{made.url}/webhook/elevenlabs", *news(made)).status == 503
        taken = [ask(made, index) for index in range(12, 18)]
        assert {answer.status for answer in taken} == {202}
        accepted |= {answer.body["id"] for answer in taken}
        wait_for("all have ended", lambda: states(made, ended=18))
        truth = made.simulator.truth()
        assert (truth["people_rung"], truth["people_rung_again"]) == (18, {})
        assert truth["max_live"] <= LIMIT
        assert len(accepted) == 18


def ask(made: Rig, index: int) -> Answer:
    """Ask for a call to one of the invented people, by a key of its own."""
    return enqueue(made, enqueue_body(number(index)), {"Idempotency-Key": number(index)})


def news(made: Rig) -> tuple[bytes, dict[str, str]]:
    """Give a signed webhook that the engine has not heard of."""
    body = told_over("conv_nobody_knows")
    return body, sign(body)
