"""In which time zones numbers may be."""

from __future__ import annotations

import pytest

from voiceslot_tui.wire.time_zones import zone_named, zones_of


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+573005550123", {"America/Bogota"}),
        ("+12025550123", {"America/New_York"}),
        ("+34600000000", {"Europe/Madrid", "Atlantic/Canary"}),
        ("+447700900123", set()),
        ("+88", set()),
        ("", set()),
        ("+999123456789", set()),
    ],
)
def test_a_number_tells_its_zones(number: str, zones: set[str]) -> None:
    assert {str(zone) for zone in zones_of(number)} == zones


@pytest.mark.parametrize("name", ["America/Bogota", "UTC"])
def test_a_zone_has_a_name(name: str) -> None:
    assert str(zone_named(name)) == name


@pytest.mark.parametrize("name", ["", "Nowhere", "../../etc/passwd", "/etc/localtime", "a\x00b"])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_named(name) is None
