"""The campaigns that come with the program are ones that it takes, to people who do not exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceslot_tui.wire import enqueue_call

FILES = sorted((Path(__file__).resolve().parents[3] / "campaigns").glob("*/calls.jsonl"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_every_line_is_a_call_to_a_fictitious_number(file: Path) -> None:
    calls = [enqueue_call.read(line) for line in file.read_bytes().splitlines()]
    assert len(calls) >= 10
    assert len({call.to_number for call in calls}) == len(calls)
    assert all(call.to_number.startswith("+12025550") for call in calls)
    assert all(call.name for call in calls)


def test_there_is_a_campaign() -> None:
    assert [file.parent.name for file in FILES] == ["demo"]
