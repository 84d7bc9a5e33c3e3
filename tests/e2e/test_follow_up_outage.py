"""No engine for three days, while batches go on and calls of ours end: nobody is forgotten.

The days are those of the engine's own clock when it comes back; the telephone world's go by in a
moment. To the engine it is the same: all that it missed is dated three days ago.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.messaging import (
    ENV,
    WORLD,
    after_checks,
    await_batches,
    entitled,
    rows,
    sent_to,
    settled,
    standing,
    taken,
    truth,
)
from tests.e2e.outside import submit_batch
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, own_live
from voiceslot_tui.core.follow_ups import FollowUpState, SkipReason

BEFORE = [number(index) for index in range(8)]
AROUND = [number(100 + index) for index in range(60)]
MEANWHILE = [number(200 + index) for index in range(30)]
OWN = [number(300 + index) for index in range(6)]
EVERYBODY = [*BEFORE, *AROUND, *MEANWHILE, *OWN]
THREE_DAYS = ("-m", "tests.e2e.days_later", "3")


def end_while_nobody_looks(made: Rig) -> Counter[str]:
    """Kill an engine in the middle of a batch and of its own calls; let all of them end.

    Gives who had a message by then.
    """
    made.simulator.script(**{person: {"talk_s": 5.0} for person in OWN})
    made.start()
    await_batches(made, [submit_batch(made.simulator, BEFORE)])
    wait_for("the first are sent", lambda: taken(made) == len(BEFORE))
    for person in OWN:
        made.enqueue(person)
    around = submit_batch(made.simulator, AROUND)
    wait_for("ours are live", lambda: own_live(made) == len(OWN))
    wait_for("some of the batch are sent", lambda: set(sent_to(made)) & set(AROUND))
    made.kill()
    before = sent_to(made)
    assert own_live(made) == len(OWN), "our calls were over before the outage"
    assert set(before) < {*BEFORE, *AROUND}, "the batch was over before the outage"
    await_batches(made, [around, submit_batch(made.simulator, MEANWHILE)])
    wait_for("ours are over", lambda: own_live(made) == 0)
    return before


@pytest.mark.timeout(90)
@pytest.mark.parametrize("hours", [24, 96])
def test_three_days_without_an_engine_forget_nobody(hours: int, tmp_path: Path) -> None:
    """Whoever was missed gets the one message, or is left out because it is too old for one."""
    env = {**ENV, "FOLLOW_UP_TOO_OLD_HOURS": str(hours), "MAX_CALL_MINUTES": "1"}
    world = {**WORLD, **ALL_ANSWER, "talk_s": 1.5}
    with rig(tmp_path, env, **{**world, "limit": 60}) as made:
        before = end_while_nobody_looks(made)
        made.start(program=THREE_DAYS)
        wait_for("nothing waits any more", lambda: settled(made, len(EVERYBODY)))
        after_checks(made, 3)
        found = rows(made)
        assert set(found) == set(EVERYBODY), "somebody was forgotten"
        assert truth(made)["people_again"] == {}
        unsure = {p for p, row in found.items() if row.state is FollowUpState.AMBIGUOUS}
        if hours > 72:
            # Whose request the kill cut off may have been written to, and is held.
            assert sent_to(made) | Counter(unsure) == entitled(made) == Counter(EVERYBODY)
            return
        assert sent_to(made) == before
        left_out = set(EVERYBODY) - set(before) - unsure
        assert {found[person].skipped_for for person in left_out} == {SkipReason.TOO_OLD}
        assert standing(made)["skips"] == {"too_old": len(left_out)}
