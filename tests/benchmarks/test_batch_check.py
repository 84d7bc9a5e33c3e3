"""A check of 200 batches of 10,000 recipients, 1 % of them moved, against bare decoding."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.benchmarks.batch_check import BATCHES, ENDED, MOVED, RECIPIENTS, SAMPLE
from tests.benchmarks.noise import Noise
from tests.e2e.rig import ROOT

MEMORY_MAX_MIB = 150


def test_a_check_costs_at_most_twice_the_decoding() -> None:
    """At most 2 times the processor time of msgspec alone on the same bodies, and 150 MiB."""
    noise = Noise()
    command = [sys.executable, "-m", "tests.benchmarks.batch_check"]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=400)
    found = json.loads(out.stdout)
    bare_s, check_s = found["bare_s"] - found["made_s"], found["check_s"] - found["made_s"]
    typed_s = found["typed_s"] - found["made_s"]
    print(f"\n{BATCHES} batches of {RECIPIENTS:,} recipients, {found['body_mib']:.1f} MiB each")
    print(
        f"  bare msgspec     {bare_s:6.2f} s of processor time, into typed structs {typed_s:.2f} s"
    )
    print(f"  a check          {check_s:6.2f} s, {check_s / bare_s:.2f} times; {noise}")
    print(f"  of it written    {found['added']:,} ended calls, {MOVED * BATCHES:,} of them new")
    print(f"  memory at most   {found['peak_mib']:6.0f} MiB in all")
    print(f"  others waited    {found['longest_wait_ms']:6.1f} ms of it, all ends looked at again")
    assert found["first"] == BATCHES * ENDED
    assert found["looked"] == SAMPLE * (ENDED + MOVED)
    assert MOVED * BATCHES <= found["added"] <= 3 * MOVED * BATCHES
    assert (found["marked"], found["complete"]) == (2 * BATCHES, 2)
    assert check_s <= 2 * bare_s
    assert found["peak_mib"] <= MEMORY_MAX_MIB
