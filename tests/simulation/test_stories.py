"""The stories of trouble: as many as a minute holds, those that went wrong once, and the judge.

They run in a process of their own, whose sets have one order: the same seed is the same story.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from tests.e2e.rig import ROOT
from tests.simulation.coverage import Coverage
from tests.simulation.happenings import HAPPENINGS, draw_story, in_words
from tests.simulation.happenings_of_messages import MESSAGES
from tests.simulation.run import _missing, _tell_many
from tests.simulation.shrinking import shrunk
from tests.simulation.stories import Story, story_from
from tests.simulation.tally import Tally, kept
from tests.simulation.telling import Told

SEEDS = 60
"""What a slow machine tells in a minute; `make simulate` tells as many as one likes."""


def run(*arguments: str) -> str:
    """Run the program that tells stories; give what it printed, whatever came of it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.run", "--processes", "1", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return done.stdout


@pytest.mark.timeout(300)
def test_all_promises_hold_in_many_stories() -> None:
    """No person rung twice, no slot spent twice, nothing lost, and all settles in the end."""
    told = run("--seeds", str(SEEDS), "--plain")
    print(told)
    assert " goes wrong: " not in told
    assert f"{SEEDS} stories" in told


@pytest.mark.timeout(300)
def test_what_went_wrong_once_goes_well() -> None:
    told = run("--regressions").splitlines()
    print("\n".join(told))
    assert told
    assert [line for line in told if not line.endswith(": all promises held")] == []


def test_the_same_seed_is_the_same_story_to_the_last_commit() -> None:
    """The digest is made of every dial and every transition with its virtual moment."""
    first, second = (run("--replay", "3").splitlines()[-1] for _ in range(2))
    assert "digest" in first
    assert first == second


def test_a_story_is_the_same_whatever_was_told_before_it_in_the_process() -> None:
    """As it was not, where an order hung on where in memory the tasks of a group lay."""
    after = "from tests.simulation.run import *; told(story_of(7014)); print(told(story_of(7015)))"
    found = subprocess.run(
        [sys.executable, "-c", after],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    *_, digest = run("--replay", "7015").split()
    assert f"digest='{digest}" in found


def test_a_run_that_was_stopped_goes_on_with_all_that_it_had_reached(tmp_path: Path) -> None:
    file = tmp_path / "tally.json"
    many = ("--tally", str(file), "--from", "40")
    for seeds in ("2", "4"):
        told = run(*many, "--seeds", seeds)
    stopped = json.loads(file.read_text())
    assert "going on after 2 stories" in told
    assert "seeds 40 to 43: 4 stories" in told
    file.unlink()
    run(*many, "--seeds", "4")
    whole = json.loads(file.read_text())
    assert stopped["reached"] == whole["reached"]
    assert stopped["virtual_s"] == pytest.approx(whole["virtual_s"])


@pytest.mark.parametrize(("nightly", "told"), [(False, [1, 2, 3]), (True, [1, 2, 3, 4, 5])])
def test_only_a_nightly_run_goes_on_after_a_story_that_goes_wrong(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    nightly: bool,
    told: list[int],
) -> None:
    seeds = []

    def tell_one(story: Story) -> Told:
        seeds.append(story.seed)
        wrong = "P1: rung twice" if story.seed == 3 else None
        return Told(wrong, "", Coverage(), 1.0, 0.1)

    monkeypatch.setattr("tests.simulation.run.told", tell_one)
    options = Namespace(
        first=1, seeds=5, tally=None, processes=1, nightly=nightly, plain=True, seconds=None
    )
    assert _tell_many(options) == 1
    assert seeds == told
    said = capsys.readouterr().out
    assert "seed 3 goes wrong: P1: rung twice" in said
    assert ("went wrong: seed 3; --shrink 3 cuts it short" in said) == nightly


def test_a_tally_of_other_code_counts_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tally.json"
    tally = Tally(7)
    tally.stories, tally.next_seed = 3, 10
    tally.keep(file)
    assert (kept(file, 7).stories, kept(file, 7).next_seed) == (3, 10)
    assert kept(file, 8).stories == 0
    file.write_text(json.dumps({**json.loads(file.read_text()), "source": "another"}))
    assert (kept(file, 7).stories, kept(file, 7).next_seed) == (0, 7)


def test_a_story_survives_being_written_down() -> None:
    for seed in range(50):
        story = draw_story(seed)
        assert story_from(story.as_json()).as_json() == story.as_json()
        assert in_words(story).startswith(f"seed {seed}, ")


def test_every_happening_is_drawn_sooner_or_later() -> None:
    drawn = {event.name for seed in range(300) for event in draw_story(seed).events}
    assert drawn == set(HAPPENINGS)


def test_some_towns_have_follow_ups_and_only_they_have_trouble_with_messages() -> None:
    stories = [draw_story(seed) for seed in range(300)]
    with_messages = [one for one in stories if "TWILIO_WHATSAPP_NUMBER" in one.settings]
    assert 90 < len(with_messages) < 150
    without = [one for one in stories if one not in with_messages]
    assert not {event.name for one in without for event in one.events} & set(MESSAGES)


def test_trouble_that_never_struck_is_missed() -> None:
    """A row of stories in which nothing happened has reached nothing, and says so of each."""
    missing = "\n".join(_missing(Coverage()))
    for happening in HAPPENINGS.values():
        for fault in happening.strikes:
            assert f"{fault}: struck 0 times" in missing
    assert "the transition from queued to dialing" in missing
    assert "the transition from message due to message sending" in missing


def test_news_of_an_end_with_its_outcome_takes_both_transitions() -> None:
    """A call that is over before its dial was answered is wrapped up in the same commit."""
    reached = Coverage()
    reached.move("dialing", "ended", through="wrapping_up")
    missing = "\n".join(_missing(reached))
    assert "the transition from dialing to wrapping_up" not in missing
    assert "the transition from wrapping_up to ended" not in missing
    assert "the transition from uncertain to wrapping_up" in missing


def test_a_story_is_cut_down_to_what_it_takes() -> None:
    story = next(s for s in map(draw_story, range(100)) if len(s.events) > 8)
    wanted = (story.events[2], story.events[5])

    def goes_wrong(other: Story) -> bool:
        return all(event in other.events for event in wanted)

    assert shrunk(story, goes_wrong).events == wanted
