"""What others wrote is text: on every screen, in every answer of a command, under every click.

Names, variables, reasons, operators' claims, webhooks, the platform's own messages and what stands
in the database hold all that could make a terminal act. The bytes that reach the terminal are
searched, and the engine is asked whether anything was done.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.consoles import (
    attached,
    console,
    escape,
    line_of,
    press,
    press_again,
    row_gone_to,
    words,
)
from tests.e2e.hostile import PAYLOADS, SIGN, SURROGATES, obeyed_in, obeyed_in_text
from tests.e2e.outside import enqueue, enqueue_body, sign, status, tell, told_over, voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import LONG, own_live, states
from tests.e2e.terminal_harness import Terminal

LIVE = 3
ENV = {
    "ELEVENLABS_CONCURRENCY_LIMIT": str(LIVE),
    "POLLING_INTERVAL_MS": "500",
    "LIST_LAG_S": "0",
}
REASON = "".join(PAYLOADS).replace("\x00", "")
CLAIM = {"SUDO_USER": f"\x1b]0;{SIGN}\x07[@click=app.exit]me[/]\u202e"}


def call_of(made: Rig, index: int, name: str, **variables: object) -> int:
    """Queue a call whose person has such a name; give the answer's status."""
    data = {"dynamic_variables": {"name": name, **variables}}
    body = enqueue_body(number(index), conversationInitiationClientData=data)
    return enqueue(made, body).status


@contextmanager
def hostile(folder: Path) -> Iterator[Rig]:
    """Run an engine whose every foreign word is hostile: some calls are live, the rest wait."""
    with rig(folder, ENV, **LONG) as made:
        made.start()
        everything = {f"{key}{place}": f"{key} as value" for place, key in enumerate(PAYLOADS)}
        assert call_of(made, 0, PAYLOADS[0], **everything) == 202
        for index, name in enumerate(PAYLOADS[1:], start=1):
            assert call_of(made, index, name, **{name: name, "[/]": name}) == 202
        for text in SURROGATES:
            # No JSON has half a character; what is refused is not stored.
            assert call_of(made, 99, text) == call_of(made, 99, "Ana", **{text: "x"}) == 400
        wait_for("some talk", lambda: own_live(made) == LIVE)
        failure = {
            "type": "call_initiation_failure",
            "event_timestamp": 1,
            "data": {
                "agent_id": REASON,
                "conversation_id": made.simulator.dials()[1]["conversation_id"],
                "failure_reason": REASON,
                "metadata": {"type": "twilio", "body": {"SipResponseCode": REASON}},
            },
        }
        raw = json.dumps(failure).encode()
        assert tell(made, raw, sign(raw)).status == 200
        assert tell(made, told_over(PAYLOADS[1]), sign(told_over(PAYLOADS[1]))).status < 500
        assert voiceslot(made, "pause", REASON, **CLAIM).returncode == 0
        wait_for("one is over", lambda: states(made, ended=1))
        yield made


def harmless(shown: Terminal, what: str) -> None:
    """See that nothing of theirs was obeyed by the terminal up to now."""
    assert obeyed_in(bytes(shown.received), by_console=True) == set(), what
    assert SIGN not in shown.screen.title + shown.screen.icon_name


def show_everything(shown: Terminal) -> None:
    """Go to every pane and through every dialog that shows what others wrote."""
    shown.wait_until(lambda: row_gone_to(shown) == 1, "the first row")
    for keys in ("G", "g", "j", "\r", "\x1b[6~", "\x1b[F", "1", "6", "g", "G", "2", "1", "F"):
        shown.send(keys)
        shown.wait_for_quiet(0.1)
    harmless(shown, "panes")
    shown.send("\rF1gG")
    shown.wait_for_quiet(0.1)
    for key, title in (("E", "Esc closes"), ("Q", "Stop the engine?"), ("P", "Resume dialling?")):
        press(shown, key, title)
        escape(shown, title)
        harmless(shown, key)
    shown.send("k ")
    shown.wait_for("1 marked")
    shown.send("kk ")
    shown.wait_for("2 marked")
    press_again(shown, "x", "Cancel 2 marked calls?")
    escape(shown, "Cancel 2 marked calls?")
    shown.send("*g")
    shown.wait_until(lambda: "live" in line_of(shown, "▌"), "a live call")
    press(shown, "X", "Hang up this call?")
    escape(shown, "Hang up this call?")
    harmless(shown, "questions")


def paste(shown: Terminal, text: str) -> None:
    """Paste as a terminal does that hands on what it was given."""
    shown.send(f"\x1b[200~{text}\x1b[201~")
    shown.wait_for_quiet(0.1)


def paste_everywhere(shown: Terminal, title: str) -> None:
    """Paste it as filter, as command and as search."""
    pasted = REASON.replace("\n", " ").replace("\r", " ")[:150]
    for key in ("/", ":", "?", "\x10"):
        shown.send(key)
        shown.wait_for_quiet(0.2)
        paste(shown, pasted)
        shown.send("\r")
        shown.wait_for_quiet(0.2)
        shown.send("\x1b")
        shown.wait_for_quiet(0.3)
        harmless(shown, f"pasted after {key!r}")
    assert title in shown.text


@pytest.mark.parametrize("size", [(200, 60), (60, 16)], ids=str)
def test_no_screen_obeys_what_others_wrote(tmp_path: Path, size: tuple[int, int]) -> None:
    with hostile(tmp_path) as made:
        before = made.states()
        with attached(made, size=size, **CLAIM) as shown:
            shown.wait_for("PAUSED by")
            show_everything(shown)
            paste_everywhere(shown, "PAUSED by")
            shown.send("q")
            assert shown.wait_for_exit() == 0
            harmless(shown, "the end")
            assert shown.modes_left() == set()
        assert made.states() == before


def click_on_foreign_text(shown: Terminal) -> int:
    """Click on every second cell of what others wrote; give how many clicks that were."""
    clicks = 0
    for y, line in enumerate(shown.lines[1:-1], start=1):
        for found in re.finditer(r"\[?@click\S*|\[\S+\]\S*|\ufffd\S+|Pedro\S*", line):
            for x in range(found.start(), found.end(), 2):
                shown.click(x, y)
                clicks += 1
        shown.wait_for_quiet(0.01)
    return clicks


def test_no_click_on_foreign_text_runs_anything(tmp_path: Path) -> None:
    with hostile(tmp_path) as made, attached(made, size=(200, 60)) as shown:
        shown.wait_for("[@click=app")
        before, paused_at = made.states(), status(made)["paused_at"]
        clicks = 0
        for keys in ("", "Gkkkk", "6", "1z"):
            shown.send(keys)
            shown.wait_for_quiet(0.2)
            clicks += click_on_foreign_text(shown)
        print(f"{clicks} clicks")
        assert clicks > 500
        harmless(shown, "clicks")
        assert shown.process.poll() is None
        assert (made.states(), status(made)["paused_at"]) == (before, paused_at)
        shown.send("q")
        assert shown.wait_for_exit() == 0


# --- commands


def printed(made: Rig, *arguments: str, stdin: str = "", **more: object) -> tuple[int, str]:
    """Run a command in a terminal; see that it obeys nothing, and give what was printed."""
    with console(made, *arguments, stdin=stdin, **more) as shown:
        code = shown.wait_for_exit()
        assert obeyed_in(bytes(shown.received), by_console=False) == set(), arguments
        return code, bytes(shown.received).decode()


def bad_lines() -> Iterator[object]:
    """Write bodies that are wrong in every place, with a payload in that place."""
    for text in (*PAYLOADS, *SURROGATES):
        yield {text: 1}
        yield {"payload": {text: 1}}
        yield {"payload": text}
        yield enqueue_body(text)
        yield enqueue_body(number(0), priority=text)
        yield {**enqueue_body(number(0)), "maxAttempts": text}
        yield enqueue_body(number(0), agentId=text)
        yield enqueue_body(number(0), agentPhoneNumberId=text)
        for data in ({"user_id": "a", text: 1}, {text: [text]}, {f"system__{text}": 1}, [text]):
            yield enqueue_body(number(0), conversationInitiationClientData=data)
        for data in ({"dynamic_variables": {text: {text: 1}}}, {"procedure_ids": text}):
            yield enqueue_body(number(0), conversationInitiationClientData=data)


def test_no_command_prints_what_a_terminal_would_obey(tmp_path: Path) -> None:
    with hostile(tmp_path) as made:
        for arguments in (
            ("status",),
            ("status", "--json"),
            ("explain",),
            ("explain", "1"),
            ("explain", "2"),
            ("explain", "9"),
            ("cancel", "1", "2", "99"),
            ("prioritise", "2", "9", "--top"),
            ("pause", REASON),
            ("limit", "4"),
        ):
            code, text = printed(made, *arguments, **CLAIM)
            assert code in (0, 1)
            assert text
        code, text = printed(made, "status", "--json", **CLAIM)
        assert SIGN in json.loads(text)["paused_why"]
        assert text.isascii()


def test_no_complaint_about_a_line_holds_what_a_terminal_would_obey(tmp_path: Path) -> None:
    with rig(tmp_path, ENV, **LONG) as made:
        made.start()
        lines = [json.dumps(body) for body in bad_lines()]
        lines += [json.dumps(body, ensure_ascii=False) for body in bad_lines()]
        raw = "\n".join([*lines, *REASON.splitlines()]).encode("utf-8", "surrogatepass")
        twice = json.dumps(enqueue_body(number(0))).replace("priority", PAYLOADS[11])
        twice = twice.replace("{", f'{{"{PAYLOADS[11]}": 1, ', 1)
        (made.folder / "bad.jsonl").write_bytes(raw + b"\n" + twice.encode())
        for start in range(0, len(lines), 50):
            piece = "\n".join(lines[start : start + 50])
            (made.folder / "some.jsonl").write_bytes(piece.encode("utf-8", "surrogatepass"))
            _, text = printed(made, "enqueue", stdin="some.jsonl")
            assert "line " in text
        code, text = printed(made, "enqueue", stdin="bad.jsonl")
        assert code == 1
        assert "lines were bad" in text


def test_no_complaint_about_an_argument_holds_what_a_terminal_would_obey(tmp_path: Path) -> None:
    """A script may have put somebody's name or number there."""
    with rig(tmp_path, ENV, **LONG) as made:
        made.start()
        key = REASON.replace("=", "")
        one = ("enqueue", "--agent", "agent_1", "--phone-number-id", "phnum_1")
        for arguments in (
            (REASON,),
            (f"--{REASON}",),
            ("status", REASON),
            ("pause", "why", REASON),
            ("explain", REASON),
            ("cancel", REASON),
            ("prioritise", "1", "--to", REASON),
            ("limit", REASON),
            (*one, "--to", REASON),
            (*one, "--to", number(0), "--priority", REASON),
            (*one, "--to", number(0), "--var", REASON.replace("=", "")),
            (*one, "--to", number(0), "--var", f"{key}=1", "--var", f"{key}=2"),
            (*one, "--to", number(0), "--var", f"system__{key}=1"),
        ):
            code, _ = printed(made, *arguments)
            assert code in (1, 2), arguments


# --- the platform, the log, the database


class HostilePlatform(BaseHTTPRequestHandler):
    """Refuses everything, in words of its own."""

    def do_GET(self) -> None:
        detail = {"type": REASON, "code": REASON, "status": REASON, "message": REASON}
        raw = json.dumps({"detail": detail}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def hostile_platform() -> Iterator[str]:
    """Run a platform that is hostile; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), HostilePlatform)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_what_the_platform_says_is_text_on_screens_in_commands_and_in_the_log(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, ENV, **LONG) as made, hostile_platform() as address:
        with console(made, "serve", ELEVENLABS_BASE_URL=address) as engine:
            engine.wait_for("reconciler fails")
            for size in ((120, 40), (80, 24)):
                with attached(made, size=size) as shown:
                    shown.wait_until(lambda shown=shown: "HTTP 401" in words(shown), "HTTP 401")
                    press(shown, "E", "Esc closes")
                    escape(shown, "Esc closes")
                    harmless(shown, "the platform's words")
            for arguments in (("status",), ("explain",), ("status", "--json")):
                assert "401" in printed(made, *arguments)[1]
            assert tell(made, json.dumps({"type": REASON}).encode()).status in (400, 401, 422)
            engine.signal(15)
            engine.wait_for_exit()
            assert obeyed_in(bytes(engine.received), by_console=False) == set()
        log = (made.data_dir / "voiceslot.log").read_text()
        assert "401" in log
        assert obeyed_in_text(log) == set()


def test_what_stands_in_the_database_is_shown_as_text(tmp_path: Path) -> None:
    """An older version, or somebody with another tool, may have written anything there."""
    with rig(tmp_path, ENV, **LONG) as made:
        made.start()
        for index in range(len(PAYLOADS)):
            made.enqueue(number(index), name="Ana")
        wait_for("some talk", lambda: own_live(made) == LIVE)
        made.kill()
        with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db, db:
            for index, payload in enumerate(PAYLOADS, start=1):
                plain = payload.replace("\x00", "")
                db.execute(
                    "UPDATE call SET name = ?, agent_id = ? WHERE id = ?", (plain, plain, index)
                )
            db.execute("UPDATE attempt SET detail = ?", (REASON,))
            columns = "at, actor, kind, call_id, before, after, detail"
            db.execute(
                f"INSERT INTO journal ({columns}) VALUES (0, ?, ?, 1, ?, ?, ?)", (REASON,) * 5
            )
        made.start()
        with attached(made, size=(200, 60)) as shown:
            shown.wait_for("clipboard")
            for keys in ("G", "g", "\r", "\x1b[F", "1", "6", "g", "G"):
                shown.send(keys)
                shown.wait_for_quiet(0.2)
            harmless(shown, "planted text")
        for arguments in (("explain", "1"), ("explain", "9"), ("status", "--json")):
            printed(made, *arguments)
