"""What breaks a machine under a running engine: a small disk, failing system calls, no descriptors.

These need Linux, strace and root. Where one is missing a test fails and says so: `make faults` that
passes has tried everything.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.rig import DEADLINE_S, Rig


def need(tool: str) -> str:
    """Give the path of a tool, or fail with what is to be done."""
    found = shutil.which(tool)
    if found is None:
        pytest.fail(f"{tool} is missing: install it, `make faults` cannot do without")
    return found


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Put a disk of so many bytes at a folder for as long as the block lasts."""
    mount, unmount = need("mount"), need("umount")
    if os.geteuid() != 0:
        pytest.fail("only root can make a small disk: run `make faults` as root")
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=0700"
    subprocess.run([mount, "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run([unmount, "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Fill a disk to its last byte for as long as the block lasts."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def struck(made: Rig, calls: str, blow: str) -> Iterator[None]:
    """Let system calls of the engine fail, or kill it, for as long as the block lasts.

    `calls` are names with commas between, `blow` is what strace injects: `error=EIO`,
    `signal=SIGKILL:when=7`.
    """
    assert made.engine is not None
    command = [need("strace"), "-f", "-o", os.devnull, "-p", str(made.engine.pid)]
    command += ["-e", f"trace={calls}", "-e", f"inject={calls}:{blow}"]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert tracer.stderr is not None
        told = tracer.stderr.readline()
        if "attached" not in told:
            pytest.fail(f"strace cannot follow the engine, run `make faults` as root: {told}")
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=DEADLINE_S)


@contextmanager
def no_descriptors(made: Rig) -> Iterator[None]:
    """Let the engine open nothing any more for as long as the block lasts."""
    assert made.engine is not None
    pid = made.engine.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
