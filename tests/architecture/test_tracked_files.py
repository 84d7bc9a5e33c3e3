"""What is in the repository: no secret, no machine's path, no unfinished note, no index address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, text_of, tracked_files

# The patterns are put together from halves, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(?:TO" + "DO|FIX" + "ME|X" + "XX|HA" + r"CK)\b")
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:ro" + "ot|wo" + r"rk)/|(?<![\w.])/ho" + r"me/(?!you/)\w+/"
)
REAL_SECRETS = {
    "an ElevenLabs key": re.compile(r"sk_[0-9a-f]{40}"),
    "a Twilio account": re.compile(r"\b(?:AC|SK)(?!0{32})[0-9a-f]{32}\b"),
    "an ElevenLabs webhook secret": re.compile(r"wsec_[0-9a-f]{32,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE " + "KEY-----"),
    "a cloud or forge token": re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36})\b"),
}


def lines_with(pattern: re.Pattern[str]) -> Iterator[str]:
    for file in tracked_files():
        for number, line in enumerate((text_of(file) or "").splitlines(), start=1):
            if pattern.search(line):
                yield f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "--hash=sha256:" in text
    assert [line for line in text.splitlines() if "://" in line or line.startswith("-")] == []


def test_the_runtime_lock_is_a_part_of_the_development_lock() -> None:
    runtime, development = (
        set(re.findall(r"^[a-z0-9][^ ;]*==[^ ;\\]+", (ROOT / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert runtime
    assert runtime <= development


def test_nothing_is_left_to_be_done_later() -> None:
    assert not list(lines_with(UNFINISHED))


def test_no_file_knows_a_path_of_one_machine() -> None:
    assert not list(lines_with(MACHINE_PATH))


@pytest.mark.parametrize("kind", REAL_SECRETS)
def test_no_file_holds_what_looks_like(kind: str) -> None:
    assert not list(lines_with(REAL_SECRETS[kind]))


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "# TO" + "DO: later"),
        (MACHINE_PATH, "open('/ro" + "ot/notes')"),
        (MACHINE_PATH, "/ho" + "me/ana/voiceslot"),
        (REAL_SECRETS["an ElevenLabs key"], "sk_" + "0a" * 20),
        (REAL_SECRETS["a Twilio account"], "AC" + "1f" * 16),
        (REAL_SECRETS["an ElevenLabs webhook secret"], "wsec_" + "0a" * 16),
        (REAL_SECRETS["a private key"], "-----BEGIN RSA PRIVATE " + "KEY-----"),
        (REAL_SECRETS["a cloud or forge token"], "ghp" + "_" + "a1" * 18),
    ],
)
def test_the_search_finds_what_it_looks_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_local_files_are_ignored() -> None:
    tracked = {file.relative_to(ROOT) for file in tracked_files()}
    assert not {Path(".env"), Path("uv.lock")} & tracked
    assert not [file for file in tracked if file.parts[0] in {".venv", ".demo"}]
