"""The table of settings: every default, every check, and that no secret shows."""

from __future__ import annotations

import dataclasses
import os
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from voiceslot_tui.core.errors import SettingsInvalid
from voiceslot_tui.core.setting_rows import Secret
from voiceslot_tui.settings import (
    CountStrategy,
    Settings,
    UnknownCalls,
    load,
    load_data_dir,
    table,
)

KEY = {"ELEVENLABS_API_KEY": "not-a-real-platform-key"}
LISTENER_KEY = {"VOICESLOT_API_KEY": "not-a-real-listener-key"}
SID = "AC" + "0" * 32


def problems(env_file: Path | None = None, **environ: str) -> dict[str, str]:
    """Load settings that are wrong; give what is said, by name."""
    with pytest.raises(SettingsInvalid) as refused:
        load({**KEY, **environ}, env_file)
    return {problem.name: problem.message for problem in refused.value.problems}


def test_a_key_is_all_that_is_needed() -> None:
    settings = load(KEY)
    assert settings.elevenlabs_api_key.reveal() == "not-a-real-platform-key"
    plain = dataclasses.replace(settings, elevenlabs_api_key=Secret(), warnings=())
    assert plain == Settings()
    assert (settings.port, settings.host) == (4000, "127.0.0.1")
    assert settings.elevenlabs_concurrency_limit == 5
    assert settings.polling_interval_ms == 2000
    assert settings.elevenlabs_active_statuses == ("in_progress",)
    assert settings.elevenlabs_active_count_strategy is CountStrategy.CONVERSATIONS


def test_what_the_table_shows_as_default_reads_as_the_default() -> None:
    written = {row.name: row.default for row in table() if row.default}
    assert load({**KEY, **written}) == load(KEY)


def test_every_field_has_a_row() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)} - {"warnings"}
    assert {row.field for row in table()} == fields
    assert all(row.meaning for row in table())


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ELEVENLABS_CONCURRENCY_LIMIT", "10000", 10_000),
        ("CALLS_PER_SECOND", "0", 0.0),
        ("CALLS_PER_SECOND", "2.5", 2.5),
        ("ELEVENLABS_BASE_URL", "https://api.eu.residency.elevenlabs.io/", "same"),
        ("ELEVENLABS_BASE_URL", "http://127.0.0.1:9999", "same"),
        ("ELEVENLABS_BASE_URL", "http://[::1]:9999", "same"),
        ("ELEVENLABS_BASE_URL", "http://localhost:9999", "same"),
        ("ELEVENLABS_START_CALL_URL", "https://x.example/v1/call", "same"),
        ("ELEVENLABS_ACTIVE_COUNT_STRATEGY", "live_count", CountStrategy.LIVE_COUNT),
        ("ELEVENLABS_ACTIVE_STATUSES", " in_progress , pending ", ("in_progress", "pending")),
        ("UNKNOWN_CALLS", "requeue", UnknownCalls.REQUEUE),
        ("PORT", "0", 0),
        ("PORT", "", 4000),
        ("HOST", "::1", "::1"),
        ("TWILIO_ACCOUNT_SID", SID, SID),
        ("VOICESLOT_DATA_DIR", "/somewhere", Path("/somewhere")),
    ],
)
def test_what_is_right_is_taken(name: str, text: str, value: object) -> None:
    read = getattr(load({**KEY, name: text}), name.lower())
    assert read == (text.rstrip("/") if value == "same" else value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ELEVENLABS_CONCURRENCY_LIMIT", "0", "from 1 to 10000"),
        ("ELEVENLABS_CONCURRENCY_LIMIT", "five", "whole number"),
        ("ELEVENLABS_CONCURRENCY_LIMIT", "5.0", "whole number"),
        ("ELEVENLABS_CONCURRENCY_LIMIT", "٥", "whole number"),
        ("ELEVENLABS_CONCURRENCY_LIMIT", "10001", "from 1 to 10000"),
        ("CALLS_PER_SECOND", "-1", "from 0"),
        ("CALLS_PER_SECOND", "nan", "number"),
        ("CALLS_PER_SECOND", "1e3", "number"),
        ("PORT", "65536", "65535"),
        ("POLLING_INTERVAL_MS", "0", "from 100"),
        ("SLOT_RESERVE", "5", "below ELEVENLABS_CONCURRENCY_LIMIT"),
        ("ELEVENLABS_ACTIVE_COUNT_STRATEGY", "conversation", "did you mean conversations?"),
        ("UNKNOWN_CALLS", "maybe", "ask, requeue"),
        ("ELEVENLABS_BASE_URL", "http://api.elevenlabs.io", "https://"),
        ("ELEVENLABS_BASE_URL", "http://127.0.0.1.evil.example", "https://"),
        ("ELEVENLABS_BASE_URL", "api.elevenlabs.io", "whole URL"),
        ("ELEVENLABS_BASE_URL", "https://user@api.elevenlabs.io", "user name"),
        ("ELEVENLABS_BASE_URL", "https://api.elevenlabs.io/v1", "without a path"),
        ("ELEVENLABS_BASE_URL", "https://api.elevenlabs.io?x=1", "question mark"),
        ("ELEVENLABS_BASE_URL", "https://[", "URL"),
        ("ELEVENLABS_BASE_URL", "https://x:99999", "URL"),
        ("ELEVENLABS_BASE_URL", "ftp://127.0.0.1", "https://"),
        ("ELEVENLABS_START_CALL_URL", "https://x.example", "with its path"),
        ("ELEVENLABS_ACTIVE_STATUSES", ",", "status words"),
        ("ELEVENLABS_API_KEY", "with a blank", "without blanks"),
        ("WEBHOOK_SECRET", "…", "copied whole"),
        ("ELEVENLABS_API_KEY", "with-ñ", "ASCII"),
        ("WEBHOOK_SECRET", ",,", "commas"),
        ("WEBHOOK_SECRET", "not-utf-8-\udcff", "control characters"),
        ("VOICESLOT_DATA_DIR", "/a\x00b", "control characters"),
        ("TWILIO_ACCOUNT_SID", "AC123", "32 hexadecimal"),
        ("TWILIO_BASE_URL", "http://twilio.example", "https://"),
        ("HOST", "a b", "host name"),
        ("VOICESLOT_DATADIR", "/x", "did you mean VOICESLOT_DATA_DIR?"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(name: str, text: str, said: str) -> None:
    found = problems(**{name: text})
    assert set(found) == {name}
    assert said in found[name]


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"HOST": "0.0.0.0"}, "VOICESLOT_API_KEY"),
        ({"HOST": "::"}, "VOICESLOT_API_KEY"),
        ({"HOST": "192.0.2.1"}, "VOICESLOT_API_KEY"),
        ({"PUBLIC_BASE_URL": "https://calls.example.org"}, "VOICESLOT_API_KEY"),
        ({"TWILIO_AUTH_TOKEN": "not-a-real-token"}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_API_KEY_SID": "SK" + "0" * 32}, "TWILIO_API_KEY_SID"),
        ({"TWILIO_API_KEY_SECRET": "x", "TWILIO_ACCOUNT_SID": SID}, "TWILIO_API_KEY_SID"),
    ],
)
def test_what_cannot_be_right_together(environ: dict[str, str], name: str) -> None:
    assert set(problems(**environ)) == {name}


def test_what_follows_from_a_wrong_value_is_not_said_too() -> None:
    found = problems(ELEVENLABS_CONCURRENCY_LIMIT="many", SLOT_RESERVE="7")
    assert set(found) == {"ELEVENLABS_CONCURRENCY_LIMIT"}


@pytest.mark.parametrize(
    "environ", [{"HOST": "0.0.0.0"}, {"PUBLIC_BASE_URL": "https://calls.example.org"}]
)
def test_a_key_makes_a_public_listener_right(environ: dict[str, str]) -> None:
    assert load({**KEY, **LISTENER_KEY, **environ})


def test_everything_wrong_is_said_at_once_and_no_value_is_quoted() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load({"PORT": "canary-1", "UNKNOWN_CALLS": "canary-2", "TWILIO_AUTH_TOKEN": "canary 3"})
    names = {problem.name for problem in refused.value.problems}
    assert names == {"ELEVENLABS_API_KEY", "PORT", "UNKNOWN_CALLS", "TWILIO_AUTH_TOKEN"}
    assert "canary" not in str(refused.value)


# --- where values come from


def test_the_environment_wins_over_the_file_and_the_file_stays_out_of_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("\ufeffELEVENLABS_API_KEY='from-${FILE}'\nPORT=5000\nRING_TIMEOUT_S=30\n")
    settings = load({"PORT": "6000"}, file)
    assert settings.elevenlabs_api_key.reveal() == "from-${FILE}"
    assert (settings.port, settings.ring_timeout_s) == (6000, 30)
    assert "RING_TIMEOUT_S" not in os.environ


def test_a_missing_file_is_fine(tmp_path: Path) -> None:
    assert load(KEY, tmp_path / ".env").port == 4000


def test_a_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in problems(env_file=file)[str(file)]


@pytest.mark.parametrize("line", ["PORT='5000", "PORT 5000", "PORT", "= 5000"])
def test_a_line_of_the_file_that_cannot_be_read_is_said(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# ours\n\nRING_TIMEOUT_S=30\n{line}\n")
    assert "NAME=value" in problems(env_file=file)[".env, line 4"]
    with pytest.raises(SettingsInvalid, match="line 4"):
        load_data_dir({}, file)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CALL_PER_SECOND", "CALLS_PER_SECOND"),
        ("ELEVENLABS_CONCURENCY_LIMIT", "ELEVENLABS_CONCURRENCY_LIMIT"),
        ("FOLLOW_UP_TEMPLATE", ""),
        ("VOICESLOT_NOTHING", ""),
        ("slot_reserve", "SLOT_RESERVE"),
    ],
)
def test_a_name_of_the_file_that_is_mistaken_is_said(tmp_path: Path, name: str, meant: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{name}=1\n")
    said = problems(env_file=file)[name]
    assert "is no setting of this program" in said
    assert f"did you mean {meant}?" in said or not meant


@pytest.mark.parametrize(
    ("name", "is_wrong"),
    [
        ("FOLLOW_UP_PERDAY", True),
        ("VOICESLOT_NOTHING", True),
        ("TWILIO_WHATSAP_NUMBER", False),
        ("CALL_PER_SECOND", False),
    ],
)
def test_a_name_of_the_environment_is_wrong_where_nobody_else_can_mean_it(
    name: str, is_wrong: bool
) -> None:
    if is_wrong:
        assert name in problems(**{name: "1"})
    else:
        assert any(f"{name} is no setting" in line for line in load({**KEY, name: "1"}).warnings)


@pytest.mark.parametrize(
    "name", ["PATH", "TERM", "ELEVENLABS_VOICE_ID", "TWILIO_REGION", "HOSTNAME"]
)
def test_what_other_programs_keep_in_the_environment_is_theirs(name: str) -> None:
    assert load({**KEY, name: "x"}) == load(KEY)


@pytest.mark.parametrize("line", ["MIICanaryQ==", "CanarySecret = x", "canary_secret=x"])
def test_a_name_that_may_be_a_piece_of_a_secret_is_not_shown(tmp_path: Path, line: str) -> None:
    """A key of several lines without quotation marks reads as names; none may reach a screen."""
    file = tmp_path / ".env"
    file.write_text(f"{line}\n")
    file.chmod(0o600)
    warnings = load(KEY, file).warnings
    assert any("is no setting of this program" in warning for warning in warnings)
    assert "canary" not in " ".join(warnings).lower()


def test_what_other_programs_keep_in_the_file_is_warned_about(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("COMPOSE_FILE=x.yml\n")
    file.chmod(0o600)
    assert any("COMPOSE_FILE" in warning for warning in load(KEY, file).warnings)


def test_alerts_by_a_library_that_is_missing_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "pip install apprise" in problems(ALERT_URLS="json://127.0.0.1")["ALERT_URLS"]
    library = types.ModuleType("apprise")
    library.__spec__ = ModuleSpec("apprise", None)
    monkeypatch.setitem(sys.modules, "apprise", library)
    assert load({**KEY, "ALERT_URLS": "json://127.0.0.1"}).alert_urls


def test_a_file_that_others_can_read_is_warned_about(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=5000\n")
    file.chmod(0o644)
    assert any("chmod 600" in warning for warning in load(KEY, file).warnings)
    file.chmod(0o600)
    assert not any("chmod 600" in warning for warning in load(KEY, file).warnings)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("  from-a-file\n")
    settings = load({"ELEVENLABS_API_KEY_FILE": str(file)})
    assert settings.elevenlabs_api_key.reveal() == "from-a-file"


def test_a_secret_in_two_places_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-a-file")
    found = problems(ELEVENLABS_API_KEY_FILE=str(file))
    assert "keep one" in found["ELEVENLABS_API_KEY"]


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_a_secret_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    assert "WEBHOOK_SECRET" in problems(WEBHOOK_SECRET_FILE=str(file))


def test_only_secrets_have_files(tmp_path: Path) -> None:
    assert "VOICESLOT_GROUP_FILE" in problems(VOICESLOT_GROUP_FILE=str(tmp_path))


def test_plain_commands_read_the_folder_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("VOICESLOT_DATA_DIR=/somewhere\nPORT=nonsense\n")
    assert load_data_dir({}, file) == Path("/somewhere")
    assert load_data_dir({}, None) is None


# --- warnings and secrets


@pytest.mark.parametrize("strategy", ["dispatched", "batches"])
def test_the_wrong_strategies_say_why_they_are_wrong(strategy: str) -> None:
    warnings = load({**KEY, "ELEVENLABS_ACTIVE_COUNT_STRATEGY": strategy}).warnings
    assert any(f"STRATEGY={strategy}" in warning for warning in warnings)


def test_what_is_given_up_is_said() -> None:
    warnings = load({**KEY, "UNKNOWN_CALLS": "requeue", "VOICESLOT_API_KEY": "short"}).warnings
    assert [word for word in ("requeue", "WEBHOOK_SECRET", "short") if word in str(warnings)] == [
        "requeue",
        "WEBHOOK_SECRET",
        "short",
    ]
    signed = {**KEY, "WEBHOOK_SECRET": "not-a-real-secret"}
    assert [word.split()[0] for word in load(signed).warnings] == ["VOICESLOT_API_KEY"]
    assert load({**signed, "VOICESLOT_API_KEY": "not-a-real-key-" * 3}).warnings == ()


def test_no_secret_shows() -> None:
    given = {**KEY, **LISTENER_KEY, "WEBHOOK_SECRET": "canary-a, canary-b"}
    settings = load(given)
    shown = f"{settings} {settings!r} {settings.webhook_secret} {[settings.webhook_secret]}"
    assert "canary" not in shown
    assert "not-a-real" not in shown
    assert settings.webhook_secrets == (b"canary-a", b"canary-b")
    assert set(settings.secrets()) >= {
        "canary-a",
        "canary-b",
        *KEY.values(),
        *LISTENER_KEY.values(),
    }


def test_a_secret_is_compared_by_value_and_is_false_when_empty() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert len({Secret("a"), Secret("a")}) == 1
