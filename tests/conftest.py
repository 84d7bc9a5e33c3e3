"""What every test shares: how hypothesis searches, and the figures printed after long runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

# No deadline: the machine may be busy, and a slow example is no wrong one. A check run draws the
# same examples every time, so that a failure there is about the change and not about luck.
settings.register_profile("here", deadline=None)
settings.register_profile(
    "check",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("check" if os.environ.get("CI") else "here")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `figures`, as a table, also of other processes."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    recorded = [property_ for report in reports for property_ in report.user_properties]
    lines = sorted(str(value) for name, value in recorded if name == "figures")
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.line(line)
