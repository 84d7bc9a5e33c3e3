"""The log: lines of JSON without secrets and numbers, in a bounded private file."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from voiceslot_tui import logs
from voiceslot_tui.logs import Event, Field, open_log

SECRET = "canary-secret-value"
NUMBER = "+12025550123"
MESSAGE_SID = f"SM{12025550123:032d}"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "voiceslot.log"
    log = open_log(path, secrets=[SECRET, "x"])
    yield path
    log.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_is_an_object_with_its_event_level_and_time(file: Path) -> None:
    logs.info(Event.LISTENER_STARTED, {Field.PORT: 4000})
    (line,) = lines(file)
    assert line["event"] == "listener_started"
    assert (line["level"], line["port"]) == ("info", 4000)
    assert line["timestamp"].endswith("Z")
    assert line["timestamp"].startswith("20")


def test_secrets_and_numbers_are_hidden_wherever_they_stand(file: Path) -> None:
    logs.warning(
        Event.WEBHOOK_REFUSED,
        {
            Field.DETAIL: f"the key {SECRET} rang {NUMBER}",
            Field.ADDRESS: {"deep": [SECRET, (NUMBER,)], SECRET: NUMBER},
            Field.COUNT: 12025550123,
        },
    )
    logging.getLogger("some.library").warning("%s %s", SECRET, NUMBER)
    text = file.read_text()
    assert SECRET not in text
    assert "2025550123" not in text
    assert len(lines(file)) == 2


def test_the_same_search_finds_them_when_nothing_is_hidden(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs._Masking, "__call__", lambda _self, _log, _name, event: event)
    logs.warning(Event.WEBHOOK_REFUSED, {Field.DETAIL: f"{SECRET} {NUMBER}"})
    text = file.read_text()
    assert SECRET in text
    assert NUMBER in text


def test_ids_stay_readable(file: Path) -> None:
    ids = {Field.CONVERSATION_ID: "conv_0123456789012", Field.CALL_ID: 7}
    logs.warning(Event.STOP_UNREADABLE, {Field.MESSAGE_SID: MESSAGE_SID})
    logs.info(Event.WEBHOOK_IGNORED, ids)
    logs.info(Event.WEBHOOK_IGNORED, {Field.CONVERSATION_ID: NUMBER})
    message, first, second = lines(file)
    assert message["message_sid"] == MESSAGE_SID
    assert (first["conversation_id"], first["call_id"]) == ("conv_0123456789012", 7)
    assert NUMBER not in str(second)


def test_a_traceback_is_hidden_in_and_shows_no_variables(file: Path) -> None:
    variable = "canary-variable"
    try:
        raise ValueError(f"{SECRET} {NUMBER} {len(variable)}")
    except ValueError as problem:
        logs.error(Event.REQUEST_FAILED, problem=problem)
    (line,) = lines(file)
    assert "ValueError" in line["exception"]
    assert SECRET not in str(line)
    assert NUMBER not in str(line)
    assert variable not in str(line).replace('variable = "canary-variable"', "")


def test_foreign_text_stays_on_its_line(file: Path) -> None:
    logs.info(Event.WEBHOOK_IGNORED, {Field.KIND: 'x\n{"event": "forged"}\x1b[2J\ud800'})
    (line,) = lines(file)
    assert line["event"] == "webhook_ignored"
    assert "\x1b" not in file.read_text()


@pytest.mark.parametrize("name", ["httpx", "httpcore", "aiohttp.access", "twilio.http_client"])
def test_libraries_only_warn(file: Path, name: str) -> None:
    logging.getLogger(name).info("GET https://example.org")
    logging.getLogger(name).warning("this matters")
    assert [line["event"] for line in lines(file)] == ["this matters"]


def test_nothing_is_written_before_the_log_is_open(capfd: pytest.CaptureFixture[str]) -> None:
    logs.info(Event.LISTENER_STARTED)
    assert capfd.readouterr() == ("", "")


def test_the_file_is_private_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "voiceslot.log"
    for _ in range(2):
        log = open_log(path)
        logs.info(Event.ENGINE_STARTED)
        log.close()
    assert len(lines(path)) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_FILE_BYTES_MAX", 2_000)
    log = open_log(tmp_path / "voiceslot.log")
    for _ in range(200):
        logs.info(Event.ENGINE_STARTED, {Field.DETAIL: "x" * 100})
    log.close()
    files = list(tmp_path.iterdir())
    assert len(files) == 4
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)


class Broken(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError("the terminal is gone")


def test_a_log_that_cannot_be_written_stops_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = open_log(tmp_path / "voiceslot.log", stream=Broken())
    logs.error(Event.REQUEST_FAILED)
    log.close()
    assert len(lines(tmp_path / "voiceslot.log")) == 1
    assert capfd.readouterr().err == ""
