"""Quiet hours by the person's own clock, in one zone and in several, over changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.quiet_hours import QuietHours, next_awake, read_quiet_hours, same_day
from voiceslot_tui.core.setting_values import WrongValue

NIGHT = QuietHours(time(21), time(8))
BOGOTA, MADRID, CANARY = (
    ZoneInfo(name) for name in ("America/Bogota", "Europe/Madrid", "Atlantic/Canary")
)
ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            "America/Bogota",
            "Europe/Madrid",
            "America/New_York",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "America/St_Johns",
            "UTC",
        )
    ]
)
MOMENTS = st.integers(1_700_000_000_000, 1_900_000_000_000).map(Instant)
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


def at(text: str, zone: ZoneInfo = BOGOTA) -> Instant:
    return Instant(round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-03-10T20:59", "2026-03-10T20:59"),
        ("2026-03-10T21:00", "2026-03-11T08:00"),
        ("2026-03-10T21:00:30", "2026-03-11T08:00"),
        ("2026-03-10T23:59", "2026-03-11T08:00"),
        ("2026-03-10T00:00", "2026-03-10T08:00"),
        ("2026-03-10T07:59", "2026-03-10T08:00"),
        ("2026-03-10T08:00", "2026-03-10T08:00"),
    ],
)
def test_the_night_ends_in_the_morning(now: str, then: str) -> None:
    assert next_awake(NIGHT, (BOGOTA,), at(now)) == at(then)


def test_a_rest_at_noon() -> None:
    noon = QuietHours(time(13), time(14, 30))
    assert next_awake(noon, (BOGOTA,), at("2026-03-10T13:10")) == at("2026-03-10T14:30")
    assert next_awake(noon, (BOGOTA,), at("2026-03-10T13:00")) == at("2026-03-10T14:30")
    assert next_awake(noon, (BOGOTA,), at("2026-03-10T22:10")) == at("2026-03-10T22:10")


def test_all_zones_of_a_number_must_be_awake() -> None:
    # In the Canary Islands it is one hour earlier.
    now = at("2026-03-10T08:10", MADRID)
    assert next_awake(NIGHT, (MADRID, CANARY), now) == at("2026-03-10T09:00", MADRID)
    evening = at("2026-03-10T21:10", MADRID)
    assert next_awake(NIGHT, (CANARY,), evening) == evening
    assert next_awake(NIGHT, (CANARY, MADRID), evening) == at("2026-03-11T09:00", MADRID)


def test_without_a_zone_or_a_common_hour_there_is_no_answer() -> None:
    assert next_awake(NIGHT, (), at("2026-03-10T12:00")) is None
    around = tuple(ZoneInfo(f"Etc/GMT{hours:+d}") for hours in range(-12, 13, 3))
    assert next_awake(NIGHT, around, at("2026-03-10T12:00")) is None
    assert next_awake(None, (), at("2026-03-10T03:00")) == at("2026-03-10T03:00")


def test_the_clock_changes_in_the_night() -> None:
    spring = at("2026-03-28T23:00", MADRID)
    assert next_awake(NIGHT, (MADRID,), spring) == at("2026-03-29T08:00", MADRID)
    autumn = at("2026-10-24T23:00", MADRID)
    assert next_awake(NIGHT, (MADRID,), autumn) == at("2026-10-25T08:00", MADRID)


def test_where_the_end_is_struck_twice_the_second_one_counts() -> None:
    # In Madrid it is 2:00 to 3:00 twice in this night: from 0:00 and from 1:00 by UTC.
    night = QuietHours(time(21), time(2, 30))
    between = at("2026-10-25T01:10", ZoneInfo("UTC"))
    assert next_awake(night, (MADRID,), between) == at("2026-10-25T01:30", ZoneInfo("UTC"))


@given(MOMENTS, st.lists(ZONES, min_size=1, max_size=3), TIMES, TIMES)
def test_the_moment_given_is_quiet_nowhere(
    now: Instant, zones: list[ZoneInfo], begin: time, end: time
) -> None:
    if begin == end:
        return
    quiet = QuietHours(begin, end)
    moment = next_awake(quiet, zones, now)
    if moment is None:
        return
    assert moment >= now
    for zone in zones:
        assert not quiet.covers(datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone).time())


@given(MOMENTS, ZONES)
def test_in_one_zone_the_wait_is_no_longer_than_the_night(now: Instant, zone: ZoneInfo) -> None:
    moment = next_awake(NIGHT, (zone,), now)
    assert moment is not None
    assert moment - now <= 12 * 3600 * 1000
    if moment > now:
        before = datetime.fromtimestamp(moment / 1000 - 60, UTC).astimezone(zone).time()
        assert NIGHT.covers(before)


def test_a_day_is_the_persons_own() -> None:
    late, early = at("2026-03-10T23:50"), at("2026-03-11T00:10")
    assert not same_day(late, early, (BOGOTA,))
    assert same_day(late, early, (BOGOTA, MADRID))
    # By UTC these are two days.
    assert same_day(at("2026-03-10T18:50"), at("2026-03-10T19:10"), (BOGOTA,))
    assert same_day(late, later(late, 86_399), ())
    assert not same_day(late, later(late, 86_400), ())


def test_the_setting_is_read() -> None:
    assert read_quiet_hours("21:00-08:00") == NIGHT
    assert read_quiet_hours("22:15-07:45") == QuietHours(time(22, 15), time(7, 45))
    assert str(NIGHT) == "21:00-08:00"
    assert read_quiet_hours("None") is None


@pytest.mark.parametrize(
    "text", ["", "21-8", "24:00-08:00", "08:00-08:00", "21:00", "21:00 - 08:00"]
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(WrongValue) as wrong:
        read_quiet_hours(text)
    assert str(wrong.value) == "must be two different times of the day, like 21:00-08:00, or none"
