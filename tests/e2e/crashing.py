"""Starts the engine as `serve` does, with one place armed at which something happens to it.

Run as a program: `python -m tests.e2e.crashing POINT N`. `POINTS` lists every place where an engine
can stop between taking an order and knowing how the call went.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.e2e import places
from tests.e2e.places import Deed
from tests.e2e.seen import ALL_ANSWER
from voiceslot_tui.core.calls import Step

SLOW = {"kind": "slow", "target": "start", "delay_s": 0.4}
LOST = {"kind": "no_answer", "target": "start"}
UNREACHABLE = {"ELEVENLABS_START_CALL_URL": "http://127.0.0.1:1/v1/convai/twilio/outbound-call"}
QUICK_END = {"ring_s": 0.02, "talk_s": 0.05, "talk_spread": 0.0}
ALL_BUSY = {"answered_weight": 0.0, "voicemail_weight": 0.0, "no_answer_weight": 0.0}
ALL_BUSY |= {"failed_weight": 0.0, "busy_weight": 1.0, **QUICK_END}
LONGER = {**ALL_ANSWER, "talk_s": 2.0}
LONGEST = {**ALL_ANSWER, "talk_s": 6.0}
FIVE_AT_ONCE = {**UNREACHABLE, "ELEVENLABS_CONCURRENCY_LIMIT": "5"}
"""So that calls of which nobody can say whether they rang leave some slots free."""
PATIENT = {"START_TIMEOUT_S": "10"}


@dataclass(frozen=True, slots=True)
class Point:
    """One place: its number in the list of places where an engine can stop, and its circumstances.

    `faults` are over once the point was reached, `env` is that of the first engine only. At a place
    where somebody cancels, `cancels` is true. `quick`: also run once by the ordinary suite.
    """

    number: int
    arm: Callable[[], None]
    faults: tuple[Mapping[str, object], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    world: Mapping[str, object] = field(default_factory=dict)
    deed: Deed = Deed.KILL
    cancels: bool = False
    quick: bool = False


SLOW_CANCELLED = ({**SLOW, "delay_s": 3.0},)

POINTS: dict[str, Point] = {
    "ordered_not_committed": Point(0, places.ordered_not_committed),
    "ordered_not_told": Point(0, places.ordered_not_told),
    "picked_not_committed": Point(0, places.picked_not_committed, quick=True),
    "reserved_not_sent": Point(1, places.reserved_not_sent, quick=True),
    "refused_before_a_byte": Point(2, places.refused_before_a_byte, env=FIVE_AT_ONCE, quick=True),
    "taken_back": Point(2, lambda: places.after_a_commit(Step.NOT_TAKEN), env=UNREACHABLE),
    "partly_sent": Point(3, places.partly_sent, quick=True),
    "read_not_answered": Point(4, places.read_not_answered, (SLOW,), quick=True),
    "silence_not_committed": Point(
        5, places.silence_not_committed, (LOST,), {"START_TIMEOUT_S": "1"}, LONGER, quick=True
    ),
    "silence_committed": Point(
        5, places.silence_committed, (LOST,), {"START_TIMEOUT_S": "1"}, LONGER
    ),
    "answered_not_committed": Point(6, places.answered_not_committed, quick=True),
    "in_mid_commit_of_an_answer": Point(6, places.in_mid_commit_of_an_answer),
    "live_and_committed": Point(7, places.live_and_committed, quick=True),
    "end_ahead_of_its_answer": Point(8, places.told_of_an_end, (SLOW,), world=QUICK_END),
    "end_ahead_committed": Point(8, places.end_committed_not_told, (SLOW,), world=QUICK_END),
    "answer_behind_its_end": Point(8, places.answered_not_committed, (SLOW,), world=QUICK_END),
    "news_kept_for_its_dial": Point(
        8, places.news_kept_for_its_dial, (SLOW,), world=ALL_BUSY, quick=True
    ),
    "told_of_an_end": Point(9, places.told_of_an_end, quick=True),
    "in_mid_commit_of_an_end": Point(9, places.in_mid_commit_of_an_end, quick=True),
    "polled_of_an_end": Point(
        10, places.polled_of_an_end, world={"webhook_enabled": False}, quick=True
    ),
    "told_of_an_end_again": Point(
        10, places.told_of_an_end_again, world={"webhook_duplicate_share": 1.0}
    ),
    "end_committed_not_told": Point(11, places.end_committed_not_told, quick=True),
    "refilled_not_sent": Point(11, places.refilled_not_sent, quick=True),
    "cancel_not_committed": Point(
        12, places.cancel_not_committed, SLOW_CANCELLED, PATIENT, LONGER, cancels=True
    ),
    "cancel_not_told": Point(
        12, places.cancel_not_told, SLOW_CANCELLED, PATIENT, LONGER, cancels=True, quick=True
    ),
    "cancelled_then_answered": Point(
        12, places.cancelled_then_answered, SLOW_CANCELLED, PATIENT, LONGEST, cancels=True
    ),
    "asleep_before_the_request": Point(13, places.about_to_ask, deed=Deed.STOP),
    "asleep_in_flight": Point(13, places.read_not_answered, (SLOW,), deed=Deed.STOP),
    "clock_ahead_from_the_start": Point(13, places.ordered_not_committed, deed=Deed.AHEAD),
    "clock_ahead": Point(13, places.reserved_not_sent, deed=Deed.AHEAD, quick=True),
    "clock_ahead_in_flight": Point(13, places.read_not_answered, (SLOW,), deed=Deed.AHEAD),
    "clock_back": Point(13, places.live_and_committed, deed=Deed.BACK),
}


if __name__ == "__main__":
    point = POINTS[sys.argv[1]]
    places.arm(point.arm, point.deed, int(sys.argv[2]))
    sys.argv = ["voiceslot", "serve"]
    from voiceslot_tui.cli.main import main

    main()
