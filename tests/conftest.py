"""What every test shares: how hypothesis searches, here and in a check run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

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
