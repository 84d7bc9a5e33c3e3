"""How noisy a measurement was: the share of the time in which somebody waited for a processor."""

from __future__ import annotations

import time
from pathlib import Path

_PRESSURE = Path("/proc/pressure/cpu")


class Noise:
    """Watches the machine from its making on; where the kernel does not tell, it says so."""

    def __init__(self) -> None:
        self._began, self._waited = time.monotonic(), _waited_s()

    def __str__(self) -> str:
        waited = _waited_s()
        if waited is None or self._waited is None:
            return "noise unknown"
        share = (waited - self._waited) / max(0.001, time.monotonic() - self._began)
        return f"a processor was waited for {share:.0%} of the time"


def _waited_s() -> float | None:
    try:
        line = _PRESSURE.read_text().splitlines()[0]
    except OSError:
        return None
    return int(line.rpartition("total=")[2]) / 1e6
