"""When a trouble is told: after a while, once, again after hours, and its end once."""

from __future__ import annotations

from itertools import pairwise

import pytest

from voiceslot_tui.core.alerts import Alert, Alerting
from voiceslot_tui.core.limits import ALERT_AGAIN_S, ALERT_CLEAR_S, ALERTS_PER_HOUR_MAX
from voiceslot_tui.core.troubles import TROUBLES, Trouble

STEP_S = 10.0
BREAKER = Trouble.BREAKER_OPEN


class Night:
    """An alerting and its time."""

    def __init__(self) -> None:
        self.alerting = Alerting()
        self.now_s = 50_000.0
        self.told: list[tuple[float, Alert]] = []

    def go_on(self, seconds: float, *kinds: Trouble) -> list[Alert]:
        """Let time pass in steps while some troubles last; give what was told."""
        found = {kind: f"Sentence of {kind}." for kind in kinds}
        alerts: list[Alert] = []
        for _ in range(max(1, round(seconds / STEP_S))):
            self.now_s += STEP_S
            self.alerting, told = self.alerting.after(found, self.now_s)
            self.told += [(self.now_s, alert) for alert in told]
            alerts += told
        return alerts


@pytest.mark.parametrize("trouble", Trouble)
def test_a_trouble_is_told_once_after_its_time_and_so_is_its_end(trouble: Trouble) -> None:
    night, lasts_s = Night(), TROUBLES[trouble].lasts_s
    if lasts_s:
        assert night.go_on(lasts_s, trouble) == []
    (alert,) = night.go_on(STEP_S, trouble)
    assert (alert.trouble, alert.is_over) == (trouble, False)
    assert alert.subject == TROUBLES[trouble].title
    assert alert.text == f"Sentence of {trouble}.\n{TROUBLES[trouble].advice}"
    assert night.go_on(3600, trouble) == []
    assert night.go_on(ALERT_CLEAR_S) == []
    (clear,) = night.go_on(STEP_S)
    assert (clear.trouble, clear.is_over) == (trouble, True)
    assert clear.subject == f"over: {TROUBLES[trouble].title}"
    assert "minutes" in clear.text or "hours" in clear.text
    assert night.go_on(2 * ALERT_AGAIN_S) == []


@pytest.mark.parametrize("trouble", [one for one in Trouble if TROUBLES[one].lasts_s])
def test_what_passes_by_is_never_told(trouble: Trouble) -> None:
    night = Night()
    for _ in range(20):
        assert night.go_on(TROUBLES[trouble].lasts_s, trouble) == []
        assert night.go_on(STEP_S) == []


def test_what_lasts_is_told_again_after_hours_with_its_age() -> None:
    night = Night()
    night.go_on(3 * ALERT_AGAIN_S + 600, BREAKER)
    times = [told_s for told_s, _ in night.told]
    assert [later - earlier for earlier, later in pairwise(times)] == [ALERT_AGAIN_S] * 3
    assert "lasted" not in night.told[0][1].text
    assert "It has lasted 4 hours." in night.told[1][1].text


def test_what_is_told_again_is_told_in_its_newest_words() -> None:
    alerting, _ = Alerting().after({Trouble.ENGINE_PAUSED: "Quota exceeded."}, 0.0)
    _, told = alerting.after({Trouble.ENGINE_PAUSED: "Wrong key."}, ALERT_AGAIN_S)
    assert [alert.text.partition("\n")[0] for alert in told] == [
        "Wrong key. It has lasted 4 hours."
    ]


@pytest.mark.parametrize(
    ("lasted_s", "words"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (31, "1 minute"),
        (89, "1 minute"),
        (91, "2 minutes"),
        (119 * 60, "119 minutes"),
        (120 * 60, "2 hours"),
        (149 * 60, "2 hours"),
        (151 * 60, "3 hours"),
    ],
)
def test_the_end_says_how_long_it_was(lasted_s: float, words: str) -> None:
    alerting, _ = Alerting().after({Trouble.ENGINE_PAUSED: "x"}, 7000.0)
    alerting, _ = alerting.after({}, 7000.0 + lasted_s)
    _, told = alerting.after({}, 7000.0 + lasted_s + ALERT_CLEAR_S)
    assert [alert.text for alert in told] == [f"It is over after {words}; nothing is to be done."]


@pytest.mark.parametrize(("wait_s", "count"), [(3599.9, 0), (3600.0, 1)])
def test_an_alert_takes_its_place_for_an_hour(wait_s: float, count: int) -> None:
    full = Alerting(recent_s=(0.0,) * ALERTS_PER_HOUR_MAX)
    _, told = full.after({Trouble.ENGINE_PAUSED: "x"}, wait_s)
    assert len(told) == count


def test_what_comes_and_goes_is_one_trouble_and_one_alert() -> None:
    night = Night()
    assert len(night.go_on(300, BREAKER)) == 1
    for _ in range(20):
        assert night.go_on(ALERT_CLEAR_S - STEP_S) == []
        assert night.go_on(STEP_S, BREAKER) == []
    assert [alert.is_over for alert in night.go_on(ALERT_CLEAR_S + STEP_S)] == [True]


def test_after_its_end_a_trouble_is_a_new_one() -> None:
    night = Night()
    night.go_on(300, BREAKER)
    night.go_on(ALERT_CLEAR_S + STEP_S)
    assert [alert.is_over for alert in night.go_on(300, BREAKER)] == [False]
    assert len(night.told) == 3


def test_in_an_hour_only_so_much_is_told_and_the_worst_first() -> None:
    night = Night()
    first = night.go_on(900, *Trouble)
    assert len(first) == ALERTS_PER_HOUR_MAX
    assert night.go_on(1800, *Trouble) == []
    rest = night.go_on(3600, *Trouble)
    assert {alert.trouble for alert in (*first, *rest)} == set(Trouble)
    assert len(rest) == len(Trouble) - ALERTS_PER_HOUR_MAX
    assert all("left out" not in alert.text for alert in rest)
    at_once, _ = Alerting().after(dict.fromkeys(Trouble, "x"), 0.0)
    _, told = at_once.after(dict.fromkeys(Trouble, "x"), 10_000.0)
    order = [trouble for trouble in Trouble if TROUBLES[trouble].lasts_s]
    assert [alert.trouble for alert in told] == order[:ALERTS_PER_HOUR_MAX]


def test_no_hour_holds_more_than_its_share_whatever_happens() -> None:
    night = Night()
    for turn in range(200):
        kinds = [kind for place, kind in enumerate(Trouble) if (turn >> (place % 4)) & 1]
        night.go_on(330, *kinds)
    times = [told_s for told_s, _ in night.told]
    assert len(times) > 20
    for start_s in times:
        assert sum(start_s <= told_s < start_s + 3600 for told_s in times) <= ALERTS_PER_HOUR_MAX


def test_what_was_over_before_its_turn_is_counted_once() -> None:
    night = Night()
    night.go_on(900, *Trouble)
    told = [alert.trouble for _, alert in night.told]
    waiting = [kind for kind in Trouble if kind not in told]
    assert len(waiting) == len(Trouble) - ALERTS_PER_HOUR_MAX
    night.go_on(STEP_S, *told)
    alerts = night.go_on(3 * 3600)
    assert len(alerts) == len(told)
    assert all(alert.is_over for alert in alerts)
    counted = f"\n\n{len(waiting)} further alerts were left out before this one."
    assert alerts[0].text.endswith(f"nothing is to be done.{counted}")
    assert all("left out" not in alert.text for alert in alerts[1:])


def test_an_end_waits_for_its_turn_and_is_not_lost() -> None:
    night = Night()
    first = night.go_on(900, *Trouble)
    told = {alert.trouble for alert in first}
    ends = night.go_on(3600)
    assert {alert.trouble for alert in ends if alert.is_over} == told


def test_what_another_trouble_tells_already_is_neither_told_nor_over() -> None:
    alerting, told = Alerting(), []
    sentences = ["It fails."] * 40 + [""] * 200 + ["It fails."] * 20
    for step, sentence in enumerate(sentences):
        alerting, alerts = alerting.after({Trouble.SERVICE_FAILING: sentence}, step * STEP_S)
        told += alerts
    assert [one.is_over for one in told] == [False]
    hidden = Alerting()
    for step in range(200):
        hidden, alerts = hidden.after({Trouble.SERVICE_FAILING: ""}, step * STEP_S)
        assert alerts == ()
    _, alerts = hidden.after({}, 300 * STEP_S)
    assert alerts == ()


def test_an_alerting_knows_what_an_earlier_one_has_told() -> None:
    night = Night()
    night.go_on(3600, BREAKER)
    night.alerting = Alerting.knowing(night.alerting.told())
    assert night.go_on(600, BREAKER) == []
    (clear,) = night.go_on(ALERT_CLEAR_S + STEP_S)
    assert clear.is_over
    assert night.alerting.told() == ()
