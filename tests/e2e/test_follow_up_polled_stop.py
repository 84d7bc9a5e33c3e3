"""A STOP is heard although the messenger can reach nobody: its list of messages is read."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.messaging import ENV, WORLD, act, rows, run_batch, stand, write_to_us
from tests.e2e.outside import voiceslot
from tests.e2e.rig import Rig, number, rig, wait_for
from tests.e2e.seen import ALL_ANSWER, states
from voiceslot_tui.core.follow_ups import SkipReason
from voiceslot_tui.wire import follow_up_control as asked

PEOPLE = [number(index) for index in range(4)]
WANTS_OUT, WRITES_LATER, TALKS, SAYS_NOTHING = PEOPLE


def let_all_wait(made: Rig) -> None:
    """Have a message due and a call queued for each person; nobody tells us what they write."""
    made.start()
    act(made, asked.PauseMessages())
    assert voiceslot(made, "pause").returncode == 0
    run_batch(made, PEOPLE)
    for person in PEOPLE:
        made.enqueue(person)
    wait_for("all wait", lambda: stand(made, due=len(PEOPLE)))
    assert states(made, queued=len(PEOPLE))


def wait_for_stop(made: Rig, people: int) -> None:
    """Wait until nothing waits for so many people, and all else does."""
    left = len(PEOPLE) - people
    wait_for(
        "the STOP is heeded",
        lambda: (
            states(made, queued=left, suppressed=people) and stand(made, due=left, skipped=people)
        ),
    )


def listed(made: Rig) -> set[str]:
    """Read the suppression list, as an operator does."""
    shown = voiceslot(made, "dnc", "list")
    assert shown.returncode == 0, shown.stderr
    return {person for person in PEOPLE if person in shown.stdout}


def test_a_stop_is_heard_without_an_address_and_once(tmp_path: Path) -> None:
    with rig(tmp_path, {**ENV, "PUBLIC_BASE_URL": ""}, **WORLD, **ALL_ANSWER) as made:
        let_all_wait(made)
        write_to_us(made.simulator, WANTS_OUT, "BAJA")
        write_to_us(made.simulator, TALKS, "Hola, ¿quién es?")
        act(made, asked.ReadMessenger())
        wait_for_stop(made, 1)
        assert made.simulator.truth()["callbacks"]["statuses"] == {}
        assert rows(made)[WANTS_OUT].skipped_for is SkipReason.SUPPRESSED
        assert listed(made) == {WANTS_OUT}

        made.kill()
        write_to_us(made.simulator, WRITES_LATER, "STOP")
        made.start()
        wait_for_stop(made, 2)
        assert listed(made) == {WANTS_OUT, WRITES_LATER}

        assert voiceslot(made, "dnc", "remove", WANTS_OUT).returncode == 0
        made.kill()
        made.start()
        write_to_us(made.simulator, SAYS_NOTHING, "no me llamen")
        act(made, asked.ReadMessenger())
        wait_for_stop(made, 3)
        assert listed(made) == {WRITES_LATER, SAYS_NOTHING}
