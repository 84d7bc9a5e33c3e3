"""Secrets and phone numbers: in no log, no report, no database, no process list, no answer.

Canaries are put in wherever a secret or a number comes in, and an engine is made to fail with all
of them in its mouth. The same search finds every one of them where the test switches the masking
off: so it is able to find something.
"""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from tests.e2e.leaking import NUMBER
from tests.e2e.outside import enqueue, enqueue_body, sign, tell, told_over, voiceslot
from tests.e2e.rig import Rig, call_json, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, QUICK

SECRETS = {
    "ELEVENLABS_API_KEY": "canary-of-the-platform",
    "WEBHOOK_SECRET": "canary-of-the-webhooks",
    "VOICESLOT_API_KEY": "canary-of-the-interface",
    "TWILIO_AUTH_TOKEN": "canary-of-the-carrier",
}
BEARER = {"Authorization": f"Bearer {SECRETS['VOICESLOT_API_KEY']}"}
WORLD = {
    **QUICK,
    **ALL_ANSWER,
    "api_key": SECRETS["ELEVENLABS_API_KEY"],
    "webhook_secret": SECRETS["WEBHOOK_SECRET"],
    "account_token": SECRETS["TWILIO_AUTH_TOKEN"],
    "webhook_forged_share": 1.0,
}

LEAKING = ("-m", "tests.e2e.leaking")


def canaries_in(text: str) -> set[str]:
    """Name the canaries that stand in a text; a number however it is written."""
    digits = NUMBER.removeprefix("+1")
    number = re.compile(r"[\s().-]*".join(digits))
    found = {name for name, secret in SECRETS.items() if secret in text}
    return found | ({"the number"} if number.search(text) else set())


def canaries_written(made: Rig, but: Iterable[str] = ()) -> set[str]:
    """Search every file below the rig's folder; the database holds numbers, but no secret."""
    found: set[str] = set()
    for file in made.folder.rglob("*"):
        if not file.is_file() or file.name in but:
            continue
        seen = canaries_in(file.read_bytes().decode("utf-8", "replace"))
        is_database = file.name.startswith("voiceslot.db")
        found |= seen - {"the number"} if is_database else seen
    return found


def dump(made: Rig) -> str:
    """Write the whole database as text."""
    with closing(sqlite3.connect(made.data_dir / "voiceslot.db")) as db:
        return "\n".join(db.iterdump())


def processes(made: Rig) -> str:
    """Show the engine as `ps` shows it to everybody."""
    assert made.engine is not None
    command = ["ps", "-ww", "-o", "args=", "-p", str(made.engine.pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "leaking" in shown
    return shown


def a_day_in_the_life(made: Rig) -> str:
    """Let calls be made and things go wrong; give all that was answered and shown."""
    said = enqueue(made, enqueue_body(NUMBER), BEARER).body, enqueue(made, enqueue_body(NUMBER))
    shown = [str(said)]
    dialled = wait_for("it is dialled", made.simulator.dials)
    body = told_over(dialled[0]["conversation_id"])
    forged = ({}, sign(body, secret="a-guess"), sign(body, age_s=9999))
    shown += [str(tell(made, body, headers)) for headers in forged]
    shown.append(str(tell(made, b"{}", sign(b"{}", secret=SECRETS["WEBHOOK_SECRET"]))))

    def seen() -> bool:
        snapshot = call_json(f"{made.url}/stats", None, BEARER)["snapshot"]
        errors = [one["error"] for one in snapshot["services"]]
        shown[-1] = str(snapshot)
        return snapshot["calls"].get("ended") == 1 and any(errors)

    wait_for("the call has ended, and the worker fails", seen)
    for arguments in (["status"], ["status", "--json"], ["explain"], ["explain", "1"]):
        ran = voiceslot(made, *arguments)
        shown.append(ran.stdout + ran.stderr)
    shown.append(processes(made))
    return "\n".join(shown)


def test_no_canary_is_written_or_shown(tmp_path: Path) -> None:
    with rig(tmp_path, SECRETS, **WORLD) as made:
        made.start(program=LEAKING)
        shown = a_day_in_the_life(made)
        assert "RuntimeError" in shown
        made.kill(signal.SIGTERM)
        assert "RuntimeError" in (made.data_dir / "voiceslot.log").read_text()
        assert canaries_in(shown) == set()
        assert canaries_written(made) == set()
        assert NUMBER in dump(made)
        assert canaries_in(dump(made)) == {"the number"}


def test_the_search_finds_the_canaries_where_nothing_is_masked(tmp_path: Path) -> None:
    with rig(tmp_path, SECRETS, **WORLD) as made:
        made.start(program=(*LEAKING, "unmasked"))
        shown = a_day_in_the_life(made)
        made.kill(signal.SIGTERM)
        everything = {*SECRETS, "the number"}
        assert canaries_in(shown) == everything
        assert canaries_written(made) == everything
        assert canaries_written(made, but=["voiceslot.log", "engine.out"]) == set()
        assert canaries_in((made.data_dir / "voiceslot.log").read_text()) == everything


def crash(made: Rig, *arguments: str, **more: object) -> str:
    """Let an engine end by a defect; give its output and the report that it names."""
    made.start(wait=False, program=(*LEAKING, "crashes", *arguments), **more)
    assert made.engine is not None
    assert made.engine.wait(30) == 1
    output = made.output()
    report = re.search(r"The details are in (\S+);", output)
    assert report is not None, output
    return output + Path(report[1]).read_text()


def test_a_crash_report_tells_none_wherever_the_secrets_came_from(tmp_path: Path) -> None:
    """From the environment, from .env, and from files that the environment names."""
    with rig(tmp_path, SECRETS, **WORLD) as made:
        report = crash(made)
        assert "RuntimeError" in report
        assert canaries_in(report) == set()
    with rig(tmp_path / "files", **WORLD) as made:
        made.without = tuple(SECRETS)
        lines = [f"{name}={secret}" for name, secret in SECRETS.items()]
        (made.folder / ".env").write_text("\n".join(lines[1:]))
        (made.folder / "key").write_text(SECRETS["ELEVENLABS_API_KEY"])
        report = crash(made, ELEVENLABS_API_KEY_FILE=made.folder / "key")
        assert "RuntimeError" in report
        assert canaries_in(report) == set()


def test_the_search_finds_the_canaries_in_a_report_that_is_not_masked(tmp_path: Path) -> None:
    with rig(tmp_path, SECRETS, **WORLD) as made:
        assert canaries_in(crash(made, "unmasked")) == {*SECRETS, "the number"}
