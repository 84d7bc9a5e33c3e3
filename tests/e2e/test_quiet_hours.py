"""Nobody is written to in their own quiet hours, wherever they are: held by name, sent when awake.

The engine and the telephone world live at an hour that the test chooses. The messenger tells when
it took each message, by its own clock.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.messaging import (
    ENV,
    WORLD,
    after_checks,
    rows,
    run_batch,
    sent,
    sent_to,
    standing,
)
from tests.e2e.outside import voiceslot
from tests.e2e.rig import Rig, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, states
from voiceslot_tui.core.follow_ups import FollowUpState, SkipReason, WaitReason

QUIET: Final = {"FOLLOW_UP_QUIET_HOURS": "21:00-08:00"}
IN_NEW_YORK: Final = ["+12015550100", "+12015550101"]
IN_HONOLULU: Final = ["+18085550100", "+18085550101"]
ANYWHERE: Final = ["+447700900123"]
"""A number of the United Kingdom that belongs to no place, so that its clock is not known."""
EVERYBODY: Final = [*IN_NEW_YORK, *IN_HONOLULU, *ANYWHERE]
HONOLULU: Final = ZoneInfo("Pacific/Honolulu")
ASLEEP: Final = time(6, 30)
"""On the clocks of Honolulu; in New York it is about noon."""
OPENS: Final = time(8, 0)
JUST_BEFORE: Final = timedelta(seconds=8)
DAY_S: Final = 86_400


def next_morning() -> datetime:
    """Give the next moment at which it is the hour of sleep in Honolulu."""
    now = datetime.now(HONOLULU)
    today = datetime.combine(now.date(), ASLEEP, HONOLULU)
    return today if today > now else today + timedelta(days=1)


def ahead_s(moment: datetime) -> float:
    """Give how far a clock that shows this moment is ahead of ours."""
    return (moment - datetime.now(UTC)).total_seconds()


def start_at(made: Rig, moment: datetime) -> float:
    """Start an engine whose clock shows this moment; give how far it is ahead of ours."""
    by_s = ahead_s(moment)
    made.start(program=("-m", "tests.e2e.days_later", repr(by_s / DAY_S)))
    return by_s


def call_everybody(made: Rig) -> None:
    """Call one of each place ourselves, and the others by a batch of the platform's."""
    own = [IN_NEW_YORK[0], IN_HONOLULU[0]]
    for person in own:
        made.enqueue(person)
    run_batch(made, [person for person in EVERYBODY if person not in own])
    wait_for("ours are over", lambda: states(made, ended=len(own)))


def held(made: Rig) -> set[tuple[str, datetime]]:
    """Name whose message is held for quiet hours, and until when by the clocks of Honolulu."""
    return {
        (person, datetime.fromtimestamp((row.due_at or 0) / 1000, HONOLULU))
        for person, row in rows(made).items()
        if (row.state, row.waits_for) == (FollowUpState.DUE, WaitReason.QUIET_HOURS)
    }


@pytest.mark.timeout(90)
def test_who_is_awake_is_written_to_at_once_and_who_sleeps_when_their_window_opens(
    tmp_path: Path,
) -> None:
    """The window opens under another engine than the one that held the message back."""
    asleep = next_morning()
    opens = datetime.combine(asleep.date(), OPENS, HONOLULU)
    world = {**WORLD, **ALL_ANSWER, "ahead_s": ahead_s(asleep)}
    with rig(tmp_path, {**ENV, **QUIET}, **world) as made:
        start_at(made, asleep)
        call_everybody(made)
        wait_for("they are written to", lambda: sent_to(made) == Counter(IN_NEW_YORK))
        wait_for("the others sleep", lambda: held(made) == {(who, opens) for who in IN_HONOLULU})
        after_checks(made, 2)
        assert sent_to(made) == Counter(IN_NEW_YORK)
        assert standing(made)["waits"] == {"quiet_hours": len(IN_HONOLULU)}
        said = voiceslot(made, "message", str(rows(made)[IN_HONOLULU[0]].id)).stdout
        assert "it is a quiet hour where the person is" in said
        unknown = rows(made)[ANYWHERE[0]]
        assert unknown.skipped_for is SkipReason.TIMEZONE_UNKNOWN
        made.kill()
        jumped_s = start_at(made, opens - JUST_BEFORE) - world["ahead_s"]
        wait_for("they are awake", lambda: set(sent_to(made)) >= set(IN_HONOLULU))
        after_checks(made, 2)
        assert sent_to(made) == Counter([*IN_NEW_YORK, *IN_HONOLULU])
        late = {m["number"]: m["created_at"] + jumped_s - opens.timestamp() for m in sent(made)}
        assert all(late[person] >= 0 for person in IN_HONOLULU), late
        assert held(made) == set()
