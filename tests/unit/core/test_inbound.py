"""Up to when a list of people's messages counts as read, whatever the clocks say."""

from __future__ import annotations

import pytest

from voiceslot_tui.core.calls import Instant, later
from voiceslot_tui.core.inbound import read_from, read_up_to
from voiceslot_tui.core.limits import INBOUND_LATE_S, WINDOW_S

NOW = Instant(1_700_000_000_000)
LATE, A_DAY_AGO = later(NOW, -INBOUND_LATE_S), later(NOW, -WINDOW_S)
AN_HOUR_AGO, TOMORROW = later(NOW, -3600), later(NOW, 86_400)


@pytest.mark.parametrize(
    ("read_to", "newest", "read_at", "moment"),
    [
        pytest.param(None, None, None, None, id="nothing is known"),
        pytest.param(None, None, NOW, A_DAY_AGO, id="nobody wrote"),
        pytest.param(None, NOW, NOW, LATE, id="a list may show a message late"),
        pytest.param(None, AN_HOUR_AGO, NOW, AN_HOUR_AGO, id="what came after may be hidden yet"),
        pytest.param(AN_HOUR_AGO, None, NOW, AN_HOUR_AGO, id="never back to the day before"),
        pytest.param(AN_HOUR_AGO, A_DAY_AGO, NOW, AN_HOUR_AGO, id="never back to an older one"),
        pytest.param(None, NOW, None, LATE, id="a page without a date"),
        pytest.param(AN_HOUR_AGO, None, None, AN_HOUR_AGO, id="an empty page without a date"),
        pytest.param(None, TOMORROW, TOMORROW, LATE, id="a date from the future"),
    ],
)
def test_how_far_a_list_counts_as_read(
    read_to: Instant | None,
    newest: Instant | None,
    read_at: Instant | None,
    moment: Instant | None,
) -> None:
    assert read_up_to(read_to, newest, read_at, NOW) == moment


def test_a_place_ahead_of_our_clock_hides_nothing_new() -> None:
    assert read_from(None, NOW) is None
    assert read_from(AN_HOUR_AGO, NOW) == AN_HOUR_AGO
    assert read_from(TOMORROW, NOW) == LATE
